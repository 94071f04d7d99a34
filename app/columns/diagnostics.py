"""What a reduction measured of its own quality in one scan of raw frames: values, no behaviour.

The reduction fills them, `app.formats.scan_diagnostics` keeps them in a file, `app.reports.scan_pictures` draws them.
Every table may be empty: a scan without stars, or without reference stars, is a valid scan.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.arrays import Table
from app.instruments.bands import Band

Plane = NDArray[np.float32]

CELLS = 16
"""Cells of the focal plane along each side, in `BandDiagnostics.chi2_map`."""

FRAME_DIAGNOSTIC_DTYPE = np.dtype([
    ("number", "i2"),  # of the frame in its scan
    ("seeing_fwhm_arcsec", "f4"),
    ("background_dn", "f4"),
    ("noise_dn", "f4"),  # of a pixel of the frame
    ("transparency", "f4"),  # 1 is clear
    ("stars", "i4"),  # measured on it
    ("shift_x_arcsec", "f4"),  # place minus commanded place
    ("shift_y_arcsec", "f4"),
])  # fmt: skip
"""One frame of one band; NaN where not measured."""

STAR_DIAGNOSTIC_DTYPE = np.dtype([
    ("magnitude", "f4"),
    ("snr", "f4"),
    ("scatter_mag", "f4"),  # of the mean, from frame-to-frame repeatability
    ("error_mag", "f4"),  # as quoted
    ("bound_mag", "f4"),  # Cramer-Rao
])  # fmt: skip
"""One star of one band; NaN where not measured."""

REFERENCE_DIAGNOSTIC_DTYPE = np.dtype([
    ("y_arcsec", "f4"),  # in-scan place
    ("dx_arcsec", "f4"),  # measured minus catalogue, cross-scan
    ("dy_arcsec", "f4"),  # the same, in-scan
    ("magnitude", "f4"),
])  # fmt: skip
"""One reference star of a scan."""


WELL_DTYPE = np.dtype([
    ("x", "i2"),  # column of the array
    ("y", "i2"),  # row
    ("level_dn", "f4"),  # above the dark of Read_1, at which the pixel was full
    ("looks", "i2"),  # frames on which it was
])  # fmt: skip
"""One pixel that stars filled."""

GALAXY_DIAGNOSTIC_DTYPE = np.dtype([
    ("ra", "f8"),
    ("decl", "f8"),
    ("magnitude", "f4"),  # total
    ("isophote_arcsec", "f4"),  # semi-major axis of the 20 mag isophote in Ks, else in the band that is shown
    ("half_light_arcsec", "f4"),  # semi-major axis of the model's half-light ellipse
    ("axis_ratio", "f4"),
    ("angle_deg", "f4"),  # of the major axis, from +x to +y of the piece
    ("sersic_n", "f4"),
    ("pixel_arcsec", "f4"),  # of the piece
    ("x_pix", "f4"),  # of the galaxy in it
    ("y_pix", "f4"),
])  # fmt: skip
"""One extended source that is shown: image without stars, model, residual."""

PAIR_DIAGNOSTIC_DTYPE = np.dtype([
    ("ra", "f8"),
    ("decl", "f8"),
    ("separation_arcsec", "f4"),
    ("magnitude_1", "f4"),
    ("magnitude_2", "f4"),
    ("fall", "f4"),  # of chi-squared, all bands, from one star to two
    ("chi2_one", "f4"),  # reduced, all bands
    ("chi2_two", "f4"),
    ("x_1_pix", "f4"),  # of the stars in the piece
    ("y_1_pix", "f4"),
    ("x_2_pix", "f4"),
    ("y_2_pix", "f4"),
])  # fmt: skip
"""One star that all bands together split in two: image, residual with one star, residual with two."""


def no_rows(dtype: np.dtype[np.void]) -> Table:
    """Give an empty table."""
    return np.zeros(0, dtype)


def _no_cells() -> Plane:
    return np.full((CELLS, CELLS), np.nan, np.float32)


def _no_pixels() -> Plane:
    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True, eq=False)
class LearntTable:
    """A point-spread function as a scan learnt it, for the library of its hardware block.

    Attributes
    ----------
    nodes : float32 array (terms, 33, 33)
        Share of a star's light in a pixel, by place in quarters of a pixel and by polynomial term of seeing and field.
    wing : float32 array (49,)
        The same farther out, by radius in steps of half a pixel.
    fwhm_pix : float
        Full width at half maximum in the middle of the array, pixels.
    stars : int
        Stars that it was learnt from.
    """

    nodes: Plane
    wing: Plane
    fwhm_pix: float
    stars: int


@dataclass(frozen=True, eq=False)
class BandDiagnostics:
    """What was measured in one band.

    Attributes
    ----------
    band : Band
        The band that was measured.
    frames : structured array of FRAME_DIAGNOSTIC_DTYPE
        One row a frame, in the order of time.
    chi2_map : float32 array (16, 16)
        Median reduced chi-squared of profile fits by cell (y, x) of the focal plane; NaN without stars.
    stars : structured array of STAR_DIAGNOSTIC_DTYPE
        One row a star that was measured.
    image, residual : float32 arrays (ny, nx)
        A piece of an Atlas image, DN, and the same piece after all models are taken away; both of one shape, which
        may be (0, 0); NaN without data.
    profile : LearntTable or None
        Point-spread function; None where no star told it.
    wells : structured array of WELL_DTYPE
        Pixels that were full on some frame.
    """

    band: Band
    frames: Table = field(default_factory=lambda: no_rows(FRAME_DIAGNOSTIC_DTYPE))
    chi2_map: Plane = field(default_factory=_no_cells)
    stars: Table = field(default_factory=lambda: no_rows(STAR_DIAGNOSTIC_DTYPE))
    image: Plane = field(default_factory=_no_pixels)
    residual: Plane = field(default_factory=_no_pixels)
    profile: LearntTable | None = None
    wells: Table = field(default_factory=lambda: no_rows(WELL_DTYPE))


@dataclass(frozen=True, eq=False)
class Pieces:
    """Some sources of a scan in pictures.

    Attributes
    ----------
    band : Band
        Band of the pixels.
    table : structured array (n,)
        One row a source.
    planes : float32 array (n, 3, side, side)
        Three pieces of a coadd around each, DN a square arcsecond without sky, north up and east to the left; NaN
        without data.
    """

    band: Band
    table: Table
    planes: NDArray[np.float32]

    @classmethod
    def none(cls, dtype: np.dtype[np.void]) -> Pieces:
        """No source."""
        return cls(Band.J, no_rows(dtype), np.zeros((0, 3, 1, 1), np.float32))

    def taken(self, index: NDArray[Any]) -> Pieces:
        """Return those of an index."""
        return replace(self, table=self.table[index], planes=self.planes[index])


@dataclass(frozen=True, eq=False)
class ScanDiagnostics:
    """What was measured in one scan.

    Attributes
    ----------
    bands : tuple of BandDiagnostics
        Its bands.
    references : structured array of REFERENCE_DIAGNOSTIC_DTYPE
        Its reference stars.
    galaxies : Pieces
        Brightest extended sources, GALAXY_DIAGNOSTIC_DTYPE: image without stars, model, residual.
    pairs : Pieces
        Some split pairs, PAIR_DIAGNOSTIC_DTYPE: image, residual with one star, residual with two.
    """

    bands: tuple[BandDiagnostics, ...] = ()
    references: Table = field(default_factory=lambda: no_rows(REFERENCE_DIAGNOSTIC_DTYPE))
    galaxies: Pieces = field(default_factory=lambda: Pieces.none(GALAXY_DIAGNOSTIC_DTYPE))
    pairs: Pieces = field(default_factory=lambda: Pieces.none(PAIR_DIAGNOSTIC_DTYPE))
