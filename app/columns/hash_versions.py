"""Which columns content hashes are made of, version by version: a list that was used once never changes.

A release and an attempt keep the version of their hash. So a column may be added to the catalogues and what was
published before stays verifiable: old hashes are computed again from the columns of their time. `hash_versions.json`
holds the lists; `python -m app.tools.hash_versions` writes it from the registry, with which a test compares it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.errors import MappsError

FILE = Path(__file__).with_name("hash_versions.json")

RUN = "run"
"""Stands for the name of the run that a released row is from: its key says in which order runs were made."""


BINARY_FROM = 2
"""First version of released rows that are hashed as PostgreSQL sends a row to programs; before, as it writes one."""


class HashVersionError(MappsError):
    """A content hash was made of columns that this version of mapps does not know."""

    code = "HASH_VERSION"


@dataclass(frozen=True)
class HashedColumns:
    """What the hashes of a version are made of.

    Attributes
    ----------
    release : mapping of str to tuple of str
        Columns of a row of each product (psc, xsc, atlas), in the order in which they are hashed.
    output : mapping of str to tuple of str
        Columns or fields of each part of what an attempt publishes.
    """

    release: Mapping[str, tuple[str, ...]]
    output: Mapping[str, tuple[str, ...]]


def read_versions(path: Path = FILE) -> dict[int, HashedColumns]:
    """Read all versions of the file, the oldest first."""
    document: dict[str, dict[str, dict[str, list[str]]]] = json.loads(path.read_text(encoding="utf-8"))
    return {
        int(number): HashedColumns(
            *({part: tuple(names) for part, names in lists[kind].items()} for kind in ("release", "output"))
        )
        for number, lists in sorted(document.items(), key=lambda item: int(item[0]))
    }


VERSIONS = read_versions()
NEWEST = max(VERSIONS)
"""Version of the hashes that are made from now on."""


def hashed_columns(version: int) -> HashedColumns:
    """Columns of a version.

    Raises
    ------
    HashVersionError
        Raised if there is no such version: a newer mapps made the hash.
    """
    if version not in VERSIONS:
        raise HashVersionError(
            f"a content hash of version {version}",
            expected=f"version {', '.join(map(str, VERSIONS))}",
            remedy="use the version of mapps that made it, or a newer one",
        )
    return VERSIONS[version]
