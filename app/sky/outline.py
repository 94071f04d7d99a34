"""The outline of the pixels of an image that have data: four straight sides, where its rows and columns usually end."""

from __future__ import annotations

import numpy as np

from app.arrays import Bools, Doubles
from app.sky.coverage import Quadrilateral
from app.sky.projection import SinProjection

NEAR_PIX = 2.0
"""Ends of rows this near to their median make the side; others are of holes and trails."""

_Side = tuple[float, float]
"""Offset and slope of a side: across = offset + slope * along, pixels."""


def covered_outline(covered: Bools, projection: SinProjection) -> Quadrilateral | None:
    """Outline of the covered pixels of an image as four corners on the sky.

    Parameters
    ----------
    covered : bool array (rows, columns)
        Pixels that have data.
    projection : SinProjection
        Array pixels to ICRS degrees.

    Returns
    -------
    four (ra, decl) or None
        Once around, ICRS degrees; None where no pixel has data.

    Notes
    -----
    A side runs through the usual ends of the rows (columns) of both halves of the image, at the outer edges of their
    last pixels: single rows that end early, holes and trails do not move it. It is wrong where data end in a corner
    that is cut off, or in steps of more than half of the image.

    Examples
    --------
    >>> image = SinProjection.from_rotation(10.0, 0.0, 0.0, 0.0, -1 / 3600, 1 / 3600)
    >>> covered = np.zeros((20, 30), bool)
    >>> covered[3:, :] = True
    >>> south_east, *_ = covered_outline(covered, image)
    >>> [round(3600 * value, 3) for value in (south_east[0] - 10.0, south_east[1])]
    [0.5, 2.5]
    """
    if not covered.any():
        return None
    left, right = _sides(covered)
    low, high = _sides(covered.T)
    corners = [_crossing(low, left), _crossing(low, right), _crossing(high, right), _crossing(high, left)]
    ra, decl = projection.to_sky(*np.array(corners).T)
    return tuple(zip(ra.tolist(), decl.tolist(), strict=True))


def _sides(covered: Bools) -> tuple[_Side, _Side]:
    """First and last covered column as a function of the row."""
    rows = np.flatnonzero(covered.any(axis=1))
    held = covered[rows]
    first = held.argmax(axis=1) - 0.5
    last = held.shape[1] - held[:, ::-1].argmax(axis=1) - 0.5
    return _line(rows.astype(np.float64), first), _line(rows.astype(np.float64), last)


def _line(along: Doubles, across: Doubles) -> _Side:
    half = (along.size + 1) // 2
    low, high = along[:half].mean(), along[-half:].mean()
    at_low, at_high = _usual(across[:half]), _usual(across[-half:])
    slope = (at_high - at_low) / (high - low) if high > low else 0.0
    return float(at_low - slope * low), float(slope)


def _usual(ends: Doubles) -> float:
    """Mean of the ends that lie within two pixels of their median: whole pixels of a slanted edge make a fraction."""
    return float(ends[np.abs(ends - np.median(ends)) <= NEAR_PIX].mean())


def _crossing(level: _Side, upright: _Side) -> tuple[float, float]:
    """Column and row where a side along the rows meets a side along the columns."""
    row = (level[0] + level[1] * upright[0]) / (1.0 - level[1] * upright[1])
    return upright[0] + upright[1] * row, row
