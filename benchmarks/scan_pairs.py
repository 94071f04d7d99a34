"""How long `sql/steps/overlaps.sql` takes for some 1.5 million star pairs of some 25,000 pairs of scans.

    python -m benchmarks.scan_pairs [--pairs 1500000]

Fields of 60 stars are measured by three scans each, so that three pairs of scans share them, and every scan has a third
more stars that no other sees; zero points differ by 50 mmag, stars by 20. Limits: 25 s for 1.5 million pairs, in
proportion for others, times the speed of this machine (a fixed kernel of sorting); and the medians are the differences
of zero points within 10 mmag rms. Prints what doing nothing scores, too. Exit status 1 where a limit is missed. Needs
a server that may make databases (`mapps db start`); the database is dropped at the end.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from psycopg import Connection

from app.arrays import Doubles, Integers
from app.columns import POINT_SOURCE
from app.columns.records import Records
from app.db import migrate
from app.db.cluster import private_cluster
from app.db.copy import SourceTable, copy_rows
from app.db.engine import connect_url
from app.db.statements import statement
from app.parameters.solution import SolutionParameters
from app.sky.healpix import pixel_number
from benchmarks.loader_rows import make_records
from benchmarks.machine import REFERENCE_KERNEL_S, kernel_seconds
from tests.worlds.ledger import Attempt, open_attempt

DATABASE = "bench_scan_pairs"
LIMIT_S, LIMIT_PAIRS, RMS_LIMIT_MAG = 25.0, 1_500_000, 0.010
FIELD_STARS, SCANS_A_FIELD, FIELDS_A_SCAN, SCANS_A_NIGHT = 60, 3, 4, 900
FAINTEST_MAG, SNR_OF_FAINTEST = 15.0, 22.0
# Fields stand apart by more than a cell, so that src_id of a scan are its own in every field.
FIELD_DEG, SPACING_DEG, BATCH_FIELDS = 0.1, 0.15, 500
SCANS = """
WITH night AS (
    INSERT INTO survey.night (hemis, date, day_number)
    SELECT 'n', date '2001-01-01' + number, 1 FROM generate_series(1, %(nights)s) AS number RETURNING night_id
), scan AS (
    INSERT INTO survey.scan (night_id, scan, kind, entry, header)
    SELECT night_id, number, 'sci', 'raw', '{}' FROM night, generate_series(1, %(scans)s) AS number
    RETURNING night_id, scan_key
), task AS (
    INSERT INTO production.task (run_id, kind, scope, night_id, scan_key, state, max_attempts)
    SELECT %(run_id)s, 'scan', 'scan', night_id, scan_key, 'running', 3 FROM scan
    RETURNING task_id, scan_key
)
INSERT INTO production.attempt
    (task_id, run_id, scan_key, worker, host, process_id, code_version, code_commit, expires_at)
SELECT task_id, %(run_id)s, scan_key, 'w', 'h', 1, '1', 'c', now() FROM task
RETURNING scan_key, attempt_id
"""


class Survey(NamedTuple):
    """Scans and their zero points."""

    run_id: int
    scan_keys: Integers
    attempt_ids: Integers
    zero_point_mag: Doubles


def _survey(connection: Connection[Any], fields: int, random: np.random.Generator) -> Survey:
    first: Attempt = open_attempt(connection)
    scans = fields * SCANS_A_FIELD // FIELDS_A_SCAN
    nights = -(-scans // SCANS_A_NIGHT)
    values = {"run_id": first.run_id, "nights": nights, "scans": -(-scans // nights)}
    made = sorted(connection.execute(SCANS, values).fetchall())
    keys, attempts = np.array(made, dtype=np.int64).T
    return Survey(first.run_id, keys, attempts, random.normal(0, 0.05, keys.size))


def _batches(survey: Survey, fields: int, random: np.random.Generator) -> Iterator[Records]:
    """Give rows of some hundred fields at a time, with a third more stars that one scan alone sees."""
    noise = make_records(1000, survey.run_id, 0, 0)
    for first in range(0, fields, BATCH_FIELDS):
        count = min(BATCH_FIELDS, fields - first)
        parts = []
        for field in range(first, first + count):
            scans = random.choice(survey.scan_keys.size, SCANS_A_FIELD, replace=False)
            west, south = 10.0 + SPACING_DEG * (field % 2000), SPACING_DEG * (field // 2000)
            ra = west + random.uniform(0, FIELD_DEG, FIELD_STARS)
            decl = south + random.uniform(0, FIELD_DEG, FIELD_STARS)
            magnitude = random.uniform(10, FAINTEST_MAG, FIELD_STARS)
            for scan in scans:
                alone = random.uniform(0, FIELD_DEG, (2, FIELD_STARS // 3))
                part = noise[: FIELD_STARS + FIELD_STARS // 3].copy()
                part["ra"] = np.append(ra, west + alone[0])
                part["decl"] = np.append(decl, south + alone[1])
                part["scan_key"], part["attempt_id"] = survey.scan_keys[scan], survey.attempt_ids[scan]
                seen = np.append(magnitude, random.uniform(10, FAINTEST_MAG, FIELD_STARS // 3))
                for band in "jhk":
                    shift = survey.zero_point_mag[scan]
                    part[f"{band}_m"] = seen - shift + random.normal(0, 0.02, part.size)
                parts.append(part)
        yield _finished(np.concatenate(parts), random)


def _finished(rows: Records, random: np.random.Generator) -> Records:
    """Put in what the choice of stars looks at, and keys: their last ten bits only tell rows apart."""
    cell = pixel_number(rows["ra"], rows["decl"])
    order = np.lexsort((rows["scan_key"], cell))
    rows, cell = rows[order], cell[order]
    same = (np.diff(cell) == 0) & (np.diff(rows["scan_key"]) == 0)
    begins = np.flatnonzero(np.append(True, ~same))
    sequence = np.arange(rows.size) - np.repeat(begins, np.diff(np.append(begins, rows.size)))
    rows["src_id"] = (cell << 35) | (rows["scan_key"].astype(np.int64) << 10) | sequence
    for band in "jhk":
        rows[f"{band}_snr"] = SNR_OF_FAINTEST * 10 ** (-0.4 * (rows[f"{band}_m"] - FAINTEST_MAG))
        rows[f"{band}_psfchi"] = 1.0
    rows["rd_flg"], rows["bl_flg"], rows["cc_flg"] = b"222", b"111", b"000"
    rows["dist_edge_ns"] = rows["dist_edge_ew"] = 20
    rows["x_scan"] = random.uniform(-250, 250, rows.size)
    return rows


def _drawn(connection: Connection[Any], survey: Survey) -> tuple[float, float, list[Any]]:
    parameters = SolutionParameters()
    values = {
        "run_id": survey.run_id,
        "attempt_ids": survey.attempt_ids.tolist(),
        "scan_keys": survey.scan_keys.tolist(),
        "snr": parameters.overlap_snr,
        "psfchi": parameters.overlap_psfchi,
        "edge_arcsec": parameters.overlap_edge_arcsec,
        "match_arcsec": parameters.overlap_match_arcsec,
        "least_stars": parameters.overlap_least_stars,
    }
    before = kernel_seconds(perf_counter)
    began = perf_counter()
    rows = connection.execute(statement("steps/overlaps"), values).fetchall()
    taken = perf_counter() - began
    return taken, (before + kernel_seconds(perf_counter)) / 2 / REFERENCE_KERNEL_S, rows


def _measure(url: str, fields: int) -> tuple[float, float, list[Any], Survey]:
    random = np.random.default_rng(20260101)
    migrate.upgrade(url)
    with connect_url(url) as connection:
        survey = _survey(connection, fields, random)
        count = 0
        for rows in _batches(survey, fields, random):
            count += copy_rows(connection, SourceTable.POINT, POINT_SOURCE, rows)
        connection.commit()
        connection.execute("SELECT wsdb.seal_run(%s)", (survey.run_id,))
        connection.commit()
        print(f"{count} rows of {survey.scan_keys.size} scans")
        return *_drawn(connection, survey), survey


def main() -> int:
    """Print time and accuracy beside their limits; 1 if one is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=LIMIT_PAIRS)
    fields = max(40, parser.parse_args().pairs // (FIELD_STARS * SCANS_A_FIELD))
    cluster = private_cluster()
    cluster.ensure()
    with connect_url(cluster.url(database="postgres"), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{DATABASE}"')
    try:
        seconds, speed, rows, survey = _measure(cluster.url(database=DATABASE), fields)
    finally:
        with connect_url(cluster.url(database="postgres"), autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)')
    place = {key: number for number, key in enumerate(survey.scan_keys.tolist())}
    a, b = (np.array([place[row[side]] for row in rows]) for side in (0, 1))
    true = survey.zero_point_mag[b] - survey.zero_point_mag[a]
    rms = float(np.sqrt(np.mean((np.array([row[4] for row in rows]) - true) ** 2)))
    idle, pairs = float(np.sqrt(np.mean(true**2))), fields * FIELD_STARS * SCANS_A_FIELD
    used = sum(row[3] + row[11] for row in rows if row[2] == "j")
    limit = LIMIT_S * pairs / LIMIT_PAIRS * max(speed, 1.0)
    print(f"{pairs} star pairs, {used} of them used in J, {len(rows)} rows of scan pairs and bands")
    print(f"  time                          {seconds:8.2f} s     <= {limit:.1f}")
    print(f"  error of the medians, rms     {1e3 * rms:8.2f} mmag  <= {1e3 * RMS_LIMIT_MAG:.0f}")
    print(f"  doing nothing                 {1e3 * idle:8.2f} mmag  >  {1e3 * RMS_LIMIT_MAG:.0f}")
    return int(seconds > limit or rms > RMS_LIMIT_MAG or idle <= RMS_LIMIT_MAG or not rows)


if __name__ == "__main__":
    sys.exit(main())
