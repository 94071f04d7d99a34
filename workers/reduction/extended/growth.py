"""Light of an object in ellipses of growing size: what isophotal, Kron and half-light measures are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Bools, Doubles, Singles
from workers.reduction.extended.shape import Cutout
from workers.reduction.kernels.compiled import KERNEL

STEP_ARCSEC = 0.5
FINE_ARCSEC = 25.0  # pixels within are divided into 10 x 10: edges count to 1e-3 of the light
PARTS = 10


@njit(**KERNEL, inline="always")
def _put(out: Doubles, ring: int, light: float, seen: float, lost: float) -> None:
    """Add light, area and missing area to a ring."""
    # Signed indices are tested for being negative at every step.
    k = np.uint64(ring)
    out[0, k] += light
    out[1, k] += seen
    out[2, k] += lost


@njit(**KERNEL, inline="always")
def _square(offsets: Doubles, part: int) -> float:
    """Square of the offset of a part."""
    return float(offsets[0, part] * offsets[0, part] + offsets[1, part] * offsets[1, part])


@njit(**KERNEL, inline="always")
def _put_parts(
    out: Doubles, at: tuple[float, float], offsets: Doubles, square: Doubles, pixel: tuple[float, float]
) -> None:
    """Add the parts of a pixel (light, and 1 with data) at (along, across), in steps, to their rings.

    They are counted ring by ring in loops over whole vectors.
    """
    for p in range(square.size):
        along = at[0] + offsets[0, p]
        across = at[1] + offsets[1, p]
        square[p] = along * along + across * across
    # Two neighbouring corners: the parts farthest from the middle are these, or lie opposite.
    middle = math.sqrt(at[0] * at[0] + at[1] * at[1])
    extent = math.sqrt(max(_square(offsets, 0), _square(offsets, PARTS - 1)))
    k = int(max(middle - extent, 0.0))
    farthest = (middle + extent) * (middle + extent)
    before = 0
    while before < square.size and k < out.shape[1]:
        edge = (k + 1.0) * (k + 1.0)
        inside = square.size
        if edge <= farthest:
            inside = 0
            for p in range(square.size):
                inside += square[p] < edge
        share = (inside - before) / square.size
        _put(out, k, share * pixel[0] * pixel[1], share * pixel[1], share * (1.0 - pixel[1]))
        before = inside
        k += 1


@njit(**KERNEL, inline="always")
def _put_row(
    out: Doubles, image: Singles, usable: Bools, y: int, ring: NDArray[np.int32], first: int
) -> None:
    """Add the pixels of a row, from column `first` on, to their rings, but those of ring -1.

    Neighbours in one ring are added up before: sums in memory that follow each other wait for each other.
    """
    last = ring[0]
    light = 0.0
    seen = 0.0
    count = 0.0
    for n in range(ring.size):
        if ring[n] != last:
            if last >= 0:
                _put(out, last, light, seen, count - seen)
            last = ring[n]
            light = 0.0
            seen = 0.0
            count = 0.0
        known = 1.0 if usable[y, first + n] else 0.0
        light += known * image[y, first + n]
        seen += known
        count += 1.0
    if last >= 0:
        _put(out, last, light, seen, count - seen)


@njit(**KERNEL)
def _part_offsets(cosine: float, sine: float, ratio: float) -> Doubles:
    """Offsets of the parts of a pixel from its middle, along and across the ellipse; (2, 100)."""
    out = np.empty((2, PARTS * PARTS))
    for p in range(out.shape[1]):
        dx = (p % PARTS + 0.5) / PARTS - 0.5
        dy = (p // PARTS + 0.5) / PARTS - 0.5
        out[0, p] = dx * cosine + dy * sine
        out[1, p] = (dy * cosine - dx * sine) / ratio
    return out


@njit(**KERNEL)
def _add_light(
    image: Singles, usable: Bools, place: tuple[float, float], turn: tuple[float, float, float], out: Doubles
) -> None:
    """Sum light, area and missing area by semi-major axis; `turn` is cosine, sine and axis ratio.

    `out` is (3, steps + 1): what lies beyond the last ring goes to the last place.
    """
    x0, y0 = place
    # Along and across the ellipse in steps of its semi-major axis.
    cosine = turn[0] / STEP_ARCSEC
    sine = turn[1] / STEP_ARCSEC
    ratio = turn[2]
    steps = out.shape[1] - 1
    fine = (FINE_ARCSEC + 2.0 / ratio) / STEP_ARCSEC
    offsets = _part_offsets(cosine, sine, ratio)
    square = np.empty(offsets.shape[1])
    far = (steps + 1) * STEP_ARCSEC
    left = max(0, math.floor(x0 - far))
    ring = np.empty(max(1, min(image.shape[1], math.ceil(x0 + far) + 1) - left), np.int32)
    for y in range(max(0, math.floor(y0 - far)), min(image.shape[0], math.ceil(y0 + far) + 1)):
        dy = y - y0
        for n in range(ring.size):
            along = (left + n - x0) * cosine + dy * sine
            across = (dy * cosine - (left + n - x0) * sine) / ratio
            radius = math.sqrt(along * along + across * across)
            ring[n] = np.int32(-1) if radius < fine else np.int32(min(radius, float(steps)))
        _put_row(out, image, usable, y, ring, left)
        for n in range(ring.size):
            if ring[n] < 0:
                dx = left + n - x0
                at = dx * cosine + dy * sine, (dy * cosine - dx * sine) / ratio
                seen = 1.0 if usable[y, left + n] else 0.0
                _put_parts(out, at, offsets, square, (image[y, left + n], seen))


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
        """Interpolate between radii as `np.interp` does, which looks up evenly spaced ones for five times as long."""
        last = self.radius_arcsec.size - 1
        if not radius <= self.radius_arcsec[last]:
            return float("nan")
        k = min(max(int(radius / STEP_ARCSEC), 0), last - 1)
        low = float(values[k])
        return (float(values[k + 1]) - low) / STEP_ARCSEC * max(radius - k * STEP_ARCSEC, 0.0) + low

    @cached_property
    def _smooth(self) -> Doubles:
        """Mean light a square arcsecond of three rings each."""
        ring = np.diff(self.area)
        weight = np.convolve(ring, np.ones(3), mode="same")
        with np.errstate(invalid="ignore", divide="ignore"):
            smooth = np.convolve(np.nan_to_num(self.surface_dn) * ring, np.ones(3), mode="same") / weight
        return np.asarray(smooth)

    def isophote_arcsec(self, level_dn: float) -> float:
        """Semi-major axis at which the light falls below a surface brightness; NaN if it is nowhere above.

        Means of three rings are compared: single ones are as noisy as their few pixels.

        Parameters
        ----------
        level_dn : float
            DN a square arcsecond.
        """
        smooth = self._smooth
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
    sums = np.zeros((3, steps + 1))
    _add_light(part.image, part.usable, (part.x, part.y), (math.cos(turn), math.sin(turn), axis_ratio), sums)
    light, seen, lost = sums[:, :steps]
    with np.errstate(invalid="ignore", divide="ignore"):
        surface = np.where(seen > 0.0, light / seen - sky_dn, np.nan)
    ring = seen + lost
    whole = np.nan_to_num(surface) * ring
    area = np.concatenate([[0.0], np.cumsum(ring)])
    missing = np.concatenate([[0.0], np.cumsum(lost)]) / np.maximum(area, 1e-9)
    radius = STEP_ARCSEC * np.arange(steps + 1)
    inside = np.concatenate([[0.0], np.cumsum(whole)])
    return Growth(*(np.asarray(values, np.float64) for values in (radius, inside, area, surface, missing)))
