"""The statements around a query, errors by status, figures for Prometheus, and the command's token."""

from __future__ import annotations

import pytest

from app.access.application import TooLargeError, status_of
from app.access.health import render
from app.access.scs import cone_query
from app.access.statement import Inner, shown
from app.access.tap.job import UnknownJobError
from app.cli.serve import read_token
from app.columns.public_table import PublicColumn
from app.errors import ConflictError, DatabaseUnavailableError, SettingsError, UserError

PLAIN = PublicColumn("x", "char", "", "3")


@pytest.mark.parametrize(
    ("kind", "expression", "datatype", "size", "xtype"),
    [
        ("int2", "c1", "short", "", ""), ("float8", "c1", "double", "", ""), ("numeric",
        "c1::double precision", "double", "", ""),
        ("bool", "c1::integer", "int", "", ""), ("bpchar", "c1", "char", "3", ""), ("text", "c1", "char", "*", ""),
        ("date", "c1", "char", "10", "timestamp"), ("spoly", "catalogue.region_text(c1)", "char", "*", "adql:REGION"),
        ("", "c1::text", "char", "*", ""),
    ],
)  # fmt: skip
def test_types_are_sent_so_that_every_reader_knows_them(kind, expression, datatype, size, xtype):
    sent, column = shown(PLAIN, kind, 1)
    assert (sent, column.datatype, column.arraysize, column.xtype) == (expression, datatype, size, xtype)


def test_statements():
    inner = Inner("SELECT 1 AS a", "WITH u AS (x) ")
    assert inner.description() == "WITH u AS (x) SELECT * FROM (SELECT 1 AS a) AS answer LIMIT 0"
    assert inner.rows(["c1", "c2::text"], 5, "FORMAT text") == (
        "COPY (WITH u AS (x) SELECT c1, c2::text FROM (SELECT 1 AS a) AS answer (c1, c2) LIMIT 6)"
        " TO STDOUT (FORMAT text)"
    )


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UserError("x"), 400), (UnknownJobError("x"), 404), (ConflictError("x"), 409), (TooLargeError("x"), 413),
        (DatabaseUnavailableError("x"), 503),
    ],
)  # fmt: skip
def test_statuses(error, status):
    assert status_of(error) == status


def test_figures():
    rows = [
        ("mapps_tasks", 'run="a"', 1.0),
        ("mapps_tasks", 'run="b"', 2.0),
        ("mapps_database_bytes", "", 123456789.0),
    ]
    assert render(rows).splitlines() == [
        "# HELP mapps_tasks Tasks by run, kind and state", "# TYPE mapps_tasks gauge", 'mapps_tasks{run="a"} 1',
        'mapps_tasks{run="b"} 2', "# HELP mapps_database_bytes Size of the database",
        "# TYPE mapps_database_bytes gauge",
        "mapps_database_bytes 123456789",
    ]  # fmt: skip


def test_a_cone_is_ordered_by_distance():
    text = cone_query(1.0, -2.0, 0.5, 1, "psc")
    assert text.startswith("SELECT designation, ra, decl")
    assert text.endswith("ORDER BY DISTANCE(POINT(ra, decl), POINT(1.0, -2.0))")
    assert cone_query(1.0, 2.0, 0.5, 2, "xsc").startswith("SELECT * FROM catalogue.xsc_current")


def test_a_token_is_kept_from_others(tmp_path):
    path = tmp_path / "token"
    assert read_token(None) == ""
    with pytest.raises(SettingsError, match="No such file"):
        read_token(path)
    path.write_text("short\n")
    with pytest.raises(SettingsError, match="16 or more"):
        read_token(path)
    path.write_text("0123456789abcdef\n")
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        read_token(path)
    path.chmod(0o600)
    assert read_token(path) == "0123456789abcdef"
