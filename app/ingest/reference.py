"""Reference stars in the database: load a catalogue, say what is loaded, read a region back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection, sql
from psycopg.rows import dict_row

from app.db.engine import connect
from app.db.statements import statement
from app.errors import ConflictError, InputError
from app.ingest.reference_stars import REFERENCE_DTYPE, ReferenceStars, Region

_CHUNK_ROWS = 50_000  # 4 MB of COPY at a time
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_COLUMNS = ("star_id", "ra", "decl", "epoch_year", "vt_mag", "pm_ra_mas_yr", "pm_decl_mas_yr", "bt_mag")
_OPTIONAL = ("pm_ra_mas_yr", "pm_decl_mas_yr", "bt_mag")


@dataclass(frozen=True)
class ReferenceStatus:
    """A loaded catalogue: its name, its number of stars, and how many of them have proper motions."""

    catalogue: str
    stars: int
    with_motion: int


def load_reference(
    connection: Connection[Any], stars: ReferenceStars, catalogue: str, *, replace: bool = False
) -> int:
    """Load a catalogue in the caller's transaction.

    Parameters
    ----------
    connection : Connection
        Role owner; the caller commits.
    stars : structured array of REFERENCE_DTYPE
        The whole catalogue.
    catalogue : str
        Name of the catalogue: tycho2 or synthetic.
    replace : bool, optional
        Whether stars that are loaded are removed first.

    Returns
    -------
    int
        Number of stars loaded; 0 if the same catalogue with as many stars stands already.

    Raises
    ------
    ConflictError
        Raised if other stars are loaded and `replace` is false: identifiers are unique over all catalogues.
    InputError
        Raised if there is no star, or a star without position, epoch or VT.
    """
    if stars.dtype != REFERENCE_DTYPE or stars.size == 0:
        raise InputError(f"{stars.size} reference stars", expected="at least one, as REFERENCE_DTYPE")
    for name in ("ra", "decl", "epoch_year", "vt_mag"):
        if not np.isfinite(stars[name]).all():
            raise InputError(f"reference stars without {name}", expected="a number for every star")
    loaded = reference_status(connection)
    if loaded and not replace:
        if [(row.catalogue, row.stars) for row in loaded] == [(catalogue, stars.size)]:
            return 0
        found = ", ".join(f"{row.stars} stars of {row.catalogue}" for row in loaded)
        raise ConflictError(
            f"{found} are loaded", expected="none before loading another", remedy="add --replace"
        )
    if loaded:
        connection.execute(statement("ingest/drop_reference_stars"))
    command = sql.SQL("COPY reference.star (catalogue, {}) FROM STDIN (FORMAT binary)").format(
        sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
    )
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        copy.write(_HEADER)
        for block in _encoded(stars, catalogue):
            copy.write(block)
        copy.write(_TRAILER)
    return int(stars.size)


def _encoded(stars: ReferenceStars, catalogue: str) -> Iterator[bytes]:
    """Rows of binary COPY, block after block; within a block grouped by which values are null.

    A null has no bytes on the wire, so each of the (at most eight) patterns of nulls is one fixed record.
    """
    for begin in range(0, stars.size, _CHUNK_ROWS):
        part = stars[begin : begin + _CHUNK_ROWS]
        unknown = np.stack([np.isnan(part[name]) for name in _OPTIONAL], axis=1)
        pattern = unknown @ np.array([1, 2, 4])
        for code in np.unique(pattern):
            rows = part[pattern == code]
            nulls = {name for bit, name in enumerate(_OPTIONAL) if int(code) >> bit & 1}
            yield _records(rows, catalogue.encode(), nulls).tobytes()


def _records(rows: ReferenceStars, catalogue: bytes, nulls: set[str]) -> NDArray[np.void]:
    layout: list[tuple[str, str]] = [
        ("count", ">i2"),
        ("catalogue_n", ">i4"),
        ("catalogue", f"S{len(catalogue)}"),
    ]
    for name in _COLUMNS:
        layout.append((f"{name}_n", ">i4"))
        if name not in nulls:
            layout.append((name, REFERENCE_DTYPE[name].newbyteorder(">").str))
    records = np.zeros(rows.size, np.dtype(layout))
    records["count"] = len(_COLUMNS) + 1
    records["catalogue_n"], records["catalogue"] = len(catalogue), catalogue
    for name in _COLUMNS:
        records[f"{name}_n"] = -1 if name in nulls else REFERENCE_DTYPE[name].itemsize
        if name not in nulls:
            records[name] = rows[name]
    return records


def reference_status(connection: Connection[Any]) -> list[ReferenceStatus]:
    """Say what is loaded, one entry a catalogue; empty where nothing is."""
    rows = connection.execute(statement("ingest/reference_status")).fetchall()
    return [ReferenceStatus(str(name), int(stars), int(motion)) for name, stars, motion in rows]


def stars_in_region(connection: Connection[Any], region: Region) -> ReferenceStars:
    """Read the loaded stars of a region, ordered by `star_id`.

    The index on positions finds a circle around the box; the box itself is cut out of that.

    Parameters
    ----------
    connection : Connection
        Role reader or more.
    region : Region
        Box on the sky.

    Returns
    -------
    structured array of REFERENCE_DTYPE, (n,)
        Numbers that the catalogue does not have are NaN.
    """
    width = (region.ra_max - region.ra_min) % 360.0 or (360.0 if region.ra_max > region.ra_min else 0.0)
    middle = (region.ra_min + 0.5 * width) % 360.0, 0.5 * (region.decl_min + region.decl_max)
    cosine = np.cos(np.radians(min(abs(region.decl_min), abs(region.decl_max))))
    equator = region.decl_min < 0.0 < region.decl_max
    wide = 0.5 * width * (1.0 if equator else float(cosine))
    radius = min(float(np.hypot(wide, 0.5 * (region.decl_max - region.decl_min))) + 1e-6, 180.0)
    circle = {"ra": middle[0], "decl": middle[1], "radius": radius}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("ingest/reference_region"), circle).fetchall()
    names = REFERENCE_DTYPE.names or ()
    filled = [tuple(np.nan if row[name] is None else row[name] for name in names) for row in rows]
    stars = np.array(filled, REFERENCE_DTYPE)
    return np.asarray(stars[region.contains(stars["ra"], stars["decl"])])


def database_regions(regions: list[Region]) -> ReferenceStars:
    """Read the reference stars of some regions from the database; a star in several of them stands once.

    Raises
    ------
    InputError
        Raised if no reference stars are loaded at all.
    """
    with connect() as connection:
        if not reference_status(connection):
            raise InputError(
                "no reference stars in the database",
                expected="a loaded catalogue",
                remedy="mapps reference load",
            )
        parts = [stars_in_region(connection, region) for region in regions]
    stars = np.concatenate([np.zeros(0, REFERENCE_DTYPE), *parts])
    return np.asarray(stars[np.unique(stars["star_id"], return_index=True)[1]])
