"""Close pairs by a walk along y, against scipy's tree."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from workers.reduction.kernels.pairs import close_pairs, near_any


@pytest.mark.parametrize(("n", "radius"), [(0, 3.0), (1, 3.0), (2, 1e3), (3000, 1.5), (800, 40.0)])
def test_pairs_are_those_of_a_tree(n, radius):
    rng = np.random.default_rng(7)
    places = np.column_stack([rng.uniform(-256, 256, n), rng.uniform(0, 1000, n)])
    found = close_pairs(places, radius)
    wanted = cKDTree(places).query_pairs(radius, output_type="ndarray") if n else np.zeros((0, 2), np.int64)
    assert (found[:, 0] < found[:, 1]).all()
    assert {tuple(p) for p in found} == {tuple(sorted(p)) for p in wanted}
    assert len(found) == len(wanted)


def test_near_any_agrees_with_distances():
    rng = np.random.default_rng(9)
    places = np.column_stack([rng.uniform(-256, 256, 500), rng.uniform(0, 1000, 500)])
    centres, radius = places[::50] + 3.0, rng.uniform(2.0, 60.0, 10)
    away = np.linalg.norm(places[:, None] - centres[None], axis=2)
    assert (near_any(places, centres, radius) == (away <= radius).any(axis=1)).all()
    assert not near_any(places, centres[:0], radius[:0]).any()
    assert near_any(places[:0], centres, radius).size == 0
