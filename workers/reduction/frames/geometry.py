"""Where the pixels of every frame of a band lie in the U-scan system."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.arrays import Doubles
from app.instruments.detector import Detector

CORNER_PIX = 128.0 * np.sqrt(2.0)  # distance of an array's corner from its middle


@dataclass(frozen=True)
class FrameGeometry:
    """Map between array pixels of the frames of one band and U-scan arcseconds.

    Attributes
    ----------
    x_arcsec, y_arcsec : float64 arrays (n,)
        U-scan place of the array's middle, pixel (127.5, 127.5), in each frame.
    matrix_arcsec : float64 array (2, 2)
        Arcseconds per pixel: [x, y] = middle + matrix @ [column - 127.5, row - 127.5], before the frame's turn.
    turn_rad : float64 array (n,)
        Small rotation of each frame, common to the bands: the field turns by some 0.004 degrees along a scan, and
        every step of 83" then goes 0.006" sideways, which adds up to 0.4".
    distortion_arcsec : float
        Third-order radial shift at a corner of the array, outwards.
    middle_pix : float
        127.5 for arrays of 256.
    """

    x_arcsec: Doubles
    y_arcsec: Doubles
    matrix_arcsec: Doubles
    turn_rad: Doubles
    distortion_arcsec: float = 0.0
    middle_pix: float = 127.5

    @property
    def pixel_arcsec(self) -> float:
        """Side of a pixel at the middle of the array, geometric mean of both."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix_arcsec))))

    def matrices(self) -> Doubles:
        """Arcseconds per pixel of every frame, turn included; (n, 2, 2)."""
        (a, b), (c, d) = self.matrix_arcsec
        t = self.turn_rad
        return np.stack([np.stack([a - t * c, b - t * d], -1), np.stack([c + t * a, d + t * b], -1)], -2)

    def to_uscan(
        self, frame: NDArray[np.int64], x_pix: ArrayLike, y_pix: ArrayLike
    ) -> tuple[Doubles, Doubles]:
        """Array pixels of frames (indices) to U-scan arcseconds."""
        px = np.asarray(x_pix, np.float64) - self.middle_pix
        py = np.asarray(y_pix, np.float64) - self.middle_pix
        (a, b), (c, d) = self.matrix_arcsec
        bend = self.distortion_arcsec * (px * px + py * py) / CORNER_PIX**3
        x, y = a * px + b * py + bend * px, c * px + d * py + bend * py
        turn = self.turn_rad[frame]
        return self.x_arcsec[frame] + x - turn * y, self.y_arcsec[frame] + y + turn * x

    def to_pixels(
        self, frame: NDArray[np.int64], x_arcsec: ArrayLike, y_arcsec: ArrayLike
    ) -> tuple[Doubles, Doubles]:
        """U-scan arcseconds to array pixels of frames; exact to 1e-6 pixel for distortions below 1"."""
        (a, b), (c, d) = np.linalg.inv(self.matrix_arcsec)
        dx = np.asarray(x_arcsec, np.float64) - self.x_arcsec[frame]
        dy = np.asarray(y_arcsec, np.float64) - self.y_arcsec[frame]
        turn = self.turn_rad[frame]
        dx, dy = (dx + turn * dy) / (1.0 + turn * turn), (dy - turn * dx) / (1.0 + turn * turn)
        px, py = a * dx + b * dy, c * dx + d * dy
        ux, uy = px, py
        for _ in range(3):
            bend = self.distortion_arcsec * (ux * ux + uy * uy) / CORNER_PIX**3
            ux, uy = px - bend * (a * ux + b * uy), py - bend * (c * ux + d * uy)
        return ux + self.middle_pix, uy + self.middle_pix


def nominal_geometry(detector: Detector, x_arcsec: Doubles, y_arcsec: Doubles) -> FrameGeometry:
    """Geometry by the commanded positions and what is believed of the camera."""
    turn = np.radians(detector.rotation_deg)
    size = detector.pixel_arcsec
    matrix = size * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return FrameGeometry(
        x_arcsec + detector.offset_arcsec[0],
        y_arcsec + detector.offset_arcsec[1],
        matrix,
        np.zeros(x_arcsec.size),
    )
