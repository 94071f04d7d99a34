"""From the images of a scan to its area: one quadrilateral that bounds each band, and what all bands share.

Everything happens in the gnomonic plane of the scan's centre, because great circles are straight lines there:
x runs to the east, y to the north, in units of the tangent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles
from app.sky.directions import direction, unit_vectors
from app.sky.footprint import ARCSEC_PER_RADIAN, Corners
from app.sky.shapes import Position

Quadrilateral = Sequence[Position]
"""Four corners of an image, once around, from any of them and in either direction."""


@dataclass(frozen=True)
class _Line:
    """A side of a box: x = offset + slope * y if it is the east or west side, y = offset + slope * x if another."""

    offset: float
    slope: float

    def at(self, along: float) -> float:
        return self.offset + self.slope * along


@dataclass(frozen=True)
class _Box:
    south: _Line
    east: _Line
    north: _Line
    west: _Line


class _Plane:
    """The gnomonic plane of a direction."""

    def __init__(self, centre: Position) -> None:
        ra, decl = np.radians(centre)
        self._middle = unit_vectors(*centre)
        self._east = np.array([-np.sin(ra), np.cos(ra), 0.0])
        self._north = np.array([-np.sin(decl) * np.cos(ra), -np.sin(decl) * np.sin(ra), np.cos(decl)])

    def to_plane(self, positions: Doubles) -> Doubles:
        vectors = unit_vectors(positions[..., 0], positions[..., 1])
        depth = vectors @ self._middle
        return np.stack([vectors @ self._east / depth, vectors @ self._north / depth], axis=-1)

    def to_sky(self, x: float, y: float) -> Position:
        return direction(self._middle + x * self._east + y * self._north)


def _ordered(corners: Doubles) -> Doubles:
    """Corners (4, 2) of one image in the plane as south-west, south-east, north-east, north-west."""
    offsets = corners - corners.mean(axis=0)
    around = np.argsort(np.arctan2(offsets[:, 1], offsets[:, 0]), kind="stable")
    ring = corners[around]
    # The round starts at the corner farthest to the south-west: right for images turned by up to 45 degrees.
    start = int(np.argmin((ring - ring.mean(axis=0)) @ np.ones(2)))
    return np.roll(ring, -start, axis=0)


def _side(points: Doubles, along: int, enclosed: Doubles, sign: float, slack: float) -> _Line:
    """Line beside `points` with the slope of their narrowest strip, so far out that all `enclosed` lie inside.

    `along` is the axis the line runs along; `sign` is +1 if the inside has smaller values. Of the spread of `points`
    half is left outside, at most `slack`.
    """
    across = 1 - along
    slope = _narrowest_slope(points[:, along], points[:, across])
    residual = enclosed[:, across] - slope * enclosed[:, along]
    spread = float(np.ptp(points[:, across] - slope * points[:, along]))
    outermost = float((sign * residual).max())
    return _Line(sign * (outermost - min(0.5 * spread, slack)), slope)


def _narrowest_slope(along: Doubles, across: Doubles) -> float:
    """Slope of the narrowest strip that holds all points: one of its sides goes through two of them.

    A slope by least squares leaves ends farther outside: 1.03" instead of 0.9" along a full scan.
    """
    first, second = np.triu_indices(along.size, 1)
    apart = along[second] - along[first]
    told = apart != 0.0
    slopes = (across[second] - across[first])[told] / apart[told]
    widths = np.ptp(across[:, None] - along[:, None] * slopes, axis=0)
    return float(slopes[int(np.argmin(widths))])


def _bounding_box(images: Doubles, slack: float) -> _Box:
    """Box around images (n, 4, 2) of one band, ordered corners, in the plane."""
    corners = images.reshape(-1, 2)
    middle_y = images[:, :, 1].mean(axis=1)
    first, last = images[int(np.argmin(middle_y))], images[int(np.argmax(middle_y))]
    return _Box(
        south=_side(first[[0, 1]], 0, corners, -1.0, slack),
        east=_side(images[:, [1, 2]].reshape(-1, 2), 1, corners, 1.0, slack),
        north=_side(last[[2, 3]], 0, corners, 1.0, slack),
        west=_side(images[:, [3, 0]].reshape(-1, 2), 1, corners, -1.0, slack),
    )


def _innermost(lines: list[_Line], low: float, high: float, sign: float) -> _Line:
    """Line through the innermost values of all lines at `low` and `high`: the chord lies inside of every line."""
    ends = [min(sign * line.at(along) for line in lines) * sign for along in (low, high)]
    slope = (ends[1] - ends[0]) / (high - low)
    return _Line(ends[0] - slope * low, slope)


def _common_box(boxes: list[_Box]) -> _Box | None:
    """Box inside all boxes; None if they share nothing."""
    if len(boxes) == 1:
        return boxes[0]
    low, high = max(box.south.offset for box in boxes), min(box.north.offset for box in boxes)
    left, right = max(box.west.at(0.0) for box in boxes), min(box.east.at(0.0) for box in boxes)
    if low >= high or left >= right:
        return None
    return _Box(
        south=_innermost([box.south for box in boxes], left, right, -1.0),
        east=_innermost([box.east for box in boxes], low, high, 1.0),
        north=_innermost([box.north for box in boxes], left, right, 1.0),
        west=_innermost([box.west for box in boxes], low, high, -1.0),
    )


def _crossing(level: _Line, upright: _Line) -> tuple[float, float]:
    y = (level.offset + level.slope * upright.offset) / (1.0 - level.slope * upright.slope)
    return upright.at(y), y


def _corners(box: _Box, plane: _Plane) -> Corners | None:
    south_east, south_west = _crossing(box.south, box.east), _crossing(box.south, box.west)
    north_east, north_west = _crossing(box.north, box.east), _crossing(box.north, box.west)
    if south_east[0] <= south_west[0] or north_east[0] <= north_west[0]:
        return None
    if north_east[1] <= south_east[1] or north_west[1] <= south_west[1]:
        return None
    return Corners(*(plane.to_sky(*corner) for corner in (south_east, south_west, north_east, north_west)))


def middle_of(images: Sequence[Quadrilateral]) -> Position:
    """Direction of the mean of all corners of some images.

    Parameters
    ----------
    images : sequence of Quadrilateral
        Corners as (ra, decl), ICRS degrees; not empty.

    Examples
    --------
    >>> ra, decl = middle_of([[(359.0, 0.0), (1.0, 0.0), (1.0, 2.0), (359.0, 2.0)]])
    >>> round(min(ra, 360.0 - ra), 6), round(decl, 2)
    (0.0, 1.0)
    """
    corners = np.array([list(image) for image in images], np.float64).reshape(-1, 2)
    return direction(unit_vectors(corners[:, 0], corners[:, 1]).mean(axis=0))


def bounding_corners(images: Sequence[Quadrilateral], slack_arcsec: float = 0.0) -> Corners:
    """Quadrilateral of great circles around the images of a scan; of a single image, its own corners.

    A gap between the images counts as covered, because four corners cannot tell of it; cells do (`app.sky.moc`).

    Parameters
    ----------
    images : sequence of Quadrilateral
        Corners as (ra, decl), ICRS degrees; not empty, all within some degrees of each other.
    slack_arcsec : float, optional
        How far images may reach beyond a side, arcsec: of ragged ends a side then runs through the middle.

    Raises
    ------
    ValueError
        Raised if the images have no area.

    Examples
    --------
    >>> square = [(10.0, 0.0), (10.1, 0.0), (10.1, 0.1), (10.0, 0.1)]
    >>> east, _ = bounding_corners([square]).south_east
    >>> round(east, 6)
    10.1
    """
    found = common_corners({"": images}, slack_arcsec)
    if found is None:
        raise ValueError(f"images without an area: {images}")
    return found


def common_corners(bands: Mapping[str, Sequence[Quadrilateral]], slack_arcsec: float = 0.0) -> Corners | None:
    """Area that every band covers (background/survey 4.7).

    Parameters
    ----------
    bands : mapping of str to sequence of Quadrilateral
        Images of each band that the scan has, as corners (ra, decl) in ICRS degrees; not empty.
    slack_arcsec : float, optional
        As for `bounding_corners`, in each band.

    Returns
    -------
    Corners or None
        None if the bands have no area in common.

    Examples
    --------
    >>> wide = [(10.0, 0.0), (10.1, 0.0), (10.1, 0.1), (10.0, 0.1)]
    >>> low = [(10.0, 0.0), (10.1, 0.0), (10.1, 0.08), (10.0, 0.08)]
    >>> _, north = common_corners({"j": [wide], "k": [low]}).north_east
    >>> round(north, 6)
    0.08
    """
    plane = _Plane(middle_of([image for name in sorted(bands) for image in bands[name]]))
    boxes = []
    for name in sorted(bands):
        on_plane = plane.to_plane(np.array([list(image) for image in bands[name]], np.float64))
        ordered = np.stack([_ordered(image) for image in on_plane])
        boxes.append(_bounding_box(ordered, slack_arcsec / ARCSEC_PER_RADIAN))
    box = _common_box(boxes)
    return None if box is None else _corners(box, plane)
