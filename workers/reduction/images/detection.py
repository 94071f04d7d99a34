"""Finding stars on a finished image: a zero-sum matched filter, local noise of the filtered image, and its peaks."""

from __future__ import annotations

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Singles
from workers.reduction.images.background import background_and_noise
from workers.reduction.kernels.compiled import KERNEL, convolve


def matched_filter(stamp: Singles) -> Singles:
    """Zero-sum filter whose response to the stamp itself is 1: its output is a star's flux in DN.

    Parameters
    ----------
    stamp : float32 array (2 h + 1, 2 h + 1)
        The point-spread function at whole pixels.

    Returns
    -------
    float32 array (2 h + 1, 2 h + 1)
        0 outside of a disc of radius h + 0.3.

    Examples
    --------
    >>> stamp = np.array([[0.05, 0.1, 0.05], [0.1, 0.4, 0.1], [0.05, 0.1, 0.05]], np.float32)
    >>> kernel = matched_filter(stamp)
    >>> round(float((kernel * stamp).sum()), 4), round(abs(float(kernel.sum())), 4)
    (1.0, 0.0)
    """
    half = stamp.shape[0] // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    disc = np.hypot(x, y) <= half + 0.3
    kernel = np.where(disc, stamp.astype(np.float64), 0.0)
    kernel = np.where(disc, kernel - kernel[disc].mean(), 0.0)
    return (kernel / np.sum(kernel * stamp)).astype(np.float32)


def filtered(image: Singles, usable: Bools, kernel: Singles) -> Singles:
    """Correlate an image with a filter.

    Parameters
    ----------
    image : float32 array (ny, nx)
        DN above the sky.
    usable : bool array (ny, nx)
        Other pixels count as zero, that is as sky.
    kernel : float32 array (m, m)
        The filter, m odd.

    Returns
    -------
    float32 array (ny, nx)
        DN with `matched_filter`: the flux of a star at each pixel.
    """
    out = np.empty_like(image)
    convolve(image, usable, kernel, out)
    return out


@njit(**KERNEL)
def _peaks(image: Singles, threshold: Singles, usable: Bools, x: Doubles, y: Doubles, height: Doubles) -> int:
    """Local maxima of 3x3 pixels above a threshold map, with parabolic positions; returns their number."""
    ny, nx = image.shape
    n = 0
    for j in range(1, ny - 1):
        for i in range(1, nx - 1):
            v = image[j, i]
            if not v > threshold[j, i] or not usable[j, i]:
                continue
            if (
                v > image[j - 1, i - 1]
                and v > image[j - 1, i]
                and v > image[j - 1, i + 1]
                and v > image[j, i - 1]
                and v >= image[j, i + 1]
                and v >= image[j + 1, i - 1]
                and v >= image[j + 1, i]
                and v >= image[j + 1, i + 1]
                and n < x.size
            ):
                cx = 2.0 * v - image[j, i - 1] - image[j, i + 1]
                cy = 2.0 * v - image[j - 1, i] - image[j + 1, i]
                sx = 0.5 * (image[j, i + 1] - image[j, i - 1]) / cx if cx > 0 else 0.0
                sy = 0.5 * (image[j + 1, i] - image[j - 1, i]) / cy if cy > 0 else 0.0
                x[n] = i + min(max(sx, -0.5), 0.5)
                y[n] = j + min(max(sy, -0.5), 0.5)
                height[n] = v
                n += 1
    return n


def peaks(image: Singles, threshold: Singles, usable: Bools) -> tuple[Doubles, Doubles, Doubles]:
    """Peaks of a filtered image.

    Parameters
    ----------
    image, threshold : float32 arrays (ny, nx)
        Filtered image and the height a peak needs, DN.
    usable : bool array (ny, nx)
        Peaks are only taken on usable pixels.

    Returns
    -------
    (x, y, height) : float64 arrays (n,)
        Array pixels by parabolas through the neighbours, and DN; in row order. Pixels at the border of the array are
        never peaks.
    """
    limit = image.size // 4 + 1
    x, y, height = np.empty(limit), np.empty(limit), np.empty(limit)
    n = _peaks(image, threshold, usable, x, y, height)
    return x[:n].copy(), y[:n].copy(), height[:n].copy()


def filtered_noise(image: Singles, usable: Bools, mesh_pix: int) -> Singles:
    """Local scatter of a filtered image: the noise of a flux, with the correlation of pixels in it.

    Parameters
    ----------
    image : float32 array (ny, nx)
        From `filtered`, DN.
    usable : bool array (ny, nx)
        Pixels that count.
    mesh_pix : int
        Side of a cell of the mesh, pixels.

    Returns
    -------
    float32 array (ny, nx)
        DN.
    """
    _, sigma = background_and_noise(image, usable, mesh_pix, crowded=False)
    return sigma
