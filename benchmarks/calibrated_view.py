"""What calibration costs a cone search: wsdb.point_source, the view, against wsdb.point_measurement, its table.

    python -m benchmarks.calibrated_view [--rows 2000000] [--cones 100]

The rows are those of benchmarks/cone_search.py, and every scan has zero points and offsets of adopted solutions. The
same cones are asked of both in turn as a program asks them, by a prepared statement whose rows are taken in: of the
table by its index, of the view by wsdb.point_sources_near, whose cones are of solved places; magnitudes, magnitudes
with their total uncertainties, and neither; and magnitudes once more unprepared, so that the server plans each cone
anew.
Printed are milliseconds a cone (the best of five turns) and their ratio. A ratio above 1.30 of prepared cones, a plan
without the positional index of the table, a magnitude that is not the table's with the zero point, or a place that is
not the table's with the offset ends with exit status 1. A view that changes nothing scores 1.00, and is caught by the
last two.
"""

from __future__ import annotations

import argparse
import sys
from time import perf_counter
from typing import Any

import numpy as np
from psycopg import Connection, sql

from benchmarks.cone_search import NORTH, ROWS_A_STRIP, SOUTH, STRIP_DEG, load_strips, own_database
from tests.worlds.astrometries import Offsets, adopt_places, make_astrometry
from tests.worlds.ledger import Attempt
from tests.worlds.solutions import ZeroPoint, adopt, make_solution

DATABASE = "bench_calibrated_view"
RADII_ARCSEC = (10.0, 60.0, 600.0)
LIMIT = 1.30
OFFSET_ARCSEC = 0.3 - 0.2j
ZERO_POINT = ZeroPoint(0.05, 0.006, -0.004, 0.004)
MAGNITUDES = "src_id, ra, decl, j_m, h_m, k_m, ph_qual"
TOTALS = ", j_msigcom, h_msigcom, k_msigcom"
CONES = (
    (
        "SELECT {columns} FROM wsdb.point_measurement"
        " WHERE spoint(radians(ra), radians(decl)) <@ scircle(spoint(radians(%s), radians(%s)), radians(%s))"
    ),
    "SELECT {columns} FROM wsdb.point_sources_near(%s, %s, %s)",
)
"""Of the table and of the view."""
SHIFTED = """SELECT count(*), count(*) FILTER (WHERE abs(v.j_m - t.j_m - 0.05) < 0.0101 AND v.j_m <> t.j_m)
FROM wsdb.point_measurement AS t JOIN wsdb.point_source AS v USING (run_id, src_id) WHERE t.j_m IS NOT NULL"""
MOVED = """SELECT count(*), count(*) FILTER (WHERE abs((v.ra - t.ra) * cosd(t.decl) * 3600 - 0.3) < 1e-6
                                         AND abs((v.decl - t.decl) * 3600 + 0.2) < 1e-6)
FROM wsdb.point_measurement AS t JOIN wsdb.point_source AS v USING (run_id, src_id)"""


def _calibrate(connection: Connection[Any], attempt: Attempt) -> None:
    keys = [row[0] for row in connection.execute("SELECT scan_key FROM survey.scan ORDER BY scan_key")]
    solution = make_solution(connection, attempt.run_id, attempt.attempt_id, dict.fromkeys(keys, ZERO_POINT))
    adopt(connection, attempt.run_id, solution)
    offsets = Offsets((20.0, 19.8, 20.0, 19.8), (SOUTH, SOUTH, NORTH, NORTH), np.full(12, OFFSET_ARCSEC))
    attempts = dict(
        connection.execute("SELECT DISTINCT scan_key, attempt_id FROM wsdb.point_measurement").fetchall()
    )
    placed = make_astrometry(connection, attempt.run_id, attempts, dict.fromkeys(keys, offsets))
    adopt_places(connection, attempt.run_id, placed)
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE")


def _queries(columns: str) -> list[sql.Composed]:
    return [sql.SQL(cone).format(columns=sql.SQL(columns)) for cone in CONES]


def _ask(
    connection: Connection[Any], query: sql.Composed, cone: tuple[float, float, float], *, prepare: bool
) -> float:
    started = perf_counter()
    connection.execute(query, cone, prepare=prepare, binary=True).fetchall()
    return 1e3 * (perf_counter() - started)


def _times(
    connection: Connection[Any], columns: str, cones: list[tuple[float, float, float]], *, prepare: bool
) -> tuple[float, float]:
    """Milliseconds a cone of the table and of the view: the best of five turns of each cone, and their mean."""
    queries = _queries(columns)
    best = np.full((2, len(cones)), np.inf)
    for turn in range(5):
        for number, cone in enumerate(cones):
            for which in (0, 1) if (turn + number) % 2 else (1, 0):
                taken = _ask(connection, queries[which], cone, prepare=prepare)
                best[which, number] = min(best[which, number], taken)
    return float(best[0].mean()), float(best[1].mean())


def _measure(connection: Connection[Any], rows: int, count: int) -> bool:
    random = np.random.default_rng(4)
    width = STRIP_DEG * max(1, rows // ROWS_A_STRIP)
    good = True
    for radius in RADII_ARCSEC:
        places = zip(20.0 + width * random.random(count), random.uniform(SOUTH, NORTH, count), strict=True)
        cones = [(float(ra), float(decl), radius / 3600) for ra, decl in places]
        for word, columns, prepare in (
            ("magnitudes", MAGNITUDES, True),
            ("uncertainties", MAGNITUDES + TOTALS, True),
            ("planned anew", MAGNITUDES, False),
            ("no magnitude", "src_id, ra, decl, ph_qual", True),
        ):
            table, view = _times(connection, columns, cones, prepare=prepare)
            good &= not prepare or view / table <= LIMIT
            print(f'{radius:5.0f}" {word:14} {table:9.3f} {view:9.3f} {view / table:6.2f}')
    return good


def _right(connection: Connection[Any]) -> bool:
    """Whether the view finds by the index of the table, and calibrates."""
    plan = connection.execute(b"EXPLAIN " + _queries(MAGNITUDES)[1].as_bytes(connection), (23.0, 13.0, 0.01))
    indexed = any("spoint_idx" in line for (line,) in plan.fetchall())
    found, shifted = connection.execute(SHIFTED).fetchone() or (0, 0)
    placed, moved = connection.execute(MOVED).fetchone() or (0, 0)
    print(
        f"positional index used: {indexed}; magnitudes with the zero point: {shifted} of {found};"
        f" places with the offset: {moved} of {placed}"
    )
    return indexed and 0 < found == shifted and 0 < placed == moved


def main() -> int:
    """Print table and view side by side; 1 if the view costs more than the limit, or calibrates nothing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--cones", type=int, default=100)
    wanted = parser.parse_args()
    rows = max(1, wanted.rows // ROWS_A_STRIP) * ROWS_A_STRIP
    with own_database(DATABASE) as connection:
        _calibrate(connection, load_strips(connection, rows))
        print(f"{rows} rows, ms        {'table':>9} {'view':>9}  ratio")
        good = _measure(connection, rows, wanted.cones)
        good &= _right(connection)
    print(f"limit: {LIMIT} for prepared statements; a view that does nothing scores 1.00")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
