"""Pegs and priors alone: frames without stars go to their commanded places, bands to what is believed of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from app.instruments.bands import Band
from tests.worlds.sightings import EQUATOR, STEP_ARCSEC, moved, plain_geometry
from workers.reduction.frames.uscan import UScan
from workers.reduction.registration.pegs import (
    BAND_TERMS,
    FRAME_TERMS,
    POINTING_ERROR_ARCSEC,
    TURN_STEP_RAD,
    meridian_turns,
    pegs,
    place_error,
    solve_bordered,
)
from workers.reduction.registration.values import Guess

FRAMES = 6
BANDS = (Band.J, Band.H)
UNKNOWNS = FRAME_TERMS * FRAMES + BAND_TERMS * len(BANDS)


def nominal():
    return {band: plain_geometry(FRAMES, band) for band in BANDS}


def solution(guess, geometry):
    return solve_bordered(*pegs(guess, geometry, BANDS, UNKNOWNS), BAND_TERMS * len(BANDS))


def guess_of(geometry):
    return Guess(geometry, np.zeros(FRAMES), STEP_ARCSEC * np.arange(FRAMES), EQUATOR)


def test_frames_at_their_commanded_places_stay():
    assert np.abs(solution(guess_of(nominal()), nominal())).max() < 1e-9


def test_equations_are_symmetric_and_positive():
    rng = np.random.default_rng(3)
    geometry = {band: moved(frames, *rng.standard_normal((2, FRAMES))) for band, frames in nominal().items()}
    normal, right = pegs(guess_of(nominal()), geometry, BANDS, UNKNOWNS)
    np.testing.assert_array_equal(normal, normal.T)
    assert np.linalg.eigvalsh(normal).min() > 0.0
    assert right.size == UNKNOWNS


def test_a_frame_that_moved_alone_goes_back():
    off = np.where(np.arange(FRAMES) == 3, 4.0, 0.0)
    geometry = {band: moved(frames, off, -off) for band, frames in nominal().items()}
    found = solution(guess_of(nominal()), geometry)[: FRAME_TERMS * FRAMES].reshape(FRAMES, FRAME_TERMS)
    np.testing.assert_allclose(found[:, 0], -off, atol=0.1)
    np.testing.assert_allclose(found[:, 1], off, atol=0.1)


def test_the_first_guess_moves_the_commanded_places_as_a_whole():
    """Reference stars have shown where the scan lies: the pegs hold its steps there."""
    shifted = {band: moved(frames, 30.0, 12.0) for band, frames in nominal().items()}
    found = solution(guess_of(shifted), shifted)
    assert np.abs(found).max() < 1e-6
    # Meridians 30" away turn by 3e-7 rad in the 400" from the equator, and nothing else moves.
    frames = found[: FRAME_TERMS * FRAMES].reshape(FRAMES, FRAME_TERMS)
    assert max(np.abs(frames[:, :2]).max(), np.abs(found[FRAME_TERMS * FRAMES :]).max()) < 1e-9


def test_turns_are_pulled_to_zero():
    turned = {band: replace(frames, turn_rad=np.full(FRAMES, 1e-4)) for band, frames in nominal().items()}
    found = solution(guess_of(nominal()), turned)[: FRAME_TERMS * FRAMES].reshape(FRAMES, FRAME_TERMS)
    np.testing.assert_allclose(found[:, 2], -1e-4, rtol=1e-6)


@pytest.mark.parametrize("band", BANDS)
def test_a_band_goes_back_to_its_first_scale_and_distortion(band):
    """Priors hold the whole correction, not that of one round."""
    geometry = nominal()
    geometry[band] = replace(
        geometry[band], matrix_arcsec=2.0 * np.array([[1.001, -5e-4], [5e-4, 1.001]]), distortion_arcsec=0.2
    )
    found = solution(guess_of(nominal()), geometry)[FRAME_TERMS * FRAMES :].reshape(len(BANDS), BAND_TERMS)
    np.testing.assert_allclose(found[BANDS.index(band), 2:], [-0.001, -0.001, -5e-4, -0.2], rtol=1e-6)
    np.testing.assert_allclose(found[1 - BANDS.index(band), 2:], 0.0, atol=1e-12)


def test_pixels_stay_square():
    """Stars that ask for a larger scale along the scan get it across, too."""
    geometry = nominal()
    normal, right = pegs(guess_of(nominal()), geometry, BANDS, UNKNOWNS)
    along = FRAME_TERMS * FRAMES + 3
    normal[along, along] += 1e12
    right[along] += 1e12 * 1e-4
    found = solve_bordered(normal, right, BAND_TERMS * len(BANDS))
    assert found[along] == pytest.approx(1e-4, rel=1e-3)
    assert found[along - 1] == pytest.approx(1e-4, rel=1e-3)


def bordered(inner, width, border, rng):
    """Equations as frames give them: near ones coupled, and all with the bands' terms."""
    design = np.zeros((4 * inner, inner + border))
    for k in range(4 * inner):
        first = rng.integers(0, inner)
        near = slice(first, min(first + width, inner))
        design[k, near] = rng.standard_normal(near.stop - near.start)
        design[k, inner:] = rng.standard_normal(border)
    return design.T @ design + 0.1 * np.eye(inner + border)


@pytest.mark.parametrize(("inner", "width", "border"), [(60, 9, 6), (819, 24, 18), (5, 5, 6), (3, 1, 2)])
def test_bordered_equations_are_solved_as_dense_ones(inner, width, border):
    rng = np.random.default_rng(inner)
    normal = bordered(inner, width, border, rng)
    right = rng.standard_normal(inner + border)
    dense = np.linalg.solve(normal, right)
    found = solve_bordered(normal, right, border)
    assert np.abs(found - dense).max() < 1e-9 * max(1.0, np.abs(dense).max())


def test_equations_that_fix_nothing_are_refused():
    with pytest.raises(np.linalg.LinAlgError):
        solve_bordered(np.zeros((8, 8)), np.ones(8), 2)


@pytest.mark.parametrize("frames", [1, 24, 273])
def test_without_reference_stars_the_places_are_as_good_as_the_pointing(frames):
    assert place_error(np.zeros(0), frames) == POINTING_ERROR_ARCSEC


def test_more_and_better_reference_stars_hold_the_places_better():
    errors = [place_error(np.full(count, 0.06), 24) for count in range(30)]
    assert np.all(np.diff(errors) < 0.0)
    assert place_error(np.full(2, 0.03), 24) < place_error(np.full(2, 0.06), 24)
    # Ten stars leave their own mean error.
    assert errors[10] == pytest.approx(0.06 / np.sqrt(10), rel=0.1)


def test_more_frames_bring_more_of_the_pointing():
    errors = [place_error(np.array([0.2]), frames) for frames in (1, 24, 100, 273)]
    assert np.all(np.diff(errors) > 0.0)
    assert errors[-1] < POINTING_ERROR_ARCSEC


@pytest.mark.parametrize("decl", [-89.65, -60.0, 30.0, 89.8])
def test_a_frame_beside_the_meridian_turns_as_its_own_meridian_does(decl):
    """The angle between meridians by astropy, which knows nothing of scans."""
    scan = UScan.through(np.array([10.0, 10.0]), decl + np.array([0.0, 0.1]))
    x, y = np.array([0.0, 1.5, -3.0]), np.array([0.0, 60.0, 200.0])
    turn, step = meridian_turns(scan, x, y)
    places = SkyCoord(*scan.to_sky(x, y), unit="deg")
    along = SkyCoord(*scan.to_sky(x, y + 1.0), unit="deg")
    angle = (places.position_angle(along).rad + np.pi) % (2.0 * np.pi) - np.pi
    np.testing.assert_allclose(turn, -angle, atol=2e-9)
    slope = abs(np.tan(np.radians(decl + y[:-1] / 3600.0))) * 0.03 / 206265.0
    np.testing.assert_allclose(step, np.hypot(TURN_STEP_RAD, np.sqrt(2.0) * slope), rtol=0.2)


def test_the_camera_of_a_scan_across_the_pole_is_not_told():
    scan = UScan.through(np.array([10.0, 10.0]), np.array([89.8, 89.9]))
    turn, _ = meridian_turns(scan, np.full(3, 0.5), np.array([0.0, 719.9, 1500.0]))
    assert turn.tolist() == [0.0, 0.0, 0.0]


def test_frames_of_a_scan_aslant_are_told_all_or_none():
    """Commanded places at 0.03 rad to the meridian: meridians beside it would decide frame by frame."""
    along = np.arange(FRAMES) * 0.02
    scan = UScan.through(10.0 + 0.03 * along / np.cos(np.radians(60.0)), 60.0 + along)
    y = STEP_ARCSEC * np.arange(FRAMES)
    for x in (np.linspace(-300.0, 300.0, FRAMES), np.zeros(FRAMES)):
        turn, _ = meridian_turns(scan, x, y)
        assert np.abs(np.diff(turn)).max() < 3e-3


def test_frames_without_stars_turn_with_their_meridians():
    scan = UScan.through(np.array([10.0, 10.0]), np.array([89.6, 89.7]))
    off = np.where(np.arange(FRAMES) >= 3, 3.0, 0.0)
    guess = Guess(nominal(), off, STEP_ARCSEC * np.arange(FRAMES), scan)
    geometry = {band: moved(frames, off, 0.0) for band, frames in nominal().items()}
    found = solution(guess, geometry)[2 : FRAME_TERMS * FRAMES : FRAME_TERMS]
    wanted, _ = meridian_turns(scan, off, STEP_ARCSEC * np.arange(FRAMES))
    np.testing.assert_allclose(found, wanted, atol=1e-6)
