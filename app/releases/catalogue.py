"""List of releases, and all that is recorded about one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import UnknownNameError


@dataclass(frozen=True)
class ReleaseFacts:
    """A release with all that says how it was made.

    Attributes
    ----------
    release_id : int
        Key of the release.
    summary : dict
        Name, kind, state, times, runs, product counts and code.
    parameters : dict of str to float
        Limits of the selection.
    statements, scans, solutions, astrometries, reasons, extended_reasons, manifest : list of dict
        Rows of release.statement, release.scan, release.solution and release.astrometry, counts of verdicts on points
        and on extended sources, rows of release.manifest.
    """

    release_id: int
    summary: dict[str, Any]
    parameters: dict[str, float]
    statements: list[dict[str, Any]]
    scans: list[dict[str, Any]]
    solutions: list[dict[str, Any]]
    astrometries: list[dict[str, Any]]
    reasons: list[dict[str, Any]]
    extended_reasons: list[dict[str, Any]]
    manifest: list[dict[str, Any]]


def list_releases(connection: Connection[Any], name: str | None = None) -> list[dict[str, Any]]:
    """Summaries of all releases, newest first, or of the release of a name alone."""
    cursor = connection.cursor(row_factory=dict_row)
    return cursor.execute(statement("reports/releases"), {"name": name}).fetchall()


def release_id_of(connection: Connection[Any], name: str) -> int:
    """Key of a published release.

    Raises
    ------
    UnknownNameError
        Raised if there is no published release of this name.
    """
    row = connection.execute(statement("reports/release_id"), {"name": name}).fetchone()
    if row is None:
        raise UnknownNameError(f"there is no release {name!r}", remedy="list them: mapps release list")
    return int(row[0])


def release_facts(connection: Connection[Any], name: str) -> ReleaseFacts:
    """Give all that is recorded about a release.

    Raises
    ------
    UnknownNameError
        Raised if there is no published release of this name.
    """
    release_id = release_id_of(connection, name)

    def rows(report: str) -> list[dict[str, Any]]:
        cursor = connection.cursor(row_factory=dict_row)
        return cursor.execute(statement(report), {"release_id": release_id}).fetchall()

    made = rows("reports/release_origin")[0]
    summary = list_releases(connection, name)[0]
    return ReleaseFacts(
        release_id=release_id,
        summary=summary | {key: made[key] for key in ("code_version", "code_commit", "hash_version")},
        parameters=made["parameters"],
        statements=rows("reports/release_statements"),
        scans=rows("reports/release_scans"),
        solutions=rows("reports/release_solutions"),
        astrometries=rows("reports/release_astrometries"),
        reasons=rows("reports/release_verdicts"),
        extended_reasons=rows("reports/release_extended_verdicts"),
        manifest=rows("reports/release_manifest"),
    )
