"""Grades of a night are published: derived metrics are replaced, grades appended where they changed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from psycopg import Connection

from app.db.statements import statement
from app.production.claim import Claim
from app.production.grade_rows import NightGradeRows
from app.quality.grading import lock_grades


def add_grades(connection: Connection[Any], claim: Claim, rows: NightGradeRows) -> None:
    """Write the grades of a night in the transaction of their publication.

    Parameters
    ----------
    connection : Connection
        Worker's, inside the transaction; that the graded attempts are still accepted is known.
    claim : Claim
        Attempt, run and night.
    rows : NightGradeRows
        What the attempt made.
    """
    keys = {
        "run_id": claim.run_id, "night_id": claim.night_id, "attempt_id": claim.attempt_id,
        "rule_version": rows.rule_version,
    }  # fmt: skip
    lock_grades(connection, claim.run_id)
    connection.execute(statement("production/publish/drop_derived"), keys)
    with connection.cursor() as cursor:
        if rows.metrics:
            cursor.executemany(
                statement("production/publish/add_derived"), [keys | asdict(row) for row in rows.metrics]
            )
        if rows.grades:
            cursor.executemany(
                statement("production/publish/add_grade"), [keys | asdict(row) for row in rows.grades]
            )
    graded = {"graded": [row.scan_key for row in rows.grades]}
    connection.execute(statement("production/publish/void_grades"), keys | graded)
