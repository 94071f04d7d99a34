"""Which columns of the published Extended Source Catalogue a release fills, and why others have no value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from app.columns import PUBLISHED_XSC
from app.releases.catalogue import release_id_of

OURS = frozenset({"ext_id", "src_id", "x_scan", "sup_ba_err", "sersic_n", "sersic_n_err"})
"""Columns of our list that the published catalogue has not."""
WITHOUT_COLUMN = {"pts_key": "no column: src_id is the same object among the point sources"}
"""Published columns that our list has not, with why."""


@dataclass(frozen=True)
class ColumnFill:
    """A published column in a release.

    Attributes
    ----------
    name : str
        Its name.
    filled : int
        Rows that have a value.
    reason : str
        Why the others have none, by the registry; empty: all must have one.
    """

    name: str
    filled: int
    reason: str


def filled_columns(connection: Connection[Any], name: str) -> tuple[int, tuple[ColumnFill, ...]]:
    """Count the extended sources of a release, and those that have a value, column by column.

    Parameters
    ----------
    connection : Connection
        Role reader or more.
    name : str
        Name of the release.

    Returns
    -------
    int
        Extended sources.
    tuple of ColumnFill
        The columns of the published catalogue, 389, in the order of ours.

    Raises
    ------
    UnknownNameError
        Raised if there is no such release.
    """
    release_id = release_id_of(connection, name)
    columns = [column for column in PUBLISHED_XSC if column.name not in OURS]
    query = sql.SQL("SELECT count(*), {} FROM release.xsc WHERE release_id = %s").format(
        sql.SQL(", ").join(sql.SQL("count({})").format(sql.Identifier(column.name)) for column in columns)
    )
    row = connection.execute(query, (release_id,)).fetchone() or (0,) * (1 + len(columns))
    fills = [ColumnFill(c.name, int(filled), c.null) for c, filled in zip(columns, row[1:], strict=True)]
    absent = [ColumnFill(missing, 0, reason) for missing, reason in WITHOUT_COLUMN.items()]
    return int(row[0]), (*fills, *absent)
