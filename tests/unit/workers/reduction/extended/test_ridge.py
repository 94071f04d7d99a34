"""Scores against the stars of a scan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.columns.records import unknown_rows
from app.instruments.bands import Band
from tests.worlds.frame_stack import blank, gaussian_psf, lent, paint, strip
from tests.worlds.galaxy_stack import sersic_points
from workers.reduction.extended.ridge import (
    FEWEST_STARS,
    brightness,
    fill_scores,
    local_width,
    measure_ridge,
    ridge_of,
    ridge_stars,
)
from workers.reduction.extended.ring_shape import PARAMETERS, ring_shape
from workers.reduction.extended.shape import Cutout
from workers.reduction.frames.products import EXTENDED_DTYPE
from workers.reduction.galaxies.drawing import Patches
from workers.reduction.galaxies.light import GalaxyLight
from workers.reduction.galaxies.values import Shape
from workers.reduction.photometry.mosaic import mosaic
from workers.reduction.profile.stars import Stars

FRAMES, STEP_ARCSEC = 14, 26.0
GALAXY = (4.0, 333.0)  # between the stars of the grid
HALF = 12


def drawn_stars(rng, count):
    """Brightness, width and parameters of stars whose scatter grows as they get fainter."""
    mag, width = rng.uniform(-10.0, -5.0, count), rng.normal(0.0, 0.05, count)
    scatter = 0.01 * 10 ** (0.2 * (mag + 10.0))
    value = 1.0 + 0.8 * width + scatter * rng.standard_normal(count)
    return mag, width, np.repeat(value[:, None], len(PARAMETERS), axis=1)


def test_stars_themselves_score_zero_with_a_scatter_of_one():
    rng = np.random.default_rng(17)
    ridge = ridge_of(*drawn_stars(rng, 400))
    others = drawn_stars(rng, 1500)
    scores = np.array([ridge.scores(*star)[0] for star in zip(*others, strict=True)])
    assert ridge.slopes == pytest.approx(np.full(len(PARAMETERS), 0.8), abs=0.05)
    assert abs(float(np.median(scores))) < 0.15
    assert 1.4826 * float(np.median(np.abs(scores - np.median(scores)))) == pytest.approx(1.0, abs=0.15)


def test_a_few_double_stars_do_not_move_the_ridge():
    rng = np.random.default_rng(18)
    mag, width, values = drawn_stars(rng, 200)
    plain = ridge_of(mag, width, values).scores(-8.0, 0.0, np.full(len(PARAMETERS), 1.0))
    values[::12] *= 2.0
    spoilt = ridge_of(mag, width, values).scores(-8.0, 0.0, np.full(len(PARAMETERS), 1.0))
    assert spoilt == pytest.approx(plain, abs=0.8)


def test_too_few_stars_give_no_scores():
    rng = np.random.default_rng(19)
    ridge = ridge_of(*drawn_stars(rng, FEWEST_STARS - 1))
    assert np.isnan(ridge.scores(-8.0, 0.0, np.ones(len(PARAMETERS)))).all()


@pytest.fixture(scope="module")
def field():
    """Stars on a grid, one with a companion, and a disc among them: the loan of a band."""
    rng = np.random.default_rng(20)
    geometry, frames, psf = strip(FRAMES), blank(FRAMES, rng=rng), gaussian_psf(FRAMES)
    x, y = (
        a.ravel()
        for a in np.meshgrid(np.arange(-230.0, 231.0, STEP_ARCSEC), np.arange(60.0, 1050.0, STEP_ARCSEC))
    )
    x, y = x + rng.uniform(-3, 3, x.size), y + rng.uniform(-3, 3, y.size)
    kept = np.hypot(x - GALAXY[0], y - GALAXY[1]) > 30.0
    x, y = x[kept], y[kept]
    flux = 10 ** rng.uniform(3.2, 4.6, x.size)
    x, y, flux = np.append(x, x[7] + 5.0), np.append(y, y[7]), np.append(flux, 0.5 * flux[7])
    order = np.argsort(y, kind="stable")
    x, y, flux = x[order], y[order], flux[order]
    paint(frames, geometry, x, y, flux, rng=rng)
    dx, dy = sersic_points(1.0, 4.0, 0.7, 30.0)
    paint(frames, geometry, GALAXY[0] + dx, GALAXY[1] + dy, np.full(dx.size, 2.5e4 / dx.size), rng=None)
    residual = lent(frames, geometry, psf)
    stars = Stars.at(x, y, flux)
    stars.flux_error_dn[:], stars.converged[:] = 30.0, True
    residual.change(stars=stars)
    residual.restore()
    return residual


def cut(residual, x, y):
    first_x, first_y = np.floor(x) - HALF, np.floor(y) - HALF
    image = mosaic(residual.arrays(), residual.stack.geometry, first_x, first_y, (2 * HALF + 1, 2 * HALF + 1))
    return Cutout(np.nan_to_num(image), np.isfinite(image), x - first_x, y - first_y)


def noise_of(residual):
    return float(0.5 * residual.stack.noise_dn() / np.sqrt(6.0))


def test_stars_of_the_ridge_are_alone_and_of_all_brightnesses(field):
    stars, chosen = field.stack.stars, ridge_stars(field.stack)
    away = np.hypot(stars.x_arcsec[:, None] - stars.x_arcsec, stars.y_arcsec[:, None] - stars.y_arcsec)
    np.fill_diagonal(away, np.inf)
    assert away[chosen].min() > 12.0
    assert chosen.size > 100
    assert float(np.ptp(np.log10(stars.flux_dn[chosen]))) > 1.2
    assert float(np.ptp(stars.y_arcsec[chosen])) > 800.0


def test_a_galaxy_scores_high_and_stars_do_not(field):
    noise = noise_of(field)
    nothing = np.zeros(field.stack.stars.size, np.bool_)
    ridge = measure_ridge(field, nothing, noise)
    galaxy = cut(field, *GALAXY)
    scores = ridge.scores(brightness(galaxy, 0.0), 0.0, ring_shape(galaxy, 0.0, noise))
    assert (scores > 6.0).all(), dict(zip(PARAMETERS, scores, strict=True))
    spread = np.array(
        [ridge.scores(mag, 0.0, values) for mag, values in zip(ridge.mag, ridge.values, strict=True)]
    )
    for name, column in zip(PARAMETERS, spread.T, strict=True):
        known = column[np.isfinite(column)]
        assert known.size > 0.9 * column.size, name
        assert abs(float(np.median(known))) < 0.2, name
        assert 1.4826 * float(np.median(np.abs(known))) == pytest.approx(1.0, abs=0.25), name


def test_stars_that_were_taken_away_are_given_back_once(field):
    """The ridge is the same whether or not its stars were drawn before it was asked."""
    noise = noise_of(field)
    field.restore()
    apart = measure_ridge(field, np.zeros(field.stack.stars.size, np.bool_), noise)
    field.restore()
    field.subtract(field.stack.stars)
    given_back = measure_ridge(field, np.ones(field.stack.stars.size, np.bool_), noise)
    assert given_back.mag == pytest.approx(apart.mag, abs=2e-3)


def test_rows_get_the_scores_of_their_galaxies(field):
    noise = noise_of(field)
    field.restore()
    shape = Shape(*GALAXY, np.log(4.0), 0.0, 0.0, 0.0)
    field.change(galaxies=GalaxyLight((shape,), np.array([0.0]), Patches.none()))
    part = cut(field, *GALAXY)
    rows = unknown_rows(EXTENDED_DTYPE, 1)
    nothing = np.zeros(field.stack.stars.size, np.bool_)
    fill_scores(
        rows, Band.H, (field, nothing), [(brightness(part, 0.0), ring_shape(part, 0.0, noise))], noise
    )
    for name in PARAMETERS:
        assert rows[f"h_sc_{name}"][0] > 6.0
        assert np.isnan(rows[f"j_sc_{name}"][0])
    field.change(galaxies=GalaxyLight())


def test_the_width_of_a_place_is_that_of_the_looks_at_it(field):
    slope = np.linspace(-0.1, 0.1, FRAMES).astype(np.float32)
    stack = replace(field.stack, psf=replace(field.stack.psf, log_width=slope))
    width = local_width(stack, stack.geometry.y_arcsec)
    assert (np.diff(width) >= 0.0).all()
    assert width[FRAMES // 2] == pytest.approx(float(slope[FRAMES // 2]), abs=0.01)
