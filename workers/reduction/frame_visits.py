"""Which source falls on which frame, and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.reduction.frames import CalibratedFrames, Doubles, NightCalibration, RawBand
from workers.reduction.geometry import FrameGeometry
from workers.reduction.stack.visits import find_looks

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
    order = np.lexsort((x_arcsec, y_arcsec))
    looks = find_looks(
        geometry, np.ones(frames, np.bool_), x_arcsec[order], y_arcsec[order], size, RADIUS_PIX
    )
    source = np.repeat(order, np.diff(looks.start))
    by_frame = np.argsort(looks.frame, kind="stable")
    frame = looks.frame[by_frame]
    edges = np.searchsorted(frame, np.arange(frames + 1)).astype(np.int64)
    return Visits(source[by_frame], frame, looks.x_pix[by_frame], looks.y_pix[by_frame], edges)
