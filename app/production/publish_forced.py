"""Forced measurements are published: a row an object, scan and band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from psycopg import Connection

from app.db.statements import statement
from app.production.claim import Claim
from app.production.publication import ForcedLightRow


def add_forced_light(connection: Connection[Any], claim: Claim, rows: Sequence[ForcedLightRow]) -> None:
    """Write forced measurements in the transaction of their publication.

    Parameters
    ----------
    connection : Connection
        Worker's, inside the transaction.
    claim : Claim
        Attempt and run.
    rows : sequence of ForcedLightRow
        What the attempt measured.
    """
    if not rows:
        return
    keys = {"run_id": claim.run_id, "attempt_id": claim.attempt_id}
    values = [keys | asdict(row) | {"band": row.band.value} for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(statement("production/publish/add_forced_light"), values)
