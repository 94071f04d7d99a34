"""Scores: every leaf is reached by the numbers that lead there, and odds become scores from 1 to 2."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.parameters.galaxy_classifier import Forest, GalaxyClassifier
from workers.reduction.galaxies.scores import score_of, scores_of, walk_trees

# Number 0 up to 10: number 1 up to -5, else; number 0 above: a leaf. Then a tree of a single leaf.
NODES = np.array([[0, 10, 4], [1, -5, 2], [-1, 0, 0], [-1, 0, 0], [-1, 0, 0], [-1, 0, 0]])
VALUES = np.array([0.0, 0.0, 1.0, 2.0, 4.0, 8.0])
FOREST = Forest(np.array([0, 5]), *np.ascontiguousarray(NODES.T), VALUES, 0.0, 1.0, 0.0)


@pytest.mark.parametrize(("numbers", "value"), [((10, -5), 1.0), ((10, -4), 2.0), ((11, -5), 4.0)])
def test_numbers_lead_to_their_leaf_and_trees_add_up(numbers, value):
    told = FOREST.first, FOREST.feature, FOREST.bound, FOREST.step, FOREST.value
    assert walk_trees(np.array(numbers), *told) == value + 8.0


def test_a_score_is_two_less_the_probability():
    even = replace(FOREST, base=-9.0)
    assert score_of(np.array([10, -5]), even) == pytest.approx(1.5)
    likely = replace(even, slope=2.0, offset=-1.0)
    assert score_of(np.array([11, 0]), likely) == pytest.approx(2.0 - 1.0 / (1.0 + np.exp(-5.0)))
    assert 1.0 <= score_of(np.array([11, 0]), replace(FOREST, slope=1e6)) < 1.001
    assert 1.999 < score_of(np.array([11, 0]), replace(FOREST, slope=-1e6)) <= 2.0


def test_both_forests_are_asked():
    classifier = GalaxyClassifier(("a", "b"), FOREST, replace(FOREST, slope=-1.0), 1.5, "")
    extended, galaxy = scores_of(np.array([11, 0]), classifier)
    assert extended + galaxy == pytest.approx(3.0)
