"""Compares the point sources of two releases, name by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from app.columns import PUBLISHED_PSC
from app.releases.catalogue import release_id_of

# Each release gives its own keys; neighbours are compared by their distance and direction.
_KEYS = frozenset({"designation", "pts_key", "pxcntr", "ext_key"})
COMPARED = tuple(column.name for column in PUBLISHED_PSC if column.name not in _KEYS)


@dataclass(frozen=True)
class ReleaseDiff:
    """How release B differs from release A.

    Attributes
    ----------
    only_a, only_b, changed, equal : int
        Numbers of designations.
    columns : dict of str to int
        Number of rows in which a column differs, for each column that differs at all.
    examples : tuple of (str, str, str)
        Designation; `only A`, `only B` or `changed`; names of the changed columns. In the order of designations.
    """

    only_a: int
    only_b: int
    changed: int
    equal: int
    columns: dict[str, int]
    examples: tuple[tuple[str, str, str], ...]


def diff_releases(connection: Connection[Any], a: str, b: str, *, examples: int = 20) -> ReleaseDiff:
    """Compare two releases by designation.

    A source whose position moved has two designations, of which each release has one.

    Parameters
    ----------
    connection : Connection
        Role operator, whose statements may take long.
    a, b : str
        Names of the releases.
    examples : int
        Largest number of examples.

    Raises
    ------
    UnknownNameError
        Raised if a release does not exist.
    """
    values = {"a": release_id_of(connection, a), "b": release_id_of(connection, b), "examples": examples}
    counts = connection.execute(_count_query(), values).fetchone() or ()
    listed = connection.execute(_example_query(), values).fetchall()
    only_a, only_b, changed, equal, *by_column = (int(count) for count in counts)
    columns = {name: count for name, count in zip(COMPARED, by_column, strict=True) if count}
    return ReleaseDiff(only_a, only_b, changed, equal, columns, tuple((r[0], r[1], r[2]) for r in listed))


def _joined() -> sql.Composed:
    return sql.SQL(
        "(SELECT * FROM release.psc WHERE release_id = %(a)s) AS a"
        " FULL JOIN (SELECT * FROM release.psc WHERE release_id = %(b)s) AS b USING (designation)"
    ).format()


def _differs(name: str) -> sql.Composed:
    return sql.SQL("(a.{0} IS DISTINCT FROM b.{0})").format(sql.Identifier(name))


def _rows(side: str) -> sql.Composed:
    return sql.SQL("ROW({})").format(sql.SQL(", ").join(sql.Identifier(side, name) for name in COMPARED))


def _count_query() -> sql.Composed:
    both = sql.SQL("a.pts_key IS NOT NULL AND b.pts_key IS NOT NULL")
    by_column = sql.SQL(", ").join(
        sql.SQL("count(*) FILTER (WHERE {} AND {})").format(both, _differs(name)) for name in COMPARED
    )
    return sql.SQL(
        "SELECT count(*) FILTER (WHERE b.pts_key IS NULL), count(*) FILTER (WHERE a.pts_key IS NULL),"
        " count(*) FILTER (WHERE {both} AND {a} IS DISTINCT FROM {b}),"
        " count(*) FILTER (WHERE {both} AND {a} IS NOT DISTINCT FROM {b}), {columns} FROM {joined}"
    ).format(both=both, a=_rows("a"), b=_rows("b"), columns=by_column, joined=_joined())


def _example_query() -> sql.Composed:
    names = sql.SQL(", ").join(
        sql.SQL("CASE WHEN {} THEN {} END").format(_differs(name), sql.Literal(name)) for name in COMPARED
    )
    return sql.SQL(
        "SELECT trim(designation), CASE WHEN b.pts_key IS NULL THEN 'only A' WHEN a.pts_key IS NULL THEN 'only B'"
        " ELSE 'changed' END,"
        " CASE WHEN a.pts_key IS NULL OR b.pts_key IS NULL THEN '' ELSE concat_ws(' ', {names}) END"
        " FROM {joined} WHERE {a} IS DISTINCT FROM {b} OR a.pts_key IS NULL OR b.pts_key IS NULL"
        " ORDER BY designation LIMIT %(examples)s"
    ).format(names=names, joined=_joined(), a=_rows("a"), b=_rows("b"))
