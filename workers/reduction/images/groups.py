"""Groups of stars that are close enough to be fitted together."""

from __future__ import annotations

import numpy as np
from numba import njit

from app.arrays import Doubles, Integers
from workers.reduction.images.stars import Stars
from workers.reduction.kernels.compiled import KERNEL

MAX_MEMBERS = 10  # 30 unknowns; longer chains of friends are cut, the sweeps of the fit join them again
SHORTER = 0.8  # of a linking length, where a chain is too long
SHORTEST_PIX = 0.05  # stars of one place: no length tells them apart, so the chain is cut anywhere


@njit(**KERNEL)
def _root(label: Integers, member: int) -> int:
    """First member of the group that a member belongs to so far."""
    while label[member] != member:
        member = label[member]
    return member


@njit(**KERNEL)
def link_groups(x: Doubles, y: Doubles, length_pix: float, label: Integers) -> None:
    """Label friends of friends.

    Parameters
    ----------
    x, y : float64 arrays (n,)
        Array pixels, in the order of `y`.
    length_pix : float
        Stars closer than this are friends, pixels.
    label : int64 array (n,)
        Written: the smallest index of each star's group.
    """
    n = x.size
    for i in range(n):
        label[i] = i
    for i in range(n):
        j = i + 1
        while j < n and y[j] - y[i] < length_pix:
            if (x[j] - x[i]) * (x[j] - x[i]) + (y[j] - y[i]) * (y[j] - y[i]) < length_pix * length_pix:
                a = _root(label, i)
                b = _root(label, j)
                label[max(a, b)] = min(a, b)
            j += 1
    for i in range(n):
        label[i] = _root(label, i)


def groups(stars: Stars, length_pix: float) -> tuple[Integers, Integers]:
    """Divide stars into groups to be fitted together; `stars.group` becomes the size of each star's group.

    Chains longer than `MAX_MEMBERS` are linked again with a length shorter by a fifth, as often as needed. Groups are
    ordered by their brightest star, so that bright stars leave the residual image first.

    Parameters
    ----------
    stars : Stars
        At their present places, with their present fluxes.
    length_pix : float
        Stars closer than this belong together, pixels.

    Returns
    -------
    start, member : int64 arrays
        The stars of group g are member[start[g]:start[g + 1]].

    Examples
    --------
    >>> stars = Stars.at(np.array([0.0, 3.0, 20.0]), np.zeros(3), np.array([1.0, 2.0, 9.0]))
    >>> start, member = groups(stars, 3.8)
    >>> start.tolist(), member.tolist(), stars.group.tolist()
    ([0, 1, 3], [2, 0, 1], [2, 2, 1])
    """
    lists: list[Integers] = []
    waiting = [(np.argsort(stars.y, kind="stable"), length_pix)]
    while waiting:
        index, length = waiting.pop()
        label = np.empty(index.size, np.int64)
        link_groups(stars.x[index], stars.y[index], length, label)
        order = np.argsort(label, kind="stable")
        cuts = np.flatnonzero(np.diff(label[order])) + 1
        for part in np.split(index[order], cuts):
            if part.size > MAX_MEMBERS and length > SHORTEST_PIX:
                waiting.append((part[np.argsort(stars.y[part], kind="stable")], SHORTER * length))
            elif part.size > MAX_MEMBERS:
                lists.extend(np.array_split(part, part.size // MAX_MEMBERS + 1))
            elif part.size:
                lists.append(part)
    lists.sort(key=lambda part: (-float(stars.flux[part].max()), int(part[0])))
    start = np.concatenate([[0], np.cumsum([part.size for part in lists])]).astype(np.int64)
    for part in lists:
        stars.group[part] = part.size
    member = np.concatenate(lists).astype(np.int64) if lists else np.zeros(0, np.int64)
    return start, member
