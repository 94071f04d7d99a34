"""Quick quantiles are numpy's."""

from __future__ import annotations

import numpy as np
import pytest

from app.quantiles import quick_median, quick_quantile, quick_row_medians


def test_median_is_that_of_numpy():
    rng = np.random.default_rng(6)
    for size in (1, 2, 3, 4, 101, 102, 5000):
        for values in (rng.normal(200.0, 5.0, size), rng.integers(0, 4, size), rng.normal(0.0, 1e30, size)):
            numbers = values.astype(np.float32)
            assert quick_median(numbers) == float(np.median(numbers))


@pytest.mark.parametrize("share", [0.0, 0.1587, 0.5, 0.9, 1.0])
def test_quantiles_are_numpys(share):
    for size in (1, 2, 7, 1000):
        numbers = np.random.default_rng(size).standard_normal(size)
        assert quick_quantile(numbers, share) == pytest.approx(np.quantile(numbers, share), abs=1e-12)


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256])
def test_medians_of_rows_are_those_of_each(size):
    rows = np.random.default_rng(size).normal(200.0, 5.0, (9, size)).astype(np.float32)
    assert quick_row_medians(rows).tolist() == [quick_quantile(row, 0.5) for row in rows]
