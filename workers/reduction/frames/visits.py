"""Which source falls on which frame, and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles, Integers
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.looks import find_looks

RADIUS_PIX = 2.0  # 4"


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
