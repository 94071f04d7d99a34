"""Quadrilaterals around ragged images: as near to every end as four straight sides can be."""

from __future__ import annotations

import numpy as np
import pytest

from app.sky.coverage import bounding_corners
from app.sky.directions import unit_vectors

ARCSEC = np.radians(1.0 / 3600.0)
HEIGHT_DEG, WIDTH_DEG = 0.28, 0.14


def images(ends_arcsec: list[float]) -> list[list[tuple[float, float]]]:
    """A column of images northwards from the equator, whose eastern sides lie by so much too far to the east."""
    column = []
    for number, end in enumerate(ends_arcsec):
        south, north = number * HEIGHT_DEG, (number + 1) * HEIGHT_DEG
        east = WIDTH_DEG + end / 3600.0
        column.append([(0.0, south), (east, south), (east, north), (0.0, north)])
    return column


def east_offsets(ends_arcsec: list[float], slack_arcsec: float) -> np.ndarray:
    """Distance of the eastern corners of the images outside of the eastern side, arcsec."""
    column = images(ends_arcsec)
    corners = bounding_corners(column, slack_arcsec)
    pole = np.cross(unit_vectors(*corners.south_east), unit_vectors(*corners.north_east))
    pole /= np.linalg.norm(pole) * np.sign(pole @ unit_vectors(*corners.centre))
    ends = np.array([corner for image in column for corner in image[1:3]])
    return np.asarray(-(unit_vectors(*ends.T) @ pole) / ARCSEC)


@pytest.mark.parametrize("ends", [[0, 0, 0, 0, 0, 1.6], [0, 1.7, 0, 0, 1.7, 1.7, 0], [1.2, 0, 0, 0]])
def test_half_of_the_least_spread_lies_on_either_side(ends: list[float]) -> None:
    """No straight line comes nearer to the farthest of the ends: it lies as far outside as the farthest inside."""
    offsets = east_offsets(ends, 1.0)
    assert offsets.max() == pytest.approx(-offsets.min(), abs=0.02)
    assert offsets.max() <= 0.5 * max(ends) + 0.01
    y = np.repeat(np.arange(len(ends)), 2) + np.tile([0.0, 1.0], len(ends))
    x = np.repeat(ends, 2)
    spreads = [np.ptp(x - slope * y) for slope in np.linspace(-2.0, 2.0, 4001)]
    # Meridians converge by less than 0.1 arc seconds over such a column.
    assert offsets.max() == pytest.approx(0.5 * min(spreads), abs=0.1)


def test_without_slack_nothing_lies_outside() -> None:
    assert east_offsets([0, 1.7, 0, 0.4], 0.0).max() < 1e-6


def test_no_more_than_the_slack_lies_outside() -> None:
    assert east_offsets([0, 8.0, 0, 0], 1.0).max() == pytest.approx(1.0, abs=1e-3)
