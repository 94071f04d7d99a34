"""The noise of sums of correlated pixels, measured on blank places of a finished image."""

from __future__ import annotations

import numpy as np

from app.arrays import Bools, Doubles, Singles
from workers.reduction.kernels.compiled import convolve


def robust_sigma(values: Doubles | Singles) -> float:
    """Scatter by the median absolute deviation, 1.4826 times it; NaN for no values.

    Examples
    --------
    >>> round(robust_sigma(np.array([9.0, 10.0, 11.0, 12.0, 500.0])), 4)
    1.4826
    """
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
        Circles with an unusable pixel do not count.
    crowded_by : float32 array (ny, nx)
        The models, DN; places where they reach a noise deviation of a pixel are left out as long as a tenth remains.
    radius_pix : float
        Radius of the circles, pixels; their edges are soft over a pixel.

    Returns
    -------
    float
        NaN where fewer than 30 places are blank.

    Examples
    --------
    Sums of independent pixels of 2 DN have 4 DN^2 a pixel: 45 of the 50 pixels of a circle count, its edge is soft.

    >>> image = np.random.default_rng(1).normal(0.0, 2.0, (400, 400)).astype(np.float32)
    >>> sigma = aperture_noise(image, np.ones(image.shape, bool), np.zeros_like(image), 4.0)
    >>> round(sigma**2 / 4.0)
    45
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
    # Every third row and column: circles one pixel apart share most of their pixels and add no information.
    sample = sums[::3, ::3][blank[::3, ::3]]
    return robust_sigma(sample) if sample.size >= 30 else float("nan")
