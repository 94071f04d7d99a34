"""The radial profile of a star on the frames of a band, its width, and the survey's seeing shape.

Pooled from bright unsaturated stars of Read_2 - Read_1, each at its own pixel phase, so the profile is finer than
the 2" pixels; their blur is in it. Its width is within 0.15" of that of the simulator's optics. The survey gave seeing
as a "shape" with FWHM = 3.13" shape - 0.46" in all bands (survey-facts 2.8); ours is the shape of the measured
width. Images of 2.5" have shape 0.95.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from workers.reduction.compiled import KERNEL
from workers.reduction.frame_background import background_row
from workers.reduction.frame_visits import RADIUS_PIX, Integers
from workers.reduction.frames import CalibratedFrames, Doubles, Flags, Floats

Table = NDArray[np.void]

HALF_PIX = 10  # to 20", the outer edge of the sky annulus
STEP_PIX = 0.25
LEAST_SNR = 40.0  # of a frame source: its place is good to 0.04 pixel
MOST_STARS = 2000
FEWEST_STARS = 12
ALONE_PIX = 5.0
RING_PIX = 7.0
CORE_PIX = 1.5


@dataclass(frozen=True)
class FrameStamps:
    """Surroundings of bright stars on the frames of a band, background taken away.

    Attributes
    ----------
    frame : int64 array (n,)
    radius_pix, light : float32 arrays (n, 21, 21)
        Distance from the star; DN over its 4" aperture's DN, NaN where flagged.
    """

    frame: Integers
    radius_pix: Floats
    light: Floats

    def shape(self, frames: NDArray[np.bool_], pixel_arcsec: float) -> float | None:
        """SEESH from some frames, from all where those have too few stars; None where the scan has too few."""
        width = self.profile(frames[self.frame]).width_pix()
        if not math.isfinite(width):
            width = self.profile().width_pix()
        return (pixel_arcsec * width + 0.46) / 3.13 if math.isfinite(width) else None

    def profile(self, chosen: NDArray[np.bool_] | None = None) -> StarProfile:
        """Profile of some of the stars, or of all."""
        use = slice(None) if chosen is None else chosen
        radius, light = self.radius_pix[use].ravel(), self.light[use].ravel()
        good = np.isfinite(light)
        bins = (radius[good] / STEP_PIX).astype(np.int64)
        order = np.argsort(bins, kind="stable")
        count = np.bincount(bins, minlength=1)
        edges = np.concatenate([[0], np.cumsum(count)])
        values, places = light[good][order], radius[good][order]
        last = int((HALF_PIX - 0.5) / STEP_PIX)
        filled = [k for k in range(min(last, count.size)) if count[k] >= 5]
        # Medians: a neighbour fills few of a ring's pixels.
        middle = [(np.median(places[edges[k] : edges[k + 1]]), np.median(values[edges[k] : edges[k + 1]]))
                  for k in filled]  # fmt: skip
        table = np.array(middle, np.float64).reshape(-1, 2)
        return StarProfile(table[:, 0], table[:, 1], int(self.radius_pix[use].shape[0]))


@dataclass(frozen=True)
class StarProfile:
    """Light of a pixel at a distance from a star, in shares of the star's 4" aperture.

    Attributes
    ----------
    radius_pix, share : float64 arrays (n,)
    stars : int
        Looks at stars that went in.
    """

    radius_pix: Doubles
    share: Doubles
    stars: int

    def width_pix(self) -> float:
        """Full width at half maximum; NaN from too few stars.

        The logarithm of the core is a parabola in r squared (0.5 % of the peak for a Moffat or turbulent profile
        within 1.5 pixels).
        """
        core = (self.radius_pix < CORE_PIX) & (self.share > 0.0)
        if self.stars < FEWEST_STARS or np.count_nonzero(core) < 4:
            return float("nan")
        square = self.radius_pix[core] ** 2
        c, b, _ = np.polyfit(square, np.log(self.share[core]), 2, w=np.sqrt(self.radius_pix[core] + 0.1))
        # ln 2 + b s + c s^2 = 0, the root that the parabola reaches first.
        root = b * b - 4.0 * c * math.log(2.0)
        if not (b < 0.0 and root > 0.0):
            return float("nan")
        return float(2.0 * math.sqrt(2.0 * math.log(2.0) / (-b + math.sqrt(root))))

    def at(self, radius_pix: Doubles) -> Doubles:
        """Share at some distances; zero beyond the table."""
        good = self.share > 0.0
        if np.count_nonzero(good) < 4:
            return np.zeros(np.shape(radius_pix))
        logs = np.interp(radius_pix, self.radius_pix[good], np.log(self.share[good]))
        return np.asarray(np.where(np.asarray(radius_pix) <= self.radius_pix[good][-1], np.exp(logs), 0.0))


def seeing_metrics(shapes: Sequence[float | None]) -> dict[str, float]:
    """Mean and largest shape of a band's images: what the survey graded seeing by (survey-facts 3.3)."""
    known = [shape for shape in shapes if shape is not None]
    return {"seeing_shape": float(np.mean(known)), "seeing_shape_maximum": max(known)} if known else {}


@njit(**KERNEL)
def _cut(
    pixels: Floats, flags: Flags, mesh: Floats, frame: Integers, left: Integers, low: Integers, out: Floats
) -> None:
    """Stamps over the background, NaN where flagged or off the array."""
    _, ny, nx = pixels.shape
    level = np.empty(nx, np.float32)
    for k in range(frame.size):
        i0 = frame[k]
        for j in range(out.shape[1]):
            row = low[k] + j
            if row < 0 or row >= ny:
                out[k, j] = np.float32(np.nan)
                continue
            background_row(mesh[i0], row, ny, level)
            for i in range(out.shape[2]):
                column = left[k] + i
                good = 0 <= column < nx and flags[i0, row, column] == 0
                out[k, j, i] = pixels[i0, row, column] - level[column] if good else np.float32(np.nan)


def _centred(light: Floats, dx: Doubles, dy: Doubles) -> tuple[Doubles, Doubles]:
    """Centroids in a Gaussian window of 1 pixel that moves until it rests; offsets from the stamps' middles."""
    near = slice(HALF_PIX - 3, HALF_PIX + 4)
    core = np.nan_to_num(light[:, near, near].astype(np.float64))
    y, x = np.mgrid[-3:4, -3:4].astype(np.float64)
    for _ in range(8):
        east, north = x - dx[:, None, None], y - dy[:, None, None]
        weighted = np.exp(-0.5 * (east**2 + north**2)) * core
        total = np.maximum(weighted.sum(axis=(1, 2)), 1e-6)
        # Twice the weighted mean: the window pulls the light of a star as wide as itself back by half.
        dx = dx + np.clip(2.0 * (weighted * east).sum(axis=(1, 2)) / total, -0.5, 0.5)
        dy = dy + np.clip(2.0 * (weighted * north).sum(axis=(1, 2)) / total, -0.5, 0.5)
    return dx, dy


def _ring_level(light: Floats, radius: Floats) -> Floats:
    """Median of each stamp from 14" to 20": near bright stars the frame's background mesh is not level enough."""
    ring = np.where(radius >= RING_PIX, light, np.float32(np.nan)).reshape(
        light.shape[0], light.shape[1] * light.shape[2]
    )
    known = np.isfinite(ring).any(axis=1)
    level = np.zeros(light.shape[0], np.float32)
    level[known] = np.nanmedian(ring[known], axis=1)
    return level


def frame_stamps(frames: CalibratedFrames, table: Table) -> FrameStamps:
    """Cut out the bright, unsaturated stars of the frames that no other detected one disturbs.

    Parameters
    ----------
    frames : CalibratedFrames
    table : structured array of FRAME_SOURCE_DTYPE
    """
    from scipy.spatial import cKDTree

    # Frames far apart in a third coordinate: neighbours are those of the same frame.
    places = np.column_stack([table["x"], table["y"], 1000.0 * table["frame"]])
    alone = np.ones(table.size, np.bool_)
    if table.size:
        pairs = cKDTree(places).query_pairs(ALONE_PIX, output_type="ndarray")
        alone[pairs.ravel()] = False
    chosen = np.flatnonzero(alone & ~table["saturated"] & (table["snr"] > LEAST_SNR))
    chosen = np.sort(chosen[np.argsort(-table["snr"][chosen], kind="stable")[:MOST_STARS]])
    size = 2 * HALF_PIX + 1
    light = np.empty((chosen.size, size, size), np.float32)
    frame = table["frame"][chosen].astype(np.int64)
    x, y = table["x"][chosen], table["y"][chosen]
    column, row = np.rint(x).astype(np.int64), np.rint(y).astype(np.int64)
    _cut(frames.pixels_dn, frames.flags, frames.mesh_dn, frame, column - HALF_PIX, row - HALF_PIX, light)
    dx, dy = _centred(light, x - column, y - row)
    grid_y, grid_x = np.mgrid[-HALF_PIX : HALF_PIX + 1, -HALF_PIX : HALF_PIX + 1]
    radius = np.hypot(grid_x - dx[:, None, None], grid_y - dy[:, None, None]).astype(np.float32)
    light -= _ring_level(light, radius)[:, None, None]
    weight = np.clip(RADIUS_PIX + 0.5 - radius, 0.0, 1.0)
    # A flagged pixel in the aperture makes the sum, and with it the stamp, NaN.
    total = np.where(weight > 0.0, weight * light, 0.0).sum(axis=(1, 2))
    moved = np.hypot(dx - (x - column), dy - (y - row))
    total[~((total > 0.0) & (moved < 1.0))] = np.nan
    return FrameStamps(frame, radius, (light / total[:, None, None]).astype(np.float32))
