"""Warnings of the FITS library: errors, but for a list of harmless ones.

astropy warns of a file that was cut short, of a BLANK without effect, of cards that it cannot read, and goes on with
what it could make of them.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HARMLESS = (
    # Bytes that are no ASCII stand in texts and comments; in a number they make the card unreadable.
    ".*non-ASCII characters are present in the FITS file header.*",
    # Filling after END says nothing.
    ".*Header block contains null bytes instead of spaces for padding.*",
    ".*Unexpected extra padding at the end of the file.*",
    # Our planes of integers have BLANK themselves; of images of real numbers `plane_of` looks at the card.
    ".*Invalid (value for )?'BLANK' keyword in header.*",
)
"""Patterns of messages that say nothing about the data, or about which our reader has an opinion of its own."""
UNREAD = (
    ".*header keyword is invalid or follows an unrecognized.*",
    ".*Non-standard convention.*",
)
"""Patterns of messages about cards whose values nobody uses."""


@contextmanager
def library_warnings(*further: str) -> Iterator[None]:
    """Turn warnings into errors, except harmless ones.

    Parameters
    ----------
    *further : str
        Patterns of messages that are harmless besides.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for message in (*HARMLESS, *further):
            warnings.filterwarnings("ignore", message=f"(?s){message}")
        yield
