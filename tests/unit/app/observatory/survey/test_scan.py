"""Pixels of survey scans against the truth: at 0 h, at a pole, pointed wrongly, under a cloud, with moving objects."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from app.formats.raw_night import read_raw_scan
from app.instruments.bands import Band
from app.observatory.survey.cameras import CONFIGURATIONS
from app.observatory.survey.objects import OBJECT_DTYPE
from app.observatory.survey.plan import FieldPlan, NightPlan, PlacedGalaxy, PlacedStar, Sky, SurveyPlan, Visit
from app.observatory.survey.scan import observe_scan
from app.observatory.survey.schedule import plan_scans
from app.sky.directions import unit_vectors

SKY = Sky(variable_share=0.0, pair_share=0.0, galaxy_density_factor=0.0)
CALM = {"dark_frames": 0, "flat_frames": 0, "missing_share": 0.0, "disturbed": False}


def plan_of(field, visits, night_date=date(1998, 10, 10), site="n", **changes):
    night = NightPlan(night_date, site, f"sim-{site}-1", visits=visits, **CALM)
    return SurveyPlan("test", 11, **{"sky": SKY, "fields": (field,), "nights": (night,), **changes})


def observe(plan, folder, position=0, night=0):
    return observe_scan(plan, plan.nights[night], position, folder)


def signal(folder, seen, band="j", day=589):
    raw = read_raw_scan(folder / f"{band}{day:04d}{seen.scan.scan:03d}.fits")
    frames = raw.read2_dn.astype(float) - raw.read1_dn
    return frames - np.median(frames, axis=0)


def pixel_of(ra, decl, conditions, frame, camera):
    """Array pixel of a place by the textbook's SIN projection, distortion left aside."""
    star, centre = unit_vectors(ra, decl), (conditions.ra_deg[frame], conditions.decl_deg[frame])
    alpha, delta = np.radians(centre)
    west = star @ np.array([np.sin(alpha), -np.cos(alpha), 0.0])
    north = star @ np.array([-np.sin(delta) * np.cos(alpha), -np.sin(delta) * np.sin(alpha), np.cos(delta)])
    turn = np.radians(camera.rotation_deg + conditions.turn_deg[frame])
    x, y = np.cos(turn) * west + np.sin(turn) * north, -np.sin(turn) * west + np.cos(turn) * north
    pixels = np.degrees(np.array([x, y])) * 3600.0 / camera.scale_arcsec
    return pixels + 127.5 + np.array([camera.offset_x_pix, camera.offset_y_pix])


def light_at(frame, x, y, radius=4.0):
    grid_y, grid_x = np.mgrid[:256, :256]
    return float(frame[np.hypot(grid_x - x, grid_y - y) < radius].sum())


@pytest.mark.parametrize(
    ("ra", "decl", "hour_angle", "error"),
    [(0.0, 10.0, 0.0, (0.0, 0.0)), (40.0, 89.8, 0.0, (0.0, 0.0)), (0.0, 10.0, 0.0, (-420.0, 300.0))],
)
def test_stars_shine_where_the_truth_says(tmp_path, ra, decl, hour_angle, error):
    field = FieldPlan("place", "survey", ra, decl, 7)
    plan = plan_of(field, (Visit("place", hour_angle, pointing_error_arcsec=error),))
    seen = observe(plan, tmp_path)
    frames, camera = signal(tmp_path, seen), CONFIGURATIONS["sim-n-1"].camera(Band.J)
    rows = seen.sightings[(seen.sightings["j_m"] > 9.5) & (seen.sightings["j_m"] < 13.0)]
    assert rows.size >= 4
    found, expected = [], []
    for row in rows:
        for frame in range(7):
            x, y = pixel_of(row["ra"], row["decl"], seen.conditions, frame, camera)
            if min(x, y) > 8.0 and max(x, y) < 247.0:
                found.append(light_at(frames[frame], x, y))
                expected.append(10.0 ** (0.4 * (seen.bands[Band.J].zero_point_mag[frame] - row["j_m"])))
    assert len(found) >= 10
    # An aperture of 8" holds some 0.93 of a star's light; neighbours and the median of few frames take or add a little.
    assert np.median(np.array(found) / np.array(expected)) == pytest.approx(0.93, abs=0.08)


def test_looks_are_the_frames_that_see_the_star(tmp_path):
    field = FieldPlan("place", "survey", 0.0, 10.0, 7)
    seen = observe(plan_of(field, (Visit("place", 0.0, missing_frames=(4,)),)), tmp_path)
    camera = replace(CONFIGURATIONS["sim-n-1"].camera(Band.J), rotation_deg=0.0, scale_arcsec=2.0)
    for row in seen.sightings[:50]:
        places = [
            pixel_of(row["ra"], row["decl"], seen.conditions, frame, camera) for frame in (0, 1, 2, 4, 5, 6)
        ]
        margins = [min(*place, 255.0 - max(place)) for place in places]
        # Field rotation of 0.004 degrees moves an edge by 0.01 pixel.
        if min(abs(margin) for margin in margins) > 0.1:
            assert row["looks"] == sum(margin > 0.0 for margin in margins)
    assert seen.sightings["looks"].min() >= 1
    assert seen.sightings["looks"].max() == 6


def test_a_cloud_takes_light_from_a_calibration_scan(tmp_path):
    field = FieldPlan("standards", "calibration", 0.0, 10.0, 12)
    star = PlacedStar(0.0, 10.0, 9.5, 9.2, 9.1)
    visit = Visit("standards", 0.0, scans=2, cloud_depth=0.9, clouded_scans=(2,))
    plan = plan_of(field, (visit,), stars=(star,))
    camera = CONFIGURATIONS["sim-n-1"].camera(Band.J)
    lights = []
    for position in (0, 1):
        seen = observe(plan, tmp_path, position)
        frames = signal(tmp_path, seen)
        lights.append([
            (seen.conditions.transparency[frame], light_at(frames[frame], *pixel))
            for frame in range(12)
            for pixel in [pixel_of(0.0, 10.0, seen.conditions, frame, camera)]
            if min(pixel) > 8.0 and max(pixel) < 247.0
        ])  # fmt: skip
    clear, cloudy = (np.array(light) for light in lights)
    assert clear[:, 0].min() > 0.98
    assert cloudy[:, 0].min() < 0.75
    share = cloudy[:, 1] / np.median(clear[:, 1])
    # Raw pixels: the flat field varies by 0.05 over the array, and the star stands elsewhere in each frame.
    assert np.allclose(share, cloudy[:, 0], atol=0.13)


def test_an_asteroid_leaves_its_place(tmp_path):
    field = FieldPlan("place", "survey", 0.0, 10.0, 7)
    visits = (Visit("place", -0.5), Visit("place", 0.5))
    plan = plan_of(field, visits, sky=replace(SKY, asteroids=6))
    early, late = (observe(plan, tmp_path, position) for position in (0, 1))
    moving = np.intersect1d(
        *(seen.objects["object_id"][seen.objects["kind"] == b"a"] for seen in (early, late))
    )
    assert moving.size >= 3
    for number in moving:
        before, after = (seen.sightings[seen.sightings["object_id"] == number][0] for seen in (early, late))
        shift = np.hypot((before["ra"] - after["ra"] + 180.0) % 360.0 - 180.0, before["decl"] - after["decl"])
        assert 15.0 < shift * 3600.0 < 65.0
    assert not np.isin(moving, early.sources["source_id"]).any(), "nothing of the night's fixed sky"


def test_a_variable_star_changes_between_scans(tmp_path):
    field = FieldPlan("place", "survey", 0.0, 10.0, 7)
    plan = plan_of(field, (Visit("place", -0.5), Visit("place", 1.5)), sky=replace(SKY, variable_share=1.0))
    early, late = (observe(plan, tmp_path, position) for position in (0, 1))
    common, first, second = np.intersect1d(
        early.sightings["object_id"], late.sightings["object_id"], return_indices=True
    )
    change = np.abs(early.sightings["j_m"][first] - late.sightings["j_m"][second])
    objects = early.objects[np.isin(early.objects["object_id"], common)]
    assert objects.dtype == OBJECT_DTYPE
    fast = (objects["period_days"] > 0.0) & (objects["period_days"] < 1.0)
    assert change[fast].max() > 0.1
    assert (change <= objects["amplitude_mag"] + 1e-5).all()
    assert not change[objects["amplitude_mag"] == 0.0].any()


def test_light_of_a_galaxy_beyond_the_edge_reaches_in(tmp_path):
    field = FieldPlan("place", "survey", 0.0, 10.0, 7)
    # The middle stands 20" beyond the western edge.
    galaxy = PlacedGalaxy(359.92340, 10.0, 7.0, 60.0, 0.9, 0.0, "elliptical")
    dark, light = (
        observe(plan_of(field, (Visit("place", 0.0),), galaxies=galaxies), folder)
        for galaxies, folder in (((), tmp_path / "without"), ((galaxy,), tmp_path / "with"))
        if folder.mkdir() is None
    )
    assert dark.sources.size == light.sources.size - 1
    raw = [
        read_raw_scan(tmp_path / name / "j0589001.fits").read2_dn.astype(float)
        for name in ("with", "without")
    ]
    difference = raw[0][3] - raw[1][3]
    # The noise is the same in both: far from the galaxy no pixel differs but by its faintest points.
    assert difference[:, 250:].mean() > 3.0
    assert abs(difference[:, :60].mean()) < 0.1


def test_the_exchanged_array_and_the_other_site_have_other_pixels(tmp_path):
    field = FieldPlan("place", "survey", 0.0, 10.0, 7)
    plan = plan_of(field, (Visit("place", 0.0),))
    later = replace(plan, nights=(replace(plan.nights[0], camera="sim-n-2"),))
    for name, which in (("before", plan), ("after", later)):
        (tmp_path / name).mkdir()
        observe(which, tmp_path / name)
    for band, same in (("j", True), ("h", False), ("k", True)):
        first, second = (
            read_raw_scan(tmp_path / name / f"{band}0589001.fits").read1_dn.astype(float).mean(axis=0)
            for name in ("before", "after")
        )
        pattern = np.corrcoef(first.ravel(), second.ravel())[0, 1]
        assert (pattern > 0.99) == same


def test_scans_are_numbered_as_planned(tmp_path):
    field = FieldPlan("place", "survey", 0.0, 10.0, 7, 2)
    plan = plan_of(field, (Visit("place", 0.0),))
    scans = plan_scans(plan, plan.nights[0])
    assert [observe(plan, tmp_path, position).scan.scan for position in (0, 1)] == [1, 2]
    assert len(scans) == 2
    assert sorted(path.name for path in tmp_path.glob("j*.fits")) == ["j0589001.fits", "j0589002.fits"]
