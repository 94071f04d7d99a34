"""Things that cross the field during one exposure: meteors, satellites, aircraft."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Singles
from app.observatory.camera import SIZE

# Satellites bright enough to see: one in 300 frames, about one a scan of 6 degrees; aircraft a fifth of that.
_SATELLITES_A_FRAME, _AIRCRAFT_A_FRAME = 1.0 / 300.0, 1.0 / 1500.0
_TAG = 14


@dataclass(frozen=True)
class Trail:
    """A straight line over one frame with a Gaussian cross-section; aircraft have three, side by side.

    Attributes
    ----------
    kind : str
        What crosses: meteor, satellite or aircraft.
    frame : int
        Number of the frame in its scan, from 1.
    x_pix, y_pix : float
        A point on the (middle) line, array pixels.
    angle_deg : float
        Direction of the line, from +x towards +y.
    sigma_pix, peak_dn : float
        Gaussian width of the line, array pixels, and light of a pixel in its middle.
    spacing_pix : float
        Distance between the lines of an aircraft, array pixels; 0 for a single line.
    """

    kind: str
    frame: int
    x_pix: float
    y_pix: float
    angle_deg: float
    sigma_pix: float
    peak_dn: float
    spacing_pix: float = 0.0


def draw_trail(image: Singles, trail: Trail) -> None:
    """Add a trail's light to an image.

    Parameters
    ----------
    image : float32 array (256, 256), added to
        DN.
    trail : Trail
        Where and how bright the trail is.
    """
    y, x = np.mgrid[:SIZE, :SIZE]
    angle = np.radians(trail.angle_deg)
    across = -(x - trail.x_pix) * np.sin(angle) + (y - trail.y_pix) * np.cos(angle)
    shifts = (-trail.spacing_pix, 0.0, trail.spacing_pix) if trail.spacing_pix else (0.0,)
    for shift in shifts:
        line = trail.peak_dn * np.exp(-0.5 * ((across - shift) / trail.sigma_pix) ** 2)
        image += line.astype(np.float32)


def make_passages(seed: int, scan: int, frame_count: int) -> tuple[Trail, ...]:
    """Satellites and aircraft of one scan, ordered by frame.

    Parameters
    ----------
    seed : int
        Seed of the night.
    scan : int
        Number of the scan in the night.
    frame_count : int
        Frames of the scan.

    Returns
    -------
    tuple of Trail
        Satellites are as sharp as a star; aircraft are near, so out of focus, with lights on both wings and the tail.
    """
    random = np.random.default_rng([_TAG, seed, scan])
    trails = []
    for kind, rate in (("satellite", _SATELLITES_A_FRAME), ("aircraft", _AIRCRAFT_A_FRAME)):
        for _ in range(int(random.poisson(rate * frame_count))):
            frame = int(random.integers(1, frame_count + 1))
            x, y = random.uniform(40.0, 216.0, 2)
            angle = random.uniform(0.0, 180.0)
            if kind == "satellite":
                peak = 40.0 * 10.0 ** random.uniform(0.0, 1.0)
                trails.append(Trail(kind, frame, x, y, angle, 0.7, peak))
            else:
                trails.append(Trail(kind, frame, x, y, angle, 2.8, 600.0, random.uniform(9.0, 16.0)))
    return tuple(sorted(trails, key=lambda trail: (trail.frame, trail.kind, trail.x_pix)))
