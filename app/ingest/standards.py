"""Photometric standards in the database: catalogues under names, each known by the content of its stars."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from app.db.statements import statement
from app.errors import ConflictError, InputError
from app.instruments.bands import BANDS


@dataclass(frozen=True)
class StandardStar:
    """One standard star.

    Attributes
    ----------
    name : str
        Name of the star.
    field : str or None
        Calibration field; None where the catalogue names none.
    ra, decl : float
        Position at the epoch, ICRS degrees.
    epoch_year : float
        Julian year of the position.
    pm_ra_mas_yr, pm_decl_mas_yr : float or None
        Proper motion, that in right ascension times cos(decl); None where unknown.
    mag, error_mag : tuple of (float or None)
        J, H and Ks magnitudes in the natural system and their errors, 1 sigma; None where unknown.
    primary_standard : bool
        Whether it is a primary standard.
    """

    name: str
    field: str | None
    ra: float
    decl: float
    epoch_year: float
    pm_ra_mas_yr: float | None
    pm_decl_mas_yr: float | None
    mag: tuple[float | None, float | None, float | None]
    error_mag: tuple[float | None, float | None, float | None]
    primary_standard: bool = False

    @property
    def star_hash(self) -> str:
        """SHA-256 (hexadecimal) over the values."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class StandardsStatus:
    """A catalogue of standards as it stands in the database.

    Attributes
    ----------
    name, source, content_hash, state : str
        As in reference.standard_catalogue.
    stars, retired : int
        Stars loaded, and of these retired.
    loaded_at : datetime
        When it was loaded.
    """

    name: str
    source: str
    content_hash: str
    state: str
    stars: int
    retired: int
    loaded_at: datetime


def standards_hash(stars: Sequence[StandardStar]) -> str:
    """SHA-256 (hexadecimal) over stars in the order of their names, whatever order they come in.

    Parameters
    ----------
    stars : sequence of StandardStar
        A whole catalogue.

    Examples
    --------
    >>> star = StandardStar("a", None, 1.0, 2.0, 2000.0, None, None, (9.0, None, None), (0.01, None, None))
    >>> standards_hash([star]) == standards_hash([star, star])
    False
    """
    digest = hashlib.sha256(f"{len(stars)} standards\n".encode())
    for star in sorted(stars, key=lambda star: star.name):
        digest.update(star.star_hash.encode())
    return digest.hexdigest()


def load_standards(
    connection: Connection[Any],
    stars: Sequence[StandardStar],
    name: str,
    source: str = "",
    *,
    replace: bool = False,
) -> int:
    """Load a catalogue of standards in the caller's transaction.

    Parameters
    ----------
    connection : Connection
        Operator's or owner's; the caller commits.
    stars : sequence of StandardStar
        The whole catalogue.
    name : str
        Name of the catalogue.
    source : str
        Where it came from, for people.
    replace : bool
        Whether it takes the place of another content under its name.

    Returns
    -------
    int
        Number of stars loaded; 0 if the same content stands already.

    Raises
    ------
    InputError
        Raised if there is no star, or a name stands twice.
    ConflictError
        Raised if other content stands under the name and `replace` is false, or if another catalogue has a star of
        the same name with other values: a name means one star.
    """
    names = [star.name for star in stars]
    if not stars or len(set(names)) < len(names):
        double = sorted({star for star in names if names.count(star) > 1})[:3]
        raise InputError(
            f"{len(stars)} standards, {', '.join(double) or 'none'} twice",
            expected="stars of different names",
        )
    content = standards_hash(stars)
    connection.execute(statement("ingest/lock_standards"))
    for row in (row for row in standards_status(connection) if row.state == "current" and row.name == name):
        if row.content_hash == content:
            return 0
        if not replace:
            raise ConflictError(
                f"{row.stars} standards ({row.content_hash[:12]}) are loaded as {name!r}, these are {len(stars)}"
                f" ({content[:12]})",
                expected="the same content under a name",
                remedy="add --replace, or load them under another name (--name)",
            )
        connection.execute(statement("ingest/drop_standards"), {"name": name})
        connection.execute(statement("ingest/replace_standards"), {"name": name})
    _refuse_other_values(connection, stars)
    values = {"name": name, "source": source, "content_hash": content, "stars": len(stars)}
    [catalogue_id] = connection.execute(statement("ingest/add_standards"), values).fetchone() or (0,)
    with connection.cursor() as cursor:
        cursor.executemany(statement("ingest/add_standard"), [_values(star, catalogue_id) for star in stars])
    return len(stars)


def _refuse_other_values(connection: Connection[Any], stars: Sequence[StandardStar]) -> None:
    hashes = {"names": [star.name for star in stars], "hashes": [star.star_hash for star in stars]}
    row = connection.execute(statement("ingest/other_standard"), hashes).fetchone()
    if row is not None:
        star, catalogue = row
        raise ConflictError(
            f"standard {star} has other values in the catalogue {catalogue!r}",
            expected="the same values for a name in all catalogues",
            remedy="name the star otherwise, or replace that catalogue",
        )


def _values(star: StandardStar, catalogue_id: int) -> dict[str, Any]:
    values = asdict(star) | {"catalogue_id": catalogue_id, "star_hash": star.star_hash}
    del values["mag"], values["error_mag"]
    for band, mag, error in zip(BANDS, star.mag, star.error_mag, strict=True):
        values |= {f"{band.value}_mag": mag, f"{band.value}_error_mag": error}
    return values


def standards_status(connection: Connection[Any]) -> list[StandardsStatus]:
    """Say which catalogues of standards are and were loaded, current ones first, by name."""
    with connection.cursor(row_factory=class_row(StandardsStatus)) as cursor:
        return cursor.execute(statement("ingest/standards_status")).fetchall()
