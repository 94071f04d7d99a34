"""Sums of Gaussians: Sersic profiles, their derivatives, the point-spread function, and light on frames."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gammaincinv

from tests.worlds.frame_stack import SIGMA_PIX, gaussian_psf, strip
from workers.reduction.galaxies.local_profile import WIDTHS_PIX, local_shares
from workers.reduction.galaxies.model import (
    mixture,
    model_light,
    normal_equations,
    plain_light,
    star_light,
    with_core,
)
from workers.reduction.galaxies.sersic import WIDTHS, enclosed_share, sersic_shares
from workers.reduction.galaxies.values import Shape, ellipse_covariance, radii_from, surface


@pytest.mark.parametrize(
    ("index", "limit"), [(0.5, 0.008), (1.0, 0.008), (2.5, 0.008), (4.0, 0.010), (6.0, 0.02)]
)
def test_light_within_any_radius_is_that_of_the_profile(index, limit):
    b = gammaincinv(2.0 * index, 0.5)
    radius = np.linspace(0.0, 2.0, 4000) ** 3
    ring = radius * np.exp(-b * radius ** (1.0 / index))
    light = np.concatenate([[0.0], np.cumsum(0.5 * (ring[1:] + ring[:-1]) * np.diff(radius))])
    assert np.abs(enclosed_share(radius, np.log(index)) - light / light[-1]).max() < limit


def test_shares_change_as_their_derivatives_say():
    low, slope = sersic_shares(np.log(2.05))
    high, _ = sersic_shares(np.log(2.05) + 1e-4)
    assert high - low == pytest.approx(1e-4 * slope, abs=1e-9)


def disc(radius, covariance):
    shares, slopes = sersic_shares(0.3)
    profile = np.array([0.7, 0.3]), np.array([1.2, 3.0])
    return mixture(shares, slopes, WIDTHS, profile, radius), np.array([0.3, -0.2, *covariance])


def test_derivatives_of_the_model_are_those_of_its_light():
    x, y = (a.ravel() for a in np.meshgrid(np.arange(-8.0, 9.0), np.arange(-8.0, 9.0)))
    covariance = ellipse_covariance(np.log(2.5), 0.3, -0.2)
    gaussians, shape = disc(2.5, covariance)
    out, high = np.empty((7, x.size)), np.empty(x.size)
    model_light(x, y, shape, gaussians, out)
    plain_light(x, y, shape, gaussians, high)
    assert high == pytest.approx(out[0], abs=1e-12)
    for k in range(5):
        moved = shape.copy()
        moved[k] += 1e-5
        plain_light(x, y, moved, gaussians, high)
        assert (high - out[0]) / 1e-5 == pytest.approx(out[1 + k], abs=2e-6)


def test_a_core_takes_its_share_of_the_light():
    x, y = (a.ravel() for a in np.meshgrid(np.arange(-90.0, 91.0), np.arange(-90.0, 91.0)))
    plain, shape = disc(6.0, ellipse_covariance(np.log(6.0), 0.3, 0.0))
    profile = np.array([0.7, 0.3]), np.array([1.2, 3.0])
    cored = with_core(plain, profile, np.array([0.1, 0.2]), np.array([0.0, 9.0]))
    out, alone = np.empty(x.size), np.empty(x.size)
    plain_light(x, y, shape, plain, alone)
    plain_light(x, y, shape, cored, out)
    assert out.sum() == pytest.approx(alone.sum(), abs=0.003)
    far = np.hypot(x, y) > 20.0
    assert out[far] == pytest.approx(0.7 * alone[far], rel=1e-3, abs=1e-9)
    assert out.max() > 2.0 * alone.max()


def test_all_light_is_in_the_model():
    x, y = (a.ravel() for a in np.meshgrid(np.arange(-60.0, 61.0), np.arange(-60.0, 61.0)))
    gaussians, shape = disc(4.0, ellipse_covariance(np.log(4.0), 0.4, 0.1))
    out = np.empty(x.size)
    plain_light(x, y, shape, gaussians, out)
    assert out.sum() == pytest.approx(1.0, abs=0.01)


def test_a_shape_is_an_ellipse():
    shape = Shape(3.0, 4.0, np.log(2.0), np.log(2.0) * np.cos(2 * 0.5), np.log(2.0) * np.sin(2 * 0.5), 0.0)
    assert shape.axis_ratio == pytest.approx(0.5)
    assert shape.angle_deg == pytest.approx(np.degrees(0.5))
    values = np.linalg.eigvalsh([shape.covariance()[:2], shape.covariance()[1:]])
    assert np.sqrt(values[1]) == pytest.approx(shape.semi_major_arcsec)
    assert np.sqrt(values[0] / values[1]) == pytest.approx(0.5)
    along = shape.semi_major_arcsec * np.array([np.cos(0.5), np.sin(0.5)])
    assert radii_from(shape, np.array([3.0 + along[0]]), np.array([4.0 + along[1]])) == pytest.approx([1.0])


def test_surface_brightness_falls_as_the_profile_does():
    shape = Shape(0.0, 0.0, np.log(5.0), 0.0, 0.0, 0.0)
    value = surface(shape, np.array([5.0, 10.0]), np.zeros(2))
    b = 2.0 - 1.0 / 3.0
    assert value[0] / value[1] == pytest.approx(np.exp(b))
    light = np.empty(1)
    shares, slopes = sersic_shares(0.0)
    gaussians = mixture(shares, slopes, WIDTHS, (np.ones(1), np.array([0.5])), 5.0)
    plain_light(np.array([5.0]), np.array([0.0]), np.array([0.0, 0.0, *shape.covariance()]), gaussians, light)
    assert value[0] == pytest.approx(light[0], rel=0.1)


def test_the_profile_of_gaussian_stars_is_their_gaussian():
    geometry, psf = strip(12), gaussian_psf(12)
    shares = local_shares(psf, geometry, np.ones(12, np.bool_), 10.0, 400.0)
    assert shares.sum() == pytest.approx(1.0)
    # A pixel of one unit adds its own variance of a twelfth.
    assert shares @ WIDTHS_PIX**2 == pytest.approx(SIGMA_PIX**2 + 1.0 / 12.0, rel=0.06)


def test_a_place_that_no_frame_sees_has_the_profile_of_the_middle():
    shares = local_shares(gaussian_psf(3), strip(3), np.zeros(3, np.bool_), 0.0, 0.0)
    assert shares.sum() == pytest.approx(1.0)


def test_stars_keep_their_light_on_squares_of_pixels():
    fine = np.meshgrid(np.arange(-16.0, 16.0), np.arange(-16.0, 16.0))
    x, y = (a.ravel() for a in fine)
    single, squares = np.empty((1, x.size)), np.empty((1, 64))
    share, variance = np.ones(1), np.array([2.0])
    star_light((x, y, np.ones(x.size)), np.zeros((1, 2)), share, variance, single)
    cx, cy = (a.ravel() for a in np.meshgrid(np.arange(-14.5, 16.0, 4.0), np.arange(-14.5, 16.0, 4.0)))
    star_light((cx, cy, np.full(64, 4.0)), np.zeros((1, 2)), share, variance, squares)
    assert single.sum() == pytest.approx(1.0, abs=1e-3)
    assert 16.0 * squares.sum() == pytest.approx(1.0, abs=0.1)


def test_normal_equations_are_those_of_numpy():
    rng = np.random.default_rng(5)
    columns, weight, rest = rng.normal(size=(4, 50)), rng.uniform(1, 2, 50), rng.normal(size=50)
    normal, right = np.empty((4, 4)), np.empty(4)
    normal_equations(columns, weight, rest, normal, right)
    assert normal == pytest.approx((columns * weight) @ columns.T)
    assert right == pytest.approx(columns @ (weight * rest))


def test_narrow_gaussians_whose_shares_cancel_have_no_width_beyond_their_own():
    """Shares of .4 and -.3999 have a mean square of width of a thousand times the widest; its light overflowed."""
    shares = np.array([-0.3999, 0.4, 0.9999])
    widths = np.array([0.01, 0.02, 1.0])
    gaussians = mixture(shares, shares, widths, (np.ones(1), np.ones(1)), 1.0)
    assert 0.0 <= gaussians.scale2.min() <= 0.02**2
    assert gaussians.share.sum() == pytest.approx(shares.sum())
    out = np.empty(2)
    plain_light(np.array([0.0, 30.0]), np.zeros(2), np.array([0.0, 0.0, 1.0, 0.0, 1.0]), gaussians, out)
    assert np.isfinite(out).all()
