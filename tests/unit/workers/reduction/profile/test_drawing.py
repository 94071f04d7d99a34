"""Residual frames: what is left when background and stars are taken away is noise."""

from __future__ import annotations

import numpy as np
import pytest

from tests.worlds.frame_stack import blank, gaussian_psf, lent, paint, strip
from workers.reduction.frames.looks import find_looks
from workers.reduction.photometry.residual import background_free, subtract_stars
from workers.reduction.photometry.rounds import sweep
from workers.reduction.profile.stars import Stars
from workers.reduction.profile.table import turbulent_guess

FRAMES = 5


def residual_of(seed=31, *, count=150, gain=1e9):
    """Residual frames of a stack that knows its 150 stars, some off the edge."""
    rng = np.random.default_rng(seed)
    geometry, frames = strip(FRAMES), blank(FRAMES, gain=gain, rng=rng)
    x, y = rng.uniform(-270, 270, count), np.sort(rng.uniform(-270, 83.25 * 4 + 270, count))
    flux = 10 ** rng.uniform(2.5, 4.5, count)
    paint(frames, geometry, x, y, flux)
    return lent(frames, geometry, gaussian_psf(FRAMES), stars=Stars.at(x, y, flux))


def test_drawn_stars_leave_noise():
    residual = residual_of()
    residual.draw()
    assert residual.pixels_dn.std() == pytest.approx(10.0, rel=0.01)
    assert abs(residual.pixels_dn.mean()) < 0.05
    # Nowhere anything left of the brightest peaks, 10,000 DN: the tables are good to 0.2 % of those.
    assert np.abs(residual.pixels_dn).max() < 60.0


def test_added_back_is_as_before():
    residual = residual_of()
    before = background_free(residual.stack.frames)
    residual.draw()
    residual.give_light_back(residual.stack.stars)
    assert np.abs(residual.pixels_dn - before).max() < 0.02


def test_flagged_pixels_stay_zero_and_nothing_is_nan():
    residual, rng = residual_of(), np.random.default_rng(32)
    stack = residual.stack
    stack.frames.flags[rng.random(stack.frames.flags.shape) < 0.02] = 1
    stack.frames.flags[2] = 16
    stack.frames.noise_dn[2] = 0.0
    stack.frames.pixels_dn[stack.frames.flags != 0] = np.nan
    stack.stars.flux_dn[5] = np.nan  # a fit that failed
    residual.draw()
    residual.relevel()
    assert np.isfinite(residual.pixels_dn).all()
    assert np.isfinite(residual.stack.frames.mesh_dn).all()
    assert (residual.pixels_dn[stack.frames.flags != 0] == 0.0).all()
    assert residual.stack.frames.noise_dn[2] == 0.0


def test_the_background_is_found_again_under_stars():
    """A mesh wrong by steps of frames and a slope of cells comes out right, beside 150 stars."""
    residual, rng = residual_of(), np.random.default_rng(33)
    first = residual.stack.frames.mesh_dn
    first[:] += rng.uniform(-4.0, 4.0, (FRAMES, 1, 1)).astype(np.float32)
    first[:] += np.linspace(-1.5, 1.5, 4, dtype=np.float32)
    wrong = first.copy()
    for _ in range(3):
        residual.draw()
        residual.relevel()
    np.testing.assert_array_equal(first, wrong)  # new frames, the old ones stay
    stack = residual.stack
    # 2000 pixels of noise 10 a cell: 0.22 DN.
    assert np.sqrt(np.mean((stack.frames.mesh_dn - 400.0) ** 2)) < 0.35
    assert abs(np.mean(stack.frames.mesh_dn - 400.0)) < 0.1
    assert stack.frames.noise_dn == pytest.approx(10.0, rel=0.015)
    fresh = residual.pixels_dn.copy()
    residual.draw()
    assert np.abs(fresh - residual.pixels_dn).max() < 0.01  # residual and mesh are changed alike


def test_a_step_of_the_sky_on_one_frame_is_followed():
    residual = residual_of()
    residual.stack.frames.pixels_dn[3] += 7.0
    for _ in range(2):  # a clip at 3 sigma about the old level keeps a twentieth of so large a step
        residual.draw()
        residual.relevel()
    levels = residual.stack.frames.mesh_dn.mean(axis=(1, 2))
    assert levels[3] == pytest.approx(407.0, abs=0.2)
    assert levels[[0, 1, 2, 4]] == pytest.approx(400.0, abs=0.2)
    assert abs(residual.pixels_dn[3].mean()) < 0.2


def test_wings_are_drawn_as_far_as_the_noise_lets_see():
    """A Moffat star on one frame: drawn with its wing, a tenth of that or of the noise may stay."""
    psf, geometry = turbulent_guess(1.5, 1), strip(1)
    frames = blank(1, noise=10.0)
    drawn = np.zeros_like(frames.pixels_dn)
    looks = find_looks(geometry, np.ones(1, bool), np.array([3.7]), np.array([-1.9]))
    subtract_stars(frames.arrays(drawn), psf, looks, np.array([3e5]))
    px, py = geometry.to_pixels(np.zeros(1, int), np.array([3.7]), np.array([-1.9]))
    yy, xx = np.mgrid[:256, :256]
    r = np.hypot(xx - px, yy - py)
    alpha = 0.75 / np.sqrt(2.0 ** (1.0 / 3.0) - 1.0)
    moffat = 3e5 * 2.0 / (np.pi * alpha**2) * (1.0 + (r / alpha) ** 2) ** -3.0
    outside = (np.abs(xx - px) > 3.6) | (np.abs(yy - py) > 3.6)
    # Straight lines between bins of half a pixel lie up to a tenth over so steep a profile.
    assert (np.abs(moffat + drawn[0]) < 0.1 * 10.0 + 0.12 * moffat)[outside].all()
    assert -drawn[0][(r > 6) & (r < 7)].mean() > 5.0  # it reaches out there


def test_wings_are_given_back_with_the_star():
    psf, geometry = turbulent_guess(1.5, 1), strip(1)
    frames = blank(1, noise=10.0)
    residual = np.zeros_like(frames.pixels_dn)
    looks = find_looks(geometry, np.ones(1, bool), np.array([3.7]), np.array([-1.9]))
    for flux in (3e5, -3e5):
        subtract_stars(frames.arrays(residual), psf, looks, np.array([flux]))
    assert np.abs(residual).max() < 0.02  # of 4,000 DN in the peak, 20 DN in the wing


def test_completed_sweeps_leave_what_a_new_drawing_leaves():
    """Wings, light from off the edge and a star without good pixels: sweeps know none of them."""
    residual = residual_of(35, count=60)
    residual.change(psf=turbulent_guess(1.5, FRAMES))
    stack = residual.stack
    residual.pixels_dn[:] = 0.0
    residual.subtract(stack.stars)
    stack.frames.pixels_dn[:] = 400.0 - residual.pixels_dn
    hidden = int(np.argmax((np.abs(stack.stars.x_arcsec) < 200.0) & (stack.stars.flux_dn > 3e3)))
    looks = stack.looks(stack.stars)
    for k in range(looks.start[hidden], looks.start[hidden + 1]):
        x, y = round(looks.x_pix[k]), round(looks.y_pix[k])
        stack.frames.flags[looks.frame[k], max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3] = 1
    residual.restore()
    sweep(residual, np.zeros(stack.stars.size))
    assert stack.stars.pixels[hidden] < 6
    residual.subtract(stack.stars, swept=True)
    completed = residual.pixels_dn.copy()
    residual.draw()
    # Phases round off 0.2 % of a peak of 10,000 DN; the hidden star alone is 500 DN, a wing 60 DN.
    assert np.abs(completed - residual.pixels_dn).max() < 20.0
