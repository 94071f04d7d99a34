"""The light of galaxies on the frames of a band: drawn once, then taken away and given back as often as needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Integers, Singles
from app.instruments.bands import Band
from workers.reduction.frames.band import BandFrames
from workers.reduction.frames.looks import Looks
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
    pixel, size = frames.geometry.pixel_arcsec, frames.geometry.size_pix
    shining = [owner for owner, galaxy in enumerate(galaxies) if galaxy.flux_dn[band] > 0.0]
    if not shining:
        return Patches.none()
    faintest = DRAWN_SIGMA * usual / pixel**2
    reach = np.array([
        reach_arcsec(galaxies[k].shape, galaxies[k].flux_dn[band], faintest) / pixel for k in shining
    ])  # fmt: skip
    reach = np.clip(reach, LEAST_REACH_PIX, MOST_REACH_PIX)
    places = np.array([(galaxies[k].shape.x_arcsec, galaxies[k].shape.y_arcsec) for k in shining])
    # Looks of all at once: each search of its own inverts the matrices of all frames.
    looks = frames.looks(places[:, 0].copy(), places[:, 1].copy(), -float(reach.max()))
    number = np.repeat(np.arange(len(shining)), np.diff(looks.start))
    boxes, kept = _boxes(looks, reach[number], size)
    number, boxes = number[kept], boxes[:, kept]
    start = np.concatenate([[0], np.cumsum(boxes[2] * boxes[3])])
    light = np.empty(int(start[-1]), np.float32)
    frame, x, y = looks.frame[kept], looks.x_pix[kept], looks.y_pix[kept]
    for n, owner in enumerate(shining):
        galaxy = galaxies[owner]
        own = profiles.at(band, places[n, :1], places[n, 1:])[0]
        seen = own > 1e-4
        gaussians = gaussians_of(galaxy, band, (own[seen], WIDTHS_PIX[seen] ** 2), pixel)
        low, high = np.searchsorted(number, (n, n + 1))
        of = np.s_[low:high]
        model = galaxy.flux_dn[band], galaxy.shape.covariance(), gaussians
        _draw(model, looks.inverse[frame[of]], (x[of], y[of]), boxes[:, of].copy(), start[low:], light)
    owners = np.array(shining, np.int64)[number]
    top, left, rows, columns = boxes
    return Patches(owners, frame, top, left, rows, columns, start[:-1], light)


def _boxes(looks: Looks, reach: Doubles, size: int) -> tuple[Integers, Bools]:
    """Rectangles (top, left, rows, columns) of looks within a reach of galaxies, (4, n); which looks have any pixel."""
    place = np.stack([looks.y_pix, looks.x_pix])
    first = np.maximum(np.floor(place - reach), 0.0).astype(np.int64)
    last = np.minimum(np.ceil(place + reach) + 1.0, float(size)).astype(np.int64)
    kept = (last > first).all(axis=0)
    kept &= ((place >= -reach - 0.5) & (place < size - 0.5 + reach)).all(axis=0)
    return np.concatenate([first, last - first]), np.asarray(kept)


@njit(**KERNEL)
def _draw(
    model: tuple[float, Doubles, Mixture],
    inverse: Doubles,
    places: tuple[Doubles, Doubles],
    boxes: Integers,
    start: Integers,
    light: Singles,
) -> None:
    """Draw a galaxy (light, covariance, Gaussians) on its looks: the rectangles of `boxes`, from `start` on."""
    flux, covariance, gaussians = model
    most = 0
    for k in range(boxes.shape[1]):
        most = max(most, boxes[2, k] * boxes[3, k])
    x = np.empty(most)
    y = np.empty(most)
    drawn = np.empty(most)
    shape = np.empty(5)
    for k in range(boxes.shape[1]):
        a = inverse[k, 0, 0]
        b = inverse[k, 0, 1]
        c = inverse[k, 1, 0]
        d = inverse[k, 1, 1]
        xx, xy, yy = covariance[0], covariance[1], covariance[2]
        shape[0] = places[0][k]
        shape[1] = places[1][k]
        shape[2] = a * a * xx + 2.0 * a * b * xy + b * b * yy
        shape[3] = a * c * xx + (a * d + b * c) * xy + b * d * yy
        shape[4] = c * c * xx + 2.0 * c * d * xy + d * d * yy
        count = 0
        for j in range(boxes[0, k], boxes[0, k] + boxes[2, k]):
            for i in range(boxes[1, k], boxes[1, k] + boxes[3, k]):
                x[count] = i
                y[count] = j
                count += 1
        plain_light(x[:count], y[:count], shape, gaussians, drawn[:count])
        for p in range(count):
            light[start[k] + p] = flux * drawn[p]
