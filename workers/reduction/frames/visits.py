"""Which source falls on which frame, and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles, Integers
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.looks import find_looks
from workers.reduction.kernels.order import order_along

RADIUS_PIX = 2.0  # 4"


@dataclass(frozen=True)
class Visits:
    """Sources on frames, ordered by frame.

    Attributes
    ----------
    source : int64 array (n,)
        Index of the source.
    frame : int64 array (n,)
        Index of the frame.
    x_pix, y_pix : float64 arrays (n,)
        Array pixels of the source.
    """

    source: Integers
    frame: Integers
    x_pix: Doubles
    y_pix: Doubles


def find_visits(geometry: FrameGeometry, x_arcsec: Doubles, y_arcsec: Doubles) -> Visits:
    """Every (source, frame) pair with the centre at least 4" inside the frame.

    Parameters
    ----------
    geometry : FrameGeometry
        Of the frames; all of them count, with pixels or without.
    x_arcsec, y_arcsec : float64 arrays (n,)
        U-scan places of the sources, in any order.
    """
    order = order_along(x_arcsec, y_arcsec)
    every = np.ones(geometry.x_arcsec.size, np.bool_)
    looks = find_looks(geometry, every, x_arcsec[order], y_arcsec[order], margin_pix=RADIUS_PIX)
    source = np.repeat(order, np.diff(looks.start))
    by_frame = np.argsort(looks.frame, kind="stable")
    return Visits(source[by_frame], looks.frame[by_frame], looks.x_pix[by_frame], looks.y_pix[by_frame])
