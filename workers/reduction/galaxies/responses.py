"""How the light of a fitted model changes with the value of each pixel: what makes its error of any noise of pixels."""

from __future__ import annotations

import numpy as np

from app.arrays import Doubles
from workers.reduction.galaxies.fit import Fitted
from workers.reduction.galaxies.model import draw_model, normal_equations
from workers.reduction.galaxies.sersic import WIDTHS, sersic_table
from workers.reduction.galaxies.values import PARAMETERS, Pixels

_NONLINEAR = len(PARAMETERS)
_RIDGE = 1e-9


def responses(pixels: Pixels, profile: tuple[Doubles, Doubles], fitted: Fitted) -> tuple[Doubles, Doubles]:
    """Change of a model's light by that of each pixel, with a free shape and with a known one; each (n,).

    Parameters
    ----------
    pixels : Pixels
        That the model was fitted to.
    profile : (shares, variances), float64 arrays (k,)
        As of `fit_galaxy`.
    fitted : Fitted
        The model.
    """
    columns = np.empty((fitted.values.size, pixels.x.size))
    columns[_NONLINEAR:] = pixels.linear
    draw_model(pixels.x, pixels.y, fitted.values, (*sersic_table(), WIDTHS), profile, columns)
    kept = np.r_[0, _NONLINEAR : fitted.values.size]
    known = np.linalg.inv(np.linalg.inv(fitted.covariance)[np.ix_(kept, kept)])
    return _weighted(fitted.covariance, columns, pixels), _weighted(known, columns[kept], pixels)


def linear_response(pixels: Pixels, light: Doubles) -> Doubles:
    """Change of the light of a known model by that of each pixel, (n,).

    Parameters
    ----------
    pixels : Pixels
        Of one band.
    light : float64 array (n,)
        Of the model of one DN.
    """
    columns = np.concatenate([light[None, :], pixels.linear])
    normal, right = np.empty((columns.shape[0], columns.shape[0])), np.empty(columns.shape[0])
    normal_equations(columns, pixels.weight, pixels.value, normal, right)
    # Columns without pixels have no light.
    inverse = np.linalg.inv(normal + _RIDGE * np.diag(np.diag(normal)) + 1e-12 * np.eye(right.size))
    return _weighted(np.asarray(inverse, np.float64), columns, pixels)


def _weighted(covariance: Doubles, columns: Doubles, pixels: Pixels) -> Doubles:
    return np.asarray((covariance[0][:, None] * columns).sum(axis=0) * pixels.weight)
