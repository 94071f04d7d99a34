"""Publish a photometric solution: a version with its zero points and all that it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from app.db.statements import statement
from app.errors import MappsError
from app.production.claim import Claim
from app.production.global_rows import GlobalSolutionRows
from app.production.publication import Publication
from app.production.solution_hash import content_hash


class NoSolutionError(MappsError):
    """A solution was to be added, and neither the attempt nor its publication has what it takes: a bug."""

    code = "NO_SOLUTION"


def add_solution(connection: Connection[Any], claim: Claim, publication: Publication) -> int:
    """Write the solution of a publication, in its transaction; former versions stay as they are.

    Parameters
    ----------
    connection : Connection
        Worker's, inside the transaction of the publication.
    claim : Claim
        Attempt that made it; the code of its row is that of the solution.
    publication : Publication
        With a solution; what it read becomes the solution's `attempt_used`.

    Returns
    -------
    int
        solution_id.

    Raises
    ------
    NoSolutionError
        Raised if the publication has no solution, or the attempt is unknown.
    """
    solution = publication.solution
    if solution is None:
        raise NoSolutionError(f"attempt {claim.attempt_id} publishes no solution")
    values = {
        "kind": solution.kind,
        "state": solution.state,
        "run_id": claim.run_id,
        "night_id": claim.night_id,
        "attempt_id": claim.attempt_id,
        "parameters": Jsonb(solution.parameters),
        "facts": Jsonb(solution.facts),
        "input_hash": publication.input_hash,
        "content_hash": content_hash(solution),
    }
    row = connection.execute(statement("production/publish/add_solution"), values).fetchone()
    if row is None:
        raise NoSolutionError(f"attempt {claim.attempt_id} is not in the database")
    key = {"solution_id": row[0]}
    attempts = {"attempt_ids": sorted(set(publication.upstream_ids))}
    connection.execute(statement("production/publish/add_attempts_used"), key | attempts)
    tables: tuple[tuple[str, Sequence[Any], dict[str, Any]], ...] = (
        ("add_scan_zero_points", solution.zero_points, {}),
        ("add_sets_used", solution.sets, {"night_id": [claim.night_id] * len(solution.sets)}),
        ("add_standards_used", solution.standards, {}),
        ("add_overlaps_used", solution.overlaps if isinstance(solution, GlobalSolutionRows) else (), {}),
    )
    for name, rows, common in tables:
        if rows:
            connection.execute(statement(f"production/publish/{name}"), common | columns_of(rows) | key)
    return int(row[0])


def columns_of(rows: Sequence[Any]) -> dict[str, list[Any]]:
    """Fields of rows of one class as lists, a list a field: 400,000 rows are one statement.

    Parameters
    ----------
    rows : sequence of dataclass
        At least one.
    """
    return {field.name: [getattr(row, field.name) for row in rows] for field in fields(rows[0])}
