"""What an attempt hands over to be published: rows and references, no behaviour.

Steps build a `Publication`; `app.production.publishing.publish` writes all of it in one transaction, or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.instruments.bands import Band
from app.production.astrometry_rows import AstrometryRows
from app.production.grade_rows import NightGradeRows
from app.production.solution_rows import SolutionRows
from app.sky.footprint import Corners
from app.sky.moc import Ranges
from app.sky.shapes import SPolygon

Span = tuple[datetime, datetime]
"""Half-open span of UTC times."""


@dataclass(frozen=True)
class AtlasImageRow:
    """One row of wsdb.atlas_measurement without the keys that the claim knows."""

    coadd_key: int
    band: Band
    number: int
    ra: float
    decl: float
    footprint: SPolygon
    width_pix: int
    height_pix: int
    url: str
    sha256: str
    zero_point_mag: float
    zero_point_error_mag: float | None = None
    seeing_shape: float | None = None
    sky_dn: float | None = None
    sky_sigma_dn: float | None = None
    raw_file_id: int | None = None


@dataclass(frozen=True)
class PostageStampRow:
    """One row of wsdb.postage_stamp without the keys that the claim knows."""

    ext_id: int
    coadd_key: int
    ra: float
    decl: float
    side_pix: int
    bands: str
    url: str
    sha256: str


@dataclass(frozen=True)
class ScanCoverageRow:
    """One row of wsdb.scan_coverage without the keys that the claim knows.

    Attributes
    ----------
    band : Band or None
        None is the area that all bands of the scan cover: edge distances count from there.
    corners : Corners
        Corners of the covered area in the registered solution.
    coverage : tuple of (int, int)
        Half-open ranges of HEALPix cells of order 29, of which `coverage_order` says how many hang together.
    coverage_order : int
        HEALPix order of the cells that were found covered.
    """

    band: Band | None
    corners: Corners
    coverage: Ranges
    coverage_order: int


@dataclass(frozen=True)
class DiagnosticsRow:
    """One row of quality.scan_diagnostics without the keys that the claim knows; `url` is the name in the store."""

    url: str
    sha256: str


@dataclass(frozen=True)
class CalibrationRow:
    """One row of calibration.product without the keys that the claim knows."""

    kind: str
    hemis: str
    band: Band
    camera: str
    valid: Span
    url: str
    sha256: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class ZeroPointRow:
    """One row of calibration.zero_point without the keys that the claim knows."""

    band: Band
    valid: Span
    zero_point_mag: float
    zero_point_error_mag: float | None
    extinction_mag: float
    source: str


@dataclass(frozen=True)
class Metric:
    """One row of quality.metric; band None is the scan as a whole."""

    name: str
    band: Band | None
    value: float


@dataclass(frozen=True)
class ReferenceUse:
    """Reference stars that an attempt was given.

    Attributes
    ----------
    catalogue_id : int or None
        Key of their catalogue; None where none was loaded.
    stars : int
        Number of stars; 0 is legal.
    stars_hash : str
        SHA-256 (hexadecimal) over the very stars, as the step read them.
    """

    catalogue_id: int | None
    stars: int
    stars_hash: str


@dataclass(frozen=True)
class ForcedLightRow:
    """One row of wsdb.forced_light without the keys that the claim knows."""

    object_set_id: int
    gcntr: int
    seed_run_id: int
    scan_key: int
    band: Band
    flux_nmgy: float
    flux_error_nmgy: float


@dataclass(frozen=True)
class Publication:
    """Everything one attempt adds to the database.

    Attributes
    ----------
    point_sources, extended_sources : structured array or None
        Dtype `app.columns.records.record_dtype` of the registry's columns. Like all rows they come without the keys
        that the claim knows: `run_id` and `attempt_id` are 0, and the publication adds them. None is the same as no
        rows; no sources is a valid result.
    raw_file_ids, calibration_ids, upstream_ids : tuple of int
        What the attempt read: files, calibration products, and attempts whose rows it read other than by a product;
        the links that recall and provenance follow.
    raw_file_hashes : mapping of int to str
        SHA-256 (hexadecimal) of files as they were read, by key; of those left out, what their rows say.
    reference : ReferenceUse, optional
        Reference stars; None where the step does not ask for any.
    postage_stamps : tuple of PostageStampRow
        Stamps of extended sources, one a source.
    scan_coverage : tuple of ScanCoverageRow
        Where a scan looked: a row a band, and one for what all bands cover. None where no pixel has data.
    diagnostics : DiagnosticsRow, optional
        Of scans of raw frames; images that were ingested have none.
    solution : SolutionRows, optional
        Zero points and verdicts of scans.
    solution_stands : bool
        Whether there is no solution because one of the same inputs stands: it is not retired with its attempt.
    night_grades : NightGradeRows, optional
        Grades of the scans of a night, and the metrics that they were derived from.
    forced_light : tuple of ForcedLightRow
        Light of objects where scans of a night have no row of them.
    astrometry : AstrometryRows, optional
        Offsets of the segments of scans.
    input_hash : str
        SHA-256 (hexadecimal) over the content of the inputs and the pipeline.
    """

    input_hash: str
    point_sources: NDArray[np.void] | None = None
    extended_sources: NDArray[np.void] | None = None
    atlas_images: tuple[AtlasImageRow, ...] = ()
    calibrations: tuple[CalibrationRow, ...] = ()
    zero_points: tuple[ZeroPointRow, ...] = ()
    metrics: tuple[Metric, ...] = ()
    raw_file_ids: tuple[int, ...] = ()
    calibration_ids: tuple[int, ...] = field(default=())
    diagnostics: DiagnosticsRow | None = None
    raw_file_hashes: Mapping[int, str] = field(default_factory=dict)
    reference: ReferenceUse | None = None
    upstream_ids: tuple[int, ...] = ()
    scan_coverage: tuple[ScanCoverageRow, ...] = ()
    postage_stamps: tuple[PostageStampRow, ...] = ()
    solution: SolutionRows | None = None
    solution_stands: bool = False
    night_grades: NightGradeRows | None = None
    forced_light: tuple[ForcedLightRow, ...] = ()
    astrometry: AstrometryRows | None = None
