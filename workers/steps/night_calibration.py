"""The step of a night-calibration task: darks and twilight flats of a night -> one product a band."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection

from app.bands import BANDS, Band
from app.db.statements import statement
from app.errors import InputError
from app.formats.night_calibration import write_calibration
from app.formats.raw_night import read_raw_scan
from app.models.calibration import CalibrationKind, ZeroPointSource
from app.production.publication import CalibrationRow, Publication, Span, ZeroPointRow
from workers.instruments.camera import detector_of
from workers.reduction.frames import NightCalibration
from workers.reduction.masks import calibrate_night
from workers.steps.context import Claim, StepContext
from workers.steps.inputs import ingested_path
from workers.steps.outcome import input_hash, metric_rows
from workers.steps.scan_facts import ScanFacts, ScanFile, read_scan_facts

Cube = NDArray[np.uint16]


class NoDarksError(InputError):
    """A night has no dark frames in any band, so none of its scans can be reduced."""

    code = "NO_DARKS"


def perform(claim: Claim, context: StepContext) -> Publication:
    """Make the calibration products of a night.

    Bands without darks are left out; their scans fail with a clear code. Raised if no band has darks (NoDarksError)
    or the frames do not give a dark or a flat (DarkError, FlatError): input failures, not retried.
    """
    with context.connect() as connection:
        scans = _calibration_scans(connection, claim.night_id)
    used: list[ScanFile] = []
    products: list[CalibrationRow] = []
    zero_points: list[ZeroPointRow] = []
    metrics: dict[str, dict[str, float]] = {}
    for band in BANDS:
        darks, flats = _files(scans, band, "dark"), _files(scans, band, "flat")
        if not darks:
            continue
        detector = detector_of(scans[0].hemis, band)
        made = calibrate_night(detector, _reads(darks), _reads(flats) if flats else None)
        context.checkpoint(f"calibrated_{band.value}")
        used += [*darks, *flats]
        products.append(_product(context, made, scans[0], darks + flats))
        zero_points.append(
            ZeroPointRow(
                band, _span(scans[0]), detector.zero_point_mag, None, detector.extinction_mag,
                ZeroPointSource.NOMINAL.value,
            )
        )  # fmt: skip
        for name, value in made.metrics.items():
            metrics.setdefault(name, {})[band.value] = value
    if not products:
        raise NoDarksError(
            f"night {claim.night_id} has no dark frames in any band",
            expected="files of TYPE dar in the night",
        )
    context.checkpoint("products_stored")
    return Publication(
        input_hash=input_hash(claim.pipeline_hash, (file.sha256 for file in used)),
        calibrations=tuple(products),
        zero_points=tuple(zero_points),
        metrics=metric_rows(metrics),
        raw_file_ids=tuple(sorted({file.raw_file_id for file in used})),
    )


def _calibration_scans(connection: Connection[Any], night_id: int) -> list[ScanFacts]:
    rows = connection.execute(
        statement("steps/night_scans"), {"night_id": night_id, "kinds": ["dar", "flt"]}
    ).fetchall()
    scans = [read_scan_facts(connection, key) for (key,) in rows]
    if not scans:
        raise NoDarksError(
            f"night {night_id} has neither darks nor flats", expected="scans of TYPE dar and flt"
        )
    return scans


def _files(scans: list[ScanFacts], band: Band, kind: str) -> list[ScanFile]:
    return [file for scan in scans for file in scan.files if file.band is band and file.kind == kind]


def _reads(files: list[ScanFile]) -> tuple[Cube, Cube]:
    """Both reads of all frames of the files, one after the other."""
    scans = [read_raw_scan(ingested_path(file)) for file in files]
    return (
        np.concatenate([scan.read1_dn for scan in scans]),
        np.concatenate([scan.read2_dn for scan in scans]),
    )


def _span(scan: ScanFacts) -> Span:
    """Give noon to midnight, UTC, around the sunrise that dates the night: room on both sides for every site."""
    noon = datetime.combine(scan.date, time(12), UTC)
    return noon - timedelta(days=1), noon + timedelta(hours=12)


def _product(
    context: StepContext, made: NightCalibration, scan: ScanFacts, files: list[ScanFile]
) -> CalibrationRow:
    content = write_calibration(
        {
            "DARK1": made.dark_read1_dn,
            "DARKDIFF": made.dark_difference_dn,
            "FLAT": made.flat,
            "MASK": made.mask,
            "SATUR": made.saturation_dn,
        },
        {
            "FILTER": made.band.value,
            "ORDATE": f"{scan.date:%y%m%d}",
            "HEMIS": scan.hemis,
            "NFILES": len(files),
        },
    )
    stored = context.store.put(content, "calibration", ".fits")
    return CalibrationRow(
        CalibrationKind.NIGHT.value,
        scan.hemis,
        made.band,
        _span(scan),
        stored.name,
        stored.sha256,
        made.metrics,
    )
