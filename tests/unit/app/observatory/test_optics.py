"""Images of a point: normalisation, centre, width, smooth change over field and seeing."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import BANDS
from app.observatory.camera import CAMERAS
from app.observatory.exposure import MEDIUM_HALF, SMALL_HALF, _add_star, stamps_of
from app.observatory.optics import HALF_WIDTH, PHASES, point_tables
from tests.worlds.star_width import width_arcsec

SIZE = 2 * HALF_WIDTH + 1


@pytest.fixture(scope="module", params=BANDS)
def tables(request):
    return point_tables(CAMERAS[request.param].aberrations, 1.25)


def test_every_stamp_sums_to_one(tables):
    assert np.abs(tables.sum(axis=(3, 4)) - 1.0).max() < 1e-5
    assert tables.min() >= 0.0


def test_width_is_the_surveys(tables):
    # seeing typically 2.5"-2.7" on the array (background/survey 1.1)
    widths = [width_arcsec(table) for table in tables]
    assert all(2.2 < width < 3.0 for width in widths)
    assert 0.02 < np.ptp(widths) < 0.6


def test_centroid_is_the_star(tables):
    offset = np.arange(SIZE) - HALF_WIDTH
    for table in tables:
        means = []
        for phase in range(PHASES):
            column = table[PHASES // 2, phase].sum(0)
            means.append((column * (offset + phase / PHASES - 0.5)).sum())
        # 2" pixels undersample: a single phase's centroid may be off by T'(1 cycle a pixel) / pi, here up to 0.03
        assert max(map(abs, means)) < 0.04
        assert abs(np.mean(means)) < 0.001


def test_seeing_widens_and_mixing_is_close(tables):
    aberrations = CAMERAS[BANDS[0]].aberrations
    narrow, middle, wide = (point_tables(aberrations, seeing)[4] for seeing in (1.2, 1.25, 1.3))
    assert width_arcsec(narrow) <= width_arcsec(middle) <= width_arcsec(wide)
    assert wide[4, 4].max() < middle[4, 4].max() < narrow[4, 4].max()
    # tables stand 0.1" apart; half-way between them the mixture is within 0.2 % of the peak of the true image
    assert np.abs(0.5 * (narrow + wide) - middle).max() < 0.002 * middle.max()


def test_star_keeps_its_light_and_place_at_any_phase(tables):
    random = np.random.default_rng(2)
    grid = np.arange(256.0)
    stamp, stamps = np.empty(SIZE * SIZE, np.float32), stamps_of(tables, HALF_WIDTH)
    for _ in range(50):
        place = random.uniform(60, 190, 2)
        offsets = []
        for quarter in range(4):  # the four quarters of a pixel: what undersampling does cancels
            x, y = place + quarter / 4
            image = np.zeros((256, 256), np.float32)
            _add_star(image, stamps, HALF_WIDTH, x, y, 1000.0, stamp)
            total = image.sum(dtype=np.float64)
            assert total == pytest.approx(1000.0, rel=2e-5)
            offsets.append(((image.sum(0) * grid).sum() / total - x, (image.sum(1) * grid).sum() / total - y))
        assert np.abs(np.mean(offsets, axis=0)).max() < 0.003


def test_star_at_the_edge_is_cut(tables):
    stamp, stamps = np.empty(SIZE * SIZE, np.float32), stamps_of(tables, HALF_WIDTH)
    image = np.zeros((256, 256), np.float32)
    _add_star(image, stamps, HALF_WIDTH, -0.5, 100.0, 1000.0, stamp)
    assert image.sum() == pytest.approx(500.0, rel=0.05)
    before = image.copy()
    _add_star(image, stamps, HALF_WIDTH, -40.0, 300.0, 1000.0, stamp)
    assert np.array_equal(image, before)


def test_small_stamps_leave_little_out(tables):
    assert (1.0 - stamps_of(tables, SMALL_HALF).sum(axis=-1)).max() < 0.004
    assert (1.0 - stamps_of(tables, MEDIUM_HALF).sum(axis=-1)).max() < 0.0015
    assert (
        stamps_of(tables, SMALL_HALF)[0, 0, 0, 0]
        == tables[0, 0, 0, HALF_WIDTH - SMALL_HALF, HALF_WIDTH - SMALL_HALF]
    )
