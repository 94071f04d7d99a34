"""What a release costs: core time of every rule, and all of it beside a bare statement, at two sizes.

    python -m benchmarks.release [--rows 2000000] [--scans 280] [--zones N] [--processes 2]

Stars of a uniform field, 8 % of rows seen twice, in a run whose indexes are there. One process draws a release, and
the time of its server process is taken file by file; then all processes draw another one, by the clock. Beside it
stands a bare statement that does nothing but copy the released rows in their order (`BARE`). Limits: 35 us of one core
a released row; by the clock 7 times the bare statement; core time a row at four times the rows 1.3 times as much. Exit
status 1 where one is missed. Settings of the sessions are `SETTINGS`. Needs a server that may make databases (`mapps db
start`); they are dropped at the end.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from app.db import migrate
from app.db.cluster import private_cluster
from app.db.engine import connect_url
from app.releases.build import build_release
from app.releases.crew import Crew
from app.releases.question import BuildSummary, Course
from app.releases.verify import verify_release
from tests.worlds.release import Box, World, key_of
from tests.worlds.solutions import ZeroPoint, adopt, make_solution

# A survey tile: 8.5' wide, 6 degrees long; neighbours overlap by 50 arcsec (background/survey 1.4).
WIDTH_DEG, LENGTH_DEG, OVERLAP_DEG = 8.5 / 60, 6.0, 50 / 3600
FIRST_RA, SOUTH = 359.0, 20.0
IMAGES = 23
CORE_LIMIT_US, GROWTH_LIMIT, RATIO_LIMIT = 35.0, 1.3, 7.0
SURVEY_ROWS = 1_300_000_000
SETTINGS = (
    "SET work_mem = '256MB'", "SET max_parallel_workers_per_gather = 0", "SET max_parallel_maintenance_workers = 0",
    "SET jit = off",
)  # fmt: skip
BARE = """CREATE TABLE release.bare AS
SELECT p.* FROM wsdb.point_source AS p
WHERE EXISTS (SELECT FROM release.psc AS c WHERE c.release_id = 1 AND c.src_id = p.src_id)
ORDER BY p.src_id"""
SIZES = """SELECT
    pg_total_relation_size(format('release.psc_r%%s', %(release_id)s::integer)::regclass)
    + pg_total_relation_size(format('release.verdict_r%%s', %(release_id)s::integer)::regclass),
    (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class AS c
     WHERE c.relname LIKE 'point_measurement_r%%' AND c.relkind = 'r')"""


def fill(connection: Any, rows: int, scans: int, seed: int) -> None:
    """Stars of a uniform field, seen by each scan that covers them with 0.1 arcsec of scatter.

    Parameters
    ----------
    connection : Connection
        Owner's, of a database without runs.
    rows, scans : int
        Extractions, about, and scans.
    seed : int
        Of the random numbers.
    """
    random = np.random.default_rng(seed)
    world = World(connection)
    run = world.run("bench")
    # Right ascension is stretched, so that tiles overlap by the same angle at this declination.
    stretch = 1 / np.cos(np.radians(SOUTH))
    pitch = (WIDTH_DEG - OVERLAP_DEG) * stretch
    boxes = [
        Box(FIRST_RA + i * pitch, FIRST_RA + i * pitch + WIDTH_DEG * stretch, SOUTH, SOUTH + LENGTH_DEG)
        for i in range(scans)
    ]
    for key, box in enumerate(boxes, start=1):
        world.scan(run, key, box, images=IMAGES, points=0)
    field = boxes[-1].east - FIRST_RA
    # The share of stars seen twice brings the number of rows from `stars` to `rows`.
    stars = int(rows * field / (scans * WIDTH_DEG * stretch))
    ra = FIRST_RA + random.uniform(0, field, stars)
    decl = random.uniform(SOUTH + 0.02, SOUTH + LENGTH_DEG - 0.02, stars)
    for key, box in enumerate(boxes, start=1):
        seen = (ra > box.west) & (ra < box.east) & (random.random(stars) < 0.95)
        jitter = random.normal(0, 0.1 / 3600, (2, int(seen.sum())))
        snr = random.uniform(3, 60, int(seen.sum()))
        world.sources(
            key, (ra[seen] + jitter[0] * stretch) % 360, decl[seen] + jitter[1], j_snr=snr, h_snr=snr, k_snr=snr,
            j_msig=1.0857 / snr, h_msig=1.0857 / snr, k_msig=1.0857 / snr, j_msigcom=0.102, h_msigcom=0.102,
            k_msigcom=0.102,
        )  # fmt: skip
    zero_points = {key_of(number): ZeroPoint(0.05, 0.01, -0.005) for number in range(1, scans + 1)}
    adopt(connection, run, make_solution(connection, run, world.scans[1][1], zero_points))
    connection.commit()


@dataclass(frozen=True)
class Figures:
    """What a build of one size has cost.

    Attributes
    ----------
    extractions, released : int
        Rows of the working database and of the catalogue.
    core : dict of str to float
        Seconds of one core by file, and for the publication; a single process.
    wall_s : float
        Time of the same build by all processes.
    bare_s : float
        Time of the bare statement.
    verified_s : float
        Time in which the hashes are made anew.
    release_bytes, source_bytes : int
        Disk that the release and the sources take.
    """

    extractions: int
    released: int
    core: dict[str, float]
    wall_s: float
    bare_s: float
    verified_s: float
    release_bytes: int
    source_bytes: int

    @property
    def core_us(self) -> float:
        """Microseconds of one core a released row."""
        return sum(self.core.values()) / self.released * 1e6


def _processor_seconds(connection: Any) -> float:
    """Time that the server process of a session has worked so far."""
    fields = Path(f"/proc/{connection.info.backend_pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _build_alone(connection: Any, zones: int | None) -> tuple[BuildSummary, dict[str, float]]:
    """Draw a release by one process; core seconds by file."""
    core: dict[str, float] = {}
    last = [_processor_seconds(connection)]

    def spend(name: str) -> None:
        spent = _processor_seconds(connection)
        core[name] = core.get(name, 0.0) + spent - last[0]
        last[0] = spent

    course = Course(zones=zones, report=lambda run: spend(run.file))
    summary = build_release(connection, "bench-1", "sampler", ["bench"], course=course)
    spend("publication")
    return summary, core


def _measure(rows: int, scans: int, zones: int | None, processes: int) -> Figures:
    cluster, name = private_cluster(), f"bench_release_{rows}"
    with connect_url(cluster.url(database="postgres"), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}"')
    try:
        url = cluster.url(database=name)
        migrate.upgrade(url)
        with connect_url(url) as connection:
            fill(connection, rows, scans, seed=rows)
            connection.execute("SELECT wsdb.seal_run(run_id) FROM production.run")
            for setting in SETTINGS:
                connection.execute(setting)
            connection.commit()
            summary, core = _build_alone(connection, zones)
            crew = Crew(partial(connect_url, url, role="operator"), processes)
            started = perf_counter()
            build_release(connection, "bench-2", "sampler", ["bench"], course=Course(zones, crew))
            built = perf_counter()
            connection.execute(BARE)
            bare = perf_counter()
            assert all(check.equal for check in verify_release(connection, "bench-1"))
            verified = perf_counter()
            sizes = connection.execute(SIZES, {"release_id": summary.release_id}).fetchone()
            return Figures(
                sum(summary.reasons.values()), summary.products["psc"], core, built - started, bare - built,
                verified - bare, *map(int, sizes),
            )  # fmt: skip
    finally:
        with connect_url(cluster.url(database="postgres"), autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _print(small: Figures, large: Figures, processes: int) -> list[str]:
    """Print all figures; what misses its limit."""
    print(f"{'file':28} {'us a row':>9} {'growth':>7}   core time of one process a released row")
    for name, seconds in large.core.items():
        before = small.core.get(name, 0.0) / small.released
        growth = f"{seconds / large.released / before:7.2f}" if before > 0 and seconds > 0.5 else ""
        print(f"{name:28} {seconds / large.released * 1e6:>9.2f} {growth:>7}")
    growth = large.core_us / small.core_us
    ratio = large.wall_s / large.bare_s
    print(f"extractions {large.extractions}, released {large.released}; verified in {large.verified_s:.1f} s")
    print(f"core time {large.core_us:.1f} us a released row (limit {CORE_LIMIT_US:g})")
    print(
        f"{small.released} to {large.released} rows: core time a row times {growth:.2f} (limit {GROWTH_LIMIT:g})"
    )
    print(
        f"{processes} processes {large.wall_s:.1f} s, bare statement, which draws no release, {large.bare_s:.1f} s:"
    )
    print(f"  {ratio:.1f} times (limit {RATIO_LIMIT:g})")
    days = large.core_us * 1e-6 * SURVEY_ROWS / 86400
    release, sources = (
        size / large.released * SURVEY_ROWS / 1e12 for size in (large.release_bytes, large.source_bytes)
    )
    print(
        f"{SURVEY_ROWS / 1e9:g} billion released rows: {days:.2f} days of one core, {days / processes:.2f} by"
        f" {processes};"
    )
    print(f"  {release:.2f} TB with verdicts and indexes, beside {sources:.2f} TB of sources")
    missed = {
        "core time": large.core_us > CORE_LIMIT_US, "growth": growth > GROWTH_LIMIT, "ratio": ratio > RATIO_LIMIT,
    }  # fmt: skip
    return [name for name, is_missed in missed.items() if is_missed]


def main() -> int:
    """Print the table; 1 if a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--scans", type=int, default=280)
    parser.add_argument("--zones", type=int)
    parser.add_argument("--processes", type=int, default=2)
    wanted = parser.parse_args()
    private_cluster().ensure()
    small = _measure(wanted.rows // 4, max(2, wanted.scans // 4), wanted.zones, wanted.processes)
    large = _measure(wanted.rows, wanted.scans, wanted.zones, wanted.processes)
    missed = _print(small, large, wanted.processes)
    print(f"missed: {', '.join(missed)}" if missed else "all limits are held")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
