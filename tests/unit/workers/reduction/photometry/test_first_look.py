"""The first look: bands one after the other, stars and profile of each, centres of the bright ones."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import Band
from app.parameters.photometry import PhotometryParameters
from tests.worlds.frame_stack import SIGMA_PIX, band_of, blank, paint, strip
from workers.reduction.photometry.first_look import first_looks
from workers.reduction.photometry.stack import BandStack
from workers.reduction.profile.seeing import guessed_psf
from workers.reduction.profile.stars import Stars
from workers.reduction.registration.sources import FRAME_SOURCE_DTYPE
from workers.reduction.saturated.stars import Saturated

FRAMES = 8
GEOMETRY = strip(FRAMES)
PARAMETERS = PhotometryParameters()


@pytest.fixture(scope="module")
def unseen():
    """Two bands of 60 stars each, at other places in each."""
    made = {}
    for seed, band in ((1, Band.J), (2, Band.K)):
        rng = np.random.default_rng(seed)
        frames = blank(FRAMES, rng=rng)
        x, y = rng.uniform(-230, 230, 60), np.sort(rng.uniform(0, 580, 60))
        paint(frames, GEOMETRY, x, y, 10 ** rng.uniform(3.5, 4.2, 60), rng=rng)
        guess = guessed_psf(frames, np.zeros(0, FRAME_SOURCE_DTYPE), PARAMETERS.field_order)
        made[band] = BandStack(band_of(frames, GEOMETRY), guess), (x, y)
    return made


@pytest.fixture(scope="module")
def seen(unseen):
    return first_looks({band: stack for band, (stack, _) in unseen.items()}, 20, PARAMETERS)


def test_every_band_has_its_own_stars_and_profile(unseen, seen):
    looked, _ = seen
    assert list(looked) == list(unseen)
    for band, stack in looked.items():
        start, (x, y) = unseen[band]
        away = np.hypot(x[:, None] - stack.stars.x_arcsec, y[:, None] - stack.stars.y_arcsec).min(axis=1)
        assert np.mean(away < 0.3) > 0.9
        assert stack.psf.stars > 20
        width = 2.3548 * np.hypot(SIGMA_PIX, np.sqrt(1 / 12))
        assert stack.psf.width_pix(0.0) == pytest.approx(width, rel=0.1)
        assert stack.band is start.band
        assert (start.stars.size, start.psf.stars) == (0, 0)  # what was given is not changed


def test_a_band_looks_alike_alone(unseen, seen):
    """Residual frames of the band before it must leave nothing behind."""
    stacks, centres = first_looks({Band.K: unseen[Band.K][0]}, 20, PARAMETERS)
    np.testing.assert_array_equal(stacks[Band.K].stars.flux_dn, seen[0][Band.K].stars.flux_dn)
    np.testing.assert_array_equal(stacks[Band.K].psf.nodes, seen[0][Band.K].psf.nodes)
    np.testing.assert_array_equal(centres[Band.K].x_pix, seen[1][Band.K].x_pix)


def test_centres_are_those_of_stars_and_no_more_than_wanted(unseen, seen):
    for band, centres in seen[1].items():
        assert 5 < np.bincount(centres.frame).max() <= 20
        x, y = GEOMETRY.to_uscan(centres.frame, centres.x_pix, centres.y_pix)
        true_x, true_y = unseen[band][1]
        away = np.hypot(x[:, None] - true_x, y[:, None] - true_y).min(axis=1)
        assert np.median(away) < 0.1


def test_nothing_is_learnt_from_halos_alone(unseen):
    """All stars lie within six reaches of a saturated star: the profile stays the guess, the stars are kept."""
    stack, _ = unseen[Band.J]
    fixed = Saturated(Stars.at(np.zeros(1), np.full(1, 290.0), np.zeros(1)), np.array([90.0]))
    looked, _ = first_looks({Band.J: BandStack(stack.band, stack.psf, fixed=fixed)}, 20, PARAMETERS)
    assert looked[Band.J].psf is stack.psf
    assert looked[Band.J].stars.size > 20
    assert not looked[Band.J].fixed.within(looked[Band.J].stars.places()).any()
