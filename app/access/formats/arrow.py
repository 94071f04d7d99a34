"""Answers that are read by machines: Parquet with the descriptions of VOParquet, and FITS."""

from __future__ import annotations

import io
import tempfile
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import IO, Any

import numpy as np

from app.access.answer import Answer
from app.access.formats.rows import Cut
from app.access.formats.votable import head, provenance
from app.columns.public_table import PublicColumn

PARQUET_MEDIA_TYPE = "application/vnd.apache.parquet"
FITS_MEDIA_TYPE = "application/fits"
QUOTED = "FORMAT csv, FORCE_QUOTE *"
"""Options of COPY: a null is empty, an empty text is two quotes."""
_NUMPY = {"short": ">i2", "int": ">i4", "long": ">i8", "float": ">f4", "double": ">f8"}
_FITS = {"short": "I", "int": "J", "long": "K", "float": "E", "double": "D"}
_NULLS = {"short": -(2**15), "int": -(2**31), "long": -(2**63)}
_GROUP_ROWS = 100_000


def names_of(columns: Sequence[PublicColumn]) -> list[str]:
    """Names of the columns; those that come again get a number, since a file cannot have them twice."""
    seen: dict[str, int] = {}
    names = []
    for column in columns:
        count = seen[column.name] = seen.get(column.name, 0) + 1
        names.append(column.name if count == 1 else f"{column.name}_{count}")
    return names


async def _spooled(answer: Answer, kept: IO[bytes]) -> None:
    async for block in answer.blocks(QUOTED):
        kept.write(block)
    kept.seek(0)


def _batches(kept: IO[bytes], columns: Sequence[PublicColumn], cut: Cut) -> Iterator[Any]:
    """Rows of a file of CSV as record batches, as many as are wanted."""
    import pyarrow as pa
    from pyarrow import csv

    kinds = {
        "short": pa.int16(),
        "int": pa.int32(),
        "long": pa.int64(),
        "float": pa.float32(),
        "double": pa.float64(),
    }
    names = names_of(columns)
    if kept.seek(0, io.SEEK_END) == 0:
        return
    kept.seek(0)
    reader = csv.open_csv(
        kept,
        read_options=csv.ReadOptions(column_names=names, block_size=4 * 1024 * 1024, use_threads=False),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types={n: kinds.get(c.datatype, pa.string()) for n, c in zip(names, columns, strict=True)},
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )
    for batch in reader:
        wanted = batch.slice(0, max(0, cut.most - cut.rows))
        cut.rows += wanted.num_rows
        cut.overflow = cut.overflow or wanted.num_rows < batch.num_rows
        if wanted.num_rows:
            yield wanted


def _sent(kept: IO[bytes]) -> Iterator[bytes]:
    kept.seek(0)
    while block := kept.read(256 * 1024):
        yield block


async def write_parquet(answer: Answer, cut: Cut) -> AsyncGenerator[bytes, None]:
    """Write an answer as Parquet, with a VOTable that describes its columns (VOParquet 1.0)."""
    import pyarrow as pa
    from pyarrow import parquet

    with tempfile.TemporaryFile() as kept, tempfile.TemporaryFile() as made:
        await _spooled(answer, kept)
        described = head(answer.columns, provenance(answer)) + b"</TABLE></RESOURCE>\n</VOTABLE>\n"
        metadata = {"IVOA.VOTable-Parquet.version": "1.0", "IVOA.VOTable-Parquet.content": described.decode()}
        types = {
            "short": pa.int16(),
            "int": pa.int32(),
            "long": pa.int64(),
            "float": pa.float32(),
            "double": pa.float64(),
        }
        fields = [
            pa.field(name, types.get(column.datatype, pa.string()))
            for name, column in zip(names_of(answer.columns), answer.columns, strict=True)
        ]
        schema = pa.schema(fields, metadata=metadata)
        with parquet.ParquetWriter(made, schema, compression="zstd") as writer:
            for batch in _batches(kept, answer.columns, cut):
                writer.write_batch(batch.cast(schema), row_group_size=_GROUP_ROWS)
        for block in _sent(made):
            yield block


def _width(column: PublicColumn, longest: int) -> int:
    return int(column.arraysize) if column.arraysize.isdigit() else max(1, longest)


def _records(batch: Any, layout: np.dtype[Any], columns: Sequence[PublicColumn]) -> bytes:
    rows = np.zeros(batch.num_rows, layout)
    for number, column in enumerate(columns):
        values = batch.column(number)
        if column.datatype == "char":
            texts = values.fill_null("").to_pylist()
            rows[layout.names[number]] = [text.encode("ascii", "replace") for text in texts]  # type: ignore[index]
        else:
            null = _NULLS.get(column.datatype, float("nan"))
            rows[layout.names[number]] = values.fill_null(null).to_numpy(zero_copy_only=False)  # type: ignore[index]
    return bytes(rows.tobytes())


def _fits_header(answer: Answer, layout: np.dtype[Any], cut: Cut) -> bytes:
    from astropy.io import fits

    primary = fits.PrimaryHDU()
    columns = []
    for name, column in zip(layout.names or (), answer.columns, strict=True):
        form = _FITS.get(column.datatype) or f"{layout[name].itemsize}A"
        columns.append(
            fits.Column(name=name, format=form, unit=column.unit or None, null=_NULLS.get(column.datatype))
        )
    table = fits.BinTableHDU.from_columns(columns, nrows=0)
    table.header["NAXIS2"] = cut.rows
    for number, column in enumerate(answer.columns, 1):
        table.header[f"TCOMM{number}"] = column.description[:60].encode("ascii", "replace").decode()
        table.header[f"TUCD{number}"] = column.ucd
    table.header["OVERFLOW"] = (cut.overflow, "whether rows beyond MAXREC were left out")
    for name, value, _ in provenance(answer):
        table.header["HISTORY"] = f"{name}: {' '.join(value.split())}".encode("ascii", "replace").decode()
    text: str = primary.header.tostring() + table.header.tostring()
    return text.encode("ascii")


async def write_fits(answer: Answer, cut: Cut) -> AsyncGenerator[bytes, None]:
    """Write an answer as a FITS table; nulls are TNULL, NaN or blank."""
    with tempfile.TemporaryFile() as kept, tempfile.TemporaryFile() as made:
        await _spooled(answer, kept)
        longest = [1] * len(answer.columns)
        counted = Cut(cut.most)
        import pyarrow.compute as pc

        for batch in _batches(kept, answer.columns, counted):
            for number, column in enumerate(answer.columns):
                if column.datatype == "char":
                    longest[number] = max(
                        longest[number], pc.max(pc.binary_length(batch.column(number))).as_py() or 1
                    )
        layout = np.dtype(
            [
                (name, _NUMPY.get(column.datatype) or f"S{_width(column, length)}")
                for name, column, length in zip(
                    names_of(answer.columns), answer.columns, longest, strict=True
                )
            ]
        )
        for batch in _batches(kept, answer.columns, cut):
            made.write(_records(batch, layout, answer.columns))
        yield _fits_header(answer, layout, cut)
        for block in _sent(made):
            yield block
        yield bytes(-cut.rows * layout.itemsize % 2880)
