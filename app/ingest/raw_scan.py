"""Raw files on their way in, and what a scan is from its frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.formats.raw_camera import camera_problems
from app.formats.raw_folder import check_membership
from app.formats.raw_header import RawScanHeader, ScanType
from app.formats.raw_night import inspect_raw_scan
from app.ingest.candidate import Candidate
from app.ingest.header_cards import read_primary_document, shared_document
from app.ingest.refusals import Refusal
from app.ingest.scan_values import ScanFileRow, ScanValues, covered_area
from app.ingest.summary import ScanIdentity
from app.instruments.bands import Band
from app.instruments.cameras import detector_of
from app.instruments.detector import Detector
from app.models.survey import FileKind
from app.sky.projection import SinProjection
from app.sky.shapes import Position

_FILE_KINDS = {
    ScanType.SURVEY: FileKind.SCAN,
    ScanType.CALIBRATION: FileKind.SCAN,
    ScanType.DARK: FileKind.DARK,
    ScanType.FLAT: FileKind.FLAT,
}

BandFrames = Mapping[str, NDArray[np.void]]
"""FRAMES rows of each band of a scan, missing frames included."""


def read_candidate(path: Path, sha256: str) -> Candidate | list[Refusal]:
    """Read and check a raw file whole.

    Parameters
    ----------
    path : Path
        Absolute path of the file.
    sha256 : str
        SHA-256 of its content, in hex.

    Returns
    -------
    Candidate or list of Refusal
        All faults of the file if it has any.
    """
    scan, problems = inspect_raw_scan(path)
    if scan is None:
        return [Refusal.of_problem(path, problem) for problem in problems]
    header, frames = scan.header, scan.frames
    problems = check_membership(path.parent, header) + camera_problems(header, scan.read1_dn.shape[1:])
    if problems:
        return [Refusal.of_problem(path, problem) for problem in problems]
    return Candidate(
        path=path,
        sha256=sha256,
        size_bytes=path.stat().st_size,
        identity=ScanIdentity(header.night_date, header.hemisphere, header.scan),
        file_kind=_FILE_KINDS[header.scan_type],
        band=header.band,
        image_number=None,
        document=read_primary_document(path),
        planned_corners=_planned(header),
        frames=frames,
    )


def _planned(header: RawScanHeader) -> tuple[Position, ...] | None:
    # The header has SE, NE, NW, SW, which is once around. A standing telescope follows no plan.
    return header.corners_deg if header.scan_type.on_sky else None


def frame_corners(ra_deg: float, decl_deg: float, detector: Detector) -> tuple[Position, ...]:
    """Corners of one frame, once around, from its commanded centre; axes point west and north.

    Parameters
    ----------
    ra_deg, decl_deg : float
        Commanded centre, ICRS degrees.
    detector : Detector
        Array that took the frame.
    """
    half_y, half_x = (0.5 * size * detector.pixel_arcsec for size in detector.shape)
    degree = 1.0 / 3600.0
    plane = SinProjection(ra_deg, decl_deg, 0.0, 0.0, ((-degree, 0.0), (0.0, degree)))
    ra, decl = plane.to_sky([half_x, -half_x, -half_x, half_x], [-half_y, -half_y, half_y, half_y])
    return tuple(zip(ra.tolist(), decl.tolist(), strict=True))


def measure_raw_scan(files: Sequence[ScanFileRow], bands: BandFrames) -> ScanValues:
    """Planned area, times and keywords of a scan.

    The area is bounded by the outermost delivered frames at their commanded positions, in the band that has least of
    them. Images reach less far, 416" at each end of a full scan, because six frames must have seen a place: what was
    observed is known when the scan is reduced (wsdb.scan_coverage), and edges count from there.

    Parameters
    ----------
    files : sequence of ScanFileRow
        All files of the scan, in a fixed order.
    bands : mapping of str to structured array
        FRAMES rows of each band, missing frames included.
    """
    header = shared_document([file.header for file in files])
    areas = {}
    cameras = {file.band: str(file.header["CAMERA"]) for file in files}
    # Twilight flats have a commanded position too, but their sky is no observed area.
    for band, frames in bands.items() if ScanType(header["TYPE"]).on_sky else ():
        delivered = frames[
            ~frames["missing"] & np.isfinite(frames["ra_deg"]) & np.isfinite(frames["decl_deg"])
        ]
        if delivered.size:
            detector = detector_of(cameras[band], Band(band))
            areas[band] = [
                frame_corners(float(row["ra_deg"]), float(row["decl_deg"]), detector) for row in delivered
            ]
    corners, remark = covered_area(areas) if areas else (None, "")
    present = [int(np.count_nonzero(~frames["missing"])) for frames in bands.values()]
    return ScanValues(
        header=header,
        corners=corners,
        started_at=min((_start(file.header) for file in files), default=None),
        airmass=_airmass_at_start(bands),
        frames_expected=max((frames.size for frames in bands.values()), default=None),
        frames_present=min(present, default=None),
        remark=remark,
    )


def _start(header: Mapping[str, Any]) -> datetime:
    # The header has passed the format's checks: both keywords are there and are a date and a time.
    return datetime.fromisoformat(f"{header['UT_DATE']}T{header['UT']}").replace(tzinfo=UTC)


def _airmass_at_start(bands: BandFrames) -> float | None:
    firsts = [float(frames["airmass"][0]) for frames in bands.values() if frames.size]
    known = [value for value in firsts if np.isfinite(value)]
    return min(known, default=None)
