"""Sersic profiles as sums of Gaussians (Hogg & Lang 2013): convolved with Gaussians they are sums of Gaussians again.

A profile exp(-b_n (r / r_e)^(1/n)) is cut at 8 half-light radii, as the de Vaucouleurs models of the Sloan survey are
(Stoughton et al. 2002, 4.4.5.5): what lies beyond, 6 % of an r^1/4 law, no image of a survey shows. Nine Gaussians hold
the light within any radius to 0.008 of the whole for n from 0.5 to 2.5, to 0.01 at n = 4, to 0.02 at n = 6.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import gammaincinv

from app.arrays import Doubles

CUT_RADII = 8.0
LEAST_INDEX, LARGEST_INDEX = 0.5, 6.0
INDICES = 25  # of the table, evenly in the logarithm
WIDTHS: Doubles = 0.0125 * 2.0 ** np.arange(9, dtype=np.float64)
"""Of the Gaussians, in half-light radii."""


@cache
def sersic_table() -> tuple[Doubles, Doubles]:
    """Logarithms of Sersic indices (25,), and shares of the light in each Gaussian (25, 9); rows sum to 1.

    Examples
    --------
    >>> indices, shares = sersic_table()
    >>> shares.shape, bool(np.allclose(shares.sum(axis=1), 1.0))
    ((25, 9), True)
    """
    logarithms = np.linspace(np.log(LEAST_INDEX), np.log(LARGEST_INDEX), INDICES)
    radius = np.geomspace(0.002, CUT_RADII, 300)
    fine = np.linspace(0.0, CUT_RADII ** (1.0 / 3.0), 6000) ** 3
    # Rows are weighted by the light a logarithm of radius.
    gaussians = np.exp(-0.5 * (radius[:, None] / WIDTHS) ** 2) / (2.0 * np.pi * WIDTHS**2)
    matrix = gaussians * (radius * radius)[:, None]
    normal = matrix.T @ matrix + 1e-6 * np.eye(WIDTHS.size)
    shares = []
    for index in np.exp(logarithms):
        b = gammaincinv(2.0 * index, 0.5)
        light = np.trapezoid(2.0 * np.pi * fine * np.exp(-b * fine ** (1.0 / index)), fine)
        profile = np.exp(-b * radius ** (1.0 / index)) / light
        share = np.linalg.solve(normal, matrix.T @ (profile * radius * radius))
        shares.append(share / share.sum())
    return logarithms, np.array(shares)


def sersic_shares(log_index: float) -> tuple[Doubles, Doubles]:
    """Shares of the light in each Gaussian, and their derivatives with the logarithm of the index; each (9,).

    Parameters
    ----------
    log_index : float
        Natural logarithm of the Sersic index; beyond 0.5 and 6 the ends of the table go on.
    """
    logarithms, shares = sersic_table()
    step = logarithms[1] - logarithms[0]
    place = float(np.clip((log_index - logarithms[0]) / step, 0.0, INDICES - 1.0))
    low = min(int(place), INDICES - 2)
    slope = shares[low + 1] - shares[low]
    return shares[low] + (place - low) * slope, slope / step


def enclosed_share(radius: Doubles, log_index: float) -> Doubles:
    """Share of the light within an ellipse.

    Parameters
    ----------
    radius : float64 array (n,)
        Semi-major axis in half-light radii.
    log_index : float
        Natural logarithm of the Sersic index.

    Examples
    --------
    Half the light of an exponential disc lies within one half-light radius.

    >>> round(float(enclosed_share(np.array([1.0]), 0.0)[0]), 2)
    0.5
    """
    shares, _ = sersic_shares(log_index)
    within = 1.0 - np.exp(-0.5 * (np.asarray(radius)[:, None] / WIDTHS) ** 2)
    return np.asarray(within @ shares)
