"""First positions by voting: frames on frames, bands on bands, all on the reference stars."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.worlds.sightings import EQUATOR, STEP_ARCSEC, Sky, moved, plain_geometry
from workers.reduction.registration.first_guess import first_guess, vote
from workers.reduction.registration.values import References

FRAMES = 8
NONE = References(*(np.zeros(0) for _ in range(4)))


def guessed(sky, nominal, references=NONE, **noise):
    commanded = np.zeros(FRAMES), STEP_ARCSEC * np.arange(FRAMES)
    return first_guess(sky.observations(**noise), references, nominal, *commanded, EQUATOR)


def test_vote_finds_the_shift_among_chance():
    rng = np.random.default_rng(4)
    points = rng.uniform(0, 500, (60, 2))
    targets = np.vstack([points[:30] + np.array([7.0, -4.0]), rng.uniform(0, 500, (40, 2))])
    shift, votes = vote(points, targets, 15.0, 0.5)
    assert votes >= 30
    np.testing.assert_allclose(shift, [7.0, -4.0], atol=0.05)


def test_vote_without_pairs_is_no_shift():
    points = np.random.default_rng(4).uniform(0, 500, (60, 2))
    for targets in (points[:0], points + 1e4):
        shift, votes = vote(points, targets, 15.0, 0.5)
        assert (shift.tolist(), votes) == ([0.0, 0.0], 0)


def test_a_shift_beyond_the_search_is_not_found():
    points = np.random.default_rng(4).uniform(0, 500, (30, 2))
    assert vote(points, points + np.array([40.0, 0.0]), 15.0, 0.5)[1] < 5


def test_pointing_errors_of_frames_are_found():
    rng = np.random.default_rng(7)
    errors = 3.0 * rng.standard_normal((2, FRAMES))
    errors -= [np.polyval(np.polyfit(np.arange(FRAMES), e, 1), np.arange(FRAMES)) for e in errors]
    sky = Sky.random({Band.J: moved(plain_geometry(FRAMES), *errors)}, 300)
    guess = guessed(sky, {Band.J: plain_geometry(FRAMES)}, noise=1.0)
    found = guess.geometry[Band.J]
    assert np.abs(found.x_arcsec - sky.geometry[Band.J].x_arcsec).max() < 0.3
    assert np.abs(found.y_arcsec - sky.geometry[Band.J].y_arcsec).max() < 0.3


def test_a_trend_of_the_steps_is_not_followed():
    """A wrong scale or rotation of the array looks like one."""
    drift = 0.5 * np.arange(FRAMES)
    sky = Sky.random({Band.J: moved(plain_geometry(FRAMES), drift, 0.0)}, 300)
    found = guessed(sky, {Band.J: plain_geometry(FRAMES)}).geometry[Band.J]
    assert np.abs(found.x_arcsec).max() < 0.2


def test_bands_are_laid_on_the_first():
    shifts = {Band.J: (0.0, 0.0), Band.H: (4.0, -3.0), Band.K: (-2.0, 5.0)}
    sky = Sky.random({band: moved(plain_geometry(FRAMES, band), *s) for band, s in shifts.items()}, 300)
    found = guessed(sky, {band: plain_geometry(FRAMES, band) for band in shifts}).geometry
    for band in shifts:
        assert np.abs(found[band].x_arcsec - sky.geometry[band].x_arcsec).max() < 0.05
        assert np.abs(found[band].y_arcsec - sky.geometry[band].y_arcsec).max() < 0.05


def test_a_band_of_hardly_any_stars_stays_where_it_is_believed_to_be():
    sky = Sky.random({band: moved(plain_geometry(FRAMES, band), 3.0, 3.0) for band in (Band.J, Band.H)}, 300)
    observations = sky.observations()
    few = (observations.band == 0) | (np.cumsum(observations.band == 1) <= 2)
    thin = replace(
        observations,
        **{name: getattr(observations, name)[few]
           for name in ("frame", "band", "x_pix", "y_pix", "sigma_arcsec", "magnitude")},
    )  # fmt: skip
    nominal = {band: plain_geometry(FRAMES, band) for band in sky.geometry}
    commanded = np.zeros(FRAMES), STEP_ARCSEC * np.arange(FRAMES)
    found = first_guess(thin, NONE, nominal, *commanded, EQUATOR).geometry
    assert np.ptp(found[Band.H].x_arcsec - nominal[Band.H].x_arcsec) < 1e-9
    assert np.abs(found[Band.H].x_arcsec - nominal[Band.H].x_arcsec).max() < 1e-9


@pytest.mark.parametrize(("count", "shift", "found"), [(30, 40.0, True), (3, 8.0, True), (3, 40.0, False)])
def test_reference_stars_tell_the_place_of_the_scan(count, shift, found):
    """With few stars a wide search finds chance."""
    sky = Sky.random({Band.J: moved(plain_geometry(FRAMES), shift, -0.5 * shift)}, 200)
    guess = guessed(sky, {Band.J: plain_geometry(FRAMES)}, sky.references(count))
    left = np.abs(guess.geometry[Band.J].x_arcsec - sky.geometry[Band.J].x_arcsec).max()
    assert (left < 1.5) == found


def test_stars_too_faint_to_be_references_do_not_vote():
    sky = Sky.random({Band.J: moved(plain_geometry(FRAMES), 30.0, 0.0)}, 200)
    references = sky.references(30)
    bright = replace(references, magnitude=references.magnitude - 9.0)
    geometry = guessed(sky, {Band.J: plain_geometry(FRAMES)}, bright).geometry[Band.J]
    assert np.abs(geometry.x_arcsec).max() < 0.2


def test_commanded_places_are_handed_on():
    sky = Sky.random({Band.J: plain_geometry(FRAMES)}, 50)
    guess = guessed(sky, {Band.J: plain_geometry(FRAMES)})
    assert guess.commanded_y_arcsec.tolist() == (STEP_ARCSEC * np.arange(FRAMES)).tolist()
    assert not guess.commanded_x_arcsec.any()
