"""The frame of a candidate: what it is fitted on, and what is fitted beside it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.arrays import Doubles
from app.instruments.bands import Band
from workers.reduction.galaxies.coadds import Window

MOST_STARS, FITTED_ARCSEC = 12, 20.0  # peaks farther than that are masked


class Frame(NamedTuple):
    """What a candidate is fitted on: windows of the bands, peaks in them, and what is fitted beside it."""

    half: int
    windows: dict[Band, Window]
    peaks: tuple[Doubles, Doubles]
    bent: bool = False
    core: tuple[float, float] | None = None

    def neighbours(self) -> Doubles:
        """Places of the peaks that are fitted as stars, (n, 2)."""
        places = self.peaks[0]
        return places[np.flatnonzero(np.hypot(*places.T) < FITTED_ARCSEC)[:MOST_STARS]]

    def with_star(self, place: Doubles, light_dn: float) -> Frame:
        """Return the frame with one peak more.

        Parameters
        ----------
        place : float64 array (2,)
            From the candidate, arcsec.
        light_dn : float
            Of the star.
        """
        places, light = np.concatenate([self.peaks[0], place[None, :]]), np.append(self.peaks[1], light_dn)
        order = np.argsort(-light, kind="stable")
        return self._replace(peaks=(places[order], light[order]))
