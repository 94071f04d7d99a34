"""The coadds of a scan as the search for galaxies sees them: windows of one band, and of all bands added up."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Singles
from app.instruments.bands import Band
from workers.reduction.frames.grid import LOOKS, StripGrid
from workers.reduction.frames.products import AtlasImage
from workers.reduction.galaxies.values import LIGHT_ERROR, Pixels
from workers.reduction.kernels.compiled import KERNEL, PLAIN, select

# Usual colours of nearby galaxies (Jarrett 2000) weigh the bands: J-Ks 1.0, H-Ks 0.3.
COLOURS_MAG: Mapping[Band, float] = {Band.J: 1.0, Band.H: 0.3, Band.K: 0.0}
FINE_ARCSEC, MIDDLE_ARCSEC, COARSE_ARCSEC = 12.0, 30.0, 100.0  # single pixels, squares of 2, 4 and 8 beyond
SLOPE_ARCSEC = 30.0  # by which a sky of level 1 and slope 1 rises by 1


@dataclass(frozen=True)
class BandCoadd:
    """The coadd of a band.

    Attributes
    ----------
    images : tuple of (first row, AtlasImage)
        In the order of rows.
    noise_dn : float
        Scatter of a pixel of a frame, DN: what is independent.
    gain : float
        Electrons a DN.
    zero_point_mag : float
        Magnitude of 1 DN, mean of the images.
    """

    images: tuple[tuple[int, AtlasImage], ...]
    noise_dn: float
    gain: float
    zero_point_mag: float

    @cached_property
    def _bounds(self) -> list[tuple[int, int, AtlasImage]]:
        """First row of each image, and the one after its last."""
        return [(first, first + image.pixels_dn.shape[0], image) for first, image in self.images]

    def window(self, top: int, left: int, side: int) -> tuple[Singles, Singles]:
        """Light (side, side), NaN without data, and number of looks, six where an image does not say.

        Parameters
        ----------
        top, left : int
            First row and column on the grid of the strip.
        side : int
            Of the window, pixels.
        """
        light = np.full((side, side), np.nan, np.float32)
        looks = np.zeros((side, side), np.float32)
        for first, end, image in self._bounds:
            if first >= top + side or end <= top:
                continue
            rows, columns = image.pixels_dn.shape
            low, high = max(top, first), min(top + side, first + rows)
            a, b = max(left, 0), min(left + side, columns)
            if low >= high or a >= b:
                continue
            source = np.s_[low - first : high - first, a:b]
            target = np.s_[low - top : high - top, a - left : b - left]
            light[target] = image.pixels_dn[source]
            coverage = image.coverage
            looks[target] = LOOKS if coverage is None else coverage[source]
        return light, looks


@dataclass(frozen=True)
class Window:
    """A piece of a coadd with the variance of its pixels; arrays (side, side).

    Attributes
    ----------
    light : float64
        A square arcsecond, DN; NaN without data.
    variance : float64
        Of that, as if pixels were independent: right for sums of several.
    x_arcsec, y_arcsec : float
        U-scan place of the first pixel.
    """

    light: Doubles
    variance: Doubles
    x_arcsec: float
    y_arcsec: float

    def pixels(self, place: tuple[float, float], radius: float, masked: Bools) -> Pixels:
        """Pixels within a radius, farther ones in squares of 2, 4 and 8; places from `place`, sky columns alone.

        Parameters
        ----------
        place : (float, float)
            U-scan, arcsec.
        radius : float
            Arcsec.
        masked : bool array (side, side)
            Pixels that do not count.
        """
        out = np.empty((8, self.light.size))
        corner = self.x_arcsec - place[0], self.y_arcsec - place[1]
        count = _all_squares((self.light, self.variance, masked), corner, float(radius), out)
        x, y, value, weight, size = (row[:count].copy() for row in out[:5])
        return Pixels(x, y, value, weight, size, out[5:, :count].copy())


@njit(**KERNEL)
def _squares(
    planes: tuple[Doubles, Doubles, Bools],
    corner: tuple[float, float],
    size: int,
    radii: tuple[float, float],
    count: int,
    out: Doubles,
) -> int:
    """Write squares of pixels whose middles lie between two radii, behind `count` others; how many there are now.

    Rows of `out` are x, y, value, weight and size; `corner` is the first pixel's place.
    """
    light, variance, masked = planes
    n = light.shape[0] // size
    for j in range(n):
        y = corner[1] + j * size + 0.5 * (size - 1)
        for i in range(n):
            x = corner[0] + i * size + 0.5 * (size - 1)
            r = math.sqrt(x * x + y * y)
            if r < radii[0] or r >= radii[1]:
                continue
            weight = 0.0
            value = 0.0
            for b in range(j * size, (j + 1) * size):
                for a in range(i * size, (i + 1) * size):
                    if not masked[b, a] and np.isfinite(light[b, a]):
                        w = 1.0 / variance[b, a]
                        weight += w
                        value += w * light[b, a]
            if weight > 0.0:
                out[0, count] = x
                out[1, count] = y
                out[2, count] = value / weight
                out[3, count] = weight
                out[4, count] = size
                count += 1
    return count


@njit(**PLAIN)
def _sky_columns(out: Doubles, count: int) -> None:
    """Fill in the columns of a plane, rows 5 to 7, at the places of rows 0 and 1."""
    for k in range(count):
        out[5, k] = 1.0
        out[6, k] = out[0, k] / SLOPE_ARCSEC
        out[7, k] = out[1, k] / SLOPE_ARCSEC


@njit(**KERNEL)
def _all_squares(
    planes: tuple[Doubles, Doubles, Bools], corner: tuple[float, float], radius: float, out: Doubles
) -> int:
    """Write the pixels within a radius, as of `_squares`, and the columns of a sky; their number."""
    count = 0
    for k in range(4):
        size = 1 << k
        low = (0.0, FINE_ARCSEC, MIDDLE_ARCSEC, COARSE_ARCSEC)[k]
        high = (FINE_ARCSEC, MIDDLE_ARCSEC, COARSE_ARCSEC, 1e9)[k]
        if radius > low:
            count = _squares(planes, corner, size, (low, min(high, radius)), count, out)
    _sky_columns(out, count)
    return count


@njit(**KERNEL)
def _level(light: Singles) -> float:
    """Median of the pixels of a window with data; infinite without any."""
    known = np.empty(light.size, np.float32)
    count = 0
    for v in light.flat:
        if np.isfinite(v):
            known[count] = v
            count += 1
    if count == 0:
        return np.inf
    upper = np.float64(select(known, count, count // 2))
    if count % 2:
        return upper
    # What lies below the median is in front of it now.
    return 0.5 * (np.float64(select(known, count // 2, count // 2 - 1)) + upper)


@njit(**KERNEL)
def _weigh(
    light: Singles,
    looks: Singles,
    middle: float,
    errors: tuple[float, float],
    out: tuple[Doubles, Doubles],
) -> None:
    """Light and variance of the pixels of a window: NaN and infinite without data.

    `middle` is the level of the sky; `errors` are the variance of a look and of a DN of light above that, which is told
    by means of 3 x 3 pixels, those without data as nothing; at the edge the last pixels go on.
    """
    side = light.shape[0]
    clean = np.empty((side + 2, side + 2))
    for y in range(side + 2):
        row = min(max(y - 1, 0), side - 1)
        for x in range(side + 2):
            v = light[row, min(max(x - 1, 0), side - 1)]
            clean[y, x] = 0.0 if np.isnan(v) else v
    for y in range(side):
        for x in range(side):
            total = clean[y, x] + clean[y, x + 1] + clean[y, x + 2]
            total += clean[y + 1, x] + clean[y + 1, x + 1] + clean[y + 1, x + 2]
            total += clean[y + 2, x] + clean[y + 2, x + 1] + clean[y + 2, x + 2]
            excess = max(total / 9.0 - middle, 0.0)
            own = LIGHT_ERROR * excess
            seen = looks[y, x] > 0.0
            out[0][y, x] = light[y, x] if seen else np.nan
            variance = (errors[0] + errors[1] * excess) / max(looks[y, x], np.float32(1e-9)) + own * own
            out[1][y, x] = variance if seen else np.inf


@njit(**KERNEL)
def cut_discs(mask: Bools, x: Doubles, y: Doubles, radius: Doubles) -> None:
    """Mark the pixels within discs.

    Parameters
    ----------
    mask : bool array (rows, columns)
        Changed.
    x, y, radius : float64 arrays (n,)
        Middles and radii of the discs, pixels of the mask.
    """
    rows, columns = mask.shape
    for s in range(x.size):
        for j in range(max(0, int(y[s] - radius[s])), min(rows, int(y[s] + radius[s]) + 2)):
            for i in range(max(0, int(x[s] - radius[s])), min(columns, int(x[s] + radius[s]) + 2)):
                if (i - x[s]) * (i - x[s]) + (j - y[s]) * (j - y[s]) < radius[s] * radius[s]:
                    mask[j, i] = True


@dataclass(frozen=True)
class Coadds:
    """The coadds of all bands on one grid.

    Attributes
    ----------
    bands : dict of Band to BandCoadd
        At least one.
    grid : StripGrid
        Where their pixels lie.
    """

    bands: dict[Band, BandCoadd]
    grid: StripGrid

    @cached_property
    def weights(self) -> dict[Band, float]:
        """What each band counts in the sum of the bands: light of a usual galaxy over the variance of the sky."""
        light = self.usual_light()
        raw = {band: light[band] / coadd.noise_dn**2 for band, coadd in self.bands.items()}
        whole = sum(raw.values())
        return {band: weight / whole for band, weight in raw.items()}

    def usual_light(self) -> dict[Band, float]:
        """Light of a galaxy of usual colours of 0 mag in Ks, DN over that of the brightest band."""
        light = {b: 10.0 ** (0.4 * (c.zero_point_mag - COLOURS_MAG[b])) for b, c in self.bands.items()}
        most = max(light.values())
        return {band: value / most for band, value in light.items()}

    def usual_shares(self) -> dict[Band, float]:
        """Light of a source of usual colours in each band over that in their sum."""
        weights, light = self.weights, self.usual_light()
        whole = sum(weights[band] * light[band] for band in weights)
        return {band: light[band] / whole for band in weights}

    def sky_sigma(self) -> float:
        """Scatter of a pixel of the sum of the bands, as if pixels were independent, of six looks."""
        weights = self.weights
        variance = sum((weights[band] * coadd.noise_dn) ** 2 for band, coadd in self.bands.items())
        return float(np.sqrt(variance / (4.0 * LOOKS)))

    def sums(self) -> Iterator[tuple[int, Singles]]:
        """Weighted sums of the bands, image by image, with the row of the grid where each begins."""
        weights = self.weights
        for images in zip(*(coadd.images for coadd in self.bands.values()), strict=True):
            total = np.zeros(images[0][1].pixels_dn.shape, np.float32)
            for (_, image), band in zip(images, self.bands, strict=True):
                total += np.float32(weights[band]) * image.pixels_dn
            yield images[0][0], total

    def windows(self, x: float, y: float, half: int) -> dict[Band, Window]:
        """Windows of all bands around a place.

        Parameters
        ----------
        x, y : float
            U-scan place, arcsec.
        half : int
            Half a side, arcsec.
        """
        left = int(np.rint(x - self.grid.first_x_arcsec)) - half
        top = int(np.rint(y - self.grid.first_y_arcsec)) - half
        side = 2 * half + 1
        out = {}
        for band, coadd in self.bands.items():
            light, looks = coadd.window(top, left, side)
            value, variance = np.empty(light.shape), np.empty(light.shape)
            errors = coadd.noise_dn**2 / 4.0, 1.0 / coadd.gain
            _weigh(light, looks, _level(light), errors, (value, variance))
            out[band] = Window(
                value, variance, self.grid.first_x_arcsec + left, self.grid.first_y_arcsec + top
            )
        return out

    def sum_of(self, windows: Mapping[Band, Window]) -> Window:
        """Weighted sum of the bands' windows."""
        weights = self.weights
        first = next(iter(windows.values()))
        light = sum(weights[band] * window.light for band, window in windows.items())
        variance = sum(weights[band] ** 2 * window.variance for band, window in windows.items())
        return Window(np.asarray(light), np.asarray(variance), first.x_arcsec, first.y_arcsec)

    def inside(self, x: Doubles, y: Doubles, edge: float) -> np.ndarray:
        """Which places lie on the grid.

        Parameters
        ----------
        x, y : float64 arrays (n,)
            U-scan places, arcsec.
        edge : float
            Least distance from the border of the grid, arcsec.
        """
        a, b = x - self.grid.first_x_arcsec, y - self.grid.first_y_arcsec
        columns = next(iter(self.bands.values())).images[0][1].pixels_dn.shape[1]
        return np.asarray(
            (a > edge) & (a < columns - 1 - edge) & (b > edge) & (b < self.grid.rows - 1 - edge)
        )


def coadds_of(
    images: Sequence[AtlasImage], grid: StripGrid, noise: Mapping[Band, tuple[float, float]]
) -> Coadds:
    """Arrange the images of a scan.

    Parameters
    ----------
    images : sequence of AtlasImage
        Of all bands; those of a band in the order of the grid's windows.
    grid : StripGrid
        From which they were cut.
    noise : mapping of Band to (float, float)
        Scatter of a frame's pixel (DN) and gain of each band.
    """
    bands = {}
    for band, (sigma, gain) in noise.items():
        own = [image for image in images if image.band == band]
        rows = [first for first, _ in grid.windows()]
        zero = float(np.mean([image.zero_point_mag for image in own]))
        bands[band] = BandCoadd(tuple(zip(rows, own, strict=True)), sigma, gain, zero)
    return Coadds(bands, grid)
