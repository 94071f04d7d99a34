"""Peaks above local noise against a search pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.kernels.marks import marks_of
from workers.reduction.photometry.peaks import CELL, CellRow, keep_last_rows, list_peaks, set_limits

COLUMNS = 2 * CELL


def filled(seed=1):
    """A row of cells of white noise of one formal error, twice as noisy in the second cell."""
    cells, rng = CellRow.of(COLUMNS), np.random.default_rng(seed)
    cells.image[:] = rng.standard_normal(cells.image.shape)
    cells.image[:, CELL:] *= 2.0
    cells.inverse[:] = 1.0
    return cells


def test_the_noise_is_that_of_each_cell():
    cells = filled()
    set_limits(cells, 0, CELL, 5.0)
    assert cells.factor == pytest.approx([1.0, 2.0], rel=0.06)
    assert cells.middle == pytest.approx([0.0, 0.0], abs=0.15)
    assert cells.limit[[0, CELL]] == pytest.approx(cells.middle + 5.0 * cells.factor)


def test_a_cell_with_little_data_shows_nothing():
    cells = filled()
    cells.inverse[:, :CELL] = 0.0
    set_limits(cells, 0, CELL, 3.0)
    assert cells.factor[0] == -1.0
    assert np.isinf(cells.limit[:CELL]).all()


def test_peaks_are_those_of_a_search_pixel_by_pixel():
    cells, out, marks = filled(2), np.empty((4000, 4)), marks_of(COLUMNS)
    set_limits(cells, 0, CELL, 1.5)
    found = 0
    for y in range(1, CELL + 1):
        found = list_peaks(cells, y, y, marks, found, out)
    expected = []
    for y in range(1, CELL + 1):
        for x in range(1, COLUMNS - 1):
            patch = cells.image[y - 1 : y + 2, x - 1 : x + 2]
            if cells.image[y, x] >= cells.limit[x] and cells.image[y, x] == patch.max():
                expected.append((y, x))
    assert found == len(expected) > 100
    assert np.abs(out[:found, 0] - [x for _, x in expected]).max() <= 0.5
    assert np.abs(out[:found, 1] - [y for y, _ in expected]).max() <= 0.5
    snr = (cells.image - cells.middle[0])[tuple(np.array(expected).T)][out[:found, 0] < CELL - 1]
    np.testing.assert_allclose(out[:found, 3][out[:found, 0] < CELL - 1], snr / cells.factor[0], rtol=1e-5)


def test_of_equal_neighbours_the_first_is_the_peak():
    cells, out, marks = CellRow.of(COLUMNS), np.empty((9, 4)), marks_of(COLUMNS)
    cells.inverse[:], cells.limit[:], cells.factor[:] = 1.0, 1.0, 1.0
    cells.image[5, 20:22] = cells.image[6, 20:22] = 7.0
    found = 0
    for y in range(1, 10):
        found = list_peaks(cells, y, y, marks, found, out)
    assert found == 1
    assert out[0, :2].tolist() == [20.5, 5.5]


def test_the_list_ends_where_its_memory_does():
    cells, out, marks = filled(3), np.empty((3, 4)), marks_of(COLUMNS)
    set_limits(cells, 0, CELL, 0.5)
    assert list_peaks(cells, 9, 9, marks, 0, out) == 3


def test_the_last_rows_go_ahead_of_the_next():
    cells = filled(4)
    image, inverse = cells.image[CELL:].copy(), cells.inverse[CELL:].copy()
    keep_last_rows(cells)
    np.testing.assert_array_equal(cells.image[:2], image)
    np.testing.assert_array_equal(cells.inverse[:2], inverse)
