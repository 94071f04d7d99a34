"""The products of a release as their readers get them: table, columns, order."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection, sql

from app.columns import (
    PUBLISHED_ATLAS,
    PUBLISHED_IMAGE,
    PUBLISHED_MAP,
    PUBLISHED_PSC,
    PUBLISHED_SCAN,
    PUBLISHED_STAMP,
    PUBLISHED_XSC,
    Column,
    Kind,
)
from app.columns.records import EPOCH, empty_records

CHUNK_ROWS = 20_000


@dataclass(frozen=True)
class Product:
    """One table of the release schema.

    Attributes
    ----------
    name : str
        Name of the table: psc, xsc, atlas, stamp, scn, img or property_map.
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
) -> Generator[NDArray[np.void], None, None]:
    """Rows of a product in order, as records with the nulls of `app.columns.records`; memory holds a single chunk.

    Parameters
    ----------
    connection : Connection
        Role reader or more; a server-side cursor lives in a transaction of it until the last chunk is taken.
    product : Product
        Table and columns.
    release_id : int
        Key of the release.
    chunk_rows : int, optional
        Rows of a chunk.

    Yields
    ------
    structured array (n,)
        Records of the product's columns.
    """
    query = sql.SQL("SELECT {} FROM {} WHERE release_id = %s ORDER BY {}").format(
        sql.SQL(", ").join(sql.Identifier(column.name) for column in product.columns),
        sql.Identifier("release", product.name),
        sql.SQL(", ").join(map(sql.Identifier, product.order)),
    )
    with connection.transaction(), connection.cursor(name=f"export_{product.name}", binary=True) as cursor:
        cursor.itersize = chunk_rows
        cursor.execute(query, (release_id,))
        while rows := cursor.fetchmany(chunk_rows):
            yield _records(rows, product.columns)


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
) -> tuple[NDArray[np.int64], NDArray[np.void]]:
    """Rows of sources whose keys lie in some ranges, in the order of the keys.

    Parameters
    ----------
    connection : Connection
        Role reader or more.
    product : Product
        Table with a key that begins with the cell of the sky.
    release_id : int
        Key of the release.
    ranges : sequence of (int, int)
        Half-open ranges of keys, disjoint.

    Returns
    -------
    keys : int64 array (n,)
        Keys of the rows.
    records : structured array (n,)
        Records of the product's columns.
    """
    query = sql.SQL(
        # OFFSET 0: one search of the index a range. As a join, every row was held against every range.
        "SELECT {key}, {columns} FROM unnest(%s::bigint[], %s::bigint[]) AS span (low, beyond)"
        " CROSS JOIN LATERAL (SELECT * FROM {table} AS q"
        " WHERE q.release_id = %s AND q.{key} >= span.low AND q.{key} < span.beyond OFFSET 0) AS p"
        " ORDER BY p.{key}"
    ).format(
        key=sql.Identifier(product.key),
        columns=sql.SQL(", ").join(sql.Identifier(column.name) for column in product.columns),
        table=sql.Identifier("release", product.name),
    )
    keys: list[int] = []
    parts = [empty_records(product.columns, 0)]
    values = ([low for low, _ in ranges], [beyond for _, beyond in ranges], release_id)
    with connection.transaction(), connection.cursor(name=f"ranges_{product.name}", binary=True) as cursor:
        cursor.itersize = CHUNK_ROWS
        cursor.execute(query, values)
        while rows := cursor.fetchmany(CHUNK_ROWS):
            keys += [row[0] for row in rows]
            parts.append(_records([row[1:] for row in rows], product.columns))
    return np.array(keys, np.int64), np.concatenate(parts)


def _records(rows: list[tuple[Any, ...]], columns: tuple[Column, ...]) -> NDArray[np.void]:
    records = empty_records(columns, len(rows))
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        known = np.array([value is not None for value in values])
        records[column.name][known] = [_value(value) for value in values if value is not None]
    return records


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, date):
        return (np.datetime64(value, "D") - EPOCH).astype(int)
    return value
