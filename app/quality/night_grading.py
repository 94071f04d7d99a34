"""Grades of one night from its own rows alone, computed and not kept: what the task that grades a night publishes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import InputError
from app.quality.derivation import derive_metrics, joined_by_hash
from app.quality.grading import lock_grades
from app.quality.rules_file import shipped

Rows = list[dict[str, Any]]


class NoRulesError(InputError):
    """The database has no rules by which a night could be graded."""

    code = "NO_RULES"


@dataclass(frozen=True)
class NightGrading:
    """What the rows of a night say.

    Attributes
    ----------
    metrics : list of dict
        Derived metrics: `scan_key` (None for the night as a whole), `name`, `band`, `value`, `rows`.
    grades : list of dict
        A row a scan that has a grade: `scan_key`, `score`, `limiting_factor`, `rules`, `factor_scores`,
        `factor_values`, `flags`.
    """

    metrics: Rows
    grades: Rows


def newest_shipped() -> str:
    """Version of the newest rules that come with the code: the last in alphabetical order."""
    return max(shipped())


def rules_in_force(connection: Connection[Any]) -> tuple[str, str]:
    """Version and content hash of the rules by which nights grade themselves: frozen last, else those of the code.

    Parameters
    ----------
    connection : Connection
        Reader's or more.

    Raises
    ------
    NoRulesError
        Raised if neither are in the database.
    """
    row = connection.execute(statement("quality/rules_in_force"), {"shipped": newest_shipped()}).fetchone()
    if row is None:
        raise NoRulesError(
            "the database has no rules",
            expected=f"a frozen rule set, or {newest_shipped()} of the code",
            remedy=f"mapps quality freeze {newest_shipped()}",
        )
    return str(row[0]), str(row[1])


def grade_night(connection: Connection[Any], run_id: int, night_id: int, version: str) -> NightGrading:
    """Compute derived metrics and grades of a night; everything that this writes is rolled back.

    Grades that were given before make no difference: what is given back is what the rows and rules of this moment say.

    Parameters
    ----------
    connection : Connection
        Worker's, in autocommit mode.
    run_id, night_id : int
        Run and night.
    version : str
        Version of the rules, which is in the database.
    """
    values = {"run_id": run_id, "night_id": night_id, "rule_version": version, "person": "nobody"}
    with connection.transaction(force_rollback=True), connection.cursor(row_factory=dict_row) as cursor:
        lock_grades(connection, run_id)
        derive_metrics(connection, run_id, night_id)
        with joined_by_hash(connection):
            cursor.execute(statement("quality/regrade"), values)
        metrics = cursor.execute(statement("quality/night_derived"), values).fetchall()
        grades = cursor.execute(statement("quality/night_grades"), values).fetchall()
    return NightGrading(metrics, [row for row in grades if row["score"] is not None])
