"""Very bright stars, which no scan may have extracted: a CSV file, a line a star."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields
from typing import TYPE_CHECKING, Any

from psycopg import Connection

from app.db.statements import statement
from app.errors import ConflictError, InputError

if TYPE_CHECKING:
    from pathlib import Path

FAINTEST_MAG = 8.0
"""A star fainter than this in all bands is extracted by every scan that sees it: a file with one has other units."""


class BrightStarError(InputError):
    """A file of very bright stars cannot be read."""

    code = "BRIGHT_STAR"


@dataclass(frozen=True)
class BrightStar:
    """A star by published photometry; a row of reference.bright_star.

    Attributes
    ----------
    name : str
        Name of the star.
    ra, decl : float
        Place at the epoch of the survey, ICRS degrees.
    j_mag, h_mag, k_mag : float or None
        Magnitudes, one at least; None where there is none.
    """

    name: str
    ra: float
    decl: float
    j_mag: float | None
    h_mag: float | None
    k_mag: float | None


COLUMNS = tuple(field.name for field in fields(BrightStar))
"""Columns of a file."""
_BANDS = ("j_mag", "h_mag", "k_mag")


def read_bright_stars(path: Path) -> tuple[BrightStar, ...]:
    """Read a file of very bright stars.

    Parameters
    ----------
    path : Path
        CSV in UTF-8 with a header line; a magnitude may be empty.

    Raises
    ------
    BrightStarError
        Raised if the file cannot be read, lacks a column, names a star twice, or a value is impossible; the message
        names the line.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream, restval="", strict=True)
            lacking = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if lacking:
                raise BrightStarError(
                    f"{path} has no column {', '.join(lacking)}", expected=f"columns {', '.join(COLUMNS)}"
                )
            found = tuple(_star(row, f"{path} line {reader.line_num}") for row in reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BrightStarError(f"{path}: {error}", expected="very bright stars") from error
    names = [star.name for star in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BrightStarError(f"{path} has {', '.join(twice)} twice", expected="one line a star")
    if not found:
        raise BrightStarError(f"{path}: no star", expected="one line at least")
    return found


def _star(row: dict[str, str], place: str) -> BrightStar:
    name = row["name"].strip()
    if not name:
        raise BrightStarError(f"{place}: no name", expected="a name for each star")
    ra, decl = (_number(row, column, limits, place) for column, limits in _PLACE_LIMITS.items())
    magnitudes = [_number(row, band, (-10.0, 30.0), place) if row[band].strip() else None for band in _BANDS]
    known = [value for value in magnitudes if value is not None]
    if not known or min(known) > FAINTEST_MAG:
        raise BrightStarError(f"{place}: magnitudes {known}", expected=f"one of {FAINTEST_MAG:g} or brighter")
    return BrightStar(name, ra, decl, *magnitudes)


_PLACE_LIMITS = {"ra": (0.0, 360.0), "decl": (-90.0, 90.0)}


def _number(row: dict[str, str], column: str, limits: tuple[float, float], place: str) -> float:
    try:
        value = float(row[column])
    except ValueError as error:
        raise BrightStarError(f"{place}: {column} {row[column]!r}", expected="a number") from error
    if not (math.isfinite(value) and limits[0] <= value <= limits[1]):
        raise BrightStarError(f"{place}: {column} {row[column]}", expected=f"{limits[0]:g} to {limits[1]:g}")
    return value


def load_bright_stars(
    connection: Connection[Any], stars: Sequence[BrightStar], *, replace: bool = False
) -> int:
    """Add very bright stars, all of them or none.

    Parameters
    ----------
    connection : Connection
        Operator's, without an open transaction.
    stars : sequence of BrightStar
        Stars.
    replace : bool
        Whether they take the place of stars of the same names. Releases keep what they were drawn with.

    Returns
    -------
    int
        Stars that were added or replaced.

    Raises
    ------
    ConflictError
        Raised if a star stands there with other values and `replace` is false.
    """
    changed = 0
    with connection.transaction():
        for star in stars:
            found = connection.execute(statement("ingest/find_bright_star"), asdict(star)).fetchone()
            if found is not None and _same(tuple(found), astuple(star)[1:]):
                continue
            if found is not None and not replace:
                raise ConflictError(
                    f"{star.name} stands at {found[0]} {found[1]} with other values already",
                    expected="one line a star",
                    remedy="add --replace if the new one is meant",
                )
            connection.execute(statement("ingest/add_bright_star"), asdict(star))
            changed += 1
    return changed


def _same(stored: tuple[float | None, ...], given: tuple[float | None, ...]) -> bool:
    """Tell whether a stored star, whose magnitudes are single, is the given one."""
    return (
        all(
            a == b if a is None or b is None else math.isclose(a, b, rel_tol=1e-6)
            for a, b in zip(stored, given, strict=True)
        )
        and stored[:2] == given[:2]
    )
