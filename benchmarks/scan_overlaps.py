"""How the search for overlapping scans grows with their number: `work_overlap` of `sql/release/24_overlaps.sql`.

    python -m benchmarks.scan_overlaps [--scans 480]

Draws a release of scans without sources, neighbours in a row that overlap by 50", at a quarter of the number and at all
of it, and times the statement again on each. Limits: the pairs are those that a comparison of all scans with all finds,
and four times the scans take less than eight times as long (4 is linear, 16 is quadratic). Prints what doing nothing
would score, too: the comparison of all with all. Exit status 1 where a limit is missed. Needs a server that may make
databases (`mapps db start`); they are dropped at the end.
"""

from __future__ import annotations

import argparse
import sys
from time import perf_counter

from app.db import migrate
from app.db.cluster import private_cluster
from app.db.engine import connect_url
from app.db.statements import statement
from tests.worlds.release import Box, World

WIDTH_DEG, LENGTH_DEG, OVERLAP_DEG = 512 / 3600, 0.05, 50 / 3600
GROWTH_LIMIT = 8.0
ALL_PAIRS = """
SELECT a.scan_key, b.scan_key
FROM wsdb.scan_coverage AS a
JOIN wsdb.scan_coverage AS b ON b.footprint && a.footprint AND b.scan_key <> a.scan_key
WHERE a.band = '-' AND b.band = '-'
ORDER BY 1, 2
"""


OVERLAPS = "SELECT scan_key, other_scan_key FROM release.work_overlap ORDER BY 1, 2"


def _measure(scans: int) -> tuple[float, float, bool, int]:
    """Seconds of the statement and of all pairs, whether both find the same, and their number."""
    cluster, name = private_cluster(), f"bench_overlaps_{scans}"
    with connect_url(cluster.url(database="postgres"), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}"')
    try:
        url = cluster.url(database=name)
        migrate.upgrade(url)
        with connect_url(url) as connection:
            world = World(connection)
            run = world.run("bench")
            for key in range(1, scans + 1):
                west = 10.0 + key * (WIDTH_DEG - OVERLAP_DEG)
                world.scan(run, key, Box(west, west + WIDTH_DEG, 0.0, LENGTH_DEG), points=0)
            world.build("bench-1")
            connection.execute("ANALYZE wsdb.scan_coverage")
            newest = "SELECT set_config('mapps.release_id', max(release_id)::text, true) FROM release.release"
            connection.execute(newest)
            connection.execute("SELECT release.create_work_tables()")
            setting, insert = statement("release/24_overlaps").split(";\n")[:2]
            connection.execute(setting)
            started = perf_counter()
            connection.execute(insert)
            made = perf_counter()
            found = connection.execute(OVERLAPS).fetchall()
            connection.execute("SET enable_seqscan = on")
            connection.execute("SET enable_indexscan = off")
            connection.execute("SET enable_bitmapscan = off")
            compared = perf_counter()
            pairs = connection.execute(ALL_PAIRS).fetchall()
            seconds, idle = made - started, perf_counter() - compared
            return seconds, idle, found == pairs, len(found)
    finally:
        with connect_url(cluster.url(database="postgres"), autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def main() -> int:
    """Print the table; 1 if a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scans", type=int, default=480)
    scans = parser.parse_args().scans
    private_cluster().ensure()
    small, large = _measure(scans // 4), _measure(scans)
    print(f"{'scans':>6} {'pairs':>6} {'work_overlap s':>15} {'all with all s':>15} equal")
    for number, (seconds, idle, equal, pairs) in ((scans // 4, small), (scans, large)):
        print(f"{number:>6} {pairs:>6} {seconds:>15.3f} {idle:>15.3f} {equal}")
    growth, idle_growth = large[0] / small[0], large[1] / small[1]
    print(
        f"growth for four times the scans: {growth:.1f} (limit {GROWTH_LIMIT:g}), all with all {idle_growth:.1f}"
    )
    return int(growth > GROWTH_LIMIT or not (small[2] and large[2]))


if __name__ == "__main__":
    sys.exit(main())
