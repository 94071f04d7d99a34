"""What people query over HTTP: views of each release, the newest one, observations, and tables that tell of them."""

from __future__ import annotations

import pytest

from app.columns.public_tables import PUBLIC_TABLES
from app.db import migrate
from tests.worlds.release import Box, World


@pytest.fixture
def world(database):
    with database.connect() as connection:
        world = World(connection)
        world.scan(world.run("plane"), 1, Box(10.0, 10.2, 0.0, 1.0))
        world.sources(1, [10.1, 10.11], [0.5, 0.6])
        world.extended(1, [10.1], [0.5])
        yield world


def test_each_release_has_views_and_the_newest_is_current(world):
    world.build("First.light")
    world.build("first-light")
    names = [n for (n,) in world.rows("SELECT table_name FROM tap_schema.tables ORDER BY table_index")]
    assert names[:6] == [
        "catalogue.psc_current", "catalogue.xsc_current", "catalogue.atlas_current", "fp_psc", "twomass_psc", "fp_xsc",
    ]  # fmt: skip
    assert {"catalogue.psc_first_light", "catalogue.psc_first_light_r2", "ivoa.obscore"} <= set(names)
    assert world.rows("SELECT count(*) FROM catalogue.psc_first_light") == [(2,)]
    assert world.rows("SELECT count(*) FROM catalogue.psc_first_light_r2") == [(2,)]
    assert world.rows("SELECT catalogue.current_release()") == [(2,)]
    for newest in ("psc_current", "fp_psc", "twomass_psc"):
        assert world.rows(f"SELECT count(*) FROM catalogue.{newest}") == [(2,)]


def test_every_described_table_has_the_columns_that_are_told(world):
    world.build()
    tables = world.rows("SELECT table_name, relation FROM catalogue.described_table")
    assert len(tables) > 10
    for name, relation in tables:
        told = world.rows(
            "SELECT column_name FROM tap_schema.columns WHERE table_name = %s ORDER BY column_index", name
        )
        assert told, name
        columns = ", ".join(column for (column,) in told)
        world.rows(f"SELECT {columns} FROM {relation} LIMIT 1")


def test_a_name_that_looks_like_a_key_gets_one(world):
    world.build("a_r7")
    world.build("current")
    assert world.rows("SELECT catalogue.identifier(release_id) FROM release.release ORDER BY 1") == [
        ("a_r7_r1",),
        ("current_r2",),
    ]


def test_observations_describe_the_images(world):
    world.build("first")
    world.connection.execute("SET mapps.base_url = 'http://x'")
    rows = world.rows(
        "SELECT obs_collection, access_url, s_ra, s_fov, em_min, s_xel1, facility_name, s_resolution"
        " FROM ivoa.obscore ORDER BY em_min"
    )
    assert len(rows) == 3
    collection, url, ra, field, shortest, columns, site, seeing = rows[0]
    assert (collection, columns, site) == ("first", 512, "Mt. Hopkins")
    assert seeing == pytest.approx(2.67)
    assert url.startswith("http://x/datalink?ID=first/")
    assert url.endswith("/j")
    assert ra == pytest.approx(10.1)
    assert field == pytest.approx(1.0198, abs=1e-3)
    assert shortest == 1.154e-6


def test_regions_are_written_as_text(world):
    (region,) = world.rows("SELECT catalogue.region_text(spoly '{(10d,0d),(11d,0d),(11d,1d)}')")[0]
    assert region == "POLYGON ICRS 10.000000 0.000000 11.000000 0.000000 11.000000 1.000000"
    (circle,) = world.rows("SELECT catalogue.region_text(scircle '<(10d,0d),1d>')")[0]
    assert [float(word) for word in circle.split()[2:]] == pytest.approx([10, 0, 1])
    (point,) = world.rows("SELECT catalogue.region_text(spoint '(10d,0d)')")[0]
    assert point.startswith("POSITION ICRS ")


@pytest.mark.parametrize("view", ["psc_first", "psc_current", "fp_psc"])
def test_a_cone_uses_the_index_through_the_views(world, view):
    world.build("first")
    declination = "dec" if view == "fp_psc" else "decl"
    world.connection.execute("SET enable_seqscan = off")
    plan = world.rows(
        f"EXPLAIN SELECT ra FROM catalogue.{view}"
        f" WHERE spoint(radians(ra), radians({declination})) <@ scircle(spoint(0.17, 0.01), 0.001)"
    )
    assert "psc_r1_position" in "\n".join(line for (line,) in plan)


def test_migrating_again_keeps_the_views(world, database):
    world.build("first")
    migrate.upgrade(database.url)
    assert world.rows("SELECT count(*) FROM catalogue.psc_first") == [(2,)]


def test_readers_see_the_views_and_no_jobs(world, database):
    world.build("first")
    with database.connect("reader") as connection:
        assert connection.execute("SELECT count(*) FROM catalogue.fp_psc").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM ivoa.obscore").fetchone() == (3,)
        (may,) = connection.execute("SELECT has_schema_privilege('access', 'USAGE')").fetchone()
        assert not may


def test_before_the_first_release_only_what_is_of_none_is_told(world):
    told = {n for (n,) in world.rows("SELECT product FROM catalogue.described_table")}
    assert told == {t.product for t in PUBLIC_TABLES} - {
        "psc", "xsc", "atlas", "property_map", "fp_psc", "fp_xsc", "pt_src_rej",
    }  # fmt: skip
    assert world.rows("SELECT count(*) FROM catalogue.psc_current") == [(0,)]
