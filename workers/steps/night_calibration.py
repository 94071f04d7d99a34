"""The step of a night-calibration task: darks and twilight flats of a night -> one product a band."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection

from app.db.statements import statement
from app.errors import InputError
from app.formats.night_calibration import BEND, CAMERA, write_calibration
from app.formats.raw_night import read_raw_scan
from app.instruments.bands import BANDS, Band
from app.instruments.camera import Camera
from app.instruments.detector import Detector
from app.keys import night_of_key
from app.models.calibration import CalibrationKind, ZeroPointSource
from app.production.publication import CalibrationRow, Publication, Span, ZeroPointRow
from workers.reduction.calibration.masks import calibrate_night
from workers.reduction.frames.values import NightCalibration
from workers.steps.calibrations import CalibrationConfigurationError
from workers.steps.context import Claim, StepContext
from workers.steps.inputs import ingested_path, recorded_files
from workers.steps.outcome import input_hash, metric_rows
from workers.steps.raw_band import array_of
from workers.steps.scan_facts import ScanFacts, ScanFile, read_scan_facts

Cube = NDArray[np.uint16]


class NoDarksError(InputError):
    """A night has no dark frames in any band, so none of its scans can be reduced."""

    code = "NO_DARKS"


class NoFlatsError(InputError):
    """A night has no twilight flats in any band: a response of 1 for all pixels would be a guess."""

    code = "NO_FLATS"


def perform(claim: Claim, context: StepContext) -> Publication:
    """Make the calibration products of a night, one a band and camera.

    Bands without darks or flats are left out; their scans fail with a clear code.

    Raises
    ------
    UnknownCameraError
        Raised if a dark or flat names a camera that is not known; nothing is calibrated then.
    NoDarksError
        Raised if no band has darks.
    NoFlatsError
        Raised if no band has flats.
    CalibrationConfigurationError
        Raised if all flats are of other cameras than the darks.
    DarkError, FlatError
        Raised if the frames do not give a dark or a flat. All of these are input failures, which are not retried.
    """
    with context.connect() as connection:
        scans = _calibration_scans(connection, claim.night)
    scans = [replace(scan, files=recorded_files(context, scan.files)) for scan in scans]
    cameras = {file.camera: file.known_camera() for scan in scans for file in scan.files}
    made = _Made()
    for band in BANDS:
        darks, flats = _files(scans, band, "dark"), _files(scans, band, "flat")
        for camera in sorted(cameras.values(), key=lambda camera: camera.identifier):
            own_darks = [file for file in darks if file.camera == camera.identifier]
            own_flats = [file for file in flats if file.camera == camera.identifier]
            made.flats += len(own_flats)
            if own_darks and not own_flats:
                # Arrays differ by several percent from pixel to pixel: neither 1 nor another array's flat will do.
                made.left_out.append(
                    f"{band.label}: darks of camera {camera.identifier!r} without flats of it"
                )
            elif own_darks:
                _calibrate(context, scans[0], camera.detector(band), camera, (own_darks, own_flats), made)
        context.checkpoint(f"calibrated_{band.value}")
    if not made.products:
        raise _nothing_made(claim, made)
    context.checkpoint("products_stored")
    return Publication(
        input_hash=input_hash(claim.pipeline_hash, (file.sha256 for file in made.used)),
        calibrations=tuple(made.products),
        zero_points=tuple(made.zero_points[band] for band in sorted(made.zero_points)),
        metrics=metric_rows(made.metrics),
        raw_file_ids=tuple(sorted({file.raw_file_id for file in made.used})),
        raw_file_hashes={file.raw_file_id: file.sha256 for file in made.used},
    )


@dataclass
class _Made:
    """What a night gave so far."""

    used: list[ScanFile] = field(default_factory=list)
    products: list[CalibrationRow] = field(default_factory=list)
    zero_points: dict[Band, ZeroPointRow] = field(default_factory=dict)
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    flats: int = 0


def _calibrate(
    context: StepContext,
    scan: ScanFacts,
    detector: Detector,
    camera: Camera,
    files: tuple[list[ScanFile], list[ScanFile]],
    made: _Made,
) -> None:
    """Make the product of one array of a camera from its dark and flat files."""
    darks, flats = files
    band = detector.band
    night = calibrate_night(detector, _reads(darks), _reads(flats))
    made.used += [*darks, *flats]
    made.products.append(_product(context, night, scan, camera.identifier, darks + flats))
    made.zero_points[band] = ZeroPointRow(
        band,
        _span(scan),
        detector.zero_point_mag,
        None,
        detector.extinction_mag,
        ZeroPointSource.NOMINAL.value,
    )
    for name, value in night.metrics.items():
        # A night whose camera was changed has two; the first one's stand here, both in the products' facts.
        made.metrics.setdefault(name, {}).setdefault(band.value, value)


def _nothing_made(claim: Claim, made: _Made) -> InputError:
    if made.left_out and not made.flats:
        return NoFlatsError(
            f"night {claim.subject} has no twilight flats in any band",
            expected="files of TYPE flt in the night",
            remedy="ingest them, then: mapps run retry",
        )
    if made.left_out:
        return CalibrationConfigurationError(
            "; ".join(made.left_out),
            expected="darks and flats of one camera configuration",
            remedy="ingest flats of the darks' configuration, then: mapps run retry",
        )
    return NoDarksError(
        f"night {claim.subject} has no dark frames in any band",
        expected="files of TYPE dar in the night",
    )


def _calibration_scans(connection: Connection[Any], night_id: int) -> list[ScanFacts]:
    rows = connection.execute(
        statement("steps/night_scans"), {"night_id": night_id, "kinds": ["dar", "flt"]}
    ).fetchall()
    scans = [read_scan_facts(connection, key) for (key,) in rows]
    if not scans:
        raise NoDarksError(
            f"night {night_of_key(night_id)} has neither darks nor flats",
            expected="scans of TYPE dar and flt",
        )
    return scans


def _files(scans: list[ScanFacts], band: Band, kind: str) -> list[ScanFile]:
    return [file for scan in scans for file in scan.files if file.band is band and file.kind == kind]


def _reads(files: list[ScanFile]) -> tuple[Cube, Cube]:
    """Both reads of all frames of the files, one after the other; their headers must agree with their camera."""
    scans = [read_raw_scan(ingested_path(file)) for file in files]
    for scan in scans:
        array_of(scan)
    return (
        np.concatenate([scan.read1_dn for scan in scans]),
        np.concatenate([scan.read2_dn for scan in scans]),
    )


def _span(scan: ScanFacts) -> Span:
    """Give 18 h to 18 h UTC around the sunrise that dates the night: afternoon in Chile, forenoon in Arizona.

    A day long, so that neighbouring nights touch and never overlap, which the database would refuse.
    """
    end = datetime.combine(scan.date, time(18), UTC)
    return end - timedelta(days=1), end


def _product(
    context: StepContext, made: NightCalibration, scan: ScanFacts, camera: str, files: list[ScanFile]
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
            CAMERA: camera,
            BEND: made.bend_per_dn2,
            "NFILES": len(files),
        },
    )
    stored = context.store.put(content, "calibration", ".fits")
    return CalibrationRow(
        CalibrationKind.NIGHT.value,
        scan.hemis,
        made.band,
        camera,
        _span(scan),
        stored.name,
        stored.sha256,
        made.metrics,
    )
