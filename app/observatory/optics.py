"""How the telescope images a point: atmosphere, optics and pixel, as tables for the exposure kernel.

Atmosphere: long-exposure Kolmogorov transfer function, exp(-3.44 (f / f0)^(5/3)) (Fried 1966). Optics: geometric
spot diagram of an annular pupil with defocus, astigmatism and coma that change over the focal plane. Pixel: a box.
No parametric profile stands behind it, so a reduction that fits one, or learns an empirical one, is not fitting its
own model.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.arrays import Doubles, Singles

PIXEL_ARCSEC = 2.0
PHASES = 8  # table steps a pixel; bilinear between them blurs by 1/300 pixel^2, and keeps flux and centroid
HALF_WIDTH = 20  # pixels: 40", beyond which a star of J 5 falls below 1 DN a pixel
_GRID = 512  # samples of 1/8 pixel: 64 pixels, so the light wrapped around by the transform is below 1e-5
NODES = 3  # tables at the corners, edge middles and centre of the focal plane, bilinear between
_RAYS = 6000


@dataclass(frozen=True)
class Aberrations:
    """Optics of one band; lengths are radii of blur in arcseconds at the edge of the pupil.

    Attributes
    ----------
    defocus : float
        At the centre of the focal plane.
    tilt_x, tilt_y : float
        Change of defocus from the centre to the edge along x and y (tilted array).
    curvature : float
        Change of defocus from the centre to a corner (field curvature).
    astigmatism, astigmatism_angle_deg : float
        Constant part; the field part below grows with the square of the distance from the axis.
    field_astigmatism : float
        At a corner, along the radius.
    coma : float
        At a corner, along the radius.
    jitter : float
        Gaussian sigma of residual motion along the scan (y): the secondary's freeze is not perfect.
    """

    defocus: float
    tilt_x: float
    tilt_y: float
    curvature: float
    astigmatism: float
    astigmatism_angle_deg: float
    field_astigmatism: float
    coma: float
    jitter: float


def _spot(aberrations: Aberrations, x: float, y: float) -> Doubles:
    """Spot diagram at focal-plane place (x, y), each in [-1, 1]: light on the table's grid, centroid at 0."""
    index = np.arange(_RAYS) + 0.5
    inner = 0.4  # central obscuration of the 1.3 m telescopes' secondary, of the radius
    radius = np.sqrt(inner**2 + (1.0 - inner**2) * index / _RAYS)
    angle = index * (np.pi * (3.0 - np.sqrt(5.0)))
    px, py = radius * np.cos(angle), radius * np.sin(angle)
    distance2, field_angle = 0.5 * (x * x + y * y), np.arctan2(y, x)
    defocus = aberrations.defocus + aberrations.tilt_x * x + aberrations.tilt_y * y
    defocus += aberrations.curvature * distance2
    constant = np.radians(aberrations.astigmatism_angle_deg)
    a_cos = aberrations.astigmatism * np.cos(2 * constant)
    a_sin = aberrations.astigmatism * np.sin(2 * constant)
    a_cos += aberrations.field_astigmatism * distance2 * np.cos(2 * field_angle)
    a_sin += aberrations.field_astigmatism * distance2 * np.sin(2 * field_angle)
    rx = (defocus + a_cos) * px + a_sin * py
    ry = a_sin * px + (defocus - a_cos) * py
    # Coma: the third-order ray fan, (2 + cos 2a, sin 2a) rho^2 along the field direction.
    coma = aberrations.coma * np.sqrt(distance2) / 3.0 * radius**2
    rx += coma * (2.0 * np.cos(field_angle) + np.cos(2.0 * angle - field_angle))
    ry += coma * (2.0 * np.sin(field_angle) + np.sin(2.0 * angle - field_angle))
    return _bin_rays(rx - rx.mean(), ry - ry.mean())


def _bin_rays(rx_arcsec: Doubles, ry_arcsec: Doubles) -> Doubles:
    """Share each ray between its four neighbours: the spot's centroid stays exactly at 0."""
    step = PIXEL_ARCSEC / PHASES
    gx, gy = rx_arcsec / step + _GRID // 2, ry_arcsec / step + _GRID // 2
    ix, iy = np.floor(gx).astype(np.int64), np.floor(gy).astype(np.int64)
    wx, wy = gx - ix, gy - iy
    spot = np.zeros((_GRID, _GRID))
    for oy, vy in ((0, 1.0 - wy), (1, wy)):
        for ox, vx in ((0, 1.0 - wx), (1, wx)):
            np.add.at(spot, (iy + oy, ix + ox), vy * vx)
    return np.fft.ifftshift(spot / rx_arcsec.size)


def _transfer(seeing_arcsec: float, jitter_arcsec: float) -> Doubles:
    """Transfer function of atmosphere, jitter and pixel on the half-plane of the real transform."""
    step = PIXEL_ARCSEC / PHASES
    fy, fx = np.fft.fftfreq(_GRID, step)[:, None], np.fft.rfftfreq(_GRID, step)[None, :]
    # Full width at half maximum = 0.976 lambda / r0 for Kolmogorov turbulence, so f0 = r0 / lambda = 0.976 / FWHM.
    frequency = np.hypot(fx, fy) * (seeing_arcsec / 0.976)
    atmosphere = np.exp(-3.44 * frequency ** (5.0 / 3.0))
    motion = np.exp(-2.0 * (np.pi * jitter_arcsec * fy) ** 2)
    pixel = np.sinc(fx * PIXEL_ARCSEC) * np.sinc(fy * PIXEL_ARCSEC)
    return np.asarray(atmosphere * motion * pixel)


def _phase_major(image: Doubles) -> Singles:
    """Cut an oversampled image (pixel-integrated, centred on [0, 0]) into one stamp a sub-pixel phase.

    Element [p, q, i, j] is the light in the pixel whose centre lies at (j - HALF_WIDTH + q / PHASES - 0.5, same in y
    with i, p) pixels from the star: contiguous along the pixels of one stamp, which the kernel runs over.
    """
    size = 2 * HALF_WIDTH + 1
    table = np.empty((PHASES + 1, PHASES + 1, size, size), np.float32)
    for p in range(PHASES + 1):
        rows = (np.arange(size) - HALF_WIDTH) * PHASES + p - PHASES // 2
        for q in range(PHASES + 1):
            columns = (np.arange(size) - HALF_WIDTH) * PHASES + q - PHASES // 2
            stamp = image[np.ix_(rows % _GRID, columns % _GRID)]
            table[p, q] = stamp / stamp.sum()
    return table


@lru_cache(maxsize=4)
def _spot_transforms(aberrations: Aberrations) -> tuple[NDArray[np.complex128], ...]:
    places = np.linspace(-1.0, 1.0, NODES)
    return tuple(np.fft.rfft2(_spot(aberrations, float(x), float(y))) for y in places for x in places)


@lru_cache(maxsize=24)  # 5 MB each
def point_tables(aberrations: Aberrations, seeing_arcsec: float) -> Singles:
    """Pixel-integrated images of a point, for one seeing.

    Parameters
    ----------
    aberrations : Aberrations
    seeing_arcsec : float
        Atmospheric full width at half maximum.

    Returns
    -------
    float32 array (9, PHASES + 1, PHASES + 1, 41, 41)
        One table a focal-plane node (x fastest); each stamp sums to 1, so the light of a star is that within 40".
    """
    transfer = _transfer(seeing_arcsec, aberrations.jitter)
    tables = []
    for spot in _spot_transforms(aberrations):
        image = np.fft.irfft2(spot * transfer, s=(_GRID, _GRID))
        tables.append(_phase_major(np.maximum(image, 0.0)))
    return np.stack(tables)
