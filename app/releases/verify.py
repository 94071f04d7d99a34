"""Recomputes the content hashes of a release and compares them with its manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from app.columns.hash_versions import hashed_columns
from app.db.statements import statement
from app.errors import OperatorError
from app.releases.catalogue import release_id_of


class ReleaseAlteredError(OperatorError):
    """A published release differs from its manifest: the database was changed behind its guards."""

    code = "RELEASE_ALTERED"


@dataclass(frozen=True)
class PartCheck:
    """A line of the manifest beside the rows of the release; None for the side that has no such line.

    Attributes
    ----------
    product, partition : str
        Part of the release.
    rows_published, rows_found : int or None
        Number of rows by the manifest, and of the rows themselves.
    sha256_published, sha256_found : str or None
        Content hash by the manifest, and of the rows themselves.
    """

    product: str
    partition: str
    rows_published: int | None
    rows_found: int | None
    sha256_published: str | None
    sha256_found: str | None

    @property
    def equal(self) -> bool:
        """Whether rows and hash agree."""
        return self.rows_published == self.rows_found and self.sha256_published == self.sha256_found


def verify_release(connection: Connection[Any], name: str) -> tuple[PartCheck, ...]:
    """Compare every part of a release with its manifest, in one pass over its rows.

    The hashes are made of the columns of their version, whatever columns the tables have now.

    Raises
    ------
    HashVersionError
        Raised if the hashes are of a version that this one does not know.
    UnknownNameError
        Raised if there is no such release.
    """
    release_id = release_id_of(connection, name)
    made = connection.execute(statement("reports/release_origin"), {"release_id": release_id}).fetchone()
    hashed_columns(made[3] if made is not None else 0)
    rows = connection.execute(statement("reports/release_verify"), {"release_id": release_id}).fetchall()
    return tuple(PartCheck(*row) for row in rows)


def require_equal(name: str, checks: tuple[PartCheck, ...]) -> None:
    """Refuse a release that differs from its manifest.

    Parameters
    ----------
    name : str
        Name of the release.
    checks : tuple of PartCheck
        Its parts, from `verify_release`.

    Raises
    ------
    ReleaseAlteredError
        Raised if a part differs; the message names all that do.
    """
    differing = [check for check in checks if not check.equal]
    if differing:
        named = ", ".join(f"{check.product} {check.partition}" for check in differing)
        raise ReleaseAlteredError(
            f"release {name!r} differs from its manifest in {named}",
            expected="rows as they were published",
            remedy="restore it from a backup or an export",
        )
