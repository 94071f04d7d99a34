"""Surveys of a published release: tiles, coverage and properties in a folder, where `mapps serve` finds them.

`build_surveys` draws all at once; `read_part`, `draw_part` and `finish` do so in parts, which are tasks of workers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from psycopg import Connection
from psycopg.rows import dict_row

from app.access.hips.properties import SurveyFacts, properties
from app.access.hips.survey import (
    CELL_ORDER,
    COLOUR,
    SURVEYS,
    Drawn,
    TileImage,
    brushes_of,
    draw,
    draw_cell,
    draw_top,
    images_of_tiles,
    sum_of,
)
from app.access.hips.tiles import whole
from app.arrays import Integers
from app.db.statements import statement
from app.errors import ConflictError
from app.instruments.bands import BANDS, Band
from app.releases.catalogue import list_releases, release_id_of
from app.releases.coverage_export import read_cells, write_moc
from app.settings import get_settings
from app.sky.directions import spherical, unit_vectors
from app.sky.healpix import pixel_centres, pixel_number
from app.sky.moc import FINEST_ORDER
from app.store import Store
from app.version import code_version

_WHOLE_SKY = 12 << 2 * FINEST_ORDER
_RING = 24
_REACH_DEG = 0.5
_CELL_RADIUS_DEG = 8.0
"""Corners of a cell of order 3 are 6.7 degrees from its centre at most, near the poles; images reach further."""


def folder_of(release: str) -> Path:
    """Give the folder of a release's surveys.

    Parameters
    ----------
    release : str
        Name of the release.
    """
    return get_settings().surveys / release


def surveys_of(release: str) -> tuple[str, ...]:
    """Name the surveys of a release that are there, the colour first.

    Parameters
    ----------
    release : str
        Name of the release.
    """
    folder = folder_of(release)
    return tuple(name for name in (COLOUR, *SURVEYS[:-1]) if (folder / name / "properties").is_file())


def build_surveys(
    connection: Connection[Any],
    release: str,
    surveys: Sequence[str] = SURVEYS,
    told: Callable[[], object] | None = None,
) -> Drawn:
    """Draw the surveys of a release; a second time only what is missing.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    release : str
        Name of a published release.
    surveys : sequence of str
        j, h, k, colour.
    told : callable, optional
        Called after each tile.

    Raises
    ------
    UnknownNameError
        Raised if there is no such release.
    ConflictError
        Raised if it has no images.
    StoredFileError
        Raised if the file of an image is gone or changed.
    """
    release_id = release_id_of(connection, release)
    images = [image for image, _ in _images(connection, release_id)]
    refuse_empty(release, images)
    folder = folder_of(release)
    drawn = draw(images, folder, surveys, told, _noise(connection, release_id))
    for name in surveys:
        _describe(connection, (release, release_id), name, folder / name, drawn.tiles)
    return drawn


def refuse_empty(release: str, found: Sequence[object]) -> None:
    """Refuse to draw a release without images, or without a cell that has any.

    Raises
    ------
    ConflictError
        Raised if nothing was found.
    """
    if not found:
        raise ConflictError(f"release {release!r} has no images", expected="a release with Atlas images")


def cells_near(ra_deg: ArrayLike, decl_deg: ArrayLike) -> Integers:
    """Give the cells of order 3 that lie within half a degree of places: an image reaches 0.2 degrees from its middle.

    Parameters
    ----------
    ra_deg, decl_deg : array_like (n,)
        Places, ICRS degrees.

    Returns
    -------
    int64 array (n, 25)
        Nested cells of each place, some of them several times.

    Examples
    --------
    >>> [sorted(set(cells.tolist())) for cells in cells_near([45.0, 45.0], [5.0, 0.1])]
    [[0], [0, 277, 362, 575]]
    """
    middle = unit_vectors(ra_deg, decl_deg)
    # Two directions across each middle, and a ring about it of half a degree.
    aside = np.cross(middle, np.where(np.abs(middle[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]]))
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    along = np.cross(middle, aside)
    angles = np.arange(_RING) * 2 * np.pi / _RING
    ring = np.cos(angles)[:, None] * aside[:, None] + np.sin(angles)[:, None] * along[:, None]
    places = middle[:, None] + np.tan(np.radians(_REACH_DEG)) * np.concatenate(
        [0 * ring[:, :1], ring], axis=1
    )
    places /= np.linalg.norm(places, axis=2, keepdims=True)
    ra, decl = spherical(places.reshape(-1, 3))
    return pixel_number(ra, decl, CELL_ORDER).reshape(len(middle), _RING + 1)


def cells_of(connection: Connection[Any], release_id: int) -> list[int]:
    """Give the parts of the sky that images of a release may reach: HEALPix cells of order 3, nested, ascending.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    release_id : int
        Key of the release.
    """
    places = [(row["ra"], row["decl"]) for row in _rows(connection, "access/hips_places", release_id)]
    ra, decl = np.array(places, np.float64).reshape(-1, 2).T
    return sorted(set(cells_near(ra, decl).ravel().tolist()))


@dataclass(frozen=True)
class Part:
    """A part of the sky of a release, as it is drawn.

    Attributes
    ----------
    release : str
        Name of the release.
    cell : int
        HEALPix cell of order 3, nested.
    images : sequence of TileImage
        All that may reach it.
    noise : mapping of Band to float
        Typical noise of the release.
    """

    release: str
    cell: int
    images: Sequence[TileImage]
    noise: Mapping[Band, float]


def read_part(connection: Connection[Any], release: tuple[int, str], cell: int) -> Part:
    """Find what a part of the sky is drawn of.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    release : (int, str)
        Key and name of the release.
    cell : int
        HEALPix cell of order 3, nested.
    """
    ra, decl = (float(value[0]) for value in pixel_centres(np.array([cell]), CELL_ORDER))
    found = list(_images(connection, release[0], (ra, decl)))
    places = np.array([place for _, place in found], np.float64).reshape(-1, 2)
    near = (cells_near(places[:, 0], places[:, 1]) == cell).any(axis=1) if found else []
    images = [image for (image, _), reaches in zip(found, near, strict=True) if reaches]
    return Part(release[1], cell, images, _noise(connection, release[0]))


def draw_part(part: Part, store: Store, told: Callable[[], object] | None = None) -> Drawn:
    """Draw the tiles of a part of the sky in all bands and in colour; those whose images are the same stay.

    Parameters
    ----------
    part : Part
        What `read_part` found.
    store : Store
        Where the images are.
    told : callable, optional
        Called after each tile.

    Raises
    ------
    StoredFileError
        Raised if the file of an image is gone or changed.
    """
    brushes = brushes_of(folder_of(part.release), SURVEYS, part.noise, store)
    return draw_cell(brushes, part.cell, images_of_tiles(part.images, store), told)


def finish(
    connection: Connection[Any], release: tuple[int, str], cells: Sequence[int], store: Store
) -> tuple[int, str]:
    """Draw what lies above all parts of the sky and describe the surveys.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    release : (int, str)
        Key and name of the release.
    cells : sequence of int
        All its parts.
    store : Store
        Where the images are.

    Returns
    -------
    tiles : int
        Tiles of the finest order.
    content : str
        SHA-256 of all that they are made of.

    Raises
    ------
    MissingTilesError
        Raised if a part was not drawn into the folder of this process.
    """
    release_id, name = release
    folder = folder_of(name)
    brushes = brushes_of(folder, SURVEYS, _noise(connection, release_id), store)
    draw_top(brushes, cells)
    tiles, content = sum_of(brushes, cells)
    for survey in SURVEYS:
        _describe(connection, (name, release_id), survey, folder / survey, tiles)
    return tiles, content


def _images(
    connection: Connection[Any], release_id: int, place: tuple[float, float] | None = None
) -> Iterator[tuple[TileImage, tuple[float, float]]]:
    """Images of a release with their middles; with a place, those that may reach the cell whose centre it is."""
    ra, decl = place or (None, None)
    values = {"release_id": release_id, "ra": ra, "decl": decl, "radius": _CELL_RADIUS_DEG}
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(statement("access/hips_images"), values):
            middle = (row.pop("ra"), row.pop("decl"))
            yield TileImage(**(row | {"band": Band(row["band"])})), middle


def _noise(connection: Connection[Any], release_id: int) -> dict[Band, float]:
    rows = _rows(connection, "access/hips_noise", release_id)
    # Three significant digits: a release of one scan more or less looks the same.
    return dict.fromkeys(BANDS, 1.0) | {Band(row["band"]): float(f"{row['noise']:.3g}") for row in rows}


def _rows(connection: Connection[Any], name: str, release_id: int) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement(name), {"release_id": release_id}).fetchall()


def _describe(
    connection: Connection[Any], release: tuple[str, int], name: str, folder: Path, tiles: int
) -> None:
    """Write coverage and properties: a survey is there once it has these."""
    ranges, order = read_cells(connection, release[1], "-" if name == COLOUR else name)

    def moc(part: Path) -> None:
        with part.open("wb") as stream:
            write_moc(stream, ranges, order, {"RELEASE": release[0]})

    whole(folder / "Moc.fits", moc)
    first = _rows(connection, "access/hips_places", release[1])[0]
    share = sum(beyond - begin for begin, beyond in ranges) / _WHOLE_SKY
    published = list_releases(connection, release[0])[0]["published_at"]
    facts = SurveyFacts(release[0], published, code_version(), first["ra"], first["decl"], share, tiles)
    text = properties(name, facts)
    whole(folder / "properties", lambda part: part.write_text(text, encoding="utf-8"))
