"""Undo the correlation of a finished image's noise, so that a plain least-squares fit is the best fit.

Atlas pixels are averages of 2" frame pixels spread by a smoothing kernel: the noise of neighbours is correlated
(0.78, 0.36, 0.10 at 1, 2, 3 pixels in a sparse survey field), as a Gaussian kernel of sigma 0.99 pixel makes it. A fit
that takes pixels for independent weighs the wings too much: for a star of sigma 1.26 pixels its flux scatters 20 %
more than the bound, and more light of blended neighbours leaks in. Filtering image and profile alike by the inverse
square root of the noise's power spectrum brings back white noise and the resolution of the frames.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.arrays import Bools, Doubles, Singles
from workers.reduction.images.noise import robust_sigma
from workers.reduction.kernels.compiled import convolve

HALF_PIX = 5  # the filter's taps fall below 1 % of the central one beyond 4 pixels
# Share of white noise assumed below the correlated noise: bounds the gain of the filter at 1 / sqrt(FLOOR) = 4.5,
# where neither star nor noise has power left in an Atlas image.
FLOOR = 0.05


@dataclass(frozen=True)
class NoiseKernel:
    """The Gaussian that correlates the noise.

    Attributes
    ----------
    sigma_x, sigma_y : float
        Width along x and y, pixels, 1 sigma; 0 for white noise.
    """

    sigma_x: float
    sigma_y: float


def correlation(image: Singles, usable: Bools, dx: int, dy: int) -> float:
    """Correlation coefficient of pixels at a distance, from robust scatters: faint sources hardly matter.

    Parameters
    ----------
    image : float32 array (ny, nx)
        Noise, and few sources, around 0 DN.
    usable : bool array (ny, nx)
        Pairs count of which both pixels are usable.
    dx, dy : int
        Distance, pixels, 0 or more.

    Returns
    -------
    float
        0 for fewer than 100 pairs.
    """
    ny, nx = image.shape
    a, b = image[: ny - dy, : nx - dx], image[dy:, dx:]
    both = usable[: ny - dy, : nx - dx] & usable[dy:, dx:]
    # Every third pixel is enough (170 000 pairs of a whole image) and three times as fast.
    difference, total = (a - b)[both][::3], (a + b)[both][::3]
    if difference.size < 100:
        return 0.0
    minus, plus = robust_sigma(difference) ** 2, robust_sigma(total) ** 2
    return (plus - minus) / (plus + minus) if plus + minus > 0 else 0.0


def measure_kernel(residual: Singles, usable: Bools) -> NoiseKernel:
    """Kernel width from correlations one and two pixels apart along each axis.

    For a Gaussian kernel the correlation at distance d is exp(-d^2 / (4 sigma^2)). The smaller of the two widths is
    taken, because sources left in the image widen the correlation at 2 pixels; limited to 1.2 pixels.

    Parameters
    ----------
    residual : float32 array (ny, nx)
        Image minus all models, DN.
    usable : bool array (ny, nx)
        Pixels that count.
    """
    widths = []
    for step in ((1, 0), (0, 1)):
        found = []
        for d in (1, 2):
            rho = correlation(residual, usable, d * step[0], d * step[1])
            found.append(d / math.sqrt(-4.0 * math.log(rho)) if 0.02 < rho < 0.999 else 0.0)
        widths.append(min(*found, 1.2))
    return NoiseKernel(widths[0], widths[1])


def whitening_filter(kernel: NoiseKernel) -> Singles:
    """Build the filter of unit sum that undoes a correlation: fluxes keep their scale.

    Its transfer function is 1 / sqrt(N + FLOOR) with N the power spectrum of the correlated noise over its value at
    zero frequency.

    Parameters
    ----------
    kernel : NoiseKernel
        Widths of the correlation.

    Returns
    -------
    float32 array (2 HALF_PIX + 1, 2 HALF_PIX + 1)
        A single 1 at the centre for white noise.

    Examples
    --------
    >>> taps = whitening_filter(NoiseKernel(0.9, 0.9))
    >>> taps.shape, round(float(taps.sum()), 5), bool(taps[5, 5] > 2.0), bool(taps[5, 4] < 0.0)
    ((11, 11), 1.0, True, True)
    """
    size = 64
    k = 2.0 * np.pi * np.fft.fftfreq(size)
    power = np.exp(-((kernel.sigma_x * k[None, :]) ** 2) - (kernel.sigma_y * k[:, None]) ** 2)
    taps = np.fft.fftshift(np.real(np.fft.ifft2(1.0 / np.sqrt(power + FLOOR))))
    middle = size // 2
    part = taps[middle - HALF_PIX : middle + HALF_PIX + 1, middle - HALF_PIX : middle + HALF_PIX + 1]
    return np.asarray(part / part.sum(), np.float32)


def apply(image: Singles, usable: Bools, taps: Singles) -> Singles:
    """Filter an image.

    Parameters
    ----------
    image : float32 array (ny, nx)
        DN above the sky.
    usable : bool array (ny, nx)
        Other pixels count as sky (0).
    taps : float32 array (m, m)
        The filter, m odd.
    """
    out = np.empty_like(image)
    convolve(image, usable, taps, out)
    return out


def filter_profile(coefficients: Doubles, taps: Singles, oversampling: int) -> Doubles:
    """Filter the node tables of a profile as its image is filtered.

    Parameters
    ----------
    coefficients : float64 array (terms, size, size)
        Node values of each term.
    taps : float32 array (m, m)
        The filter, one tap a pixel, m odd.
    oversampling : int
        Nodes a pixel.

    Returns
    -------
    float64 array (terms, size, size)
        What the filter moves beyond the table is lost.
    """
    result = np.zeros_like(coefficients)
    half = taps.shape[0] // 2
    size = coefficients.shape[1]
    for j in range(-half, half + 1):
        for i in range(-half, half + 1):
            sy, sx = j * oversampling, i * oversampling
            to_y, to_x = slice(max(0, sy), size + min(0, sy)), slice(max(0, sx), size + min(0, sx))
            from_y, from_x = slice(max(0, -sy), size + min(0, -sy)), slice(max(0, -sx), size + min(0, -sx))
            result[:, to_y, to_x] += taps[half + j, half + i] * coefficients[:, from_y, from_x]
    return result


def shrink(usable: Bools, steps: int) -> Bools:
    """Usable pixels that are more than `steps` pixels (along x or y) from unusable ones; the border stays.

    Examples
    --------
    >>> shrink(np.array([[True, True, True, False]]), 1).tolist()
    [[True, True, False, False]]
    """
    result = usable.copy()
    for _ in range(steps):
        padded = np.pad(result, 1, constant_values=True)
        result = (
            padded[1:-1, 1:-1] & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
        )
    return result
