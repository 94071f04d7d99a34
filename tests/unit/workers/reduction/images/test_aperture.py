import numpy as np
import pytest
import sep

from workers.reduction.images import aperture


def _image(seed=3):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:120, 0:100]
    image = rng.normal(50.0, 2.0, (120, 100))
    places = np.array([[30.3, 40.7, 5000.0], [62.0, 75.5, 800.0], [50.5, 20.1, 20000.0]])
    for cx, cy, flux in places:
        image += flux / (2 * np.pi * 1.3**2) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * 1.3**2))
    return image.astype(np.float32), places


def test_circles_equal_sep_to_a_thousandth():
    image, places = _image()
    usable = np.ones(image.shape, bool)
    radii = np.array([3.0, 4.0, 7.0, 14.0])
    ours = aperture.measure(image, usable, places[:, 0].copy(), places[:, 1].copy(), radii, (14.0, 20.0))
    for k, radius in enumerate(radii):
        theirs, _, _ = sep.sum_circle(image.astype(np.float64), places[:, 0], places[:, 1], radius, subpix=0)
        whole = ours.flux[:, k] + ours.sky * np.pi * radius**2
        assert whole == pytest.approx(theirs, rel=1e-3)


def test_the_sky_is_the_clipped_median_of_the_ring():
    image, places = _image()
    y, x = np.mgrid[0:120, 0:100]
    ours = aperture.measure(
        image,
        np.ones(image.shape, bool),
        places[:, 0].copy(),
        places[:, 1].copy(),
        np.array([4.0]),
        (14.0, 20.0),
    )
    for n, (cx, cy, _) in enumerate(places):
        r = np.hypot(x - cx, y - cy)
        ring = image[(r >= 14) & (r <= 20)]
        assert ours.sky[n] == pytest.approx(np.median(ring), abs=0.15)
        assert ours.sigma[n] == pytest.approx(2.0, rel=0.12)


def test_pixels_without_data_are_reported():
    image, places = _image()
    usable = np.ones(image.shape, bool)
    usable[:, 30:] = False
    ours = aperture.measure(
        image, usable, places[:, 0].copy(), places[:, 1].copy(), np.array([4.0]), (14.0, 20.0)
    )
    assert 0.4 < ours.missing[0] < 0.65
    assert ours.missing[1] == 1.0
    assert np.isnan(ours.sky[1])


def test_a_circle_beyond_the_border_counts_as_missing():
    image, _ = _image()
    ours = aperture.measure(
        image, np.ones(image.shape, bool), np.array([0.0]), np.array([60.0]), np.array([4.0]), (14.0, 20.0)
    )
    assert ours.missing[0] == pytest.approx(0.5 - 4.0 / np.pi / 16.0, abs=0.02)
