"""Faint patches on blocked images: discs that no pixel shows are found, stars, known galaxies and airglow are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.worlds.faint_disc import COLUMNS, DISC, ROWS, faint_coadds, faint_search, sky
from workers.reduction.frames.grid import StripGrid
from workers.reduction.galaxies.candidates import Seeds
from workers.reduction.galaxies.coadds import BandCoadd, Coadds
from workers.reduction.galaxies.faint import STAR_SIGMA, faint_patches
from workers.reduction.galaxies.values import Galaxy, Shape


def seeds_at(places, light):
    x, y = np.array(places, np.float64).T
    return Seeds(x, y, np.full(x.size, light))


def test_a_disc_below_the_noise_of_a_pixel_is_one_patch():
    coadds = faint_coadds()
    assert DISC.middle_dn < coadds.bands[Band.J].noise_dn
    (patch,) = faint_patches(faint_search(coadds), [])
    assert np.hypot(patch.x_arcsec - DISC.x_arcsec, patch.y_arcsec - DISC.y_arcsec) < 4.0
    assert patch.sigma > 8.0


def test_noise_alone_and_a_sky_that_bends_have_none():
    """A wave of airglow, 210" wide at half its height, is as bright as the middle of the disc."""
    y, x = np.mgrid[:ROWS, :COLUMNS]
    wave = DISC.middle_dn * np.exp(-0.5 * ((x - 200.0) ** 2 + (y - 300.0) ** 2) / 90.0**2)
    for added in (0.0, wave):
        assert faint_patches(faint_search(faint_coadds(images={Band.J: sky(5) + added})), []) == []


def test_what_a_star_or_a_known_galaxy_covers_is_none():
    """A halo of the same light is a patch, unless it is that of a star or of a galaxy."""
    search = faint_search(faint_coadds())
    place, faintest = (DISC.x_arcsec, DISC.y_arcsec), STAR_SIGMA * search.coadds.sky_sigma()
    wave_of_noise, star = (seeds_at([place], light) for light in (0.9 * faintest, 5e4))
    assert len(faint_patches(replace(search, seeds=wave_of_noise), [])) == 1
    # The mask of a star ends at 14", beyond which the disc is too faint.
    assert faint_patches(replace(search, seeds=star), []) == []
    saturated = np.array([[*place, 5.0]])
    assert faint_patches(replace(search, bright=saturated), []) == []
    flux = {Band.J: 100.0}
    known = Galaxy(Shape(*place, np.log(8.0), 0.0, 0.0, 0.0), flux, flux, {Band.J: 0.3}, 0.1, 0.1, 10.0, 0)
    assert faint_patches(search, [known]) == []


def test_a_patch_on_two_images_counts_once():
    search = faint_search(faint_coadds())
    (_, image), *_ = search.coadds.bands[Band.J].images
    part = replace(image, pixels_dn=image.pixels_dn[: ROWS - 60])
    both = BandCoadd(((0, image), (0, part)), search.coadds.bands[Band.J].noise_dn, 8.0, 20.0)
    assert len(faint_patches(replace(search, coadds=Coadds({Band.J: both}, search.coadds.grid)), [])) == 1


def test_an_image_without_data_has_none():
    empty = faint_coadds(images={Band.J: np.full((ROWS, COLUMNS), np.nan)})
    assert isinstance(empty.grid, StripGrid)
    assert faint_patches(faint_search(empty), []) == []


def test_holes_and_rims_are_no_light():
    image = sky(6)
    image[100:180, 60:140] = np.nan
    assert faint_patches(faint_search(faint_coadds(images={Band.J: image})), []) == []
    image[:60] = np.nan
    assert faint_patches(faint_search(faint_coadds(images={Band.J: image})), []) == []


@pytest.mark.parametrize("share", [0.25, 4.0])
def test_brighter_discs_stand_higher(share):
    disc = replace(DISC, light_dn=share * DISC.light_dn)
    found = faint_patches(faint_search(faint_coadds(disc=disc)), [])
    assert [patch.sigma > 20.0 for patch in found] == ([True] if share > 1.0 else [])
