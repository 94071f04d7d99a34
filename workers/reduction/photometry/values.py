"""Work space of the photometry's kernels: named tuples of arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.arrays import Doubles, Integers, Singles
from workers.reduction.profile.stamps import PADDED


class FitRules(NamedTuple):
    """What a fit may change.

    Attributes
    ----------
    move : bool
        Whether the place is fitted too.
    redraw : bool
        Whether the residual frames are kept up to date; then no flux falls below zero.
    """

    move: bool
    redraw: bool


class FitWork(NamedTuple):
    """Work space of a profile fit: the looks at one star, as many as there is room for; a row a look.

    Attributes
    ----------
    data : float32 array (looks, 56)
        Residual pixels of the stamp with the star's drawn model added back.
    use : float32 array (looks, 56)
        1 for pixels in the fit, 0 for others.
    stamps : float32 array (looks, 3, 56)
        Model of a star of 1 DN and its derivatives with x and y.
    error : float32 array (looks, 56)
        What the model does not know, in shares of the star's light.
    terms : float32 array (looks, terms)
        Polynomial terms of the look.
    place : float64 array (looks, 4)
        Offset from the stamp's middle pixel before the fit, and that pixel: fx, fy, jx, jy.
    rest : float64 array (looks, 2)
        Offset from the phase that the stamp is for.
    phase : int64 array (looks,)
        Number of that phase, 16 qy + qx; -1 for none.
    frame : int64 array (looks,)
        Index of the frame.
    look : float64 array (10,)
        Sums of a look: chi-squared; t.t, t.x, t.y, x.x, x.y, y.y; t.r, x.r, y.r.
    star : float64 array (10,)
        The same of all looks, pixels turned into arcseconds.
    step : float64 array (3,)
        Step of flux, x and y.
    """

    data: Singles
    use: Singles
    stamps: Singles
    error: Singles
    terms: Singles
    place: Doubles
    rest: Doubles
    phase: Integers
    frame: Integers
    look: Doubles
    star: Doubles
    step: Doubles

    @classmethod
    def of(cls, looks: int, terms: int) -> FitWork:
        """Return work space for a number of looks and of polynomial terms."""
        planes = [np.zeros((looks, PADDED), np.float32) for _ in range(3)]
        stamps = np.zeros((looks, 3, PADDED), np.float32)
        sums = np.empty(10), np.empty(10), np.empty(3)
        return cls(
            planes[0],
            planes[1],
            stamps,
            planes[2],
            np.empty((looks, terms), np.float32),
            np.empty((looks, 4)),
            np.empty((looks, 2)),
            np.empty(looks, np.int64),
            np.empty(looks, np.int64),
            *sums,
        )
