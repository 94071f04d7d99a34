"""Tiles as they were planned: a CSV file, one line a tile, so that what was never observed is known as well."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from psycopg import Connection

from app.db.statements import statement
from app.errors import ConflictError, InputError
from app.models.survey import TileKind
from app.sky.directions import unit_vectors
from app.sky.footprint import ARCSEC_PER_RADIAN, Corners

if TYPE_CHECKING:
    from pathlib import Path

_CORNERS = tuple(f"{axis}_{corner}" for corner in (1, 2, 3, 4) for axis in ("ra", "dec"))
COLUMNS = ("tile", "hemis", "kind", *_CORNERS)
"""Columns of a file; corners are the south-eastern, south-western, north-eastern, north-western one, ICRS degrees."""
SAME_ARCSEC = 60.0
"""Corners of a tile that is planned twice may differ by this."""
_KINDS = (TileKind.SURVEY, TileKind.GAP_FILL, TileKind.CALIBRATION)


class TilePlanError(InputError):
    """A list of tiles cannot be read."""

    code = "TILE_PLAN"


class TileChangedError(ConflictError):
    """A tile was planned elsewhere before."""

    code = "TILE_CHANGED"


@dataclass(frozen=True)
class PlannedTile:
    """A planned strip of sky.

    Attributes
    ----------
    tile : int
        Its number.
    hemis : str
        Observatory that is to scan it: n or s.
    kind : TileKind
        survey, gap_fill or calibration.
    corners : Corners
        Its planned area.
    """

    tile: int
    hemis: str
    kind: TileKind
    corners: Corners

    @property
    def footprint(self) -> str:
        """Planned area as the database takes it."""
        around = ", ".join(f"({ra!r}d, {decl!r}d)" for ra, decl in self.corners.around())
        return f"{{{around}}}"


def read_tiles(path: Path) -> tuple[PlannedTile, ...]:
    """Read a list of tiles.

    Parameters
    ----------
    path : Path
        CSV in UTF-8 with a header line.

    Raises
    ------
    TilePlanError
        Raised if the file cannot be read, lacks a column or names a tile twice, or a value is impossible; the message
        names the line.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream, restval="", strict=True)
            lacking = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if lacking:
                raise TilePlanError(
                    f"{path} has no column {', '.join(lacking)}", expected=f"columns {', '.join(COLUMNS)}"
                )
            tiles = tuple(_tile(row, f"{path} line {reader.line_num}") for row in reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TilePlanError(f"{path}: {error}", expected="a list of tiles") from error
    twice = [number for number, count in Counter(tile.tile for tile in tiles).items() if count > 1]
    if twice or not tiles:
        raise TilePlanError(
            f"{path}: tile {twice[0]} stands there twice" if twice else f"{path}: no tile",
            expected="one line a tile",
        )
    return tiles


def _tile(row: dict[str, str], place: str) -> PlannedTile:
    if row["hemis"] not in {"n", "s"}:
        raise TilePlanError(f"{place}: hemis {row['hemis']!r}", expected="n or s")
    if row["kind"] not in _KINDS:
        raise TilePlanError(f"{place}: kind {row['kind']!r}", expected=f"one of {', '.join(_KINDS)}")
    try:
        number = int(row["tile"])
        values = [float(row[name]) for name in _CORNERS]
        pairs = list(zip(values[::2], values[1::2], strict=True))
        corners = Corners(*pairs)
    except ValueError as error:
        raise TilePlanError(f"{place}: {error}", expected="whole number of the tile, degrees") from error
    if number <= 0 or not all(0.0 <= ra <= 360.0 and -90.0 <= decl <= 90.0 for ra, decl in pairs):
        raise TilePlanError(
            f"{place}: tile {number} at {pairs}",
            expected="a positive number, right ascension 0 to 360, declination -90 to 90",
        )
    return PlannedTile(number, row["hemis"], TileKind(row["kind"]), corners)


def write_tiles(tiles: Iterable[PlannedTile]) -> str:
    """Give the text of the file that `read_tiles` reads.

    Parameters
    ----------
    tiles : iterable of PlannedTile
        Tiles.
    """
    lines = [",".join(COLUMNS)]
    for tile in tiles:
        corners = tile.corners.columns()
        lines.append(
            ",".join(
                [str(tile.tile), tile.hemis, tile.kind.value, *(repr(corners[name]) for name in _CORNERS)]
            )
        )
    return "\n".join(lines) + "\n"


def plan_tiles(connection: Connection[Any], tiles: Iterable[PlannedTile]) -> tuple[int, int]:
    """Enter tiles, all of them or none; tiles of which no scan told the planned area get it.

    Parameters
    ----------
    connection : Connection
        Operator's.
    tiles : iterable of PlannedTile
        Tiles.

    Returns
    -------
    (int, int)
        Tiles that were entered or got their area, and those that stood there already.

    Raises
    ------
    TileChangedError
        Raised if a tile is of another kind, or has corners that lie elsewhere by more than an arc minute. Scans tell
        where they were sent, which is 5" beside the field from scan to scan in calibration fields.
    """
    added = same = 0
    with connection.transaction():
        for tile in tiles:
            ra, decl = tile.corners.centre
            row = {
                "tile": tile.tile, "hemis": tile.hemis, "kind": tile.kind.value, "ra": ra, "decl": decl,
                "footprint": tile.footprint,
            }  # fmt: skip
            if connection.execute(statement("ingest/plan_tile"), row).fetchone() is not None:
                added += 1
                continue
            _refuse_another(connection.execute(statement("ingest/planned_tile"), row).fetchall(), tile)
            same += 1
    return added, same


def _refuse_another(found: list[tuple[str, float, float]], tile: PlannedTile) -> None:
    """Refuse a tile that is known as another one: its scans were chosen by that area."""
    kinds = {kind for kind, _, _ in found}
    known = unit_vectors([ra for _, ra, _ in found], [decl for _, _, decl in found])
    wanted = unit_vectors(*np.array(tile.corners.as_tuple()).T)
    apart = np.linalg.norm(wanted[:, None] - known[None], axis=-1).min(axis=1).max() * ARCSEC_PER_RADIAN
    if kinds != {tile.kind.value} or apart > SAME_ARCSEC:
        raise TileChangedError(
            f"tile {tile.tile} is known as a {', '.join(sorted(kinds))} tile with a corner {apart:.0f} arcsec away",
            expected=f"a {tile.kind.value} tile there, or a new number",
        )
