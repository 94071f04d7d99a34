"""Photometric solutions by hand: a zero point a scan, and their adoption, in the tables that a night task fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from psycopg import Connection

from app.instruments.bands import BANDS

_SOLUTION = """
INSERT INTO calibration.solution (kind, run_id, attempt_id, parameters, input_hash, content_hash, code_version,
                                  code_commit, facts, state)
VALUES ('global', %s, %s, '{}', %s, %s, '1', 'c', '{}', %s) RETURNING solution_id"""
_ZERO_POINT = """
INSERT INTO calibration.scan_zero_point (solution_id, scan_key, band, offset_mag, linear_mag, quadratic_mag, error_mag,
                                         photometric, reason)
VALUES (%s, %s, %s, %s, %s, %s, %s, true, 'in a test')"""
_ADOPT = """
INSERT INTO calibration.adoption (run_id, night_id, solution_id, adopted_by)
SELECT DISTINCT %(run_id)s::integer, scan_key >> 10, solution_id, 'test' FROM calibration.scan_zero_point
WHERE solution_id = %(solution_id)s
ON CONFLICT (run_id, night_id) DO UPDATE SET solution_id = excluded.solution_id, adopted_at = now()"""
_numbers = count(1)


@dataclass(frozen=True)
class ZeroPoint:
    """Zero point of a scan, the same in all bands, mag."""

    offset_mag: float
    linear_mag: float = 0.0
    quadratic_mag: float = 0.0
    error_mag: float = 0.01

    def at(self, x_arcsec: float) -> float:
        """Give what is added to a magnitude measured at this x_scan."""
        x = x_arcsec / 256
        return self.offset_mag + self.linear_mag * x + self.quadratic_mag * (x * x - 1 / 3)


def make_solution(
    connection: Connection[Any],
    run_id: int,
    attempt_id: int,
    zero_points: Mapping[int, ZeroPoint],
    *,
    content: str | None = None,
    state: str = "accepted",
    bands: str = "".join(BANDS),
) -> int:
    """Add a solution with a zero point by scan_key; content hashes differ unless one is given."""
    number = f"{next(_numbers):064d}"
    row = connection.execute(_SOLUTION, (run_id, attempt_id, number, content or number, state)).fetchone()
    assert row is not None
    with connection.cursor() as cursor:
        cursor.executemany(
            _ZERO_POINT,
            [
                (row[0], key, band, z.offset_mag, z.linear_mag, z.quadratic_mag, z.error_mag)
                for key, z in zero_points.items()
                for band in bands
            ],
        )
    return int(row[0])


def adopt(connection: Connection[Any], run_id: int, solution_id: int) -> None:
    """Let every night of a run that the solution has scans of adopt it."""
    connection.execute(_ADOPT, {"run_id": run_id, "solution_id": solution_id})
