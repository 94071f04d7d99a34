"""Reference stars in the database: load a catalogue, say what was loaded, read a region back.

A catalogue is known by its content: a hash over the stars as they were loaded. One catalogue is current; of those that
it replaced name and hash stay, because attempts were given their stars.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection, sql
from psycopg.rows import class_row, dict_row

from app.db.engine import connect
from app.db.statements import statement
from app.errors import ConflictError, InputError
from app.ingest.reference_stars import REFERENCE_DTYPE, ReferenceStars, Region
from app.models.reference import CatalogueState

_CHUNK_ROWS = 50_000  # 4 MB of COPY at a time
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_COLUMNS = ("star_id", "ra", "decl", "epoch_year", "vt_mag", "pm_ra_mas_yr", "pm_decl_mas_yr", "bt_mag")
_OPTIONAL = ("pm_ra_mas_yr", "pm_decl_mas_yr", "bt_mag")


@dataclass(frozen=True)
class ReferenceStatus:
    """A catalogue that is or was loaded.

    Attributes
    ----------
    catalogue_id : int
        Key of the row.
    name : str
        tycho2 or synthetic.
    source : str
        Where the stars came from: files, or seed and area.
    content_hash : str
        SHA-256 over the stars, hexadecimal.
    state : str
        current, or replaced: its stars are gone then.
    stars, with_motion : int
        Number of stars, and of those with a proper motion that are loaded.
    attempts : int
        Accepted attempts that were given its stars.
    loaded_at : datetime
        When it was loaded last.
    replaced_at : datetime or None
        When another took its place.
    """

    catalogue_id: int
    name: str
    source: str
    content_hash: str
    state: str
    stars: int
    with_motion: int
    attempts: int
    loaded_at: datetime
    replaced_at: datetime | None

    @property
    def current(self) -> bool:
        """Whether attempts are given its stars."""
        return self.state == CatalogueState.CURRENT


def content_hash(stars: ReferenceStars) -> str:
    """SHA-256 (hexadecimal) over the stars in the order of `star_id`, whatever order they come in.

    Parameters
    ----------
    stars : structured array of REFERENCE_DTYPE
        The whole catalogue.

    Examples
    --------
    >>> stars = np.zeros(2, REFERENCE_DTYPE)
    >>> stars["star_id"] = 5, 4
    >>> content_hash(stars) == content_hash(stars[::-1])
    True
    """
    ordered = stars[np.argsort(stars["star_id"], kind="stable")]
    digest = hashlib.sha256(f"{ordered.size} {','.join(REFERENCE_DTYPE.names or ())}\n".encode())
    for name in REFERENCE_DTYPE.names or ():
        # The unknown numbers of files differ in their bits, and are all null in the table.
        column = ordered[name].astype(REFERENCE_DTYPE[name].newbyteorder("<"))
        if column.dtype.kind == "f":
            column[np.isnan(column)] = np.nan
        digest.update(column.tobytes())
    return digest.hexdigest()


def load_reference(
    connection: Connection[Any],
    stars: ReferenceStars,
    catalogue: str,
    source: str = "",
    *,
    replace: bool = False,
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
    source : str
        Where the stars came from, for people.
    replace : bool, optional
        Whether the catalogue takes the place of another; of that one name and hash stay.

    Returns
    -------
    int
        Number of stars loaded; 0 if the same stars stand already.

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
    content = content_hash(stars)
    for row in (row for row in reference_status(connection) if row.current):
        if row.content_hash == content:
            return 0
        if not replace:
            raise ConflictError(
                f"{row.stars} stars of {row.name} ({row.content_hash[:12]}) are loaded, these are {stars.size}"
                f" of {catalogue} ({content[:12]})",
                expected="none before loading another",
                remedy="add --replace; then, for each run: mapps run stale RUN",
            )
        connection.execute(statement("ingest/replace_reference"))
        connection.execute(statement("ingest/drop_reference_stars"))
    values = {"name": catalogue, "source": source, "content_hash": content, "stars": int(stars.size)}
    [catalogue_id] = connection.execute(statement("ingest/add_reference"), values).fetchone() or (0,)
    _copy(connection, stars, catalogue_id)
    return int(stars.size)


def _copy(connection: Connection[Any], stars: ReferenceStars, catalogue_id: int) -> None:
    command = sql.SQL("COPY reference.star (catalogue_id, {}) FROM STDIN (FORMAT binary)").format(
        sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
    )
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        copy.write(_HEADER)
        for block in _encoded(stars, catalogue_id):
            copy.write(block)
        copy.write(_TRAILER)


def _encoded(stars: ReferenceStars, catalogue_id: int) -> Iterator[bytes]:
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
            yield _records(rows, catalogue_id, nulls).tobytes()


def _records(rows: ReferenceStars, catalogue_id: int, nulls: set[str]) -> NDArray[np.void]:
    layout: list[tuple[str, str]] = [("count", ">i2"), ("catalogue_n", ">i4"), ("catalogue", ">i4")]
    for name in _COLUMNS:
        layout.append((f"{name}_n", ">i4"))
        if name not in nulls:
            layout.append((name, REFERENCE_DTYPE[name].newbyteorder(">").str))
    records = np.zeros(rows.size, np.dtype(layout))
    records["count"] = len(_COLUMNS) + 1
    records["catalogue_n"], records["catalogue"] = 4, catalogue_id
    for name in _COLUMNS:
        records[f"{name}_n"] = -1 if name in nulls else REFERENCE_DTYPE[name].itemsize
        if name not in nulls:
            records[name] = rows[name]
    return records


def reference_status(connection: Connection[Any]) -> list[ReferenceStatus]:
    """Say what is and was loaded, one entry a catalogue, the current one first; empty where nothing ever was."""
    with connection.cursor(row_factory=class_row(ReferenceStatus)) as cursor:
        return cursor.execute(statement("ingest/reference_status")).fetchall()


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
        if not any(row.current for row in reference_status(connection)):
            raise InputError(
                "no reference stars in the database",
                expected="a loaded catalogue",
                remedy="mapps reference load",
            )
        parts = [stars_in_region(connection, region) for region in regions]
    stars = np.concatenate([np.zeros(0, REFERENCE_DTYPE), *parts])
    return np.asarray(stars[np.unique(stars["star_id"], return_index=True)[1]])
