"""The Cramer-Rao bound against the scatter of realisations, and against its own definition."""

from __future__ import annotations

import numpy as np
import pytest

from tests.worlds.frame_stack import blank, gaussian, gaussian_psf, lattice, looks_at_one_field, paint
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.looks import find_looks
from workers.reduction.photometry.bound import Bound, cramer_rao, scan_noise_dn
from workers.reduction.photometry.fit import fit_stars
from workers.reduction.photometry.residual import background_free
from workers.reduction.profile.stars import Stars


def bound_of(frames, geometry, x, y, flux):
    psf = gaussian_psf(frames.noise_dn.size)
    looks = find_looks(geometry, frames.noise_dn > 0.0, x, y)
    return cramer_rao(frames, psf, looks, flux)


@pytest.mark.parametrize(("flux", "gain"), [(350.0, 8.0), (20000.0, 8.0)])
def test_the_bound_is_the_scatter_of_realisations(flux, gain):
    """Faint stars on the sky's noise, and bright ones on their own light's."""
    rng = np.random.default_rng(11)
    geometry = looks_at_one_field(5, rng)
    x, y = lattice(18.0, 220.0, rng)
    light = np.full(x.size, flux)
    frames = blank(5, gain=gain, rng=rng)
    paint(frames, geometry, x, y, light, rng=rng)
    psf = gaussian_psf(5)
    stars = Stars.at(x, y, light)
    looks = find_looks(geometry, np.ones(5, bool), x, y)
    residual = frames.arrays(background_free(frames))
    fit_stars(residual, psf, looks, stars, np.arange(x.size), np.zeros(x.size))
    bound = bound_of(frames, geometry, x, y, light)
    inner = np.maximum(np.abs(x), np.abs(y)) < 215
    assert inner.sum() > 500
    for found, true, limit in (
        (stars.flux_dn, light, bound.flux_dn),
        (stars.x_arcsec, x, bound.x_arcsec),
        (stars.y_arcsec, y, bound.y_arcsec),
    ):
        assert np.std(((found - true) / limit)[inner]) == pytest.approx(1.0, abs=0.1)


def test_the_bound_is_the_inverse_of_the_fisher_matrix():
    geometry = FrameGeometry(np.array([0.3]), np.array([-0.4]), 2.0 * np.eye(2), np.zeros(1), size_pix=256)
    frames = blank(1)
    x, y, flux = 11.0, 7.3, 900.0

    def model(f, a, b):
        px, py = geometry.to_pixels(np.zeros(1, int), np.array([a]), np.array([b]))
        grid = np.arange(110, 150)
        return f * gaussian(grid[None, :] - px, grid[:, None] - py)

    steps = (1.0, 1e-3, 1e-3)
    place = np.array([flux, x, y])
    slopes = []
    for k, step in enumerate(steps):
        moved = np.eye(3)[k] * step
        slopes.append((model(*(place + moved)) - model(*(place - moved))) / (2.0 * step))
    weight = 1.0 / (100.0 + model(*place) / 8.0)
    fisher = np.array([[np.sum(weight * a * b) for a in slopes] for b in slopes])
    expected = np.sqrt(np.diag(np.linalg.inv(fisher)))
    found = bound_of(frames, geometry, np.array([x]), np.array([y]), np.array([flux]))
    assert [found.flux_dn[0], found.x_arcsec[0], found.y_arcsec[0]] == pytest.approx(expected, rel=0.02)


def test_the_bound_falls_with_the_root_of_the_looks():
    x, y = lattice(40.0, 180.0, np.random.default_rng(12))
    limits = {}
    for n in (1, 4, 9):
        geometry = FrameGeometry(np.zeros(n), np.zeros(n), 2.0 * np.eye(2), np.zeros(n), size_pix=256)
        limits[n] = bound_of(blank(n), geometry, x, y, np.full(x.size, 500.0))
    for n in (4, 9):
        for name in ("flux_dn", "x_arcsec", "y_arcsec"):
            ratio = getattr(limits[1], name) / getattr(limits[n], name)
            np.testing.assert_allclose(ratio, np.sqrt(n), rtol=1e-5)


def test_a_star_without_a_good_pixel_has_no_bound():
    geometry = FrameGeometry(np.zeros(1), np.zeros(1), 2.0 * np.eye(2), np.zeros(1), size_pix=256)
    frames = blank(1)
    frames.flags[:] = 1
    found = bound_of(frames, geometry, np.array([0.0, 9000.0]), np.array([0.0, 9000.0]), np.full(2, 500.0))
    assert np.isnan(found.flux_dn).all()
    assert np.isnan(found.x_arcsec).all()
    assert np.isnan(scan_noise_dn(found, np.full(2, 500.0), np.array([100.0]))).all()


def test_the_noise_of_a_scan_follows_the_bound():
    """Variance linear in flux, one star in ten on a bad place: the running median does not see those."""
    rng = np.random.default_rng(13)
    flux = 10 ** rng.uniform(2, 5, 3000)
    sigma = np.sqrt(225.0 + flux / 50.0)
    bad = rng.random(3000) < 0.1
    bound = Bound(np.where(bad, 3.0, 1.0) * sigma, sigma, sigma)
    wanted = np.array([150.0, 1e3, 1e4, 8e4])
    assert scan_noise_dn(bound, flux, wanted) == pytest.approx(np.sqrt(225.0 + wanted / 50.0), rel=0.08)
    beyond = np.array([1e6])
    assert scan_noise_dn(bound, flux, beyond) == pytest.approx(np.sqrt(225.0 + beyond / 50.0), rel=0.15)
