"""Short simulated scans in memory: observed once, spoilt by a test, reduced, compared with the truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.formats.raw_folder import raw_files
from app.formats.raw_night import RawScan, ScanType, read_raw_scan
from app.ingest.reference_stars import Region, positions_at
from app.ingest.reference_synthetic import synthetic_region
from app.instruments.bands import BANDS, Band
from app.instruments.cameras import detector_of
from app.observatory.night import simulate_night
from app.observatory.parameters import NightParameters
from app.observatory.truth import read_table
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from workers.reduction.calibration.masks import calibrate_night
from workers.reduction.frames.products import ScanSources
from workers.reduction.frames.values import NightCalibration, RawBand
from workers.reduction.measure_scan import measure_scan
from workers.reduction.reduce_scan import ReducedScan, ReferenceStars, reduce_scan
from workers.steps.raw_band import raw_band

EPOCH = 1998.32


@dataclass(frozen=True)
class Observed:
    """One survey scan with its calibration, its reference stars and its truth."""

    raw: dict[Band, RawBand]
    calibration: dict[Band, NightCalibration]
    reference: ReferenceStars
    truth: np.ndarray

    def reduce(self, **changes: object) -> tuple[ReducedScan, ScanSources]:
        """Reduce the scan, with raw frames, calibration or reference stars put in place of its own.

        What else is given are parameters of the photometry.
        """
        raw, calibration, reference = (
            changes.pop(name, getattr(self, name)) for name in ("raw", "calibration", "reference")
        )
        photometry = PhotometryParameters(**changes)
        reduced = reduce_scan(raw, calibration, reference, ReductionParameters(), photometry=photometry)
        return reduced, measure_scan(reduced, photometry)


def observe(folder: Path, parameters: NightParameters, stars: np.ndarray | None = None) -> Observed:
    """Simulate a night, with bright stars of its own where given, and read its first survey scan."""
    return observe_all(folder, parameters, ScanType.SURVEY, stars)[0]


def observe_all(
    folder: Path, parameters: NightParameters, scan_type: ScanType, stars: np.ndarray | None = None
) -> list[Observed]:
    """Simulate a night, with bright stars of its own where given, and read all its scans of a type."""
    summary = simulate_night(parameters, folder, reference=stars)
    kinds: dict[ScanType, dict[Band, list[RawScan]]] = {}
    for path in raw_files(summary.night):
        content = read_raw_scan(path)
        kinds.setdefault(content.header.scan_type, {}).setdefault(content.header.band, []).append(content)
    calibration = {
        band: calibrate_night(
            detector_of(kinds[ScanType.DARK][band][0].header.camera, band),
            *(
                tuple(
                    np.concatenate([getattr(c, read) for c in kinds[kind][band]])
                    for read in ("read1_dn", "read2_dn")
                )
                for kind in (ScanType.DARK, ScanType.FLAT)
            ),
        )
        for band in BANDS
    }
    truth = read_table(summary.truth, "SOURCES")
    raws = [
        {band: raw_band(content) for band, content in zip(BANDS, scans, strict=True)}
        for scans in zip(*(kinds[scan_type][band] for band in BANDS), strict=True)
    ]
    return [Observed(raw, calibration, references_around(raw[Band.J]), truth) for raw in raws]


def references_around(raw: RawBand) -> ReferenceStars:
    """Synthetic reference stars of a scan's field."""
    ra, decl = raw.ra_deg, raw.decl_deg
    stars = synthetic_region(Region(ra.min(), ra.max(), decl.min(), decl.max()).grown(0.12))
    stars = stars[np.isfinite(stars["vt_mag"])]
    return ReferenceStars(
        *positions_at(stars, EPOCH), stars["vt_mag"].astype(float), np.full(stars.size, 0.05)
    )
