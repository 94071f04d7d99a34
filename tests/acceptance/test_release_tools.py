"""What is said of a release that came from raw frames: invariants, notes, explanations, exports, objects."""

from __future__ import annotations

import json
from pathlib import Path

from app.db.statements import scripts
from tests.acceptance.conftest import Site
from tests.acceptance.test_whole_way import query


def test_invariants_hold(night: Site) -> None:
    """Those of `mapps doctor --deep`, ph_qual and extended sources included."""
    with night.database.connect("reader") as connection:
        found = {}
        for path in scripts("checks"):
            rows = connection.execute(path.read_text(encoding="utf-8").encode()).fetchmany(3)
            if rows:
                found[path.stem] = rows
    assert found == {}
    letters = "SELECT count(*), count(*) FILTER (WHERE ph_qual ~ '[ABC]') FROM wsdb.point_measurement"
    [(rows, graded)] = query(night, letters)
    assert rows > graded > 50


def test_every_extended_row_has_a_verdict(night: Site) -> None:
    assert query(
        night,
        "SELECT count(*) FROM wsdb.extended_measurement AS e"
        " FULL JOIN release.extended_verdict AS v USING (run_id, ext_id) WHERE e.ext_id IS NULL OR v.ext_id IS NULL",
    ) == [(0,)]


def test_scans_have_their_information(night: Site) -> None:
    rows = query(night, "SELECT j_msnr10, j_shape_avg, airm, ut, ha, j_n_snr10, images FROM release.scn")
    assert rows
    for depth, shape, airmass, hours, hour_angle, bright, images in rows:
        assert 12 < depth < 18
        assert 0.5 < shape < 3
        assert airmass >= 1
        assert 0 <= hours < 24
        assert -6 < hour_angle < 6
        assert bright > 10
        assert images % 3 == 0


def test_notes_and_explanations_by_command(night: Site, tmp_path: Path) -> None:
    night.mapps("release", "notes", "first-1", "--output", str(tmp_path / "notes.html"))
    text = (tmp_path / "notes.html").read_text(encoding="utf-8")
    assert "Release first-1" in text
    assert "sensitivity J" in text
    night.mapps("release", "export", "first-1", "--format", "votable", "--output", str(tmp_path))
    night.mapps("release", "export", "first-1", "--format", "moc", "--output", str(tmp_path))
    assert (tmp_path / "first-1.coverage-all.moc.fits").stat().st_size > 2880
    [(ra, decl)] = query(night, "SELECT ra, decl FROM release.psc ORDER BY pts_key LIMIT 1")
    told = night.mapps("release", "explain", "first-1", "--at", str(ra), str(decl), "--json")
    assert json.loads(told)["verdict"] == "released"


def test_objects_of_the_night(night_copy: Site) -> None:
    night_copy.mapps("run", "objects", "first", "--name", "night")
    [(objects, members, rows)] = query(
        night_copy,
        "SELECT (SELECT count(*) FROM release.object), count(*), (SELECT count(*) FROM wsdb.point_measurement)"
        " FROM release.object_member",
    )
    assert members == rows
    assert 0 < objects < rows
    # Calibration scans sweep their field six times.
    assert query(night_copy, "SELECT max(nscan) >= 3 FROM release.object") == [(True,)]
