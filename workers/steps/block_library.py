"""The step of a block-library task: what scans of a block learnt of their arrays -> one product a band and camera."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

import numpy as np
from psycopg import Connection
from psycopg.rows import class_row

from app.arrays import Singles, Table
from app.columns.diagnostics import BandDiagnostics, ScanDiagnostics
from app.db.statements import statement
from app.errors import InputError
from app.formats.checksums import file_checksum
from app.formats.night_calibration import CAMERA
from app.formats.raw_names import night_name
from app.formats.scan_diagnostics import DiagnosticsFileError, read_diagnostics
from app.formats.scan_library import ENTRY_DTYPE, LibraryContent, write_library
from app.instruments.cameras import detector_of
from app.models.calibration import CalibrationKind
from app.parameters.block import BlockParameters
from app.parameters.sections import ParameterSet
from app.production.publication import CalibrationRow, Publication
from app.store import mend
from workers.reduction.calibration.wells import combine_wells, well_departure
from workers.reduction.profile.library import LearntProfile, Library, combine_profiles
from workers.steps.context import Claim, StepContext
from workers.steps.outcome import input_hash, metric_rows

MOST_SCANS = 1000
"""Scans of a block that are read, as many of each night: entries then rest on dozens, wells of pixels on a hundred."""


class NoScansError(InputError):
    """No scan of a block is reduced in the run, so that there is nothing to combine."""

    code = "NO_SCANS"


@dataclass(frozen=True)
class _Reduced:
    """One row of steps/block_scans."""

    attempt_id: int
    date: date
    hemis: str
    scan: int
    url: str
    sha256: str
    cameras: dict[str, str]

    @property
    def night(self) -> str:
        """Name of the night, as in 980427s."""
        return night_name(self.date, self.hemis)


@dataclass(frozen=True)
class _Seen:
    """What one scan tells of one array."""

    row: _Reduced
    camera: str
    part: BandDiagnostics

    @property
    def array(self) -> tuple[str, str, str]:
        """Site, camera and band."""
        return self.row.hemis, self.camera, self.part.band.value


def perform(claim: Claim, context: StepContext) -> Publication:
    """Combine point-spread functions and wells over the scans of a block, and say which nights depart from the others.

    Raises
    ------
    NoScansError
        Raised if no scan of the block is reduced; an input failure, which is not retried.
    DiagnosticsFileError, StoredFileError
        Raised if the file of a scan is damaged or gone.
    ParametersError
        Raised if the run's parameter set is not one of this version of the code.
    """
    limits = ParameterSet.stored(context.parameters).block
    with context.connect() as connection:
        rows = chosen_scans(_read(connection, claim, context))
    if not rows:
        raise NoScansError(
            f"no scan of block {claim.block} is reduced in run {claim.run_name!r}",
            expected="reduced raw scans",
            remedy="mapps run status; then: mapps run retry",
        )
    seen = [part for row in rows for part in _parts(row, _load(context, row))]
    context.checkpoint("diagnostics_read")
    products: list[CalibrationRow] = []
    metrics: dict[str, dict[str, float]] = {}
    for _, group in groupby(sorted(seen, key=attrgetter("array")), attrgetter("array")):
        row, values = _combined(context, claim, list(group), limits)
        products.append(row)
        for name, value in values.items():
            metrics.setdefault(name, {}).setdefault(row.band.value, value)
    return Publication(
        input_hash=input_hash(claim.pipeline_hash, (row.sha256 for row in rows)),
        calibrations=tuple(products),
        metrics=metric_rows(metrics),
        upstream_ids=tuple(row.attempt_id for row in rows),
    )


def _read(connection: Connection[Any], claim: Claim, context: StepContext) -> list[_Reduced]:
    recorded = context.recorded
    values = {
        "run_id": claim.run_id,
        "block": claim.block,
        "recorded": None if recorded is None else sorted(recorded.upstream_ids),
    }
    with connection.cursor(row_factory=class_row(_Reduced)) as cursor:
        return cursor.execute(statement("steps/block_scans"), values).fetchall()


def chosen_scans(rows: Sequence[_Reduced], most: int = MOST_SCANS) -> list[_Reduced]:
    """Take as many scans of each night as there is room for, at even steps through the night.

    Parameters
    ----------
    rows : sequence
        Scans with `night`, in the order of nights and scans.
    most : int
        Scans at most, but one of each night at least.
    """
    nights = [list(group) for _, group in groupby(rows, attrgetter("night"))]
    if len(rows) <= most or not nights:
        return list(rows)
    share = max(1, most // len(nights))
    return [
        night[k * len(night) // min(share, len(night))]
        for night in nights
        for k in range(min(share, len(night)))
    ]


def _load(context: StepContext, row: _Reduced) -> ScanDiagnostics:
    path = context.store.path_of(row.url)
    found = file_checksum(path)
    if found != row.sha256:
        raise DiagnosticsFileError(
            f"{path}: SHA-256 {found[:12]}",
            expected=f"{row.sha256[:12]}, as it was published",
            remedy=f"{mend(row.url)}, then: mapps run retry",
        )
    return read_diagnostics(path)


def _parts(row: _Reduced, diagnostics: ScanDiagnostics) -> list[_Seen]:
    return [_Seen(row, row.cameras[part.band.value], part) for part in diagnostics.bands]


def _combined(
    context: StepContext, claim: Claim, seen: list[_Seen], limits: BlockParameters
) -> tuple[CalibrationRow, dict[str, float]]:
    """Product of one array, and its metrics."""
    band, camera, hemis = seen[0].part.band, seen[0].camera, seen[0].row.hemis
    nights = sorted({part.row.night for part in seen}, key=lambda night: _date_of(seen, night))
    library, profiles = _profiles(seen, nights, limits)
    wells, well_scans, levels = _wells(seen, nights, limits, detector_of(camera, band).shape)
    told = [
        _told(night, seen, {"profile_structure": float(profile), "well_level": level}, limits)
        for night, profile, level in zip(nights, profiles, levels, strict=True)
    ]
    departing = sum(bool(night["beyond"]) for night in told)
    entries = np.zeros(len(library.library.scans), ENTRY_DTYPE)
    for name in ENTRY_DTYPE.names or ():
        entries[name] = getattr(library.library, name)
    found = library.library
    content = LibraryContent(found.nodes, found.wing, found.scatter, entries, wells, well_scans)
    cards = {
        "FILTER": band.value,
        "BLOCK": claim.block,
        "HEMIS": hemis,
        CAMERA: camera,
        "NNIGHTS": len(nights),
    }
    stored = context.store.put(write_library(content, cards), "calibration", ".fits")
    metrics = _metrics(found.nodes, found.scatter, entries, wells)
    for night in told:
        if night["beyond"]:
            context.log.warning(
                "night %s departs from the library of block %s in band %s (%s): mapps calibration nights %s",
                night["night"], claim.block, band.value, ", ".join(night["beyond"]), claim.run_name,
            )  # fmt: skip
    counts = {"nights_combined": len(nights) - departing, "nights_departing": departing, "scans": len(seen)}
    facts = metrics | counts | {"nights": told}
    span = _span(seen)
    row = CalibrationRow(
        CalibrationKind.LIBRARY.value, hemis, band, camera, span, stored.name, stored.sha256, facts
    )
    return row, metrics


def _date_of(seen: Sequence[_Seen], night: str) -> date:
    return next(part.row.date for part in seen if part.row.night == night)


def _profiles(
    seen: Sequence[_Seen], nights: list[str], limits: BlockParameters
) -> tuple[Library, list[float]]:
    """Library of the nights that agree, and how far each night departs from the others."""
    learnt = [
        LearntProfile(table.nodes, table.wing, table.fwhm_pix, table.stars, nights.index(part.row.night))
        for part in seen
        if (table := part.part.profile) is not None
    ]
    first = combine_profiles(learnt, len(nights))
    agree = [
        profile for profile in learnt if not abs(first.departures[profile.night]) > limits.profile_structure
    ]
    library = first if len(agree) == len(learnt) else combine_profiles(agree, len(nights))
    return library, [float(value) for value in first.departures]


def _wells(
    seen: Sequence[_Seen], nights: list[str], limits: BlockParameters, shape: tuple[int, int]
) -> tuple[Singles, Singles, list[float]]:
    """Wells by the nights that agree, in how many scans each was seen, and how far each night is from the others."""
    of_night: dict[str, list[Table]] = {night: [] for night in nights}
    for part in seen:
        of_night[part.row.night].append(part.part.wells)
    levels = []
    for night in nights:
        others = [table for other, tables in of_night.items() if other != night for table in tables]
        levels.append(well_departure(of_night[night], combine_wells(others, shape)[0]))
    agree = [night for night, level in zip(nights, levels, strict=True) if not abs(level) > limits.well_level]
    wells, scans = combine_wells([table for night in agree for table in of_night[night]], shape)
    return wells, scans, levels


def _told(
    night: str, seen: Sequence[_Seen], departures: Mapping[str, float], limits: BlockParameters
) -> dict[str, Any]:
    """Say of a night how far it departs; what it does not measure is left out."""
    measured = {name: value for name, value in departures.items() if math.isfinite(value)}
    beyond = [name for name, value in measured.items() if abs(value) > getattr(limits, name)]
    scans = sum(part.row.night == night for part in seen)
    return {"night": night, "scans": scans, "beyond": beyond, **measured}


def _metrics(nodes: Singles, scatter: Singles, entries: Table, wells: Singles) -> dict[str, float]:
    """Entries, what scans scatter about them by at the peak, and how much of the array's wells is known."""
    values = {
        "library_entries": float(entries.size),
        "library_stars": float(entries["stars"].sum()),
        "wells_known_share": float(np.isfinite(wells).mean()),
    }
    if entries.size and np.isfinite(scatter).all():
        middle = nodes.shape[-1] // 2
        values["library_scatter"] = float(scatter[0, middle, middle] / nodes[:, 0, middle, middle].mean())
    return values


def _span(seen: Sequence[_Seen]) -> tuple[datetime, datetime]:
    """From 18 h UTC before the first sunrise to 18 h UTC after the last, as nightly products."""
    days = [part.row.date for part in seen]
    end = datetime.combine(max(days), time(18), UTC)
    return datetime.combine(min(days), time(18), UTC) - timedelta(days=1), end
