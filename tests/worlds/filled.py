"""Columns and fields that somebody should have filled and nobody did."""

from __future__ import annotations

import numpy as np

from app.columns.column import Column, Producer
from app.instruments.bands import BANDS


def unknown(values):
    """Where values are what `app.columns.records.unknown_rows` makes: NaN, the smallest integer, no text."""
    if values.dtype.kind == "f":
        return np.isnan(values)
    return values == (b"" if values.dtype.kind == "S" else np.iinfo(values.dtype).min)


def forgotten_fields(table) -> list[str]:
    """Fields of a table that have no value in any row."""
    return [name for name in table.dtype.names if unknown(table[name]).all()]


def forgotten_columns(rows, columns: tuple[Column, ...], producer: Producer, bands) -> list[str]:
    """Columns of a producer without a value in any row, or in some row though they are never null.

    Those of bands that were not observed are null, and left out.
    """
    others = tuple(f"{band.value}_" for band in BANDS if band not in bands)
    asked = [c for c in columns if producer in c.producers and not c.name.startswith(others)]
    missing = {column.name: unknown(rows[column.name]) for column in asked}
    return [c.name for c in asked if (missing[c.name].all() if c.nullable else missing[c.name].any())]
