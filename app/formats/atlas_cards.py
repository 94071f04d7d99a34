"""Cards of an Atlas image's header, read with their type."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from app.errors import InputError

if TYPE_CHECKING:
    from astropy.io import fits


class AtlasFileError(InputError):
    """An Atlas image file cannot be used.

    Parameters
    ----------
    file, keyword : str
        The file, and the keyword of its header (or `data`, `file`).
    found, expected, remedy : str
        As in `MappsError`.
    """

    code: ClassVar[str] = "ATLAS_FILE"

    def __init__(self, file: str, keyword: str, found: object, *, expected: str, remedy: str = "") -> None:
        super().__init__(f"{file}: {keyword}: found {found}", expected=expected, remedy=remedy)
        self.file = file
        self.keyword = keyword


# Cards that say how a unit is stored, or what it is called, and are never meant for another.
_OF_A_UNIT = re.compile(
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|[PG]COUNT|GROUPS|BSCALE|BZERO|BLANK|CHECKSUM|DATASUM|INHERIT|EXT(NAME|VER|LEVEL)"
    r"|DATA(MIN|MAX)|COMMENT|HISTORY|CONTINUE|END|"
)


def with_inherited(header: fits.Header, primary: fits.Header) -> fits.Header:
    """Give the header of an extension with the primary header's cards that it inherits, where INHERIT = T says so.

    Parameters
    ----------
    header : astropy.io.fits.Header
        Header of an extension.
    primary : astropy.io.fits.Header
        Primary header of the same file.

    Returns
    -------
    astropy.io.fits.Header
        The same header where nothing is inherited, else a copy; its own cards stand before those of the same name
        (FITS standard 4.0, section 4.4.2.6).
    """
    if header.get("INHERIT") is not True:
        return header
    own, merged = {card.keyword for card in header.cards}, header.copy()
    for card in primary.cards:
        if card.keyword not in own and not _OF_A_UNIT.fullmatch(card.keyword):
            merged.append(card, end=True)
    return merged


@dataclass(frozen=True)
class HeaderCards:
    """Typed access to a header, with errors that name file and keyword.

    Attributes
    ----------
    header : astropy.io.fits.Header
        Header of an image.
    file : str
        Name of the file, for messages.
    """

    header: fits.Header
    file: str

    def value(self, name: str) -> Any:
        """Value of a card as the library reads it; None if there is none, or it is blank.

        Raises
        ------
        AtlasFileError
            Raised if the card cannot be read, or stands twice with different values.
        """
        from astropy.io import fits

        if name not in self.header:
            return None
        try:
            values = [self.header[name, number] for number in range(self.header.count(name))]
        except (fits.VerifyError, ValueError, Warning) as error:
            found = " ".join(str(error).split())[:80]
            found = f"a card that cannot be read ({found})"
            raise AtlasFileError(self.file, name, found, expected="a value") from error
        if any(value != values[0] for value in values[1:]):
            found = " and ".join(map(repr, values))
            raise AtlasFileError(self.file, name, found, expected="one value")
        value = None if isinstance(values[0], fits.card.Undefined) else values[0]
        return None if isinstance(value, str) and not value.strip() else value

    def _first(self, names: tuple[str, ...]) -> tuple[str, Any]:
        for name in names:
            value = self.value(name)
            if value is not None:
                return name, value
        return names[0], None

    def real(self, *names: str, low: float = -math.inf, high: float = math.inf) -> float | None:
        """Give a number, of the first of some keywords that is there.

        Parameters
        ----------
        *names : str
            Keywords.
        low, high : float, optional
            Limits of what can be true.
        """
        name, value = self._first(names)
        if value is None:
            return None
        if isinstance(value, (bool, str)) or not math.isfinite(value) or not low <= value <= high:
            raise AtlasFileError(self.file, name, repr(value), expected=f"a number from {low:g} to {high:g}")
        return float(value)

    def whole(self, *names: str, low: int, high: int) -> int | None:
        """Give a whole number, also one that is written as text; as `real`."""
        name, value = self._first(names)
        if value is None:
            return None
        if isinstance(value, str) and value.strip().isdigit():
            value = int(value)
        odd = isinstance(value, (bool, str)) or not math.isfinite(value) or value != int(value)
        if odd or not low <= value <= high:
            raise AtlasFileError(
                self.file, name, repr(value), expected=f"a whole number from {low} to {high}"
            )
        return int(value)

    def text(self, name: str, allowed: str = "") -> str | None:
        """Give a text without outer blanks.

        Parameters
        ----------
        name : str
            Keyword.
        allowed : str, optional
            Words that can be true, lower case, with blanks between them; the text then comes in lower case.
        """
        _, value = self._first((name,))
        if value is None:
            return None
        found = str(value).strip()
        if allowed and found.lower() not in allowed.split():
            raise AtlasFileError(self.file, name, repr(found), expected=f"one of {allowed}")
        return found.lower() if allowed else found
