"""The order of places along a scan, against numpy's sort by two keys."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.kernels.order import order_along


@pytest.mark.parametrize("equal", [0, 40])
def test_order_is_that_of_two_keys(equal):
    rng = np.random.default_rng(11)
    x, y = rng.uniform(-256, 256, 500), rng.uniform(0, 1000, 500)
    if equal:
        y[rng.integers(0, 500, equal)] = y[7]
    assert (order_along(x, y) == np.lexsort((x, y))).all()


def test_places_that_are_no_numbers_come_last():
    x, y = np.array([1.0, 2.0, 0.0, 3.0]), np.array([np.nan, 1.0, np.nan, 0.0])
    assert order_along(x, y).tolist() == [3, 1, 2, 0]


def test_nothing_has_no_order():
    assert order_along(np.zeros(0), np.zeros(0)).size == 0
