"""The step of a task that grades a night: metrics derived from its rows, and a grade for each of its scans."""

from __future__ import annotations

from app.db.statements import statement
from app.production.grade_rows import DerivedMetricRow, GradeRow, NightGradeRows
from app.production.publication import Publication
from app.quality.night_grading import grade_night, rules_in_force
from workers.steps.context import Claim, StepContext
from workers.steps.outcome import input_hash


def perform(claim: Claim, context: StepContext) -> Publication:
    """Grade the reduced scans of a night by the rules in force.

    Only rows of the night are looked at, so that the grades do not depend on which nights were done before; what other
    nights say of its scans is added by `mapps quality regrade`. A scan that lacks a value of a rule has no grade.

    Raises
    ------
    NoRulesError
        Raised if the database has no rules: an input failure, which is not retried.
    """
    night = claim.night
    values = {"run_id": claim.run_id, "night_id": night}
    with context.connect() as connection:
        version, rules_hash = rules_in_force(connection)
        inputs = connection.execute(statement("steps/night_grade_inputs"), values).fetchall()
        graded = grade_night(connection, claim.run_id, night, version)
    context.checkpoint("night_graded")
    context.log.info("%d scans have a grade by rules %s", len(graded.grades), version)
    return Publication(
        input_hash(claim.pipeline_hash, [content for _, content in inputs] + [rules_hash]),
        upstream_ids=tuple(attempt for attempt, _ in inputs if attempt is not None),
        night_grades=NightGradeRows(
            version,
            rules_hash,
            tuple(DerivedMetricRow(**row) for row in graded.metrics),
            tuple(GradeRow(**row) for row in graded.grades),
        ),
    )
