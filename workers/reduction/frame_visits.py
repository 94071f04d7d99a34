"""Which source falls on which frame, and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.reduction.frames import CalibratedFrames, Doubles, NightCalibration, RawBand
from workers.reduction.geometry import FrameGeometry

RADIUS_PIX = 2.0  # 4"

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class BandFrames:
    """All that is known of the frames of one band, for measuring sources on them."""

    raw: RawBand
    calibration: NightCalibration
    frames: CalibratedFrames
    geometry: FrameGeometry


@dataclass(frozen=True)
class Visits:
    """Sources on frames, ordered by frame."""

    source: Integers
    frame: Integers
    x_pix: Doubles
    y_pix: Doubles
    edges: Integers


def find_visits(geometry: FrameGeometry, x_arcsec: Doubles, y_arcsec: Doubles, size: int) -> Visits:
    """Every (source, frame) pair with the centre at least 4" inside the frame."""
    frames = geometry.x_arcsec.size
    order = np.argsort(y_arcsec, kind="stable")
    reach = 1.5 * size
    parts = []
    for i in range(frames):
        low, high = np.searchsorted(y_arcsec[order], geometry.y_arcsec[i] + np.array([-reach, reach]))
        mine = order[low:high]
        x, y = geometry.to_pixels(np.full(mine.size, i), x_arcsec[mine], y_arcsec[mine])
        low_edge, high_edge = RADIUS_PIX - 0.5, size - 0.5 - RADIUS_PIX
        inside = (x >= low_edge) & (y >= low_edge) & (x <= high_edge) & (y <= high_edge)
        parts.append((mine[inside], np.full(np.count_nonzero(inside), i), x[inside], y[inside]))
    source, frame, x, y = (np.concatenate([part[k] for part in parts]) for k in range(4))
    edges = np.searchsorted(frame, np.arange(frames + 1))
    return Visits(source.astype(np.int64), frame.astype(np.int64), x, y, edges.astype(np.int64))
