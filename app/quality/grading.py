"""Grading of a run: derived metrics, then grades by a rule version, all in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.locks import GRADES
from app.db.statements import statement
from app.quality.derivation import derive_metrics, joined_by_hash
from app.quality.rule_sets import ensure_rules

MOST_SHOWN = 20


def lock_grades(connection: Connection[Any], run_id: int) -> None:
    """Wait until nobody else grades scans of a run, and keep others from it until the transaction ends."""
    connection.execute(statement("quality/lock_grades"), {"key": GRADES, "run_id": run_id})


@dataclass(frozen=True)
class Graded:
    """What a grading did.

    Attributes
    ----------
    scans : int
        Reduced scans of the run.
    graded : int
        Those that have a grade now.
    made, voided : int
        Grades that were appended because they differ from the last one, and former ones that lost a value.
    ungraded : list of dict
        The first scans without a grade, and the values they lack.
    """

    scans: int
    graded: int
    made: int
    voided: int
    ungraded: list[dict[str, Any]]


def regrade(
    connection: Connection[Any], run_id: int, version: str, person: str, *, derive: bool = True
) -> Graded:
    """Grade all reduced scans of a run by a rule version; the same again appends nothing.

    Parameters
    ----------
    connection : Connection
        Operator's.
    run_id : int
        Key of the run.
    version : str
        Version of the rules; one that comes with the code is loaded if need be.
    person : str
        Who asks for it.
    derive : bool
        Whether the derived metrics are computed first.

    Raises
    ------
    UnknownNameError
        Raised if there is no such version.
    """
    ensure_rules(connection, version)
    values = {
        "run_id": run_id, "night_id": None, "rule_version": version, "person": person, "limit": MOST_SHOWN,
    }  # fmt: skip
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        lock_grades(connection, run_id)
        if derive:
            derive_metrics(connection, run_id)
        with joined_by_hash(connection):
            done = cursor.execute(statement("quality/regrade"), values).fetchone() or {}
        complete = not done or done["graded"] == done["scans"]
        lacking = [] if complete else cursor.execute(statement("quality/ungraded"), values).fetchall()
    return Graded(**done, ungraded=lacking)
