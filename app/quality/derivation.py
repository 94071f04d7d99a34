"""Metrics that SQL derives from the rows of a run, in the order in which they need each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Connection

from app.db.statements import statement
from app.instruments.bands import Band
from app.quality.sky_counts import model_density

STEPS = (
    "quality/drop_derived",
    "quality/derive_zero_points",
    "quality/derive_overlaps",
    "quality/derive_sets",
    "quality/derive_counts",
    "quality/derive_summaries",
)
"""Statements of a derivation."""
WORK_MEMORY = "256MB"
"""Of each sort or hash: 2.5 million values of 70,000 scans are kept at once."""


def derive_metrics(connection: Connection[Any], run_id: int, night_id: int | None = None) -> int:
    """Replace the derived metrics of a run, in one transaction, and give their number.

    Parameters
    ----------
    connection : Connection
        Operator's.
    run_id : int
        Key of the run.
    night_id : int, optional
        Only those of this night, from its own rows: what other nights say of its scans is left out, so that the values
        do not depend on the order in which nights are done.
    """
    values: dict[str, Any] = {"run_id": run_id, "night_id": night_id}
    with connection.transaction(), joined_by_hash(connection):
        values |= _model_of_the_sky(connection.execute(statement("quality/counted_scans"), values).fetchall())
        made = [connection.execute(statement(name), values).rowcount for name in STEPS]
    return sum(made[1:])


def _model_of_the_sky(rows: list[tuple[int, float, float, str, float]]) -> dict[str, list[Any]]:
    """Say what the model of the sky expects of scans: keys, bands and sources a square arc minute."""
    expected: dict[str, list[Any]] = {"model_scans": [], "model_bands": [], "model_densities": []}
    for limit in sorted({(band, threshold) for *_, band, threshold in rows}):
        of_band = [row for row in rows if row[3:] == limit]
        ra, decl = [row[1] for row in of_band], [row[2] for row in of_band]
        density = model_density(ra, decl, {Band(limit[0]): limit[1]})[Band(limit[0])]
        expected["model_scans"] += [row[0] for row in of_band]
        expected["model_bands"] += [limit[0]] * len(of_band)
        expected["model_densities"] += density.tolist()
    return expected


@contextmanager
def joined_by_hash(connection: Connection[Any]) -> Iterator[None]:
    """Join by hashes only, with memory for them, until the end of the block or of the transaction.

    Of a rule set, or of the stars of a set, the planner expects one row, and would compare each with all others.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    """
    usual = connection.execute(statement("quality/work_memory")).fetchone() or ("4MB",)
    connection.execute(statement("quality/join_by_hash"), {"nested": "off", "memory": WORK_MEMORY})
    yield
    connection.execute(statement("quality/join_by_hash"), {"nested": "on", "memory": usual[0]})
