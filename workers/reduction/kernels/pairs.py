"""Pairs of close places in a scan, which is long and narrow: a walk along y beats a tree."""

from __future__ import annotations

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Integers
from workers.reduction.kernels.compiled import KERNEL

Pairs = Integers
"""Rows of two indices, (pairs, 2)."""


@njit(**KERNEL)
def _walk(x: Doubles, y: Doubles, number: Integers, radius: float, out: Pairs) -> int:
    """List pairs of places that come in the order of y; their number, of which `out` holds what it has room for."""
    room = out.shape[0]
    n = x.size
    radius2 = radius * radius
    count = 0
    for a in range(n):
        for b in range(a + 1, n):
            dy = y[b] - y[a]
            if dy > radius:
                break
            dx = x[b] - x[a]
            if dx * dx + dy * dy <= radius2:
                if count < room:
                    out[count, 0] = min(number[a], number[b])
                    out[count, 1] = max(number[a], number[b])
                count += 1
    return count


def close_pairs(places: Doubles, radius: float) -> Pairs:
    """Find all pairs of places within a radius of each other.

    Parameters
    ----------
    places : float64 array (n, 2)
        x and y; best spread along y: 30,000 stars of a scan take 1 ms for 8", a tree 15.
    radius : float
        In the unit of the places.

    Returns
    -------
    int64 array (pairs, 2)
        Indices, the smaller one first; in the order of the lower place's y.

    Examples
    --------
    >>> close_pairs(np.array([[0.0, 5.0], [0.0, 0.0], [3.0, 1.0]]), 4.0).tolist()
    [[1, 2]]
    """
    order = np.argsort(places[:, 1], kind="stable")
    x, y = places[order, 0], places[order, 1]
    out = np.empty((max(4 * order.size, 16), 2), np.int64)
    count = _walk(x, y, order, radius, out)
    if count > out.shape[0]:
        out = np.empty((count, 2), np.int64)
        _walk(x, y, order, radius, out)
    return out[:count]


@njit(**KERNEL)
def _walk_across(
    a: Doubles,
    b: Doubles,
    number_a: Integers,
    number_b: Integers,
    radius: float,
    out: Pairs,
) -> int:
    """List pairs between two lists that come in the order of their last columns; as `_walk`."""
    room = out.shape[0]
    last = a.shape[1] - 1
    count = 0
    first = 0
    for i in range(a.shape[0]):
        while first < b.shape[0] and b[first, last] < a[i, last] - radius:
            first += 1
        for j in range(first, b.shape[0]):
            if b[j, last] > a[i, last] + radius:
                break
            distance2 = 0.0
            for axis in range(last + 1):
                distance2 += (b[j, axis] - a[i, axis]) * (b[j, axis] - a[i, axis])
            if distance2 <= radius * radius:
                if count < room:
                    out[count, 0] = number_a[i]
                    out[count, 1] = number_b[j]
                count += 1
    return count


def pairs_across(a: Doubles, b: Doubles, radius: float) -> Pairs:
    """Find all pairs of a place in one list and one in another within a radius of each other.

    Parameters
    ----------
    a, b : float64 arrays (n, k), (m, k)
        Best spread along the last coordinate.
    radius : float
        In the unit of the places.

    Returns
    -------
    int64 array (pairs, 2)
        Indices in `a` and `b`; in the order of the last coordinate in `a`, then in `b`.

    Examples
    --------
    >>> a, b = np.array([[0.0, 5.0], [0.0, 0.0]]), np.array([[3.0, 1.0], [0.0, 6.0]])
    >>> pairs_across(a, b, 4.0).tolist()
    [[1, 0], [0, 1]]
    """
    order_a, order_b = (np.argsort(places[:, -1], kind="stable") for places in (a, b))
    sorted_a, sorted_b = a[order_a], b[order_b]
    out = np.empty((max(2 * order_a.size, 16), 2), np.int64)
    count = _walk_across(sorted_a, sorted_b, order_a, order_b, radius, out)
    if count > out.shape[0]:
        out = np.empty((count, 2), np.int64)
        _walk_across(sorted_a, sorted_b, order_a, order_b, radius, out)
    return out[:count]


@njit(**KERNEL)
def _join(pairs: Pairs, root: Integers, label: Integers) -> int:
    """Label the groups that pairs join, numbered in the order of their first members; how many there are."""
    for k in range(root.size):
        root[k] = k
    for p in range(pairs.shape[0]):
        a = pairs[p, 0]
        b = pairs[p, 1]
        while root[a] != a:
            root[a] = root[root[a]]
            a = root[a]
        while root[b] != b:
            root[b] = root[root[b]]
            b = root[b]
        # The root of a group is its first member.
        root[max(a, b)] = min(a, b)
    groups = 0
    for k in range(root.size):
        if root[k] == k:
            label[k] = groups
            groups += 1
        else:
            # Roots come before what hangs on them.
            label[k] = label[root[k]]
    return groups


def joined(pairs: Pairs, size: int) -> tuple[int, Integers]:
    """Join places by chains of pairs.

    Parameters
    ----------
    pairs : int64 array (pairs, 2)
        Indices of places that belong together.
    size : int
        Number of places.

    Returns
    -------
    int
        Number of groups.
    int64 array (size,)
        Group of each place, numbered in the order of their first members.

    Examples
    --------
    >>> groups, label = joined(np.array([[0, 3], [3, 4]]), 5)
    >>> groups, label.tolist()
    (3, [0, 1, 2, 0, 0])
    """
    label = np.empty(size, np.int64)
    return _join(pairs, np.empty(size, np.int64), label), label


@njit(**KERNEL)
def _mark(
    x: Doubles, y: Doubles, number: Integers, first: Integers, centres: Doubles,
    radius: Doubles, out: Bools,
) -> None:  # fmt: skip
    """Mark places, in the order of y, that lie within the radius of a centre; its first row is `first`."""
    for k in range(radius.size):
        top = centres[k, 1] + radius[k]
        for a in range(first[k], x.size):
            if y[a] > top:
                break
            dx = x[a] - centres[k, 0]
            dy = y[a] - centres[k, 1]
            if dx * dx + dy * dy <= radius[k] * radius[k]:
                out[number[a]] = True


def near_any(places: Doubles, centres: Doubles, radius: Doubles) -> Bools:
    """Tell which places lie near to a centre.

    Parameters
    ----------
    places : float64 array (n, 2)
        x and y.
    centres : float64 array (m, 2)
        x and y.
    radius : float64 array (m,)
        Of each centre, in the same unit.

    Returns
    -------
    bool array (n,)

    Examples
    --------
    >>> places, centres = np.array([[0.0, 0.0], [5.0, 0.0]]), np.array([[1.0, 0.0]])
    >>> near_any(places, centres, np.array([2.0])).tolist()
    [True, False]
    """
    out = np.zeros(len(places), np.bool_)
    order = np.argsort(places[:, 1], kind="stable")
    x, y = places[order, 0], places[order, 1]
    first = np.searchsorted(y, centres[:, 1] - radius)
    _mark(x, y, order, first, centres, radius, out)
    return out
