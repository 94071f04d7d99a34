"""pgSphere's types through psycopg and SQLAlchemy, its operators and indexes, and its HEALPix against ours."""

import os
from dataclasses import replace

import numpy as np
import psycopg
import pytest
from sqlalchemy import Column, Index, Integer, MetaData, Table, select
from sqlalchemy.dialects import postgresql

from app.columns import POINT_SOURCE
from app.db.copy import SourceTable, copy_rows
from app.db.pgsphere import (
    PgSphereMissingError,
    SBoxType,
    SCircleType,
    SPointType,
    SPolygonType,
    register,
)
from app.sky.healpix import pixel_number
from app.sky.shapes import SBox, SCircle, SPoint, SPolygon
from tests.conftest import create_database, drop_database
from tests.worlds.ledger import open_attempt, sky_rows

SHAPES = {
    "spoint": SPoint(10.5, -3.25),
    "scircle": SCircle(SPoint(359.9, 89.0), 0.5),
    "spoly": SPolygon((SPoint(359.5, -1.0), SPoint(0.5, -1.0), SPoint(0.5, 5.0), SPoint(359.5, 5.0))),
    "sbox": SBox(SPoint(350.0, -10.0), SPoint(10.0, 20.0)),
}
# pgSphere writes 15 significant digits of radians: at most 360 degrees * 5e-16 * a few roundings.
TOLERANCE_DEG = 4e-13


def numbers(shape):
    match shape:
        case SPoint(ra, decl):
            return [ra, decl]
        case SCircle(centre, radius):
            return [*numbers(centre), radius]
        case SPolygon(corners):
            return [number for corner in corners for number in numbers(corner)]
        case SBox(south_west, north_east):
            return [*numbers(south_west), *numbers(north_east)]


def same(found, given):
    return type(found) is type(given) and numbers(found) == pytest.approx(
        numbers(given), abs=TOLERANCE_DEG, rel=0
    )


@pytest.fixture(scope="module")
def sphere_database(template_database):
    """One database for this module: every test rolls back."""
    shared = replace(template_database, name=f"sphere_{os.getpid()}")
    create_database(shared.cluster, shared.name, template_database.name)
    yield shared
    drop_database(shared.cluster, shared.name)


@pytest.fixture
def connection(sphere_database):
    with sphere_database.connect() as connection:
        register(connection)
        yield connection
        connection.rollback()


@pytest.fixture
def sql_connection(sphere_database):
    with sphere_database.engine().connect() as connection:
        yield connection


@pytest.mark.parametrize("name", SHAPES)
def test_psycopg_round_trip(connection, name):
    given = SHAPES[name]
    assert same(connection.execute("SELECT %s", (given,)).fetchone()[0], given)
    found = connection.execute("SELECT %s, NULL::" + name, ([given, given],)).fetchone()
    assert all(same(one, given) for one in found[0])
    assert found[1] is None


@pytest.mark.parametrize("name", SHAPES)
def test_text_copy(connection, name):
    given = SHAPES[name]
    connection.execute(f"CREATE TEMPORARY TABLE shapes (number integer, shape {name})")
    with connection.cursor() as cursor, cursor.copy("COPY shapes FROM STDIN") as copy:
        for number in range(3):
            copy.write_row((number, given if number else None))
    found = connection.execute("SELECT shape FROM shapes ORDER BY number").fetchall()
    assert found[0] == (None,)
    assert all(same(one, given) for (one,) in found[1:])
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY (SELECT shape FROM shapes WHERE number = 1) TO STDOUT") as copy,
    ):
        copy.set_types([name])
        assert [same(row[0], given) for row in copy.rows()] == [True]


def test_precision_over_the_sky(connection):
    random = np.random.default_rng(1)
    points = [
        SPoint(*pair) for pair in zip(random.uniform(0, 360, 500), random.uniform(-90, 90, 500), strict=True)
    ]
    points = [SPoint(float(p.ra_deg), float(p.decl_deg)) for p in points]
    (found,) = connection.execute("SELECT %s", (points,)).fetchone()
    assert all(same(one, given) for one, given in zip(found, points, strict=True))


def test_tiny_numbers_are_read(connection):
    """Exponents: 1e-6 degrees come back as 1.74532925199433e-08 radians; 1e-9 rad and less are zero to pgSphere."""
    given = SPoint(1e-6, -1e-7)
    assert same(connection.execute("SELECT %s", (given,)).fetchone()[0], given)
    assert connection.execute("SELECT %s", (SPoint(5e-8, -5e-8),)).fetchone()[0] == SPoint(0.0, 0.0)


def test_operators(connection):
    centre, edge = SPoint(10.0, 20.0), SPoint(10.0, 20.9)
    circle, far = SCircle(centre, 1.0), SCircle(SPoint(200.0, 20.0), 1.0)
    query = "SELECT %s <@ %s, %s <@ %s, %s && %s, %s && %s, degrees(%s <-> %s)"
    found = connection.execute(
        query, (edge, circle, edge, far, circle, circle, circle, far, centre, edge)
    ).fetchone()
    assert found[:4] == (True, False, True, False)
    assert found[4] == pytest.approx(0.9, abs=1e-12)


def test_missing_extension_says_what_to_do(empty_database):
    with (
        empty_database.connect() as connection,
        pytest.raises(PgSphereMissingError, match="mapps db migrate"),
    ):
        register(connection)


TABLE = Table(
    "shape", MetaData(),
    Column("number", Integer, primary_key=True),
    Column("spoint", SPointType()), Column("scircle", SCircleType()),
    Column("spoly", SPolygonType()), Column("sbox", SBoxType()),
    Index("ix_shape_spoly", "spoly", postgresql_using="gist"),
)  # fmt: skip


def test_reflection_knows_the_types(sql_connection):
    TABLE.metadata.create_all(sql_connection)
    found = Table("shape", MetaData(), autoload_with=sql_connection)
    assert {name: type(found.c[name].type) for name in SHAPES} == {
        "spoint": SPointType, "scircle": SCircleType, "spoly": SPolygonType, "sbox": SBoxType,
    }  # fmt: skip
    (index,) = found.indexes
    assert index.dialect_options["postgresql"]["using"] == "gist"


@pytest.mark.filterwarnings("error")
def test_statements_are_cached():
    """SQLAlchemy warns of every type whose own class does not say cache_ok."""
    for column in TABLE.c:
        select(column).where(column == 1).compile(dialect=postgresql.dialect())
        if column.name in SHAPES:
            assert "cache_ok" in vars(type(column.type))


def plan(connection, query, *values):
    connection.execute("SET LOCAL enable_seqscan = off")
    return "\n".join(line for (line,) in connection.execute("EXPLAIN " + query, values))


def test_scan_footprints_are_indexed(connection):
    circle = "scircle(spoint(radians(1), radians(2)), radians(0.1))"
    query = f"SELECT scan_key FROM survey.scan WHERE planned_footprint && {circle}"
    assert "ix_scan_planned_footprint" in plan(connection, query)
    query = "SELECT scan_key FROM survey.scan WHERE planned_footprint && %s"
    assert "ix_scan_planned_footprint" in plan(connection, query, SCircle(SPoint(1.0, 2.0), 0.1))


CONE = """SELECT src_id FROM wsdb.point_measurement
WHERE spoint(radians(ra), radians(decl)) <@ scircle(spoint(radians(%s), radians(%s)), radians(%s))"""


@pytest.mark.parametrize("zones", [1, 12])
def test_cone_search_uses_the_index_of_a_sealed_run(connection, zones):
    attempt = open_attempt(connection, zones)
    random = np.random.default_rng(2)
    ra, decl = random.uniform(0, 4, 4000) % 360, random.uniform(-2, 2, 4000)
    copy_rows(connection, SourceTable.POINT, POINT_SOURCE, sky_rows(attempt, ra, decl))
    centre, radius = (1.0, 0.5), 0.3
    index = f"point_measurement_r{attempt.run_id}"
    assert "_spoint_idx" not in plan(connection, CONE, *centre, radius)
    connection.execute("SELECT wsdb.seal_run(%s)", (attempt.run_id,))
    connection.execute("SELECT wsdb.seal_run(%s)", (attempt.run_id,))
    connection.execute("SET LOCAL enable_seqscan = on")
    explained = plan(connection, CONE, *centre, radius)
    assert "Index" in explained
    assert "_spoint_idx" in explained, explained
    assert index in explained
    found = {key for (key,) in connection.execute(CONE, (*centre, radius))}
    x, y = np.radians(ra - centre[0]), np.radians(decl)
    distance = np.arccos(
        np.sin(y) * np.sin(np.radians(centre[1])) + np.cos(y) * np.cos(np.radians(centre[1])) * np.cos(x)
    )
    rows = sky_rows(attempt, ra, decl)
    assert found == set(rows["src_id"][np.degrees(distance) < radius].tolist())
    sealed = connection.execute(
        "SELECT sealed_at FROM production.run WHERE run_id = %s", (attempt.run_id,)
    ).fetchone()
    assert sealed[0] is not None


def test_binary_copy_of_a_sphere_type_is_impossible(connection):
    """Why the source tables keep ra and decl as doubles; should this ever pass, they need not."""
    connection.execute("CREATE TEMPORARY TABLE points (number integer, place spoint)")
    with (
        pytest.raises(psycopg.errors.UndefinedFunction, match="no binary input function"),
        connection.cursor() as cursor,
        cursor.copy("COPY points (number) FROM STDIN (FORMAT binary)"),
    ):
        pass


@pytest.mark.parametrize("order", [0, 1, 2, 12])
def test_healpix_is_pgspheres(connection, order):
    random = np.random.default_rng(3)
    ra, decl = random.uniform(0, 360, 2000), np.degrees(np.arcsin(random.uniform(-1, 1, 2000)))
    found = connection.execute(
        "SELECT healpix_nest(%s, spoint(radians(ra), radians(decl)))"
        " FROM unnest(%s::float8[], %s::float8[]) WITH ORDINALITY AS t (ra, decl, n) ORDER BY n",
        (order, ra.tolist(), decl.tolist()),
    ).fetchall()
    assert [pixel for (pixel,) in found] == pixel_number(ra, decl, order).tolist()
