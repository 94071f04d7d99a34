"""A photometric solution is published, adopted, or retired because what it was made of gave way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from app.db.statements import statement
from app.production.claim import Claim
from app.production.global_rows import GlobalSolutionRows
from app.production.solution_rows import SolutionRows


def zero_points_hash(solution: SolutionRows) -> str:
    """SHA-256 (hexadecimal) over the zero points and verdicts of a solution."""
    rows = [asdict(row) for row in solution.zero_points]
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def add_solution(connection: Connection[Any], claim: Claim, solution: SolutionRows, input_hash: str) -> int:
    """Write a solution in the transaction of its publication; a preliminary run adopts it where it is accepted.

    Parameters
    ----------
    connection : Connection
        Worker's, inside the transaction; the attempt's upstream rows are there.
    claim : Claim
        Attempt, run and night.
    solution : SolutionRows
        What the attempt made.
    input_hash : str
        Hash of its inputs.

    Returns
    -------
    int
        Key of the solution.
    """
    values = {
        "kind": solution.kind,
        "state": solution.state,
        "run_id": claim.run_id,
        "night_id": claim.night_id,
        "attempt_id": claim.attempt_id,
        "parameters": Jsonb(solution.parameters),
        "facts": Jsonb(solution.facts),
        "input_hash": input_hash,
        "content_hash": zero_points_hash(solution),
    }
    [solution_id] = connection.execute(statement("production/publish/add_solution"), values).fetchone() or (
        0,
    )
    keys = {"solution_id": solution_id, "night_id": claim.night_id}
    with connection.cursor() as cursor:
        for name, rows in (
            ("production/publish/add_scan_zero_point", solution.zero_points),
            ("production/publish/add_set_used", solution.sets),
            ("production/publish/add_standard_used", solution.standards),
        ):
            if rows:
                cursor.executemany(statement(name), [keys | asdict(row) for row in rows])
    if isinstance(solution, GlobalSolutionRows) and solution.overlaps:
        overlaps = columns_of(solution.overlaps) | keys
        connection.execute(statement("production/publish/add_overlaps_used"), overlaps)
    connection.execute(statement("production/publish/add_attempts_used"), values | keys)
    connection.execute(statement("production/publish/adopt_solution"), keys)
    return int(solution_id)


def columns_of(rows: Sequence[Any]) -> dict[str, list[Any]]:
    """Fields of rows of one class as lists, a list a field: 600,000 overlaps are one statement.

    Parameters
    ----------
    rows : sequence of dataclass
        At least one.
    """
    return {field.name: [getattr(row, field.name) for row in rows] for field in fields(rows[0])}


def retire_solutions(
    connection: Connection[Any], former: tuple[int, str | None], content: str, *, stands: bool = False
) -> None:
    """Retire the solutions that a superseded attempt made, and those made of its rows if these come out different.

    Adoptions stay until another solution is adopted: with one measurement recalled a zero point is still better than
    the nominal one, and its state says that it is retired.

    Parameters
    ----------
    connection : Connection
        Worker's, inside the transaction of the publication that supersedes.
    former : (int, str or None)
        The superseded attempt and its output hash.
    content : str
        Output hash of what takes its place.
    stands : bool
        Whether what the superseded attempt made is what would be made again.
    """
    attempt_id, known = former
    values = {"attempt_id": attempt_id, "changed": known != content, "stands": stands}
    connection.execute(statement("production/publish/retire_solutions"), values)
