"""The registry's producers against real runs: what it says is filled is filled, what it marks as open is null.

A column that no row has a value for is either marked so or lost on the way. r_3sig was lost: the reduction measured
it, the table had a column for it, and tests put values in by hand.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from psycopg import sql

from app.columns import EXTENDED_SOURCE, POINT_SOURCE, PUBLISHED_PSC, PUBLISHED_XSC, Column, Producer
from tests.acceptance.conftest import Site

FROM_RAW = frozenset({Producer.RAW, Producer.STEP, Producer.PUBLICATION})
FROM_IMAGES = frozenset({Producer.IMAGE, Producer.STEP, Producer.PUBLICATION})
EVERYBODY = frozenset(Producer)
OF_TWO_IMAGES = {"j_sig_sh0", "h_sig_sh0", "k_sig_sh0"}
"""Null in scans of the small night, which have one image a band; tests/unit/workers/steps/test_extended_facts.py fills
them."""

SOURCES = pytest.mark.parametrize(
    ("table", "columns"),
    [("point_measurement", POINT_SOURCE), ("extended_measurement", EXTENDED_SOURCE)],
    ids=["point", "extended"],
)


def filled(site: Site, schema: str, table: str, columns: Iterable[Column]) -> set[str]:
    """Names of the columns that have a value in one row at least."""
    names = [column.name for column in columns]
    counts = sql.SQL(", ").join(sql.SQL("count({})").format(sql.Identifier(name)) for name in names)
    with site.database.connect("reader") as connection:
        query = sql.SQL("SELECT {} FROM {}").format(counts, sql.Identifier(schema, table))
        row = connection.execute(query).fetchone()
    assert row is not None
    return {name for name, count in zip(names, row, strict=True) if count}


def produced(columns: Iterable[Column], producers: frozenset[Producer]) -> set[str]:
    """Names of the columns that one of the producers fills in scans of one image."""
    names = {column.name for column in columns if not column.producers.isdisjoint(producers)}
    return names - OF_TWO_IMAGES


@SOURCES
def test_raw_frames_fill_what_they_are_said_to(night: Site, table: str, columns: tuple[Column, ...]) -> None:
    assert filled(night, "wsdb", table, columns) == produced(columns, FROM_RAW)


@SOURCES
def test_finished_images_fill_what_they_are_said_to(
    night_images: Site, table: str, columns: tuple[Column, ...]
) -> None:
    assert filled(night_images, "wsdb", table, columns) == produced(columns, FROM_IMAGES)


@pytest.mark.parametrize(
    ("table", "columns"), [("psc", PUBLISHED_PSC), ("xsc", PUBLISHED_XSC)], ids=["psc", "xsc"]
)
def test_a_release_fills_the_rest(night: Site, table: str, columns: tuple[Column, ...]) -> None:
    assert filled(night, "release", table, columns) == produced(columns, EVERYBODY)
