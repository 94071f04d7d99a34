"""Tables of the rows that the database gives, and translations that are kept."""

from __future__ import annotations

import pytest

from app.access.adql.errors import QueryError
from app.access.tables import LONGEST_KEPT, MOST_TRANSLATIONS, Published, relations_of
from tests.worlds.public import TABLES


def row(table: str, column: str, **more: object) -> dict[str, object]:
    empty = dict.fromkeys(("arraysize", "xtype", "description", "utype", "unit", "ucd"))
    return {
        "table_name": table, "relation": f"catalogue.{table}", "release": "first", "column_name": column,
        "datatype": "int",
        "indexed": 0, "principal": 1, "std": 0,
    } | empty | more  # fmt: skip


def test_rows_become_tables():
    first, second = relations_of([row("a", "x", unit="deg"), row("a", '"date"'), row("b", "y", release=None)])
    assert (first.name, first.relation, first.release, list(first.columns)) == (
        "a",
        ("catalogue", "a"),
        "first",
        ["x", "date"],
    )
    assert first.columns["x"].unit == "deg"
    assert second.release == ""


def test_translations_are_kept_and_errors_are_not():
    published = Published(TABLES, {}, {}, None)
    kept = published.translate("SELECT ra FROM fp_psc")
    assert published.translate("SELECT ra FROM fp_psc") is kept
    long = f"SELECT ra FROM fp_psc WHERE ra IN ({', '.join(['1'] * LONGEST_KEPT)})"
    assert published.translate(long) is not published.translate(long)
    for _ in range(2):
        with pytest.raises(QueryError):
            published.translate("SELECT raa FROM fp_psc")
    for number in range(MOST_TRANSLATIONS):
        published.translate(f"SELECT ra FROM fp_psc WHERE ra > {number}")
    assert published.translate("SELECT ra FROM fp_psc") is not kept
