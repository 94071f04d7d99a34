"""How wrong the profile of a finished image is, measured on its stars.

Each Atlas star is the mean of six undersampled frames at their own phases, so single stars differ from the profile by a
share of their flux, whatever the noise. That share depends on the distance from the centre and on the image: at 2 to
2.5 pixels it is 0.007 of the flux in a field of the plane and 0.015 in M17, after a matched filter. What is measured
here tells a star's misfit from that of stars in general, and a missed star from the rings that bright ones leave.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Integers, Singles
from app.sky.pixels import nearest_pixel
from workers.reduction.images.noise import robust_sigma
from workers.reduction.images.stars import Stars
from workers.reduction.kernels.compiled import KERNEL

STEP_PIX = 0.5
REACH_PIX = 8.0  # beyond, the share is below the noise of all but saturated stars
DIRECTIONS = 12
FEWEST_STARS = 3
# For images with fewer bright stars: shares at 0, 0.5, 1 ... pixels of the largest of six measured images (plane in J
# and H, M17 in Ks), of a pixel and of the image through its matched filter.
USUAL_PIXEL = (0.0044, 0.0038, 0.0030, 0.0024, 0.0019, 0.0015, 0.0010, 0.0005, 0.0003, 0.0002, 0.0001)
USUAL_FILTERED = (
    0.028, 0.026, 0.022, 0.018, 0.015, 0.015, 0.015, 0.012, 0.0095, 0.0064, 0.0050, 0.0041, 0.0034, 0.0031, 0.0024,
    0.0012, 0.0008,
)  # fmt: skip


class _Circle(NamedTuple):
    """Pixels in which chi-squared is summed up, each (n,), and their radius."""

    x: Doubles
    y: Doubles
    radius: float


@dataclass(frozen=True)
class ProfileError:
    """Error of a pixel's model by its distance from the star.

    Attributes
    ----------
    share : float64 array (m,)
        One sigma as a share of the star's flux, at distances of 0, 0.5, 1 ... pixels; 0 beyond.
    stars : int
        How many it was measured on; 0 if the usual shares serve.
    """

    share: Doubles
    stars: int

    def at(self, distance_pix: Doubles) -> Doubles:
        """Share at distances, linear between those measured, 0 beyond `REACH_PIX`.

        Parameters
        ----------
        distance_pix : float64 array (n,)
            From the star's centre, pixels.
        """
        return np.interp(distance_pix, STEP_PIX * np.arange(self.share.size), self.share, right=0.0)


def measure(
    residual: Singles,
    usable: Bools,
    noise: Singles,
    stars: Stars,
    chosen: Integers,
    usual: tuple[float, ...],
) -> ProfileError:
    """Measure the error of the profile on what it leaves of bright undisturbed stars, less the noise.

    Parameters
    ----------
    residual : float32 array (ny, nx)
        Image minus all models, DN; as it is or filtered, as the error is wanted.
    usable : bool array (ny, nx)
        Pixels that count.
    noise : float32 array (ny, nx)
        Noise of a pixel of `residual`, DN.
    stars : Stars
        All stars.
    chosen : int64 array (m,)
        Those to measure on (`quiet_stars`).
    usual : tuple of float
        Shares that serve where fewer than `FEWEST_STARS` are chosen: `USUAL_PIXEL` or `USUAL_FILTERED`.

    Returns
    -------
    ProfileError
        The scatter of 12 directions around all chosen stars, at each distance.
    """
    radius = np.arange(0.0, REACH_PIX + 0.5 * STEP_PIX, STEP_PIX)
    if chosen.size < FEWEST_STARS:
        return ProfileError(np.concatenate([usual, np.zeros(radius.size - len(usual))]), 0)
    angle = 2.0 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    share = np.zeros(radius.size)
    for k, distance in enumerate(radius):
        x = nearest_pixel(stars.x[chosen, None] + distance * np.cos(angle))
        y = nearest_pixel(stars.y[chosen, None] + distance * np.sin(angle))
        good = (x >= 0) & (y >= 0) & (x < residual.shape[1]) & (y < residual.shape[0])
        x, y = np.clip(x, 0, residual.shape[1] - 1), np.clip(y, 0, residual.shape[0] - 1)
        good &= usable[y, x]
        flux = np.broadcast_to(stars.flux[chosen, None], x.shape)[good]
        if flux.size < DIRECTIONS:
            continue
        # Around 0, not around the median: a ring that all stars share is an error of the profile too.
        left = residual[y, x][good] / flux
        scatter = robust_sigma(np.concatenate([left, -left]).astype(np.float32))
        quiet = float(np.median(noise[y, x][good] / flux))
        share[k] = math.sqrt(max(scatter * scatter - quiet * quiet, 0.0))
    return ProfileError(share, int(chosen.size))


@njit(**KERNEL)
def _add_variance(
    variance: Singles, x: Doubles, y: Doubles, flux: Doubles, share: Doubles, reach: Doubles
) -> None:
    """Add (share of the distance times flux) squared to each pixel within a star's reach."""
    ny, nx = variance.shape
    last = share.size - 1
    for n in range(x.size):
        r = reach[n]
        for py in range(max(0, int(math.ceil(y[n] - r))), min(ny - 1, int(math.floor(y[n] + r))) + 1):
            dy = py - y[n]
            for px in range(max(0, int(math.ceil(x[n] - r))), min(nx - 1, int(math.floor(x[n] + r))) + 1):
                dx = px - x[n]
                place = math.sqrt(dx * dx + dy * dy) / STEP_PIX
                k = int(place)
                if k >= last:
                    continue
                wrong = (share[k] + (place - k) * (share[k + 1] - share[k])) * flux[n]
                variance[py, px] += np.float32(wrong * wrong)


def variance_of(error: ProfileError, stars: Stars, shape: tuple[int, int], floor_dn: float) -> Singles:
    """Variance of each pixel of an image that the errors of the profile make, DN^2.

    Parameters
    ----------
    error : ProfileError
        As measured on the residual image for which the variance is wanted.
    stars : Stars
        All stars.
    shape : tuple of int
        (ny, nx) of the image.
    floor_dn : float
        Errors below this are left out, DN: most stars are faint.

    Returns
    -------
    float32 array (ny, nx)
    """
    variance = np.zeros(shape, np.float32)
    flux = np.maximum(stars.flux, 0.0)
    # The farthest distance at which the error, largest of all beyond, still passes the floor.
    envelope = np.maximum.accumulate(error.share[::-1])
    beyond = np.searchsorted(envelope, floor_dn / np.maximum(flux, 1e-3))
    reach = np.maximum(STEP_PIX * (error.share.size - beyond), 0.0)
    kept = np.flatnonzero((flux > 0.0) & (beyond < error.share.size))
    _add_variance(variance, stars.x[kept], stars.y[kept], flux[kept], error.share, reach[kept])
    return variance


@njit(**KERNEL)
def _sum_chi2(
    residual: Singles, variance: Singles, usable: Bools, circle: _Circle, chi2: Doubles, pixels: Integers
) -> None:
    """Sum up squares over variances of the pixels within a circle around each place."""
    ny, nx = residual.shape
    x, y, r = circle
    for n in range(x.size):
        total = 0.0
        count = 0
        for py in range(max(0, int(math.ceil(y[n] - r))), min(ny - 1, int(math.floor(y[n] + r))) + 1):
            dy = py - y[n]
            for px in range(max(0, int(math.ceil(x[n] - r))), min(nx - 1, int(math.floor(x[n] + r))) + 1):
                dx = px - x[n]
                if dx * dx + dy * dy <= r * r and usable[py, px]:
                    rest = float(residual[py, px])
                    total += rest * rest / variance[py, px]
                    count += 1
        chi2[n] = total
        pixels[n] = count


def chi_squared(
    residual: Singles, variance: Singles, usable: Bools, stars: Stars, radius_pix: float
) -> tuple[Doubles, Integers]:
    """Chi-squared of the pixels around each star, and how many they are.

    Parameters
    ----------
    residual : float32 array (ny, nx)
        Image minus all models, DN.
    variance : float32 array (ny, nx)
        All that a pixel's variance holds, DN^2, above 0 where usable.
    usable : bool array (ny, nx)
        Pixels that count.
    stars : Stars
        Places.
    radius_pix : float
        Of the disc around a star, pixels.

    Returns
    -------
    chi2 : float64 array (n,)
    pixels : int64 array (n,)
    """
    chi2, pixels = np.zeros(stars.x.size), np.zeros(stars.x.size, np.int64)
    _sum_chi2(residual, variance, usable, _Circle(stars.x, stars.y, radius_pix), chi2, pixels)
    return chi2, pixels
