"""Saturated stars beside a candidate: their cores and spikes are no pixels, their wings are columns of its fit.

The first look has no peak of a star that saturates all bands, so that nothing else stood for its light: models of
galaxies beside it became models of its wing (decision 0041).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Integers
from app.instruments.bands import Band
from workers.reduction.galaxies.values import Pixels
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.kernels.pairs import close_pairs
from workers.reduction.profile.radial import APERTURE_PIX, profile_of
from workers.reduction.profile.table import WING_REACH_PIX, FramePsf
from workers.reduction.saturated.stars import Saturated

SAME_ARCSEC = 1.0  # a star has nearly the same place in all bands
STEP_ARCSEC, FARTHEST_ARCSEC = 0.25, 120.0  # of the table of wings
WING_POWER = 11.0 / 3.0  # by which light falls beyond the table of the profile
MOST_STARS = 4  # of a window: those whose wings are brightest at its middle
LEAST_WING = 0.03  # of the scatter of a pixel: fainter wings are a sky that slopes
WING_ERROR = 0.1  # of the light of a wing: the profile is that of fainter stars in the middle of the array
# Spikes lie along rows and columns. A square arcsec of them has .008 / r^2 of the star's light, less where it is faint:
# of a star of Ks 7.0, 200,000 DN, some 8 DN at 10", where pixels scatter by 1.9 DN (as if they were independent). They
# are left out as far as they are as bright as that scatter.
SPIKE_HALF_ARCSEC, SPIKE_SHARE, LONGEST_SPIKE_ARCSEC = 2.5, 0.008, 45.0


class BrightStars(NamedTuple):
    """Stars that saturate a band or more, in the order of y.

    Attributes
    ----------
    places : float64 array (n, 2)
        U-scan, arcsec.
    reach_arcsec : float64 array (n,)
        Within it pixels tell nothing.
    light_dn : float64 array (n,)
        In the weighted sum of the bands.
    wing : float64 array (m,)
        Light of one DN of the sum a square arcsec, every .25" from a star.
    """

    places: Doubles
    reach_arcsec: Doubles
    light_dn: Doubles
    wing: Doubles

    def near(self, place: tuple[float, float], half: float) -> Integers:
        """Stars whose cores or spikes may lie in a window, in the order of y.

        Parameters
        ----------
        place : (float, float)
            U-scan place of its middle, arcsec.
        half : float
            Half a side, arcsec.
        """
        far = half + LONGEST_SPIKE_ARCSEC
        low, high = np.searchsorted(self.places[:, 1], (place[1] - far, place[1] + far))
        chosen = np.arange(low, high)
        return np.asarray(chosen[np.abs(self.places[low:high, 0] - place[0]) < far])

    def within(self, x_arcsec: Doubles, y_arcsec: Doubles, chosen: Integers) -> Bools:
        """Which U-scan places lie within the reach of stars, (m,).

        Parameters
        ----------
        x_arcsec, y_arcsec : float64 arrays (m,)
            The places.
        chosen : int64 array (k,)
            Stars, as of `near`.
        """
        dx = x_arcsec[:, None] - self.places[chosen, 0]
        dy = y_arcsec[:, None] - self.places[chosen, 1]
        return np.asarray((dx * dx + dy * dy < self.reach_arcsec[chosen] ** 2).any(axis=1))

    def cut(self, mask: Bools, corner: tuple[float, float], chosen: Integers, sigma_dn: float) -> None:
        """Mark the pixels of cores and spikes.

        Parameters
        ----------
        mask : bool array (rows, columns)
            Changed.
        corner : (float, float)
            U-scan place of its first pixel, arcsec.
        chosen : int64 array (k,)
            Stars, as of `near`.
        sigma_dn : float
            Scatter of a pixel of the sum of the bands.
        """
        spike = np.sqrt(SPIKE_SHARE * np.maximum(self.light_dn[chosen], 0.0) / sigma_dn)
        spike = np.minimum(spike, LONGEST_SPIKE_ARCSEC)
        places = self.places[chosen] - corner
        _cut(mask, places, self.reach_arcsec[chosen], spike)

    def beside(
        self, pixels: Pixels, place: tuple[float, float], chosen: Integers, sigma_dn: float, share: float
    ) -> Pixels:
        """Pixels with a column for the wing of each star that shines there, whose error is noise.

        Parameters
        ----------
        pixels : Pixels
            Their places are from `place`; columns of the sky alone.
        place : (float, float)
            U-scan, arcsec.
        chosen : int64 array (k,)
            Stars, as of `near`.
        sigma_dn : float
            Scatter of a pixel of the sum of the bands.
        share : float
            Light in these pixels over that in the sum of the bands.
        """
        places = self.places[chosen] - place
        steps = np.minimum(np.hypot(*places.T) / STEP_ARCSEC, self.wing.size - 1.0).astype(np.int64)
        middle = self.light_dn[chosen] * self.wing[steps]
        order = np.argsort(-middle, kind="stable")[:MOST_STARS]
        order = order[middle[order] > LEAST_WING * sigma_dn]
        if not order.size:
            return pixels
        count = pixels.linear.shape[0]
        linear = np.empty((count + order.size, pixels.x.size))
        linear[:count] = pixels.linear
        _draw(pixels.x, pixels.y, places[order], self.wing, linear[count:])
        light = share * self.light_dn[chosen[order]]
        error = np.zeros(pixels.x.size)
        for own, column in zip(light.tolist(), linear[count:], strict=True):
            error += own * column
        error *= WING_ERROR
        return pixels._replace(linear=linear, weight=1.0 / (1.0 / pixels.weight + error * error))


@njit(**KERNEL)
def _cut(mask: Bools, places: Doubles, reach: Doubles, spike: Doubles) -> None:
    """Mark cores, and the arms of crosses."""
    rows, columns = mask.shape
    for s in range(reach.size):
        far = max(reach[s], spike[s])
        x = places[s, 0]
        y = places[s, 1]
        for j in range(max(0, int(y - far)), min(rows, int(y + far) + 2)):
            b = abs(j - y)
            for i in range(max(0, int(x - far)), min(columns, int(x + far) + 2)):
                a = abs(i - x)
                core = a * a + b * b < reach[s] * reach[s]
                arm = min(a, b) < SPIKE_HALF_ARCSEC and max(a, b) < spike[s]
                if core or arm:
                    mask[j, i] = True


@njit(**KERNEL)
def _draw(x: Doubles, y: Doubles, places: Doubles, wing: Doubles, out: Doubles) -> None:
    """Light of stars of one DN at pixels, (stars, n)."""
    last = wing.size - 2
    for s in range(places.shape[0]):
        for p in range(x.size):
            dx = x[p] - places[s, 0]
            dy = y[p] - places[s, 1]
            step = math.sqrt(dx * dx + dy * dy) / STEP_ARCSEC
            k = min(int(step), last)
            part = min(step - k, 1.0)
            out[s, p] = wing[k] + part * (wing[k + 1] - wing[k])


def wing_of(psf: FramePsf, pixel_arcsec: float) -> Doubles:
    """Light of a star of one DN a square arcsec, every .25" from it, (480,).

    Parameters
    ----------
    psf : FramePsf
        Of a band.
    pixel_arcsec : float
        Side of its pixels.
    """
    radius = STEP_ARCSEC * np.arange(round(FARTHEST_ARCSEC / STEP_ARCSEC))
    profile = profile_of(psf, WING_REACH_PIX)
    share = profile.at(np.maximum(radius / pixel_arcsec, profile.radius_pix[0]))
    end = int(np.flatnonzero(share > 0.0)[-1])
    share[end:] = share[end] * (radius[end:] / radius[end]) ** -WING_POWER
    return np.asarray(share * psf.aperture_share(APERTURE_PIX) / pixel_arcsec**2)


def _once(places: Doubles, light: Doubles) -> Integers:
    """Rows of stars that stand in several bands, each once: the brightest row."""
    rank = np.empty(light.size, np.int64)
    rank[np.lexsort((places[:, 0], places[:, 1], -light))] = np.arange(light.size)
    pairs = close_pairs(places, SAME_ARCSEC)
    first = rank[pairs[:, 0]] < rank[pairs[:, 1]]
    brighter, fainter = np.where(first, pairs.T, pairs.T[::-1])
    gone = np.zeros(light.size, np.bool_)
    # A row that is gone itself takes none with it: of each row those above it are through by then.
    for k in np.argsort(rank[brighter], kind="stable").tolist():
        gone[fainter[k]] |= not gone[brighter[k]]
    return np.flatnonzero(~gone)


def bright_stars(
    saturated: Mapping[Band, Saturated],
    psfs: Mapping[Band, FramePsf],
    pixel_arcsec: float,
    weights: Mapping[Band, float],
    usual_light: Mapping[Band, float],
) -> BrightStars:
    """Stars that saturate bands, each once.

    Parameters
    ----------
    saturated : mapping of Band to Saturated
        Stars that saturate a band.
    psfs : mapping of Band to FramePsf
        Of the bands.
    pixel_arcsec : float
        Side of a frame's pixel.
    weights, usual_light : mapping of Band to float
        What each band counts in the sum, and light of a usual galaxy: a band that a star does not saturate has as much
        of it as that which it does.
    """
    own = {band: weights[band] * usual_light[band] for band in saturated}
    whole = sum(own.values())
    wing = np.asarray(sum(own[b] / whole * wing_of(psfs[b], pixel_arcsec) for b in saturated))
    places = np.concatenate([part.stars.places() for part in saturated.values()])
    reach = np.concatenate([part.reach_arcsec for part in saturated.values()])
    light = np.concatenate(
        [part.stars.flux_dn * whole / usual_light[band] for band, part in saturated.items()]
    )
    order = _once(places, light)
    order = order[np.lexsort((places[order, 0], places[order, 1]))]
    return BrightStars(places[order], reach[order], light[order], wing)
