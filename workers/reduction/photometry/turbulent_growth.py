"""The light of a star within circles, as a turbulent atmosphere, an optical blur and square pixels spread it.

Two numbers make the family: the seeing (Kolmogorov's law of a long exposure, Fried 1966) and the width of a Gaussian
blur (optics, focus, motion). Pixels are one unit wide. A circle has the soft edge of `apertures`: its weight falls from
1 to 0 over a pixel. All transfer functions depend on the frequency's length alone, once that of the pixel is averaged
over directions, so the light within a circle is a sum over frequencies.

What lies beyond 7" can hardly be measured on a short scan, what lies between 3" and 7" can: the family says how both
belong together (decision 0016).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import j0

from app.arrays import Doubles

SEEING_PIX = np.geomspace(0.25, 2.0, 40)  # 0.5" to 4"
BLUR_PIX = np.linspace(0.0, 1.5, 31)  # up to 3", full width at half maximum
USUAL_BLUR_PIX, BLUR_WIDTH_PIX = 0.5, 0.15  # 1.0" and 0.3": optics and motion, as known beforehand
_FREQUENCIES = np.arange(0.0025, 3.0, 0.005)  # cycles a pixel, middles of steps
_RADII = np.arange(0.01, 8.0, 0.02)
_ANGLES = np.radians(np.arange(0.5, 45.0, 1.0))


def _circle(radius_pix: float) -> Doubles:
    """Transform of a soft-edged circle at the frequencies."""
    weight = np.clip(radius_pix + 0.5 - _RADII, 0.0, 1.0) * _RADII * 0.02
    return np.asarray(
        2.0 * np.pi * np.einsum("fr,r->f", j0(2.0 * np.pi * np.outer(_FREQUENCIES, _RADII)), weight)
    )


def _transfer() -> Doubles:
    """Transfer functions (seeing, blur, frequencies)."""
    along, across = np.outer(_FREQUENCIES, np.cos(_ANGLES)), np.outer(_FREQUENCIES, np.sin(_ANGLES))
    pixel = np.mean(np.sinc(along) * np.sinc(across), axis=1)
    # A full width is 0.976 lambda / r0, and 2.3548 sigma.
    seeing = np.exp(-3.44 * (np.outer(SEEING_PIX, _FREQUENCIES) / 0.976) ** (5.0 / 3.0))
    blur = np.exp(-2.0 * (np.pi * np.outer(BLUR_PIX, _FREQUENCIES) / 2.3548) ** 2)
    return np.asarray(pixel * seeing[:, None, :] * blur[None, :, :])


@lru_cache(maxsize=4)
def light_within(radii_pix: tuple[float, ...]) -> Doubles:
    """Share of a star's light within circles.

    Parameters
    ----------
    radii_pix : tuple of float
        Radii of up to 7 pixels.

    Returns
    -------
    float64 array (seeing, blur, radii)
        For each of `SEEING_PIX` and `BLUR_PIX`.

    Examples
    --------
    >>> share = light_within((2.0, 3.5))
    >>> share.shape, bool((share[..., 1] > share[..., 0]).all())
    ((40, 31, 2), True)
    """
    weight = np.stack([_circle(radius) * _FREQUENCIES for radius in radii_pix], axis=1)
    return np.asarray(2.0 * np.pi * 0.005 * np.einsum("sbf,fr->sbr", _transfer(), weight))


def most_probable_share(
    radii_pix: tuple[float, ...], standard_pix: float, ratio: Doubles, error: Doubles
) -> float:
    """Share of all light within the standard circle, by what circles of other radii hold of its light.

    Parameters
    ----------
    radii_pix : tuple of float
        Radii of the other circles.
    standard_pix : float
        Radius of the standard one.
    ratio, error : (radii,) float64
        Light within each over that within the standard circle, and its error.

    Returns
    -------
    float
        Mean over the family, each member weighted by how probable it makes the ratios.

    Examples
    --------
    >>> share = light_within((1.5, 2.0, 3.5))[20, 15]
    >>> found = most_probable_share((1.5, 3.5), 2.0, share[[0, 2]] / share[1], np.array([0.001, 0.002]))
    >>> bool(abs(found - share[1]) < 0.002)
    True
    """
    share = light_within((standard_pix, *radii_pix))
    off = (share[..., 1:] / share[..., :1] - ratio) / error
    misfit = np.einsum("sbr,sbr->sb", off, off) + ((BLUR_PIX - USUAL_BLUR_PIX) / BLUR_WIDTH_PIX) ** 2
    weight = np.exp(-0.5 * (misfit - misfit.min()))
    return float(np.sum(weight * share[..., 0]) / np.sum(weight))
