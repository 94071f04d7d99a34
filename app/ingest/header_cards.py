"""A FITS header as a JSON document, whatever its cards hold."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from app.formats.atlas_reader import open_atlas
from app.formats.library_warnings import UNREAD, library_warnings
from app.ingest.file_names import printable

# A header block of a real Atlas image has 112 cards; a file of blanks may have millions.
_MOST_CARDS = 5000


def header_document(header: Any) -> dict[str, Any]:
    """Keywords and values in their order; COMMENT and HISTORY as lists of lines.

    Values that JSON does not have (NaN, complex) become None or text; a card that cannot be read becomes None.
    """
    document: dict[str, Any] = {}
    for number, card in enumerate(header.cards):
        if number >= _MOST_CARDS:
            break
        keyword, value = _read_card(card)
        if keyword in {"COMMENT", "HISTORY"}:
            document.setdefault(keyword, []).append(value)
        elif keyword:
            document.setdefault(keyword, value)
    return document


def _read_card(card: Any) -> tuple[str, Any]:
    keyword = ""
    try:
        keyword = _clean(str(card.keyword))
        return keyword, _json_value(card.value)
    except Exception:  # noqa: BLE001 - astropy meets damaged cards with exceptions of many families
        return keyword, None


def _json_value(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        return _clean(value.rstrip())
    # Left are numpy numbers, which have a Python value, and cards without a defined value.
    item = getattr(value, "item", None)
    return _json_value(item()) if item is not None else None


def _clean(text: str) -> str:
    return printable(text.replace("\0", ""))


def read_header_document(path: Path) -> dict[str, Any]:
    """Document of the HDU that holds the image of an Atlas file.

    The file has passed its reader, so that it can be opened.
    """
    with open_atlas(path) as (hdus, _, number), library_warnings(*UNREAD):
        return header_document(hdus[number].header)


def read_primary_document(path: Path) -> dict[str, Any]:
    """Document of the primary HDU of a file that has passed its reader."""
    from astropy.io import fits

    with library_warnings(*UNREAD):
        return header_document(fits.getheader(path, 0))


def shared_document(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """Keywords that have the same value in all documents, ordered by name.

    Examples
    --------
    >>> shared_document([{"SCANNO": 49, "FILTER": "j"}, {"SCANNO": 49, "FILTER": "h"}])
    {'SCANNO': 49}
    """
    if not documents:
        return {}
    first, *others = documents
    return {
        keyword: value
        for keyword, value in sorted(first.items())
        if all(keyword in other and _same(value, other[keyword]) for other in others)
    }


def _same(value: Any, other: Any) -> bool:
    # As documents, because 1, 1.0 and True are equal for Python.
    return json.dumps(value) == json.dumps(other)
