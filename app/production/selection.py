"""Which scans an operator means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.errors import UserError

_NIGHT = re.compile(r"(?:(\d{4})-(\d\d)-(\d\d)|(\d\d)(\d\d)(\d\d))([ns])?")
# Two digits of a year: the survey began in 1997; 97 to 99 are the last century's.
_CENTURY_CHANGE = 97


class SelectionError(UserError):
    """A night, scan or tile was not understood."""

    code = "SELECTION"


@dataclass(frozen=True)
class Night:
    """A night by date and, unless both observatories are meant, hemisphere letter."""

    date: date
    hemis: str | None

    @classmethod
    def parse(cls, text: str) -> Night:
        """Read `1997-04-23`, `1997-04-23s`, `970423` or `970423s`.

        Raises
        ------
        SelectionError
            Raised if it is none of these.
        """
        found = _NIGHT.fullmatch(text.strip().lower())
        if found is None:
            raise _no_night(text)
        long, short, hemis = found.group(1, 2, 3), found.group(4, 5, 6), found.group(7)
        year, month, day = (int(part) for part in (long if long[0] else short))
        if not long[0]:
            year += 1900 if year >= _CENTURY_CHANGE else 2000
        try:
            return cls(date(year, month, day), hemis)
        except ValueError:
            raise _no_night(text) from None


@dataclass(frozen=True)
class Selection:
    """Filters that must all hold; None does not restrict.

    Attributes
    ----------
    night : Night or None
        Only of this night.
    scans, tiles : tuple of int or None
        Only scans of these numbers in their night, or of these tiles.
    calibration_only : bool
        Only calibration scans are queued; listings and other verbs do not tell them apart.
    """

    night: Night | None = None
    scans: tuple[int, ...] | None = None
    tiles: tuple[int, ...] | None = None
    calibration_only: bool = False

    @classmethod
    def of(
        cls, night: str | None = None, scans: Sequence[int] | None = None, tiles: Sequence[int] | None = None
    ) -> Selection:
        """Take the words of a command; empty lists do not restrict.

        Parameters
        ----------
        night : str, optional
            A night as `Night.parse` reads it.
        scans : sequence of int, optional
            Numbers of scans in their night.
        tiles : sequence of int, optional
            Numbers of tiles.
        """
        return cls(
            Night.parse(night) if night else None,
            tuple(scans) if scans else None,
            tuple(tiles) if tiles else None,
        )

    def values(self) -> dict[str, Any]:
        """Values of the statements' parameters."""
        return {
            "date": self.night.date if self.night else None,
            "hemis": self.night.hemis if self.night else None,
            "scans": list(self.scans) if self.scans else None,
            "tiles": list(self.tiles) if self.tiles else None,
            "calibration_only": self.calibration_only,
        }


def _no_night(text: str) -> SelectionError:
    return SelectionError(
        f"{text!r} is no night", expected="1997-04-23 or 970423, with n or s for one observatory"
    )
