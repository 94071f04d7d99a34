"""Figures of a global solution as tables: agreement in overlaps, residuals on the sky, and what nights say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import UnknownNameError
from app.models.solution import SolutionKind

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class SolutionFigures:
    """Tables of a solution; magnitudes.

    Attributes
    ----------
    steps : list of dict
        A row a band: scatter of overlaps as measured, after the solution, and in the stars held out; repeatability of
        single stars.
    sky : list of dict
        A row a part of the sky and band: median and scatter of the residuals of overlaps.
    nights : list of dict
        A row a night and band: zero point, verdicts, sets, and by how much the night's own solution was off.
    """

    steps: Rows
    sky: Rows
    nights: Rows


def solution_figures(connection: Connection[Any], solution_id: int, degrees: float = 10.0) -> SolutionFigures:
    """Read the figures of a global solution.

    Parameters
    ----------
    connection : Connection
        Reader's.
    solution_id : int
        The solution.
    degrees : float
        Side of the parts of the sky in right ascension and declination.

    Raises
    ------
    UnknownNameError
        Raised if there is no such global solution.
    """
    values = {"solution_id": solution_id, "degrees": float(degrees)}
    with connection.cursor(row_factory=dict_row) as cursor:
        kind = cursor.execute(statement("reports/solution_kind"), values).fetchone()
        if kind is None or kind["kind"] != SolutionKind.GLOBAL:
            raise UnknownNameError(
                f"no global solution {solution_id}",
                expected="one that mapps calibration solve RUN --global made",
            )
        steps = cursor.execute(statement("reports/solution_steps"), values).fetchall()
        sky = cursor.execute(statement("reports/solution_map"), values).fetchall()
        nights = cursor.execute(statement("reports/solution_nights"), values).fetchall()
    return SolutionFigures(steps, sky, nights)
