"""Parquet files: typed columns, with units, descriptors and the release's origin in the metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from app.columns import Column, Kind
from app.columns.records import EPOCH
from app.releases.products import Product

# The only columns whose trailing blanks are padding: in three-letter flags a blank is a band that was not observed.
_PADDED = frozenset({"designation", "url"})


def write_parquet(
    stream: BinaryIO, product: Product, chunks: Iterable[NDArray[np.void]], facts: Mapping[str, str]
) -> None:
    """Write one product; a chunk becomes a row group.

    Parameters
    ----------
    stream : binary file, written
        Target, open for writing.
    product : Product
        Columns, with lengths of all text columns.
    chunks : iterable of structured arrays
        Rows, from `products.read_chunks`.
    facts : mapping of str to str
        Metadata of the file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [_field(column) for column in product.columns],
        metadata={key.encode(): value.encode() for key, value in facts.items()},
    )
    with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        for chunk in chunks:
            arrays = [_array(chunk[c.name], c, schema.field(c.name).type) for c in product.columns]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _field(column: Column) -> Any:
    import pyarrow as pa

    types = {
        Kind.BIGINT: pa.int64(),
        Kind.INTEGER: pa.int32(),
        Kind.SMALLINT: pa.int16(),
        Kind.DOUBLE: pa.float64(),
        Kind.REAL: pa.float32(),
        Kind.CHAR: pa.string(),
        Kind.DATE: pa.date32(),
    }
    described = {"description": column.description, "unit": column.unit, "ucd": column.ucd}
    return pa.field(
        column.name,
        types[column.kind],
        nullable=column.nullable,
        metadata={key: value for key, value in described.items() if value},
    )


def _array(values: NDArray[Any], column: Column, kind: Any) -> Any:
    import pyarrow as pa

    if column.kind is Kind.CHAR:
        texts = [value.decode("utf-8") if value else None for value in values.tolist()]
        if column.name in _PADDED:
            texts = [text if text is None else text.rstrip() for text in texts]
        else:
            # numpy drops trailing zero bytes only, but blanks may be lost before: the length is made whole again.
            texts = [text if text is None else text.ljust(column.length) for text in texts]
        return pa.array(texts, type=kind)
    if column.kind in {Kind.DOUBLE, Kind.REAL}:
        return pa.array(values, type=kind, mask=np.isnan(values))
    null = values == np.iinfo(values.dtype).min
    if column.kind is Kind.DATE:
        days = values.astype(np.int64) + (EPOCH - np.datetime64("1970-01-01", "D")).astype(int)
        return pa.array(days.astype(np.int32), type=pa.int32(), mask=null).cast(kind)
    return pa.array(values, type=kind, mask=null)
