"""Cells of pixels against every pixel asked one by one, against mocpy, and ranges against sets."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.arrays import Bools
from app.sky.healpix import pixel_number
from app.sky.moc import (
    COVERAGE_ORDER,
    FINEST_ORDER,
    area_arcmin2,
    cell_arcsec,
    common_ranges,
    covered_cells,
    ranges_of_cells,
)
from app.sky.projection import SinProjection

# Polar caps, the corner where four cells of different base pixels meet (45, 41.81), right ascension 0, a turned image.
PLACES = {
    "equator": (120.0, 0.0, 0.0),
    "right ascension 0": (359.99, -20.0, 0.2),
    "corner of base cells": (45.0, 41.8103, 10.0),
    "polar cap": (87.0, 66.0, -0.4),
    "almost the pole": (250.0, 89.95, 33.0),
    "south pole": (10.0, -89.999, 0.0),
}


def image_at(ra: float, decl: float, turn: float, scale_arcsec: float = 1.0) -> SinProjection:
    step = scale_arcsec / 3600
    return SinProjection.from_rotation(ra, decl, 149.5, 99.5, -step, step, turn)


def with_holes(shape: tuple[int, int], seed: int) -> Bools:
    """Ragged sides, round holes, single pixels in the dark and a corner that is cut off."""
    random = np.random.default_rng(seed)
    covered = np.ones(shape, bool)
    y, x = np.indices(shape)
    for _ in range(6):
        middle, radius = random.uniform(0, shape, 2), random.uniform(1, 40)
        covered[np.hypot(y - middle[0], x - middle[1]) < radius] = False
    covered[x + y < 60] = False
    covered[:, -30:] = False
    covered[random.random(shape) < 1e-3] = True
    covered[np.arange(shape[0]), random.integers(0, 3, shape[0])] = False
    return covered


def brute_force(covered: Bools, projection: SinProjection, order: int) -> list[int]:
    y, x = np.nonzero(covered)
    return sorted(set(pixel_number(*projection.to_sky(x, y), order).tolist()))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("order", [12, 14, 15, 16])
def test_cells_are_those_of_all_pixels(place: str, order: int) -> None:
    projection = image_at(*PLACES[place])
    for seed in range(3):
        covered = with_holes((200, 300), seed)
        (found,) = covered_cells([covered], projection, order)
        assert found.tolist() == brute_force(covered, projection, order)


@given(st.floats(0, 359.9), st.floats(-89.9, 89.9), st.floats(-90, 90), st.integers(0, 2**32 - 1))
def test_cells_anywhere(ra: float, decl: float, turn: float, seed: int) -> None:
    covered, projection = with_holes((90, 120), seed), image_at(ra, decl, turn)
    (found,) = covered_cells([covered], projection)
    assert found.tolist() == brute_force(covered, projection, COVERAGE_ORDER)


@pytest.mark.parametrize("scale_arcsec", [0.5, 2.0])
def test_pixels_of_other_sizes(scale_arcsec: float) -> None:
    covered, projection = with_holes((200, 300), 5), image_at(120.0, 30.0, 3.0, scale_arcsec)
    (found,) = covered_cells([covered], projection)
    assert found.tolist() == brute_force(covered, projection, COVERAGE_ORDER)


def test_nothing_covered() -> None:
    (found,) = covered_cells([np.zeros((50, 60), bool)], image_at(1.0, 2.0, 0.0))
    assert found.size == 0
    assert ranges_of_cells(found) == ()


def test_cells_finer_than_pixels_allow() -> None:
    with pytest.raises(ValueError, match=r"cells of order 17 are 1\.61 pixels wide"):
        covered_cells([np.ones((9, 9), bool)], image_at(1.0, 2.0, 0.0), order=17)


def test_mocpy_finds_the_same() -> None:
    """`MOC.from_fits_image` of the same pixels: same rule, same order, another library."""
    mocpy = pytest.importorskip("mocpy", reason="mocpy is a second opinion for tests only")
    from astropy.io import fits

    pixels = np.where(with_holes((200, 300), 9), np.float32(1.0), np.float32(np.nan))
    for ra, decl, _ in PLACES.values():
        projection = image_at(ra, decl, 0.0)
        header = fits.Header(
            {
                "CTYPE1": "RA---SIN", "CTYPE2": "DEC--SIN", "CRVAL1": ra, "CRVAL2": decl, "CRPIX1": 150.5,
                "CRPIX2": 100.5, "CDELT1": -1 / 3600, "CDELT2": 1 / 3600, "RADESYS": "ICRS",
            }
        )  # fmt: skip
        wanted = mocpy.MOC.from_fits_image(fits.PrimaryHDU(pixels, header), COVERAGE_ORDER)
        (cells,) = covered_cells([np.isfinite(pixels)], projection)
        assert ranges_of_cells(cells) == tuple(
            (int(low), int(high)) for low, high in wanted.to_depth29_ranges
        )


def test_planes_are_told_apart() -> None:
    """Pixels that are looked up for one plane are no part of another."""
    projection = image_at(120.0, 0.0, 0.0)
    planes = [with_holes((200, 300), 1), with_holes((200, 300), 2), np.zeros((200, 300), bool)]
    found = covered_cells(planes, projection)
    assert [cells.tolist() for cells in found] == [brute_force(p, projection, COVERAGE_ORDER) for p in planes]


def test_ranges_are_sorted_disjoint_and_apart() -> None:
    random = np.random.default_rng(4)
    cells = random.integers(0, 300, 200)
    ranges = ranges_of_cells(cells, order=27)
    assert all(low < high for low, high in ranges)
    assert all(before[1] < after[0] for before, after in pairwise(ranges))
    assert sum(high - low for low, high in ranges) == 16 * len(set(cells.tolist()))
    assert {low % 16 for pair in ranges for low in pair} == {0}


@given(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)))
def test_what_is_shared(first: set[int], second: set[int]) -> None:
    a, b = (ranges_of_cells(np.array(sorted(s), np.int64), FINEST_ORDER) for s in (first, second))
    shared = ranges_of_cells(np.array(sorted(first & second), np.int64), FINEST_ORDER)
    # Ranges that touch may stay two: they hold the same cells.
    found = {cell for low, high in common_ranges(a, b) for cell in range(low, high)}
    assert found == first & second
    assert common_ranges(a, b) == common_ranges(b, a)
    assert common_ranges(a, a) == a
    assert shared == ranges_of_cells(np.array(sorted(found), np.int64), FINEST_ORDER)


def test_areas() -> None:
    assert cell_arcsec(COVERAGE_ORDER) == pytest.approx(12.88, abs=0.01)
    one = ranges_of_cells(np.array([5]))
    assert area_arcmin2(one) == pytest.approx((cell_arcsec(COVERAGE_ORDER) / 60) ** 2, rel=1e-12)
    # A cell with any covered pixel counts: the area is that of the image and half a cell around, roughly.
    area = area_arcmin2(
        ranges_of_cells(covered_cells([np.ones((1024, 512), bool)], image_at(120.0, 10.0, 0.0))[0])
    )
    assert 1024 * 512 / 3600 < area < (1024 + 26) * (512 + 26) / 3600
