"""The noise of sums of correlated pixels, measured on blank places of an image."""

from __future__ import annotations

import numpy as np

from app.arrays import Bools, Doubles, Singles
from workers.reduction.kernels.compiled import convolve


def robust_sigma(values: Doubles | Singles) -> float:
    """1.4826 times the median absolute deviation; NaN for no values."""
    if values.size == 0:
        return float("nan")
    return float(1.4826 * np.median(np.abs(values - np.median(values))))


def aperture_noise(residual: Singles, usable: Bools, crowded_by: Singles, radius_pix: float) -> float:
    """Scatter of circular sums on places without sources, DN.

    Parameters
    ----------
    residual : float32 array (ny, nx)
        Image minus all models.
    usable : bool array (ny, nx)
    crowded_by : float32 array (ny, nx)
        The models; places where they reach a noise deviation of a pixel are left out as long as a tenth remains.
    radius_pix : float

    Returns
    -------
    float
        NaN where fewer than 30 places are blank.
    """
    half = int(np.ceil(radius_pix))
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    disc = np.clip(radius_pix + 0.5 - np.hypot(x, y), 0.0, 1.0).astype(np.float32)
    sums = np.empty_like(residual)
    convolve(residual, usable, disc, sums)
    share = np.empty_like(residual)
    convolve(usable.astype(np.float32), usable, disc, share)
    whole = usable & (share > 0.999 * disc.sum())
    blank = whole & (crowded_by < robust_sigma(residual[usable]))
    if blank.sum() < 0.1 * whole.sum():
        blank = whole
    # Every third pixel a coordinate: neighbours share most of their circle and tell nothing new.
    sample = sums[::3, ::3][blank[::3, ::3]]
    return robust_sigma(sample) if sample.size >= 30 else float("nan")
