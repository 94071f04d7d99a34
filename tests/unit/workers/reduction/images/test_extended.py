"""Galaxies on finished images: told from stars and pairs, cut out with their own light, measured once."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import Band
from app.parameters.extraction import ExtractionParameters
from app.sky.projection import SinProjection
from tests.worlds.finished_image import fitted_model
from workers.reduction.frames.products import EXTENDED_DTYPE, AtlasImage
from workers.reduction.images.extended import candidates, cut_out, extract_extended, measure_band
from workers.reduction.images.image_sources import DETECTION_DTYPE, ImageSources
from workers.reduction.images.normalise import Scale
from workers.reduction.images.psf import moffat

PARAMETERS = ExtractionParameters()
SHAPE, ZERO_POINT, NOISE = (400, 420), 20.0, 0.5
GALAXY_X, GALAXY_Y, LIGHT, LENGTH_PIX, RATIO = 200.3, 190.6, 6e4, 4.0, 0.5
STARS_X, STARS_Y = np.array([60.0, 300.0, 320.0, GALAXY_X]), np.array([80.0, 100.0, 330.0, GALAXY_Y])


def galaxy(x, y):
    """An exponential disc along x; all its light is LIGHT."""
    yy, xx = np.mgrid[: SHAPE[0], : SHAPE[1]]
    r = np.hypot(xx - x, (yy - y) / RATIO)
    return LIGHT / (2.0 * np.pi * LENGTH_PIX**2 * RATIO) * np.exp(-r / LENGTH_PIX)


def sources_of(band=Band.J, number=1, x0=0.0, seed=5):
    """An image with three stars and a galaxy, of which a third was fitted as a star; `x0` shifts the array."""
    psf = moffat(2.9, SHAPE)
    flux = np.array([3e4, 2e4, 1e4, LIGHT / 3.0])
    model = fitted_model(psf, STARS_X - x0, STARS_Y.copy(), flux, NOISE, seed)
    rest = (
        galaxy(GALAXY_X - x0, GALAXY_Y)
        - fitted_model(psf, STARS_X[3:] - x0, STARS_Y[3:].copy(), flux[3:], 0.0).data
    )
    model.data += rest.astype(np.float32)
    model.residual += rest.astype(np.float32)
    projection = SinProjection.from_rotation(284.0, 1.4, 209.5 - x0, 199.5, -1 / 3600, 1 / 3600)
    image = AtlasImage(band, number, model.data + model.level, projection, ZERO_POINT)
    table = np.zeros(4, DETECTION_DTYPE)
    table["x"], table["y"] = model.stars.x, model.stars.y
    table["ra"], table["decl"] = projection.to_sky(model.stars.x, model.stars.y)
    table["psfchi"] = [1.0, 1.1, 8.0, 90.0]
    model.stars.chi2 *= table["psfchi"]
    table["m"] = ZERO_POINT - 2.5 * np.log10(flux)
    return ImageSources(image, model, Scale(-0.05, 0.0, 10, ()), table)


@pytest.fixture(scope="module")
def sources():
    return sources_of()


def test_a_galaxy_is_a_candidate_and_stars_are_not(sources):
    assert candidates(sources, PARAMETERS).tolist() == [3]


def test_a_galaxy_of_two_fits_is_one_candidate():
    sources = sources_of()
    stars = sources.model.stars
    stars.x[2], stars.y[2] = stars.x[3] + 5.0, stars.y[3]
    assert candidates(sources, PARAMETERS).tolist() == [3]


@pytest.mark.parametrize("change", ["saturated", "faint", "fits"])
def test_what_is_no_candidate_whatever_its_light(change):
    sources = sources_of()
    if change == "saturated":
        sources.model.stars.saturated[3] = True
    elif change == "faint":
        sources.model.stars.flux_sigma[3] = sources.model.stars.flux[3] / 10.0
    else:
        sources.model.stars.chi2[3] = 2.0 * 34.0
    assert candidates(sources, PARAMETERS).size == 0


def test_a_knot_that_fits_well_beside_a_poor_one_is_a_candidate():
    """A galaxy is fitted as several knots, and the brightest of them may fit as a star does."""
    sources = sources_of()
    stars = sources.model.stars
    stars.chi2[3] = 34.0
    assert candidates(sources, PARAMETERS).size == 0
    knot = stars.take(np.array([3]))
    knot.x, knot.flux, knot.chi2 = knot.x + 2.0, 0.05 * knot.flux, np.array([34.0 * 20.0])
    sources.model.stars = stars.join(knot)
    sources = ImageSources(
        sources.image, sources.model, sources.scale, np.append(sources.detections, sources.detections[3:])
    )
    assert candidates(sources, PARAMETERS).tolist() == [3]


def test_the_object_is_cut_out_with_its_own_stars_only(sources):
    part = cut_out(sources, GALAXY_X, GALAXY_Y, NOISE)
    wanted = galaxy(GALAXY_X, GALAXY_Y)
    y0, x0 = round(GALAXY_Y - part.y), round(GALAXY_X - part.x)
    rows, columns = part.image.shape
    rest = part.image - wanted[y0 : y0 + rows, x0 : x0 + columns]
    assert np.abs(rest).max() < 8.0 * NOISE
    yy, xx = np.mgrid[:rows, :columns]
    star = np.hypot(xx - (300.0 - x0), yy - (100.0 - y0)) < 4.0
    assert abs(part.image[star].mean()) < NOISE


def test_a_background_that_followed_the_object_is_taken_back():
    sources = sources_of()
    bump = (0.02 * galaxy(GALAXY_X, GALAXY_Y)).astype(np.float32)
    clean = cut_out(sources, GALAXY_X, GALAXY_Y, NOISE).image.sum()
    sources.model.data -= bump
    sources.model.residual -= bump
    sources.model.level += bump
    assert cut_out(sources, GALAXY_X, GALAXY_Y, NOISE).image.sum() == pytest.approx(clean, rel=0.005)


def within(radius):
    """Light of the disc within a circle, summed over fine pixels."""
    y, x = np.mgrid[-70:70:0.2, -70:70:0.2] + 0.1
    light = np.exp(-np.hypot(x, y / RATIO) / LENGTH_PIX)
    return LIGHT * light[np.hypot(x, y) < radius].sum() / light.sum()


def test_light_shape_and_place_are_those_of_the_galaxy(sources):
    (row,) = extract_extended([sources], PARAMETERS)
    x, y = sources.image.projection.to_pixels(row["ra"], row["decl"])
    assert (float(x), float(y)) == (pytest.approx(GALAXY_X, abs=0.01), pytest.approx(GALAXY_Y, abs=0.01))
    for radius in (7, 10, 15, 25):
        assert 10 ** (-0.4 * (row[f"j_m_{radius}"] - ZERO_POINT)) == pytest.approx(within(radius), rel=0.02)
    assert row["j_ba"] == pytest.approx(RATIO, abs=0.06)
    # x runs to the west: along x is a position angle of 90 degrees.
    assert row["j_phi"] == pytest.approx(90.0, abs=3.0)
    assert 15.0 < row["j_r_3sig"] < 40.0
    assert row["j_psfchi"] == 90.0
    assert row["j_sky_dn"] == pytest.approx(100.0, abs=0.5)
    assert np.isnan(row["h_m_10"])


def test_uncertainties_are_the_noise_of_the_circle(sources):
    (row,) = extract_extended([sources], PARAMETERS)
    noise = sources.model.aperture_noise * np.array([10.0, 20.0]) / PARAMETERS.aperture_arcsec
    wanted = 1.0857 * noise / np.array([within(10), within(20)])
    np.testing.assert_allclose([row["j_msig_10"], row["j_msig_20"]], wanted, rtol=0.03)


def test_bands_and_overlapping_images_give_one_row():
    """The galaxy lies deeper in the first image of J, and H is measured at the place of the brightest band."""
    images = [sources_of(), sources_of(number=2, x0=120.0, seed=6), sources_of(Band.H, 1, seed=7)]
    images[2].detections["m"] -= 1.0
    rows = extract_extended(images, PARAMETERS)
    assert rows.dtype == EXTENDED_DTYPE
    assert rows.size == 1
    assert rows["coadd"][0] == 1
    assert rows["j_m_10"][0] == pytest.approx(rows["h_m_10"][0], abs=0.01)
    assert rows["ra"][0] == images[2].detections["ra"][3]


def test_places_off_the_image_are_left_alone(sources):
    rows = np.zeros(2, EXTENDED_DTYPE)
    ra, decl = sources.image.projection.to_sky(np.array([-5.0, GALAXY_X]), np.array([50.0, GALAXY_Y]))
    measure_band(sources, ra, decl, rows, PARAMETERS)
    assert rows["j_m_10"][0] == 0.0
    assert rows["j_m_10"][1] > 5.0


def test_a_circle_that_leaves_the_data_has_no_magnitude():
    sources = sources_of()
    sources.model.usable[:, 230:] = False
    rows = np.zeros(1, EXTENDED_DTYPE)
    measure_band(sources, *(np.atleast_1d(v) for v in sources.image.projection.to_sky(GALAXY_X, GALAXY_Y)), rows,
                 PARAMETERS)  # fmt: skip
    assert np.isfinite(rows["j_m_20"][0])
    assert np.isnan(rows["j_m_70"][0])


def test_a_scan_without_galaxies_has_none():
    sources = sources_of()
    sources.model.stars.chi2[:] = 34.0
    assert extract_extended([sources], PARAMETERS).size == 0
