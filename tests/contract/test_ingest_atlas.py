"""Atlas images into a real database."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.db.pgsphere import register
from app.errors import InputError
from app.ingest.atlas import ingest_atlas
from app.ingest.refusals import read_refusals
from app.ingest.summary import IngestSummary
from app.production.plan import PLAN
from app.production.queueing import declare_kinds
from app.sky.footprint import Corners, edge_distances
from tests.conftest import Database
from tests.worlds.atlas_files import write_image, write_pixels
from tests.worlds.places import ROOT


@pytest.fixture
def ingest(database: Database):
    def run(folder: Path, **options: Any) -> IngestSummary:
        with database.connect("operator") as connection:
            return ingest_atlas(connection, folder, **options)

    return run


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.connect() as connection:
        register(connection)
        return connection.execute(query).fetchall()


STATE = """
SELECT n.date, n.hemis, s.scan, s.kind, s.entry, s.tile, s.direction, s.started_at, s.jdate, s.airmass,
       s.frames_expected, s.ra, s.decl,
       s.planned_ra_1, s.planned_dec_1, s.planned_ra_2, s.planned_dec_2, s.planned_ra_3,
       s.planned_dec_3, s.planned_ra_4, s.planned_dec_4,
       s.planned_footprint::text, s.header, t.kind, t.ra, t.decl,
       (SELECT array_agg(f.band || f.image_number || f.sha256 || f.footprint::text ORDER BY f.sha256)
        FROM survey.raw_file AS f WHERE f.scan_key = s.scan_key)
FROM survey.scan AS s JOIN survey.night AS n USING (night_id) JOIN survey.tile AS t USING (tile)
ORDER BY n.date, s.scan
"""


def corners_of(database: Database) -> Corners:
    (row,) = rows(
        database,
        "SELECT planned_ra_1, planned_dec_1, planned_ra_2, planned_dec_2, planned_ra_3, planned_dec_3, planned_ra_4,"
        " planned_dec_4 FROM survey.scan ORDER BY scan LIMIT 1",
    )
    return Corners((row[0], row[1]), (row[2], row[3]), (row[4], row[5]), (row[6], row[7]))


# --- real images ---


def test_plane(database, ingest, shared_data):
    summary = ingest(shared_data / "atlas-plane-south")
    assert summary.complete
    assert (summary.files, summary.added, summary.new_nights) == (2, 2, ["990810s"])
    (scan,) = summary.scans
    assert (scan.bands, scan.tile, scan.kind, scan.entry) == ("jh", 202358, "sci", "atlas")
    (row,) = rows(
        database,
        "SELECT date, day_number, hemis, scan, direction, started_at, frames_expected, airmass"
        " FROM survey.scan JOIN survey.night USING (night_id)",
    )
    started = datetime(1999, 8, 10, 2, 29, 51, 742701, tzinfo=UTC)
    assert row[:7] == (date(1999, 8, 10), 893, "s", 49, "s", started, 274)
    assert row[7] == pytest.approx(1.24)
    # J has data in columns 5 to 508, H in 2 to 507: 503 columns by 512 rows are in both.
    area = rows(database, "SELECT degrees(degrees(area(planned_footprint))) * 3600 ^ 2 FROM survey.scan")[0][
        0
    ]
    assert area == pytest.approx(503 * 512, rel=1e-4)
    header = rows(database, "SELECT header ->> 'ORDATE', header ? 'MAGZP' FROM survey.scan")[0]
    assert header == ("990810", False)  # what differs between bands is no keyword of the scan


def test_plane_sources_lie_inside(database, ingest, shared_data):
    ingest(shared_data / "atlas-plane-south")
    table = np.genfromtxt(
        shared_data / "atlas-plane-south" / "psc_south.csv", delimiter=",", skip_header=1, usecols=(0, 1)
    )
    ns, ew, _ = edge_distances(table[:, 0], table[:, 1], corners_of(database))
    # The catalogue rows cover the whole image, its empty margins of 4 columns among them.
    assert np.mean((ns >= 0) & (ew >= 0)) > 0.98
    assert min(ns.min(), ew.min()) > -10


def test_three_bands_and_search(database, ingest, shared_data):
    summary = ingest(shared_data / "atlas-ngc309-jhk")
    assert [scan.bands for scan in summary.scans] == ["jhk"]
    found = rows(
        database,
        "SELECT scan FROM survey.scan WHERE planned_footprint @> spoint(radians(14.17742), radians(-9.91382))",
    )
    assert found == [(62,)]


def test_two_scans_of_neighbouring_tiles(database, ingest, shared_data):
    summary = ingest(shared_data / "atlas-m17-ks")
    assert [(s.identity.scan, s.tile, s.added) for s in summary.scans] == [(135, 308164, 2), (142, 308165, 2)]
    heights = rows(
        database,
        "SELECT degrees(area(planned_footprint)) * degrees(1) * 3600 ^ 2, planned_dec_3 - planned_dec_1"
        " FROM survey.scan ORDER BY scan",
    )
    for area, height in heights:
        # Two images of 1024 rows, 970 rows apart.
        assert height * 3600 == pytest.approx(1994, abs=1)
        assert area == pytest.approx(503 * 1994, rel=2e-3)
    assert rows(
        database,
        "SELECT count(*) FROM survey.scan a JOIN survey.scan b ON a.scan < b.scan "
        " AND a.planned_footprint && b.planned_footprint",
    ) == [(1,)]


def test_prototype_camera_is_refused(database, ingest, shared_data):
    summary = ingest(shared_data / "protocam-1994")
    (refusal,) = summary.refusals
    assert (refusal.code, refusal.keyword, refusal.found) == ("ATLAS_FILE", "EPOCH", "1950.0")
    assert refusal.expected.startswith("2000")
    assert rows(database, "SELECT count(*) FROM survey.night") == [(0,)]


def test_order_does_not_matter(database, ingest, shared_data, tmp_path):
    source = shared_data / "atlas-plane-south"
    for order in ("JH", "HJ"):
        for letter in order:
            (tmp_path / order / letter).mkdir(parents=True)
            shutil.copy(source / f"twomass_990810s_scan049_{letter}_south.fits.gz", tmp_path / order / letter)
    states = []
    for order in ("JH", "HJ", "both"):
        for letter in order if order != "both" else [""]:
            ingest(tmp_path / order / letter if letter else source)
        states.append(rows(database, STATE))
        with database.connect() as connection:
            connection.execute("TRUNCATE survey.night, survey.tile CASCADE")
    assert states[0] == states[1] == states[2]


# --- images made here ---


def test_twice_changes_nothing(database, ingest, tmp_path):
    write_image(tmp_path / "a.fits")
    write_image(tmp_path / "b.fits", MAGZP=None, FILTER="h")
    first = ingest(tmp_path)
    before = rows(database, STATE), rows(database, "SELECT * FROM survey.refusal")
    second = ingest(tmp_path)
    assert (first.added, second.added, second.unchanged) == (1, 0, 1)
    assert [scan.state for scan in second.scans] == ["unchanged"]
    assert len(second.refusals) == 1
    assert (rows(database, STATE), rows(database, "SELECT * FROM survey.refusal")) == before


def test_same_content_under_another_name(database, ingest, tmp_path):
    write_image(tmp_path / "a.fits")
    shutil.copy(tmp_path / "a.fits", tmp_path / "z.fits")
    summary = ingest(tmp_path)
    assert (summary.added, summary.unchanged) == (1, 1)
    (tmp_path / "a.fits").unlink()
    assert ingest(tmp_path).unchanged == 1
    assert rows(database, "SELECT url FROM survey.raw_file") == [(str(tmp_path / "z.fits"),)]


def test_other_content_is_a_conflict(database, ingest, tmp_path):
    write_image(tmp_path / "a.fits")
    ingest(tmp_path)
    write_image(tmp_path / "b.fits", SKYVAL=3.0)
    summary = ingest(tmp_path)
    (refusal,) = summary.refusals
    assert (refusal.code, refusal.keyword) == ("CONFLICT", "data")
    assert "a.fits" in refusal.expected
    assert rows(database, "SELECT count(*) FROM survey.raw_file") == [(1,)]


@pytest.mark.parametrize(
    ("keyword", "value"), [("STRIP_ID", 308050), ("SCANDIR", "s"), ("TYPE", "cal"), ("CRVAL2", 20.0)]
)
def test_contradicting_band_is_refused(ingest, tmp_path, keyword, value):
    write_image(tmp_path / "a.fits")
    write_image(tmp_path / "b.fits", FILTER="h", **{keyword: value})
    summary = ingest(tmp_path)
    (refusal,) = summary.refusals
    assert refusal.code == "CONFLICT"
    assert refusal.keyword in {keyword, "CRVAL1"}
    assert summary.added == 1


def test_absent_keywords_are_supplied_later(database, ingest, tmp_path):
    bare = dict.fromkeys(("STRIP_ID", "SCANDIR", "TYPE", "UT", "UT_DATE", "NUMFRMS", "AMASS_FC", "COADDNO"))
    write_image(tmp_path / "aJ_asky_980427s0490009.fits", **bare)
    assert ingest(tmp_path).scans[0].tile == -(2 * (423 * 1000 + 49) + 1)
    row = rows(database, "SELECT direction, started_at, jdate, airmass, frames_expected FROM survey.scan")
    assert row == [(None,) * 5]
    assert rows(database, "SELECT kind FROM survey.tile") == [("unassigned",)]
    write_image(tmp_path / "b.fits", FILTER="h", TYPE="cal")
    assert ingest(tmp_path).complete
    assert rows(database, "SELECT tile, kind FROM survey.tile") == [(308049, "calibration")]
    assert rows(database, "SELECT tile, kind, direction FROM survey.scan") == [(308049, "cal", "n")]


def test_identity_from_the_name_alone(ingest, tmp_path):
    bare = dict.fromkeys(("ORDATE", "DAYNUM", "FN_PRFX", "SCANNO", "TELNAME", "FILTER", "COADDNO"))
    write_image(tmp_path / "aK_asky_980427s0490009.fits", **bare)
    write_image(tmp_path / "nothing.fits", FILTER="h", **{k: None for k in bare if k != "FILTER"})
    summary = ingest(tmp_path)
    assert [(s.identity.night, s.identity.scan, s.bands) for s in summary.scans] == [("980427s", 49, "k")]
    (refusal,) = summary.refusals
    assert refusal.keyword == "ORDATE"
    assert "name the file like" in refusal.expected


def test_images_without_a_number_are_told_apart_by_place(database, ingest, tmp_path):
    for name, decl in (("a", -14.36), ("b", -14.36 + 970 / 3600)):
        for band in "jh":
            write_image(tmp_path / f"{name}{band}.fits", COADDNO=None, CRVAL2=decl, FILTER=band)
    assert ingest(tmp_path).complete
    numbers = rows(database, "SELECT band, image_number FROM survey.raw_file ORDER BY 2, 1")
    assert [band for band, _ in numbers] == ["h", "j", "h", "j"]
    assert len({number for _, number in numbers}) == 2


def damaged(name: str, path: Path) -> None:
    """Write one file that is wrong in the way its name says."""
    whole = path.with_name("whole.tmp")
    match name:
        case "truncated":
            content = write_image(whole).read_bytes()
            path.write_bytes(content[: len(content) // 2])
        case "truncated_gzip":
            content = gzip.compress(write_image(whole).read_bytes())
            path.with_suffix(".fits.gz").write_bytes(content[: len(content) // 2])
        case "endless":
            # A bit flipped in the first card: astropy finds the same damaged HDU for ever.
            path.write_bytes(write_image(whole).read_bytes().replace(b"SIMPLE  =  ", b"SIMPLE  = \x8e", 1))
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("no FITS file at all\n" * 300)
        case "only_nan":
            write_pixels(path, np.full((120, 80), np.nan, np.float32))
        case "cube":
            write_image(path, shape=(2, 120, 80))
        case "tiny":
            write_image(path, shape=(20, 20))
        case "no_image":
            write_pixels(path, None)
        case _:
            write_image(path, **WRONG[name])
    whole.unlink(missing_ok=True)


WRONG: dict[str, dict[str, Any]] = {
    "band": {"FILTER": "v", "FN_PRFX": None},
    "two_bands": {"FILTER": "h", "FN_PRFX": "j0423049"},
    "date": {"ORDATE": "981327"},
    "date_before": {"ORDATE": "700101", "DAYNUM": None, "FN_PRFX": None},
    "day": {"DAYNUM": "0424"},
    "ut": {"UT_DATE": "980601"},
    "prefix": {"FN_PRFX": "j0423050"},
    "projection": {"CTYPE1": "RA---TAN"},
    "no_wcs": {"CRVAL1": None},
    "galactic": {"CTYPE1": "GLON-SIN"},
    "b1950": {"EQUINOX": 1950.0},
    "scale": {"CDELT1": -0.01, "CDELT2": 0.01},
    "zero_point": {"MAGZP": None},
    "zero_point_text": {"MAGZP": "unknown"},
    "type": {"TYPE": "dar"},
    "scan": {"SCANNO": 1000},
    "number": {"COADDNO": 2000},
    "site": {"TELNAME": None},
}


def test_damaged_files_are_refused_and_the_rest_goes_in(database, ingest, tmp_path):
    special = [
        "endless",
        "truncated",
        "truncated_gzip",
        "empty",
        "text",
        "only_nan",
        "cube",
        "tiny",
        "no_image",
    ]
    names = [*WRONG, *special]
    for name in names:
        damaged(name, tmp_path / f"{name}.fits")
    write_image(tmp_path / "good.fits")
    summary = ingest(tmp_path)
    refused = {Path(refusal.path).name.partition(".")[0]: refusal for refusal in summary.refusals}
    assert sorted(refused) == sorted(names)
    assert (summary.added, summary.refused_files) == (1, len(names))
    for name, refusal in refused.items():
        assert refusal.found, name
        assert refusal.expected, name
        assert "Traceback" not in refusal.found
    assert refused["zero_point"].keyword == "MAGZP"
    assert refused["two_bands"].keyword == "FILTER"
    assert refused["only_nan"].found == "0 of 9600 pixels with a value"
    with database.connect("operator") as connection:
        stored = read_refusals(connection)
    assert {row.path for row in stored} == {refusal.path for refusal in summary.refusals}
    assert rows(database, "SELECT count(*) FROM survey.scan") == [(1,)]


def test_refusal_is_settled_when_the_file_goes_in(database, ingest, tmp_path):
    write_image(tmp_path / "a.fits", MAGZP=None)
    ingest(tmp_path)
    write_image(tmp_path / "a.fits")
    ingest(tmp_path)
    with database.connect("reader") as connection:
        assert read_refusals(connection) == []
        (row,) = read_refusals(connection, settled=True)
    assert row.taken_in


def test_bands_without_common_area(ingest, tmp_path):
    write_image(tmp_path / "a.fits")
    write_image(tmp_path / "b.fits", FILTER="h", CRVAL2=-14.0, COADDNO=25)
    (scan,) = ingest(tmp_path).scans
    assert "no area in common" in scan.remark


def test_area_follows_later_images(database, ingest, tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    write_image(tmp_path / "1" / "a.fits")
    write_image(tmp_path / "2" / "b.fits", CRVAL2=-14.36 + 100 / 3600, COADDNO=10)
    ingest(tmp_path / "1")
    before = corners_of(database)
    (scan,) = ingest(tmp_path / "2").scans
    after = corners_of(database)
    assert scan.state == "extended"
    assert after.south_east == pytest.approx(before.south_east, abs=1e-6)
    assert (after.north_east[1] - before.north_east[1]) * 3600 == pytest.approx(100, abs=0.1)
    # 74 columns of 80 hold data, and RA 0 lies inside.
    assert after.south_west[0] > 359.0
    assert after.south_east[0] < 1.0


def accept_an_attempt(database: Database) -> None:
    with database.connect() as connection:
        declare_kinds(connection, PLAN)
        connection.execute(
            """
            WITH p AS (
                INSERT INTO production.pipeline
                    (code_version, code_commit, parameters, parameters_hash, pipeline_hash)
                VALUES ('1', 'c', '{}', repeat('0', 64), repeat('0', 64)) RETURNING pipeline_id
            ), r AS (
                INSERT INTO production.run (name, kind, state, pipeline_id, created_by)
                SELECT 'r', 'preliminary', 'open', pipeline_id, 'test' FROM p RETURNING run_id
            )
            INSERT INTO production.task (run_id, kind, scope, night_id, scan_key, state, max_attempts)
            SELECT run_id, 'scan', 'scan', night_id, scan_key, 'done', 3 FROM r, survey.scan
            """
        )
        connection.execute(
            """
            INSERT INTO production.attempt
                (task_id, run_id, scan_key, worker, host, process_id, code_version, code_commit, expires_at,
                 ended_at, outcome, accepted)
            SELECT task_id, run_id, scan_key, 'w', 'h', 1, '1', 'c', now(), now(), 'done', true FROM production.task
            """
        )


def test_a_reduced_scan_is_extended_only_on_request(database, ingest, tmp_path):
    write_image(tmp_path / "a.fits")
    ingest(tmp_path)
    accept_an_attempt(database)
    before = rows(database, STATE)
    write_image(tmp_path / "b.fits", FILTER="h")
    summary = ingest(tmp_path)
    assert [refusal.code for refusal in summary.refusals] == ["SCAN_REDUCED"]
    assert rows(database, STATE) == before
    (scan,) = ingest(tmp_path, extend=True).scans
    assert scan.state == "extended"
    assert "reduce it again" in scan.remark


def test_folders_that_hold_nothing(ingest, tmp_path):
    with pytest.raises(InputError, match="no FITS file") as empty:
        ingest(tmp_path)
    with pytest.raises(InputError, match="no folder"):
        ingest(tmp_path / "absent")
    assert empty.value.exit_status == 2


def test_names_and_places_of_all_kinds(ingest, tmp_path):
    deep = tmp_path / "night 980427s" / "scan ü"
    deep.mkdir(parents=True)
    write_image(deep / "a.FIT")
    (tmp_path / "b.fits.gz").write_bytes(gzip.compress(write_image(deep / "x.tmp", FILTER="h").read_bytes()))
    (tmp_path / "readme.txt").write_text("no image")
    summary = ingest(tmp_path)
    assert (summary.files, summary.added) == (2, 2)
    assert ingest(deep / "a.FIT").unchanged == 1


KILLED = """
import os, signal, sys
import app.ingest.registrar as registrar
from app.db.engine import connect_url
from app.ingest.atlas import ingest_atlas

real, count = registrar._add_file, 0
def dying(*arguments):
    global count
    count += 1
    if count == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    real(*arguments)
registrar._add_file = dying
with connect_url(sys.argv[1]) as connection:
    ingest_atlas(connection, sys.argv[2])
"""


def test_killed_in_the_middle(database, ingest, tmp_path):
    for scan in (49, 50):
        for band in "jhk":
            cards = {
                "SCANNO": scan,
                "FN_PRFX": f"{band}04230{scan}",
                "FILTER": band,
                "STRIP_ID": 308000 + scan,
            }
            write_image(tmp_path / f"{band}{scan}.fits", **cards)
    # The fourth file is the first of the second scan, whose row is written by then.
    command = [sys.executable, "-c", KILLED, database.url, str(tmp_path)]
    ended = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=60, check=False
    )
    assert ended.returncode == -9
    assert rows(database, "SELECT scan FROM survey.scan") == [(49,)]
    assert rows(database, "SELECT count(*) FROM survey.raw_file") == [(3,)]
    summary = ingest(tmp_path)
    assert (summary.added, summary.unchanged) == (3, 3)
    assert [scan.state for scan in summary.scans] == ["unchanged", "new"]
