"""Pictures of a run: what they leave out they say, and what they count is what they show."""

from __future__ import annotations

import pytest
from psycopg.rows import dict_row

from app.db.statements import statement
from app.reports.coverage_picture import _title, draw_coverage
from app.reports.run_pictures import _photometry, _scans_of
from tests.worlds.production import ROWS, make_world
from tests.worlds.working import work

COVER = """UPDATE wsdb.scan_coverage SET ra_1 = %s, dec_1 = 0, ra_2 = %s, dec_2 = 0, ra_3 = %s, dec_3 = 6, ra_4 = %s,
           dec_4 = 6 WHERE scan_key = %s"""


def place(connection, scan_key, tile, ra, kind="sci"):
    connection.execute(
        "INSERT INTO survey.tile (tile, hemis, kind, ra, decl) VALUES (%s, 'n', 'survey', %s, 3)"
        " ON CONFLICT DO NOTHING",
        (tile, ra),
    )
    connection.execute(
        "UPDATE survey.scan SET tile = %s, kind = %s WHERE scan_key = %s", (tile, kind, scan_key)
    )


def cover(connection, scan_key, ra):
    """Let a reduced scan have looked at 0.15 degrees of the sky, from the equator to declination 6."""
    connection.execute(COVER, (ra + 0.15, ra, ra + 0.15, ra, scan_key))


@pytest.fixture
def connection(live_database):
    with live_database.connect(autocommit=True) as opened:
        yield opened


@pytest.fixture
def world(connection, live_database):
    """Fourteen tiles all over the sky, and a calibration field that was visited six times."""
    made = make_world(connection, 20)
    for number, key in enumerate(made.scan_keys):
        if number < 14:
            place(connection, key, 100 + number, 20.0 * number)
        else:
            place(connection, key, 900, 300.0, "cal")
    work(connection, live_database, made)
    for number, key in enumerate(made.scan_keys):
        cover(connection, key, 20.0 * number if number < 14 else 300.0)
    return made


def scans_of(connection, world):
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement("reports/run_scans"), {"run": world.run}).fetchall()


def test_coverage_draws_every_patch_or_says_so(connection, world, tmp_path):
    path = draw_coverage(connection, world.run, tmp_path / "coverage.png")
    assert path.stat().st_size > 20_000
    scans = scans_of(connection, world)
    assert len(scans) == 20
    said = _title(world.run, scans, 12, 15).split("\n")
    night = f"{world.selection.night.date}n"
    assert said[0] == f"Coverage of run {world.run}: 20 scans, night {night}"
    assert said[1] == "14 science scans in 14 tiles (blue); 6 calibration scans in 1 tile (orange)"
    assert said[2] == "12 of 15 patches of sky are drawn, those with most scans"
    assert len(_title(world.run, scans, 15, 15).split("\n")) == 2


def test_visits_of_a_calibration_field_are_not_counted_as_sky(connection, world):
    assert len(_photometry(connection, world.run)) == 14 * ROWS
    assert _scans_of(connection, world.run) == "14 science scans; 6 calibration scans left out"


def test_a_run_of_calibration_scans_alone_counts_them(connection, live_database):
    made = make_world(connection, 3)
    for key in made.scan_keys:
        place(connection, key, 900, 300.0, "cal")
    work(connection, live_database, made)
    assert len(_photometry(connection, made.run)) == 3 * ROWS
    assert _scans_of(connection, made.run) == "3 calibration scans, each visit counted"


def test_a_run_without_scans_has_no_coverage(connection, tmp_path):
    made = make_world(connection, 1)
    assert draw_coverage(connection, made.run, tmp_path / "coverage.png") is None
