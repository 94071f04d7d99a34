"""A simulated raw night into a real database."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from app.cli.main import run as mapps
from app.cli.output import forget_mode
from app.db.pgsphere import register
from app.errors import InputError
from app.formats.checksums import CHECKSUM_LIST_NAME, file_checksum
from app.formats.raw_folder import seal_night
from app.formats.raw_night import read_raw_scan, write_raw_scan
from app.ingest.night import ingest_night
from app.ingest.refusals import read_refusals
from app.ingest.replacement import ReplaceError
from app.ingest.summary import IngestSummary
from app.instruments.cameras import CAMERAS
from app.models.production import RunKind
from app.observatory.night import simulate_night
from app.observatory.parameters import NightParameters
from app.production import protocol
from app.production.pipelines import Pipeline
from app.production.publication import Publication
from app.production.publishing import publish
from app.production.queueing import queue_run
from app.production.runs import create_run
from app.production.selection import Selection
from app.production.stale import stale_tasks
from app.sky.footprint import Corners, edge_distances
from tests.conftest import Database
from tests.worlds.atlas_files import write_image
from tests.worlds.places import ROOT
from tests.worlds.plans import FIRST
from tests.worlds.production import IDENTITY

NIGHT = "980427s"
# Scan 1 dark, 2 flat, 3 and 4 survey tiles of four frames each, scan 4 with a missing one.
PARAMETERS = NightParameters(
    tiles=2, frames=4, calibration_groups=0, dark_frames=2, flat_frames=2, density_factor=0.05
)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory) -> Path:
    return simulate_night(PARAMETERS, tmp_path_factory.mktemp("night")).night


@pytest.fixture
def night(simulated, tmp_path) -> Path:
    """A night of its own that a test may damage."""
    return Path(shutil.copytree(simulated, tmp_path / NIGHT))


@pytest.fixture
def ingest(database: Database):
    def run(folder: Path, **options: Any) -> IngestSummary:
        with database.connect("operator") as connection:
            return ingest_night(connection, folder, **options)

    return run


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.connect() as connection:
        register(connection)
        return connection.execute(query).fetchall()


STATE = """
SELECT n.date, s.scan, s.kind, s.entry, s.tile, s.direction, s.started_at, s.jdate, s.airmass, s.frames_expected,
       s.frames_present, s.ra, s.decl, s.planned_ra_1, s.planned_dec_1, s.planned_ra_4, s.planned_dec_4,
       s.planned_footprint::text, s.header,
       t.kind, t.ra, t.decl, t.footprint::text,
       (SELECT array_agg(f.band || f.kind || f.sha256 ORDER BY f.band)
        FROM survey.raw_file AS f WHERE f.scan_key = s.scan_key),
       (SELECT count(*) FROM survey.frame AS f WHERE f.scan_key = s.scan_key)
FROM survey.scan AS s JOIN survey.night AS n USING (night_id) LEFT JOIN survey.tile AS t USING (tile)
ORDER BY n.date, s.scan
"""


def test_whole_night(database, ingest, night):
    summary = ingest(night)
    assert summary.complete
    assert (summary.added, summary.new_nights, summary.remarks) == (12, [NIGHT], [])
    assert [(s.identity.scan, s.kind, s.bands) for s in summary.scans] == [
        (1, "dar", "jhk"),
        (2, "flt", "jhk"),
        (3, "sci", "jhk"),
        (4, "sci", "jhk"),
    ]
    kinds = rows(database, "SELECT kind, count(*) FROM survey.raw_file GROUP BY 1 ORDER BY 1")
    assert kinds == [("dark", 3), ("flat", 3), ("scan", 6)]
    assert rows(
        database,
        "SELECT scan, frames_expected, frames_present, tile IS NULL, planned_footprint IS NULL, planned_ra_1 IS NULL"
        " FROM survey.scan ORDER BY scan",
    ) == [
        (1, 2, 2, True, True, True),
        (2, 2, 2, True, True, True),
        (3, 4, 4, *[False] * 3),
        (4, 4, 3, *[False] * 3),
    ]
    assert rows(database, "SELECT count(*), sum(missing::int) FROM survey.frame") == [(36, 3)]
    assert rows(
        database, "SELECT count(*) FROM survey.tile WHERE footprint IS NOT NULL AND kind = 'survey'"
    ) == [(2,)]


def test_area_holds_the_frames(database, ingest, night):
    ingest(night)
    (row,) = rows(
        database,
        "SELECT planned_ra_1, planned_dec_1, planned_ra_2, planned_dec_2, planned_ra_3, planned_dec_3, planned_ra_4,"
        " planned_dec_4 FROM survey.scan WHERE scan = 3",
    )
    corners = Corners((row[0], row[1]), (row[2], row[3]), (row[4], row[5]), (row[6], row[7]))
    frames = np.array(
        rows(
            database,
            "SELECT f.ra, f.decl FROM survey.frame f JOIN survey.scan USING (scan_key) WHERE scan = 3",
        )
    )
    ns, ew, _ = edge_distances(frames[:, 0], frames[:, 1], corners)
    # Centres of frames of 512 arcsec: 256 from the east and west edges, the outermost as far from the others.
    assert set(ew.tolist()) <= {255, 256}
    assert min(ns) in {255, 256}


def test_twice_changes_nothing(database, ingest, night):
    ingest(night)
    before = rows(database, STATE)
    second = ingest(night)
    assert (second.added, second.unchanged, second.new_nights) == (0, 12, [])
    assert {scan.state for scan in second.scans} == {"unchanged"}
    assert rows(database, STATE) == before


def test_bands_one_by_one_give_the_same(database, ingest, night, tmp_path):
    ingest(night)
    whole = rows(database, STATE)
    with database.connect() as connection:
        connection.execute("TRUNCATE survey.night, survey.tile CASCADE")
    for band in "khj":
        part = tmp_path / band / NIGHT
        part.mkdir(parents=True)
        for path in night.glob(f"{band}*.fits"):
            shutil.copy(path, part)
        seal_night(part)
        assert ingest(part).complete
    assert rows(database, STATE) == whole


def damage(night: Path) -> dict[str, tuple[str, str]]:
    """Make files of the survey scans wrong; give the code and keyword each is to be refused with."""
    truncated = night / "j0423001.fits"
    truncated.write_bytes(truncated.read_bytes()[:20000])
    changed = night / "h0423001.fits"
    content = bytearray(changed.read_bytes())
    content[-3000] ^= 0xFF
    changed.write_bytes(content)
    for name, keyword, value in (
        ("j0423002.fits", "ORDATE", "980499"),
        ("h0423002.fits", "FILTER", "j"),
        ("j0423003.fits", "TYPE", "cal"),
        ("k0423003.fits", "ORDATE", "980428"),
        ("h0423004.fits", "NUMFRMS", 9),
    ):
        with fits.open(night / name, mode="update") as hdus:
            hdus[0].header[keyword] = value
    old = (night / CHECKSUM_LIST_NAME).read_text().splitlines()
    seal_night(night)
    new = (night / CHECKSUM_LIST_NAME).read_text().splitlines()
    kept = [line for line in new if not line.endswith(("h0423001.fits", "k0423004.fits"))]
    kept += [line for line in old if "h0423001" in line]
    kept.append("0" * 64 + "  j0423009.fits")
    (night / CHECKSUM_LIST_NAME).write_text("\n".join(kept) + "\n")
    (night / "notes.fits").write_bytes(b"")
    return {
        "j0423001": ("RAW_FILE", "FRAMES"),
        "h0423001": ("CHECKSUM", "checksum"),
        "j0423002": ("RAW_FILE", "ORDATE"),
        "h0423002": ("RAW_FILE", "FN_PRFX"),
        "k0423003": ("RAW_FILE", "DAYNUM"),
        "h0423004": ("RAW_FILE", "FRAMES"),
        "k0423004": ("UNLISTED", "file"),
        "j0423009": ("MISSING", "file"),
    }


def test_damaged_files_are_refused_and_the_rest_goes_in(database, ingest, night):
    expected = damage(night)
    summary = ingest(night)
    found: dict[str, set[tuple[str, str | None]]] = {}
    for refusal in summary.refusals:
        found.setdefault(Path(refusal.path).stem, set()).add((refusal.code, refusal.keyword))
        assert refusal.found
        assert refusal.expected
    # J and H of scan 3 say cal and sci: the first in the order of bands is believed, the other refused.
    assert found.pop("h0423003") == {("CONFLICT", "TYPE")}
    assert set(found) == set(expected)
    for name, wanted in expected.items():
        assert wanted in found[name] or {code for code, _ in found[name]} == {wanted[0]}, (name, found[name])
    assert [(s.identity.scan, s.bands) for s in summary.scans] == [(1, "k"), (2, "k"), (3, "j"), (4, "j")]
    assert any("notes.fits" in remark for remark in summary.remarks)
    again = ingest(night)
    assert (again.added, again.unchanged) == (0, 4)
    stored = rows(database, "SELECT count(*), count(DISTINCT path) FROM survey.refusal")
    assert stored == [(len(summary.refusals), len(expected) + 1)]


def test_files_that_no_known_camera_took_are_refused_by_keyword(database, ingest, night):
    """Constants are chosen by CAMERA: with those of another camera every magnitude would be wrong without a word."""
    for name, keyword, value in (
        ("j0423001.fits", "CAMERA", "another"),
        ("h0423002.fits", "CAMERA", "s"),
        ("k0423003.fits", "READ1_T", 0.1),
        ("k0423004.fits", "INT_PER", 7.8),
    ):
        with fits.open(night / name, mode="update") as hdus:
            hdus[0].header[keyword] = value
    seal_night(night)
    summary = ingest(night)
    assert [(Path(r.path).stem, r.code, r.keyword, r.found, r.expected) for r in summary.refusals] == [
        ("j0423001", "RAW_FILE", "CAMERA", "CAMERA 'another'", f"a known camera: {', '.join(CAMERAS)}"),
        ("h0423002", "RAW_FILE", "CAMERA", "CAMERA 's'", f"a known camera: {', '.join(CAMERAS)}"),
        ("k0423003", "RAW_FILE", "READ1_T", "0.1 s", "0.051 s of camera sim-s-1"),
        ("k0423004", "RAW_FILE", "INT_PER", "7.8 s", "1.3 s of camera sim-s-1"),
    ]
    assert [(scan.identity.scan, scan.bands) for scan in summary.scans] == [
        (1, "hk"),
        (2, "jk"),
        (3, "jh"),
        (4, "jh"),
    ]
    stored = rows(database, "SELECT count(*), count(DISTINCT header ->> 'CAMERA') FROM survey.raw_file")
    assert stored == [(8, 1)]


def test_replaced_file_is_a_conflict(ingest, night, tmp_path):
    ingest(night)
    with fits.open(night / "j0423003.fits", mode="update") as hdus:
        hdus[0].header["HISTORY"] = "written again"
    seal_night(night)
    summary = ingest(night)
    assert [(refusal.code, refusal.keyword) for refusal in summary.refusals] == [("CONFLICT", "data")]
    assert summary.unchanged == 11


def change(night: Path, name: str, **cards: object) -> None:
    """Write a raw file again with other cards, and another airmass in its frames, and seal the night."""
    scan = read_raw_scan(night / name)
    frames, light = scan.frames.copy(), scan.read2_dn.copy()
    frames["airmass"] += 0.25
    light[0, 9, 9] += 1
    (night / name).unlink()
    write_raw_scan(
        night / name, replace(scan, frames=frames, read2_dn=light, header=replace(scan.header, **cards))
    )
    seal_night(night)


def test_a_file_that_changed_takes_the_place_of_the_former_by_name(database, ingest, night):
    ingest(night)
    former = rows(
        database, "SELECT raw_file_id, sha256 FROM survey.raw_file WHERE url LIKE '%j0423003.fits'"
    )[0]
    frames = "SELECT band, count(*), avg(f.airmass) FROM survey.frame AS f JOIN survey.scan USING (scan_key)"
    frames = f"{frames} WHERE scan = 3"
    before = {band: airmass for band, _, airmass in rows(database, f"{frames} GROUP BY band")}
    change(night, "j0423003.fits")
    [refusal] = ingest(night).refusals
    assert "mapps ingest night --replace j0423003.fits" in refusal.expected
    summary = ingest(night, replace=["j0423003.fits"])
    assert (summary.complete, summary.added, summary.unchanged) == (True, 0, 11)
    [replaced] = summary.replaced
    assert (replaced.raw_file_id, replaced.former_sha256) == former
    now = rows(database, "SELECT raw_file_id, sha256 FROM survey.raw_file WHERE url LIKE '%j0423003.fits'")
    assert now == [(former[0], replaced.sha256)]
    assert replaced.sha256 == file_checksum(night / "j0423003.fits")
    after = rows(database, f"{frames} GROUP BY band ORDER BY band")
    assert [count for _, count, _ in after] == [4, 4, 4]
    assert {band: airmass - before[band] for band, _, airmass in after} == pytest.approx(
        {"j": 0.25, "h": 0, "k": 0}
    )
    [scan] = [scan for scan in summary.scans if scan.replaced]
    assert (scan.identity.scan, scan.state, scan.files) == (3, "replaced", 3)
    # The refusal of before is settled, and the same again is unchanged.
    with database.connect() as connection:
        assert read_refusals(connection, settled=False, limit=10) == []
    again = ingest(night, replace=["j0423003.fits"])
    assert (again.unchanged, again.replaced) == (12, [])
    assert again.remarks == ["j0423003.fits replaces nothing: no other content was ingested in its place"]


def test_what_takes_a_place_agrees_with_the_files_that_stay(database, ingest, night):
    ingest(night)
    state = rows(database, STATE)
    tile = read_raw_scan(night / "j0423003.fits").header.tile
    names = [f"{band}0423003.fits" for band in "jhk"]
    change(night, names[0], tile=tile + 1)
    summary = ingest(night, replace=names)
    assert [(refusal.code, refusal.keyword) for refusal in summary.refusals] == [("CONFLICT", "STRIP_ID")]
    assert (summary.replaced, rows(database, STATE)) == ([], state)
    # All three together are another tile.
    for name in names[1:]:
        change(night, name, tile=tile + 1)
    summary = ingest(night, replace=[night / name for name in names])
    assert (summary.complete, len(summary.replaced)) == (True, 3)
    assert rows(database, "SELECT tile FROM survey.scan WHERE scan = 3") == [(tile + 1,)]


@pytest.mark.parametrize("name", ["j0423099.fits", "checksums.sha256", "/elsewhere/j0423003.fits"])
def test_only_raw_files_of_the_folder_take_places(database, ingest, night, name):
    with pytest.raises(ReplaceError, match="expected the name of a raw file in"):
        ingest(night, replace=[name])
    assert rows(database, "SELECT count(*) FROM survey.raw_file") == [(0,)]


def test_a_damaged_file_takes_no_place(database, ingest, night):
    ingest(night)
    state = rows(database, STATE)
    (night / "j0423003.fits").write_bytes((night / "j0423003.fits").read_bytes()[:5000])
    assert [refusal.code for refusal in ingest(night, replace=["j0423003.fits"]).refusals] == ["CHECKSUM"]
    seal_night(night)
    summary = ingest(night, replace=["j0423003.fits"])
    assert [refusal.code for refusal in summary.refusals] == ["RAW_FILE"]
    assert (summary.remarks, rows(database, STATE)) == ([], state)


def test_attempts_at_the_former_content_are_listed_and_stale(live_database, night, capsys):
    assert mapps(["ingest", "night", str(night)]) == 0
    with live_database.connect(autocommit=True) as connection:
        create_run(connection, "first", RunKind.PRELIMINARY, Pipeline("0", "c0ffee", {}))
        queue_run(connection, "first", Selection(), 3, plan=FIRST)
        while (held := protocol.claim(connection, IDENTITY, 60, "first")) is not None:
            files = connection.execute(
                "SELECT f.raw_file_id, f.sha256 FROM survey.raw_file AS f JOIN survey.scan AS s USING (scan_key)"
                " WHERE CASE WHEN %(scan)s::integer IS NULL THEN s.kind IN ('dar', 'flt')"
                " ELSE s.scan_key = %(scan)s::integer END",
                {"scan": held.scan_key},
            ).fetchall()
            made = Publication(
                "0" * 64, raw_file_ids=tuple(key for key, _ in files), raw_file_hashes=dict(files)
            )
            publish(connection, held, made)
    change(night, "j0423003.fits")
    capsys.readouterr()
    assert mapps(["ingest", "night", str(night), "--replace", "j0423003.fits"]) == 0
    told = capsys.readouterr().out
    assert "replaced: j0423003.fits, SHA-256" in told
    assert "they are stale: mapps run stale first --apply" in told
    assert "read the file" in told
    with live_database.connect() as connection:
        stale = stale_tasks(connection, "first")
    assert [(task.task["kind"], task.task["scan"]) for task in stale] == [("scan", 3)]
    assert stale[0].reasons == (f"file {night / 'j0423003.fits'} was replaced",)
    change(night, "k0423004.fits")
    change(night, "h0423001.fits")
    words = [
        "ingest",
        "night",
        str(night),
        "--json",
        "--replace",
        "k0423004.fits",
        "--replace",
        "h0423001.fits",
    ]
    assert mapps(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["replaced_files"], found["added"], found["unchanged"]) == (2, 0, 10)
    assert sorted(row["file"] for row in found["replaced"]) == ["h0423001.fits", "k0423004.fits"]
    assert sorted(row["kind"] for row in found["users"]) == ["night_calibration", "scan"]


def test_the_block_of_a_night_is_named_by_its_cameras_unless_an_operator_named_it(database, ingest, night):
    ingest(night)
    block, camera = "SELECT block FROM survey.night", f"sim-{NIGHT[-1]}-1"
    assert rows(database, block) == [(camera,)]
    with database.connect("operator") as connection:
        connection.execute(
            "UPDATE survey.raw_file SET header = header || '{\"CAMERA\": \"another\"}' WHERE band = 'h'"
        )
    ingest(night)
    assert rows(database, block) == [(f"another+{camera}",)]
    with database.connect("operator") as connection:
        connection.execute("UPDATE survey.night SET block = 'spring', block_named = true")
    ingest(night)
    assert rows(database, block) == [("spring",)]


def test_folders_that_are_no_night(ingest, night, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no raw file in"):
        ingest(tmp_path / "empty")
    with pytest.raises(InputError, match="no folder"):
        ingest(tmp_path / "absent")
    with pytest.raises(InputError, match=NIGHT):
        ingest(tmp_path)
    with pytest.raises(InputError, match="is a file"):
        ingest(night / "j0423001.fits")
    (night / CHECKSUM_LIST_NAME).unlink()
    with pytest.raises(InputError, match="sha256sum"):
        ingest(night)
    shutil.copytree(night, tmp_path / "copy")
    with pytest.raises(InputError, match="name the folder as its night"):
        ingest(tmp_path / "copy")


KILLED = """
import os, signal, sys
import app.ingest.registrar as registrar
from app.db.engine import connect_url
from app.ingest.night import ingest_night

real, count = registrar.copy_frames, 0
def dying(*arguments):
    global count
    count += 1
    real(*arguments)
    if count == 8:
        os.kill(os.getpid(), signal.SIGKILL)
registrar.copy_frames = dying
with connect_url(sys.argv[1]) as connection:
    ingest_night(connection, sys.argv[2])
"""


def test_killed_in_the_middle(database, ingest, night):
    command = [sys.executable, "-c", KILLED, database.url, str(night)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    assert subprocess.run(command, cwd=ROOT, env=environment, timeout=60, check=False).returncode == -9
    # Two files of the third scan were sent, frames and all: nothing of it is there.
    assert rows(database, "SELECT array_agg(scan ORDER BY scan) FROM survey.scan") == [([1, 2],)]
    assert rows(database, "SELECT count(DISTINCT scan_key) FROM survey.frame") == [(2,)]
    summary = ingest(night)
    assert (summary.added, summary.unchanged) == (6, 6)


def test_commands(live_database, night, tmp_path, capsys):
    assert mapps(["ingest", "night", str(night), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["added"] == 12
    forget_mode()
    assert mapps(["ingest", "night", str(night)]) == 0
    assert "12 unchanged" in capsys.readouterr().out
    assert mapps(["ingest", "refusals"]) == 0
    assert capsys.readouterr().out == "nothing was refused\n"
    write_image(tmp_path / "a.fits")
    write_image(tmp_path / "b.fits", MAGZP=None)
    assert mapps(["ingest", "atlas", str(tmp_path / "a.fits")]) == 0
    assert mapps(["ingest", "atlas", str(tmp_path / "b.fits")]) == 4
    assert "MAGZP" in capsys.readouterr().out
    assert mapps(["ingest", "refusals", "--json"]) == 0
    assert [row["keyword"] for row in json.loads(capsys.readouterr().out)] == ["MAGZP"]
    forget_mode()
    assert mapps(["ingest", "atlas", str(tmp_path / "absent")]) == 2
    assert mapps(["ingest", "night", str(tmp_path / "absent")]) == 2
    assert "no folder" in capsys.readouterr().err
