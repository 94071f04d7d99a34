"""What an operator means by an address: the keys of inputs, and the candidates where it is not clear.

An address is a key (`12`), the start of a SHA-256 (`ab12cd`: hexadecimal, six digits at least, a letter among them; or
`sha256:` before any digits), or a name. A hash means its content, which may stand in several runs; what means several
contents is refused, and they are listed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from app.db.statements import statement
from app.errors import UnknownNameError, UserError
from app.models.production import InputKind
from app.production.selection import Selection

_KEY = re.compile(r"(?:key:)?(\d{1,18})")
_HASH = re.compile(r"(?:sha256:)([0-9a-f]{1,64})|([0-9a-f]{6,63}|[0-9a-f]{64})", re.IGNORECASE)
_SHOWN = 10
_STATEMENTS = {
    InputKind.RAW_FILE: "production/recall/find_raw_files",
    InputKind.CALIBRATION: "production/recall/find_calibrations",
    InputKind.REFERENCE: "production/recall/find_references",
    InputKind.ATTEMPT: "production/recall/find_attempts",
    InputKind.PIPELINE: "production/recall/find_pipelines",
}
NOUNS = {
    InputKind.RAW_FILE: ("ingested file", "mapps ingest files"),
    InputKind.CALIBRATION: ("calibration product", "mapps calibration list"),
    InputKind.REFERENCE: ("reference catalogue", "mapps reference list"),
    InputKind.ATTEMPT: ("attempt", "mapps run attempts"),
    InputKind.PIPELINE: ("pipeline or parameter set", "mapps run list --json"),
}
"""What a kind of input is called, and the command that lists its keys."""


class AddressError(UserError):
    """An address means several things."""

    code = "ADDRESS"


@dataclass(frozen=True)
class Address:
    """An address as it was read: exactly one of key, start of a hash, or name."""

    key: int | None = None
    start: str | None = None
    name: str | None = None

    @classmethod
    def of(cls, given: str) -> Address:
        """Read an address.

        Examples
        --------
        >>> Address.of("12"), Address.of("AB12CD"), Address.of("sha256:123")
        (Address(key=12, start=None, name=None), Address(key=None, start='ab12cd', name=None), \
Address(key=None, start='123', name=None))
        >>> Address.of("tycho2").name, Address.of("key:7").key
        ('tycho2', 7)
        """
        text = given.strip()
        if found := _KEY.fullmatch(text):
            return cls(key=int(found[1]))
        if found := _HASH.fullmatch(text):
            return cls(start=(found[1] or found[2]).lower())
        return cls(name=text)


@dataclass(frozen=True)
class Candidate:
    """Something an address may mean: its key, its content (a hash, or the key itself), and what it is."""

    key: int
    content: str
    told: str


def find_inputs(connection: Connection[Any], kind: InputKind, given: str) -> tuple[int, ...]:
    """Find the keys that an address means; several only where they have the same content.

    Parameters
    ----------
    connection : Connection
        Reader's or operator's.
    kind : InputKind
        What is addressed.
    given : str
        Key, start of a hash, or name.

    Raises
    ------
    UnknownNameError
        Raised if nothing is meant; the latest that there are, are listed.
    AddressError
        Raised if several contents are meant; they are listed.
    """
    noun, command = NOUNS[kind]
    found = _candidates(connection, kind, Address.of(given))
    if not found:
        latest = _candidates(connection, kind, Address())
        raise UnknownNameError(
            f"{given!r} is no {noun}",
            expected=f"one of {_listed(latest)}" if latest else f"a {noun}, and there is none",
            remedy=f"see: {command}",
        )
    if len({candidate.content for candidate in found}) > 1:
        raise AddressError(
            f"{given!r} means several: {_listed(found)}",
            expected=f"the key or more of the hash of one {noun}",
            remedy=f"see: {command}",
        )
    return tuple(sorted(candidate.key for candidate in found))


def files_of_scans(connection: Connection[Any], selection: Selection) -> tuple[int, ...]:
    """Find the keys of all files of a night, or of some of its scans.

    Parameters
    ----------
    connection : Connection
        Reader's or operator's.
    selection : Selection
        Night, and scans where not all are meant.

    Raises
    ------
    UnknownNameError
        Raised if there are no such files.
    """
    rows = connection.execute(statement("production/recall/files_of_scans"), selection.values()).fetchall()
    if not rows:
        raise UnknownNameError(
            "no ingested file of this night or scan", expected="a night as: mapps night list"
        )
    return tuple(key for (key,) in rows)


def _candidates(connection: Connection[Any], kind: InputKind, address: Address) -> list[Candidate]:
    with connection.cursor(row_factory=class_row(Candidate)) as cursor:
        return cursor.execute(statement(_STATEMENTS[kind]), vars(address)).fetchmany(1000)


def _listed(candidates: list[Candidate]) -> str:
    shown = [f"{c.key} ({c.content[:12]}, {c.told})" for c in candidates[:_SHOWN]]
    more = len(candidates) - _SHOWN
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")
