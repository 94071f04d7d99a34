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
    statements, scans, reasons, manifest : list of dict
        Rows of release.statement and release.scan, counts of verdicts, rows of release.manifest.
    """

    release_id: int
    summary: dict[str, Any]
    parameters: dict[str, float]
    statements: list[dict[str, Any]]
    scans: list[dict[str, Any]]
    reasons: list[dict[str, Any]]
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
    row = connection.execute(
        "SELECT release_id FROM release.release WHERE name = %s AND state = 'published'", (name,)
    ).fetchone()
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

    def rows(query: str) -> list[dict[str, Any]]:
        return connection.cursor(row_factory=dict_row).execute(query, (release_id,)).fetchall()

    made = rows("SELECT parameters, code_version, code_commit FROM release.release WHERE release_id = %s")[0]
    summary = list_releases(connection, name)[0]
    return ReleaseFacts(
        release_id=release_id,
        summary=summary | {key: made[key] for key in ("code_version", "code_commit")},
        parameters=made["parameters"],
        statements=rows(
            "SELECT position, file, rows, sha256 FROM release.statement WHERE release_id = %s ORDER BY position"
        ),
        scans=rows(
            "SELECT run.name AS run, scan_key, tile, rank, selected, reason FROM release.scan"
            " JOIN production.run USING (run_id) WHERE release_id = %s ORDER BY tile, rank, scan_key, run.name"
        ),
        reasons=rows(
            "SELECT reason, count(*) AS rows FROM release.verdict WHERE release_id = %s"
            " GROUP BY reason ORDER BY reason"
        ),
        manifest=rows(
            "SELECT product, partition, rows, sha256 FROM release.manifest WHERE release_id = %s"
            " ORDER BY product, length(partition), partition"
        ),
    )
