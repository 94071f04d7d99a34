"""What people query is calibrated: rows of the tables through the solution that their night has adopted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg
import pytest

from app.columns import EXTENDED_SOURCE, POINT_SOURCE
from app.columns.calibrated import error_column
from app.columns.column import Calibrated
from app.db.statements import statement
from app.instruments.bands import BANDS
from tests.conftest import Database
from tests.worlds.astrometries import Offsets, adopt_places, make_astrometry
from tests.worlds.release import GOOD, Box, World, fresh_world, key_of
from tests.worlds.solutions import ZeroPoint, adopt, make_solution

X_SCAN = np.array([-200.0, 0.0, 130.0])
NOMINAL = {f"{b}_msigcom": float(np.hypot(0.021, 0.1)) for b in "jhk"}
LIMIT = {"k_m": 15.3, "k_msig": np.nan, "k_cmsig": np.nan, "k_msigcom": np.nan, "k_snr": np.nan}
SHIFT = ZeroPoint(0.06, 0.012, -0.008, 0.004)
OTHER = ZeroPoint(-0.03, 0.0, 0.0, 0.02)
MEASURED = """
SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM (
    SELECT p::text AS t FROM wsdb.point_measurement AS p UNION ALL SELECT e::text FROM wsdb.extended_measurement AS e
    UNION ALL SELECT i::text FROM wsdb.atlas_measurement AS i) AS t"""


@pytest.fixture
def world(template_database: Database) -> Iterator[World]:
    """Three stars of a scan on the nominal scale, one with an upper limit in Ks, a galaxy; a second scan."""
    with fresh_world(template_database.cluster) as made:
        run = made.run()
        for number in (1, 2):
            made.scan(run, number, Box(10.0, 10.2, 0.0, 1.0))
        made.sources(1, 10.1 + X_SCAN / 3600, 0.5, x_scan=X_SCAN, j_m_psf=15.1, j_m_r1=15.3, **NOMINAL)
        made.sources(1, 10.15, 0.7, x_scan=256.0, ph_qual=b"AAU", rd_flg=b"220", **NOMINAL | LIMIT)
        made.extended(1, 10.1, 0.9, x_scan=-200.0)
        made.sources(2, 10.1, 0.5, **NOMINAL)
        made.connection.commit()
        yield made


def solve(world: World, zero_point: ZeroPoint, *numbers: int, **options: Any) -> int:
    """Make and adopt a solution of these scans."""
    run_id, attempt, _ = world.scans[1]
    keys = {key_of(number): zero_point for number in numbers or (1,)}
    solution = make_solution(world.connection, run_id, attempt, keys, **options)
    adopt(world.connection, run_id, solution)
    world.connection.commit()
    return solution


def violations(world: World) -> list[Any]:
    """Rows of adopted_zero_point that say something else than the solution."""
    return world.rows(statement("checks/adopted_zero_points"))


def test_without_a_solution_the_view_is_the_table(world: World) -> None:
    for view, table in (
        ("point_source", "point_measurement"),
        ("extended_source", "extended_measurement"),
        ("atlas_image", "atlas_measurement"),
    ):
        columns = [
            name
            for (name,) in world.rows(
                "SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0",
                f"wsdb.{table}",
            )
        ]
        listed = ", ".join(columns)
        shown = world.rows(f"SELECT {listed} FROM wsdb.{view} ORDER BY 1")
        assert shown
        assert shown == world.rows(f"SELECT {listed} FROM wsdb.{table} ORDER BY 1")
        assert world.rows(f"SELECT count(*) FROM wsdb.{view} WHERE solution_id IS NOT NULL") == [(0,)]
    assert world.rows("SELECT min(j_msigcom) >= 0.1 FROM wsdb.point_source") == [(True,)]


def test_magnitudes_and_limits_take_the_zero_point_and_the_flat(world: World) -> None:
    solution = solve(world, SHIFT)
    rows = world.rows(
        "SELECT x_scan, j_m, h_m, k_m, j_m_stdap, j_m_psf, j_m_r1, ph_qual, solution_id FROM wsdb.point_source"
        " WHERE scan_key = %s ORDER BY x_scan",
        key_of(1),
    )
    assert [row[0] for row in rows] == [*X_SCAN, 256.0]
    for x, j, h, k, aperture, psf, read1, quality, used in rows:
        wanted = SHIFT.at(x)
        assert abs(wanted) > 0.02, "a test of nothing"
        limit = quality == "AAU"
        assert j == pytest.approx(GOOD["j_m"] + wanted, abs=2e-6)
        assert h == pytest.approx(GOOD["h_m"] + wanted, abs=2e-6)
        assert k == pytest.approx((LIMIT if limit else GOOD)["k_m"] + wanted, abs=2e-6)
        assert aperture == pytest.approx(GOOD["j_m_stdap"] + wanted, abs=2e-6)
        if not limit:
            assert psf == pytest.approx(15.1 + wanted, abs=2e-6)
            assert read1 == pytest.approx(15.3 + wanted, abs=2e-6)
        assert used == solution


def test_every_marked_column_differs_and_no_other(world: World) -> None:
    solve(world, SHIFT)
    run_id, attempt, _ = world.scans[1]
    box = Offsets((10.2, 10.0, 10.2, 10.0), (0.0, 0.0, 1.0, 1.0))
    adopt_places(
        world.connection,
        run_id,
        make_astrometry(world.connection, run_id, {key_of(1): attempt}, {key_of(1): box}),
    )
    for view, table, key, columns in (
        ("point_source", "point_measurement", "src_id", POINT_SOURCE),
        ("extended_source", "extended_measurement", "ext_id", EXTENDED_SOURCE),
    ):
        tests = ", ".join(
            f"coalesce(bool_or(v.{c.name} IS DISTINCT FROM t.{c.name}), false), count(t.{c.name}) > 0"
            for c in columns
        )
        [found] = world.rows(
            f"SELECT {tests} FROM wsdb.{view} AS v JOIN wsdb.{table} AS t USING (run_id, {key})"
        )
        for place, column in enumerate(columns):
            differs, filled = found[2 * place : 2 * place + 2]
            assert differs == (filled and column.calibrated is not None), column.name


def test_the_error_of_the_solution_takes_the_place_of_the_nominal_one(world: World) -> None:
    solve(world, SHIFT)
    query = (
        "SELECT j_msigcom, j_cmsig, k_msigcom, k_m, j_zero_point_error_mag FROM wsdb.point_source"
        " WHERE scan_key = %s"
    )
    rows = world.rows(f"{query} ORDER BY x_scan", key_of(1))
    for total, own, *_, error in rows:
        assert total == pytest.approx(np.hypot(own, SHIFT.error_mag), rel=1e-4)
        assert error == SHIFT.error_mag
    assert rows[-1][2] is None
    assert rows[-1][3] is not None
    # The second scan is not in the solution: nominal, with the nominal error.
    [(total, own, *_, error)] = world.rows(query, key_of(2))
    assert total == pytest.approx(np.hypot(own, 0.1), rel=1e-4)
    assert error is None


def test_a_row_with_a_better_zero_point_of_its_own_keeps_its_total(world: World) -> None:
    world.sources(1, 10.12, 0.3, j_msigcom=0.024)
    solve(world, SHIFT)
    assert world.rows("SELECT count(*) FROM wsdb.point_source WHERE j_msigcom = 0.024::real") == [(1,)]


def test_extended_magnitudes_and_images_follow(world: World) -> None:
    solve(world, SHIFT)
    [(magnitude, quoted)] = world.rows("SELECT k_m_7, k_msig_7 FROM wsdb.extended_source")
    assert abs(SHIFT.at(-200.0) - SHIFT.offset_mag) > 0.002, "a test of nothing"
    assert magnitude == pytest.approx(13.0 + SHIFT.at(-200.0), abs=2e-6)
    assert quoted == pytest.approx(0.05)
    images = world.rows(
        "SELECT scan_key, band, zero_point_mag, zero_point_error_mag FROM wsdb.atlas_image ORDER BY 1, 2"
    )
    assert len(images) == 6
    for scan, _, zero_point, error in images:
        solved = scan == key_of(1)
        assert zero_point == pytest.approx(20.0 + (SHIFT.offset_mag if solved else 0), abs=2e-6)
        assert error == (pytest.approx(SHIFT.error_mag) if solved else None)


def test_extended_rows_take_the_same_flat_as_the_point_rows_beside_them(world: World) -> None:
    """A star and a galaxy on one place are shifted alike, all across the scan, whatever the galaxy's link to a star."""
    x = np.linspace(-250, 250, 11)
    ra, decl = 10.1 - x / 3600 / np.cos(np.radians(0.2)), 0.2 + np.arange(11) * 1e-3
    world.sources(1, ra, decl, x_scan=x, **NOMINAL)
    # 8 arcsec from the star: no link to it, its place follows from the stars around.
    world.extended(1, ra, decl + 8 / 3600)
    solve(world, SHIFT)
    rows = world.rows(
        "SELECT e.src_id, e.x_scan, p.x_scan, e.k_m_7 - r.k_m_7, p.k_m - q.k_m"
        " FROM wsdb.extended_source AS e JOIN wsdb.extended_measurement AS r USING (run_id, ext_id)"
        " CROSS JOIN LATERAL (SELECT * FROM wsdb.point_source AS s WHERE s.scan_key = e.scan_key"
        " ORDER BY abs(s.ra - e.ra) + abs(s.decl - e.decl) LIMIT 1) AS p"
        " JOIN wsdb.point_measurement AS q ON q.run_id = p.run_id AND q.src_id = p.src_id WHERE e.decl < 0.3"
    )
    assert len(rows) == 11
    for link, own, star, shift, star_shift in rows:
        assert link is None
        assert own == pytest.approx(star, abs=2.0)
        assert shift == pytest.approx(SHIFT.at(own), abs=3e-6)
        assert shift == pytest.approx(star_shift, abs=2e-4)
    assert max(row[4] for row in rows) - min(row[4] for row in rows) > 0.01, "a test of nothing"


def test_extended_rows_without_a_place_take_the_mean_of_the_scan(world: World) -> None:
    world.connection.execute("UPDATE wsdb.extended_measurement SET x_scan = NULL")
    solve(world, SHIFT)
    [(magnitude,)] = world.rows("SELECT k_m_7 FROM wsdb.extended_source")
    assert magnitude == pytest.approx(13.0 + SHIFT.offset_mag, abs=2e-6)


def test_recalibrating_changes_no_measured_byte(world: World) -> None:
    measured = world.rows(MEASURED)
    seen = [world.rows("SELECT j_m FROM wsdb.point_source ORDER BY src_id")]
    for zero_point in (SHIFT, OTHER, SHIFT):
        solve(world, zero_point)
        seen.append(world.rows("SELECT j_m FROM wsdb.point_source ORDER BY src_id"))
        assert world.rows(MEASURED) == measured
        assert violations(world) == []
    assert seen[1] == seen[3] != seen[2] != seen[0] != seen[1]
    world.connection.execute("DELETE FROM calibration.adoption")
    assert world.rows("SELECT j_m FROM wsdb.point_source ORDER BY src_id") == seen[0]
    assert world.rows("SELECT count(*) FROM calibration.adopted_zero_point") == [(0,)]


def test_zero_points_that_come_after_the_adoption_count(world: World) -> None:
    solution = solve(world, SHIFT)
    world.connection.execute(
        "INSERT INTO calibration.scan_zero_point (solution_id, scan_key, band, offset_mag, error_mag, photometric,"
        " reason) VALUES (%s, %s, 'h', 0.5, 0.01, true, '')",
        (solution, key_of(2)),
    )
    world.connection.commit()
    [(j, h)] = world.rows("SELECT j_m, h_m FROM wsdb.point_source WHERE scan_key = %s", key_of(2))
    assert (j, h) == (pytest.approx(GOOD["j_m"]), pytest.approx(GOOD["h_m"] + 0.5))
    assert violations(world) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE calibration.adopted_zero_point SET j_centre_mag = j_centre_mag + 0.001",
        "DELETE FROM calibration.adopted_zero_point",
        "UPDATE calibration.scan_zero_point SET quadratic_mag = 0 WHERE band = 'k'",
    ],
)
def test_what_the_views_join_is_checked(world: World, change: str) -> None:
    solve(world, SHIFT)
    assert violations(world) == []
    world.connection.execute(change)
    assert violations(world)


def test_other_runs_of_the_night_are_not_touched(world: World) -> None:
    other = world.run("other")
    world.scan(other, 1, Box(10.0, 10.2, 0.0, 1.0))
    [source] = world.sources(1, 10.1, 0.2, **NOMINAL)
    world.scans[1] = next(iter(world.scans.values()))
    run_id = world.runs["run"]
    solution = make_solution(world.connection, run_id, world.scans[2][1], {key_of(1): SHIFT})
    adopt(world.connection, run_id, solution)
    assert world.rows(
        "SELECT j_m, solution_id FROM wsdb.point_source WHERE run_id = %s AND src_id = %s", other, int(source)
    ) == [(pytest.approx(GOOD["j_m"]), None)]


def test_a_cone_search_uses_the_index_of_the_table(world: World) -> None:
    solve(world, SHIFT, 1, 2)
    world.connection.execute("SELECT wsdb.seal_run(%s)", (world.runs["run"],))
    world.connection.execute("SET LOCAL enable_seqscan = off")
    plan = "\n".join(
        row[0]
        for row in world.rows(
            "EXPLAIN SELECT j_m, h_m FROM wsdb.point_sources_near(10.1, 0.5, 0.01) WHERE run_id = 1"
        )
    )
    assert "spoint_idx" in plan
    assert "Subquery Scan" not in plan
    assert "Function Scan" not in plan
    # No join where nothing of a solution is asked for.
    plain = "EXPLAIN SELECT src_id, measured_ra, ph_qual FROM wsdb.point_source WHERE run_id = 1"
    assert "adopted_" not in "\n".join(row[0] for row in world.rows(plain))


def test_readers_see_views_and_tables_and_nobody_else_writes_what_is_joined(world: World) -> None:
    solve(world, SHIFT)
    names = ["point_source", "extended_source", "atlas_image", "point_measurement", "extended_measurement"]
    for name in [f"wsdb.{name}" for name in names] + [
        "calibration.adopted_zero_point",
        "calibration.adopted_place",
    ]:
        for role in ("reader", "worker", "operator"):
            assert world.one("SELECT has_table_privilege(%s, %s, 'SELECT')", f"mapps_{role}", name), (
                role,
                name,
            )
    for role in ("reader", "worker", "operator"):
        for right in ("INSERT", "UPDATE", "DELETE"):
            for name in ("wsdb.point_source", "calibration.adopted_zero_point", "calibration.adopted_place"):
                assert not world.one("SELECT has_table_privilege(%s, %s, %s)", f"mapps_{role}", name, right)
    world.connection.commit()
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        world.connection.execute("UPDATE wsdb.point_source SET j_m = 1")
    world.connection.rollback()


def test_marks_of_the_registry() -> None:
    marked = {c.name: c.calibrated for c in (*POINT_SOURCE, *EXTENDED_SOURCE) if c.calibrated}
    assert {name for name, role in marked.items() if role is Calibrated.TOTAL_UNCERTAINTY} == {
        f"{b}_msigcom" for b in "jhk"
    }
    magnitudes = {name for name, role in marked.items() if role is Calibrated.MAGNITUDE}
    assert {f"{b}_{name}" for b in "jhk" for name in ("m", "m_psf", "m_stdap", "m_r1", "m_7")} <= magnitudes
    assert not [name for name in magnitudes if "sig" in name or name.endswith("opt")]
    assert [error_column(band) for band in BANDS] == [f"{b}_zero_point_error_mag" for b in "jhk"]
