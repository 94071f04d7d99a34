"""Point-source records with the null pattern of a real scan, in every form the compared loaders take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from app.columns import POINT_SOURCE, Column, Kind
from app.columns.records import EPOCH, empty_records, null_integer

if TYPE_CHECKING:
    import pyarrow as pa

    from app.columns.records import Records

# Shares of the sources seen in J only, H only, JH, Ks only, JKs, HKs, JHKs, none: an ordinary high-latitude scan has
# half of its sources in all bands and a third in one.
BAND_SHARES = (0.20, 0.05, 0.13, 0.05, 0.02, 0.05, 0.50)
WIRE_TYPES = {
    Kind.BIGINT: "int8",
    Kind.INTEGER: "int4",
    Kind.SMALLINT: "int2",
    Kind.DOUBLE: "float8",
    Kind.REAL: "float4",
    Kind.CHAR: "text",
    Kind.DATE: "date",
}


def make_records(n: int, run_id: int, scan_key: int, attempt_id: int) -> Records:
    """Random sources of one scan: nulls where the registry and the bands seen say so; other values are noise."""
    random = np.random.default_rng(20260101)
    seen = random.choice(np.arange(1, 8), n, p=BAND_SHARES)
    rows = empty_records(POINT_SOURCE, n)
    for column in POINT_SOURCE:
        if _left_open(column):
            continue
        rows[column.name] = _noise(column, n, random)
        if column.nullable and column.name[1] == "_":
            unseen = (seen >> "jhk".index(column.name[0])) & 1 == 0
            rows[column.name][unseen] = np.nan
    rows["run_id"], rows["scan_key"], rows["attempt_id"] = run_id, scan_key, attempt_id
    rows["src_id"] = np.sort(random.choice(1 << 40, n, replace=False)) + (1 << 50)
    return rows


def _left_open(column: Column) -> bool:
    return (
        column.null.startswith(("given by a release", "this version", "no optical")) or "_r1" in column.name
    )


def _noise(column: Column, n: int, random: np.random.Generator) -> Any:
    if column.kind is Kind.CHAR:
        return random.integers(48, 58, (n, column.length)).astype(np.uint8).view(f"S{column.length}")[:, 0]
    if column.kind in {Kind.DOUBLE, Kind.REAL}:
        return random.normal(15.0, 1.0, n)
    return random.integers(0, 20_000, n)


def nulls(rows: Records, column: Column) -> Any:
    """Where a column is null."""
    values = rows[column.name]
    if column.kind in {Kind.DOUBLE, Kind.REAL}:
        return np.isnan(values)
    return values == (b"" if column.kind is Kind.CHAR else null_integer(column.kind))


def python_rows(rows: Records) -> list[tuple[Any, ...]]:
    """Tuples of Python values, as `write_row` takes them."""
    lists = []
    for column in POINT_SOURCE:
        values = rows[column.name]
        if column.kind is Kind.CHAR:
            values = np.char.decode(values, "ascii")
        elif column.kind is Kind.DATE:
            values = EPOCH + values
        plain = values.astype(object)
        plain[nulls(rows, column)] = None
        lists.append(plain.tolist())
    return list(zip(*lists, strict=True))


def arrow_batch(rows: Records) -> pa.RecordBatch:
    """Arrow record batch, as pgpq takes it."""
    import pyarrow as pa

    arrays = []
    for column in POINT_SOURCE:
        values = np.ascontiguousarray(rows[column.name])
        if column.kind is Kind.CHAR:
            values = np.char.decode(values, "ascii").astype(object)
        elif column.kind is Kind.DATE:
            values = EPOCH + values
        kind = pa.string() if column.kind is Kind.CHAR else None
        arrays.append(pa.array(values, kind, mask=nulls(rows, column)))
    return pa.record_batch(arrays, names=[column.name for column in POINT_SOURCE])
