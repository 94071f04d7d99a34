"""What a release leaves open: tiles without a scan, places that no chosen scan covers, overlaps that are too narrow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from psycopg import Connection
from psycopg.rows import dict_row

from app.arrays import Bools, Doubles, Integers
from app.db.statements import statement
from app.ingest.tile_plan import PlannedTile
from app.models.survey import TileKind
from app.releases.catalogue import release_id_of
from app.sky.border_gaps import REACH_ARCSEC, border_gaps
from app.sky.directions import spherical, unit_vectors
from app.sky.footprint import ARCSEC_PER_RADIAN, Corners, edge_poles
from app.sky.gap_tiles import gap_tiles
from app.sky.healpix import pixel_centres
from app.sky.moc import COVERAGE_ORDER, cell_arcsec

Rows = list[dict[str, Any]]
SIDE_ARCSEC, END_ARCSEC = 15.0, 180.0
"""Places this near to the sides and ends of a planned tile are not missed, but left to the neighbours, which overlap by
51" and 510": pointing is good to some arc seconds, cells to 13", and images begin where all six looks do, 160" within
the centres of the outer frames."""
BORDERS_ARCSEC = {"points": 10.0, "extended": 15.0}
"""What is nearer to an edge is not released (background/survey 5.2, 5.3)."""
FIRST_GAP_TILE = {"n": 200_001, "s": 500_001}
"""Numbers of gap-fill tiles begin here: beyond those of planned ones of either site."""
_CELL_ARCMIN2 = (cell_arcsec(COVERAGE_ORDER) / 60.0) ** 2


@dataclass(frozen=True)
class OpenTile:
    """A tile that a release leaves open, whole or in part.

    Attributes
    ----------
    tile : int
        Its number.
    kind : str
        survey, gap_fill or unassigned.
    reason : str
        Why it is open.
    wanted_arcmin2, open_arcmin2 : float
        Planned area, and what of it is missed, square arc minutes.
    ra_deg, decl_deg : float
        A place of it that is open, ICRS degrees.
    """

    tile: int
    kind: str
    reason: str
    wanted_arcmin2: float
    open_arcmin2: float
    ra_deg: float
    decl_deg: float


@dataclass(frozen=True)
class NarrowOverlap:
    """Two chosen scans between which nothing is released.

    Attributes
    ----------
    of : str
        points or extended, whose borders are 10" and 15".
    scan, other : str
        Night and number of the scans.
    width_arcsec, length_arcsec : float
        Greatest width of the strip, and its length.
    ra_deg, decl_deg : float
        Its widest place, ICRS degrees.
    """

    of: str
    scan: str
    other: str
    width_arcsec: float
    length_arcsec: float
    ra_deg: float
    decl_deg: float


@dataclass(frozen=True)
class Gaps:
    """What a release leaves open.

    Attributes
    ----------
    wanted_deg2, open_deg2 : float
        Planned area of tiles that are open in part or whole, and what of it is missed, square degrees; overlaps of
        tiles count twice.
    tiles : tuple of OpenTile
        By number.
    overlaps : tuple of NarrowOverlap
        By scans.
    fill : tuple of PlannedTile
        Tiles that would close what chosen scans leave open. Tiles that no scan was chosen for are scanned again
        themselves.
    """

    wanted_deg2: float
    open_deg2: float
    tiles: tuple[OpenTile, ...]
    overlaps: tuple[NarrowOverlap, ...]
    fill: tuple[PlannedTile, ...]


def find_gaps(connection: Connection[Any], name: str) -> Gaps:
    """Say what a release leaves open.

    Parameters
    ----------
    connection : Connection
        Role operator, whose statements may take long.
    name : str
        Name of the release.

    Raises
    ------
    UnknownNameError
        Raised if there is no such release.
    """
    values = {"release_id": release_id_of(connection, name)}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("reports/gaps/tiles"), values).fetchall()
        scans = cursor.execute(statement("reports/gaps/scans"), values).fetchall()
    opened = [(row, missed_cells(row["open_cells"], _corners_of(row["area"]))) for row in rows]
    opened = [(row, cells) for row, cells in opened if cells.size]
    tiles = tuple(_open_tile(row, cells) for row, cells in opened)
    narrow, places = _overlaps(connection, values, scans)
    left = [pixel_centres(cells, COVERAGE_ORDER) for row, cells in opened if row["scanned"]]
    ra = np.concatenate([*(pair[0] for pair in left), np.array([place[0] for place in places])])
    decl = np.concatenate([*(pair[1] for pair in left), np.array([place[1] for place in places])])
    return Gaps(
        wanted_deg2=sum(tile.wanted_arcmin2 for tile in tiles) / 3600.0,
        open_deg2=sum(tile.open_arcmin2 for tile in tiles) / 3600.0,
        tiles=tiles,
        overlaps=narrow,
        fill=fill_tiles(ra, decl, _known_numbers(connection)),
    )


def missed_cells(ranges: Sequence[Sequence[int]], corners: Corners) -> Integers:
    """Cells of coverage that lie well inside of a planned area.

    Parameters
    ----------
    ranges : sequence of (int, int)
        First and last nested cell of order 14 of what is open.
    corners : Corners
        Planned area; what is within 15" of its sides and 180" of its ends is left to the neighbours.

    Returns
    -------
    int64 array (n,)
        The cells.
    """
    cells = np.concatenate([np.zeros(0, np.int64), *(np.arange(low, high + 1) for low, high in ranges)])
    ra, decl = pixel_centres(cells, COVERAGE_ORDER)
    return np.asarray(cells[_well_inside(unit_vectors(ra, decl), corners)])


def _well_inside(vectors: Doubles, corners: Corners) -> Bools:
    around = unit_vectors(*np.array(corners.around()).T)
    lengths = np.linalg.norm(np.roll(around, -1, axis=0) - around, axis=1)
    # Of the two pairs of opposite edges the shorter ones are the ends.
    ends = lengths + np.roll(lengths, 2) < np.roll(lengths, 1) + np.roll(lengths, 3)
    rims = np.where(ends, END_ARCSEC, SIDE_ARCSEC) / ARCSEC_PER_RADIAN
    return np.asarray((vectors @ edge_poles(corners).T > rims).all(axis=1))


def _corners_of(area: str) -> Corners:
    """Corners of a polygon as the database writes it, in radians: south-west, south-east, north-east, north-west."""
    numbers = [float(word) for word in area.strip("{}()").replace("),(", ",").replace(" ", "").split(",")]
    south_west, south_east, north_east, north_west = (
        (float(np.degrees(ra)), float(np.degrees(decl)))
        for ra, decl in zip(numbers[::2], numbers[1::2], strict=True)
    )
    return Corners(south_east, south_west, north_east, north_west)


def _open_tile(row: Mapping[str, Any], cells: Integers) -> OpenTile:
    # The middle of the cells in their order along the sky is one of them, and so is open.
    ra, decl = pixel_centres(cells[cells.size // 2 : cells.size // 2 + 1], COVERAGE_ORDER)
    return OpenTile(
        tile=int(row["tile"]),
        kind=str(row["kind"]),
        reason=str(row["reason"]),
        wanted_arcmin2=float(row["wanted_arcmin2"]),
        open_arcmin2=float(cells.size * _CELL_ARCMIN2),
        ra_deg=float(ra[0]),
        decl_deg=float(decl[0]),
    )


def _overlaps(
    connection: Connection[Any], values: dict[str, Any], scans: Rows
) -> tuple[tuple[NarrowOverlap, ...], list[tuple[float, float]]]:
    """Overlaps that are too narrow, each pair once, and places along them for tiles that fill gaps."""
    areas = {row["attempt_id"]: _corners(row) for row in scans}
    names = {row["attempt_id"]: f"{row['date']:%y%m%d}{row['hemis']} {row['scan']}" for row in scans}
    found: dict[tuple[str, str, str], NarrowOverlap] = {}
    for attempt, corners in areas.items():
        around = connection.execute(
            statement("reports/gaps/around"), values | {"area": _enlarged(corners)}
        ).fetchall()
        others = [key for (key,) in around if key != attempt and key in areas]
        for of, border in BORDERS_ARCSEC.items():
            for gap in border_gaps(corners, [areas[key] for key in others], border):
                first, second = sorted((names[attempt], names[others[gap.neighbour]]))
                line = NarrowOverlap(
                    of, first, second, gap.width_arcsec, gap.length_arcsec, gap.ra_deg, gap.decl_deg
                )
                known = found.get((of, first, second))
                if known is None or line.width_arcsec > known.width_arcsec:
                    found[of, first, second] = line
    lines = tuple(found[key] for key in sorted(found))
    return lines, [(line.ra_deg, line.decl_deg) for line in lines if line.of == "points"]


def _corners(row: Mapping[str, Any]) -> Corners:
    return Corners(*((float(row[f"ra_{number}"]), float(row[f"dec_{number}"])) for number in (1, 2, 3, 4)))


def _enlarged(corners: Corners) -> str:
    """Area of a scan with what lies within reach of its edges, as the database takes it."""
    vectors = unit_vectors(*np.array(corners.around()).T)
    poles = edge_poles(corners)
    # Each corner lies on two edges, and moves out of both.
    moved = vectors - (poles + np.roll(poles, 1, axis=0)) * 1.5 * REACH_ARCSEC / ARCSEC_PER_RADIAN
    ra, decl = spherical(moved)
    around = ", ".join(f"({float(a)!r}d, {float(d)!r}d)" for a, d in zip(ra, decl, strict=True))
    return f"{{{around}}}"


def _known_numbers(connection: Connection[Any]) -> dict[str, int]:
    """Largest number of a gap-fill tile of each site."""
    rows = connection.execute(statement("reports/gaps/numbers"), {"kind": TileKind.GAP_FILL.value}).fetchall()
    return {str(hemis): int(number) for hemis, number in rows}


def fill_tiles(ra_deg: Doubles, decl_deg: Doubles, last: Mapping[str, int]) -> tuple[PlannedTile, ...]:
    """Lay tiles over open places and number them.

    Parameters
    ----------
    ra_deg, decl_deg : float64 arrays (n,)
        Open places, ICRS degrees.
    last : mapping of str to int
        Largest number that each site has given to such a tile, where it has.
    """
    tiles = []
    for tile in gap_tiles(ra_deg, decl_deg) if ra_deg.size else ():
        hemis = "s" if tile.centre[1] < 0.0 else "n"
        tiles.append(PlannedTile(0, hemis, TileKind.GAP_FILL, tile.corners))
    return tuple(_numbered(tiles, last))


def _numbered(tiles: Iterable[PlannedTile], last: Mapping[str, int]) -> Iterable[PlannedTile]:
    following = {hemis: max(first, last.get(hemis, 0) + 1) for hemis, first in FIRST_GAP_TILE.items()}
    for tile in tiles:
        yield replace(tile, tile=following[tile.hemis])
        following[tile.hemis] += 1
