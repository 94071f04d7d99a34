"""A night, a run and a step of milliseconds, for tests of the production protocol; and what must hold after them."""

from __future__ import annotations

import hashlib
import itertools
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from psycopg import Connection
from psycopg.types.json import Jsonb

from app.columns import POINT_SOURCE, Kind
from app.columns.records import empty_records
from app.errors import InputError
from app.instruments.bands import Band
from app.keys import SEQUENCE_BITS, coadd_key
from app.models.production import RunKind
from app.production.claim import Claim, WorkerIdentity
from app.production.pipelines import Pipeline
from app.production.plan import NIGHT_CALIBRATION, SCAN
from app.production.publication import (
    AtlasImageRow,
    CalibrationRow,
    DiagnosticsRow,
    Metric,
    PostageStampRow,
    Publication,
    ScanCoverageRow,
    ZeroPointRow,
)  # fmt: skip
from app.production.queueing import queue_run
from app.production.runs import create_run
from app.production.selection import Night, Selection
from app.sky.footprint import Corners
from app.sky.shapes import SPolygon
from app.store import StoredFile
from tests.worlds.plans import FIRST
from workers.steps.inputs import ingested_path
from workers.steps.scan_facts import ScanFile

_numbers = itertools.count(1)
IDENTITY = WorkerIdentity("tester", "here", os.getpid(), "0", "c0ffee")
ROWS = 4


@dataclass(frozen=True)
class World:
    """A run over one night of its own."""

    run: str
    run_id: int
    night_id: int
    selection: Selection
    scan_keys: tuple[int, ...]
    raw_file_ids: tuple[int, ...]


@dataclass
class Wish:
    """What the synthetic step does with which scans, by key; `raw` is a file it reads, which holds its own name."""

    poison: list[int] = field(default_factory=list)
    killer: list[int] = field(default_factory=list)
    patient: list[int] = field(default_factory=list)
    go: str = ""
    file_bytes: int = 100
    raw: str = ""


def value(connection: Connection[Any], query: str, *values: Any) -> Any:
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return row[0]


def make_world(
    connection: Connection[Any],
    scans: int = 1,
    *,
    entry: str = "atlas",
    wish: Wish | None = None,
    queued: bool = True,
    max_attempts: int = 3,
) -> World:
    """Ingest a night, create a run and queue it."""
    number = next(_numbers)
    date = datetime(2001, 1, 1, tzinfo=UTC).date() + timedelta(days=number, weeks=os.getpid() % 1000)
    night_id = value(
        connection,
        "INSERT INTO survey.night (hemis, date, day_number) VALUES ('n', %s, 1)"
        " ON CONFLICT (date, hemis) DO UPDATE SET day_number = 1 RETURNING night_id",
        date,
    )
    first = value(connection, "SELECT coalesce(max(scan), 0) FROM survey.scan WHERE night_id = %s", night_id)
    keys, files = [], []
    for scan in range(first + 1, first + scans + 1):
        key = value(
            connection,
            "INSERT INTO survey.scan (night_id, scan, kind, entry, header) VALUES (%s, %s, 'sci', %s, '{}')"
            " RETURNING scan_key",
            night_id, scan, entry,
        )  # fmt: skip
        keys.append(key)
        files.append(
            value(
                connection,
                "INSERT INTO survey.raw_file (night_id, scan_key, kind, band, url, sha256, size_bytes, header)"
                " VALUES (%s, %s, 'scan', 'j', %s, %s, 1, '{}') RETURNING raw_file_id",
                night_id,
                key,
                f"file:///{key}",
                f"{key:064x}",
            )
        )
    return make_run(
        connection, night_id, date, keys, files, wish or Wish(), queued=queued, max_attempts=max_attempts
    )


def make_run(connection, night_id, date, keys, files, wish, *, queued=True, max_attempts=3) -> World:
    name = f"run-{os.getpid()}-{next(_numbers)}"
    pipeline = Pipeline("0", "c0ffee", {"synthetic": vars(wish)})
    run = create_run(connection, name, RunKind.PRELIMINARY, pipeline)
    selection = Selection(Night(date, "n"))
    if queued:
        queue_run(connection, name, selection, max_attempts, plan=FIRST)
    return World(name, run.run_id, night_id, selection, tuple(keys), tuple(files))


def another_run(connection: Connection[Any], world: World, wish: Wish | None = None) -> World:
    """Another run over the same scans."""
    date = world.selection.night.date
    return make_run(
        connection, world.night_id, date, world.scan_keys, world.raw_file_ids, wish or Wish(), max_attempts=9
    )


# -- the synthetic step ---------------------------------------------------------------------------------------------


def perform(claim: Claim, context: Any) -> Publication:
    """Do what a real step does, in milliseconds: read, store a file, make rows."""
    wish = Wish(**context.parameters["synthetic"])
    context.checkpoint("inputs_read")
    if claim.scan_key in wish.poison:
        raise InputError(f"scan {claim.scan_key} is poison", expected="none")
    if claim.scan_key in wish.killer:
        os.kill(os.getpid(), signal.SIGKILL)
    while claim.scan_key in wish.patient and not Path(wish.go).exists():
        time.sleep(0.005)
        context.checkpoint("patience")
    if wish.raw:
        path = Path(wish.raw)
        ingested_path(
            ScanFile(1, "scan", Band.J, None, str(path), hashlib.sha256(path.name.encode()).hexdigest())
        )
    with context.connect() as connection:
        calibrations = valid_calibrations(connection, claim)
    content = f"{claim.kind} {claim.scan_key}".encode().ljust(wish.file_bytes, b".")
    stored = context.store.put(content, "atlas", ".fits")
    context.checkpoint("rows_made")
    return publication_of(claim, stored, calibrations)


STEPS: Mapping[str, Any] = dict.fromkeys((row.kind for row in FIRST.rows), perform)


def valid_calibrations(connection: Connection[Any], claim: Claim) -> tuple[int, ...]:
    if claim.kind != SCAN.kind:
        return ()
    rows = connection.execute(
        "SELECT calibration_id FROM calibration.product"
        " WHERE run_id = %s AND night_id = %s AND retired_at IS NULL ORDER BY 1",
        (claim.run_id, claim.night_id),
    )
    return tuple(row[0] for row in rows)


def publication_of(
    claim: Claim, stored: StoredFile | None = None, calibrations: tuple[int, ...] = ()
) -> Publication:
    """What the step publishes for a claim: always the same for the same task and file."""
    stored = stored or StoredFile("atlas/00/0.fits", f"{claim.task_id:064x}", 1)
    if claim.kind == NIGHT_CALIBRATION.kind:
        start = datetime(2001, 1, 1, tzinfo=UTC) + timedelta(days=claim.night)
        span = (start, start + timedelta(days=1))
        return Publication(
            "0" * 64,
            calibrations=(
                CalibrationRow("night", "n", Band.J, "one", span, stored.name, stored.sha256, {"n": 1}),
            ),
            zero_points=(ZeroPointRow(Band.J, span, 20.0, None, 0.1, "nominal"),),
            metrics=(Metric("dark_frames", Band.J, 3.0),),
        )
    if claim.scan_key is None:
        return Publication("0" * 64)
    key = claim.scan_key
    return Publication(
        "0" * 64,
        point_sources=point_sources(key),
        atlas_images=(
            AtlasImageRow(
                coadd_key(key, 1), Band.J, 1, 10.0, 10.0, SQUARE, 4, 4, stored.name, stored.sha256, 20.0, None
            ),
        ),
        metrics=(Metric("sources", Band.J, float(ROWS)),),
        calibration_ids=calibrations,
        raw_file_ids=(),
        diagnostics=DiagnosticsRow(stored.name, stored.sha256),
        postage_stamps=(
            PostageStampRow(key << 10, coadd_key(key, 1), 10.0, 10.0, 61, "j", stored.name, stored.sha256),
        ),
        scan_coverage=tuple(ScanCoverageRow(band, AREA, ((key, key + 9),), 29) for band in (Band.J, None)),
    )


AREA = Corners((10.1, 10.0), (10.0, 10.0), (10.1, 10.1), (10.0, 10.1))
SQUARE = SPolygon.through([(10.0, 10.0), (10.1, 10.0), (10.1, 10.1), (10.0, 10.1)])


def point_sources(scan_key: int, rows: int = ROWS):
    records = empty_records(POINT_SOURCE, rows)
    for column in POINT_SOURCE:
        if not column.nullable:
            records[column.name] = b"0" * column.length if column.kind is Kind.CHAR else 0
    records["src_id"] = np.arange(rows) + (np.int64(scan_key) << SEQUENCE_BITS)
    records["scan_key"] = scan_key
    records["ra"], records["decl"] = 10.0, np.arange(rows)
    return records


# -- what must hold -------------------------------------------------------------------------------------------------

INVARIANTS = {
    "a done task has exactly one accepted attempt, any other none but a recalled one": """
        SELECT t.task_id, t.state, count(a.attempt_id) FROM production.task t
        LEFT JOIN production.attempt a ON a.task_id = t.task_id AND a.accepted
        GROUP BY t.task_id HAVING t.state = 'done' AND count(a.attempt_id) <> 1""",
    "a running task has exactly one open attempt, any other none": """
        SELECT t.task_id, t.state, count(a.attempt_id) FROM production.task t
        LEFT JOIN production.attempt a ON a.task_id = t.task_id AND a.ended_at IS NULL
        GROUP BY t.task_id HAVING count(a.attempt_id) <> CASE t.state WHEN 'running' THEN 1 ELSE 0 END""",
    "no source row without an accepted attempt": """
        SELECT p.attempt_id, count(*) FROM wsdb.point_measurement p
        LEFT JOIN production.attempt a USING (attempt_id) WHERE a.accepted IS NOT TRUE GROUP BY 1""",
    "as many source rows as the accepted attempt says": """
        SELECT a.attempt_id, a.point_rows, count(p.src_id) FROM production.attempt a
        LEFT JOIN wsdb.point_measurement p ON p.run_id = a.run_id AND p.attempt_id = a.attempt_id
        WHERE a.accepted GROUP BY 1, 2 HAVING count(p.src_id) <> coalesce(a.point_rows, 0)""",
    "no source twice in a run": """
        SELECT run_id, src_id FROM wsdb.point_measurement GROUP BY 1, 2 HAVING count(*) > 1""",
    "no image, metric or zero point without an accepted attempt": """
        SELECT attempt_id FROM (SELECT attempt_id FROM wsdb.atlas_measurement
            UNION ALL SELECT attempt_id FROM quality.metric
            UNION ALL SELECT attempt_id FROM quality.scan_diagnostics
            UNION ALL SELECT attempt_id FROM wsdb.postage_stamp
            UNION ALL SELECT attempt_id FROM wsdb.scan_coverage
            UNION ALL SELECT attempt_id FROM calibration.zero_point
            UNION ALL SELECT attempt_id FROM calibration.product WHERE retired_at IS NULL) rows
        JOIN production.attempt a USING (attempt_id) WHERE NOT a.accepted""",
    "an ended attempt has an outcome, and a failed one says why": """
        SELECT attempt_id FROM production.attempt
        WHERE outcome = 'failed' AND (family IS NULL OR error_code IS NULL OR error_text IS NULL)
           OR outcome = 'done' AND (output_hash IS NULL OR point_rows IS NULL)""",
    "nothing is claimed before what it waits for is done": """
        SELECT a.attempt_id FROM production.attempt a JOIN production.task_dependency d USING (task_id)
        WHERE NOT EXISTS (SELECT FROM production.attempt u WHERE u.task_id = d.upstream_task_id
                          AND u.outcome = 'done' AND u.ended_at <= a.started_at)""",
    "nothing waits for what is done": """
        SELECT t.task_id FROM production.task t WHERE t.state = 'waiting' AND NOT EXISTS (
            SELECT FROM production.task_dependency d JOIN production.task u ON u.task_id = d.upstream_task_id
            WHERE d.task_id = t.task_id AND u.state <> 'done')""",
    "a dead or failed task says why": """
        SELECT task_id FROM production.task WHERE state IN ('dead', 'failed') AND reason IS NULL""",
}


def check_invariants(connection: Connection[Any]) -> None:
    for name, query in INVARIANTS.items():
        found = connection.execute(query).fetchall()
        assert not found, f"broken: {name}: {found}"


def states(connection: Connection[Any], world: World) -> dict[str, int]:
    """How many tasks of the run are in each state."""
    rows = connection.execute(
        "SELECT state, count(*) FROM production.task WHERE run_id = %s GROUP BY state", (world.run_id,)
    )
    return dict(rows.fetchall())


def outcomes(connection: Connection[Any], world: World) -> dict[str, int]:
    """How many attempts of the run ended how."""
    rows = connection.execute(
        "SELECT coalesce(outcome, 'open'), count(*) FROM production.attempt WHERE run_id = %s GROUP BY 1",
        (world.run_id,),
    )
    return dict(rows.fetchall())


def end_leases(connection: Connection[Any], world: World) -> int:
    """Let the leases of all open attempts of the run be over: the server's clock need not be waited for."""
    return connection.execute(
        "UPDATE production.attempt SET expires_at = now() - interval '1 second'"
        " WHERE run_id = %s AND ended_at IS NULL",
        (world.run_id,),
    ).rowcount


def no_waits(connection: Connection[Any], world: World) -> None:
    """Let all backoffs of the run be over."""
    connection.execute("UPDATE production.task SET not_before = now() WHERE run_id = %s", (world.run_id,))


__all__ = [
    "IDENTITY",
    "ROWS",
    "STEPS",
    "Jsonb",
    "Wish",
    "World",
    "another_run",
    "check_invariants",
    "make_world",
]
