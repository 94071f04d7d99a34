"""Values of a rank are those that ordering gives, also where a sample of the numbers misleads."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.kernels.ranks import FEWEST, SAMPLE, neighbours_of_rank

COUNT = 3 * FEWEST


def _numbers(kind):
    rng = np.random.default_rng(3)
    if kind == "noise":
        return rng.normal(size=COUNT)
    if kind == "few values":
        return np.floor(3.0 * rng.random(COUNT))
    if kind == "ordered":
        return np.arange(float(COUNT))
    # Every number that the sample takes is larger than all others.
    values = rng.normal(size=COUNT)
    values[:: COUNT // SAMPLE] += 100.0
    return values


@pytest.mark.parametrize("kind", ["noise", "few values", "ordered", "a sample that misleads"])
@pytest.mark.parametrize("share", [0.0, 0.1587, 0.5, 1.0])
@pytest.mark.parametrize("count", [1, 2, 100, COUNT])
def test_values_of_a_rank_are_those_of_the_ordered_numbers(kind, share, count):
    values = _numbers(kind)[:count]
    kept, ordered, rank = values.copy(), np.sort(values), int(share * (count - 1))
    found = neighbours_of_rank(values, rank, np.empty(count))
    assert found == (ordered[rank], ordered[min(rank + 1, count - 1)])
    np.testing.assert_array_equal(values, kept)
