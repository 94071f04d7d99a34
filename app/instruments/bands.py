"""The three survey bands, defined once."""

from __future__ import annotations

from enum import StrEnum


class Band(StrEnum):
    """A survey band; the value is the letter used in column names and file names of the database."""

    J = "j"
    H = "h"
    K = "k"

    @property
    def position(self) -> int:
        """Index of the band in three-letter flags such as `ph_qual` (J 0, H 1, Ks 2)."""
        return "jhk".index(self.value)

    @property
    def label(self) -> str:
        """Name for people: J, H, Ks."""
        return {"j": "J", "h": "H", "k": "Ks"}[self.value]


BANDS: tuple[Band, Band, Band] = (Band.J, Band.H, Band.K)
