"""The light of galaxies on the frames of a band: drawn once, then taken away and given back as often as needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Doubles, Integers, Singles
from app.instruments.bands import Band
from workers.reduction.frames.band import BandFrames
from workers.reduction.frames.values import FrameArrays
from workers.reduction.galaxies.local_profile import WIDTHS_PIX, LocalProfiles
from workers.reduction.galaxies.mixtures import Mixture, mixture, with_core
from workers.reduction.galaxies.model import plain_light
from workers.reduction.galaxies.sersic import CUT_RADII, WIDTHS, sersic_shares
from workers.reduction.galaxies.values import CORE_SIGMAS_ARCSEC, Galaxy, Shape
from workers.reduction.kernels.compiled import KERNEL

DRAWN_SIGMA = 0.1
"""Light is drawn as far as it exceeds this share of a frame's noise a pixel, as wings of stars are."""
LEAST_REACH_PIX, MOST_REACH_PIX = 5.0, 160.0


class Patches(NamedTuple):
    """Light of galaxies on frames, a rectangle a look; each (n,), light flat.

    Attributes
    ----------
    owner, frame : int64
        Index of the galaxy, and of the frame.
    top, left, rows, columns : int64
        The rectangle on the frame.
    start : int64
        First element of the rectangle in `light`.
    light : float32 (pixels,)
        DN.
    """

    owner: Integers
    frame: Integers
    top: Integers
    left: Integers
    rows: Integers
    columns: Integers
    start: Integers
    light: Singles

    @classmethod
    def none(cls) -> Patches:
        """No galaxy."""
        n = np.zeros(0, np.int64)
        return cls(n, n, n, n, n, n, n, np.zeros(0, np.float32))

    def of(self, owner: int) -> Patches:
        """Return the patches of one galaxy."""
        chosen = self.owner == owner
        own, frame, top, left, rows, columns, start = (values[chosen] for values in self[:7])
        return Patches(own, frame, top, left, rows, columns, start, self.light)


@njit(**KERNEL)
def _subtract(frames: FrameArrays, patches: Patches, sign: float) -> None:
    for k in range(patches.frame.size):
        i = patches.frame[k]
        n = patches.start[k]
        for y in range(patches.top[k], patches.top[k] + patches.rows[k]):
            for x in range(patches.left[k], patches.left[k] + patches.columns[k]):
                if frames.flags[i, y, x] == 0:
                    frames.pixels_dn[i, y, x] -= np.float32(sign) * patches.light[n]
                n += 1


def subtract_patches(residual: FrameArrays, patches: Patches, *, back: bool = False) -> None:
    """Take galaxies away from residual frames in place, or give them back; flagged pixels stay 0.

    Parameters
    ----------
    residual : FrameArrays
        Residual frames of the band that the patches were drawn for.
    patches : Patches
        From `draw_galaxies`.
    back : bool
        Whether the light is given back.
    """
    if patches.frame.size:
        _subtract(residual, patches, -1.0 if back else 1.0)


def reach_arcsec(shape: Shape, flux_dn: float, faintest_dn: float) -> float:
    """Semi-major axis at which a galaxy falls to a surface brightness (DN a square arcsec), at most its model's cut.

    Parameters
    ----------
    shape : Shape
        Of the galaxy.
    flux_dn : float
        All its light.
    faintest_dn : float
        The surface brightness.
    """
    b = 2.0 * shape.index - 1.0 / 3.0
    # Over the mean within the half-light ellipse the rim has 1 / 1.9 for a disc, 1 / 3.6 for an r^1/4 bulge.
    rim = 0.5 * flux_dn / (math.pi * shape.radius_arcsec**2) / np.interp(shape.index, [1.0, 4.0], [1.9, 3.6])
    if not rim > 0.0:
        return 0.0
    power = 1.0 + math.log(rim / faintest_dn) / b
    return float(shape.semi_major_arcsec * min(max(power, 0.0) ** shape.index, CUT_RADII))


def gaussians_of(
    galaxy: Galaxy, band: Band, profile: tuple[Doubles, Doubles], pixel_arcsec: float
) -> Mixture:
    """Gaussians of a galaxy of one DN behind a point-spread function, its core among them.

    Parameters
    ----------
    galaxy : Galaxy
        The galaxy.
    band : Band
        Its core is that of this band.
    profile : (shares, variances), float64 arrays (k,)
        Of the Gaussians of the point-spread function, square pixels.
    pixel_arcsec : float
        Side of a pixel.
    """
    shares, slopes = sersic_shares(galaxy.shape.log_index)
    gaussians = mixture(shares, slopes, WIDTHS, profile, galaxy.shape.radius_arcsec / pixel_arcsec)
    if not galaxy.core:
        return gaussians
    variance = (np.array(CORE_SIGMAS_ARCSEC) / pixel_arcsec) ** 2
    return with_core(gaussians, profile, np.array(galaxy.core_of(band)), variance)


def draw_galaxies(
    galaxies: Sequence[Galaxy], band: Band, frames: BandFrames, profiles: LocalProfiles
) -> Patches:
    """Draw galaxies on all looks of a band.

    Parameters
    ----------
    galaxies : sequence of Galaxy
        Of the scan.
    band : Band
        The band that is drawn.
    frames : BandFrames
        Its frames.
    profiles : LocalProfiles
        Point-spread functions of the scan.
    """
    noise = frames.frames.noise_dn
    usual = float(np.median(noise[noise > 0.0])) if (noise > 0.0).any() else 1.0
    pixel = frames.geometry.pixel_arcsec
    rows: list[tuple[int, ...]] = []
    light: list[Singles] = []
    start = 0
    for owner, galaxy in enumerate(galaxies):
        flux, shape = galaxy.flux_dn[band], galaxy.shape
        if not flux > 0.0:
            continue
        reach = reach_arcsec(shape, flux, DRAWN_SIGMA * usual / pixel**2) / pixel
        reach = min(max(reach, LEAST_REACH_PIX), MOST_REACH_PIX)
        x, y = np.array([shape.x_arcsec]), np.array([shape.y_arcsec])
        looks = frames.looks(x, y, -reach)
        own = profiles.at(band, x, y)[0]
        kept = own > 1e-4
        gaussians = gaussians_of(galaxy, band, (own[kept], WIDTHS_PIX[kept] ** 2), pixel)
        for k in range(looks.frame.size):
            frame = int(looks.frame[k])
            place = float(looks.x_pix[k]), float(looks.y_pix[k])
            box, drawn = _patch(
                shape, looks.inverse[frame], place, reach, (gaussians, frames.geometry.size_pix)
            )
            if not drawn.size:
                continue
            rows.append((owner, frame, *box, start))
            light.append((flux * drawn).astype(np.float32))
            start += drawn.size
    if not rows:
        return Patches.none()
    table = np.ascontiguousarray(np.array(rows, np.int64).T)
    return Patches(
        table[0], table[1], table[2], table[3], table[4], table[5], table[6], np.concatenate(light)
    )


def _patch(
    shape: Shape,
    inverse: Doubles,
    place: tuple[float, float],
    reach: float,
    model: tuple[Mixture, int],
) -> tuple[tuple[int, int, int, int], Doubles]:
    """Light of one DN on a look: its rectangle (top, left, rows, columns) and its pixels, flat."""
    gaussians, size = model
    left, top = (max(0, math.floor(p - reach)) for p in place)
    right, bottom = (min(size, math.ceil(p + reach) + 1) for p in place)
    if right <= left or bottom <= top:
        return (0, 0, 0, 0), np.zeros(0)
    xx, xy, yy = shape.covariance()
    covariance = inverse @ np.array([[xx, xy], [xy, yy]]) @ inverse.T
    x, y = (a.ravel() for a in np.meshgrid(np.arange(left, right) * 1.0, np.arange(top, bottom) * 1.0))
    out = np.empty(x.size)
    plain_light(
        x, y, np.array([*place, covariance[0, 0], covariance[0, 1], covariance[1, 1]]), gaussians, out
    )
    return (top, left, bottom - top, right - left), out
