"""Places that people query are those of the adopted astrometric solution: far from the poles, at 0 h, over a pole."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import psycopg
import pytest

from app.arrays import Doubles
from app.db.locks import ADOPTIONS
from app.db.statements import statement
from app.models.objects import ObjectKind
from app.production.objects import group_objects
from app.releases.explain import explain
from app.sky.directions import unit_vectors
from tests.conftest import Database
from tests.worlds.astrometries import Offsets, adopt_places, make_astrometry
from tests.worlds.release import Box, World, fresh_world, key_of
from tests.worlds.solutions import ZeroPoint, adopt, make_solution

ARCSEC = 1 / 3600
WIDE = (0.07, -0.07, 0.07, -0.07)
FAR = Offsets(tuple(10.0 + x for x in WIDE), (30.0, 30.0, 31.0, 31.0))
ZERO = Offsets((0.07, 359.93, 0.07, 359.93), (-1.0, -1.0, 0.0, 0.0))
LONG = Offsets(
    tuple(200.0 + x for x in WIDE), (-6.0, -6.0, 0.0, 0.0),
    np.array([0.2 + 0.1j * np.cos(k) for k in range(12)]),
)  # fmt: skip
# 4' on either side of a line that passes the pole, from 1 degree before it to 1 degree beyond.
OVER = Offsets((33.8, 26.2, 206.2, 213.8), (89.0, 89.0, 89.0, 89.0), np.array([0.3 - 0.2j, 0.1, 0.2j, 0.4]))


@pytest.fixture
def world(template_database: Database) -> Iterator[World]:
    with fresh_world(template_database.cluster) as made:
        run = made.run()
        for number in (1, 2):
            made.scan(run, number, Box(10.0, 10.2, 0.0, 1.0))
        made.connection.commit()
        yield made


def place(world: World, offsets: Offsets, number: int = 1, person: str = "test") -> int:
    run_id, attempt, _ = world.scans[number]
    key = key_of(number)
    made = make_astrometry(world.connection, run_id, {key: attempt}, {key: offsets})
    adopt_places(world.connection, run_id, made, person)
    world.connection.commit()
    return made


def seen(world: World, view: str = "point_source") -> tuple[Doubles, Doubles, Doubles]:
    """Measured directions, solved ones, and solved right ascensions."""
    rows = np.array(
        world.rows(f"SELECT measured_ra, measured_decl, ra, decl FROM wsdb.{view} ORDER BY 1, 2"), np.float64
    )
    return unit_vectors(rows[:, 0], rows[:, 1]), unit_vectors(rows[:, 2], rows[:, 3]), rows[:, 2]


def test_places_move_by_the_offset_there(world: World) -> None:
    for offsets, ra, decl in (
        (FAR, 10.0 + 0.06 * np.array([-1, 0, 1, 1, -1]), np.array([30.01, 30.3, 30.5, 30.8, 30.99])),
        (LONG, 200.0 + 0.06 * np.array([-1, 0, 1, 1]), np.array([-5.99, -3.3, -2.76, -0.01])),
        (ZERO, np.array([359.95, 0.00001, 359.99999, 0.05]), np.array([-0.9, -0.6, -0.4, -0.1])),
        (OVER, np.array([30.0, 100.0, 211.0, 280.0, 27.0]), np.array([89.1, 89.99999, 89.3, 89.98, 89.5])),
    ):
        world.connection.execute("DELETE FROM wsdb.point_measurement")
        world.sources(1, ra, decl)
        place(world, offsets)
        measured, solved, right_ascension = seen(world)
        assert ((right_ascension >= 0) & (right_ascension < 360)).all()
        moved = np.degrees(solved - measured) * 3600
        lines, scan = offsets.lines, np.zeros(ra.size, np.int64)
        told = offsets.at(measured)
        assert np.abs(lines.seen(scan, measured, moved) - told).max() < 0.001, offsets
        assert np.linalg.norm(moved, axis=1) == pytest.approx(np.abs(told), abs=0.001)
        # To the side of the middle line the offset is another: a turn and a scale.
        middle = lines.places(scan, measured)
        assert np.abs(middle.across).max() > 0.05
        assert world.rows("SELECT DISTINCT place_error_arcsec FROM wsdb.point_source") == [
            (pytest.approx(0.03),)
        ]


def test_offsets_do_not_turn_around_a_pole(world: World) -> None:
    """Neighbours on both sides of the pole move the same way in space, whatever east and north are there."""
    world.sources(1, [10.0, 100.0, 190.0, 280.0], 90.0 - 2 * ARCSEC)
    place(world, OVER)
    measured, solved, _ = seen(world)
    moved = np.degrees(solved - measured) * 3600
    assert np.linalg.norm(moved, axis=1).min() > 0.05
    assert np.abs(moved - moved.mean(axis=0)).max() < 0.001


def test_other_places_of_a_row_move_with_it_and_galaxies_too(world: World) -> None:
    world.sources(1, 10.02, 30.4, j_ra=10.02 + 0.1 * ARCSEC, j_decl=30.4)
    world.extended(1, 9.98, 30.6, sup_ra=9.98, sup_dec=30.6)
    place(world, FAR)
    [(ra, decl, j_ra, j_decl, h_ra)] = world.rows(
        "SELECT ra, decl, j_ra, j_decl, h_ra FROM wsdb.point_source"
    )
    # The scale of the scan changes with its offsets, here by 2 parts in 10,000.
    assert j_ra - ra == pytest.approx(0.1 * ARCSEC, abs=1e-4 * ARCSEC)
    assert j_decl == pytest.approx(decl, abs=1e-4 * ARCSEC)
    assert h_ra is None
    [(ra, decl, sup_ra, sup_dec, measured)] = world.rows(
        "SELECT ra, decl, sup_ra, sup_dec, measured_ra FROM wsdb.extended_source"
    )
    assert (sup_ra, sup_dec) == (ra, decl)
    assert abs(ra - measured) > 0.05 * ARCSEC


def test_without_a_solution_places_are_as_registered_and_for_rows_of_other_attempts(world: World) -> None:
    world.sources(1, 10.02, 30.4)
    world.sources(2, 10.02, 30.7)
    made = place(world, FAR)
    query = (
        "SELECT scan_key, (ra, decl) = (measured_ra, measured_decl), astrometry_id"
        " FROM wsdb.point_source ORDER BY 1"
    )
    assert world.rows(query) == [(key_of(1), False, made), (key_of(2), True, None)]
    # Done again: offsets are of the rows that were there.
    world.connection.execute(
        "UPDATE calibration.adopted_place SET attempt_id = %s WHERE scan_key = %s",
        (world.scan(world.runs["run"], 3, Box(10.0, 10.2, 0.0, 1.0)), key_of(1)),
    )
    assert world.rows(query)[0] == (key_of(1), True, None)


def test_a_cone_has_the_rows_whose_solved_place_lies_in_it(world: World) -> None:
    random = np.random.default_rng(1)
    world.sources(1, 10.0 + random.uniform(-4, 4, 400) * ARCSEC, 30.4 + random.uniform(-4, 4, 400) * ARCSEC)
    world.extended(1, 10.0, 30.4)
    place(world, FAR)
    circle = "scircle(spoint(radians(10.0), radians(30.4)), radians(2.0 / 3600))"
    cone = f"spoint(radians({{0}}ra), radians({{0}}decl)) <@ {circle}"
    wanted = world.rows(f"SELECT src_id FROM wsdb.point_source WHERE {cone.format('')} ORDER BY 1")
    registered = world.rows(
        f"SELECT src_id FROM wsdb.point_source WHERE {cone.format('measured_')} ORDER BY 1"
    )
    found = world.rows("SELECT src_id FROM wsdb.point_sources_near(10.0, 30.4, 2.0 / 3600) ORDER BY 1")
    assert found == wanted
    assert len(wanted) > 50
    assert wanted != registered, "the offset leads some out and others in"
    assert world.rows("SELECT count(*) FROM wsdb.extended_sources_near(10.0, 30.4, 1.0 / 3600)") == [(1,)]
    assert world.rows("SELECT count(*) FROM wsdb.extended_sources_near(10.0, 30.4, 0.1 / 3600)") == [(0,)]


def test_places_and_zero_points_adopted_at_once_are_both_seen(world: World) -> None:
    """Each transaction writes the row of a scan, and the second one must see what the first one wrote."""
    world.sources(1, 10.02, 30.4)
    run_id, attempt, _ = world.scans[1]
    key = key_of(1)
    placed = make_astrometry(world.connection, run_id, {key: attempt}, {key: FAR})
    solution = make_solution(world.connection, run_id, attempt, {key: ZeroPoint(0.05)})
    world.connection.commit()
    adopt_places(world.connection, run_id, placed)
    with (
        psycopg.connect(world.connection.info.dsn) as other,
        psycopg.connect(world.connection.info.dsn, autocommit=True) as watching,
        ThreadPoolExecutor(1) as pool,
    ):
        waiting = pool.submit(adopt, other, run_id, solution)
        query = "SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory' AND classid = %s"
        while not waiting.done() and watching.execute(query, (ADOPTIONS,)).fetchone() is None:
            pass
        assert not waiting.done()
        world.connection.commit()
        waiting.result()
        other.commit()
    assert world.rows("SELECT astrometry_id, solution_id FROM wsdb.point_source") == [(placed, solution)]


def test_rows_beyond_the_lines_of_a_scan_are_solved_by_the_last_one(world: World) -> None:
    """The lines of a scan go on three segments beyond it; farther away a function goes on with the last one."""
    decl = np.array([-45.0, -8.0, -6.1, 1.2, 1.4, 1.6, 25.0])
    world.sources(1, np.full(decl.size, 200.03), decl)
    place(world, LONG)
    measured, solved, _ = seen(world)
    moved = np.degrees(solved - measured) * 3600
    lines, scan = LONG.lines, np.zeros(decl.size, np.int64)
    assert np.abs(lines.seen(scan, measured, moved) - LONG.at(measured)).max() < 0.001


def test_an_error_ellipse_has_the_error_of_the_solution(world: World) -> None:
    """In quadrature, and never less than what was measured."""
    world.sources(
        1, np.full(3, 10.02), [30.1, 30.2, 30.3], err_maj=[0.05, 0.08, 1e-4], err_min=[0.04, 0.0, 1e-4]
    )
    world.sources(2, 10.02, 30.4, err_maj=0.05, err_min=0.04)
    place(world, FAR)
    rows = world.rows(
        "SELECT v.err_maj, v.err_min, t.err_maj, t.err_min, v.scan_key FROM wsdb.point_source AS v"
        " JOIN wsdb.point_measurement AS t USING (run_id, src_id) ORDER BY v.scan_key, t.err_maj"
    )
    assert len(rows) == 4
    for *axes, key in rows:
        added = FAR.error_arcsec if key == key_of(1) else 0.0
        for found, measured in zip(axes[:2], axes[2:], strict=True):
            assert found == pytest.approx(np.hypot(measured, added), rel=1e-6)
            assert found >= measured


def test_a_place_and_the_way_back(world: World) -> None:
    """What is asked of pixels, which lie as they were registered: also over the pole and across 0 h."""
    random = np.random.default_rng(5)
    pole = np.array([12.0, 100.0, 200.0, 300.0]), 90.0 - np.array([0.1, 2.0, 40.0, 3000.0]) * ARCSEC
    for offsets, ra, decl in (
        (FAR, 10.0 + random.uniform(-0.07, 0.07, 20), random.uniform(30.0, 31.0, 20)),
        (ZERO, np.array([0.05, 359.99999, 0.00001]), np.array([-0.1, -0.4, -0.6])),
        (OVER, *pole),
    ):
        place(world, offsets)
        rows = np.array(
            [
                world.rows(
                    "SELECT s.place[1], s.place[2], b.place[1], b.place[2] FROM calibration.adopted_place AS g,"
                    " LATERAL (SELECT calibration.solved_place(%s, %s, g)) AS s (place),"
                    " LATERAL (SELECT calibration.registered_place(s.place[1], s.place[2], g)) AS b (place)",
                    float(x), float(y),
                )[0]
                for x, y in zip(ra, decl, strict=True)
            ]
        )  # fmt: skip
        given, solved, back = (unit_vectors(*pair) for pair in ((ra, decl), rows[:, :2].T, rows[:, 2:].T))
        assert np.degrees(np.linalg.norm(solved - given, axis=1)).min() > 0.02 * ARCSEC
        assert np.degrees(np.linalg.norm(back - given, axis=1)).max() < 1e-6 * ARCSEC


def test_forced_measurements_look_where_an_object_lies_on_the_image(world: World) -> None:
    """The place of an object is solved; the images of a scan lie as they were registered."""
    world.sources(1, 10.1, 0.3)
    offsets = Offsets((10.2, 10.0, 10.2, 10.0), (0.0, 0.0, 1.0, 1.0), np.array([0.6 - 0.5j, 0.8 - 0.4j]))
    run_id, attempt, _ = world.scans[2]
    make = make_astrometry(world.connection, run_id, {key_of(2): attempt}, {key_of(2): offsets})
    adopt_places(world.connection, run_id, make)
    world.connection.commit()
    made = group_objects(world.connection, "night", ["run"], ObjectKind.POINT).object_set_id
    asked = {"run_id": run_id, "object_set_id": made, "attempt_id": attempt}
    [(_, _, ra, decl)] = world.connection.execute(statement("steps/forced_objects"), asked).fetchall()
    there = offsets.at(unit_vectors(np.array([ra]), np.array([decl])))[0] * ARCSEC
    assert (ra + there.real / np.cos(np.radians(decl)), decl + there.imag) == pytest.approx(
        (10.1, 0.3), abs=1e-7
    )
    assert abs(there) > 0.7 * ARCSEC


def test_a_row_that_was_not_released_is_explained_at_its_solved_place(world: World) -> None:
    """Beside the place as it was registered, by the solution of the release even when another is adopted since."""
    world.sources(1, 10.1, 0.3)
    [rejected] = world.sources(1, 10.1, 0.5, cc_flg=b"PPP")
    [other] = world.sources(2, 10.1, 0.3)
    offsets = Offsets((10.2, 10.0, 10.2, 10.0), (0.0, 0.0, 1.0, 1.0))
    for number in (1, 2):
        place(world, offsets, number)
    attempts = {key_of(number): world.scans[number][1] for number in (1, 2)}
    run_id = world.scans[1][0]
    both = make_astrometry(world.connection, run_id, attempts, dict.fromkeys(attempts, offsets))
    adopt_places(world.connection, run_id, both)
    adopt(
        world.connection, run_id,
        make_solution(world.connection, run_id, attempts[key_of(1)], dict.fromkeys(attempts, ZeroPoint(0.05))),
    )  # fmt: skip
    world.build()
    solved = world.rows("SELECT ra, decl FROM wsdb.point_source WHERE src_id = %s", int(rejected))[0]
    place(world, replace(offsets, offset_arcsec=np.array([1.0, 1.0 + 0j])))
    for source in (rejected, other):
        [found] = explain(world.connection, "first", src_id=int(source))
        world.connection.commit()
        assert not found.released
        assert found.facts["astrometry_id"] == both
        measured = found.facts["measured_ra"], found.facts["measured_decl"]
        there = offsets.at(unit_vectors(*(np.array([value]) for value in measured)))[0] * ARCSEC
        assert found.facts["ra"] == pytest.approx(measured[0] + there.real, abs=1e-8)
        assert found.facts["decl"] == pytest.approx(measured[1] + there.imag, abs=1e-8)
        if source == rejected:
            assert (found.facts["ra"], found.facts["decl"]) == solved


def test_the_last_adoption_counts_and_what_a_person_chose_stays(world: World) -> None:
    world.sources(1, 10.02, 30.4)
    first, second = place(world, FAR, person="task of attempt 1"), place(world, FAR, person="Ada")
    query = "SELECT DISTINCT astrometry_id FROM wsdb.point_source"
    assert world.rows(query) == [(second,)]
    # What a task of the run publishes later does not take its place; where a task had adopted, it does.
    by_task = statement("production/publish/adopt_astrometry")
    world.connection.execute(by_task, {"astrometry_id": first})
    assert world.rows(query) == [(second,)]
    world.connection.execute("UPDATE calibration.astrometry_adoption SET adopted_by = 'task of attempt 1'")
    world.connection.execute(by_task, {"astrometry_id": first})
    assert world.rows(query) == [(first,)]
    assert world.rows(statement("checks/adopted_places")) == []
    world.connection.execute("DELETE FROM calibration.astrometry_adoption")
    assert world.rows(query) == [(None,)]
    assert world.rows("SELECT count(*) FROM calibration.adopted_place") == [(0,)]


def test_offsets_beyond_what_searches_look_for_are_refused(world: World) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="small_offsets"):
        place(world, Offsets(FAR.ra_deg, FAR.decl_deg, np.array([2.1, 0j])))
    world.connection.rollback()


def test_images_are_where_their_rows_are(world: World) -> None:
    place(world, Offsets((10.17, 10.03, 10.17, 10.03), (0.0, 0.0, 1.0, 1.0)))
    solution = make_solution(
        world.connection, world.scans[1][0], world.scans[1][1], {key_of(1): ZeroPoint(0.05)}
    )
    adopt(world.connection, world.scans[1][0], solution)
    [(ra, decl, measured_ra, measured_decl)] = world.rows(
        "SELECT v.ra, v.decl, t.ra, t.decl FROM wsdb.atlas_image AS v JOIN wsdb.atlas_measurement AS t USING (image_id)"
        " WHERE v.scan_key = %s LIMIT 1",
        key_of(1),
    )
    moved = np.degrees(unit_vectors(ra, decl) - unit_vectors(measured_ra, measured_decl)) * 3600
    direction = unit_vectors(measured_ra, measured_decl)[None]
    offsets = Offsets((10.17, 10.03, 10.17, 10.03), (0.0, 0.0, 1.0, 1.0))
    told = offsets.lines.seen(np.zeros(1, np.int64), direction, moved[None])
    assert np.abs(told - offsets.at(direction)).max() < 0.001
    assert np.abs(told).max() > 0.1
