"""Astrometric solutions by hand: offsets by scan, and their adoption, in the tables that a task of a run fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any

import numpy as np
from psycopg import Connection

from app.arrays import Complexes, Doubles
from app.db.statements import statement
from app.production.astrometry_rows import ScanAstrometryRow
from workers.reduction.solution.astrometry import offsets_at
from workers.steps.scan_lines import ScanLines

_SOLUTION = """
INSERT INTO calibration.astrometry (run_id, attempt_id, parameters, input_hash, content_hash, code_version,
                                    code_commit, facts)
VALUES (%s, %s, '{}', %s, %s, '1', 'c', '{}') RETURNING astrometry_id"""
_numbers = count(1)


@dataclass(frozen=True)
class Offsets:
    """What is to be added to the places of a scan, at the middles of its segments: east + i north, arcsec.

    Attributes
    ----------
    ra_deg, decl_deg : sequences of 4
        Corners: south-eastern, south-western, north-eastern, north-western.
    offset_arcsec : complex128 array (segments,)
        Of a directed scan right + i ahead.
    """

    ra_deg: tuple[float, ...]
    decl_deg: tuple[float, ...]
    offset_arcsec: Complexes = field(default_factory=lambda: np.array([0.3 - 0.2j, 0.1 + 0.4j]))
    error_arcsec: float = 0.03

    @property
    def lines(self) -> ScanLines:
        """The scan's line."""
        return ScanLines.of_corners(np.array([self.ra_deg]), np.array([self.decl_deg]), 12)

    def at(self, direction: Doubles) -> Complexes:
        """Give the offsets at directions (n, 3), on the axes of the scan there."""
        lines = self.lines
        places = lines.places(np.zeros(direction.shape[0], np.int64), direction)
        return offsets_at(self.offset_arcsec, places, lines.segments)


def make_astrometry(
    connection: Connection[Any], run_id: int, attempts: Mapping[int, int], offsets: Mapping[int, Offsets]
) -> int:
    """Add a solution with the offsets of scans by scan_key, for the rows of these attempts."""
    number = f"{next(_numbers):064d}"
    made = next(iter(attempts.values()))
    [astrometry_id] = connection.execute(_SOLUTION, (run_id, made, number, number)).fetchone() or (0,)
    for key, given in offsets.items():
        lines, errors = given.lines, np.full(given.offset_arcsec.size, given.error_arcsec)
        assert lines.count[0] == given.offset_arcsec.size
        told = [tuple(part.tolist()) for part in (given.offset_arcsec.real, given.offset_arcsec.imag, errors)]
        if lines.directed[0]:
            ways: dict[str, Any] = {
                "ahead": tuple(lines.ahead[0].tolist()), "to_the_right": tuple(lines.right[0].tolist()),
                "start_rad": float(lines.start[0]), "segment_rad": float(lines.segment[0]),
            }  # fmt: skip
        else:
            ways = {
                "middle_ra_deg": float(lines.middle_ra_deg[0]), "south_deg": float(lines.start[0]),
                "segment_deg": float(lines.segment[0]),
            }  # fmt: skip
        row = asdict(ScanAstrometryRow(key, attempts[key], *told, 1, 1, **ways))
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in row.items()}
        connection.execute(
            statement("production/publish/add_scan_astrometry"), values | {"astrometry_id": astrometry_id}
        )
    return int(astrometry_id)


def adopt_places(connection: Connection[Any], run_id: int, astrometry_id: int, person: str = "test") -> None:
    """Let every night of a run that the solution has scans of adopt it."""
    values = {"run_id": run_id, "astrometry_id": astrometry_id, "adopted_by": person}
    connection.execute(statement("production/operate/adopt_astrometry"), values)


def place_all(connection: Connection[Any], run_id: int, error_arcsec: float = 0.03) -> int:
    """Let a run adopt a solution without any offset, of all its accepted scans."""
    rows = connection.execute(
        "SELECT scan_key, attempt_id FROM production.attempt WHERE run_id = %s AND accepted AND scan_key IS NOT NULL",
        (run_id,),
    ).fetchall()
    nowhere = Offsets(
        (10.1, 10.0, 10.1, 10.0), (0.0, 0.0, 1.0, 1.0), np.zeros(2, np.complex128), error_arcsec
    )
    made = make_astrometry(connection, run_id, dict(rows), {int(key): nowhere for key, _ in rows})
    adopt_places(connection, run_id, made)
    return made
