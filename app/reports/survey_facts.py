"""All that the database knows of a run as a survey, for its report: scans, grades, nights, steps, a global solution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.production.runs import list_runs, run_id_of
from app.quality.words import CATALOGUE_GRADE
from app.reports.solution_figures import SolutionFigures, solution_figures

Rows = list[dict[str, Any]]

OF_NIGHTS = (
    "photometric_fraction", "photometric_hours", "night_zero_point_error_mag", "sixfold_repeatability_mag",
)  # fmt: skip
"""Metrics of nights that the report tells."""
SKY_DEGREES = 5.0
"""Side of the parts of the sky in which residuals of a global solution are averaged."""


@dataclass(frozen=True)
class SurveyFacts:
    """A run as a survey.

    Attributes
    ----------
    run : dict
        Name, kind and code of the run.
    rules : dict or None
        Version, content hash and state of the rules; None where nothing was graded.
    scans : list of dict
        Survey scans in the order of time.
    reasons : mapping of int to dict
        Factor that limits each scan whose grade is below 5.
    nights : list of dict
        Metrics of nights, a row a night, metric and band.
    totals : list of dict
        Metrics of the run as a whole.
    solution : dict or None
        Newest global solution.
    figures : SolutionFigures or None
        Its agreement in overlaps, residuals on the sky, and nights.
    """

    run: dict[str, Any]
    rules: dict[str, Any] | None
    scans: Rows
    reasons: Mapping[int, dict[str, Any]]
    nights: Rows
    totals: Rows
    solution: dict[str, Any] | None
    figures: SolutionFigures | None


def read_survey_facts(connection: Connection[Any], run: str, version: str | None = None) -> SurveyFacts:
    """Read what there is of a run.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    run : str
        Name of the run.
    version : str, optional
        Version of the rules; without it the one that graded last.

    Raises
    ------
    UnknownNameError
        Raised if there is no such run.
    """
    [found] = list_runs(connection, run)
    run_id = run_id_of(connection, run)
    keys: dict[str, Any] = {"run_id": run_id, "rule_version": version, "least": CATALOGUE_GRADE}
    rules = _rows(connection, "reports/rules_of_run", keys)
    keys["rule_version"] = rules[0]["rule_version"] if rules else version
    solution = _rows(connection, "reports/global_of_run", keys)
    reasons = _rows(connection, "reports/survey_reasons", keys)
    return SurveyFacts(
        run=found,
        rules=rules[0] if rules else None,
        scans=_rows(connection, "reports/survey_scans", keys),
        reasons={row["scan_key"]: row for row in reasons},
        nights=_rows(connection, "reports/survey_nights", keys | {"names": list(OF_NIGHTS)}),
        totals=_rows(connection, "reports/survey_totals", keys),
        solution=solution[0] if solution else None,
        figures=solution_figures(connection, solution[0]["solution_id"], SKY_DEGREES) if solution else None,
    )


def _rows(connection: Connection[Any], name: str, values: Mapping[str, Any]) -> Rows:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement(name), values).fetchall()
