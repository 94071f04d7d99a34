"""Scores of galaxies: a classifier's trees, walked by a compiled loop."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from app.arrays import Doubles, Integers
from app.parameters.galaxy_classifier import Forest, GalaxyClassifier
from workers.reduction.kernels.compiled import KERNEL


@njit(**KERNEL)
def walk_trees(
    numbers: Integers, first: Integers, feature: Integers, bound: Integers, step: Integers, value: Doubles
) -> float:
    """Sum of the values of the leaves in which a candidate ends, one a tree, in their order.

    Parameters
    ----------
    numbers : int64 array (features,)
        Of the candidate.
    first : int64 array (trees,)
        Root of each tree among the nodes.
    feature : int64 array (nodes,)
        Which number a node asks for; -1 for a leaf.
    bound : int64 array (nodes,)
        Numbers up to it, itself included, go to the next node.
    step : int64 array (nodes,)
        Nodes that the others go ahead.
    value : float64 array (nodes,)
        Of leaves.

    Examples
    --------
    >>> tree = np.array([[0, 150, 2], [-1, 0, 0], [-1, 0, 0]])
    >>> walk_trees(np.array([151]), np.array([0]), *np.ascontiguousarray(tree.T), np.array([0.0, -1.0, 2.0]))
    2.0
    """
    total = 0.0
    for t in range(first.size):
        node = first[t]
        while feature[node] >= 0:
            node += 1 if numbers[feature[node]] <= bound[node] else step[node]
        total += value[node]
    return total


def score_of(numbers: Integers, forest: Forest) -> float:
    """Score from 1, certainly what the forest looks for, to 2, certainly not: 2 less the probability.

    Parameters
    ----------
    numbers : int64 array (features,)
        `evidence_of` a candidate.
    forest : Forest
        Trees and the calibration of their sum.
    """
    total = walk_trees(numbers, forest.first, forest.feature, forest.bound, forest.step, forest.value)
    logit = forest.offset + forest.slope * (forest.base + total)
    return 2.0 - 1.0 / (1.0 + math.exp(-min(max(logit, -30.0), 30.0)))


def scores_of(numbers: Integers, classifier: GalaxyClassifier) -> tuple[float, float]:
    """Return the scores of a candidate: extended against point, galaxy against the rest.

    Parameters
    ----------
    numbers : int64 array (features,)
        `evidence_of` a candidate.
    classifier : GalaxyClassifier
        That of the pipeline.
    """
    numbers = np.ascontiguousarray(numbers, np.int64)
    return score_of(numbers, classifier.extended), score_of(numbers, classifier.galaxy)
