"""Where each band sees a model: a galaxy has one middle, that of stars of several colours moves with the band."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from app.arrays import Doubles
from workers.reduction.galaxies.fit import moved_lights
from workers.reduction.galaxies.model import normal_equations
from workers.reduction.galaxies.values import Pixels, Shape

STEP_ARCSEC = 0.05
_RIDGE = 1e-9
_STEPS = np.array([(0.0, 0.0), (STEP_ARCSEC, 0.0), (0.0, STEP_ARCSEC)])


class Shift(NamedTuple):
    """Place of the light of a band from that of the common model.

    Attributes
    ----------
    x_arcsec, y_arcsec : float
        Towards the place of the band.
    sigma_arcsec : float
        One sigma of a coordinate; infinite where the band has no light.
    """

    x_arcsec: float
    y_arcsec: float
    sigma_arcsec: float


def band_shift(
    pixels: Pixels, profile: tuple[Doubles, Doubles], shape: Shape, place: tuple[float, float]
) -> Shift:
    """Fit light and place of a known shape to a band, to first order in the place.

    Parameters
    ----------
    pixels : Pixels
        Of one band.
    profile : (shares, variances), float64 arrays (k,)
        Gaussians of the band's point-spread function, arcsec^2.
    shape : Shape
        Common to the bands.
    place : (float, float)
        U-scan place of the pixels' middle, arcsec.
    """
    light, *moved = moved_lights(pixels, shape, profile, place, _STEPS)
    slopes = [(other - light) / STEP_ARCSEC for other in moved]
    columns = np.concatenate([[light, *slopes], pixels.linear])
    normal, right = np.empty((columns.shape[0], columns.shape[0])), np.empty(columns.shape[0])
    normal_equations(columns, pixels.weight, pixels.value, normal, right)
    inverse = np.linalg.inv(normal + _RIDGE * np.diag(np.diag(normal)) + 1e-12 * np.eye(right.size))
    solution = (inverse * right).sum(axis=1)
    flux = float(solution[0])
    if not flux > 0.0:
        return Shift(0.0, 0.0, np.inf)
    sigma = float(np.sqrt(max(0.5 * (inverse[1, 1] + inverse[2, 2]), 0.0))) / flux
    return Shift(float(solution[1]) / flux, float(solution[2]) / flux, sigma)


def spread_of(shifts: Sequence[Shift]) -> tuple[float, float]:
    """How far apart bands see a model: root mean square (arcsec), and the same over its error.

    Parameters
    ----------
    shifts : sequence of Shift
        Of the bands.

    Examples
    --------
    >>> spread, sigmas = spread_of([Shift(0.3, 0.0, 0.1), Shift(-0.3, 0.0, 0.1)])
    >>> round(spread, 3), round(sigmas, 3)
    (0.3, 4.243)
    """
    known = np.array([shift for shift in shifts if 0.0 < shift.sigma_arcsec < np.inf], np.float64)
    if len(known) <= 1:
        return 0.0, 0.0
    weight = 1.0 / known[:, 2] ** 2
    away = known[:, :2] - (weight[:, None] * known[:, :2]).sum(axis=0) / weight.sum()
    square = (weight[:, None] * away * away).sum()
    return float(np.sqrt(square / weight.sum())), float(np.sqrt(square))
