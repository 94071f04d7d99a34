"""The last fit of galaxies: disc or bulge where the pixels do not say more, nothing changed where no model fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.unit.workers.reduction.galaxies.conftest import TRUE
from workers.reduction.galaxies.fit import fit_galaxy, light_of
from workers.reduction.galaxies.last_fit import (
    Family,
    LastFit,
    index_variance,
    light_of_sum,
    settle,
    with_scatter,
)
from workers.reduction.galaxies.priors import FAMILY_SIGMA, WEAK, Priors
from workers.reduction.galaxies.sky_noise import SkyNoise
from workers.reduction.galaxies.values import Pixels, Shape


@pytest.fixture(scope="module")
def mean(field):
    _, search, *_ = field
    return search.profiles.mean(search.sum_weights())


def _bent(galaxy, factor):
    """Return a galaxy with another radius, index and light."""
    shape = replace(galaxy.shape, log_radius=galaxy.shape.log_radius + np.log(factor), log_index=np.log(2.0))
    return replace(galaxy, shape=shape, flux_dn={b: f * factor for b, f in galaxy.flux_dn.items()})


@pytest.mark.parametrize("factor", [0.7, 1.4])
def test_models_settle_where_they_did_before_whatever_they_were_first(field, mean, factor):
    _, search, _, galaxies = field
    again = settle(search, mean, [_bent(galaxy, factor) for galaxy in galaxies])
    for new, old in zip(again, galaxies, strict=True):
        assert new.flux_dn[Band.J] == pytest.approx(old.flux_dn[Band.J], rel=0.05)
        assert new.shape.radius_arcsec == pytest.approx(old.shape.radius_arcsec, rel=0.07)
        assert new.significance == old.significance


def test_discs_and_bulges_are_told_apart(field):
    *_, galaxies = field
    true = TRUE[np.argsort(TRUE[:, 1]), 6]
    assert [g.shape.index for g in galaxies] == pytest.approx(true.tolist(), rel=0.25)


def test_a_usual_brightness_draws_the_radius_of_a_faint_galaxy(field, mean):
    _, search, _, galaxies = field
    faint = min(galaxies, key=lambda galaxy: galaxy.flux_dn[Band.J])
    others = [galaxy for galaxy in galaxies if galaxy is not faint]
    last = LastFit(search, mean, (faint.shape.x_arcsec, faint.shape.y_arcsec), others)
    own = np.log(faint.shape.semi_major_arcsec) - 0.5 * np.log(light_of_sum(faint, search.coadds.weights))
    noise = SkyNoise(search, galaxies)
    compact, wide = (last.settled(faint, (own + away, 0.05), noise) for away in (-0.5, 0.5))
    assert compact.shape.radius_arcsec < faint.shape.radius_arcsec < wide.shape.radius_arcsec


def test_galaxies_with_cores_and_arms_stay_as_they_are(field, mean):
    _, search, _, galaxies = field
    cored = replace(_bent(galaxies[0], 1.4), core={Band.J: (0.1, 0.1)})
    wide = replace(galaxies[1].shape, log_radius=np.log(12.0))
    armed = replace(galaxies[1], shape=wide, chi2={Band.J: 3.0})
    assert settle(search, mean, [cored, armed]) == [cored, armed]


def test_where_there_is_no_galaxy_the_first_model_stays(field, mean):
    _, search, _, galaxies = field
    empty = replace(galaxies[0], shape=replace(galaxies[0].shape, x_arcsec=9000.0))
    assert settle(search, mean, [empty]) == [empty]


def test_light_of_a_known_shape_is_that_of_the_truth(field, mean):
    _, search, _, galaxies = field
    row = TRUE[np.argsort(TRUE[:, 1])][0]
    shape = replace(galaxies[0].shape, log_index=float(np.log(row[6])))
    last = LastFit(search, mean, (shape.x_arcsec, shape.y_arcsec), galaxies[1:])
    assert last.known_light(shape, row[2], Band.J) == pytest.approx(row[2], rel=0.05)
    assert np.isnan(LastFit(search, mean, (9000.0, 9000.0), []).known_light(shape, row[2], Band.J))


def _error_of(galaxy, family, scatter):
    return with_scatter(galaxy, family, scatter).flux_error_dn[Band.J] / galaxy.flux_dn[Band.J]


def test_errors_follow_the_scatter_of_indices(field):
    *_, galaxies = field
    known = galaxies[0].flux_error_dn[Band.J] / galaxies[0].flux_dn[Band.J]
    family = Family((0.0, 0.1), 0.3 * known**2)
    assert _error_of(galaxies[0], family, FAMILY_SIGMA) == pytest.approx(known)
    assert _error_of(galaxies[0], family, 0.0) == pytest.approx(np.sqrt(0.7) * known)
    assert _error_of(galaxies[0], family, 2 * FAMILY_SIGMA) == pytest.approx(np.sqrt(1.9) * known)
    for none in (None, family._replace(variance=0.0)):
        assert with_scatter(galaxies[0], none, 0.0) is galaxies[0]


@pytest.mark.parametrize("scatter", [0.0, 0.2])
def test_totals_of_galaxies_that_scatter_so_about_a_family_err_by_their_errors(scatter):
    """Bulges in white noise on a bent sky, fitted with their family's prior: all of index 4, and twice as loose."""
    rng = np.random.default_rng(31)
    y, x = (a.ravel() for a in np.mgrid[-40.0:41.0, -40.0:41.0])
    u, v, one = x / 40.0, y / 40.0, np.ones(x.size)
    pixels = Pixels(x, y, one, one, one, np.stack([one, u, v, u * u, u * v, v * v]))
    noise, light, profile = 1.2, 6000.0, (np.ones(1), np.full(1, 2.0))
    start = np.array([light, 0.0, 0.0, np.log(6.0), 0.3, -0.2, np.log(4.0)])
    priors = Priors(WEAK.log_radius, (float(np.log(4.0)), FAMILY_SIGMA))
    pulls, plain = [], []
    for _ in range(150):
        shape = Shape(0.1, -0.2, np.log(6.0), 0.3, -0.2, np.log(4.0) + scatter * rng.standard_normal())
        value = light * light_of(pixels, shape, profile, (0.0, 0.0)) + noise * rng.standard_normal(x.size)
        fitted = fit_galaxy(pixels._replace(value=value, weight=one / noise**2), profile, start, priors)
        away, variance = fitted.values[0] - light, fitted.covariance[0, 0]
        error = np.sqrt(
            variance + index_variance(fitted) * fitted.values[0] ** 2 * ((scatter / FAMILY_SIGMA) ** 2 - 1.0)
        )
        pulls.append(away / error)
        plain.append(away / np.sqrt(variance))
    assert float(np.std(pulls)) == pytest.approx(1.0, abs=0.15)
    assert abs(float(np.std(plain)) - 1.0) > abs(float(np.std(pulls)) - 1.0)
