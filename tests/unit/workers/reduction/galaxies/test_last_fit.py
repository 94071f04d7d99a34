"""The last fit of galaxies: disc or bulge where the pixels do not say more, nothing changed where no model fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.unit.workers.reduction.galaxies.conftest import TRUE
from workers.reduction.galaxies.last_fit import LastFit, light_of_sum, settle
from workers.reduction.galaxies.sky_noise import SkyNoise


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
