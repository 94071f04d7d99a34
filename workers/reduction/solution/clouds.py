"""Light lost to clouds, from the bands together: clouds are grey, the rest of the air is not."""

from __future__ import annotations

import numpy as np

from app.arrays import Doubles

LEAST_SCATTER_MAG = 1e-4


def grey_loss(losses_mag: Doubles) -> tuple[Doubles, Doubles]:
    """Mean loss of each scan over its bands, weighted by how well each band knows it.

    Parameters
    ----------
    losses_mag : (bands, scans) float64
        Light lost against the model of the night; NaN where a band has none.

    Returns
    -------
    loss_mag : (scans,) float64
        Weighted mean; NaN where no band has one.
    error_mag : (scans,) float64
        Its error, 1 sigma, from the robust scatter of each band's losses.

    Notes
    -----
    A cloud of 20 mmag dims J, H and Ks alike (decision 0009), while the atmosphere of J changes by twice that of
    H: the mean of three bands finds it where J alone cannot.

    Examples
    --------
    >>> losses = np.array([[0.001, 0.003, 0.002, 0.030], [0.001, 0.003, 0.002, 0.034]])
    >>> loss, error = grey_loss(losses)
    >>> loss.round(3).tolist()
    [0.001, 0.003, 0.002, 0.032]
    """
    known = np.isfinite(losses_mag)
    scatter = np.array([_scatter(row[seen]) for row, seen in zip(losses_mag, known, strict=True)])
    weight = np.where(known, 1 / scatter[:, None] ** 2, 0.0)
    total = weight.sum(axis=0)
    seen = total > 0
    mean = np.full(total.size, np.nan)
    mean[seen] = (weight * np.where(known, losses_mag, 0.0)).sum(axis=0)[seen] / total[seen]
    error = np.full(total.size, np.nan)
    error[seen] = 1 / np.sqrt(total[seen])
    return mean, error


def _scatter(values: Doubles) -> float:
    """1.4826 times the median absolute deviation, kept above a tenth of a millimagnitude."""
    if not values.size:
        return LEAST_SCATTER_MAG
    return max(1.4826 * float(np.median(np.abs(values - np.median(values)))), LEAST_SCATTER_MAG)
