"""What a reduction measured of its own quality in one scan of raw frames: values, no behaviour.

The reduction fills them, `app.formats.scan_diagnostics` keeps them in a file, `app.reports.scan_pictures` draws them.
Every table may be empty: a scan without stars, or without reference stars, is a valid scan.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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


def no_rows(dtype: np.dtype[np.void]) -> Table:
    """Give an empty table."""
    return np.zeros(0, dtype)


def _no_cells() -> Plane:
    return np.full((CELLS, CELLS), np.nan, np.float32)


def _no_pixels() -> Plane:
    return np.zeros((0, 0), np.float32)


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
    """

    band: Band
    frames: Table = field(default_factory=lambda: no_rows(FRAME_DIAGNOSTIC_DTYPE))
    chi2_map: Plane = field(default_factory=_no_cells)
    stars: Table = field(default_factory=lambda: no_rows(STAR_DIAGNOSTIC_DTYPE))
    image: Plane = field(default_factory=_no_pixels)
    residual: Plane = field(default_factory=_no_pixels)


@dataclass(frozen=True, eq=False)
class ScanDiagnostics:
    """What was measured in one scan: its bands, and reference stars as structured array of their dtype."""

    bands: tuple[BandDiagnostics, ...] = ()
    references: Table = field(default_factory=lambda: no_rows(REFERENCE_DIAGNOSTIC_DTYPE))
