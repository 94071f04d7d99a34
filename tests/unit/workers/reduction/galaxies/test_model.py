"""Sums of Gaussians: Sersic profiles, their derivatives, the point-spread function, and light on frames."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import gammaincinv

from tests.worlds.frame_stack import SIGMA_PIX, gaussian_psf, strip
from workers.reduction.galaxies.local_profile import WIDTHS_PIX, local_shares
from workers.reduction.galaxies.mixtures import Mixture, mixture, with_core
from workers.reduction.galaxies.model import (
    BLOCK,
    FARTHEST,
    draw_model,
    leave,
    model_light,
    normal_equations,
    plain_light,
    star_light,
)
from workers.reduction.galaxies.sersic import WIDTHS, enclosed_share, sersic_shares, sersic_table
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
    model_light(x, y, shape, gaussians, 1.0, np.eye(3), out)
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


@pytest.mark.parametrize("stretch", [1.0, 12.0, 20.0, 40.0])
def test_distances_from_ellipses_however_flat_are_numbers(stretch):
    """A trial model may be flatter than double precision tells: its two axes then differ by more than 1e8."""
    shape = Shape(0.0, 0.0, math.log(2.0), stretch, 0.0, 0.0)
    radii = radii_from(shape, np.array([0.0, 0.0, shape.semi_major_arcsec]), np.array([0.0, 1.0, 0.0]))
    assert np.isfinite(radii).all()
    assert radii[0] == 0.0
    assert radii[1] > 0.8  # semi-minor axes are 1.2" and less
    if stretch < 15.0:
        assert radii[2] == pytest.approx(1.0, rel=0.01)


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


def test_light_is_that_of_the_exponential():
    """The kernels have a series of their own in its place; in several blocks of places, the last one not full."""
    rng = np.random.default_rng(3)
    x, y = rng.uniform(-9.0, 9.0, (2, 2 * BLOCK + 17))
    gaussians = Mixture(np.array([0.6, 0.4]), np.zeros(2), np.array([0.8, 1.5]), np.array([0.5, 1.1]))
    shape = np.array([0.4, -0.3, 1.6, 0.3, 0.9])
    light, stars, wanted = np.empty(x.size), np.empty((1, x.size)), np.zeros((2, x.size))
    for share, scale2, added in zip(gaussians.share, gaussians.scale2, gaussians.added, strict=True):
        matrix = scale2 * np.array([[1.6, 0.3], [0.3, 0.9]]) + added * np.eye(2)
        offset = np.stack([x - 0.4, y + 0.3])
        for k, of in enumerate((matrix, added * np.eye(2))):
            square = (offset * np.linalg.solve(of, offset)).sum(axis=0)
            own = share / (2.0 * np.pi * np.sqrt(np.linalg.det(of))) * np.exp(-0.5 * square)
            wanted[k] += np.where(square < FARTHEST, own, 0.0)
    plain_light(x, y, shape, gaussians, light)
    star_light((x, y, np.ones(x.size)), np.array([[0.4, -0.3]]), gaussians.share, gaussians.added, stars)
    np.testing.assert_allclose(light, wanted[0], rtol=1e-12)
    np.testing.assert_allclose(stars[0], wanted[1], rtol=1e-12)


def test_a_mixture_has_all_the_light_and_each_gaussian_behind_the_profile():
    shares, slopes = sersic_shares(0.9)
    profile = np.array([0.7, 0.3]), np.array([1.2, 3.0])
    gaussians = mixture(shares, slopes, WIDTHS, profile, 4.0)
    size2 = (4.0 * WIDTHS) ** 2
    small, large = size2 < 0.05 * 1.2, size2 > 6.0 * (0.7 * 1.2 + 0.3 * 3.0)
    middle = ~small & ~large
    assert gaussians.share.size == 2 * (1 + np.count_nonzero(middle)) + np.count_nonzero(large)
    kept = np.concatenate([[shares[small].sum()], shares[middle]])
    np.testing.assert_allclose(
        gaussians.share, np.concatenate([np.outer(kept, profile[0]).ravel(), shares[large]]), rtol=1e-12
    )
    tiny = (shares[small] * WIDTHS[small] ** 2).sum() / shares[small].sum()
    scale2 = np.concatenate([[tiny, tiny], np.repeat(WIDTHS[middle] ** 2, 2), WIDTHS[large] ** 2])
    np.testing.assert_allclose(gaussians.scale2, scale2, rtol=1e-12)
    np.testing.assert_allclose(gaussians.added[-1], 0.7 * 1.2 + 0.3 * 3.0)
    assert gaussians.share_slope.sum() == pytest.approx(slopes.sum(), abs=1e-12)


def test_what_a_model_leaves_is_the_pixels_less_its_parts():
    rng = np.random.default_rng(6)
    columns, value, weight = rng.normal(size=(9, 40)), rng.normal(size=40), rng.uniform(1.0, 2.0, 40)
    values, rest = rng.normal(size=9), np.empty(40)
    chi2 = leave(columns, values, 7, (value, weight), rest)
    # Columns 1 to 6 are derivatives.
    wanted = value - values[0] * columns[0] - values[7] * columns[7] - values[8] * columns[8]
    np.testing.assert_allclose(rest, wanted, atol=1e-12)
    assert chi2 == pytest.approx((weight * wanted**2).sum())


@pytest.mark.parametrize("log_index", [-0.2, 0.4, 1.2])
def test_derivatives_with_the_parameters_are_those_of_the_light(log_index):
    x, y = (a.ravel() for a in np.meshgrid(np.arange(-8.0, 9.0), np.arange(-8.0, 9.0)))
    profile = np.array([0.7, 0.3]), np.array([1.21, 3.03])
    values = np.array([50.0, 0.3, -0.2, np.log(2.5), 0.3, -0.2, log_index])
    table = (*sersic_table(), WIDTHS)
    out, high, low = (np.empty((9, x.size)) for _ in range(3))
    draw_model(x, y, values, table, profile, out)
    shares, slopes = sersic_shares(log_index)
    shape = Shape(0.3, -0.2, np.log(2.5), 0.3, -0.2, log_index)
    light = np.empty(x.size)
    place = np.array([0.3, -0.2, *shape.covariance()])
    plain_light(x, y, place, mixture(shares, slopes, WIDTHS, profile, 2.5), light)
    np.testing.assert_allclose(out[0], light, rtol=1e-10)
    for k in range(1, 7):
        step = np.zeros(7)
        step[k] = 1e-6
        draw_model(x, y, values + step, table, profile, high)
        draw_model(x, y, values - step, table, profile, low)
        # Gaussians end at 20 squares of sigma, and the mean width of narrow ones is taken as fixed.
        assert 50.0 * (high[0] - low[0]) / 2e-6 == pytest.approx(out[k], abs=1e-3 * np.abs(out[k]).max())
