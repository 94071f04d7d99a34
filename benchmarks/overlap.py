"""How well two scans agree where they overlap: offset and scatter of magnitudes and positions, by band and brightness.

    python -m benchmarks.overlap --run NAME [--release NAME]

Every pair of extractions of one run, from different scans, within 1 arcsec, both measured (rd_flg 1 to 3), is one
measurement of the repeatability. Scatter is 1.4826 MAD of the difference: of one measurement it is that over sqrt(2).
With --release it also counts released pairs of different scans within 2 arcsec, of which there must be none (exit
status 1). Reads the database that `mapps db url` names.
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.db.engine import connect
from app.instruments.bands import BANDS, Band
from app.production.runs import unknown_run

EDGES_MAG = (8.5, 10.0, 11.0, 12.5, 13.5, 14.5, 15.5, 16.5)

PAIRS = """
SELECT a.ra, a.decl, b.ra, b.decl, a.scan_key, b.scan_key,
       CASE WHEN substr(a.rd_flg, 1, 1) IN ('1', '2', '3') AND substr(b.rd_flg, 1, 1) IN ('1', '2', '3') THEN a.j_m END,
       b.j_m,
       CASE WHEN substr(a.rd_flg, 2, 1) IN ('1', '2', '3') AND substr(b.rd_flg, 2, 1) IN ('1', '2', '3') THEN a.h_m END,
       b.h_m,
       CASE WHEN substr(a.rd_flg, 3, 1) IN ('1', '2', '3') AND substr(b.rd_flg, 3, 1) IN ('1', '2', '3') THEN a.k_m END,
       b.k_m
FROM wsdb.point_measurement AS a
CROSS JOIN LATERAL (
    SELECT * FROM wsdb.point_measurement AS p
    WHERE p.run_id = %(run_id)s AND p.scan_key > a.scan_key AND p.dist_edge_ew > 10
      AND spoint(radians(p.ra), radians(p.decl)) <@ scircle(spoint(radians(a.ra), radians(a.decl)), radians(1.0 / 3600))
    OFFSET 0 -- one probe of the positional index a row: the planner's guess of the join size is far too low
) AS b
WHERE a.run_id = %(run_id)s AND a.dist_edge_ew > 10
"""

RELEASED_TWICE = """
SELECT count(*)
FROM release.psc AS a
CROSS JOIN LATERAL (
    SELECT FROM release.psc AS p
    WHERE p.release_id = a.release_id AND p.scan_key > a.scan_key
      AND spoint(radians(p.ra), radians(p.decl)) <@ scircle(spoint(radians(a.ra), radians(a.decl)), radians(2.0 / 3600))
    OFFSET 0
) AS b
WHERE a.release_id = (SELECT release_id FROM release.release WHERE name = %s)
"""


def scatter(values: NDArray[np.float64]) -> float:
    """Robust scatter, 1.4826 MAD."""
    return float(1.4826 * np.median(np.abs(values - np.median(values)))) if values.size else float("nan")


def print_band(pairs: NDArray[np.float64], band: Band) -> None:
    """Print one line a magnitude interval."""
    first, second = pairs[:, 6 + 2 * band.position], pairs[:, 7 + 2 * band.position]
    east = (pairs[:, 2] - pairs[:, 0]) * np.cos(np.radians(pairs[:, 1])) * 3600.0
    north = (pairs[:, 3] - pairs[:, 1]) * 3600.0
    for low, high in pairwise(EDGES_MAG):
        inside = np.isfinite(first) & np.isfinite(second) & (first >= low) & (first < high)
        if inside.sum() < 5:
            continue
        difference = (second - first)[inside]
        print(
            f"{band.label:>2}  {low:4.1f}-{high:4.1f}  {int(inside.sum()):6d}  {np.median(difference):+7.4f}"
            f"  {scatter(difference):7.4f}   {np.median(east[inside]):+6.3f}  {np.median(north[inside]):+6.3f}"
            f"  {scatter(east[inside]):6.3f}  {scatter(north[inside]):6.3f}"
        )


def main() -> int:
    """Print the table; 1 where a release holds an object twice."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", required=True)
    parser.add_argument("--release")
    options = parser.parse_args()
    with connect("reader") as connection:
        run = connection.execute(
            "SELECT run_id FROM production.run WHERE name = %s", (options.run,)
        ).fetchone()
        if run is None:
            raise unknown_run(connection, options.run)
        rows: list[tuple[Any, ...]] = connection.execute(PAIRS, {"run_id": run[0]}).fetchall()
        twice = connection.execute(RELEASED_TWICE, (options.release,)).fetchone() if options.release else (0,)
    pairs = np.array(rows, np.float64).reshape(-1, 12)
    scans = {(int(a), int(b)) for a, b in pairs[:, 4:6]}
    print(f"{len(pairs)} pairs within 1 arcsec between {len(scans)} pairs of scans")
    print("band  interval   pairs   offset  scatter     east   north    scatter, arcsec")
    for band in BANDS:
        print_band(pairs, band)
    count = int(twice[0]) if twice else 0
    if options.release:
        print(f"released pairs of different scans within 2 arcsec: {count}, expected 0")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
