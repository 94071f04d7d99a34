"""Scores of galaxies of finished images against the stars of these images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from app.instruments.bands import Band
from app.parameters.extraction import ExtractionParameters
from app.sky.projection import SinProjection
from tests.worlds.finished_image import draw_stars
from tests.worlds.spiral_image import GALAXY_X, GALAXY_Y, spiral_images
from workers.reduction.extended.ridge import FEWEST_STARS, brightness
from workers.reduction.extended.ring_shape import PARAMETERS, ring_shape
from workers.reduction.extended.shape import Cutout
from workers.reduction.frames.products import AtlasImage
from workers.reduction.images.extract import extract_scan
from workers.reduction.images.image_sources import reduce_strip
from workers.reduction.images.psf import moffat
from workers.reduction.images.ridge import measure_ridge, profile_width, ridge_stars
from workers.reduction.images.saturation import SaturatedStars
from workers.reduction.images.strips import join_images

EXTRACTION = ExtractionParameters()
SHAPE, STEP_PIX, FWHM_PIX = (400, 400), 26.0, 2.9
SKY_DN, SIGMA_DN = 100.0, 0.6
DISC = (198.0, 203.0)
NO_GALAXY = np.zeros((0, 2))


def starry_image(step_pix=STEP_PIX, disc_pix=0.0):
    """Stars on a grid, one with a companion, and a round disc of a scale in pixels among them."""
    rng = np.random.default_rng(91)
    line = np.arange(18.0, 390.0, step_pix)
    x, y = (a.ravel() + rng.uniform(-3, 3, a.size) for a in np.meshgrid(line, line))
    apart = np.hypot(x - DISC[0], y - DISC[1]) > 30.0
    x, y = x[apart], y[apart]
    flux = 10.0 ** rng.uniform(2.6, 4.4, x.size)
    x, y, flux = np.append(x, x[7] + 5.0), np.append(y, y[7]), np.append(flux, 0.5 * flux[7])
    psf, image = moffat(FWHM_PIX, SHAPE), np.zeros(SHAPE, np.float32)
    draw_stars(image, psf, x, y, flux)
    if disc_pix:
        yy, xx = np.mgrid[: SHAPE[0], : SHAPE[1]]
        light = np.exp(-np.hypot(xx - DISC[0], yy - DISC[1]) / disc_pix)
        image += gaussian_filter(6e3 * light / light.sum(), FWHM_PIX / 2.355).astype(np.float32)
    noise = gaussian_filter(rng.normal(0.0, 1.0, SHAPE), 0.99)
    image += (noise / noise.std()).astype(np.float32) * np.sqrt(SIGMA_DN**2 + image / 600.0)
    projection = SinProjection.from_rotation(150.0, -8.0, 199.5, 199.5, -1 / 3600, 1 / 3600)
    return AtlasImage(Band.J, 3, (SKY_DN + image).astype(np.float32), projection, 20.9, 1.0)


def reduced(image):
    """The model of an image, and the noise of a square arcsecond."""
    (strip,) = join_images([image])
    model, _ = reduce_strip(strip, image, EXTRACTION)
    return model, float(model.aperture_noise / np.sqrt(np.pi) / EXTRACTION.aperture_arcsec)


@pytest.fixture(scope="module")
def starry():
    model, noise = reduced(starry_image())
    return model, measure_ridge(model, model.residual, model.stars, NO_GALAXY, noise)


def test_stars_of_the_ridge_are_alone_and_of_all_brightnesses(starry):
    model, _ = starry
    stars, chosen = model.stars, ridge_stars(model.stars, NO_GALAXY, model)
    away = np.hypot(stars.x[:, None] - stars.x, stars.y[:, None] - stars.y)
    away[stars.flux[None, :] <= 0.02 * stars.flux[:, None]] = np.inf
    np.fill_diagonal(away, np.inf)
    assert away[chosen].min() > 12.0
    assert chosen.size > 100
    assert float(np.ptp(np.log10(stars.flux[chosen]))) > 1.2


def test_stars_themselves_score_zero_with_a_scatter_of_one(starry):
    _, ridge = starry
    scores = np.array([ridge.scores(mag, 0.0, row) for mag, row in zip(ridge.mag, ridge.values, strict=True)])
    for name, column in zip(PARAMETERS, scores.T, strict=True):
        known = column[np.isfinite(column)]
        assert known.size > 0.9 * column.size, name
        assert abs(float(np.median(known))) < 0.25, name
        assert 1.4826 * float(np.median(np.abs(known))) == pytest.approx(1.0, abs=0.25), name


def test_light_of_stars_is_as_it_was_before_they_were_taken_off(starry):
    """The same windows of the image itself, whose stars are alone, have the same light and shapes."""
    model, ridge = starry
    chosen = model.stars.take(ridge_stars(model.stars, NO_GALAXY, model))
    brightest = int(np.argmax(chosen.flux))
    x, y = float(chosen.x[brightest]), float(chosen.y[brightest])
    part = Cutout(model.data, model.usable, x, y)
    assert brightness(part, 0.0) == pytest.approx(ridge.mag.min(), abs=0.01)
    noise = float(model.aperture_noise / np.sqrt(np.pi) / EXTRACTION.aperture_arcsec)
    plain = ring_shape(part, 0.0, noise)
    assert ridge.values[0] + 0.0 == pytest.approx(plain, abs=0.05)


def test_no_star_beside_a_galaxy_or_a_saturated_star_is_on_the_ridge(starry):
    model, _ = starry
    chosen = ridge_stars(model.stars, NO_GALAXY, model)
    first, last = chosen[0], chosen[-1]
    galaxy = np.array([[model.stars.x[first] + 15.0, model.stars.y[first]]])
    x, y = model.stars.x[[last]], model.stars.y[[last]] - 20.0
    spoilt = replace(model, saturated=SaturatedStars(x, y, np.full(1, 3.0)))
    left = ridge_stars(model.stars, galaxy, spoilt)
    assert first not in left
    assert last not in left
    assert left.size > chosen.size - 8


def test_the_width_of_a_place_is_that_of_its_table():
    narrow, wide = moffat(2.9, SHAPE), moffat(3.2, SHAPE)
    left = np.arange(narrow.tables.shape[0]) % 6 < 3
    psf = replace(narrow, tables=np.where(left[:, None, None], narrow.tables, wide.tables))
    width = profile_width(psf, np.array([20.0, 380.0]), np.array([200.0, 200.0]))
    assert width[1] - width[0] == pytest.approx(np.log(3.2 / 2.9), rel=0.1)
    assert width.sum() == pytest.approx(0.0, abs=1e-6)


def test_a_disc_scores_high_in_its_row():
    (row,) = extract_scan([starry_image(disc_pix=2.5)], EXTRACTION).extended
    assert np.hypot(row["x"] - DISC[0], row["y"] - DISC[1]) < 1.0
    for name in PARAMETERS:
        assert row[f"j_sc_{name}"] > 4.0, name
        assert np.isnan(row[f"k_sc_{name}"])


def test_a_large_spiral_scores_high_in_the_bands_that_it_has():
    (row,) = extract_scan(spiral_images(), EXTRACTION).extended
    assert np.hypot(row["x"] - GALAXY_X, row["y"] - GALAXY_Y) < 1.0
    for band in "jk":
        assert row[f"{band}_sc_mxdn"] > 4.0
        assert row[f"{band}_sc_2mm"] > 4.0
    assert np.isnan(row["h_sc_mxdn"])


def test_an_image_of_too_few_stars_has_no_scores():
    """NULL is told by the columns' rule: a ridge needs twenty stars."""
    image = starry_image(step_pix=40.0, disc_pix=2.5)
    part = replace(
        image,
        pixels_dn=np.ascontiguousarray(image.pixels_dn[110:290, 110:290]),
        projection=replace(image.projection, x_pix=199.5 - 110.0, y_pix=199.5 - 110.0),
    )
    model, _ = reduced(part)
    assert ridge_stars(model.stars, np.array([[88.0, 93.0]]), model).size < FEWEST_STARS
    (row,) = extract_scan([part], EXTRACTION).extended
    assert all(np.isnan(row[f"j_sc_{name}"]) for name in PARAMETERS)
    assert np.isfinite(row["j_m_ext"])
