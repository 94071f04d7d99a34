"""FITS binary tables: written row block by row block, equal bytes for equal content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from app.columns import Column, Kind
from app.columns.records import EPOCH, null_integer
from app.releases.products import Product

_BLOCK = 2880
_LETTERS = {Kind.BIGINT: "K", Kind.INTEGER: "J", Kind.SMALLINT: "I", Kind.DOUBLE: "D", Kind.REAL: "E"}
# FITS knows no date type; ISO 8601 text is what its time standard asks for.
_DATE_LENGTH = 10
NO_FACTS: Mapping[str, str | int] = MappingProxyType({})


def write_fits(
    stream: BinaryIO,
    product: Product,
    rows: int,
    chunks: Iterable[NDArray[np.void]],
    facts: Mapping[str, str],
    table_facts: Mapping[str, str | int] = NO_FACTS,
) -> None:
    """Write one product.

    Parameters
    ----------
    stream : binary file, written
        Target, open for writing.
    product : Product
        Columns, with lengths of all text columns.
    rows : int
        Number of rows of all chunks together.
    chunks : iterable of structured arrays
        Rows, from `products.read_chunks`.
    facts : mapping of str to str
        Keywords of the primary header with their values.
    table_facts : mapping of str to str or int
        Keywords of the table besides.
    """
    from astropy.io import fits

    primary = fits.PrimaryHDU()
    for key, value in facts.items():
        primary.header[key] = value
    stream.write(primary.header.tostring().encode("ascii"))
    stream.write(_table_header(product, rows, table_facts).encode("ascii"))
    written = 0
    for chunk in chunks:
        written += stream.write(_on_disk(chunk, product.columns).tobytes())
    stream.write(b"\0" * (-written % _BLOCK))


def healpix_keywords(order: int) -> dict[str, str | int]:
    """Keywords by which programs know a table as a sparse HEALPix map, of cells named in its first column.

    Parameters
    ----------
    order : int
        HEALPix order of the cells, nested, ICRS.

    Examples
    --------
    >>> healpix_keywords(11)["NSIDE"]
    2048
    """
    # The convention of HEALPix's own files, as the registry of FITS conventions has it.
    return {
        "PIXTYPE": "HEALPIX", "ORDERING": "NESTED", "COORDSYS": "C", "INDXSCHM": "EXPLICIT", "OBJECT": "PARTIAL",
        "NSIDE": 1 << order, "MOCORDER": order,
    }  # fmt: skip


def _table_header(product: Product, rows: int, table_facts: Mapping[str, str | int]) -> str:
    from astropy.io import fits

    columns = [
        fits.Column(
            name=column.name,
            format=_format(column),
            unit=column.unit or None,
            null=null_integer(column.kind) if _has_null_value(column) else None,
        )
        for column in product.columns
    ]
    header = fits.BinTableHDU.from_columns(columns, nrows=0, name=product.name.upper()).header
    header["NAXIS2"] = rows
    for number, column in enumerate(product.columns, start=1):
        header.set(f"TUCD{number}", column.ucd, after=_last_card(header, number))
        header.set(f"TCOMM{number}", column.description, after=f"TUCD{number}")
    for key, value in table_facts.items():
        header[key] = value
    return str(header.tostring())


def _last_card(header: Any, number: int) -> str:
    """Last keyword of a column so far: UCD and comment are written after it."""
    return next(f"{key}{number}" for key in ("TNULL", "TUNIT", "TFORM") if f"{key}{number}" in header)


def _has_null_value(column: Column) -> bool:
    return column.kind in {Kind.BIGINT, Kind.INTEGER, Kind.SMALLINT} and column.nullable


def _format(column: Column) -> str:
    if column.kind is Kind.CHAR:
        return f"{column.length}A"
    return f"{_DATE_LENGTH}A" if column.kind is Kind.DATE else _LETTERS[column.kind]


def _on_disk(chunk: NDArray[np.void], columns: tuple[Column, ...]) -> NDArray[np.void]:
    """Big-endian records; text padded with blanks, NaN for null floats, TNULL for null integers."""
    kinds = [(c.name, f"S{_DATE_LENGTH}" if c.kind is Kind.DATE else c.numpy_type) for c in columns]
    out = np.empty(chunk.size, np.dtype(kinds).newbyteorder(">"))
    for column in columns:
        values: NDArray[Any] = chunk[column.name]
        if column.kind is Kind.CHAR:
            values = np.char.ljust(values, column.length)
        elif column.kind is Kind.DATE:
            values = (EPOCH + values.astype("m8[D]")).astype(f"S{_DATE_LENGTH}")
        out[column.name] = values
    return out
