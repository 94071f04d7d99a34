"""Rows of a global astrometric solution that an attempt publishes, and how they are written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from app.db.statements import statement
from app.production.claim import Claim


@dataclass(frozen=True)
class ScanAstrometryRow:
    """One row of calibration.scan_astrometry without the key of the solution; offsets by segment, from the start.

    A directed scan (beyond 60 degrees, or beside right ascension 0) has its directions, any other one declinations and
    the right ascension of its middle.
    """

    scan_key: int
    attempt_id: int
    east_arcsec: tuple[float, ...]
    north_arcsec: tuple[float, ...]
    error_arcsec: tuple[float, ...]
    reference_stars: int
    segment_overlaps: int
    middle_ra_deg: float | None = None
    south_deg: float | None = None
    segment_deg: float | None = None
    ahead: tuple[float, ...] | None = None
    to_the_right: tuple[float, ...] | None = None
    start_rad: float | None = None
    segment_rad: float | None = None


@dataclass(frozen=True)
class AstrometryRows:
    """A global astrometric solution.

    Attributes
    ----------
    parameters, facts : dict
        What it was made with, and what it tells of itself.
    scans : tuple of ScanAstrometryRow
        In the order of their keys.
    """

    parameters: dict[str, Any]
    facts: dict[str, Any]
    scans: tuple[ScanAstrometryRow, ...]


def offsets_hash(solution: AstrometryRows) -> str:
    """SHA-256 (hexadecimal) over the offsets, without keys that one database alone knows."""
    rows = [asdict(row) for row in solution.scans]
    for row in rows:
        del row["attempt_id"]
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def add_astrometry(
    connection: Connection[Any], claim: Claim, solution: AstrometryRows, input_hash: str
) -> int:
    """Write a solution in the transaction of its publication; a preliminary run adopts it unless a person chose one.

    Parameters
    ----------
    connection : Connection
        Worker's, inside the transaction.
    claim : Claim
        Attempt and run.
    solution : AstrometryRows
        What the attempt made.
    input_hash : str
        Hash of its inputs.

    Returns
    -------
    int
        Key of the solution.
    """
    values = {
        "run_id": claim.run_id,
        "attempt_id": claim.attempt_id,
        "parameters": Jsonb(solution.parameters),
        "facts": Jsonb(solution.facts),
        "input_hash": input_hash,
        "content_hash": offsets_hash(solution),
    }
    row = connection.execute(statement("production/publish/add_astrometry"), values).fetchone() or (0,)
    keys = {"astrometry_id": int(row[0])}
    rows = [
        keys
        | {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(scan).items()}
        for scan in solution.scans
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement("production/publish/add_scan_astrometry"), rows)
    connection.execute(statement("production/publish/adopt_astrometry"), keys)
    return int(row[0])
