"""Which nights hang on standards: by sets of their own, or by overlaps with nights that have some."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from app.arrays import Bools
from workers.reduction.solution.ties import Ties


def anchored_nights(ties: Ties) -> Bools:
    """Find the nights whose level is tied to standards.

    Perturbed solutions can't tell this error: a level common to many nights that nothing measures is the softest of all
    unknowns, and conjugate gradients stop long before it moves.

    Parameters
    ----------
    ties : Ties
        All ties of a band.

    Returns
    -------
    (nights,) bool
        False for nights that no chain of overlaps leads to a calibration set.
    """
    nights = ties.groups.month.size
    a, b = ties.scans.night[ties.overlaps.scan_a], ties.scans.night[ties.overlaps.scan_b]
    graph = sparse.coo_array((np.ones(a.size), (a, b)), shape=(nights, nights))
    _, component = connected_components(graph, directed=False)
    return np.asarray(np.isin(component, component[ties.sets.night]))
