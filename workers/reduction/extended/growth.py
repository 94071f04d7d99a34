"""Light of an object in ellipses of growing size: what isophotal, Kron and half-light measures are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Singles
from workers.reduction.extended.shape import Cutout
from workers.reduction.kernels.compiled import KERNEL

STEP_ARCSEC = 0.5
FINE_ARCSEC = 25.0  # pixels within are divided into 10 x 10: edges count to 1e-3 of the light
PARTS = 10


@njit(**KERNEL)
def _add_light(
    image: Singles, usable: Bools, place: tuple[float, float], turn: tuple[float, float, float], out: Doubles
) -> None:
    """Sum light, area and missing area (3, steps) by semi-major axis; `turn` is cosine, sine and axis ratio."""
    rows, columns = image.shape
    cosine, sine, ratio = turn
    steps = out.shape[1]
    for y in range(rows):
        for x in range(columns):
            dx = x - place[0]
            dy = y - place[1]
            along = dx * cosine + dy * sine
            across = (dy * cosine - dx * sine) / ratio
            r = math.sqrt(along * along + across * across)
            if r > (steps + 2) * STEP_ARCSEC:
                continue
            parts = PARTS if r < FINE_ARCSEC + 2.0 / ratio else 1
            share = 1.0 / (parts * parts)
            for b in range(parts):
                for a in range(parts):
                    px = dx + (a + 0.5) / parts - 0.5
                    py = dy + (b + 0.5) / parts - 0.5
                    along = px * cosine + py * sine
                    across = (py * cosine - px * sine) / ratio
                    k = int(math.sqrt(along * along + across * across) / STEP_ARCSEC)
                    if k >= steps:
                        continue
                    if usable[y, x]:
                        out[0, k] += share * image[y, x]
                        out[1, k] += share
                    else:
                        out[2, k] += share


@dataclass(frozen=True)
class Growth:
    """Light of an object by semi-major axis.

    Attributes
    ----------
    radius_arcsec : float64 array (n + 1,)
        Semi-major axes, from 0 in steps of half an arcsecond.
    light_dn : float64 array (n + 1,)
        Within each, sky subtracted; pixels without data count as the others of their ring.
    area : float64 array (n + 1,)
        Within each, square arcsec.
    surface_dn : float64 array (n,)
        Mean light a square arcsecond between two; NaN without data.
    missing : float64 array (n + 1,)
        Share of the area within each that has no data.
    """

    radius_arcsec: Doubles
    light_dn: Doubles
    area: Doubles
    surface_dn: Doubles
    missing: Doubles

    def within(self, radius_arcsec: float) -> float:
        """Light within a semi-major axis, DN; NaN beyond the last."""
        return self._at(self.light_dn, radius_arcsec)

    def area_within(self, radius_arcsec: float) -> float:
        """Area within a semi-major axis, square arcsec; NaN beyond the last."""
        return self._at(self.area, radius_arcsec)

    def missing_within(self, radius_arcsec: float) -> float:
        """Share of the area within a semi-major axis that has no data; NaN beyond the last."""
        return self._at(self.missing, radius_arcsec)

    def _at(self, values: Doubles, radius: float) -> float:
        return float(np.interp(radius, self.radius_arcsec, values, right=np.nan))

    def isophote_arcsec(self, level_dn: float) -> float:
        """Semi-major axis at which the light falls below a surface brightness; NaN if it is nowhere above.

        Means of three rings are compared: single ones are as noisy as their few pixels.

        Parameters
        ----------
        level_dn : float
            DN a square arcsecond.
        """
        ring = np.diff(self.area)
        weight = np.convolve(ring, np.ones(3), mode="same")
        with np.errstate(invalid="ignore", divide="ignore"):
            smooth = np.convolve(np.nan_to_num(self.surface_dn) * ring, np.ones(3), mode="same") / weight
        below = np.flatnonzero(~(smooth > level_dn))
        if not smooth[0] > level_dn:
            return float("nan")
        if not below.size:
            return float("nan")
        k = int(below[0])
        high, low = smooth[k - 1], smooth[k]
        if low > 0.0:
            part = float(np.log(high / level_dn) / np.log(high / low))
        else:
            part = float((high - level_dn) / (high - low))
        middle = 0.5 * (self.radius_arcsec[k - 1] + self.radius_arcsec[k])
        return float(middle + part * STEP_ARCSEC)

    def share_arcsec(self, light_dn: float) -> float:
        """Semi-major axis within which a light lies first; NaN where it never does.

        Parameters
        ----------
        light_dn : float
            The light, DN.
        """
        reached = np.flatnonzero(self.light_dn >= light_dn)
        if not reached.size or not light_dn > 0.0:
            return float("nan")
        k = int(reached[0])
        low, high = self.light_dn[k - 1], self.light_dn[k]
        return float(self.radius_arcsec[k - 1] + STEP_ARCSEC * (light_dn - low) / (high - low))

    def first_moment_arcsec(self, radius_arcsec: float) -> float:
        """Kron's first moment of the light within a semi-major axis (Kron 1980); NaN where there is no light.

        Parameters
        ----------
        radius_arcsec : float
            How far the sums go.
        """
        inside = self.radius_arcsec[1:] <= radius_arcsec
        middle = 0.5 * (self.radius_arcsec[1:] + self.radius_arcsec[:-1])[inside]
        light = np.diff(self.light_dn)[inside]
        total = float(light.sum())
        return float((middle * light).sum() / total) if total > 0.0 else float("nan")


def growth_of(
    part: Cutout, sky_dn: float, axis_ratio: float, angle_deg: float, largest_arcsec: float
) -> Growth:
    """Measure the light of an object in ellipses.

    Parameters
    ----------
    part : Cutout
        The object's part of an image, 1" pixels.
    sky_dn : float
        Level of the sky.
    axis_ratio : float
        Of the ellipses; 1 for circles.
    angle_deg : float
        Of their major axis, from +x to +y of the window.
    largest_arcsec : float
        Semi-major axis of the last.

    Examples
    --------
    >>> image = np.full((61, 61), 3.0, np.float32)
    >>> growth = growth_of(Cutout(image, image > 0.0, 30.0, 30.0), 2.0, 0.5, 20.0, 20.0)
    >>> round(growth.within(10.0) / (np.pi * 10.0 * 5.0), 3)
    1.0
    """
    steps = max(1, round(largest_arcsec / STEP_ARCSEC))
    turn = math.radians(angle_deg)
    sums = np.zeros((3, steps))
    _add_light(part.image, part.usable, (part.x, part.y), (math.cos(turn), math.sin(turn), axis_ratio), sums)
    light, seen, lost = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        surface = np.where(seen > 0.0, light / seen - sky_dn, np.nan)
    ring = seen + lost
    whole = np.nan_to_num(surface) * ring
    area = np.concatenate([[0.0], np.cumsum(ring)])
    missing = np.concatenate([[0.0], np.cumsum(lost)]) / np.maximum(area, 1e-9)
    radius = STEP_ARCSEC * np.arange(steps + 1)
    inside = np.concatenate([[0.0], np.cumsum(whole)])
    return Growth(*(np.asarray(values, np.float64) for values in (radius, inside, area, surface, missing)))
