"""A simulated survey scan in memory, with its calibration, reference stars and truth, for the benchmarks."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.formats.raw_header import ScanType
from app.formats.raw_night import RawScan, read_raw_scan
from app.ingest.night_sky import night_regions
from app.ingest.reference_stars import positions_at
from app.ingest.reference_synthetic import synthetic_regions
from app.instruments.bands import BANDS, Band
from app.instruments.cameras import detector_of
from app.observatory.night import simulate_night
from app.observatory.parameters import NightParameters
from app.observatory.truth import read_table
from app.parameters.photometry import PhotometryParameters
from workers.reduction.calibration.masks import calibrate_night
from workers.reduction.frames.products import ScanSources
from workers.reduction.frames.values import NightCalibration, RawBand
from workers.reduction.measure_scan import measure_bands, merge_bands
from workers.reduction.reduce_scan import ReducedScan, ReferenceStars
from workers.steps.raw_band import raw_band

REFERENCE_ERROR_ARCSEC = 0.06
"""Of a coordinate of a Tycho-2 star at the epoch of the survey; the synthetic catalogue itself has none."""


@dataclass(frozen=True)
class ObservedScan:
    """One survey scan of a simulated night.

    Attributes
    ----------
    raw, calibration : dict of Band
    reference : ReferenceStars
        With Tycho-2's errors added.
    truth : dict of str to structured array
        Tables of the night's truth file.
    scan : int
        Its number.
    """

    raw: dict[Band, RawBand]
    calibration: dict[Band, NightCalibration]
    reference: ReferenceStars
    truth: dict[str, NDArray[np.void]]
    scan: int

    def zero_point(self, band: Band) -> float:
        """Magnitude of 1 DN that the scan really has, mean over its frames."""
        rows = self.truth["SCANS"]
        letter = np.char.strip(rows["band"].astype("U"))
        return float(rows["zero_point_mag"][(rows["scan"] == self.scan) & (letter == band.value)][0])


def measure_finally(
    reduced: ReducedScan, parameters: PhotometryParameters
) -> tuple[ReducedScan, ScanSources]:
    """Measure a reduced scan: the scan with its stacks as photometry leaves them, and its sources."""
    measured = measure_bands(reduced, parameters)
    stacks = {band: part.stack for band, part in measured.items()}
    return replace(reduced, stacks=stacks), merge_bands(reduced, measured, parameters)


def night_files(folder: Path) -> dict[ScanType, dict[Band, list[RawScan]]]:
    """Raw scans of a night by type and band."""
    found: dict[ScanType, dict[Band, list[RawScan]]] = {kind: {} for kind in ScanType}
    for path in sorted(folder.glob("*.fits")):
        scan = read_raw_scan(path)
        found[scan.header.scan_type].setdefault(scan.header.band, []).append(scan)
    return found


def calibrations(files: Mapping[ScanType, Mapping[Band, list[RawScan]]]) -> dict[Band, NightCalibration]:
    """Night calibration of every band."""
    return {
        band: calibrate_night(
            detector_of(files[ScanType.DARK][band][0].header.camera, band),
            (files[ScanType.DARK][band][0].read1_dn, files[ScanType.DARK][band][0].read2_dn),
            (files[ScanType.FLAT][band][0].read1_dn, files[ScanType.FLAT][band][0].read2_dn),
        )
        for band in BANDS
    }


def observe(parameters: NightParameters, folder: Path | None = None) -> ObservedScan:
    """Simulate a night of one tile and load its survey scan.

    Parameters
    ----------
    parameters : NightParameters
    folder : Path, optional
        Keeps the night; a temporary one otherwise.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as name:
            return observe(parameters, Path(name))
    summary = simulate_night(parameters, folder)
    files = night_files(summary.night)
    survey = {band: files[ScanType.SURVEY][band][0] for band in BANDS}
    year = parameters.night_date.year + parameters.night_date.timetuple().tm_yday / 365.25
    stars = synthetic_regions(night_regions(summary.night))
    stars = stars[np.isfinite(stars["vt_mag"])]
    ra, decl = positions_at(stars, year)
    error = (
        REFERENCE_ERROR_ARCSEC
        / 3600.0
        * np.random.default_rng(parameters.seed).standard_normal((2, stars.size))
    )
    reference = ReferenceStars(
        ra + error[0] / np.cos(np.radians(decl)),
        decl + error[1],
        stars["vt_mag"].astype(float),
        np.full(stars.size, REFERENCE_ERROR_ARCSEC),
    )
    tables = ("SOURCES", "SCANS", "FRAMES", "HITS", "EVENTS")
    return ObservedScan(
        {band: raw_band(scan) for band, scan in survey.items()},
        calibrations(files),
        reference,
        {name: read_table(summary.truth, name) for name in tables},
        survey[Band.J].header.scan,
    )
