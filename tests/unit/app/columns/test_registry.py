"""The column registry: names, types, units and formats."""

import re

import numpy as np
import pytest

from app.columns import EXTENDED_SOURCE, POINT_SOURCE, PUBLISHED_PSC, Kind

ALL = [*POINT_SOURCE, *EXTENDED_SOURCE]


@pytest.mark.parametrize("columns", [POINT_SOURCE, EXTENDED_SOURCE], ids=["point", "extended"])
def test_names_are_unique(columns):
    names = [column.name for column in columns]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("columns", [POINT_SOURCE, EXTENDED_SOURCE], ids=["point", "extended"])
def test_wide_types_stand_before_narrow_ones(columns):
    """Otherwise PostgreSQL fills rows up to the places where wide ones may begin."""
    widths = {column.name: column.kind.wire_bytes or 0 for column in columns}
    assert list(widths) == sorted(widths, key=lambda name: -widths[name]), "put it behind those of its width"


def test_no_pattern_is_left_open():
    for column in ALL:
        assert "{" not in column.name + column.description + column.ucd, column.name
        assert not column.description.endswith("."), column.name


def test_types():
    for column in ALL:
        assert (column.kind is Kind.CHAR) == (column.length > 0), column.name
        size = np.dtype(column.numpy_type).itemsize
        assert size == (column.kind.wire_bytes or column.length), column.name


def test_ucd_words_are_well_formed():
    for column in ALL:
        assert re.fullmatch(r"[A-Za-z0-9.;-]+", column.ucd), column.name


def test_text_formats_fit_their_types():
    for column in PUBLISHED_PSC:
        last = column.text_format[-1]
        expected = {Kind.CHAR: "s", Kind.DATE: "s", Kind.DOUBLE: "f", Kind.REAL: "f"}.get(column.kind, "d")
        assert last == expected, column.name
