"""The products of a release as their readers get them: table, columns, order."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from psycopg import Connection, sql

from app.columns import (
    PUBLISHED_ATLAS,
    PUBLISHED_IMAGE,
    PUBLISHED_MAP,
    PUBLISHED_MATCH,
    PUBLISHED_PSC,
    PUBLISHED_SCAN,
    PUBLISHED_STAMP,
    PUBLISHED_XSC,
    Column,
    Kind,
)
from app.columns.records import Records, empty_records

CHUNK_ROWS = 20_000


@dataclass(frozen=True)
class Product:
    """One table of the release schema.

    Attributes
    ----------
    name : str
        Name of the table or view: psc, xsc, atlas, stamp, scn, img, mp_mch or property_map.
    title : str
        Name for readers.
    columns : tuple of Column
        Columns of the exports, in this order.
    order : tuple of str
        Names of the columns that give the rows a total order.
    key : str
        Of sources: the column that begins with their cell of the sky (`app.keys`); blank of others.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    order: tuple[str, ...]
    key: str = ""


PRODUCTS: dict[str, Product] = {
    "psc": Product("psc", "Point Source Catalogue", PUBLISHED_PSC, ("pts_key",), "src_id"),
    "xsc": Product("xsc", "Extended Source Catalogue", PUBLISHED_XSC, ("ext_key",), "ext_id"),
    "atlas": Product("atlas", "Atlas images", PUBLISHED_ATLAS, ("coadd_key", "band")),
    "stamp": Product("stamp", "Postage stamps", PUBLISHED_STAMP, ("ext_key",)),
    "scn": Product("scn", "Scan information", PUBLISHED_SCAN, ("scan_key",)),
    "img": Product("img", "Atlas image information", PUBLISHED_IMAGE, ("coadd_key",)),
    "mp_mch": Product("mp_mch", "Minor planet matches", PUBLISHED_MATCH, ("pts_key",)),
    "property_map": Product("property_map", "Property maps", PUBLISHED_MAP, ("pixel",)),
}
"""All that a release holds for its readers."""
MAPS = PRODUCTS["property_map"]


def with_lengths(connection: Connection[Any], product: Product, release_id: int) -> Product:
    """Give text columns without a length the length of their longest value.

    Parameters
    ----------
    connection : Connection
        Role reader or more.
    product : Product
        Table and columns.
    release_id : int
        Key of the release.
    """

    def measured(column: Column) -> Column:
        if column.kind is not Kind.CHAR or column.length:
            return column
        query = sql.SQL("SELECT coalesce(max(octet_length({})), 1) FROM {} WHERE release_id = %s").format(
            sql.Identifier(column.name), sql.Identifier("release", product.name)
        )
        row = connection.execute(query, (release_id,)).fetchone() or (1,)
        return replace(column, length=max(1, int(row[0])))

    return replace(product, columns=tuple(map(measured, product.columns)))


def read_chunks(
    connection: Connection[Any], product: Product, release_id: int, chunk_rows: int = CHUNK_ROWS
) -> Generator[Records, None, None]:
    """Rows of a product in order, as records with the nulls of `app.columns.records`; memory holds a single chunk.

    Parameters
    ----------
    connection : Connection
        Role reader or more; a COPY lives in a transaction of it until the last chunk is taken.
    product : Product
        Table and columns, with lengths of all text columns.
    release_id : int
        Key of the release.
    chunk_rows : int, optional
        Rows of a chunk.

    Yields
    ------
    structured array (n,)
        Records of the product's columns.
    """
    # The decoder is compiled; commands that read no rows do not wait for its library.
    from app.db.copied_rows import copy_chunks

    query = sql.SQL("SELECT {} FROM {} WHERE release_id = {} ORDER BY {}").format(
        sql.SQL(", ").join(sql.Identifier(column.name) for column in product.columns),
        sql.Identifier("release", product.name),
        sql.Literal(release_id),
        sql.SQL(", ").join(map(sql.Identifier, product.order)),
    )
    yield from copy_chunks(connection, query, product.columns, chunk_rows)


def count_cells(
    connection: Connection[Any], product: Product, release_id: int, shift: int
) -> list[tuple[int, int]]:
    """Rows of sources by cell of the sky, in the order of the cells.

    Parameters
    ----------
    connection : Connection
        Role reader or more.
    product : Product
        Table with a key that begins with the cell.
    release_id : int
        Key of the release.
    shift : int
        Bits of the key behind those of the cells that are wanted.
    """
    query = sql.SQL(
        "SELECT {key} >> %s, count(*) FROM {table} WHERE release_id = %s GROUP BY 1 ORDER BY 1"
    ).format(key=sql.Identifier(product.key), table=sql.Identifier("release", product.name))
    return [(int(cell), int(rows)) for cell, rows in connection.execute(query, (shift, release_id))]


def read_ranges(
    connection: Connection[Any], product: Product, release_id: int, ranges: Sequence[tuple[int, int]]
) -> Records:
    """Rows of sources whose keys lie in some ranges, in any order.

    Parameters
    ----------
    connection : Connection
        Role reader or more.
    product : Product
        Table with a key that begins with the cell of the sky, and lengths of all text columns.
    release_id : int
        Key of the release.
    ranges : sequence of (int, int)
        Half-open ranges of keys, disjoint: one with many rows, or many with few.

    Returns
    -------
    structured array (n,)
        Records of the product's columns, with the key in front of them where it is none of these.
    """
    from app.db.copied_rows import copy_chunks

    columns = product.columns
    if product.key not in {column.name for column in columns}:
        columns = (Column(product.key, Kind.BIGINT, "Key of the extraction"), *columns)
    query = sql.SQL(_ONE_RANGE if len(ranges) == 1 else _RANGES).format(
        key=sql.Identifier(product.key),
        columns=sql.SQL(", ").join(sql.Identifier("p", column.name) for column in columns),
        table=sql.Identifier("release", product.name),
        release=sql.Literal(release_id),
        low=sql.Literal(ranges[0][0]),
        beyond=sql.Literal(ranges[0][1]),
        lows=sql.Literal([low for low, _ in ranges]),
        beyonds=sql.Literal([beyond for _, beyond in ranges]),
    )
    chunks = [empty_records(columns, 0), *copy_chunks(connection, query, columns, CHUNK_ROWS)]
    # By bytes: field by field takes eighteen times as long.
    return np.concatenate([chunk.view(np.uint8) for chunk in chunks]).view(chunks[0].dtype)


_ONE_RANGE = """SELECT {columns} FROM {table} AS p
WHERE p.release_id = {release} AND p.{key} >= {low} AND p.{key} < {beyond}"""
# OFFSET 0: one search of the index a range. As a join, every row was held against every range.
_RANGES = """SELECT {columns} FROM unnest({lows}::bigint[], {beyonds}::bigint[]) AS span (low, beyond)
CROSS JOIN LATERAL (
    SELECT * FROM {table} AS q
    WHERE q.release_id = {release} AND q.{key} >= span.low AND q.{key} < span.beyond OFFSET 0
) AS p"""
