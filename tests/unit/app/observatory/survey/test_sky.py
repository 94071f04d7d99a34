"""One sky: identities, motions, changes, companions, asteroids, forms."""

from __future__ import annotations

import doctest
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from app.ingest.reference_stars import Region, positions_at
from app.ingest.reference_synthetic import synthetic_region
from app.instruments.bands import BANDS
from app.observatory.starfield import counts_per_square_degree
from app.observatory.survey import objects as survey_objects
from app.observatory.survey.asteroids import asteroids_of, night_asteroids
from app.observatory.survey.light import galaxy_points, make_points, nebula_points
from app.observatory.survey.objects import (
    OBJECT_DTYPE,
    as_sources,
    julian_year,
    number_of,
    offset_places,
    seen_at,
)
from app.observatory.survey.plan import (
    Crowd,
    FieldPlan,
    Nebula,
    NightPlan,
    PlacedGalaxy,
    PlacedStar,
    Sky,
    SurveyPlan,
    Visit,
)
from app.observatory.survey.sky import objects_in
from app.sky.directions import unit_vectors


def separation_arcsec(first, second):
    """Chord between places of two tables, row by row."""
    chord = unit_vectors(first["ra"], first["decl"]) - unit_vectors(second["ra"], second["decl"])
    return np.degrees(np.linalg.norm(chord, axis=1)) * 3600.0


BOX = Region(192.5, 193.5, 26.6, 27.6)
PLAN = SurveyPlan("test", 5, sky=Sky(pair_share=0.4, variable_share=0.1))
EPOCH = 51_544.5


@pytest.fixture(scope="module")
def sky():
    return objects_in(PLAN, BOX)


def test_an_object_is_the_same_whoever_asks(sky):
    assert np.unique(sky["object_id"]).size == sky.size
    part = objects_in(PLAN, Region(192.9, 193.2, 26.9, 27.3))
    assert 20 < part.size < sky.size
    known = sky[np.isin(sky["object_id"], part["object_id"])]
    assert known.tobytes() == part.tobytes()
    assert np.intersect1d(objects_in(replace(PLAN, seed=6), BOX)["ra"], sky["ra"]).size < 0.2 * sky.size


def test_counts_are_the_published_ones(sky):
    area = np.cos(np.radians(27.1))
    primaries = sky[(sky["kind"] == b"s") & (sky["primary_id"] == 0) & (sky["j_m"] < 15.8)]
    primaries = primaries[BOX.contains(primaries["ra"], primaries["decl"])]
    expected = float(counts_per_square_degree(90.0)) * area
    assert abs(primaries.size - expected) < 5.0 * np.sqrt(expected)


def test_a_crowd_adds_stars_and_leaves_those_far_away(sky):
    crowded = objects_in(replace(PLAN, crowds=(Crowd(193.0, 27.1, 0.1, 20_000.0),)), BOX)
    near = np.hypot((crowded["ra"] - 193.0) * 0.89, crowded["decl"] - 27.1) < 0.2
    assert near.sum() > 3 * (np.hypot((sky["ra"] - 193.0) * 0.89, sky["decl"] - 27.1) < 0.2).sum()


def test_reference_stars_keep_their_number_and_motion(sky):
    catalogue = synthetic_region(BOX.grown(0.2))
    stars = sky[sky["reference_id"] != 0]
    assert (stars["object_id"] == stars["reference_id"]).all()
    assert np.isin(stars["reference_id"], catalogue["star_id"]).all()
    inside = BOX.contains(stars["ra"], stars["decl"])
    assert inside.sum() > 0.8 * synthetic_region(BOX).size
    # A very bright star sends its spikes in from outside.
    assert not inside.all()
    moved = as_sources(stars, EPOCH + 3652.5)
    rows = catalogue[np.searchsorted(catalogue["star_id"], stars["reference_id"])]
    ra, decl = positions_at(rows, 2010.0)
    assert np.allclose(moved["ra"], ra, atol=1e-7)
    assert np.allclose(moved["decl"], decl, atol=1e-7)


def test_faint_stars_move_and_galaxies_stand(sky):
    years = (float(julian_year(EPOCH)), float(julian_year(EPOCH + 365.25)))
    assert years == (2000.0, 2001.0)
    early, late = as_sources(sky, EPOCH), as_sources(sky, EPOCH + 3652.5)
    shift = separation_arcsec(early, late)
    stars = (sky["kind"] == b"s") & (sky["reference_id"] == 0)
    assert 0.02 < np.median(shift[stars]) < 0.2
    assert not shift[sky["kind"] == b"g"].any()


def test_variables_vary_as_their_row_says(sky):
    days = EPOCH - 1500.0 + np.linspace(0.0, 300.0, 400)
    curves = np.array([seen_at(sky, float(day))["j_m"] for day in days])
    spread = np.ptp(curves, axis=0)
    varies = sky["amplitude_mag"] > 0.0
    assert (
        0.05
        < varies[(sky["kind"] == b"s") & (sky["reference_id"] == 0) & (sky["primary_id"] == 0)].mean()
        < 0.15
    )
    assert not spread[~varies].any()
    assert np.allclose(spread[varies], sky["amplitude_mag"][varies], rtol=0.1)


def test_companions_have_real_separations_and_redder_light():
    stars = objects_in(replace(PLAN, sky=Sky(pair_share=1.0, density_factor=4.0)), BOX)
    companions = stars[stars["primary_id"] != 0]
    primaries = stars[np.searchsorted(stars["object_id"], companions["primary_id"])]
    inside = primaries["object_id"] == companions["primary_id"]
    companions, primaries = companions[inside], primaries[inside]
    distance = separation_arcsec(companions, primaries)
    assert np.allclose(distance, companions["separation_arcsec"], rtol=1e-4, atol=1e-4)
    # Even in the logarithm from 0.4" to 12": half lie under the geometric mean of 2.2".
    assert np.median(distance) == pytest.approx(np.sqrt(0.4 * 12.0), rel=0.15)
    bright = primaries["j_m"] < 14.5
    fainter = (companions["j_m"] - primaries["j_m"])[bright]
    assert fainter.min() >= 0.0
    assert np.mean(fainter < 1.0) == pytest.approx((1.0 - 10.0 ** (-1.0 / 6.0)) / 0.75, abs=0.08)
    redder = (companions["j_m"] - companions["k_m"] - primaries["j_m"] + primaries["k_m"])[bright]
    assert np.polyfit(fainter, redder, 1)[0] == pytest.approx(0.09, abs=0.02)
    assert (companions["pm_ra_mas_yr"] == primaries["pm_ra_mas_yr"]).all()


def test_placed_objects_stand_at_their_place():
    plan = replace(
        PLAN,
        stars=(PlacedStar(193.0, 27.0, 4.0, 3.5, 3.4),),
        galaxies=(
            PlacedGalaxy(193.1, 27.1, 8.0, 70.0, 0.5, 30.0, "spiral"),
            PlacedGalaxy(193.2, 27.1, 9.0, 20.0),
        ),
        nebulae=(Nebula(193.3, 27.2, 60.0, 8.0),),
    )
    placed = objects_in(plan, BOX)
    placed = placed[placed["object_id"] >= number_of("placed", 0, np.array([0]))[0]]
    assert placed["kind"].tolist() == [b"s", b"g", b"g", b"n"]
    assert placed["form"].tolist() == [b"", b"p", b"d", b""]
    assert placed["ra"].tolist() == [193.0, 193.1, 193.2, 193.3]
    sources = seen_at(placed, EPOCH)
    points = make_points(placed, sources, dict.fromkeys(BANDS, 20.0))
    assert (np.diff(points.decl_deg) >= 0.0).all()
    for source in sources:
        assert points.share[points.source_id == source["source_id"]].sum() == pytest.approx(1.0, rel=1e-4)


def galaxy(form, **changes):
    row = np.zeros(1, OBJECT_DTYPE)
    row["object_id"], row["form"], row["half_light_arcsec"], row["axis_ratio"] = 3, form, 20.0, 1.0
    row["sersic_index"] = 1.0
    for name, value in changes.items():
        row[name] = value
    return row[0]


@pytest.mark.parametrize("form", [b"e", b"d", b"p"])
def test_half_the_light_of_a_galaxy_lies_within_its_radius(form):
    east, north = galaxy_points(galaxy(form), 20_000)
    # A bulge draws the light of discs inwards.
    assert np.median(np.hypot(east, north)) == pytest.approx(20.0 if form == b"e" else 16.0, rel=0.12)


def test_forms_differ_in_what_they_show():
    def lumpiness(form):
        east, north = galaxy_points(galaxy(form), 20_000)
        ring = np.hypot(east, north)
        angle = np.arctan2(north, east)[(ring > 15.0) & (ring < 18.0)]
        counts = np.histogram(angle, 24)[0]
        return counts.std() / counts.mean()

    assert lumpiness(b"d") < 0.1
    assert lumpiness(b"p") > 0.3
    east, north = galaxy_points(galaxy(b"m", position_angle_deg=90.0), 20_000)
    lesser = np.hypot(east - 24.0, north) < 4.0
    assert lesser.sum() > 3 * (np.hypot(east + 24.0, north) < 4.0).sum()
    east, north = galaxy_points(galaxy(b"d", axis_ratio=0.3, position_angle_deg=90.0), 20_000)
    assert np.std(north) < 0.5 * np.std(east)


def test_a_nebula_is_smooth_light_with_filaments():
    row = np.zeros(1, OBJECT_DTYPE)
    row["half_light_arcsec"], row["object_id"] = 100.0, 9
    east, north, share = nebula_points(row[0])
    assert share.sum() == pytest.approx(1.0)
    assert share[np.hypot(east, north) < 120.0].sum() > 0.6
    smooth = np.exp(-(east**2 + north**2) / 100.0**2)
    ratio = (share / smooth)[np.hypot(east, north) < 80.0]
    assert 0.2 < ratio.std() / ratio.mean() < 1.5


def test_asteroids_move_and_keep_their_number():
    field = FieldPlan("south", "survey", 210.0, -20.0, 8, 2)
    night = NightPlan(date(1998, 4, 27), "s", "sim-s-1", visits=(Visit("south", 0.0),))
    plan = replace(PLAN, sky=Sky(asteroids=9), fields=(field,), nights=(night,))
    rows = night_asteroids(plan, night)
    assert rows.size == 9
    time = float(rows["reference_mjd"][0])
    first, later = seen_at(rows, time), seen_at(rows, time + 1.0 / 24.0)
    moved = separation_arcsec(first, later)
    assert ((moved > 19.0) & (moved < 61.0)).all()
    assert np.abs(first["decl"] + 20.0).max() < 0.3
    # The next night sees them again beside its own; neither it nor a night far away changes what the first one saw.
    next_night, far = (replace(night, night_date=date(1998, 4, day)) for day in (28, 12))
    longer = replace(plan, nights=(far, night, next_night))
    assert asteroids_of(longer, night).tobytes() == rows.tobytes()
    both = asteroids_of(longer, next_night)
    assert np.unique(both["object_id"]).size == 18
    assert np.isin(rows["object_id"], both["object_id"]).all()


def test_offsets_across_the_pole():
    ra, decl = offset_places(10.0, 89.999, 0.0, 7.2)
    assert float(ra) == pytest.approx(190.0)
    assert float(decl) == pytest.approx(89.999)


def test_numbers_have_room():
    with pytest.raises(ValueError, match="cell 3"):
        number_of("star", 3, np.array([1 << 20]))


def test_examples():
    assert doctest.testmod(survey_objects).failed == 0
