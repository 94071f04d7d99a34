"""Metrics that SQL derives from the rows of a run, in the order in which they need each other."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from app.db.statements import statement

STEPS = (
    "quality/drop_derived",
    "quality/derive_zero_points",
    "quality/derive_overlaps",
    "quality/derive_sets",
    "quality/derive_counts",
    "quality/derive_summaries",
)
"""Statements of a derivation."""


def derive_metrics(connection: Connection[Any], run_id: int) -> int:
    """Replace the derived metrics of a run, in the caller's transaction, and give their number.

    Parameters
    ----------
    connection : Connection
        Operator's.
    run_id : int
        Key of the run.
    """
    made = [connection.execute(statement(name), {"run_id": run_id}).rowcount for name in STEPS]
    return sum(made[1:])
