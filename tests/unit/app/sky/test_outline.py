"""Outlines of covered pixels: true sides are found again, whatever else is missing."""

import numpy as np
import pytest

from app.sky.outline import covered_outline
from app.sky.projection import SinProjection

IMAGE = SinProjection.from_rotation(200.0, -40.0, 255.5, 511.5, -1 / 3600, 1 / 3600, 0.3)
SHAPE = (1024, 512)


def corners_pix(covered):
    """Corners of the outline as array pixels (x, y): low left, low right, high right, high left."""
    outline = covered_outline(covered, IMAGE)
    return np.array([IMAGE.to_pixels(ra, decl) for ra, decl in outline])


def rectangle(left, right, low, high):
    return np.array([(left, low), (right, low), (right, high), (left, high)])


def test_a_full_image_has_its_own_edges():
    assert corners_pix(np.ones(SHAPE, bool)) == pytest.approx(rectangle(-0.5, 511.5, -0.5, 1023.5), abs=1e-6)


def test_blank_margins_are_no_part():
    covered = np.zeros(SHAPE, bool)
    covered[17:1000, 3:509] = True
    assert corners_pix(covered) == pytest.approx(rectangle(2.5, 508.5, 16.5, 999.5), abs=1e-6)


def test_a_slanted_side_is_followed():
    """A side that leaves the array's edge by 3 pixels along 1024 rows, in whole pixels."""
    covered = np.ones(SHAPE, bool)
    rows, columns = np.indices(SHAPE)
    covered[columns < 3 * rows / 1024] = False
    found = corners_pix(covered)
    # Whole pixels: a step of one lies anywhere along 341 rows.
    assert found[0, 0] == pytest.approx(0.0, abs=0.25)
    assert found[3, 0] == pytest.approx(3.0, abs=0.25)
    assert found[1:3, 0] == pytest.approx(511.5, abs=1e-6)


def test_holes_trails_and_ragged_ends_do_not_move_a_side():
    random = np.random.default_rng(2)
    covered = np.ones(SHAPE, bool)
    covered[:, :1] = random.random((1024, 1)) < 0.5
    covered[100:300, 0:60] = False
    covered[np.arange(3, 1024, 7), :40] = False
    covered[500:520] = False
    found = corners_pix(covered)
    # Half of the rows begin at column 0, half at column 1.
    assert found[[0, 3], 0] == pytest.approx(0.0, abs=0.1)
    assert found[[1, 2], 0] == pytest.approx(511.5, abs=1e-6)
    assert found[:, 1] == pytest.approx([-0.5, -0.5, 1023.5, 1023.5], abs=0.01)


@pytest.mark.parametrize("place", [(0, 0), (1023, 511), (400, 7)])
def test_a_single_pixel_is_its_own_outline(place):
    covered = np.zeros(SHAPE, bool)
    covered[place] = True
    y, x = place
    assert corners_pix(covered) == pytest.approx(rectangle(x - 0.5, x + 0.5, y - 0.5, y + 0.5), abs=1e-6)


def test_nothing_has_no_outline():
    assert covered_outline(np.zeros(SHAPE, bool), IMAGE) is None
