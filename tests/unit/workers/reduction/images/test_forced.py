"""Light at given places against images whose stars are known: unbiased, with errors that are right."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.images.forced import (
    BLANK_DISTANCE_PIX,
    FEWEST_STARS,
    SIGMA_PIX,
    blank_places,
    image_scale,
    place_light,
)

SHAPE = (420, 400)
ZERO_POINT = 20.0
NOISE_DN, SKY_DN = 2.0, 300.0
WIDTH_PIX = 1.4
"""Of the stars: another one than that of the weights."""


def drawn(x: np.ndarray, y: np.ndarray, magnitude: np.ndarray, seed: int) -> np.ndarray:
    """Image of round stars on a sloping sky, with noise that neighbours share, as coadds have it."""
    from scipy.ndimage import gaussian_filter

    rows, columns = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    image = SKY_DN + 0.02 * columns - 0.01 * rows
    for star_x, star_y, m in zip(x, y, magnitude, strict=True):
        flux = 10.0 ** (0.4 * (ZERO_POINT - m))
        low, left = max(int(star_y) - 15, 0), max(int(star_x) - 15, 0)
        part = np.s_[low : int(star_y) + 16, left : int(star_x) + 16]
        apart = (columns[part] - star_x) ** 2 + (rows[part] - star_y) ** 2
        image[part] += flux / (2 * np.pi * WIDTH_PIX**2) * np.exp(-0.5 * apart / WIDTH_PIX**2)
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal(SHAPE), 0.7)
    return (image + NOISE_DN * noise / noise.std()).astype(np.float32)


def lattice(first: float, step: float) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.meshgrid(np.arange(first, SHAPE[1] - 20, step), np.arange(first, SHAPE[0] - 20, step))
    random = np.random.default_rng(3)
    return x.ravel() + random.uniform(-0.5, 0.5, x.size), y.ravel() + random.uniform(-0.5, 0.5, x.size)


def test_faint_stars_are_measured_without_bias() -> None:
    """Of 81 stars of a third to five times the noise, and 12 bright ones that the scale comes from."""
    bright_x, bright_y = lattice(30.0, 110.0)
    faint_x, faint_y = lattice(60.0, 36.0)
    far = np.hypot(faint_x[:, None] - bright_x, faint_y[:, None] - bright_y).min(axis=1) > 20.0
    faint_x, faint_y = faint_x[far], faint_y[far]
    faint = np.random.default_rng(4).uniform(13.7, 17.5, faint_x.size)
    x, y = np.r_[bright_x, faint_x], np.r_[bright_y, faint_y]
    image = drawn(x, y, np.r_[np.full(bright_x.size, 11.0), faint], 5)
    # Only the bright ones were extracted; light of the others is in no list of rows.
    scale = image_scale(image, bright_x, bright_y, np.full(bright_x.size, 11.0))
    light = place_light(image, faint_x, faint_y)
    assert light.measured.all()
    flux = scale.nmgy_per_dn * light.amplitude_dn
    error = scale.nmgy_per_dn * scale.error_dn
    true = 10.0 ** (0.4 * (22.5 - faint))
    pulls = (flux - true) / error
    told = (
        f"mean pull {pulls.mean():+.2f}, scatter {pulls.std():.2f}, median SNR {np.median(true / error):.1f}"
    )
    print(f"{faint_x.size} stars, {told}")
    assert abs(pulls.mean()) < 3 / np.sqrt(faint_x.size)
    # Empty places, some of which have a faint star, tell more noise than there is.
    assert 0.7 < pulls.std() < 1.15


def test_empty_places_have_no_light() -> None:
    image = drawn(np.zeros(0), np.zeros(0), np.zeros(0), 6)
    x, y = lattice(25.0, 20.0)
    light = place_light(image, x, y)
    scale = image_scale(image, np.zeros(0), np.zeros(0), np.zeros(0))
    assert np.isnan(scale.nmgy_per_dn)
    pulls = light.amplitude_dn / scale.error_dn
    assert abs(pulls.mean()) < 3 / np.sqrt(x.size)
    assert pulls.std() == pytest.approx(1.0, abs=0.15)


def test_what_cannot_be_measured_is_unknown() -> None:
    """Beside the edge, outside, on a pixel without data, within a large hole; beside a single bad pixel it can."""
    image = drawn(np.zeros(0), np.zeros(0), np.zeros(0), 7)
    image[100, 100] = np.nan
    image[200:260, 200:260] = np.nan
    x = np.array([5.0, -40.0, 100.3, 230.0, 108.0, 150.0])
    y = np.array([200.0, 200.0, 101.0, 230.0, 100.0, 150.0])
    assert place_light(image, x, y).measured.tolist() == [False, False, False, False, True, True]


def test_blank_places_keep_away_from_sources() -> None:
    x, y = lattice(40.0, 60.0)
    blank_x, blank_y = blank_places(SHAPE, x, y)
    assert blank_x.size > 500
    assert np.hypot(blank_x[:, None] - x, blank_y[:, None] - y).min() > BLANK_DISTANCE_PIX
    whole, _ = blank_places(SHAPE, np.zeros(0), np.zeros(0))
    assert whole.size > blank_x.size


def test_few_stars_give_no_scale() -> None:
    x, y = lattice(40.0, 150.0)
    x, y = x[: FEWEST_STARS - 1], y[: FEWEST_STARS - 1]
    image = drawn(x, y, np.full(x.size, 11.0), 8)
    scale = image_scale(image, x, y, np.full(x.size, 11.0))
    assert np.isnan(scale.nmgy_per_dn)
    assert scale.error_dn > 0.0


def test_the_width_of_the_weights_is_no_width_of_stars() -> None:
    """The scale takes up the difference: that of wider stars is larger."""
    x, y = lattice(30.0, 60.0)
    scales = []
    for width in (SIGMA_PIX, 1.8):
        rows, columns = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
        image = np.full(SHAPE, SKY_DN)
        for star_x, star_y in zip(x, y, strict=True):
            apart = (columns - star_x) ** 2 + (rows - star_y) ** 2
            image += 1000.0 / (2 * np.pi * width**2) * np.exp(-0.5 * apart / width**2)
        magnitude = np.full(x.size, ZERO_POINT - 2.5 * np.log10(1000.0))
        scales.append(image_scale(image.astype(np.float32), x, y, magnitude).nmgy_per_dn)
    assert scales[0] == pytest.approx(10 ** (0.4 * (22.5 - ZERO_POINT)) * 2 * np.pi * SIGMA_PIX**2, rel=0.02)
    assert scales[1] > 1.3 * scales[0]
