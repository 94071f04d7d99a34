"""Whole small surveys: one identity of a star in all nights, the same bytes, nights left as they are."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from app.cli.main import run
from app.cli.reference import made_up_stars
from app.errors import ConflictError, InputError, SettingsError
from app.formats.raw_folder import raw_files
from app.formats.raw_night import read_raw_header, read_raw_scan, validate
from app.observatory.survey.plan import FieldPlan, NightPlan, PlacedStar, Sky, SurveyPlan, Visit
from app.observatory.survey.survey import scans_to_observe, simulate_survey
from app.observatory.survey.truth import read_survey_table
from app.observatory.truth import read_table

PLAN = SurveyPlan(
    "small",
    7,
    sky=Sky(asteroids=2, variable_share=0.2),
    stars=(PlacedStar(192.9, 27.1, 11.0, 10.6, 10.5),),
    fields=(FieldPlan("cap", "survey", 192.9, 27.1, 8), FieldPlan("standards", "calibration", 210.0, 0.0, 7)),
    nights=(
        NightPlan(date(1998, 4, 27), "s", "sim-s-1", dark_frames=2, flat_frames=2, missing_share=0.0,
                  visits=(Visit("cap", 0.0), Visit("standards", 0.0, scans=2, cloud_depth=0.5, clouded_scans=(2,)))),
        NightPlan(date(1999, 4, 27), "n", "sim-n-2", dark_frames=2, flat_frames=2, missing_share=0.0,
                  visits=(Visit("cap", 0.0), Visit("cap", pointing_error_arcsec=(200.0, 0.0)))),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def observed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("survey")
    return folder, simulate_survey(PLAN, folder)


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_raw_files_are_sound_and_name_their_camera(observed):
    folder, summary = observed
    assert (summary.nights, summary.existed, summary.scans, summary.files) == (2, 0, 9, 27)
    for night in PLAN.nights:
        files = raw_files(folder / night.name)
        assert [problem for path in files for problem in validate(path)] == []
        assert {read_raw_header(path)[0].camera for path in files} == {night.camera}


@pytest.mark.slow
def test_the_same_bytes_by_two_processes(observed, tmp_path):
    folder, _ = observed
    simulate_survey(PLAN, tmp_path, processes=2)
    assert digests(tmp_path) == digests(folder)


def test_a_star_has_one_identity_in_all_nights(observed):
    folder, summary = observed
    objects = read_survey_table(summary.truth, "OBJECTS")
    sightings = read_survey_table(summary.truth, "SIGHTINGS")
    assert np.unique(objects["object_id"]).size == objects.size == summary.objects
    assert np.isin(sightings["object_id"], objects["object_id"]).all()
    first, second = (
        np.unique(sightings["object_id"][sightings["night"] == night.name.encode()]) for night in PLAN.nights
    )
    both = np.intersect1d(first, second)
    assert both.size > 100
    # The same number, the same star: a year apart it stands within its proper motion.
    early, late = (read_table(folder / f"{night.name}.truth.fits", "SOURCES") for night in PLAN.nights)
    early, late = (rows[np.isin(rows["source_id"], both)] for rows in (early, late))
    early, late = (rows[np.argsort(rows["source_id"])] for rows in (early, late))
    common = np.isin(early["source_id"], late["source_id"])
    early, late = early[common], late[np.isin(late["source_id"], early["source_id"])]
    assert early["source_id"].tolist() == late["source_id"].tolist()
    assert (early["k_m"] == late["k_m"]).all()
    shift = np.hypot((early["ra"] - late["ra"]) * 0.89, early["decl"] - late["decl"]) * 3600.0
    assert 0.001 < np.median(shift) < 0.1
    assert shift.max() < 2.0


def test_tables_by_night_scan_and_image(observed):
    folder, summary = observed
    nights = read_survey_table(summary.truth, "NIGHTS")
    assert nights["night"].tolist() == 3 * [b"980427s"] + 3 * [b"990427n"]
    assert nights["clouded_scans"].tolist() == 3 * [1] + 3 * [0]
    scans, images = read_survey_table(summary.truth, "SCANS"), read_survey_table(summary.truth, "IMAGES")
    assert scans.size == 3 * summary.scans
    assert images.size == 3 * (2 + 2 + 8 + 7 + 7 + 2 + 2 + 8 + 8)
    for night in PLAN.nights:
        own = read_table(folder / f"{night.name}.truth.fits", "SCANS")
        assert (own["zero_point_mag"] == scans["zero_point_mag"][scans["night"] == night.name.encode()]).all()
    with pytest.raises(InputError, match="table STARS"):
        read_survey_table(summary.truth, "STARS")
    with pytest.raises(InputError, match=r"absent\.fits"):
        read_survey_table(folder / "absent.fits", "OBJECTS")


def test_the_placed_star_shines_where_the_truth_says(observed):
    folder, summary = observed
    objects = read_survey_table(summary.truth, "OBJECTS")
    star = objects["object_id"][(objects["ra"] == 192.9) & (objects["kind"] == b"s")]
    assert star.size == 1
    sightings = read_survey_table(summary.truth, "SIGHTINGS")
    rows = sightings[sightings["object_id"] == star[0]]
    assert rows["looks"].min() >= 4
    frames = read_table(folder / "980427s.truth.fits", "FRAMES")
    scan = read_raw_scan(folder / "980427s" / "j0423003.fits")
    looks = frames[(frames["scan"] == 3) & (frames["band"] == b"j")]
    nearest = int(np.argmin(np.abs(looks["decl"] - 27.1)))
    image = scan.read2_dn[nearest].astype(float) - scan.read1_dn[nearest]
    x = 127.5 - (192.9 - looks["ra"][nearest]) * np.cos(np.radians(27.1)) * 1800.0
    y = 127.5 + (27.1 - looks["decl"][nearest]) * 1800.0
    disc = np.hypot(*(np.mgrid[:256, :256] - np.array([y, x])[:, None, None])) < 8.0
    light = (image[disc] - np.median(image)).sum()
    expected = 10.0 ** (0.4 * (looks["zero_point_mag"][nearest] - 11.0))
    assert light == pytest.approx(expected, rel=0.15)


def test_standards_are_constant_stars_with_small_errors(observed):
    folder, _ = observed
    standards = read_table(folder / "980427s.standards.fits", "STANDARDS")
    sources = read_table(folder / "980427s.truth.fits", "SOURCES")
    objects = read_survey_table(folder / "980427s.objects.fits", "OBJECTS")
    assert standards.size >= 1
    # Published places are those of the epoch, 2000.0, whatever night they are published with.
    assert np.isin(standards["ra"], objects["ra"]).all()
    numbers = [int(objects["object_id"][objects["ra"] == ra][0]) for ra in standards["ra"]]
    rows = np.concatenate([sources[sources["source_id"] == number] for number in numbers])
    error = standards["j_m"] - rows["j_m"]
    assert (error != 0.0).all()
    assert np.abs(error).max() < 0.03
    variable = objects["object_id"][objects["amplitude_mag"] > 0.0]
    assert not np.isin(rows["source_id"], variable).any()


def test_made_up_reference_stars_of_all_nights_at_once(observed):
    folder, summary = observed
    stars, catalogue, source = made_up_stars(0, [folder / night.name for night in PLAN.nights])
    assert (catalogue, source) == ("synthetic", "seed 0, around nights 980427s, 990427n")
    assert np.unique(stars["star_id"]).size == stars.size
    objects = read_survey_table(summary.truth, "OBJECTS")
    seen = objects["reference_id"][objects["reference_id"] != 0]
    assert seen.size >= 2
    # Wrongly pointed frames see stars that nobody would load: the commanded sky is what is known.
    assert np.isin(seen, stars["star_id"]).mean() > 0.5


def test_existing_nights_are_left_and_others_refused(observed):
    folder, summary = observed
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*/*.fits")}
    truth = summary.truth.read_bytes()
    assert scans_to_observe(PLAN, folder) == 0
    again = simulate_survey(PLAN, folder, processes=2)
    assert again.existed == 2
    assert {path: path.stat().st_mtime_ns for path in folder.glob("*/*.fits")} == before
    assert summary.truth.read_bytes() == truth
    with pytest.raises(ConflictError, match="980427s"):
        simulate_survey(replace(PLAN, seed=8), folder)
    with pytest.raises(SettingsError, match="processes"):
        simulate_survey(PLAN, folder, processes=0)


def test_a_further_night_leaves_the_first_and_a_night_cut_short_is_observed_again(observed, tmp_path):
    folder, _ = observed
    first = replace(PLAN, nights=(
        replace(PLAN.nights[0], visits=(Visit("standards", 0.0),)),
    ))  # fmt: skip
    simulate_survey(first, tmp_path)
    known = {path: path.stat().st_mtime_ns for path in tmp_path.glob("980427s/*")}
    second = NightPlan(
        date(1998, 4, 28), "s", "sim-s-1", dark_frames=0, flat_frames=0, visits=(Visit("standards", 0.0),)
    )
    longer = replace(first, nights=(*first.nights, second))
    assert simulate_survey(longer, tmp_path).existed == 1
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("980427s/*")} == known
    (tmp_path / "980428s" / "checksums.sha256").unlink()
    assert scans_to_observe(longer, tmp_path) == 1
    assert folder != tmp_path


def test_the_command(tmp_path, capsys):
    plan = tmp_path / "tiny.toml"
    plan.write_text(
        'name = "tiny"\nseed = 1\n[[field]]\nname = "f"\nkind = "survey"\nra_deg = 210\ndecl_deg = -20\nframes = 7\n'
        '[[night]]\ndate = 1998-04-27\nsite = "s"\ncamera = "sim-s-1"\ndark_frames = 0\nflat_frames = 0\n'
        '[[night.visit]]\nfield = "f"\nhour_angle_hours = 0\n',
        encoding="utf-8",
    )
    words = ["simulate", "survey", str(plan), str(tmp_path / "out"), "--processes", "1"]
    assert run(words) == 0
    told = capsys.readouterr()
    assert "observing survey tiny, scans: 1 done" in told.err
    assert "there_already  0" in told.out
    assert run(words) == 0
    assert "there_already  1" in capsys.readouterr().out
