"""Stars divided into groups that are fitted together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

from workers.reduction.images.groups import MAX_MEMBERS, groups, link_groups
from workers.reduction.images.stars import Stars


def crowd(n, size, seed=9):
    rng = np.random.default_rng(seed)
    return Stars.at(rng.uniform(0, size, n), rng.uniform(0, size, n), rng.uniform(1, 100, n))


def parts_of(stars, length=3.8):
    start, member = groups(stars, length)
    return [member[a:b] for a, b in pairwise(start)]


@pytest.mark.parametrize("n", [1, 2, 40, 300])
def test_labels_are_the_components_of_the_graph_of_friends(n):
    rng = np.random.default_rng(n)
    x, y = rng.uniform(0, 40, n), np.sort(rng.uniform(0, 40, n))
    label = np.empty(n, np.int64)
    link_groups(x, y, 2.5, label)
    places = np.column_stack([x, y])
    _, component = connected_components(cdist(places, places) < 2.5, directed=False)
    first = {c: int(np.flatnonzero(component == c)[0]) for c in set(component)}
    assert label.tolist() == [first[c] for c in component]


def test_groups_are_bounded_and_hold_each_star_once():
    stars = crowd(500, 60.0)
    parts = parts_of(stars)
    assert sorted(np.concatenate(parts)) == list(range(500))
    assert max(part.size for part in parts) <= MAX_MEMBERS
    assert all((stars.group[part] == part.size).all() for part in parts)


def test_bright_groups_come_first():
    stars = crowd(200, 80.0)
    brightest = [stars.flux[part].max() for part in parts_of(stars)]
    assert brightest == sorted(brightest, reverse=True)


def test_short_chains_are_linked_with_the_whole_length():
    stars = Stars.at(np.array([0.0, 3.0, 6.0, 30.0]), np.zeros(4), np.array([1.0, 5.0, 2.0, 3.0]))
    assert [sorted(part) for part in parts_of(stars)] == [[0, 1, 2], [3]]
    assert [sorted(part) for part in parts_of(stars, 2.9)] == [[1], [3], [2], [0]]


def test_a_long_chain_is_cut_where_it_is_thin():
    """Two knots of six stars, a bridge of 3.5 pixels between them: a shorter length parts them at the bridge."""
    knot = np.column_stack([np.arange(6) * 0.5, np.zeros(6)])
    places = np.vstack([knot, knot + np.array([6.0, 0.0])])
    stars = Stars.at(places[:, 0].copy(), places[:, 1].copy(), np.arange(12.0) + 1.0)
    assert sorted(sorted(part) for part in parts_of(stars)) == [list(range(6)), list(range(6, 12))]


def test_stars_of_one_place_are_cut_by_number():
    """No length tells them apart."""
    stars = Stars.at(np.full(25, 7.0), np.full(25, 8.0), np.arange(25.0) + 1.0)
    parts = parts_of(stars)
    assert sorted(np.concatenate(parts)) == list(range(25))
    assert max(part.size for part in parts) <= MAX_MEMBERS


def test_no_stars_are_no_groups():
    start, member = groups(crowd(0, 1.0), 3.8)
    assert start.tolist() == [0]
    assert member.size == 0
