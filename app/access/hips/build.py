"""Surveys of a published release: tiles, coverage and properties below MAPPS_HOME, where `mapps serve` finds them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.access.hips.properties import SurveyFacts, properties
from app.access.hips.survey import COLOUR, SURVEYS, Drawn, TileImage, draw
from app.access.hips.tiles import whole
from app.db.statements import statement
from app.errors import ConflictError
from app.instruments.bands import Band
from app.releases.catalogue import list_releases, release_id_of
from app.releases.coverage_export import read_cells, write_moc
from app.settings import get_settings
from app.sky.moc import FINEST_ORDER
from app.version import code_version

_WHOLE_SKY = 12 << 2 * FINEST_ORDER


def folder_of(release: str) -> Path:
    """Give the folder of a release's surveys.

    Parameters
    ----------
    release : str
        Name of the release.
    """
    return get_settings().home / "hips" / release


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
    rows = _rows(connection, "access/hips_images", release_id)
    images = [TileImage(**(row | {"band": Band(row["band"])})) for row in rows]
    if not images:
        raise ConflictError(f"release {release!r} has no images", expected="a release with Atlas images")
    folder = folder_of(release)
    drawn = draw(images, folder, surveys, told)
    for name in surveys:
        _describe(connection, (release, release_id), name, folder / name, drawn.tiles)
    return drawn


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
    first = _rows(connection, "access/release_images", release[1])[0]
    share = sum(beyond - begin for begin, beyond in ranges) / _WHOLE_SKY
    published = list_releases(connection, release[0])[0]["published_at"]
    facts = SurveyFacts(release[0], published, code_version(), first["ra"], first["decl"], share, tiles)
    text = properties(name, facts)
    whole(folder / "properties", lambda part: part.write_text(text, encoding="utf-8"))
