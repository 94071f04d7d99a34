"""The least a source row needs to stand on: run, night, scan, task and attempt."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from psycopg import Connection

from app.columns import POINT_SOURCE, Kind
from app.columns.records import Records, empty_records
from app.production.plan import PLAN
from app.production.queueing import declare_kinds
from app.sky.healpix import source_identifiers

_numbers = count(1)


@dataclass(frozen=True)
class Attempt:
    """Keys of an open attempt at a scan."""

    run_id: int
    scan_key: int
    attempt_id: int


def open_attempt(connection: Connection[Any], zones: int = 1) -> Attempt:
    """Make a run with partitions, and an open attempt at one scan of it."""
    number = next(_numbers)

    def key(query: str, *values: Any) -> int:
        row = connection.execute(query, values).fetchone()
        assert row is not None
        return int(row[0])

    pipeline = key(
        "INSERT INTO production.pipeline (code_version, code_commit, parameters, parameters_hash, pipeline_hash)"
        " VALUES ('1', 'c', '{}', '', %s) RETURNING pipeline_id",
        str(number),
    )
    run = key(
        "INSERT INTO production.run (name, kind, pipeline_id, zones, created_by)"
        " VALUES (%s, 'preliminary', %s, %s, 'test') RETURNING run_id",
        f"run-{number}", pipeline, zones,
    )  # fmt: skip
    connection.execute("SELECT wsdb.create_run_partitions(%s, %s)", (run, zones))
    night = key(
        "INSERT INTO survey.night (hemis, date, day_number) VALUES ('n', date '1998-01-01' + %s, 1) RETURNING night_id",
        number,
    )
    scan = key(
        "INSERT INTO survey.scan (night_id, scan, kind, entry, header) VALUES (%s, 1, 'sci', 'raw', '{}')"
        " RETURNING scan_key",
        night,
    )
    declare_kinds(connection, PLAN)
    task = key(
        "INSERT INTO production.task (run_id, kind, scope, night_id, scan_key, state, max_attempts)"
        " VALUES (%s, 'scan', 'scan', %s, %s, 'running', 3) RETURNING task_id",
        run, night, scan,
    )  # fmt: skip
    attempt = key(
        "INSERT INTO production.attempt (task_id, run_id, scan_key, worker, host, process_id, code_version,"
        " code_commit, expires_at) VALUES (%s, %s, %s, 'w', 'h', 1, '1', 'c', now()) RETURNING attempt_id",
        task, run, scan,
    )  # fmt: skip
    return Attempt(run, scan, attempt)


def accept(connection: Connection[Any], attempt: Attempt) -> None:
    """Close the attempt as the protocol does."""
    connection.execute(
        "UPDATE production.attempt SET ended_at = now(), outcome = 'done', accepted = true WHERE attempt_id = %s",
        (attempt.attempt_id,),
    )
    connection.execute(
        "UPDATE production.task SET state = 'done' WHERE task_id ="
        " (SELECT task_id FROM production.attempt WHERE attempt_id = %s)",
        (attempt.attempt_id,),
    )


def sky_rows(attempt: Attempt, ra: Any, decl: Any) -> Records:
    """Point sources at given positions; other required columns hold zeros."""
    ra, decl = np.atleast_1d(ra).astype(float), np.atleast_1d(decl).astype(float)
    rows = empty_records(POINT_SOURCE, ra.size)
    for column in POINT_SOURCE:
        if not column.nullable:
            rows[column.name] = b"0" * column.length if column.kind is Kind.CHAR else 0
    rows["ra"], rows["decl"] = ra, decl
    rows["src_id"] = source_identifiers(ra, decl, attempt.scan_key)
    rows["run_id"], rows["scan_key"], rows["attempt_id"] = (
        attempt.run_id,
        attempt.scan_key,
        attempt.attempt_id,
    )
    return rows
