"""VOTable files: rows as text between tags, written as they come; an empty cell is null (VOTable 1.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, BinaryIO
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray

from app.columns import Column, Kind
from app.columns.records import EPOCH, null_integer
from app.releases.products import Product

_TYPES = {
    Kind.BIGINT: "long",
    Kind.INTEGER: "int",
    Kind.SMALLINT: "short",
    Kind.DOUBLE: "double",
    Kind.REAL: "float",
    Kind.CHAR: "char",
    Kind.DATE: "char",
}
DATE_LENGTH = 10
"""Letters of a date."""
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
<RESOURCE type="results">
<COOSYS ID="icrs" system="ICRS"/>
"""
_TAIL = "</TABLEDATA>\n</DATA>\n</TABLE>\n</RESOURCE>\n</VOTABLE>\n"


def write_votable(
    stream: BinaryIO,
    product: Product,
    rows: int,
    chunks: Iterable[NDArray[np.void]],
    facts: Mapping[str, str],
) -> None:
    """Write one product; memory holds a single chunk.

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
        What the file says of its release: an INFO element each.
    """
    stream.write(_HEAD.encode())
    for key, value in facts.items():
        info = f"<INFO name={quoteattr(key)} value={quoteattr(value)}/>"
        stream.write(f"{info}\n".encode())
    title = f'<TABLE name={quoteattr(product.name)} nrows="{rows}">\n'
    stream.write(f"{title}<DESCRIPTION>{escape(product.title)}</DESCRIPTION>\n".encode())
    stream.writelines(_field(column).encode() for column in product.columns)
    stream.write(b"<DATA>\n<TABLEDATA>\n")
    for chunk in chunks:
        cells = [_cells(chunk[column.name], column) for column in product.columns]
        stream.writelines(
            f"<TR><TD>{'</TD><TD>'.join(row)}</TD></TR>\n".encode() for row in zip(*cells, strict=True)
        )
    stream.write(_TAIL.encode())


def votable_head(product: Product, facts: Mapping[str, str]) -> str:
    """Describe a product without its rows: what Parquet files carry as VO metadata.

    Parameters
    ----------
    product : Product
        Columns, with lengths of all text columns.
    facts : mapping of str to str
        What the file says of its release: an INFO element each.
    """
    infos = "".join(
        f"<INFO name={quoteattr(key)} value={quoteattr(value)}/>\n" for key, value in facts.items()
    )
    title = f"<TABLE name={quoteattr(product.name)}>\n<DESCRIPTION>{escape(product.title)}</DESCRIPTION>\n"
    fields = "".join(map(_field, product.columns))
    return f"{_HEAD}{infos}{title}{fields}</TABLE>\n</RESOURCE>\n</VOTABLE>\n"


def _field(column: Column) -> str:
    said = {"name": column.name, "datatype": _TYPES[column.kind], "unit": column.unit, "ucd": column.ucd}
    if column.kind in {Kind.CHAR, Kind.DATE}:
        said["arraysize"] = f"{column.length if column.kind is Kind.CHAR else DATE_LENGTH}*"
    if column.kind is Kind.DATE:
        said["xtype"] = "timestamp"
    if column.ucd.startswith(("pos.eq.ra", "pos.eq.dec")):
        said["ref"] = "icrs"
    words = " ".join(f"{key}={quoteattr(value)}" for key, value in said.items() if value)
    return f"<FIELD {words}><DESCRIPTION>{escape(column.description)}</DESCRIPTION></FIELD>\n"


def _cells(values: NDArray[Any], column: Column) -> list[str]:
    """Texts of a column; the shortest that reads as the same number."""
    written: Callable[[Any], str]
    if column.kind is Kind.CHAR:
        return [escape(value.decode("utf-8")) for value in values.tolist()]
    if column.kind in {Kind.DOUBLE, Kind.REAL}:
        null = np.isnan(values)
        written = repr if column.kind is Kind.DOUBLE else str
        items = values.tolist() if column.kind is Kind.DOUBLE else values
    else:
        null = values == null_integer(column.kind)
        written = str
        items = values.tolist()
        if column.kind is Kind.DATE:
            items = (EPOCH + values.astype("m8[D]")).astype(str).tolist()
    return ["" if missing else written(item) for item, missing in zip(items, null, strict=True)]
