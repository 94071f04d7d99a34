"""Where the pixels of every frame of a band lie in the U-scan system."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from app.arrays import Doubles, Integers
from app.instruments.detector import Detector
from workers.reduction.frames.values import GeometryArrays


@dataclass(frozen=True)
class FrameGeometry:
    """Map between array pixels of the frames of one band and U-scan arcseconds.

    Attributes
    ----------
    x_arcsec, y_arcsec : float64 arrays (n,)
        U-scan place of the array's middle, pixel (127.5, 127.5) of an array of 256, in each frame.
    matrix_arcsec : float64 array (2, 2)
        Arcseconds per pixel: [x, y] = middle + matrix @ [column, row] from the middle, before the frame's turn.
    turn_rad : float64 array (n,)
        Small rotation of each frame, common to the bands: the field turns by some 0.004 degrees along a scan, and
        every step of 83" then goes 0.006" sideways, which adds up to 0.4".
    distortion_arcsec : float
        Third-order radial shift at a corner of the array, outwards.
    size_pix : int
        Pixels a side of the array: the shape of the frames that the geometry is of.

    Examples
    --------
    Two frames of 256 pixels of 2", 83" apart; a corner pixel of the first one.

    >>> geometry = FrameGeometry(np.zeros(2), np.array([0.0, 83.0]), 2.0 * np.eye(2), np.zeros(2), size_pix=256)
    >>> [float(place) for place in geometry.to_uscan(np.array(0), 0.0, 255.0)]
    [-255.0, 255.0]
    >>> [float(place) for place in geometry.to_pixels(np.array(1), -255.0, 255.0)]
    [0.0, 213.5]
    """

    x_arcsec: Doubles
    y_arcsec: Doubles
    matrix_arcsec: Doubles
    turn_rad: Doubles
    distortion_arcsec: float = 0.0
    size_pix: int = field(kw_only=True)

    @property
    def middle_pix(self) -> float:
        """Array pixel coordinate of the array's middle, the same along both axes."""
        return 0.5 * (self.size_pix - 1)

    @property
    def corner_pix(self) -> float:
        """Distance of an array's corner from its middle, pixels."""
        return float(0.5 * self.size_pix * np.sqrt(2.0))

    @property
    def pixel_arcsec(self) -> float:
        """Side of a pixel at the middle of the array, geometric mean of both."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix_arcsec))))

    @property
    def bend(self) -> float:
        """Distortion as the factor of |p|^2 p for a pixel p from the middle, arcsec / pixel^3."""
        return self.distortion_arcsec / self.corner_pix**3

    def matrices(self) -> Doubles:
        """Arcseconds per pixel of every frame, turn included; (n, 2, 2), not to be changed."""
        return self._matrices

    def inverses(self) -> Doubles:
        """Pixels per arcsecond of every frame; (n, 2, 2), contiguous, not to be changed."""
        return self._inverses

    # A scan asks for looks 240 times, and for pieces of its frames 1,100 times.
    @cached_property
    def _inverses(self) -> Doubles:
        return np.ascontiguousarray(np.linalg.inv(self._matrices))

    @cached_property
    def _matrices(self) -> Doubles:
        (a, b), (c, d) = self.matrix_arcsec
        t = self.turn_rad
        return np.stack([np.stack([a - t * c, b - t * d], -1), np.stack([c + t * a, d + t * b], -1)], -2)

    def arrays(self, first_x_arcsec: float, first_y_arcsec: float) -> GeometryArrays:
        """Return what kernels take, on a plane with its origin at a U-scan place (arcsec)."""
        x, y = self.x_arcsec - first_x_arcsec, self.y_arcsec - first_y_arcsec
        return GeometryArrays(x, y, self.matrices(), self.bend)

    def to_uscan(self, frame: Integers, x_pix: ArrayLike, y_pix: ArrayLike) -> tuple[Doubles, Doubles]:
        """Array pixels of frames to U-scan arcseconds.

        Parameters
        ----------
        frame : int64 array
            Index of the frame of each place; all three arrays are broadcast against each other.
        x_pix, y_pix : float64 arrays
            Array pixels: column and row, 0 at the centre of the first pixel.
        """
        px = np.asarray(x_pix, np.float64) - self.middle_pix
        py = np.asarray(y_pix, np.float64) - self.middle_pix
        (a, b), (c, d) = self.matrix_arcsec
        bend = self.distortion_arcsec * (px * px + py * py) / self.corner_pix**3
        x, y = a * px + b * py + bend * px, c * px + d * py + bend * py
        turn = self.turn_rad[frame]
        return self.x_arcsec[frame] + x - turn * y, self.y_arcsec[frame] + y + turn * x

    def to_pixels(self, frame: Integers, x_arcsec: ArrayLike, y_arcsec: ArrayLike) -> tuple[Doubles, Doubles]:
        """U-scan arcseconds to array pixels of frames; exact to 1e-6 pixel for distortions below 1".

        Parameters
        ----------
        frame : int64 array
            Index of the frame on which each place is wanted; all three arrays are broadcast against each other.
        x_arcsec, y_arcsec : float64 arrays
            U-scan places, on the frame or off it.
        """
        (a, b), (c, d) = np.linalg.inv(self.matrix_arcsec)
        dx = np.asarray(x_arcsec, np.float64) - self.x_arcsec[frame]
        dy = np.asarray(y_arcsec, np.float64) - self.y_arcsec[frame]
        turn = self.turn_rad[frame]
        dx, dy = (dx + turn * dy) / (1.0 + turn * turn), (dy - turn * dx) / (1.0 + turn * turn)
        px, py = a * dx + b * dy, c * dx + d * dy
        ux, uy = px, py
        for _ in range(3):
            bend = self.distortion_arcsec * (ux * ux + uy * uy) / self.corner_pix**3
            ux, uy = px - bend * (a * ux + b * uy), py - bend * (c * ux + d * uy)
        return ux + self.middle_pix, uy + self.middle_pix


def nominal_geometry(
    detector: Detector, x_arcsec: Doubles, y_arcsec: Doubles, size_pix: int
) -> FrameGeometry:
    """Geometry by the commanded positions and what is believed of the camera.

    Parameters
    ----------
    detector : Detector
        Nominal pixel size, rotation and offset of the array in the focal plane.
    x_arcsec, y_arcsec : float64 arrays (n,)
        Commanded U-scan places of the focal-plane centre.
    size_pix : int
        Pixels a side of the frames.
    """
    turn = np.radians(detector.rotation_deg)
    pixel = detector.pixel_arcsec
    matrix = pixel * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return FrameGeometry(
        x_arcsec + detector.offset_arcsec[0],
        y_arcsec + detector.offset_arcsec[1],
        matrix,
        np.zeros(x_arcsec.size),
        size_pix=size_pix,
    )
