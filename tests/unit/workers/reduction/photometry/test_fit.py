"""Profile fits on simulated frames against the truth, the bound, joint solutions and another code."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from tests.worlds.frame_stack import (
    SIGMA_PIX,
    blank,
    gaussian,
    gaussian_psf,
    lattice,
    looks_at_one_field,
    paint,
)
from workers.reduction.frames.looks import find_looks
from workers.reduction.photometry.bound import cramer_rao
from workers.reduction.photometry.fit import fit_stars
from workers.reduction.photometry.residual import background_free, subtract_stars
from workers.reduction.profile.stars import Stars

LOOKS = 6
NOISE = 10.0


class Field:
    """Frames that see one field of stars, ready for fits."""

    def __init__(self, x, y, flux, *, looks=LOOKS, noise=NOISE, seed=1, white=True):
        rng = np.random.default_rng(seed)
        self.geometry = looks_at_one_field(looks, rng)
        # With a gain of 1e9 a star's own light has no noise.
        self.frames = blank(looks, noise=noise, gain=1e9 if white else 8.0, rng=rng)
        paint(self.frames, self.geometry, x, y, flux, rng=None if white else rng)
        self.psf = gaussian_psf(looks)
        self.x, self.y, self.flux = x, y, flux
        self.residual = background_free(self.frames)

    def looks(self, stars):
        return find_looks(self.geometry, self.frames.noise_dn > 0.0, stars.x_arcsec, stars.y_arcsec)

    def bound(self):
        looks = self.looks(Stars.at(self.x, self.y, self.flux))
        return cramer_rao(self.frames, self.psf, looks, self.flux)

    def arrays(self):
        return self.frames.arrays(self.residual)

    def fit(self, start, drawn, **choice):
        every = np.arange(start.size)
        fit_stars(self.arrays(), self.psf, self.looks(start), start, every, drawn, **choice)

    def draw(self, stars, drawn):
        self.residual[:] = background_free(self.frames)
        subtract_stars(self.arrays(), self.psf, self.looks(stars), drawn)

    def guess(self, seed=2, error=0.3):
        """Starts some tenths of an arcsecond off, and a third too faint."""
        rng = np.random.default_rng(seed)
        dx, dy = rng.normal(0, error, (2, self.x.size))
        return Stars.at(self.x + dx, self.y + dy, 0.7 * self.flux)


@pytest.fixture(scope="module")
def isolated():
    x, y = lattice(16.0, 230.0, np.random.default_rng(3))
    field = Field(x, y, np.full(x.size, 350.0))
    stars = field.guess()
    field.fit(stars, np.zeros(stars.size))
    return field, stars


def test_isolated_stars_reach_the_bound_without_bias(isolated):
    field, stars = isolated
    bound = field.bound()
    assert stars.size > 800
    assert stars.converged.mean() > 0.995
    # A neighbour 12" away may still put light into a stamp; 800 stars tell a scatter to 2.5 %, a mean to 0.035 sigma.
    for found, true, limit in (
        (stars.flux_dn, field.flux, bound.flux_dn),
        (stars.x_arcsec, field.x, bound.x_arcsec),
        (stars.y_arcsec, field.y, bound.y_arcsec),
    ):
        pull = (found - true)[stars.converged] / limit[stars.converged]
        assert 0.9 < np.sqrt(np.mean(pull**2)) <= 1.15
        assert abs(pull.mean()) < 0.3


def test_errors_and_chi_squared_are_what_they_say(isolated):
    field, stars = isolated
    good = stars.converged
    for found, true, variance in (
        (stars.flux_dn, field.flux, stars.flux_error_dn**2),
        (stars.x_arcsec, field.x, stars.variance[:, 0]),
        (stars.y_arcsec, field.y, stars.variance[:, 1]),
    ):
        pull = ((found - true) / np.sqrt(variance))[good]
        assert pull.std() == pytest.approx(1.0, abs=0.1)
    assert np.median(stars.chi2[good]) == pytest.approx(1.0, abs=0.03)
    assert np.median(stars.pixels[good]) == pytest.approx(LOOKS * np.pi * 6.3, rel=0.05)


def test_fixed_places_give_the_flux_alone():
    x, y = lattice(20.0, 200.0, np.random.default_rng(4))
    field = Field(x, y, np.full(x.size, 60.0))
    stars = Stars.at(x, y, np.zeros(x.size))
    field.fit(stars, np.zeros(x.size), move=False)
    assert (stars.x_arcsec == x).all()
    # A star of SNR 6 is not biased where its place is known; NaN variances say that it was not fitted.
    pull = (stars.flux_dn - 60.0) / stars.flux_error_dn
    assert abs(pull.mean()) < 0.15
    assert pull.std() == pytest.approx(1.0, abs=0.1)
    assert np.isnan(stars.variance).all()


def pairs(separation, count, rng):
    """Pairs 40" apart from each other; ordered by y within the lattice."""
    ticks = np.arange(-180.0, 181.0, 40.0)
    mx, my = (a.ravel()[:count] + rng.uniform(-1, 1, a.size)[:count] for a in np.meshgrid(ticks, ticks))
    angle = rng.uniform(0, 2 * np.pi, mx.size)
    dx, dy = 0.5 * separation * np.cos(angle), 0.5 * separation * np.sin(angle)
    return np.column_stack([mx - dx, mx + dx]), np.column_stack([my - dy, my + dy])


def sweeps(field, stars, count):
    """Sweeps, each followed by fresh residual frames: a star that left its pixel was drawn less exactly."""
    drawn = np.zeros(stars.size)
    for _ in range(count):
        field.fit(stars, drawn, redraw=True)
        field.draw(stars, drawn)
    return drawn


def test_sweeps_over_pairs_converge_to_the_truth_where_there_is_no_noise():
    errors = {}
    for separation in (3.0, 4.0):
        x, y = (a.ravel() for a in pairs(separation, 60, np.random.default_rng(5)))
        flux = np.tile([3000.0, 2000.0], 60)
        field = Field(x, y, flux, noise=1e-3)
        field.frames.noise_dn[:] = NOISE
        stars, drawn = field.guess(error=0.1), np.zeros(120)
        errors[separation] = []
        for _ in range(12):
            field.fit(stars, drawn, redraw=True)
            field.draw(stars, drawn)
            away = np.hypot(stars.x_arcsec - x, stars.y_arcsec - y)
            errors[separation].append((np.median(np.abs(stars.flux_dn / flux - 1.0)), np.median(away)))
    # Fluxes and places pull each other along: at 4" (2 pixels) a sweep leaves a quarter of the error, at 3" six tenths.
    # What stays is the tables' own error, a thousandth of the peak, as the pair magnifies it.
    assert errors[4.0][0][0] > 0.05
    assert errors[4.0][3][0] < 0.004
    assert errors[4.0][3][1] < 0.01
    assert errors[3.0][0][0] > 0.2
    assert errors[3.0][11][0] < 0.015
    assert errors[3.0][11][1] < 0.03


def joint_solution(field, x, y, flux):
    """Fluxes and places of one pair by least squares over all pixels around, with the exact profile."""
    middle = np.array([x.mean()]), np.array([y.mean()])
    parts = []
    for i in range(field.frames.noise_dn.size):
        px, py = field.geometry.to_pixels(np.array([i]), *middle)
        jx, jy = round(px[0]), round(py[0])
        rows, columns = np.arange(jy - 5, jy + 6), np.arange(jx - 5, jx + 6)
        parts.append((i, rows, columns, field.frames.pixels_dn[i][np.ix_(rows, columns)] - 400.0))

    def rest(p):
        out = []
        for i, rows, columns, data in parts:
            model = np.zeros(data.shape)
            for f, sx, sy in p.reshape(2, 3):
                px, py = field.geometry.to_pixels(np.array([i]), np.array([sx]), np.array([sy]))
                model += f * gaussian(columns[None, :] - px, rows[:, None] - py)
            out.append(((data - model) / NOISE).ravel())
        return np.concatenate(out)

    start = np.column_stack([flux, x, y]).ravel()
    return least_squares(rest, start, x_scale=np.tile([100.0, 0.1, 0.1], 2)).x.reshape(2, 3)


@pytest.mark.parametrize(("separation", "bright", "count"), [(4.0, 1500.0, 6), (3.0, 1500.0, 20)])
def test_sweeps_reach_the_joint_solution_of_pairs(separation, bright, count):
    x, y = pairs(separation, 40, np.random.default_rng(6))
    flux = np.tile([bright, bright / 1.5], (40, 1))
    field = Field(x.ravel(), y.ravel(), flux.ravel())
    stars = field.guess(error=0.1)
    sweeps(field, stars, count)
    joint = np.array([joint_solution(field, x[k], y[k], flux[k]) for k in range(40)]).reshape(-1, 3)
    # At an SNR of 100. Sweeps weigh pixels within 5" of each star, the joint solution all.
    sigma = np.std(joint[:, 0] - flux.ravel())
    assert np.sqrt(np.mean((stars.flux_dn - joint[:, 0]) ** 2)) < 0.3 * sigma
    assert np.mean(stars.flux_dn - joint[:, 0]) == pytest.approx(0.0, abs=0.1 * sigma)
    away = np.hypot(stars.x_arcsec - joint[:, 1], stars.y_arcsec - joint[:, 2])
    assert np.sqrt(np.mean(away**2)) < 0.3 * np.std(joint[:, 1:] - np.column_stack([x.ravel(), y.ravel()]))


def test_redrawing_keeps_the_residual_frames_up_to_date():
    x, y = (a.ravel() for a in pairs(4.0, 40, np.random.default_rng(7)))
    field = Field(x, y, np.full(x.size, 2000.0))
    stars = field.guess(error=0.1)
    drawn = sweeps(field, stars, 4)

    field.fit(stars, drawn, redraw=True)
    kept = field.residual.copy()
    field.draw(stars, drawn)
    np.testing.assert_array_equal(drawn, stars.flux_dn)
    # Stars with peaks of 670 DN that move by some hundredths of an arcsecond.
    assert np.abs(kept - field.residual).max() < 0.01 * 670
    assert kept.std() == pytest.approx(NOISE, rel=0.01)


@pytest.mark.parametrize("charge", [20.0, 60.0, 200.0])
@pytest.mark.parametrize("offset", [0, 1])
def test_a_pixel_that_one_look_saw_is_dropped(charge, offset):
    """A cosmic ray of 20 to 200 sigma in or beside a star whose own peak is 20 sigma: on a look of six."""
    x, y = lattice(30.0, 200.0, np.random.default_rng(8))
    clean = Field(x, y, np.full(x.size, 600.0), seed=9)
    stars = Stars.at(x, y, clean.flux.copy())
    clean.fit(stars, np.zeros(x.size))
    struck = Field(x, y, np.full(x.size, 600.0), seed=9)
    px, py = struck.geometry.to_pixels(np.full(x.size, 2), x, y)
    struck.residual[2, np.rint(py).astype(int), np.rint(px).astype(int) + offset] += charge * NOISE
    hit = Stars.at(x, y, struck.flux.copy())
    struck.fit(hit, np.zeros(x.size))
    assert hit.converged.mean() > 0.97
    assert (hit.pixels == stars.pixels - 1).mean() > 0.97
    change = (hit.flux_dn - stars.flux_dn) / stars.flux_error_dn
    assert np.median(np.abs(change)) < 0.3
    assert np.quantile(np.abs(change), 0.95) < 1.0


def test_masked_stars_are_told_by_nan():
    x, y = np.array([-40.0, 0.0, 60.0, 5000.0]), np.array([-50.0, 0.0, 40.0, 5000.0])
    field = Field(x, y, np.full(4, 900.0))
    px, py = field.geometry.to_pixels(np.zeros(1, int), x[1:2], y[1:2])
    j, k = round(py[0]), round(px[0])
    field.frames.flags[:, j - 6 : j + 7, k - 6 : k + 7] = 1
    field.residual[:] = background_free(field.frames)
    stars = field.guess(error=0.05)
    before = stars.flux_dn.copy()
    field.fit(stars, np.zeros(4), redraw=True)
    assert stars.converged.tolist() == [True, False, True, False]
    assert np.isnan(stars.flux_error_dn[[1, 3]]).all()
    assert np.isnan(stars.chi2[[1, 3]]).all()
    assert (stars.flux_dn[[1, 3]] == before[[1, 3]]).all()
    assert np.isfinite(stars.flux_error_dn[[0, 2]]).all()
    assert np.isfinite(field.residual).all()


def test_a_star_half_off_the_array_is_fitted_by_the_rest():
    x, y = np.full(9, -254.0), np.linspace(-200.0, 200.0, 9)
    field = Field(x, y, np.full(9, 3000.0))
    stars = Stars.at(x, y, field.flux.copy())
    field.fit(stars, np.zeros(9))
    pull = (stars.flux_dn - 3000.0) / stars.flux_error_dn
    assert stars.converged.all()
    assert np.abs(pull).max() < 4.0


def test_photutils_agrees_on_single_frames():
    from astropy.table import Table
    from photutils.psf import CircularGaussianSigmaPRF, PSFPhotometry

    x, y = lattice(20.0, 200.0, np.random.default_rng(10))
    field = Field(x, y, np.full(x.size, 1500.0), looks=1, white=False)
    stars = Stars.at(x, y, field.flux.copy())
    field.fit(stars, np.zeros(x.size))
    px, py = field.geometry.to_pixels(np.zeros(x.size, int), x, y)
    model = CircularGaussianSigmaPRF(sigma=SIGMA_PIX)
    model.sigma.fixed = True
    other = PSFPhotometry(model, fit_shape=(5, 5), aperture_radius=2.0)
    image = field.frames.pixels_dn[0].astype(float) - 400.0
    # The same weights: sky and the star's own light.
    error = np.sqrt(NOISE**2 + np.maximum(image, 0.0) / 8.0)
    found = other(image, error=error, init_params=Table({"x": px, "y": py, "flux": field.flux}))
    sigma = stars.flux_error_dn
    difference = (stars.flux_dn - np.array(found["flux_fit"])) / sigma
    assert abs(np.median(difference)) < 0.1
    assert 1.4826 * np.median(np.abs(difference)) < 0.4
    ours, theirs = (stars.flux_dn - field.flux) / sigma, (np.array(found["flux_fit"]) - field.flux) / sigma
    assert ours.std() < 1.05 * theirs.std()
    fx, fy = field.geometry.to_pixels(np.zeros(x.size, int), stars.x_arcsec, stars.y_arcsec)
    assert (
        1.4826 * np.median(np.abs(fx - np.array(found["x_fit"])))
        < 0.4 * np.sqrt(np.median(stars.variance[:, 0])) / 2
    )
    assert (
        1.4826 * np.median(np.abs(fy - np.array(found["y_fit"])))
        < 0.4 * np.sqrt(np.median(stars.variance[:, 1])) / 2
    )


def test_a_fit_never_ends_with_light_that_its_pixels_do_not_hold():
    """Started from 1e9 DN where 3,000 are, with a profile that is wrong by a tenth of the light in each pixel."""
    x, y = lattice(40.0, 200.0, np.random.default_rng(11))
    field = Field(x, y, np.full(x.size, 3000.0))
    field.psf.error[:] = 0.1
    start = Stars.at(x, y, np.full(x.size, 1e9))
    field.fit(start, np.zeros(x.size))
    assert start.flux_dn.max() < 3.0 * 3000.0
    wrong = np.abs(start.flux_dn - 3000.0) > 600.0
    assert not start.converged[wrong].any()
