"""Places between scans that overlap too little: covered by images, but within the borders where nothing is released."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from app.arrays import Bools, Doubles
from app.sky.directions import spherical, unit_vectors
from app.sky.footprint import ARCSEC_PER_RADIAN, Corners, edge_poles

STEP_ARCSEC = 5.0
"""Distance of the places along an edge that are asked."""
REACH_ARCSEC = 60.0
"""How far beyond a border the next scan may begin; what is wider shows in cells of coverage as well."""


class BorderGap(NamedTuple):
    """A stretch along the border of a scan behind which nothing is released, until another scan begins.

    Attributes
    ----------
    neighbour : int
        Place of that other scan in the list of neighbours.
    ra_deg, decl_deg : float
        Widest place, ICRS degrees.
    width_arcsec, length_arcsec : float
        Greatest width, rounded up to whole arc seconds, and length of all such places together.
    """

    neighbour: int
    ra_deg: float
    decl_deg: float
    width_arcsec: float
    length_arcsec: float


def border_gaps(scan: Corners, neighbours: Sequence[Corners], border_arcsec: float) -> tuple[BorderGap, ...]:
    """Follow the border of a scan and look whether a neighbour takes over.

    Parameters
    ----------
    scan : Corners
        Area that all bands of the scan cover.
    neighbours : sequence of Corners
        Areas of the scans around it.
    border_arcsec : float
        Sources nearer to an edge of their scan are not released (10 for points, 15 for extended ones).

    Returns
    -------
    tuple of BorderGap
        One for each neighbour with which the scan leaves a gap. Where no neighbour begins within 60" the survey ends:
        no gap.

    Notes
    -----
    Released areas leave no hole between them if, and only if, each place on the border of each lies in another, or at
    the survey's rim. Two scans that overlap by less than twice the border fail (background/survey 3.5).

    Examples
    --------
    Two scans of 6' x 30' that overlap by 12.5":

    >>> west = Corners((10.1, 0.0), (10.0, 0.0), (10.1, 0.5), (10.0, 0.5))
    >>> shift = 0.1 - 12.5 / 3600
    >>> east = Corners((10.1 + shift, 0.0), (10.0 + shift, 0.0), (10.1 + shift, 0.5), (10.0 + shift, 0.5))
    >>> [gap] = border_gaps(west, [east], 10.0)
    >>> round(gap.width_arcsec), round(gap.length_arcsec)
    (8, 1780)
    """
    poles = np.stack([edge_poles(other) for other in neighbours]) if neighbours else np.zeros((0, 4, 3))
    distances = np.arange(1.0, REACH_ARCSEC + 1.0)
    found: dict[int, list[tuple[float, float, Doubles]]] = {}
    own = edge_poles(scan)
    corners = unit_vectors(*np.array(scan.around()).T)
    for side in range(4):
        along, spacing = _edge(corners[side], corners[(side + 1) % 4])
        border = _moved(along, own[side], border_arcsec)
        border = border[_inside(border, own[None], border_arcsec - 1e-3)[:, 0]]
        # A tenth of an arc second beyond it: neighbours whose borders touch leave no gap.
        border = border[~_inside(_moved(border, own[side], -0.1), poles, border_arcsec).any(axis=1)]
        if not border.size or not neighbours:
            continue
        taken = np.stack(
            [_inside(_moved(border, own[side], -distance), poles, border_arcsec) for distance in distances],
            axis=1,
        )
        for place, reached in zip(border, taken, strict=True):
            if reached.any():
                first = int(np.argmax(reached.any(axis=1)))
                neighbour = int(np.argmax(reached[first]))
                found.setdefault(neighbour, []).append((float(distances[first]), spacing, place))
    return tuple(_joined(neighbour, found[neighbour]) for neighbour in sorted(found))


def _joined(neighbour: int, places: list[tuple[float, float, Doubles]]) -> BorderGap:
    widest = max(places, key=lambda item: item[0])
    ra, decl = spherical(widest[2])
    return BorderGap(neighbour, float(ra), float(decl), widest[0], sum(spacing for _, spacing, _ in places))


def _edge(start: Doubles, end: Doubles) -> tuple[Doubles, float]:
    """Places along a great circle, and the distance between them, arcsec."""
    angle = float(np.arctan2(np.linalg.norm(np.cross(start, end)), start @ end))
    count = max(int(angle * ARCSEC_PER_RADIAN / STEP_ARCSEC), 1)
    share = (np.arange(count) + 0.5) / count
    across = end - (start @ end) * start
    across /= np.linalg.norm(across)
    turned = share[:, None] * angle
    return np.cos(turned) * start + np.sin(turned) * across, angle * ARCSEC_PER_RADIAN / count


def _moved(places: Doubles, pole: Doubles, distance_arcsec: float) -> Doubles:
    """Move places towards the pole of an edge, that is to the inside."""
    angle = distance_arcsec / ARCSEC_PER_RADIAN
    towards = pole - (places @ pole)[:, None] * places
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    return np.asarray(np.cos(angle) * places + np.sin(angle) * towards)


def _inside(places: Doubles, poles: Doubles, border_arcsec: float) -> Bools:
    """Whether places (n, 3) lie inside of areas (m, 4, 3) by a border, but for 0.2 milliarcsec, shape (n, m)."""
    sines = np.einsum("nc,mec->nme", places, poles)
    return np.asarray((sines > np.sin(border_arcsec / ARCSEC_PER_RADIAN) - 1e-9).all(axis=-1))
