"""Finished images with known stars, made of undersampled frames: for `benchmarks.lost_stars`.

Six frames of 2" pixels, each at its own phase, are drawn, saturated, and averaged on a grid of 1" with linear
interpolation, as a coadd is. So stars differ from one another as those of the survey do, noise is correlated, and cores
of bright stars are flat. The images widen along y as a scan does whose seeing changes. Nothing here is known to the
code that is measured: profiles are sums of two Gaussians integrated over pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from scipy.special import erf

from app.arrays import Bools, Doubles
from app.instruments.bands import Band
from app.sky.projection import SinProjection
from workers.reduction.frames.products import AtlasImage

SIDE_PIX = 512
FRAMES = 6
FRAME_ARCSEC = 2.0
REACH_PIX = 9  # frame pixels to either side of a star
WING_SHARE, WING_WIDTH = 0.12, 2.6  # of the second Gaussian, in units of the first one's sigma
SKY_DN = 120.0
GAIN_ELECTRONS = 8.0  # a DN of one frame


@dataclass(frozen=True)
class Field:
    """What is drawn.

    Attributes
    ----------
    name : str
    band : Band
    stars : int
        Between `brightest_mag` and 17.5, numbers rising by a factor of 2 a magnitude.
    pair_share : float
        Share of the stars that get a companion at 0.8" to 3.2", up to 1.5 mag fainter.
    brightest_mag : float
    sigma_arcsec, widening : float
        Of the core at the lower edge, and how much wider it is at the upper one.
    noise_dn : float
        Of a pixel of one frame.
    seed : int
    """

    name: str
    band: Band
    stars: int
    pair_share: float
    brightest_mag: float
    sigma_arcsec: float
    widening: float
    noise_dn: float
    seed: int


FIELDS = (
    Field("plane J, seeing widens by 6 %", Band.J, 2600, 0.15, 8.0, 0.70, 0.06, 3.6, 11),
    Field("plane H, seeing widens by 6 %", Band.H, 5200, 0.15, 7.0, 0.68, 0.06, 4.0, 12),
    Field("plane Ks, worse seeing", Band.K, 4000, 0.20, 6.5, 0.85, 0.04, 6.0, 13),
)
ZERO_POINT_MAG = {Band.J: 20.9, Band.H: 20.45, Band.K: 19.93}
SATURATION_DN = 9500.0  # of the light of a pixel of one frame, as a coadd shows it at Ks 7.5


@dataclass(frozen=True)
class Truth:
    """True stars; each (n,).

    Attributes
    ----------
    x, y : array pixels of the finished image
    magnitude : of the star
    saturated : whether a pixel of a frame was clipped
    """

    x: Doubles
    y: Doubles
    magnitude: Doubles
    saturated: Bools


def stars_of(field: Field, rng: np.random.Generator) -> tuple[Doubles, Doubles, Doubles]:
    """Places and magnitudes of a field's stars, companions behind them."""
    span = 17.5 - field.brightest_mag
    slope = np.log10(2.0)
    share = rng.random(field.stars)
    magnitude = field.brightest_mag + np.log10(1.0 + share * (10.0 ** (slope * span) - 1.0)) / slope
    x, y = rng.uniform(2.0, SIDE_PIX - 3.0, (2, field.stars))
    paired = np.flatnonzero(rng.random(field.stars) < field.pair_share)
    apart, angle = rng.uniform(0.8, 3.2, paired.size), rng.uniform(0.0, 2.0 * np.pi, paired.size)
    x = np.append(x, x[paired] + apart * np.cos(angle))
    y = np.append(y, y[paired] + apart * np.sin(angle))
    return x, y, np.append(magnitude, magnitude[paired] + rng.uniform(0.0, 1.5, paired.size))


def _profile(offset_pix: Doubles, sigma_pix: float) -> Doubles:
    """Light of a Gaussian of unit sum in pixels at offsets, along one axis."""
    edge = (offset_pix[..., None] + np.array([-0.5, 0.5])) / (np.sqrt(2.0) * sigma_pix)
    return np.asarray(0.5 * np.diff(erf(edge), axis=-1)[..., 0])


def _draw_frame(
    x: Doubles, y: Doubles, flux: Doubles, sigma: Doubles, side: int
) -> tuple[NDArray[np.float64], Doubles]:
    """Draw stars on one frame; the frame, and the light of each star's brightest pixel."""
    frame = np.zeros((side, side))
    peak = np.zeros(x.size)
    for n in range(x.size):
        i0, j0 = round(x[n]) - REACH_PIX, round(y[n]) - REACH_PIX
        i = np.arange(max(i0, 0), min(i0 + 2 * REACH_PIX + 1, side))
        j = np.arange(max(j0, 0), min(j0 + 2 * REACH_PIX + 1, side))
        if not i.size or not j.size:
            continue
        stamp = np.zeros((j.size, i.size))
        for share, width in ((1.0 - WING_SHARE, 1.0), (WING_SHARE, WING_WIDTH)):
            stamp += share * np.outer(
                _profile(j - y[n], width * sigma[n]), _profile(i - x[n], width * sigma[n])
            )
        frame[j[0] : j[-1] + 1, i[0] : i[-1] + 1] += flux[n] * stamp
        peak[n] = flux[n] * stamp.max()
    return frame, peak


def make_image(field: Field) -> tuple[AtlasImage, Truth]:
    """Make the finished image of a field; its zero point holds for all the light of a star.

    Parameters
    ----------
    field : Field
        What is drawn.
    """
    rng = np.random.default_rng(field.seed)
    x, y, magnitude = stars_of(field, rng)
    zero_point = ZERO_POINT_MAG[field.band]
    # A coadd of 1" pixels holds a quarter of the light of a 2" pixel in each, so its sum is that of one frame.
    flux = 10.0 ** (0.4 * (zero_point - magnitude))
    sigma = field.sigma_arcsec * (1.0 + field.widening * y / SIDE_PIX) / FRAME_ARCSEC
    side = SIDE_PIX // 2 + 4
    total = np.zeros((SIDE_PIX, SIDE_PIX))
    saturated = np.zeros(x.size, np.bool_)
    grid = np.arange(SIDE_PIX)
    for _ in range(FRAMES):
        phase_x, phase_y = rng.uniform(0.0, 1.0, 2)
        frame, peak = _draw_frame(x / 2.0 + 1.0 + phase_x, y / 2.0 + 1.0 + phase_y, flux, sigma, side)
        saturated |= peak > 4.0 * SATURATION_DN
        noise = np.sqrt(4.0 * field.noise_dn**2 + frame / GAIN_ELECTRONS)
        frame = np.minimum(frame, 4.0 * SATURATION_DN) + noise * rng.standard_normal(frame.shape)
        rows, columns = np.meshgrid(grid / 2.0 + 1.0 + phase_y, grid / 2.0 + 1.0 + phase_x, indexing="ij")
        total += map_coordinates(frame, [rows, columns], order=1) / 4.0
    pixels = (SKY_DN + total / FRAMES).astype(np.float32)
    middle = 0.5 * (SIDE_PIX - 1)
    projection = SinProjection.from_rotation(284.0, 1.4, middle, middle, -1 / 3600, 1 / 3600)
    image = AtlasImage(field.band, 1, pixels, projection, zero_point, 0.98)
    return image, Truth(x, y, magnitude, saturated)
