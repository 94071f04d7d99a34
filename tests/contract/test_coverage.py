"""Coverage in SQL: cells and areas against Python, the gap between two scans, and overlaps through the index."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from psycopg import Connection

from app.db.statements import statement
from app.instruments.bands import BANDS
from app.sky.healpix import pixel_number
from app.sky.moc import COVERAGE_ORDER, FINEST_ORDER, area_arcmin2, ranges_of_cells
from app.sky.projection import SinProjection
from tests.conftest import Database
from tests.worlds.release import Box, World, fresh_world, key_of
from workers.reduction.frames.products import AtlasImage
from workers.steps.scan_coverage import scan_coverage

ARCSEC = 1 / 3600
# right ascension, declination, position angle of the scans' length
PLACES = {
    "equator": (120.0, 0.0, 0.0),
    "right ascension 0": (0.0, -30.0, 0.3),
    "corner of base cells": (45.0, 41.81, 0.0),
    "near the pole": (77.0, 89.7, 20.0),
}


def one(connection: Connection, query: str, *values: object) -> object:
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return row[0]


def text_of(ranges: tuple[tuple[int, int], ...]) -> str:
    return "{" + ",".join(f"[{low},{high})" for low, high in ranges) + "}"


def lattice(place: tuple[float, float, float], x: tuple[float, float], y: tuple[float, float]):
    """Positions every 3", x to the west and y along the scan, arcsec from a place."""
    plane = SinProjection.from_rotation(*place[:2], 0.0, 0.0, -ARCSEC, ARCSEC, place[2])
    return plane.to_sky(*np.meshgrid(np.arange(*x, 3.0), np.arange(*y, 3.0)))


def polygon(place: tuple[float, float, float], x: tuple[float, float], y: tuple[float, float]) -> str:
    plane = SinProjection.from_rotation(*place[:2], 0.0, 0.0, -ARCSEC, ARCSEC, place[2])
    ra, decl = plane.to_sky([x[0], x[1], x[1], x[0]], [y[0], y[0], y[1], y[1]])
    corners = ", ".join(f"({float(a)!r}d, {float(d)!r}d)" for a, d in zip(ra, decl, strict=True))
    return f"{{{corners}}}"


def images_of(place: tuple[float, float, float], first_x: float) -> list[AtlasImage]:
    """A scan of two images in three bands, 512" wide from x on and 1994" long around the place."""
    plane = SinProjection.from_rotation(*place[:2], 0.0, 0.0, -ARCSEC, ARCSEC, place[2])
    made = []
    for number, first_y in ((1, -997.0), (2, -27.0)):
        # Pixel (0, 0) lies half a pixel inside of the corner.
        projection = replace(plane, x_pix=-first_x - 0.5, y_pix=-first_y - 0.5)
        pixels = np.ones((1024, 512), np.float32)
        made += [AtlasImage(band, number, pixels, projection, 20.0) for band in BANDS]
    return made


@pytest.fixture
def connection(template_database: Database) -> Iterator[Connection]:
    with template_database.connect("reader") as found:
        yield found


def test_cells_are_those_of_python(connection: Connection) -> None:
    random = np.random.default_rng(3)
    ra, decl = random.uniform(0, 360, 500), np.degrees(np.arcsin(random.uniform(-1, 1, 500)))
    query = "SELECT array_agg(wsdb.cell(ra, decl) ORDER BY n) FROM unnest(%s::float8[], %s::float8[])"
    query += " WITH ORDINALITY AS t (ra, decl, n)"
    found = np.array(one(connection, query, ra.tolist(), decl.tolist()))
    # Cells of 0.4 milliarcsec: the last bits of an angle decide some of them.
    assert (found == pixel_number(ra, decl, FINEST_ORDER)).mean() > 0.9
    shift = 2 * (FINEST_ORDER - 22)
    np.testing.assert_array_equal(found >> shift, pixel_number(ra, decl, 22))


def test_areas_are_those_of_python(connection: Connection) -> None:
    ranges = ranges_of_cells(np.random.default_rng(4).integers(0, 10**6, 3000))
    found = one(connection, "SELECT wsdb.area_arcmin2(%s::int8multirange)", text_of(ranges))
    assert found == pytest.approx(area_arcmin2(ranges), rel=1e-12)
    assert one(connection, "SELECT wsdb.area_arcmin2('{}')") == 0.0


@pytest.mark.parametrize("place", PLACES)
def test_cells_of_a_polygon(connection: Connection, place: str) -> None:
    """All cells in which positions within the polygon lie, and few that it only touches at its edge."""
    x, y = (-300.0, 300.0), (-500.0, 500.0)
    within = ranges_of_cells(pixel_number(*lattice(PLACES[place], x, y), COVERAGE_ORDER))
    around = ranges_of_cells(
        pixel_number(*lattice(PLACES[place], (-330.0, 330.0), (-530.0, 530.0)), COVERAGE_ORDER)
    )
    query = "SELECT c @> %s::int8multirange, c <@ %s::int8multirange FROM wsdb.polygon_cells(%s::spoly) AS c"
    row = connection.execute(
        query, (text_of(within), text_of(around), polygon(PLACES[place], x, y))
    ).fetchone()
    assert row == (True, True)


@pytest.fixture(scope="module")
def world(template_database: Database) -> Iterator[World]:
    """At each place a pair of scans with a strip of 1' between them, and in another run one that overlaps by 51"."""
    with fresh_world(template_database.cluster) as world:
        runs = {"open": world.run("open"), "closed": world.run("closed")}
        box, key = Box(1.0, 1.1, 1.0, 1.1), 0
        for place in PLACES.values():
            for name, second_x in (("open", 30.0), ("closed", -81.0)):
                for first_x in (-542.0, second_x):
                    key += 1
                    coverage = scan_coverage(images_of(place, first_x))
                    world.scan(runs[name], key, box, coverage=coverage)
        world.connection.commit()
        yield world


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("band", ["-", "k"])
def test_a_strip_of_one_minute_is_found(world: World, place: str, band: str) -> None:
    """All open places lie in the strip, one at least every 400" of 800" (they come by cells of 206"), with its area."""
    area = polygon(PLACES[place], (-200.0, 200.0), (-400.0, 400.0))
    query = "SELECT g.* FROM wsdb.gaps(%s::spoly, wsdb.run_coverage(%s, %s::spoly, %s)) AS g"
    found = np.array(world.rows(query, area, world.runs["open"], area, band))
    plane = SinProjection.from_rotation(*PLACES[place][:2], 0.0, 0.0, -ARCSEC, ARCSEC, PLACES[place][2])
    x, y = plane.to_pixels(found[:, 0], found[:, 1])
    assert np.abs(x).max() <= 30.0
    assert np.diff(np.sort(np.r_[-400.0, y, 400.0])).max() < 400.0
    print(place, "open:", found[:, 2].sum(), "of", 60 * 800 / 3600, "arcmin2")
    # A cell with any covered pixel is covered: up to a diagonal of 18" is lost on each side, at the ends some is won.
    assert 0.4 < found[:, 2].sum() / (60 * 800 / 3600) < 1.05
    assert world.rows(query, area, world.runs["closed"], area, band) == []


def test_what_was_taken_back_covers_nothing(world: World) -> None:
    area = polygon(PLACES["equator"], (-200.0, 200.0), (-400.0, 400.0))
    query = "SELECT wsdb.area_arcmin2(wsdb.run_coverage(%s, %s::spoly))"
    covered = one(world.connection, query, world.runs["closed"], area)
    world.connection.execute(
        "UPDATE production.attempt SET accepted = false WHERE run_id = %s", [world.runs["closed"]]
    )
    assert one(world.connection, query, world.runs["closed"], area) == 0.0 < covered
    world.connection.rollback()


def test_a_release_covers_what_its_scans_do(world: World) -> None:
    world.build("closed-1")
    area = polygon(PLACES["equator"], (-200.0, 200.0), (-400.0, 400.0))
    query = (
        "SELECT wsdb.area_arcmin2(wsdb.release_coverage(%s, %s::spoly, %s)), wsdb.area_arcmin2({})".format(
            " + ".join(f"wsdb.run_coverage({run}, '{area}')" for run in world.runs.values())
        )
    )
    release = one(world.connection, "SELECT max(release_id) FROM release.release")
    for band in ("-", "j"):
        ((of_release, of_runs),) = world.rows(query, release, area, band)
        assert of_release == of_runs > 0


@pytest.fixture(scope="module")
def row_of_scans(template_database: Database) -> Iterator[tuple[World, int]]:
    """120 neighbours that overlap by 50", in a drawn release."""
    with fresh_world(template_database.cluster) as world:
        run, pitch = world.run(), (512 - 50) * ARCSEC
        for key in range(1, 121):
            west = 350.0 + key * pitch
            world.scan(run, key, Box(west, west + 512 * ARCSEC, 0.0, 0.1))
        world.build()
        world.connection.execute("ANALYZE wsdb.scan_coverage")
        yield world, int(world.rows("SELECT max(release_id) FROM release.release")[0][0])


def test_overlaps_are_those_of_all_pairs(row_of_scans: tuple[World, int]) -> None:
    """And the plan probes the index: its work grows with the scans, that of all pairs with their square."""
    world, release = row_of_scans
    connection = world.connection
    connection.execute(f"SET LOCAL mapps.release_id = {release}")
    connection.execute("SELECT release.create_work_tables()")
    setting, insert = statement("release/24_overlaps").split(";\n")[:2]
    connection.execute(setting.encode())
    plan = "\n".join(
        line for (line,) in connection.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {insert}")
    )
    (probes,) = re.findall(r"ix_scan_coverage_footprint .*loops=(\d+)", plan)
    assert int(probes) == 120, plan
    found = connection.execute(
        "SELECT scan_key, other_scan_key FROM release.work_overlap ORDER BY 1, 2"
    ).fetchall()
    pairs = connection.execute(
        "SELECT a.scan_key, b.scan_key FROM wsdb.scan_coverage AS a JOIN wsdb.scan_coverage AS b"
        " ON a.band = '-' AND b.band = '-' AND a.scan_key <> b.scan_key AND a.footprint && b.footprint ORDER BY 1, 2"
    ).fetchall()
    neighbours = sorted((a, b) for a in range(1, 121) for b in (a - 1, a + 1) if 1 <= b <= 120)
    assert found == pairs == [(key_of(a), key_of(b)) for a, b in neighbours]
    connection.rollback()
