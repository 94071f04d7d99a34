"""The solution for all frames on sightings whose truth is known to the last digit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.worlds.sightings import Sky, moved, plain_geometry
from workers.reduction.registration.solve import register
from workers.reduction.registration.values import References

FRAMES = 9
NONE = References(*(np.zeros(0) for _ in range(4)))
BANDS = (Band.J, Band.H)


def true_geometry(bands=BANDS, seed=4, size=256):
    """Frames with errors of pointing, which the bands share, a turn, and arrays that are not as believed."""
    rng = np.random.default_rng(seed)
    x, y = 0.4 * rng.standard_normal((2, FRAMES))
    made = {}
    for band in bands:
        frames = moved(plain_geometry(FRAMES, band, size), x + rng.normal(0, 0.2), y + rng.normal(0, 0.2))
        made[band] = replace(
            frames,
            matrix_arcsec=2.0 * (1 + 2e-4) * np.array([[1.0, -3e-4], [3e-4, 1.0]]),
            distortion_arcsec=-0.12,
        )
    return made


def nominal(bands=BANDS, size=256):
    return {band: plain_geometry(FRAMES, band, size) for band in bands}


def worst(found, true):
    """Largest error of any frame's middle, arcsec."""
    errors = [
        np.hypot(found[band].x_arcsec - frames.x_arcsec, found[band].y_arcsec - frames.y_arcsec).max()
        for band, frames in true.items()
    ]
    return max(errors)


@pytest.fixture(scope="module")
def sky():
    return Sky.random(true_geometry(), 500)


def test_frames_scale_and_distortion_are_found_without_noise(sky):
    found = register(sky.observations(), sky.references(40, 0.001), sky.guess(nominal()))
    assert worst(found.geometry, sky.geometry) < 0.01
    for band, true in sky.geometry.items():
        # Priors hold scales to 2e-3 and distortion to 0.3", a little against the stars.
        assert np.abs(found.geometry[band].matrix_arcsec - true.matrix_arcsec).max() < 2e-4
        assert found.geometry[band].distortion_arcsec == pytest.approx(-0.12, abs=0.02)
    assert found.quality.reference_count >= 30
    assert found.quality.reference_rms_arcsec < 0.01
    assert found.quality.frames_on_pegs == 0


@pytest.mark.parametrize("size", [128, 160])
def test_arrays_of_other_sizes_are_registered_alike(size):
    """Distortion is that at the corner of the array of the frames, whatever its size."""
    sky = Sky.random(true_geometry(size=size), 2000)
    found = register(sky.observations(), sky.references(160, 0.001), sky.guess(nominal(size=size)))
    assert worst(found.geometry, sky.geometry) < 0.01
    for geometry in found.geometry.values():
        assert geometry.size_pix == size
        assert geometry.distortion_arcsec == pytest.approx(-0.12, abs=0.02)


def test_scatters_are_those_of_the_errors(sky):
    found = register(sky.observations(0.05, noise=1.0), sky.references(40, 0.1), sky.guess(nominal()))
    assert worst(found.geometry, sky.geometry) < 0.1
    assert found.quality.reference_rms_arcsec == pytest.approx(0.1, rel=0.3)


def test_internal_scatter_is_that_of_the_better_half(sky):
    observations = sky.observations(0.05, noise=1.0)
    sigma = 0.05 + 0.01 * (np.arange(observations.frame.size) % 3)
    found = register(replace(observations, sigma_arcsec=sigma), NONE, sky.guess(nominal()))
    # The means of a few sightings take a part of the scatter.
    assert 0.03 < found.quality.internal_rms_arcsec < 0.05


def test_outliers_do_not_pull(sky):
    observations = sky.observations(0.02, noise=1.0)
    spoilt = np.random.default_rng(9).random(observations.frame.size) < 0.03
    wild = replace(observations, x_pix=observations.x_pix + np.where(spoilt, 0.3, 0.0))
    found, clean = (register(o, sky.references(40, 0.01), sky.guess(nominal())) for o in (wild, observations))
    assert worst(found.geometry, clean.geometry) < 0.01


def test_a_star_next_to_two_references_is_tied_to_none(sky):
    references = sky.references(30, 0.001)
    x, y, sigma, magnitude = (np.tile(values, 2) for values in vars(references).values())
    found = [
        register(sky.observations(), r, sky.guess(nominal())).quality.reference_count
        for r in (references, References(x, y, sigma, magnitude))
    ]
    assert found[0] > 20
    assert found[1] == 0


def test_a_source_too_faint_for_a_reference_star_is_not_it(sky):
    references = sky.references(30, 0.001)
    bright = replace(references, magnitude=references.magnitude - 4.0)
    found = register(sky.observations(), bright, sky.guess(nominal()))
    assert found.quality.reference_count == 0
    assert np.isnan(found.quality.reference_rms_arcsec)


def test_close_pairs_are_left_out():
    """Both are seen on each frame within the radius: neither can be told from the other."""
    geometry = true_geometry((Band.J,))
    every = Sky.random(geometry, 300)
    stars = np.column_stack([every.x_arcsec, every.y_arcsec, every.magnitude])
    double = Sky(*np.vstack([stars, stars[:100] + np.array([0.5, 0.0, 0.0])]).T, geometry)
    lone = Sky(*stars[100:].T, geometry)
    found, wanted = (register(s.observations(), NONE, s.guess(geometry), (0.8,)) for s in (double, lone))
    assert worst(found.geometry, wanted.geometry) < 0.003


def test_a_frame_without_sources_is_on_its_pegs(sky):
    observations = sky.observations()
    kept = observations.frame != 4
    gap = replace(
        observations,
        **{name: getattr(observations, name)[kept]
           for name in ("frame", "band", "x_pix", "y_pix", "sigma_arcsec", "magnitude")},
    )  # fmt: skip
    found = register(gap, sky.references(40, 0.001), sky.guess(nominal()))
    assert found.quality.frames_on_pegs == 1
    others = np.arange(FRAMES) != 4
    error = found.geometry[Band.J].x_arcsec - sky.geometry[Band.J].x_arcsec
    assert np.abs(error[others]).max() < 0.02
    assert abs(error[4]) < 1.5


def test_no_sources_leave_the_first_guess():
    empty = Sky.random(true_geometry((Band.J,)), 1).observations()
    nothing = replace(
        empty,
        **{name: getattr(empty, name)[:0]
           for name in ("frame", "band", "x_pix", "y_pix", "sigma_arcsec", "magnitude")},
    )  # fmt: skip
    sky = Sky.random(nominal((Band.J,)), 1)
    found = register(nothing, NONE, sky.guess(nominal((Band.J,))))
    assert worst(found.geometry, nominal((Band.J,))) < 1e-9
    assert found.quality.frames_on_pegs == FRAMES
    assert found.quality.reference_count == 0
    assert np.isnan(found.quality.internal_rms_arcsec)


def test_a_solution_needs_a_radius(sky):
    with pytest.raises(ValueError, match="unpack"):
        register(sky.observations(), NONE, sky.guess(nominal()), ())


def test_the_array_may_be_of_another_size():
    """Derivatives are taken from the middle that the geometry names."""
    small = {Band.J: replace(true_geometry((Band.J,))[Band.J], size_pix=201)}
    start = {Band.J: replace(nominal((Band.J,))[Band.J], size_pix=201)}
    sky = Sky.random(small, 600)
    found = register(sky.observations(), sky.references(60, 0.001), sky.guess(start))
    assert worst(found.geometry, small) < 0.02
