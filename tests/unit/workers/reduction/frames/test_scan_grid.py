"""Places of a scan among its images."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import Band
from workers.reduction.frames.grid import HEIGHT, OVERLAP, WIDTH, StripGrid
from workers.reduction.frames.scan_grid import ScanGrid
from workers.reduction.frames.uscan import UScan

ROWS = 2500


def grid_of(*, northward=True):
    uscan = UScan.through(np.full(40, 120.0), 10.0 + np.arange(40) * 83.25 / 3600)
    grid = StripGrid(-255.5, 100.0, ROWS, northward=northward)
    count = len(grid.windows())
    return ScanGrid(uscan, grid, tuple(range(1, count + 1)), {Band.J: np.full(count, 20.0)}, {})


@pytest.mark.parametrize("northward", [True, False])
def test_a_place_belongs_to_the_image_in_which_it_lies_deepest(northward):
    scan_grid = grid_of(northward=northward)
    y = 100.0 + np.arange(0.0, ROWS, 0.7)
    for place, number in zip(y - 100.0, scan_grid.image_of(y), strict=True):
        depth = [min(place - first, last - 1 - place) for first, last in scan_grid.grid.windows()]
        assert depth[number] == max(depth)


def test_images_share_their_overlap_evenly():
    image = grid_of().image_of(100.0 + np.arange(float(HEIGHT)))
    # Row 970 is the first of the second image; the middle of the shared rows divides them.
    assert np.flatnonzero(image)[0] == HEIGHT - OVERLAP // 2
    assert image.max() == 1


def test_the_edges_of_the_grid():
    scan_grid = grid_of()
    x = np.array([-256.0, -255.9, WIDTH - 256.1, WIDTH - 255.9, 0.0, 0.0, 0.0, 0.0])
    y = np.array([500.0, 500.0, 500.0, 500.0, 99.4, 99.6, 99.4 + ROWS, 99.6 + ROWS])
    inside = [False, True, True, False, False, True, True, False]
    assert scan_grid.inside(x, y).tolist() == inside
