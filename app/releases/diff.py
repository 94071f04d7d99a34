"""Compares two releases object by object, by place and not by name, and says why each differs.

The work is done in temporary tables of one transaction (`sql/reports/diff/`): pairs, rows that differ with the changed
columns, the verdict of the release that lacks a row, and the cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from app.columns import PUBLISHED_PSC, PUBLISHED_XSC, Column
from app.db.statements import statement
from app.releases.catalogue import release_facts
from app.releases.rules import changed_rules

# Each release gives its own keys; neighbours are compared by their distance and direction.
_KEYS = frozenset({"designation", "pts_key", "pxcntr", "ext_key"})
NEIGHBOUR = ("prox", "pxpa", "gal_contam")
"""Columns that follow from other rows of the release."""
PLACES = ("ra", "decl", "sup_ra", "sup_dec")
"""Columns that an astrometric solution moves."""
OVERLAP = ("use_src", "dup_src")
OPTICAL = ("a", "dist_opt", "phi_opt", "b_m_opt", "vr_m_opt", "nopt_mchs", "mp_flg")


@dataclass(frozen=True)
class ProductDiff:
    """How a product of release B differs from that of release A.

    Attributes
    ----------
    only_a, only_b, changed, equal : int
        Numbers of objects.
    causes : tuple of (str, str, int)
        `only A`, `only B` or `changed`; cause (`sql/reports/diff/causes.sql`); number of rows.
    columns : dict of str to int
        Number of rows in which a column differs, for each column that differs at all.
    examples : tuple of (str, str, str, str)
        Name, kind, cause and names of the changed columns, in the order of names.
    """

    only_a: int
    only_b: int
    changed: int
    equal: int
    causes: tuple[tuple[str, str, int], ...]
    columns: dict[str, int]
    examples: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True)
class ReleaseDiff:
    """How release B differs from release A.

    Attributes
    ----------
    rules : tuple of str
        Rules with another limit or another text.
    points, extended, images : ProductDiff
        Its products.
    """

    rules: tuple[str, ...]
    points: ProductDiff
    extended: ProductDiff
    images: ProductDiff


@dataclass(frozen=True)
class _Source:
    """A catalogue that is compared: its table, key, extraction, radius of one object, columns and statements."""

    table: str
    key: str
    source: str
    reach_arcsec: float
    columns: tuple[str, ...]
    pair: str
    reasons: str


def _compared(columns: Sequence[Column]) -> tuple[str, ...]:
    return tuple(column.name for column in columns if column.name not in _KEYS)


# Radii are those within which apparitions are one object (background/survey 5.4).
_POINTS = _Source(
    "psc", "pts_key", "src_id", 2.0, _compared(PUBLISHED_PSC),
    "reports/diff/pair_points", "reports/diff/reasons_points",
)  # fmt: skip
_EXTENDED = _Source(
    "xsc", "ext_key", "ext_id", 5.0, _compared(PUBLISHED_XSC),
    "reports/diff/pair_extended", "reports/diff/reasons_extended",
)  # fmt: skip


def diff_releases(connection: Connection[Any], a: str, b: str, *, examples: int = 20) -> ReleaseDiff:
    """Compare two releases: points, extended sources and images.

    Objects are paired as the same extraction, else as mutually nearest within 2 arcsec (points) or 5 arcsec (extended).

    Parameters
    ----------
    connection : Connection
        Role operator without an open transaction: its statements may take long, and it may make temporary tables.
    a, b : str
        Names of the releases.
    examples : int
        Largest number of examples of each product.

    Raises
    ------
    UnknownNameError
        Raised if a release does not exist.
    """
    with connection.transaction(force_rollback=True):
        first, second = release_facts(connection, a), release_facts(connection, b)
        files = tuple(
            {line["file"]: line["sha256"] for line in facts.statements} for facts in (first, second)
        )
        rules = sorted(changed_rules((first.parameters, second.parameters), (files[0], files[1])))
        values = {
            "a": first.release_id,
            "b": second.release_id,
            "examples": examples,
            "changed_rules": rules,
            "places": list(PLACES),
            "overlap": list(OVERLAP),
            "optical": list(OPTICAL),
            "neighbour": list(NEIGHBOUR),
        }
        connection.execute(statement("reports/diff/tables"))
        return ReleaseDiff(
            tuple(rules),
            _sources(connection, _POINTS, values),
            _sources(connection, _EXTENDED, values),
            _images(connection, values),
        )


def _sources(connection: Connection[Any], source: _Source, values: dict[str, Any]) -> ProductDiff:
    connection.execute(statement(source.pair), values | {"reach_arcsec": source.reach_arcsec})
    connection.execute(_differing(source), values)
    connection.execute(statement(source.reasons), values)
    paired = connection.execute(statement("reports/diff/paired")).fetchone()
    return _told(connection, values, paired)


def _images(connection: Connection[Any], values: dict[str, Any]) -> ProductDiff:
    connection.execute(statement("reports/diff/images"), values)
    return _told(
        connection, values, connection.execute(statement("reports/diff/image_count"), values).fetchone()
    )


def _told(connection: Connection[Any], values: dict[str, Any], paired: tuple[Any, ...] | None) -> ProductDiff:
    connection.execute(statement("reports/diff/causes"), values)
    causes = connection.execute(statement("reports/diff/counts")).fetchall()
    columns = connection.execute(statement("reports/diff/columns")).fetchall()
    listed = connection.execute(statement("reports/diff/examples"), values).fetchall()
    connection.execute(statement("reports/diff/clear"))
    number = {kind: sum(n for k, _, n in causes if k == kind) for kind in ("only A", "only B", "changed")}
    return ProductDiff(
        only_a=number["only A"],
        only_b=number["only B"],
        changed=number["changed"],
        equal=int(paired[0] if paired is not None else 0) - number["changed"],
        causes=tuple((kind, cause, int(count)) for kind, cause, count in causes),
        columns={name: int(count) for name, count in columns},
        examples=tuple((row[0], row[1], row[2], row[3]) for row in listed),
    )


def _differing(source: _Source) -> sql.Composed:
    """Insert the pairs that are not alike, with the names of the columns that differ."""
    changed = sql.SQL(", ").join(
        sql.SQL("CASE WHEN a.{0} IS DISTINCT FROM b.{0} THEN {1} END").format(
            sql.Identifier(name), sql.Literal(name)
        )
        for name in source.columns
    )
    return sql.SQL(
        "INSERT INTO diff_row (name, kind, columns, a_run, a_source, a_scan, b_run, b_source, b_scan)"
        " SELECT coalesce(a.designation, b.designation), CASE WHEN b.{key} IS NULL THEN 'only A'"
        " WHEN a.{key} IS NULL THEN 'only B' ELSE 'changed' END, CASE WHEN a.{key} IS NULL OR b.{key} IS NULL"
        " THEN '{{}}' ELSE array_remove(ARRAY[{changed}], NULL) END,"
        " a.run_id, a.{source}, a.scan_key, b.run_id, b.{source}, b.scan_key FROM diff_pair AS p"
        " LEFT JOIN release.{table} AS a ON a.release_id = %(a)s AND a.{key} = p.a_key"
        " LEFT JOIN release.{table} AS b ON b.release_id = %(b)s AND b.{key} = p.b_key"
        " WHERE a.{key} IS NULL OR b.{key} IS NULL OR {row_a} IS DISTINCT FROM {row_b}"
    ).format(
        key=sql.Identifier(source.key),
        source=sql.Identifier(source.source),
        table=sql.Identifier(source.table),
        changed=changed,
        row_a=_row("a", source.columns),
        row_b=_row("b", source.columns),
    )


def _row(side: str, names: Sequence[str]) -> sql.Composed:
    return sql.SQL("ROW({})").format(sql.SQL(", ").join(sql.Identifier(side, name) for name in names))
