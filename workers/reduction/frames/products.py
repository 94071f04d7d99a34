"""The values that the reduction's steps hand to one another."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.arrays import Singles
from app.columns.diagnostics import ScanDiagnostics
from app.instruments.bands import BANDS, Band
from app.sky.projection import SinProjection


@dataclass(frozen=True)
class AtlasImage:
    """One calibrated image of one band.

    Attributes
    ----------
    band : Band
    number : int
        Image number within the scan (the survey's `coadd` number).
    pixels_dn : float32 array (ny, nx)
        Sky included; NaN where there is no data.
    projection : SinProjection
        Array pixels to ICRS degrees.
    zero_point_mag : float
        Magnitude of a source of 1 DN (MAGZP).
    seeing_shape : float or None
        The survey's SEESH where the header has it.
    coverage : float32 array (ny, nx) or None
        Number of frames that contributed to each pixel, where known.
    saturation_dn : float or None
        Level above background over which pixels are not to be trusted, where known.
    uncertainty_dn : float32 array (ny, nx) or None
        One-sigma uncertainty of each pixel, NaN where there is no data; known for images of our own frames.
    """

    band: Band
    number: int
    pixels_dn: Singles
    projection: SinProjection
    zero_point_mag: float
    seeing_shape: float | None = None
    coverage: Singles | None = None
    saturation_dn: float | None = None
    uncertainty_dn: Singles | None = None


# One row per merged source. Names are those of the column registry; {b} is j, h, k. NaN is unknown, flags are ASCII.
_PER_BAND: tuple[tuple[str, str], ...] = (
    ("{b}_m", "f4"),  # default magnitude, or 95 % upper limit
    ("{b}_msig", "f4"),  # uncorrected measurement uncertainty
    ("{b}_cmsig", "f4"),  # corrected measurement uncertainty
    ("{b}_msigcom", "f4"),  # total uncertainty
    ("{b}_snr", "f4"),  # scan signal-to-noise ratio
    ("{b}_psfchi", "f4"),  # reduced chi-squared of the profile fit
    ("{b}_m_psf", "f4"),  # profile-fit magnitude on the aperture scale
    ("{b}_msig_psf", "f4"),
    ("{b}_m_stdap", "f4"),  # 4" aperture, curve-of-growth corrected
    ("{b}_msig_stdap", "f4"),
    ("{b}_growth", "f4"),  # curve-of-growth correction applied, mag
    ("{b}_m_r1", "f4"),  # Read_1 aperture magnitude, NaN where there is none
    ("{b}_msig_r1", "f4"),
    ("{b}_sky_dn", "f4"),  # local background
    ("{b}_ra", "f8"),  # position of this band's detection
    ("{b}_decl", "f8"),
)

SOURCE_DTYPE = np.dtype(
    [
        ("ra", "f8"),
        ("decl", "f8"),
        ("err_maj", "f4"),
        ("err_min", "f4"),
        ("err_ang", "i2"),
        ("x_scan", "f4"),  # cross-scan offset from the scan's centre line, arcsec, +west as the U-scan system
        ("y_scan", "f4"),  # in-scan position, arcsec, +north
        ("coadd", "i2"),  # number of the Atlas image whose measurement was kept
        *[(name.format(b=band.value), kind) for name, kind in _PER_BAND for band in BANDS],
        ("ph_qual", "S3"),
        ("rd_flg", "S3"),
        ("bl_flg", "S3"),
        ("cc_flg", "S3"),
        ("ndet", "S6"),
        ("cnf_flg", "S6"),
    ]
)


EXTENDED_RADII_ARCSEC: tuple[int, ...] = (5, 7, 10, 15, 20, 25, 30, 40, 50, 60, 70)

# One row per extended source; {b} is j, h, k. NaN where the circle leaves the data or the band is missing.
EXTENDED_DTYPE = np.dtype(
    [
        ("ra", "f8"),
        ("decl", "f8"),
        ("x", "f4"),  # array pixels in Atlas image `coadd` of the last band that was measured
        ("y", "f4"),
        ("coadd", "i2"),
        *[
            (f"{band.value}_{name}_{radius}", "f4")  # magnitude within a circle, and its uncertainty
            for band in BANDS
            for name in ("m", "msig")
            for radius in EXTENDED_RADII_ARCSEC
        ],
        *[
            (f"{band.value}_{name}", "f4")
            # semi-major axis of the 3-sigma isophote (arcsec), axis ratio, position angle (deg, E of N), sky level,
            # reduced chi-squared of the profile fit to the centre
            for band in BANDS
            for name in ("r_3sig", "ba", "phi", "sky_dn", "psfchi")
        ],
    ]
)


@dataclass(frozen=True)
class ScanSources:
    """Merged sources of a scan and what was learnt on the way.

    Attributes
    ----------
    sources : structured array of SOURCE_DTYPE, (n,)
        Ordered by (decl, ra): a total order, so the same input gives the same bytes. n = 0 is a valid result.
    metrics : dict
        Scalars per band for `quality.metric`: name -> band letter -> value.
    extended : structured array of EXTENDED_DTYPE, (m,)
        Sources clearly wider than the point-spread function, ordered by (decl, ra).
    diagnostics : ScanDiagnostics
        What the reduction of frames measured of itself; empty for Atlas images.
    """

    sources: NDArray[np.void]
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    extended: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, EXTENDED_DTYPE))
    diagnostics: ScanDiagnostics = field(default_factory=ScanDiagnostics)
