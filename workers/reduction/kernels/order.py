"""The order of places along a scan."""

from __future__ import annotations

import numpy as np

from app.arrays import Doubles, Integers


def order_along(x: Doubles, y: Doubles) -> Integers:
    """Order of places along y, of equal ones along x: indices, as of `numpy.lexsort((x, y))`.

    Hardly ever are two places equal in y, and lists of stars are nearly in order: one sort that makes use of it takes a
    tenth of the time of two.

    Parameters
    ----------
    x, y : float64 arrays (n,)
        The places.

    Examples
    --------
    >>> order_along(np.array([3.0, 2.0, 1.0]), np.array([5.0, 4.0, 5.0])).tolist()
    [1, 2, 0]
    """
    order = np.argsort(y, kind="stable")
    along = y[order]
    # Not so where two are equal, or none is a number.
    if bool((along[1:] > along[:-1]).all()):
        return np.asarray(order, np.int64)
    return np.asarray(np.lexsort((x, y)), np.int64)
