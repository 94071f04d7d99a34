"""Tables of the point-spread function against an analytic profile."""

from __future__ import annotations

import numpy as np
import pytest

from tests.worlds.frame_stack import SIGMA_PIX, blank, gaussian, gaussian_psf, looks_at_one_field, stamp_at
from workers.reduction.frames.looks import find_looks
from workers.reduction.photometry.residual import subtract_stars
from workers.reduction.profile.stamps import PADDED, blend, field_place, field_terms
from workers.reduction.profile.table import FramePsf, normalised, turbulent_guess, wing_beyond, wing_sum

GRID = np.arange(-3, 4)
PEAK = gaussian(0.0, 0.0)


def truth(fx, fy, sigma=SIGMA_PIX):
    return gaussian(GRID[None, :] - fx, GRID[:, None] - fy, sigma, sigma)


def test_tables_reproduce_the_profile_to_a_thousandth_of_the_peak():
    psf, rng = gaussian_psf(1), np.random.default_rng(1)
    errors = [stamp_at(psf, fx, fy) - truth(fx, fy) for fx, fy in rng.uniform(-0.5, 0.5, (60, 2))]
    assert np.sqrt(np.mean(np.square(errors))) < 0.5e-3 * PEAK
    assert np.abs(errors).max() < 2.5e-3 * PEAK  # the worst of 2940 pixels, at a corner of its phase


def test_derivatives_are_those_of_the_profile():
    tables = gaussian_psf(1).tables
    steepest = 0.0
    for qx, qy in [(0, 0), (3, 12), (8, 8), (15, 7)]:
        fx, fy, h = (qx + 0.5) / 16 - 0.5, (qy + 0.5) / 16 - 0.5, 1e-4
        east = (truth(fx + h, fy) - truth(fx - h, fy)) / (2 * h)
        north = (truth(fx, fy + h) - truth(fx, fy - h)) / (2 * h)
        steepest = max(steepest, np.abs(east).max())
        assert np.abs(tables[qy, qx, 0, 1, :49].reshape(7, 7) - east).max() < 0.025 * steepest
        assert np.abs(tables[qy, qx, 0, 2, :49].reshape(7, 7) - north).max() < 0.025 * steepest
    assert (tables[..., 49:] == 0.0).all()  # padding


def test_the_last_table_is_the_error():
    psf = gaussian_psf(1)
    psf.error[:] = 0.01
    assert np.allclose(psf.tables[:, :, 8, 0, :49], 0.01, atol=1e-6)


def test_seeing_terms_widen_the_profile():
    psf = gaussian_psf(1)
    for s in (-0.08, 0.1):
        error = stamp_at(psf, 0.21, -0.33, s=s) - truth(0.21, -0.33, SIGMA_PIX * np.exp(s))
        assert np.abs(error).max() < 3e-3 * PEAK


def test_derivatives_of_two_terms_serve_where_the_image_hardly_changes_over_the_field():
    psf = gaussian_psf(3)
    psf.nodes[3:] = 0.03 * psf.nodes[0]
    psf.log_width[:] = (-0.03, 0.0, 0.03)
    assert psf.slope_terms() == 2
    terms = np.empty((1, 8), np.float32)
    field_terms(field_place(250.0, 256), field_place(250.0, 256), 0.03, 0, terms)
    full, few = np.zeros((1, 3, PADDED), np.float32), np.zeros((1, 3, PADDED), np.float32)
    blend(psf.arrays(all_slopes=True), terms, 0, 5, 11, full)
    blend(psf.arrays(), terms, 0, 5, 11, few)
    assert np.allclose(few[0, 0], full[0, 0], atol=1e-6)
    assert np.abs(few[0, 1:] - full[0, 1:]).max() < 0.15 * np.abs(full[0, 1:]).max()
    psf.nodes[5] = 0.06 * psf.nodes[0]
    assert psf.slope_terms() == 8


def rough_psf():
    """Terms of any size, a wing, nothing normalised."""
    rng, guess = np.random.default_rng(2), turbulent_guess(1.5, 1)
    nodes = guess.nodes.copy() * np.float32(1.3)
    bumps = rng.uniform(-0.2, 0.2, 7)
    nodes[1:] += (bumps[:, None, None] * guess.nodes[0]).astype(np.float32)
    return FramePsf(normalised(nodes, guess.wing), guess.error, guess.wing, guess.log_width, 100)


def test_core_and_wing_hold_all_light_of_every_term():
    psf = rough_psf()
    outside = wing_sum(psf.wing)
    # Mean over the phases of what falls into the 49 pixels: the core's light, a term.
    core = psf.tables[:, :, :8, 0, :49].astype(float).sum(axis=-1).mean(axis=(0, 1))
    assert 0.005 < outside < 0.05
    assert core[0] + outside == pytest.approx(1.0, abs=2e-3)
    assert core[1] + 5.0 / 3.0 * outside == pytest.approx(0.0, abs=2e-3)
    assert np.abs(core[2:]).max() < 2e-3


@pytest.mark.parametrize("s", [-0.1, 0.0, 0.1])
def test_a_drawn_star_has_all_its_light_in_any_seeing(s):
    psf = rough_psf()
    psf.log_width[:] = s
    geometry = looks_at_one_field(1, np.random.default_rng(3))
    frames = blank(1, noise=1.0)
    drawn = np.zeros_like(frames.pixels_dn)
    x, y = np.random.default_rng(4).uniform(-190, 190, (2, 60))
    looks = find_looks(geometry, np.ones(1, bool), x, np.sort(y))
    subtract_stars(frames.arrays(drawn), psf, looks, np.full(60, 1e7))
    # The wing's table ends at 24 pixels, and with it what is drawn.
    end = wing_beyond(psf.wing, 24.0)
    assert -drawn.sum(dtype=float) / 60e7 == pytest.approx(1.0 - end, abs=3e-3)


def test_the_guess_is_a_moffat_profile():
    psf = turbulent_guess(1.5, 3)
    assert psf.stars == 0
    assert psf.width_pix(0.0) == pytest.approx(1.5, rel=0.02)
    assert psf.log_width.shape == (3,)
    # beta 3: (1 + (r / alpha)^2)^-2 lies beyond r.
    alpha = 0.75 / np.sqrt(2.0 ** (1.0 / 3.0) - 1.0)
    assert wing_beyond(psf.wing, 7.0) == pytest.approx((1.0 + (7.0 / alpha) ** 2) ** -2, rel=0.15)


def test_the_width_is_that_at_half_maximum():
    psf = gaussian_psf(1)
    blurred = np.hypot(SIGMA_PIX, np.sqrt(1 / 12))  # with the pixel's own box
    assert psf.width_pix(0.0) == pytest.approx(2.355 * blurred, rel=0.02)
    wider = np.hypot(SIGMA_PIX * np.exp(0.1), np.sqrt(1 / 12))
    assert psf.width_pix(0.1) == pytest.approx(2.355 * wider, rel=0.02)
    assert psf.width_pix(0.0, 0.9, -0.9) == pytest.approx(psf.width_pix(0.0))


@pytest.mark.parametrize("radius", [1.5, 2.0, 2.5])
def test_the_aperture_share_is_that_of_a_soft_circle(radius):
    psf, rng = gaussian_psf(1), np.random.default_rng(4)
    sums = []
    for fx, fy in rng.uniform(-0.5, 0.5, (400, 2)):
        r = np.hypot(GRID[None, :] - fx, GRID[:, None] - fy)
        sums.append((np.clip(radius + 0.5 - r, 0.0, 1.0) * truth(fx, fy)).sum())
    assert psf.aperture_share(radius) == pytest.approx(np.mean(sums), abs=2e-3)
