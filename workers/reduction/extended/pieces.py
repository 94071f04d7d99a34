"""Pieces of a coadd around the brightest galaxies, for looking at: without stars, the model, what it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from app.arrays import Bools, Singles, Table
from app.columns.diagnostics import GALAXY_DIAGNOSTIC_DTYPE, Pieces
from app.columns.records import unknown_rows
from app.instruments.bands import Band
from workers.reduction.extended.band_light import BandLight
from workers.reduction.extended.shape import Cutout
from workers.reduction.galaxies.values import Galaxy
from workers.reduction.photometry.mosaic import mosaic
from workers.reduction.photometry.residual import Residual

MOST_GALAXIES = 12
SIDE_PIX = 61
REACH_RADII = 4.0  # half-light semi-major axes that a piece shows on each side, 30" at least


class GalaxyPieces:
    """Collects the pieces of the brightest galaxies while a band measures them.

    Parameters
    ----------
    galaxies : sequence of Galaxy
        Of the scan.
    band : Band
        Band that is shown.
    """

    def __init__(self, galaxies: Sequence[Galaxy], band: Band) -> None:
        flux = np.array([galaxy.flux_dn[band] for galaxy in galaxies], np.float64)
        self._chosen = set(np.argsort(-flux, kind="stable")[:MOST_GALAXIES].tolist())
        self._galaxies, self._band = galaxies, band
        self._planes: dict[int, Singles] = {}
        self._rows = unknown_rows(GALAXY_DIAGNOSTIC_DTYPE, len(galaxies))

    def take(self, own: int, part: Cutout, light: BandLight, residual: Residual) -> None:
        """Keep the piece of a galaxy whose light is not on the residual frames at this moment.

        Parameters
        ----------
        own : int
            Index of the galaxy.
        part : Cutout
            Its window with its light.
        light : BandLight
            What was measured on it: the level of its sky.
        residual : Residual
            Loan of the band.
        """
        if own not in self._chosen:
            return
        shape = self._galaxies[own].shape
        half = SIDE_PIX // 2
        size = max(1, int(np.ceil(REACH_RADII * shape.semi_major_arcsec / half)))
        size = min(size, part.image.shape[0] // SIDE_PIX)
        side = size * SIDE_PIX
        x, y = round(part.x), round(part.y)
        left, top = x - side // 2, y - side // 2
        first_x = shape.x_arcsec - part.x + left
        first_y = shape.y_arcsec - part.y + top
        image = np.where(part.usable, part.image - light.level_dn, np.nan)
        image = image[top : top + side, left : left + side]
        rest = (
            mosaic(residual.arrays(), residual.stack.geometry, first_x, first_y, (side, side))
            - light.level_dn
        )
        planes = [_blocks(plane, size) for plane in (image, image - rest, rest)]
        self._planes[own] = np.stack(planes).astype(np.float32)
        row = self._rows[own]
        row["pixel_arcsec"], row["angle_deg"] = size, shape.angle_deg
        row["x_pix"], row["y_pix"] = ((place + 0.5) / size - 0.5 for place in (part.x - left, part.y - top))

    def pieces(self, extended: Table, kept: Bools) -> Pieces:
        """Give the pieces, brightest first, with what was measured of the galaxies.

        Parameters
        ----------
        extended : structured array of EXTENDED_DTYPE, (n,)
            One a galaxy, in their order.
        kept : bool array (n,)
            Galaxies that are in the list of the scan.
        """
        b, rows = self._band.value, self._rows
        for name, column in (
            ("ra", "ra"), ("decl", "decl"), ("magnitude", f"{b}_m_ext"), ("isophote_arcsec", "r_k20fe"),
            ("half_light_arcsec", "half_light_arcsec"), ("axis_ratio", "sup_ba"), ("sersic_n", "sersic_n"),
        ):  # fmt: skip
            rows[name] = extended[column]
        # Without Ks the band that is shown has an isophote of its own.
        unknown = ~np.isfinite(rows["isophote_arcsec"])
        rows["isophote_arcsec"][unknown] = extended[f"{b}_r_i20e"][unknown]
        chosen = [n for n in self._planes if kept[n]]
        if not chosen:
            return Pieces.none(GALAXY_DIAGNOSTIC_DTYPE)
        flux = np.array([self._galaxies[n].flux_dn[self._band] for n in chosen])
        chosen = [chosen[k] for k in np.argsort(-flux, kind="stable")]
        return Pieces(self._band, rows[chosen], np.stack([self._planes[n] for n in chosen]))


def _blocks(plane: Singles, size: int) -> Singles:
    """Means of squares; NaN where a pixel has no data."""
    n = plane.shape[0] // size
    return np.asarray(plane.reshape(n, size, n, size).mean(axis=(1, 3)), np.float32)


class Found(NamedTuple):
    """The galaxies of a scan, the share of its length that was searched, and what the bands tell, one after the other.

    Attributes
    ----------
    galaxies : tuple of Galaxy
        Of the scan, the same for all bands.
    searched : float
        Share of the scan's length: nobody searches where stars are too dense.
    extended : structured array of EXTENDED_DTYPE
        A row a galaxy, filled band by band.
    shown : GalaxyPieces
        For looking at.
    """

    galaxies: tuple[Galaxy, ...]
    searched: float
    extended: Table
    shown: GalaxyPieces
