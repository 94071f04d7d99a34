"""SQL made from the registry, on a server: decoders of flags, and the views by which a release is filled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from app.columns.flags import FLAGS, decode
from app.columns.sql import RELEASE_TABLES, ReleaseTable
from app.db import migrate
from app.instruments.bands import BANDS
from tests.conftest import Database


@pytest.fixture
def connection(template_database: Database) -> Iterator[Connection[Any]]:
    """A reader's connection: nothing here is written."""
    with template_database.connect("reader") as connection:
        yield connection


def one(connection: Connection[Any], query: str, *values: Any) -> Any:
    row = connection.execute(query.encode(), values).fetchone()
    assert row is not None
    return row[0]


def triples(column: str) -> list[str]:
    """Every value in every band beside the others."""
    letters = [flag.value for flag in FLAGS[column]]
    return [letters[k] + letters[k - 1] + letters[k - 2] for k in range(len(letters))]


@pytest.mark.parametrize("kind", ["text", "character(3)"])
@pytest.mark.parametrize("column", FLAGS)
def test_decoders_agree_with_python(connection: Connection[Any], column: str, kind: str) -> None:
    for text in triples(column):
        for band, flag in decode(column, text).items():
            character = one(connection, f"SELECT wsdb.{band}_{column}(%s::{kind})", text)
            assert character == flag
            assert one(connection, f"SELECT wsdb.{column}_meaning(%s)", character) == flag.meaning


@pytest.mark.parametrize("text", ["A  ", "  A", " A ", "   "])
def test_blanks_are_not_lost(connection: Connection[Any], text: str) -> None:
    found = [one(connection, f"SELECT wsdb.{band}_ph_qual(%s::character(3))", text) for band in BANDS]
    assert "".join(found) == text


def test_null_stays_null_and_no_value_has_no_meaning(connection: Connection[Any]) -> None:
    for band in BANDS:
        assert all(one(connection, f"SELECT wsdb.{band}_{column}(NULL)") is None for column in FLAGS)
        assert one(connection, f"SELECT wsdb.{band}_frames_detected(NULL)") is None
    for column in FLAGS:
        assert one(connection, f"SELECT wsdb.{column}_meaning('?')") is None
        assert one(connection, f"SELECT wsdb.{column}_meaning(NULL)") is None


def test_frame_counts(connection: Connection[Any]) -> None:
    query = "SELECT ARRAY[{}]".format(
        ", ".join(
            f"wsdb.{band}_frames_{word}('123456'::character(6))"
            for band in BANDS
            for word in ("detected", "measurable")
        )
    )
    assert one(connection, query) == [1, 2, 3, 4, 5, 6]


def test_decoders_are_inlined(connection: Connection[Any]) -> None:
    """A call a row would cost more than the rest of the release's rules."""
    calls = [f"wsdb.{band}_{column}({column})" for band in BANDS for column in FLAGS]
    calls += [f"wsdb.{band}_frames_{word}(ndet)" for band in BANDS for word in ("detected", "measurable")]
    calls += [f"wsdb.{column}_meaning({column})" for column in FLAGS]
    query = f"EXPLAIN (VERBOSE) SELECT {', '.join(calls)} FROM wsdb.point_measurement"
    plan = "\n".join(line for (line,) in connection.execute(query.encode()))
    assert "wsdb.j_" not in plan
    assert "_meaning" not in plan


@pytest.mark.parametrize("table", RELEASE_TABLES, ids=lambda table: table.name)
def test_views_have_the_columns_in_order(connection: Connection[Any], table: ReleaseTable) -> None:
    query = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum"
    entry = [name for (name,) in connection.execute(query, (f"release.{table.name}_entry",))]
    measurement = [name for (name,) in connection.execute(query, (f"release.{table.name}_measurement",))]
    assert entry == ["release_id", *table.given, *table.copied]
    assert measurement == list(table.copied)
    columns = [name for (name,) in connection.execute(query, (f"release.{table.name}",))]
    assert sorted(entry) == sorted(columns), "a column of the table that no release fills"


def test_rows_enter_by_the_operator_only(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("SELECT release.create_partitions(1)")
    row = """INSERT INTO release.xsc_entry (release_id, ext_key, designation, dup_src, use_src, ra, decl, ext_id,
             run_id, scan_key, coadd_key, coadd, id, date, glon, glat, scan, hemis, im_nx, vc, contam_flg, n_blank,
             night_key, cc_flg)
             VALUES (1, 1, 'x', 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, '1998-01-01', 1, 1, 1, 'n', 61, -2, 0, 0, 1, '0')"""
    with database.connect("operator") as connection:
        connection.execute(row)
        assert one(connection, "SELECT count(*) FROM release.xsc") == 1
    for role in ("reader", "worker"):
        with (
            database.connect(role) as connection,
            pytest.raises(psycopg.Error, match=r"permission denied|read-only"),
        ):
            connection.execute(row)


def test_scripts_may_be_applied_again(database: Database) -> None:
    assert migrate.upgrade(database.url) == migrate.head()
    with database.connect("reader") as connection:
        assert one(connection, "SELECT count(*) FROM release.psc_content") == 0
