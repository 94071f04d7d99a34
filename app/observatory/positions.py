"""Where stars fall on an array, frame by frame: a look is one star in one frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit, prange

from app.arrays import Bools, Doubles, Integers, Singles
from app.observatory.camera import CORNER_PIX2, MIDDLE_PIX, SIZE, BandCamera
from app.observatory.conditions import Conditions
from app.observatory.sky import Points
from app.sky.directions import unit_vectors


class FrameAxes(NamedTuple):
    """How frames lie on the sky.

    Attributes
    ----------
    easts, norths : float64 arrays (frames, 3)
        Unit vectors to the east and to the north of each frame's centre.
    rotation_rad : float64 array (frames,)
        Rotation of the array on the sky, from north through east.
    """

    easts: Doubles
    norths: Doubles
    rotation_rad: Doubles


class ArrayGeometry(NamedTuple):
    """How an array lies in the focal plane.

    Attributes
    ----------
    scale_rad : float
        Pixel size on the sky, radians.
    offset_x_pix, offset_y_pix : float
        Where the commanded centre falls, from the array's middle.
    distortion_pix : float
        Third-order radial shift at a corner, 181 pixels out.
    """

    scale_rad: float
    offset_x_pix: float
    offset_y_pix: float
    distortion_pix: float


class StarPositions(NamedTuple):
    """Looks at stars that are ordered by declination, frame after frame.

    Attributes
    ----------
    first, last : int64 arrays (frames,)
        Half-open range of stars that each frame may see.
    starts : int64 array (frames + 1,)
        Index of each frame's first look in `x_pix` and `y_pix`; the last element is the number of looks.
    x_pix, y_pix : float32 arrays (looks,)
        Array pixels; the array itself reaches from -0.5 to 255.5.
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
        Index of the frame in its scan, from 0.
    source_id : int64 array (n,)
        Number of the star in the night.
    x_pix, y_pix : float64 arrays (n,)
        Array pixels.
    flux_dn : float64 array (n,)
        Light of the star in the frame's integration time.
    """

    frame: Integers
    source_id: Integers
    x_pix: Doubles
    y_pix: Doubles
    flux_dn: Doubles

    def chosen(self, mask: Bools) -> Looks:
        """Return the looks of a mask (n,), in the same order."""
        return Looks(
            self.frame[mask],
            self.source_id[mask],
            self.x_pix[mask],
            self.y_pix[mask],
            self.flux_dn[mask],
        )

    @property
    def on_array(self) -> Bools:
        """Mask (n,) of the looks whose star has its middle on the array."""
        inside = (self.x_pix > -0.5) & (self.x_pix < SIZE - 0.5)
        return np.asarray(inside & (self.y_pix > -0.5) & (self.y_pix < SIZE - 0.5))


def frame_axes(camera: BandCamera, conditions: Conditions, frames: slice = slice(None)) -> FrameAxes:
    """Return how frames of a scan lie on the sky.

    Parameters
    ----------
    camera : BandCamera
        Array whose rotation counts.
    conditions : Conditions
        True pointing of the scan.
    frames : slice, optional
        Frame indices from 0; all frames by default.
    """
    ra, decl = np.radians(conditions.ra_deg), np.radians(conditions.decl_deg)
    east = np.stack([-np.sin(ra), np.cos(ra), np.zeros_like(ra)], axis=-1)
    north = np.stack([-np.sin(decl) * np.cos(ra), -np.sin(decl) * np.sin(ra), np.cos(decl)], axis=-1)
    rotation = np.radians(camera.rotation_deg + conditions.turn_deg[frames])
    return FrameAxes(east[frames], north[frames], rotation)


def _geometry(camera: BandCamera) -> ArrayGeometry:
    scale = float(np.radians(camera.scale_arcsec / 3600.0))
    return ArrayGeometry(scale, camera.offset_x_pix, camera.offset_y_pix, camera.distortion_pix)


@njit(cache=True, error_model="numpy", parallel=True)
def _project(vectors: Doubles, axes: FrameAxes, geometry: ArrayGeometry, positions: StarPositions) -> None:
    """Find the positions on the array of the stars that each frame may see: 1.4 us a look.

    Orthographic (SIN) projection on the tangent plane at the frame's centre, x to the west, y to the north, turned
    by the frame's rotation, stretched by third-order radial distortion, then moved by the band's offset.

    Parameters
    ----------
    vectors : float64 (n, 3)
        Unit vectors of the stars, ordered by declination.
    axes : FrameAxes
        How the frames lie on the sky.
    geometry : ArrayGeometry
        How the array lies in the focal plane.
    positions : StarPositions
        `x_pix` and `y_pix` are written.
    """
    easts, norths, rotation_rad = axes.easts, axes.norths, axes.rotation_rad
    first, last, starts = positions.first, positions.last, positions.starts
    x_pix, y_pix = positions.x_pix, positions.y_pix
    scale_rad, distortion = geometry.scale_rad, geometry.distortion_pix
    offset_x, offset_y = geometry.offset_x_pix, geometry.offset_y_pix
    for f in prange(first.size):
        cosine, sine = np.cos(rotation_rad[f]), np.sin(rotation_rad[f])
        look = starts[f]
        for s in range(first[f], last[f]):
            v0, v1, v2 = vectors[s, 0], vectors[s, 1], vectors[s, 2]
            west = -(v0 * easts[f, 0] + v1 * easts[f, 1] + v2 * easts[f, 2]) / scale_rad
            north = (v0 * norths[f, 0] + v1 * norths[f, 1] + v2 * norths[f, 2]) / scale_rad
            # An array turned north through east sees the sky turned the other way.
            u = cosine * west + sine * north
            v = -sine * west + cosine * north
            stretch = 1.0 + distortion / np.sqrt(CORNER_PIX2) * (u * u + v * v) / CORNER_PIX2
            x_pix[look] = MIDDLE_PIX + offset_x + u * stretch
            y_pix[look] = MIDDLE_PIX + offset_y + v * stretch
            look += 1


def star_positions(
    points: Points, camera: BandCamera, conditions: Conditions, frames: range, margin_pix: float
) -> StarPositions:
    """Find the places of all points that frames may see.

    Parameters
    ----------
    points : Points
        Points of light, ordered by declination.
    camera : BandCamera
        Array and its place in the focal plane.
    conditions : Conditions
        True pointing of the scan.
    frames : range
        Frame indices from 0.
    margin_pix : float
        How far above and below the array points still matter.

    Returns
    -------
    StarPositions
        Of the frames in `frames`, numbered from 0.
    """
    reach = (0.5 * SIZE + margin_pix + 8) * camera.scale_arcsec / 3600.0
    part = slice(frames.start, frames.stop)
    first = np.searchsorted(points.decl_deg, conditions.decl_deg[part] - reach)
    last = np.searchsorted(points.decl_deg, conditions.decl_deg[part] + reach)
    starts = np.concatenate([[0], np.cumsum(last - first)])
    x_pix, y_pix = np.empty(starts[-1], np.float32), np.empty(starts[-1], np.float32)
    positions = StarPositions(first, last, starts, x_pix, y_pix)
    vectors = unit_vectors(points.ra_deg, points.decl_deg)
    _project(vectors, frame_axes(camera, conditions, part), _geometry(camera), positions)
    return positions


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
        Points of light; those that carry part of a galaxy's light are left out.
    camera : BandCamera
        Array and its place in the focal plane.
    conditions : Conditions
        True pointing of the scan.
    zero_point_mag : float64 array (frames,)
        Magnitude of 1 DN in each frame.
    faintest_mag : float
        Stars as faint as this magnitude of the band, or fainter, are left out.
    margin_pix : float
        How far beyond the array a star still matters.

    Returns
    -------
    Looks
        Ordered by frame, then declination.
    """
    bright = points.chosen((points.share == 1.0) & (points.magnitudes[camera.band] < faintest_mag))
    count = conditions.decl_deg.size
    positions = star_positions(bright, camera, conditions, range(count), margin_pix)
    frame = np.repeat(np.arange(count), positions.last - positions.first)
    star = np.arange(positions.starts[-1]) - positions.starts[frame] + positions.first[frame]
    magnitude = bright.magnitudes[camera.band][star].astype(np.float64)
    looks = Looks(
        frame,
        bright.source_id[star],
        positions.x_pix.astype(np.float64),
        positions.y_pix.astype(np.float64),
        10.0 ** (0.4 * (zero_point_mag[frame] - magnitude)),
    )
    low, high = -0.5 - margin_pix, SIZE - 0.5 + margin_pix
    near = (looks.x_pix > low) & (looks.x_pix < high) & (looks.y_pix > low) & (looks.y_pix < high)
    return looks.chosen(near)


def sky_positions(
    camera: BandCamera, conditions: Conditions, frame: Integers, x_pix: Doubles, y_pix: Doubles
) -> tuple[Doubles, Doubles]:
    """Sky positions of array pixels in frames: the inverse of `star_positions`, good to 1e-9 pixels.

    Parameters
    ----------
    camera : BandCamera
        Array and its place in the focal plane.
    conditions : Conditions
        True pointing of the scan.
    frame : int64 array (n,)
        Frame indices from 0.
    x_pix, y_pix : float64 arrays (n,)
        Array pixels.

    Returns
    -------
    ra_deg, decl_deg : float64 arrays (n,)
        ICRS degrees, right ascension in [0, 360).
    """
    geometry, axes = _geometry(camera), frame_axes(camera, conditions)
    x = x_pix - MIDDLE_PIX - geometry.offset_x_pix
    y = y_pix - MIDDLE_PIX - geometry.offset_y_pix
    stretch = np.ones_like(x)
    # The stretch is 3e-4 at most: three rounds are exact to 1e-9.
    for _ in range(3):
        radius2 = (x * x + y * y) / stretch**2 / CORNER_PIX2
        stretch = 1.0 + geometry.distortion_pix / np.sqrt(CORNER_PIX2) * radius2
    rotation = axes.rotation_rad[frame]
    u, v = x / stretch * geometry.scale_rad, y / stretch * geometry.scale_rad
    west = np.cos(rotation) * u - np.sin(rotation) * v
    north = np.sin(rotation) * u + np.cos(rotation) * v
    middle = np.cross(axes.easts[frame], axes.norths[frame])
    depth = np.sqrt(1.0 - west**2 - north**2)
    direction = (
        depth[:, None] * middle - west[:, None] * axes.easts[frame] + north[:, None] * axes.norths[frame]
    )
    ra = np.degrees(np.arctan2(direction[:, 1], direction[:, 0])) % 360.0
    return ra, np.degrees(np.arcsin(np.clip(direction[:, 2], -1.0, 1.0)))
