"""Galaxies of finished images: a large spiral is one extended source with all its light, its knots within it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from app.parameters.extraction import ExtractionParameters
from app.sky.projection import SinProjection
from tests.worlds.spiral_image import (
    GALAXY_X,
    GALAXY_Y,
    KNOT_DN,
    KNOTS,
    LIGHT_DN,
    RATIO,
    SKY_DN,
    ZERO_POINT_MAG,
    field_stars,
    knot_places,
    spiral_images,
)
from workers.reduction.galaxies.values import Galaxy, Shape
from workers.reduction.images.extract import extract_scan
from workers.reduction.images.galaxy_search import is_sure

PARAMETERS = ExtractionParameters()
BANDS = (Band.J, Band.K)


@pytest.fixture(scope="module")
def spiral():
    images = spiral_images()
    return images, extract_scan(images, PARAMETERS)


def magnitude(band, light_dn):
    return ZERO_POINT_MAG[band] - 2.5 * np.log10(light_dn)


def test_a_large_spiral_is_one_extended_source_with_all_its_light(spiral):
    images, result = spiral
    (row,) = result.extended
    x, y = images[0].projection.to_pixels(row["ra"], row["decl"])
    assert np.hypot(x - GALAXY_X, y - GALAXY_Y) < 1.0
    assert row["coadd"] == 7
    for band in BANDS:
        whole = magnitude(band, LIGHT_DN[band] + KNOTS * KNOT_DN)
        assert row[f"{band.value}_m_ext"] == pytest.approx(whole, abs=0.1)
        assert row[f"{band.value}_m_70"] == pytest.approx(whole, abs=0.1)
        assert 0.0 < row[f"{band.value}_msig_ext"] < 0.1
        assert row[f"{band.value}_sky_dn"] == pytest.approx(SKY_DN[band], rel=0.01)
    assert row["r_k20fe"] > 25.0
    assert row["sup_ba"] == pytest.approx(RATIO, abs=0.1)
    assert abs(row["sup_phi"]) > 75.0
    assert np.isnan(row["h_m_70"])


def ellipse_radius(row, x, y):
    """Semi-major axis of the galaxy's ellipse through places."""
    turn = np.radians(row["sup_phi"])
    east, north = -(x - GALAXY_X), y - GALAXY_Y
    along = east * np.sin(turn) + north * np.cos(turn)
    return np.hypot(along, (east * np.cos(turn) - north * np.sin(turn)) / row["sup_ba"])


def test_what_is_left_of_knots_lies_where_a_release_flags_it(spiral):
    """gal_contam covers the Ks 20 mag ellipse enlarged by a tenth, if that is larger than 10"."""
    images, result = spiral
    (row,) = result.extended
    x, y = images[0].projection.to_pixels(result.sources["ra"], result.sources["decl"])
    star_x, star_y, _ = field_stars(np.random.default_rng(41))
    star = np.hypot(x[:, None] - star_x, y[:, None] - star_y).min(axis=1) < 2.0
    contaminated = ellipse_radius(row, x, y) < 1.1 * row["r_k20fe"]
    assert row["r_k20fe"] > 25.0
    clean = result.sources["j_snr"] > 10.0
    assert not (clean & ~star & ~contaminated).any()
    knot_x, knot_y = knot_places()
    assert np.count_nonzero(ellipse_radius(row, knot_x, knot_y) < 1.1 * row["r_k20fe"]) >= KNOTS - 3


def test_the_nucleus_is_one_point_source_of_both_bands(spiral):
    images, result = spiral
    x, y = images[0].projection.to_pixels(result.sources["ra"], result.sources["decl"])
    near = np.flatnonzero(np.hypot(x - GALAXY_X, y - GALAXY_Y) < 2.5)
    (nucleus,) = result.sources[near]
    for band in BANDS:
        assert nucleus[f"{band.value}_m"] > magnitude(band, LIGHT_DN[band])
        assert nucleus[f"{band.value}_psfchi"] > 2.0


def test_stars_beside_the_galaxy_keep_their_light(spiral):
    images, result = spiral
    x, y = images[0].projection.to_pixels(result.sources["ra"], result.sources["decl"])
    star_x, star_y, light = field_stars(np.random.default_rng(41))
    chosen = (light > 3e3) & (np.hypot(star_x - GALAXY_X, star_y - GALAXY_Y) < 130.0)
    apart = np.hypot(star_x[:, None] - star_x, star_y[:, None] - star_y) + 99.0 * np.eye(star_x.size)
    chosen &= apart.min(axis=1) > 12.0
    assert np.count_nonzero(chosen) >= 8
    difference = []
    for sx, sy, flux in zip(star_x[chosen], star_y[chosen], light[chosen], strict=True):
        row = result.sources[int(np.argmin(np.hypot(x - sx, y - sy)))]
        difference.append(row["j_m"] - magnitude(Band.J, flux))
    assert np.std(difference) < 0.03


def test_the_scan_says_how_much_of_it_was_searched(spiral):
    _, result = spiral
    assert result.metrics["galaxy_search_share"] == {"-": 1.0}


def test_images_of_other_pixels_are_not_searched(spiral):
    images, _ = spiral
    image = replace(
        images[0],
        projection=SinProjection.from_rotation(150.0, -8.0, 199.5, 209.5, -1.5 / 3600, 1.5 / 3600),
    )
    result = extract_scan([image], PARAMETERS)
    assert result.extended.size == 0
    assert result.metrics["galaxy_search_share"] == {"-": 0.0}


def test_bands_on_other_pixels_give_one_row(spiral):
    """K was cut 30 pixels farther west: two fields, of which the second completes the row of the first."""
    images, _ = spiral
    second = images[1]
    projection = SinProjection.from_rotation(150.0, -8.0, 199.5 - 30.0, 209.5, -1 / 3600, 1 / 3600)
    second = replace(second, pixels_dn=second.pixels_dn[:, 30:].copy(), projection=projection)
    (row,) = extract_scan([images[0], second], PARAMETERS).extended
    for band in BANDS:
        whole = magnitude(band, LIGHT_DN[band] + KNOTS * KNOT_DN)
        assert row[f"{band.value}_m_70"] == pytest.approx(whole, abs=0.1)


def test_extended_sources_of_images_have_scores(spiral):
    _, result = spiral
    (row,) = result.extended
    assert 1.0 <= row["e_score"] < 1.2
    assert 1.0 <= row["g_score"] < 1.2


@pytest.mark.parametrize(
    ("change", "scores", "sure"),
    [
        (60.0, (1.9, 1.9), True),
        (60.0, None, True),
        (30.0, (1.01, 1.9), True),
        (30.0, (1.9, 1.01), True),
        (30.0, (1.1, 1.1), False),
        (30.0, None, False),
    ],
)
def test_a_score_stands_in_for_a_large_change_of_chi_squared(change, scores, sure):
    shape = Shape(0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    of_bands = {Band.J: 1.0}
    galaxy = Galaxy(shape, of_bands, of_bands, of_bands, 0.1, 0.1, change**0.5, 0)
    assert is_sure(replace(galaxy, scores=scores)) is sure
