"""How fast a release is drawn: rows a second of every statement of `sql/release/`, at two sizes.

    python -m benchmarks.release [--rows 300000] [--scans 40]

A statement whose time grows much faster than its rows is quadratic somewhere: the last column is the growth of the
time divided by the growth of the rows (1 is linear, sorts a little more); more than 3 in a statement that takes longer
than a second ends with exit status 1. Needs a server that may make databases (`mapps db start`); they are dropped at
the end.
"""

from __future__ import annotations

import argparse
import sys
from time import perf_counter
from typing import Any

import numpy as np

from app.db import migrate
from app.db.cluster import private_cluster
from app.db.engine import connect_url
from app.releases.build import build_release
from app.releases.question import BuildSummary
from app.releases.verify import verify_release
from tests.worlds.release import Box, World, key_of
from tests.worlds.solutions import ZeroPoint, adopt, make_solution

# A survey tile: 8.5' wide, 6 degrees long; neighbours overlap by 50 arcsec (background/survey 1.4).
WIDTH_DEG, LENGTH_DEG, OVERLAP_DEG = 8.5 / 60, 6.0, 50 / 3600
FIRST_RA, SOUTH = 359.0, 20.0
IMAGES = 23


def _fill(connection: Any, rows: int, scans: int, seed: int) -> None:
    """Stars of a uniform field, seen by each scan that covers them with 0.1 arcsec of scatter."""
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


def _measure(rows: int, scans: int) -> tuple[BuildSummary, float, float]:
    cluster, name = private_cluster(), f"bench_release_{rows}"
    with connect_url(cluster.url(database="postgres"), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}"')
    try:
        url = cluster.url(database=name)
        migrate.upgrade(url)
        with connect_url(url) as connection:
            _fill(connection, rows, scans, seed=rows)
            started = perf_counter()
            summary = build_release(connection, "bench-1", "sampler", ["bench"])
            built = perf_counter()
            assert all(check.equal for check in verify_release(connection, "bench-1"))
            return summary, built - started, perf_counter() - built
    finally:
        with connect_url(cluster.url(database="postgres"), autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def main() -> int:
    """Print the table; 1 if a statement is not linear."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--scans", type=int, default=40)
    wanted = parser.parse_args()
    private_cluster().ensure()
    small, *_ = _measure(wanted.rows // 4, max(2, wanted.scans // 4))
    large, seconds, verified = _measure(wanted.rows, wanted.scans)
    rows, before = sum(large.reasons.values()), sum(small.reasons.values())
    slow = False
    print(f"{'statement':26} {'rows':>8} {'s':>7} {'WSDB rows/s':>12} {'growth':>7}")
    for a, b in zip(small.statements, large.statements, strict=True):
        growth = (b.seconds / a.seconds) / (rows / before)
        slow |= growth > 3 and b.seconds > 1
        print(f"{b.file:26} {b.rows:>8} {b.seconds:>7.2f} {rows / b.seconds:>12.0f} {growth:>7.2f}")
    print(f"{'build with publication':26} {rows:>8} {seconds:>7.2f} {rows / seconds:>12.0f}")
    print(
        f"{'verify':26} {large.products['psc']:>8} {verified:>7.2f} {large.products['psc'] / verified:>12.0f}"
    )
    print(f"verdicts: {large.reasons}")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
