"""What a header names of its scan: type, tile and direction, each None if the header does not name it.

Atlas images and raw files carry the same three keywords. Values are read from stored headers again at every
ingest, so that a file without a keyword contradicts nothing and a later file may supply it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.models.survey import ScanKind

_LARGEST_TILE = 999_999
_KINDS = {kind.value for kind in ScanKind}


@dataclass(frozen=True)
class NamedFacts:
    """Type (sci, cal, dar, flt, tst), tile number and direction (n, s) of a scan."""

    kind: str | None = None
    tile: int | None = None
    direction: str | None = None

    @classmethod
    def of_header(cls, header: Mapping[str, Any]) -> NamedFacts:
        """Read a header document; values that cannot be true count as absent."""
        kind, direction = _word(header.get("TYPE")), _word(header.get("SCANDIR"))
        return cls(
            kind if kind in _KINDS else None,
            _tile(header.get("STRIP_ID")),
            direction if direction in {"n", "s"} else None,
        )

    def joined(self, other: NamedFacts) -> NamedFacts:
        """Fill the gaps of these facts with those of `other`."""
        return NamedFacts(self.kind or other.kind, self.tile or other.tile, self.direction or other.direction)

    def contradiction(self, other: NamedFacts) -> tuple[str, object, object] | None:
        """First fact that both name differently: its keyword, this value and the other's; None if there is none."""
        for keyword, own, others in (
            ("TYPE", self.kind, other.kind),
            ("STRIP_ID", self.tile, other.tile),
            ("SCANDIR", self.direction, other.direction),
        ):
            if own is not None and others is not None and own != others:
                return keyword, own, others
        return None


def _word(value: Any) -> str:
    return str(value or "").strip().lower()


def _tile(value: Any) -> int | None:
    text = str(value if value is not None else "").strip()
    # STRIP_ID 0 stands for no tile.
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) <= _LARGEST_TILE else None
