"""Plan files: what they may say, and that every fault is named by its key."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import numpy as np
import pytest

from app.cli.main import run
from app.observatory.survey.plan import GALAXY_FORMS, SurveyPlan
from app.observatory.survey.plan_file import PlanFileError, find_plan, read_plan, shipped_plans
from app.observatory.survey.schedule import plan_scans, tiles_of
from app.sky.galactic import galactic
from tests.worlds.places import ROOT

GOOD = """
name = "small"
seed = 7

[sky]
pair_share = 0.5

[[field]]
name = "cap"
kind = "survey"
ra_deg = 192.9
decl_deg = 27
frames = 8
columns = 2

[[night]]
date = 1998-04-27
site = "s"
camera = "sim-s-1"

  [[night.visit]]
  field = "cap"
  hour_angle_hours = 0.5
  pointing_error_arcsec = [300, -20.5]
"""


def read(tmp_path, text) -> SurveyPlan:
    path = tmp_path / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return read_plan(path)


def faults(tmp_path, *changes) -> str:
    text = GOOD
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    with pytest.raises(PlanFileError) as caught:
        read(tmp_path, text)
    assert caught.value.code == "SURVEY_PLAN"
    return str(caught.value)


def test_a_plan_becomes_frozen_values_with_defaults(tmp_path):
    plan = read(tmp_path, GOOD)
    assert (plan.name, plan.seed, plan.sky.pair_share, plan.sky.density_factor) == ("small", 7, 0.5, 1.0)
    night = plan.nights[0]
    assert (night.name, night.night_date, night.seeing_arcsec) == ("980427s", date(1998, 4, 27), 1.25)
    visit = night.visits[0]
    assert visit.pointing_error_arcsec == (300.0, -20.5)
    assert visit.seeing_arcsec is None
    assert isinstance(plan.fields[0].decl_deg, float)
    assert hash(plan) == hash(read(tmp_path, GOOD))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "pair_share = 0.5",
            "pair_shares = 0.5",
            "sky.pair_shares: found 0.5, expected no such key: known are",
        ),
        ("pair_share = 0.5", "pair_share = 1.5", "sky.pair_share: found 1.5, expected 0 to 1"),
        ("pair_share = 0.5", "pair_share = true", "sky.pair_share: found True, expected a number"),
        ("frames = 8", "frames = 8.5", "field[1].frames: found 8.5, expected a whole number"),
        ("decl_deg = 27", "decl_deg = 89.85", "field[1].decl_deg: found 89.85, expected frames within 89.9"),
        ("hour_angle_hours = 0.5", "clouded_scans = [3]", "clouded_scans: found (3,), expected 1 to 2"),
        ("hour_angle_hours = 0.5", "missing_frames = [9]", "missing_frames: found (9,), expected 1 to 8"),
        ("frames = 8", "frames = 'many'", "field[1].frames: found 'many'"),
        ("seed = 7", "", "seed: found 'nothing', expected a value"),
        ('kind = "survey"', 'kind = "sci"', "field[1].kind: found 'sci', expected survey or calibration"),
        ("1998-04-27", '"1998-04-27"', "night[1].date: found '1998-04-27', expected a date"),
        ("1998-04-27", "1998-04-27T00:00:00", "night[1].date"),
        ("1998-04-27", "1990-04-27", "night[1].date: found '1990-04-27', expected 1997-03-01 to"),
        ("sim-s-1", "sim-n-1", "night[1].camera: found 'sim-n-1', expected a camera of site s: sim-s-1"),
        (
            'field = "cap"',
            'field = "cup"',
            "night[1].visit[1].field: found 'cup', expected a field of the plan",
        ),
        ("[300, -20.5]", "[300]", "night[1].visit[1].pointing_error_arcsec"),
        ("[300, -20.5]", "300", "night[1].visit[1].pointing_error_arcsec: found 300, expected a list"),
        ("hour_angle_hours = 0.5", "tiles = [3]", "night[1].visit[1].tiles: found (3,), expected 1 to 2"),
        ('name = "small"', 'name = "../small"', "name: found '../small', expected letters"),
        ("[sky]\npair_share = 0.5", "sky = 3", "sky: found 3, expected a table"),
        ("[[field]]", "[field]", "field: found"),
    ],
)
def test_every_fault_is_named_by_its_key(tmp_path, before, after, expected):
    assert expected in faults(tmp_path, (before, after))


def test_all_faults_are_named_at_once(tmp_path):
    told = faults(tmp_path, ("pair_share = 0.5", "pair_share = 2"), ("frames = 8", "frames = 0"))
    assert "sky.pair_share" in told
    assert "field[1].frames" in told


def test_names_and_nights_are_given_once_and_in_order(tmp_path):
    night = GOOD[GOOD.index("[[night]]") :]
    earlier = night.replace("04-27", "04-26")
    assert "in order of time" in faults(tmp_path, (night, night + earlier))
    field = GOOD[GOOD.index("[[field]]") : GOOD.index("[[night]]")]
    assert "field[2].name" in faults(tmp_path, (field, field + field))
    assert "one night at least" in faults(tmp_path, (night, ""))


def test_no_toml_and_no_file(tmp_path):
    with pytest.raises(PlanFileError, match=r"plan\.toml"):
        read(tmp_path, "name = ")
    with pytest.raises(PlanFileError, match="no such file"):
        find_plan(str(tmp_path / "absent.toml"))
    assert find_plan("demo").is_file()


def test_the_command_tells_the_fault_and_leaves_with_2(tmp_path, capsys):
    path = tmp_path / "plan.toml"
    path.write_text(GOOD.replace("seed = 7", "sead = 7"), encoding="utf-8")
    assert run(["simulate", "survey", str(path), str(tmp_path / "out")]) == 2
    assert "sead" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_shipped_plans_can_be_observed():
    assert {"demo", "survey"} <= set(shipped_plans())
    for name in shipped_plans():
        plan = read_plan(find_plan(name))
        assert plan.name == name
        assert all(plan_scans(plan, night) for night in plan.nights)


def scans_of(name):
    plan = read_plan(find_plan(name))
    return plan, [item.scan for night in plan.nights for item in plan_scans(plan, night)]


def test_the_demo_is_two_nights_of_at_most_36_short_scans_and_the_survey_has_40_tiles():
    plan, scans = scans_of("demo")
    assert [night.site for night in plan.nights] == ["s", "n"]
    assert len(scans) <= 36
    assert max(scan.frame_count for scan in scans) <= 36
    for night in plan.nights:
        kinds = {field.name: field.kind for field in plan.fields}
        sets = [visit for visit in night.visits if kinds[visit.field] == "calibration"]
        assert [visit.scans for visit in sets] == [6, 6]
    assert sum(visit.cloud_depth > 0.0 for night in plan.nights for visit in night.visits) == 1
    plan, scans = scans_of("survey")
    assert len(plan.nights) >= 3
    assert len({scan.tile for scan in scans if scan.scan_type.value == "sci"}) >= 40
    assert max(scan.frame_count for scan in scans) <= 36
    assert {night.camera for night in plan.nights} == {"sim-n-1", "sim-n-2", "sim-s-1"}


def test_every_key_is_explained():
    page = (ROOT / "docs" / "simulated-survey.md").read_text(encoding="utf-8")
    kinds = [SurveyPlan]
    for kind in kinds:
        for item in fields(kind):
            key = item.metadata.get("key", item.name)
            assert f"`{key}`" in page or f"{key}]" in page, key
            kinds += [item.metadata["table"]] if "table" in item.metadata else []


def test_the_other_plans_hold_what_they_are_named_after():
    assert {"pairs", "galaxies", "plane"} <= set(shipped_plans())
    pairs = read_plan(find_plan("pairs"))
    assert pairs.sky.pair_share >= 0.5
    visits = [visit for night in pairs.nights for visit in night.visits]
    assert {visit.defocus_arcsec > 0.0 for visit in visits} == {True, False}
    galaxies = read_plan(find_plan("galaxies"))
    assert {galaxy.form for galaxy in galaxies.galaxies} == set(GALAXY_FORMS)
    # Exponential discs with half their light within 48" are seen over 4' and more.
    assert sum(galaxy.half_light_arcsec > 48.0 for galaxy in galaxies.galaxies) >= 5
    assert galaxies.nebulae
    plane = read_plan(find_plan("plane"))
    assert plane.crowds
    assert plane.nebulae
    low = [
        field for field in plane.fields if abs(float(galactic([field.ra_deg], [field.decl_deg])[1][0])) < 3.0
    ]
    assert low
    for name in ("galaxies", "plane"):
        assert max(scan.frame_count for scan in scans_of(name)[1]) <= 36


def test_spikes_of_very_bright_stars_cross_edges_of_scans():
    """A star stands beside the overlap of two tiles or outside a tile, nearer than its spikes reach."""
    for name in ("survey", "plane"):
        plan = read_plan(find_plan(name))
        tiles = [tile for field in plan.fields if field.kind == "survey" for tile in tiles_of(plan, field)]
        for star in plan.stars:
            offsets = [
                abs((star.ra_deg - tile.ra_deg + 180.0) % 360.0 - 180.0)
                * np.cos(np.radians(star.decl_deg))
                * 3600.0
                for tile in tiles
                if tile.decl_deg[0] < star.decl_deg < tile.decl_deg[-1]
            ]
            if any(abs(offset - 256.0) < 120.0 for offset in offsets):
                break
        else:
            pytest.fail(f"no star at an edge in {name}")
