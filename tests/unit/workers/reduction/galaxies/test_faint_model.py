"""Models of faint patches: a disc in all bands is a galaxy; a blend, a streak and the airglow of one band are none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.worlds.faint_disc import COLUMNS, DISC, FIRST_X, FIRST_Y, ROWS, faint_coadds, faint_search, sky
from workers.reduction.galaxies.candidates import Seeds
from workers.reduction.galaxies.faint import STAR_SIGMA, FaintPatch
from workers.reduction.galaxies.faint_model import FaintModelling
from workers.reduction.galaxies.find import find_galaxies
from workers.reduction.galaxies.search import Search

PATCH = FaintPatch(DISC.x_arcsec + 2.0, DISC.y_arcsec - 2.0, 9.0)


def modelled(search: Search, patch=PATCH):
    mean = search.profiles.mean(search.sum_weights())
    return FaintModelling(search, mean, patch, []).galaxy()


def blob(x, y, light, sigma_arcsec, ratio=1.0):
    """Gaussian of light on the pixels of the image."""
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    square = ((columns + FIRST_X - x) / sigma_arcsec) ** 2 + (
        (rows + FIRST_Y - y) / (ratio * sigma_arcsec)
    ) ** 2
    return light / (2.0 * np.pi * sigma_arcsec**2 * ratio) * np.exp(-0.5 * square)


def both_bands(light_j, light_k):
    return faint_coadds(images={Band.J: sky(7) + light_j, Band.K: sky(8) + light_k})


def test_a_disc_has_its_light_place_and_size():
    search = faint_search(both_bands(DISC.on_pixels(), DISC.on_pixels()))
    galaxy = modelled(search)
    assert galaxy is not None
    assert galaxy.faint
    assert np.hypot(galaxy.shape.x_arcsec - DISC.x_arcsec, galaxy.shape.y_arcsec - DISC.y_arcsec) < 2.0
    # An exponential disc has 1.68 scale lengths in its half-light radius.
    assert galaxy.shape.semi_major_arcsec == pytest.approx(1.68 * DISC.length_arcsec, rel=0.3)
    for band, flux in galaxy.flux_dn.items():
        assert flux == pytest.approx(
            DISC.light_dn, abs=3.0 * galaxy.flux_error_dn[band] + 0.1 * DISC.light_dn
        )
        assert galaxy.chi2[band] < 1.2


def test_its_own_peaks_are_no_stars_and_a_star_on_it_is_one():
    light = DISC.on_pixels()
    star = blob(DISC.x_arcsec + 9.0, DISC.y_arcsec, 1500.0, 1.8)
    search = faint_search(both_bands(light, light))
    rng, least = np.random.default_rng(2), STAR_SIGMA * search.coadds.sky_sigma()
    x, y = PATCH.x_arcsec + rng.uniform(-18, 18, 30), PATCH.y_arcsec + rng.uniform(-18, 18, 30)
    waves = Seeds(x, y, np.full(30, 0.9 * least))
    alone, beside_waves = modelled(search), modelled(replace(search, seeds=waves))
    assert beside_waves.flux_dn == alone.flux_dn
    beside = faint_search(both_bands(light + star, light + star))
    seed = Seeds(np.array([DISC.x_arcsec + 9.0]), np.array([DISC.y_arcsec]), np.array([1500.0]))
    galaxy = modelled(replace(beside, seeds=seed))
    assert galaxy.stars == 1
    assert galaxy.flux_dn[Band.J] == pytest.approx(alone.flux_dn[Band.J], rel=0.3)


@pytest.mark.parametrize(
    ("light_j", "light_k"),
    [
        (DISC.on_pixels(), 0.0),  # airglow lies in one band
        (blob(DISC.x_arcsec, DISC.y_arcsec, 300.0, 1.9), blob(DISC.x_arcsec, DISC.y_arcsec, 300.0, 1.9)),
        (blob(DISC.x_arcsec, DISC.y_arcsec, 500.0, 16.0, 0.1), blob(DISC.x_arcsec, DISC.y_arcsec, 500.0, 16.0, 0.1)),
        (0.0, 0.0),
        (blob(DISC.x_arcsec + 16.0, DISC.y_arcsec, 400.0, 5.0), blob(DISC.x_arcsec + 16.0, DISC.y_arcsec, 400.0, 5.0)),
    ],
    ids=["one band", "star", "streak", "nothing", "elsewhere"],
)  # fmt: skip
def test_what_is_no_disc_there_is_no_galaxy(light_j, light_k):
    assert modelled(faint_search(both_bands(light_j, light_k))) is None


def test_too_few_pixels_are_no_galaxy():
    image = sky(7) + DISC.on_pixels()
    image[:, 3:] = np.nan
    assert modelled(faint_search(faint_coadds(images={Band.J: image}))) is None


def test_the_search_lists_it_without_scores_and_only_with_a_classifier(keep_all):
    """One star far off is a peak, without which nobody searches."""
    light = DISC.on_pixels() + blob(-150.0, 120.0, 3000.0, 1.8)
    seeds = Seeds(np.array([-150.0]), np.array([120.0]), np.array([3000.0]))
    search = faint_search(both_bands(light, light), seeds)
    (galaxy,) = find_galaxies(search, keep_all)
    assert galaxy.faint
    assert galaxy.scores is None
    assert find_galaxies(search) == []
    near_border = replace(DISC, x_arcsec=FIRST_X + COLUMNS - 30.0).on_pixels() + light - DISC.on_pixels()
    assert find_galaxies(faint_search(both_bands(near_border, near_border), seeds), keep_all) == []
    crowd = np.meshgrid(np.arange(-250.0, 250.0, 16.0), np.arange(60.0, 520.0, 16.0))
    dense = Seeds(crowd[0].ravel(), crowd[1].ravel(), np.full(crowd[0].size, 1e-6))
    assert find_galaxies(replace(search, seeds=dense), keep_all) == []
