"""What natural keys cost a cone search: the table as it is against the same rows in the layout of serial keys.

    python -m benchmarks.cone_search [--rows 2000000] [--cones 200]

Rows lie as they were loaded, strip of the sky after strip, and have the positional index of a sealed run. The former
layout is made from them: src_id with 20 bits of scan and 15 of sequence, and coadd_key of four bytes in its former
place. Cones of three radii are asked of both tables in turn; the median of time and the mean of pages read are printed
with the ratio of the two. A ratio of more than 1.10 in pages, or of 1.25 in time, ends with exit status 1; keys that
cost nothing score 1.00. Needs a server that may make databases (`mapps db start`); the database is dropped at the end.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from psycopg import Connection, sql

from app.columns import POINT_SOURCE
from app.columns.records import Records
from app.db import migrate
from app.db.cluster import private_cluster
from app.db.copy import SourceTable, copy_rows
from app.db.engine import connect_url
from app.keys import coadd_key
from app.sky.healpix import source_identifiers
from benchmarks.loader_rows import make_records
from tests.worlds.ledger import Attempt, open_attempt

DATABASE = "bench_cone_search"
STRIP_DEG, SOUTH, NORTH = 0.14, 10.0, 16.0
ROWS_A_STRIP = 20_000
"""24,000 a square degree: the plane at latitude 5 degrees."""
RADII_ARCSEC = (10.0, 60.0, 600.0)
PAGES_LIMIT, TIME_LIMIT = 1.10, 1.25

SCANS = """
WITH scan AS (
    INSERT INTO survey.scan (night_id, scan, kind, entry, header)
    SELECT %(scan_key)s >> 10, number, 'sci', 'raw', '{}' FROM generate_series(2, %(last)s) AS number
    RETURNING night_id, scan_key
), task AS (
    INSERT INTO production.task (run_id, kind, scope, night_id, scan_key, state, max_attempts)
    SELECT %(run_id)s, 'scan', 'scan', night_id, scan_key, 'running', 3 FROM scan
    RETURNING task_id, scan_key
)
INSERT INTO production.attempt
    (task_id, run_id, scan_key, worker, host, process_id, code_version, code_commit, expires_at)
SELECT task_id, %(run_id)s, scan_key, 'w', 'h', 1, '1', 'c', now() FROM task
RETURNING run_id, scan_key, attempt_id
"""
POSITION = "spoint(radians(ra), radians(decl))"
CONE = sql.SQL(
    "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) SELECT src_id, scan_key, coadd_key, j_m, h_m, k_m FROM {table}"
    " WHERE spoint(radians(ra), radians(decl)) <@ scircle(spoint(radians(%s), radians(%s)), radians(%s))"
)


def _strips(attempts: list[Attempt]) -> Iterator[Records]:
    """Give one strip of 6 degrees after the other, each in the order of its src_id, as a scan is loaded."""
    random = np.random.default_rng(9)
    noise = make_records(ROWS_A_STRIP, 0, 0, 0)
    for strip, attempt in enumerate(attempts):
        records = noise.copy()
        for name in ("run_id", "scan_key", "attempt_id"):
            records[name] = getattr(attempt, name)
        records["ra"] = 20.0 + STRIP_DEG * (strip + random.random(ROWS_A_STRIP))
        records["decl"] = random.uniform(SOUTH, NORTH, ROWS_A_STRIP)
        records["src_id"] = source_identifiers(records["ra"], records["decl"], attempt.scan_key)
        images = 1 + (23 * (records["decl"] - SOUTH) / (NORTH - SOUTH)).astype(np.int64)
        records["coadd_key"] = coadd_key(attempt.scan_key, 0) + images
        yield records.take(np.argsort(records["src_id"]))


def _attempts(connection: Connection[Any], count: int) -> list[Attempt]:
    """Open attempts at as many scans of a night in one run."""
    first = open_attempt(connection)
    made = connection.execute(SCANS, {"run_id": first.run_id, "scan_key": first.scan_key, "last": count})
    return [first, *(Attempt(*row) for row in made.fetchall())]


def load_strips(connection: Connection[Any], rows: int) -> Attempt:
    """Fill a sealed run with a strip of `ROWS_A_STRIP` rows a scan; give the attempt at the first."""
    attempts = _attempts(connection, rows // ROWS_A_STRIP)
    for records in _strips(attempts):
        copy_rows(connection, SourceTable.POINT, POINT_SOURCE, records)
    connection.execute("SELECT wsdb.seal_run(%s)", (attempts[0].run_id,))
    return attempts[0]


@contextmanager
def own_database(name: str) -> Iterator[Connection[Any]]:
    """Connect to a migrated database of this name on the private server; it is dropped at the end."""
    cluster = private_cluster()
    cluster.ensure()
    drop = f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'
    with connect_url(cluster.url(database="postgres"), autocommit=True) as admin:
        admin.execute(drop)
        admin.execute(f'CREATE DATABASE "{name}"')
    try:
        migrate.upgrade(cluster.url(database=name))
        with connect_url(cluster.url(database=name)) as connection:
            yield connection
    finally:
        with connect_url(cluster.url(database="postgres"), autocommit=True) as admin:
            admin.execute(drop)


def _fill(connection: Connection[Any], rows: int) -> None:
    load_strips(connection, rows)
    connection.execute("CREATE SCHEMA former")
    names = [column.name for column in POINT_SOURCE if column.name != "coadd_key"]
    place = names.index("id") + 1
    values = [sql.Identifier(name) for name in names]
    values[names.index("src_id")] = sql.SQL(
        "((src_id >> 35) << 35) | ((scan_key::bigint & 1048575) << 15) | (src_id & 1023) AS src_id"
    )
    values.insert(place, sql.SQL("(coadd_key & 2147483647)::integer AS coadd_key"))
    query = sql.SQL("CREATE TABLE former.point_measurement AS SELECT {} FROM wsdb.point_measurement").format(
        sql.SQL(", ").join(values)
    )
    connection.execute(query)
    connection.execute("ALTER TABLE former.point_measurement ADD PRIMARY KEY (src_id)")
    connection.execute(f"CREATE INDEX ON former.point_measurement USING gist ({POSITION})")
    connection.execute("ANALYZE former.point_measurement")
    connection.commit()


def _ask(
    connection: Connection[Any], table: sql.Composable, cone: tuple[float, float, float]
) -> tuple[float, int]:
    """Time in milliseconds and pages of one search."""
    row = connection.execute(CONE.format(table=table), cone).fetchone()
    plan = row[0][0] if row else {}
    pages = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    return float(plan["Execution Time"]), int(pages)


def _measure(connection: Connection[Any], rows: int, cones: int) -> bool:
    random = np.random.default_rng(4)
    tables = {
        "former": sql.Identifier("former", "point_measurement"),
        "natural": sql.Identifier("wsdb", "point_measurement_r1_z0"),
    }
    sizes = {}
    for name, table in tables.items():
        size = connection.execute(
            "SELECT pg_table_size(%s::regclass)", (table.as_string(connection),)
        ).fetchone()
        sizes[name] = size[0] / rows if size else 0.0
    print(
        f"{'bytes a row':14} {sizes['former']:9.1f} {sizes['natural']:9.1f} {sizes['natural'] / sizes['former']:6.3f}"
    )
    good = True
    for radius in RADII_ARCSEC:
        width = STRIP_DEG * max(1, rows // ROWS_A_STRIP)
        places = zip(20.0 + width * random.random(cones), random.uniform(SOUTH, NORTH, cones), strict=True)
        asked = [(float(ra), float(decl), radius / 3600) for ra, decl in places]
        found: dict[str, list[tuple[float, int]]] = {name: [] for name in tables}
        # Once for the cache, then both tables in turn, the first one changing.
        for turn in range(4):
            for number, cone in enumerate(asked):
                order = list(tables) if (turn + number) % 2 else list(reversed(tables))
                for name in order:
                    answer = _ask(connection, tables[name], cone)
                    if turn:
                        found[name].append(answer)
        time = {name: float(np.median([ms for ms, _ in answers])) for name, answers in found.items()}
        pages = {name: float(np.mean([count for _, count in answers])) for name, answers in found.items()}
        ratios = time["natural"] / time["former"], pages["natural"] / pages["former"]
        good &= ratios[0] <= TIME_LIMIT and ratios[1] <= PAGES_LIMIT
        print(f'{radius:5.0f}" ms       {time["former"]:9.3f} {time["natural"]:9.3f} {ratios[0]:6.3f}')
        print(f'{radius:5.0f}" pages    {pages["former"]:9.1f} {pages["natural"]:9.1f} {ratios[1]:6.3f}')
    return good


def main() -> int:
    """Print both layouts side by side; 1 if the natural one costs more than the limits allow."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--cones", type=int, default=200)
    wanted = parser.parse_args()
    rows = max(1, wanted.rows // ROWS_A_STRIP) * ROWS_A_STRIP
    with own_database(DATABASE) as connection:
        _fill(connection, rows)
        print(f"{rows} rows      {'former':>9} {'natural':>9}  ratio")
        good = _measure(connection, rows, wanted.cones)
    print(f"limits: time {TIME_LIMIT}, pages {PAGES_LIMIT}; nothing lost is 1.00")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
