"""Stars seen on frames without any pixels: observations whose places are known to the last digit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from app.instruments.bands import Band
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.uscan import UScan
from workers.reduction.registration.values import Guess, Observations, References

STEP_ARCSEC = 83.25
# Where meridians run side by side: cameras that keep their angle to them do not turn.
EQUATOR = UScan.through(np.array([180.0, 180.0]), np.array([0.0, 0.1]))
OFFSETS = {Band.J: (0.0, 0.0), Band.H: (-2.5, 1.5), Band.K: (1.5, -3.0)}


def plain_geometry(frames: int, band: Band = Band.J, size: int = 256) -> FrameGeometry:
    """Frames that follow one another without an error of pointing."""
    x, y = OFFSETS[band]
    return FrameGeometry(
        np.full(frames, x),
        STEP_ARCSEC * np.arange(frames) + y,
        2.0 * np.eye(2),
        np.zeros(frames),
        size_pix=size,
    )


def moved(geometry: FrameGeometry, x_arcsec: object, y_arcsec: object) -> FrameGeometry:
    """Frames moved together (numbers) or one by one (arrays)."""
    return replace(geometry, x_arcsec=geometry.x_arcsec + x_arcsec, y_arcsec=geometry.y_arcsec + y_arcsec)


@dataclass(frozen=True)
class Sky:
    """Stars and the frames of some bands on which they are seen."""

    x_arcsec: np.ndarray
    y_arcsec: np.ndarray
    magnitude: np.ndarray
    geometry: dict[Band, FrameGeometry]

    @classmethod
    def random(cls, geometry: dict[Band, FrameGeometry], count: int, seed: int = 1) -> Sky:
        """Stars of magnitude 7 to 13 all over the frames."""
        rng = np.random.default_rng(seed)
        last = max(frames.y_arcsec.max() for frames in geometry.values())
        return cls(
            rng.uniform(-270, 270, count),
            rng.uniform(-270, last + 270, count),
            rng.uniform(7, 13, count),
            geometry,
        )

    def observations(self, sigma_arcsec: float = 0.05, noise: float = 0.0, seed: int = 2) -> Observations:
        """Every star on every frame that holds it, with an error of `noise` sigma."""
        rng = np.random.default_rng(seed)
        parts = []
        for position, geometry in enumerate(self.geometry.values()):
            for frame in range(geometry.x_arcsec.size):
                index = np.full(self.x_arcsec.size, frame)
                x, y = geometry.to_pixels(index, self.x_arcsec, self.y_arcsec)
                last = geometry.size_pix - 3
                seen = (x > 2) & (x < last) & (y > 2) & (y < last)
                spread = noise * sigma_arcsec / 2.0 * rng.standard_normal((2, np.count_nonzero(seen)))
                band = np.full(index.size, position)[seen]
                parts.append(
                    (index[seen], band, x[seen] + spread[0], y[seen] + spread[1], self.magnitude[seen])
                )
        frame, band, x, y, magnitude = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.argsort(frame, kind="stable")
        sigma = np.full(frame.size, sigma_arcsec)
        return Observations(
            frame[order], band[order], x[order], y[order], sigma, magnitude[order], tuple(self.geometry)
        )

    def references(self, count: int, sigma_arcsec: float = 0.05, seed: int = 3) -> References:
        """The brightest stars, with catalogue places of that error and visual magnitudes one fainter."""
        rng = np.random.default_rng(seed)
        best = np.argsort(self.magnitude)[:count]
        return References(
            self.x_arcsec[best] + sigma_arcsec * rng.standard_normal(count),
            self.y_arcsec[best] + sigma_arcsec * rng.standard_normal(count),
            np.full(count, sigma_arcsec),
            self.magnitude[best] + 1.0,
        )

    def guess(self, geometry: dict[Band, FrameGeometry]) -> Guess:
        """A first geometry, and commanded places without an error."""
        frames = next(iter(self.geometry.values())).x_arcsec.size
        return Guess(geometry, np.zeros(frames), STEP_ARCSEC * np.arange(frames), EQUATOR)
