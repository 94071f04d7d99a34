"""Where stars fall on an array, frame by frame: a look is one star in one frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.arrays import Doubles, Integers, Singles
from app.observatory.camera import SIZE, BandCamera
from app.observatory.conditions import Conditions
from app.observatory.exposure import place_stars
from app.observatory.sky import Points
from app.sky.directions import unit_vectors

_MIDDLE_PIX = 127.5
_CORNER2_PIX2 = 2.0 * 128.0 * 128.0


@dataclass(frozen=True)
class Places:
    """Looks at stars ordered by declination, frame after frame.

    Attributes
    ----------
    first, last : int64 arrays (frames,)
        Range of stars of each frame.
    starts : int64 array (frames + 1,)
        Where the frame's positions begin.
    x_pix, y_pix : float32 arrays (looks,)
        Array pixels; the array itself is -0.5 to 255.5.
    """

    first: Integers
    last: Integers
    starts: Integers
    x_pix: Singles
    y_pix: Singles


@dataclass(frozen=True)
class Looks:
    """Looks at bright stars, as one list.

    Attributes
    ----------
    frame : int64 array (n,)
        Index from 0.
    source_id : int64 array (n,)
    x_pix, y_pix : float64 arrays (n,)
    flux_dn : float64 array (n,)
        Light of the star in the frame's integration time.
    """

    frame: Integers
    source_id: Integers
    x_pix: Doubles
    y_pix: Doubles
    flux_dn: Doubles

    def chosen(self, which: NDArray[np.bool_]) -> Looks:
        """Return some of the looks, in the same order."""
        return Looks(
            self.frame[which],
            self.source_id[which],
            self.x_pix[which],
            self.y_pix[which],
            self.flux_dn[which],
        )

    @property
    def on_array(self) -> NDArray[np.bool_]:
        """Which of them have the star's middle on the array."""
        inside = (self.x_pix > -0.5) & (self.x_pix < SIZE - 0.5)
        return np.asarray(inside & (self.y_pix > -0.5) & (self.y_pix < SIZE - 0.5))


def frame_axes(conditions: Conditions) -> tuple[Doubles, Doubles]:
    """Return unit vectors (frames, 3) to the east and to the north of each frame's centre."""
    ra, decl = np.radians(conditions.ra_deg), np.radians(conditions.decl_deg)
    east = np.stack([-np.sin(ra), np.cos(ra), np.zeros_like(ra)], axis=-1)
    north = np.stack([-np.sin(decl) * np.cos(ra), -np.sin(decl) * np.sin(ra), np.cos(decl)], axis=-1)
    return east, north


def place(
    points: Points, camera: BandCamera, conditions: Conditions, frames: range, margin_pix: float
) -> Places:
    """Place all points that frames may see.

    Parameters
    ----------
    points : Points
    camera : BandCamera
    conditions : Conditions
    frames : range
        Frame indices from 0.
    margin_pix : float
        How far above and below the array points still matter.

    Returns
    -------
    Places
    """
    reach = (0.5 * SIZE + margin_pix + 8) * camera.scale_arcsec / 3600.0
    part = slice(frames.start, frames.stop)
    first = np.searchsorted(points.decl_deg, conditions.decl_deg[part] - reach)
    last = np.searchsorted(points.decl_deg, conditions.decl_deg[part] + reach)
    starts = np.concatenate([[0], np.cumsum(last - first)])
    x_pix, y_pix = np.empty(starts[-1], np.float32), np.empty(starts[-1], np.float32)
    easts, norths = frame_axes(conditions)
    rotation = np.radians(camera.rotation_deg + conditions.turn_deg[part])
    scale = np.radians(camera.scale_arcsec / 3600.0)
    place_stars(
        unit_vectors(points.ra_deg, points.decl_deg), easts[part], norths[part], scale, rotation,
        camera.offset_x_pix, camera.offset_y_pix, camera.distortion_pix, first, last, x_pix, y_pix, starts,
    )  # fmt: skip
    return Places(first, last, starts, x_pix, y_pix)


def bright_looks(
    points: Points,
    camera: BandCamera,
    conditions: Conditions,
    zero_point_mag: Doubles,
    faintest_mag: float,
    margin_pix: float,
) -> Looks:
    """List the looks at single stars brighter than a limit, of a whole scan, on the array and around it.

    Parameters
    ----------
    points : Points
        Points that carry part of a galaxy's light are no bright stars.
    camera : BandCamera
    conditions : Conditions
    zero_point_mag : float64 array (frames,)
    faintest_mag : float
    margin_pix : float
        How far beyond the array a star still matters.

    Returns
    -------
    Looks
        Ordered by frame, then declination.
    """
    bright = points.chosen((points.share == 1.0) & (points.magnitudes[camera.band] < faintest_mag))
    count = conditions.decl_deg.size
    places = place(bright, camera, conditions, range(count), margin_pix)
    frame = np.repeat(np.arange(count), places.last - places.first)
    star = np.arange(places.starts[-1]) - places.starts[frame] + places.first[frame]
    magnitude = bright.magnitudes[camera.band][star].astype(np.float64)
    looks = Looks(
        frame,
        bright.source_id[star],
        places.x_pix.astype(np.float64),
        places.y_pix.astype(np.float64),
        10.0 ** (0.4 * (zero_point_mag[frame] - magnitude)),
    )
    low, high = -0.5 - margin_pix, SIZE - 0.5 + margin_pix
    near = (looks.x_pix > low) & (looks.x_pix < high) & (looks.y_pix > low) & (looks.y_pix < high)
    return looks.chosen(near)


def sky_of(
    camera: BandCamera, conditions: Conditions, frame: Integers, x_pix: Doubles, y_pix: Doubles
) -> tuple[Doubles, Doubles]:
    """ICRS degrees of array pixels in frames (indices): what `exposure.place_stars` does, undone."""
    x = x_pix - _MIDDLE_PIX - camera.offset_x_pix
    y = y_pix - _MIDDLE_PIX - camera.offset_y_pix
    stretch = np.ones_like(x)
    for _ in range(3):  # the stretch is 3e-4 at most: three rounds are exact to 1e-9
        radius2 = (x * x + y * y) / stretch**2 / _CORNER2_PIX2
        stretch = 1.0 + camera.distortion_pix / np.sqrt(_CORNER2_PIX2) * radius2
    rotation = np.radians(camera.rotation_deg + conditions.turn_deg[frame])
    scale = np.radians(camera.scale_arcsec / 3600.0)
    u, v = x / stretch * scale, y / stretch * scale
    west = np.cos(rotation) * u - np.sin(rotation) * v
    north = np.sin(rotation) * u + np.cos(rotation) * v
    easts, norths = frame_axes(conditions)
    middle = np.cross(easts[frame], norths[frame])
    depth = np.sqrt(1.0 - west**2 - north**2)
    direction = depth[:, None] * middle - west[:, None] * easts[frame] + north[:, None] * norths[frame]
    ra = np.degrees(np.arctan2(direction[:, 1], direction[:, 0])) % 360.0
    return ra, np.degrees(np.arcsin(np.clip(direction[:, 2], -1.0, 1.0)))
