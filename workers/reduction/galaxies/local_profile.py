"""The point-spread function at a place as a sum of round Gaussians, for the models of galaxies."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from scipy.optimize import nnls

from app.arrays import Bools, Doubles, Integers
from app.instruments.bands import Band
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.grid import WIDTH, StripGrid
from workers.reduction.frames.looks import find_looks
from workers.reduction.profile.table import (
    NODES_A_PIX,
    REACH_PIX,
    WING_REACH_PIX,
    WING_STEP_PIX,
    FramePsf,
    node_offsets_pix,
)

WIDTHS_PIX = np.array([0.36, 0.48, 0.64, 0.85, 1.2, 2.2, 5.0])
"""Of the Gaussians, frame pixels: images are 1.1 to 2.5 pixels wide at half maximum, sigma 0.45 to 1.1."""
MESH_STEP_ARCSEC, MESH_HALF_ARCSEC, MESH_COLUMNS = 500.0, 200.0, 5
MISFIT_PIX = 2.5
COADD_ARCSEC2 = 4.0 / 12.0 + 1.0 / 12.0
"""Variance that coadding adds: light of a 2" pixel is spread over its square, and a pixel of 1" collects it."""


@cache
def _system() -> tuple[Doubles, Doubles, Doubles]:
    """Triangle (7, 7) of the least squares, and what takes nodes (1089,) and the wing beyond them to its right side."""
    offsets = node_offsets_pix()
    square = (offsets[:, None] ** 2 + offsets[None, :] ** 2).ravel()
    wing = WING_STEP_PIX * np.arange(round(WING_REACH_PIX / WING_STEP_PIX) + 1)
    radius2 = np.concatenate([square, wing**2])
    # A sample stands for an area; errors far out move as much light as those in the core that are larger.
    weight = np.concatenate(
        [
            (square < REACH_PIX**2) / NODES_A_PIX**2,
            (wing > REACH_PIX) * 2.0 * np.pi * wing * WING_STEP_PIX,
        ]
    )
    weight = weight * (radius2 + 0.25)
    gaussians = np.exp(-0.5 * radius2[:, None] / WIDTHS_PIX**2) / (2.0 * np.pi * WIDTHS_PIX**2)
    weighted = (gaussians * weight[:, None]).T
    triangle = np.linalg.cholesky(weighted @ gaussians + 1e-9 * np.eye(WIDTHS_PIX.size)).T
    right = np.linalg.solve(triangle.T, weighted)
    return triangle, right[:, : square.size], right[:, square.size :]


def local_shares(
    psf: FramePsf, geometry: FrameGeometry, usable: Bools, x_arcsec: float, y_arcsec: float
) -> Doubles:
    """Shares of a star's light in Gaussians of `WIDTHS_PIX`, mean of all looks at a place; (7,), sum 1.

    Parameters
    ----------
    psf : FramePsf
        The band's point-spread function.
    geometry : FrameGeometry
        Where its frames lie.
    usable : bool array (frames,)
        Frames with pixels.
    x_arcsec, y_arcsec : float
        U-scan place.
    """
    shares: Doubles = shares_at(psf, geometry, usable, np.array([x_arcsec]), np.array([y_arcsec]))[0]
    return shares


def shares_at(
    psf: FramePsf, geometry: FrameGeometry, usable: Bools, x_arcsec: Doubles, y_arcsec: Doubles
) -> Doubles:
    """As `local_shares`, at several places; (n, 7).

    Parameters
    ----------
    psf : FramePsf
        The band's point-spread function.
    geometry : FrameGeometry
        Where its frames lie.
    usable : bool array (frames,)
        Frames with pixels.
    x_arcsec, y_arcsec : float64 arrays (n,)
        U-scan places, best in the order of y.
    """
    looks = find_looks(geometry, usable, x_arcsec, y_arcsec)
    half = 0.5 * geometry.size_pix
    u, v = (looks.x_pix - geometry.middle_pix) / half, (looks.y_pix - geometry.middle_pix) / half
    s = psf.log_width[looks.frame].astype(np.float64)
    terms = [np.ones_like(u), s, s * s, u, v, u * u, u * v, v * v]
    if psf.nodes.shape[0] > len(terms):
        terms += [u**3, u * u * v, u * v * v, v**3]
        terms += [u**4, u**3 * v, u * u * v * v, u * v**3, v**4]
    triangle, core, wing = _system()
    # The right side is linear in the terms of the profile.
    parts = psf.nodes.reshape(len(terms), -1).astype(np.float64) @ core.T
    beyond = wing @ psf.wing.astype(np.float64)
    out = np.empty((x_arcsec.size, WIDTHS_PIX.size))
    for n, (first, last) in enumerate(itertools.pairwise(looks.start.tolist())):
        own = np.stack([term[first:last] for term in terms])
        mean = own.mean(axis=1) if last > first else np.eye(1, len(terms))[0]
        shares, _ = nnls(triangle, mean @ parts + beyond)
        out[n] = shares / shares.sum()
    return out


def gaussian_misfit(psf: FramePsf) -> float:
    """Tell how far a star is from a sum of round Gaussians: root mean square over 2.5 pixels, over that of its light.

    In focus .03 to .05. Defocus of .6" gives .10 to .13, of 1.6" .27 to .29: a ring of light is no sum of Gaussians.

    Parameters
    ----------
    psf : FramePsf
        Its profile in the middle of the array at the scan's mean seeing is told of.
    """
    offsets = node_offsets_pix()
    square = offsets[:, None] ** 2 + offsets[None, :] ** 2
    core = psf.nodes[0].astype(np.float64)
    triangle, nodes, wing = _system()
    shares, _ = nnls(triangle, nodes @ core.ravel() + wing @ psf.wing.astype(np.float64))
    gaussians = np.exp(-0.5 * square[..., None] / WIDTHS_PIX**2) / (2.0 * np.pi * WIDTHS_PIX**2)
    near = square < MISFIT_PIX**2
    rest = core - (gaussians * shares).sum(axis=2)
    return float(np.sqrt((rest[near] ** 2).sum() / (core[near] ** 2).sum()))


@dataclass(frozen=True)
class LocalProfiles:
    """Point-spread functions over a scan as sums of Gaussians, on a mesh of places.

    Attributes
    ----------
    x_arcsec, y_arcsec : float64 arrays (nx,), (ny,)
        U-scan places of the mesh.
    shares : dict of Band to float64 array (ny, nx, 7)
        `local_shares`.
    misfit : dict of Band to float
        `gaussian_misfit`; not of a mean of bands.
    """

    x_arcsec: Doubles
    y_arcsec: Doubles
    shares: dict[Band, Doubles]
    misfit: dict[Band, float] = field(default_factory=dict)

    def at(self, band: Band, x_arcsec: Doubles, y_arcsec: Doubles) -> Doubles:
        """Shares of the Gaussians at the mesh's nearest places; (n, 7).

        Parameters
        ----------
        band : Band
            The band.
        x_arcsec, y_arcsec : float64 arrays (n,)
            U-scan places.
        """
        return np.asarray(
            self.shares[band][_nearest(self.y_arcsec, y_arcsec), _nearest(self.x_arcsec, x_arcsec)]
        )

    def mean(self, weights: Mapping[Band, float]) -> LocalProfiles:
        """Point-spread functions of a weighted sum of the bands, as those of its only band."""
        whole = sum(weights.values())
        first = next(iter(weights))
        total = sum(weight / whole * self.shares[band] for band, weight in weights.items())
        return LocalProfiles(self.x_arcsec, self.y_arcsec, {first: np.asarray(total)})

    def gaussians(
        self, band: Band, x_arcsec: float, y_arcsec: float, pixel_arcsec: float
    ) -> tuple[Doubles, Doubles]:
        """Shares, and variances (arcsec^2) on a coadd, of the Gaussians that have light.

        Parameters
        ----------
        band : Band
            The band.
        x_arcsec, y_arcsec : float
            U-scan place.
        pixel_arcsec : float
            Side of a frame's pixel.
        """
        shares = self.at(band, np.array([x_arcsec]), np.array([y_arcsec]))[0]
        shining = shares > 1e-4
        return shares[shining], (WIDTHS_PIX[shining] * pixel_arcsec) ** 2 + COADD_ARCSEC2


def _nearest(mesh: Doubles, places: Doubles) -> Integers:
    step = mesh[1] - mesh[0] if mesh.size > 1 else 1.0
    return np.asarray(np.clip(np.rint((places - mesh[0]) / step), 0, mesh.size - 1), np.int64)


def local_profiles(
    bands: Mapping[Band, tuple[FramePsf, FrameGeometry, Bools]], grid: StripGrid
) -> LocalProfiles:
    """Point-spread functions of all bands over a scan.

    Parameters
    ----------
    bands : mapping of Band to (FramePsf, FrameGeometry, bool array)
        Point-spread function, places of the frames, and which have pixels.
    grid : StripGrid
        Of the scan.
    """
    x = grid.first_x_arcsec + 0.5 * WIDTH + np.linspace(-MESH_HALF_ARCSEC, MESH_HALF_ARCSEC, MESH_COLUMNS)
    rows = max(1, round(grid.rows / MESH_STEP_ARCSEC))
    y = grid.first_y_arcsec + (np.arange(rows) + 0.5) * grid.rows / rows
    places = np.tile(x, y.size), np.repeat(y, x.size)
    shares = {
        band: shares_at(psf, geometry, usable, *places).reshape(y.size, x.size, -1)
        for band, (psf, geometry, usable) in bands.items()
    }
    misfit = {band: gaussian_misfit(psf) for band, (psf, _, _) in bands.items()}
    return LocalProfiles(x, y, shares, misfit)
