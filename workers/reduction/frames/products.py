"""The values that the reduction's steps hand to one another."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.arrays import Singles
from app.columns import EXTENDED_SOURCE, POINT_SOURCE
from app.columns.diagnostics import ScanDiagnostics
from app.columns.extended_source import APERTURE_RADII_ARCSEC
from app.columns.records import measured_dtype
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
    zero_point_error_mag : float or None
        One sigma of the zero point; None where an ingested image does not state it.
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
    zero_point_error_mag: float | None = None


SOURCE_DTYPE = measured_dtype(POINT_SOURCE)
"""One row a merged source: the columns of wsdb.point_measurement that a reduction measures.

NaN is unknown, flags are ASCII. `x_scan` counts from the centre line of the scan and grows to the west, `y_scan` to the
north; `coadd` is the number of the Atlas image whose measurement was kept.
"""

EXTENDED_RADII_ARCSEC = APERTURE_RADII_ARCSEC
"""Radii of the circles in which extended sources are measured."""

RADIUS_FIELDS: dict[Band, str] = {Band.J: "j_r_3sig", Band.H: "h_r_3sig", Band.K: "r_3sig"}
"""Field of the semi-major axis, arcsec, of a band's 3-sigma isophote: the catalogue publishes that of Ks, `r_3sig`."""

EXTENDED_INTERNAL: tuple[tuple[str, str], ...] = (
    ("x", "f4"),  # array pixels in Atlas image `coadd` of the last band that was measured
    ("y", "f4"),
    (RADIUS_FIELDS[Band.J], "f4"),
    (RADIUS_FIELDS[Band.H], "f4"),
    # Semi-major axis of the ellipse that holds half the model's light, arcsec.
    ("half_light_arcsec", "f4"),
    # Sky level, and, of finished images, reduced chi-squared of the profile fit to the centre.
    *((f"{band.value}_{name}", "f4") for band in BANDS for name in ("sky_dn", "psfchi")),
)
"""Fields of EXTENDED_DTYPE that no column keeps: the steps of the reduction and its tests need them."""

EXTENDED_DTYPE = measured_dtype(EXTENDED_SOURCE, EXTENDED_INTERNAL)
"""One row an extended source: the columns of wsdb.extended_measurement that a reduction measures, and internal fields.

NaN where the circle leaves the data or the band is missing. Angles are degrees, east of north.
"""


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
