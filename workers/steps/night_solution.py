"""The step of a night-solution task: standards on the calibration scans of a night -> zero points and verdicts."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
from psycopg import Connection
from psycopg.rows import dict_row

from app.arrays import Integers
from app.db.statements import statement
from app.keys import FIRST_SURVEY_DAY
from app.parameters.sections import ParameterSet
from app.production.publication import Publication
from workers.reduction.solution.night_sets import NightScans, solve_bands
from workers.reduction.solution.standards import Detections, match_standards
from workers.steps.context import Claim, StepContext
from workers.steps.outcome import input_hash, metric_rows
from workers.steps.solution_rows import SolvedScans, solution_part
from workers.steps.standard_rows import GivenStandards, Rows, given_standards, read_detections

MJD_EPOCH = date(1858, 11, 17)


def perform(claim: Claim, context: StepContext) -> Publication:
    """Solve the zero points of a night from the rows of its calibration scans, and judge every scan of the night.

    Without standards near the night's fields there is no solution and magnitudes stay nominal: the metric
    `standards_known` is 0 then. A night without a usable set gives a draft, which is not adopted by itself.
    """
    parameters = ParameterSet.stored(context.parameters)
    read = _read(claim, context, parameters)
    rows, standards = read.rows, read.standards
    context.checkpoint("rows_read")
    reduced = [row for row in rows if row["attempt_id"] is not None]
    upstream = tuple(row["attempt_id"] for row in reduced)
    contents = [row["output_hash"] for row in reduced] + [_facts_hash(rows), *standards.hashes]
    inputs = input_hash(claim.pipeline_hash, contents)
    known = {"standards_known": {"-": float(len(standards.names))}}
    if not standards.names:
        return Publication(inputs, metrics=metric_rows(known), upstream_ids=upstream)
    scans = _night_scans(rows, read.fields, claim.night)
    measured = match_standards(read.found, standards.stars, parameters.calibration)
    steering = (parameters.calibration, parameters.solution)
    night = solve_bands(scans, measured, np.nan_to_num(standards.stars.error_mag), steering)
    context.checkpoint("night_solved")
    keys, times = tuple(row["scan_key"] for row in rows), tuple(row["mjd"] for row in rows)
    solved = SolvedScans(keys, times, _field_names(rows, standards), standards, measured)
    part = solution_part(night, solved, parameters)
    metrics = metric_rows(known | part.metrics)
    return Publication(inputs, metrics=metrics, upstream_ids=upstream, solution=part.solution)


class _Read(NamedTuple):
    """What the database has of a night: its scans, their fields, standards, and sources near these."""

    rows: Rows
    fields: Integers
    standards: GivenStandards
    found: Detections


def _read(claim: Claim, context: StepContext, parameters: ParameterSet) -> _Read:
    values = {"run_id": claim.run_id, "night_id": claim.night}
    with context.connect() as connection:
        rows = _scans(connection, values)
        reduced = [row for row in rows if row["attempt_id"] is not None]
        standards = given_standards(connection, reduced)
        placed = [row for row in reduced if row["ra"] is not None]
        near = {row["scan_key"]: standards.near(row["ra"], row["decl"]) for row in placed}
        counts = {key: int(np.count_nonzero(stars)) for key, stars in near.items()}
        fields = _fields(rows, counts, parameters)
        wanted = [
            (index, row["scan_key"], near[row["scan_key"]])
            for index, row in enumerate(rows)
            if fields[index] >= 0
        ]
        found = read_detections(connection, claim.run_id, wanted, standards, parameters.calibration)
    return _Read(rows, fields, standards, found)


def _scans(connection: Connection[Any], values: dict[str, int]) -> Rows:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement("steps/night_solution_scans"), values).fetchall()


def _facts_hash(rows: Rows) -> str:
    """SHA-256 over what the night's files say of its scans: the verdicts rest on their times."""
    facts = [
        [row[name] for name in ("scan_key", "kind", "tile", "ra", "decl", "mjd", "airmass")] for row in rows
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _fields(rows: Rows, known: dict[int, int], parameters: ParameterSet) -> Integers:
    """Calibration field of each scan: its tile; -1 for others, and where too few standards are known."""
    least = parameters.calibration.least_standards
    fields = [
        (row["tile"] if row["tile"] is not None else 0) if known.get(row["scan_key"], 0) >= least else -1
        for row in rows
    ]
    return np.array(fields, np.int64)


def _field_names(rows: Rows, standards: GivenStandards) -> tuple[str, ...]:
    """Name of the field of each scan: that of the catalogue, else the tile."""
    names = []
    for row in rows:
        own = row["kind"] == "cal" and row["ra"] is not None and bool(standards.names)
        near = np.flatnonzero(standards.near(row["ra"], row["decl"])).tolist() if own else []
        told = sorted({name for name in (standards.fields[star] for star in near) if name})
        names.append(told[0] if len(told) == 1 else f"tile {row['tile']}")
    return tuple(names)


def _night_scans(rows: Rows, fields: Integers, night_id: int) -> NightScans:
    midnight = ((FIRST_SURVEY_DAY + timedelta(days=(night_id >> 1) - 1)) - MJD_EPOCH).days
    mjd = np.array([np.nan if row["mjd"] is None else row["mjd"] for row in rows], np.float64)
    airmass = np.array([np.nan if row["airmass"] is None else row["airmass"] for row in rows], np.float64)
    return NightScans(
        (mjd - midnight) * 24.0, airmass, fields, np.array([row["opaque"] for row in rows], bool)
    )
