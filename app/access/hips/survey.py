"""Surveys of a release: its Atlas images as tiles, only those made anew whose images have changed.

A survey is drawn part by part, the cells of order 3, and then as a whole. Any number of processes draw the
parts, in any order; the tiles are the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from app.access.hips.painter import (
    COLOUR,
    SURVEYS,
    ZERO_POINT_MAG,
    Images,
    Painter,
    TileImage,
    draw_above,
    draw_overview,
    values_of,
)
from app.access.hips.tiles import DEEPEST, tiles_of, whole
from app.errors import InputError
from app.formats.atlas_reader import read_atlas_facts
from app.instruments.bands import BANDS, Band
from app.store import Store

__all__ = [
    "CELL_ORDER", "COLOUR", "STATE", "SURVEYS", "ZERO_POINT_MAG", "Drawn", "MissingTilesError", "TileImage",
    "brushes_of", "draw", "draw_cell", "draw_top", "images_of_tiles", "sum_of", "typical_noise",
]  # fmt: skip
FORMAT = 3
"""Counts up with every change of what tiles show, or of what is noted of them: all are made anew."""
STATE = "state.json"
CELL_ORDER = 3
"""Parts of the sky: 7.3 degrees wide, 4,096 tiles of the finest order, 1,800 triples of images of a whole survey."""
_LEVELS = 2 * (DEEPEST - CELL_ORDER)
_SAVE_TILES = 32
Members = Mapping[int, Sequence[TileImage]]
"""Images that reach a tile of the finest order, by its number."""


class MissingTilesError(InputError):
    """Tiles of a part of the sky are not in the folder of the release's surveys."""

    code = "MISSING_TILES"


@dataclass(frozen=True)
class Drawn:
    """What a build did.

    Attributes
    ----------
    images : int
        Images of the release in the bands that were wanted.
    tiles : int
        Tiles of the finest order.
    made, ancestors : int
        How many of them, and of coarser ones, were made anew.
    """

    images: int
    tiles: int
    made: int
    ancestors: int


@dataclass
class _State:
    path: Path
    images: str = ""
    """What all tiles have in common: their surveys, and the noise they are shaded by."""
    tiles: dict[str, str] = field(default_factory=dict)
    stale: set[int] = field(default_factory=set)

    @classmethod
    def read(cls, path: Path, images: str) -> _State:
        """Read what is there; nothing where tiles were drawn otherwise."""
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return cls(path, images)
        if told.get("format") != FORMAT or told.get("images") != images:
            return cls(path, images)
        return cls(path, images, told["tiles"], set(told["stale"]))

    @property
    def digest(self) -> str:
        """Hash of what the tiles are made of; blank where there are none."""
        if not self.tiles:
            return ""
        return hashlib.sha256(json.dumps([self.images, sorted(self.tiles.items())]).encode()).hexdigest()

    def save(self) -> None:
        told = {
            "format": FORMAT,
            "images": self.images,
            "tiles": dict(sorted(self.tiles.items())),
            "stale": sorted(self.stale),
        }
        text = json.dumps(told, separators=(",", ":"))
        whole(self.path, lambda part: part.write_text(text, encoding="utf-8"))


def typical_noise(images: Iterable[TileImage]) -> dict[Band, float]:
    """Give the median noise of a release by band, as flux: all its tiles are stretched alike.

    Parameters
    ----------
    images : iterable of TileImage
        Those of the release.
    """
    by_band: dict[Band, list[float]] = {band: [] for band in BANDS}
    for image in images:
        if image.sky_sigma_dn is not None and image.sky_sigma_dn > 0:
            by_band[image.band].append(image.sky_sigma_dn * image.scale)
    # Three significant digits: a release of one scan more or less looks the same.
    return {band: float(f"{np.median(values):.3g}") if values else 1.0 for band, values in by_band.items()}


@dataclass(frozen=True)
class Brushes:
    """What a survey is drawn with: who writes its tiles, who reads its images, and what all tiles have in common."""

    painter: Painter
    pictures: Images
    images: str


def brushes_of(
    folder: Path, surveys: Sequence[str], noise: Mapping[Band, float], store: Store | None = None
) -> Brushes:
    """Make ready to draw.

    Parameters
    ----------
    folder : Path
        Where the surveys of the release lie, a folder each.
    surveys : sequence of str
        j, h, k, colour; values of all bands are needed for the colour.
    noise : mapping of Band to float
        Typical noise of the release's images, of all bands. [flux, 1 of magnitude 20]
    store : Store, optional
        Where the images are; that of the settings when absent.
    """
    bands = BANDS if COLOUR in surveys else tuple(band for band in BANDS if band.value in surveys)
    words = f"{sorted(surveys)} {sorted((band.value, value) for band, value in noise.items())}"
    return Brushes(Painter(folder, bands, tuple(surveys), noise), Images(store or Store()), words)


def draw(
    images: Sequence[TileImage], folder: Path, surveys: Sequence[str] = SURVEYS,
    told: Callable[[], object] | None = None, noise: Mapping[Band, float] | None = None,
) -> Drawn:  # fmt: skip
    """Draw the tiles of surveys of a release; those whose images are the same stay as they are.

    Parameters
    ----------
    images : sequence of TileImage
        Images of the release.
    folder : Path
        Where the surveys of the release lie, a folder each.
    surveys : sequence of str
        j, h, k, colour; values of all bands are needed for the colour.
    told : callable, optional
        Called after each tile.
    noise : mapping of Band to float, optional
        Typical noise of the release's images; that of `images` in the bands of the surveys when absent.

    Raises
    ------
    StoredFileError
        Raised if the file of an image is gone or changed.
    """
    bands = BANDS if COLOUR in surveys else tuple(band for band in BANDS if band.value in surveys)
    wanted = [image for image in images if image.band in bands]
    brushes = brushes_of(folder, surveys, typical_noise(wanted) if noise is None else noise)
    by_tile = images_of_tiles(wanted, brushes.pictures.store)
    cells = sorted({tile >> _LEVELS for tile in by_tile})
    made = ancestors = 0
    for cell in cells:
        part = draw_cell(brushes, cell, by_tile, told)
        made, ancestors = made + part.made, ancestors + part.ancestors
    ancestors += draw_top(brushes, cells)
    return Drawn(len(wanted), len(by_tile), made, ancestors)


def draw_cell(
    brushes: Brushes, cell: int, by_tile: Members, told: Callable[[], object] | None = None
) -> Drawn:
    """Draw the tiles of a part of the sky, up to the one that is the part itself.

    Parameters
    ----------
    brushes : Brushes
        What to draw with.
    cell : int
        HEALPix cell of order 3, nested.
    by_tile : mapping of int to sequence of TileImage
        Images of the tiles of the finest order; tiles of other parts are left alone.
    told : callable, optional
        Called after each tile.

    Raises
    ------
    StoredFileError
        Raised if the file of an image is gone or changed.
    """
    tiles = {tile: by_tile[tile] for tile in by_tile if tile >> _LEVELS == cell}
    hashes = {
        str(tile): hashlib.sha256("\n".join(image.name for image in members).encode()).hexdigest()
        for tile, members in tiles.items()
    }
    state = _State.read(_state_of(brushes, cell), brushes.images)
    new = [tile for tile in sorted(tiles) if state.tiles.get(str(tile)) != hashes[str(tile)]]
    for done, tile in enumerate(new, 1):
        brushes.painter.paint(DEEPEST, tile, values_of(tile, tiles[tile], brushes.pictures))
        state.tiles[str(tile)] = hashes[str(tile)]
        state.stale.add(tile >> 2)
        if done % _SAVE_TILES == 0:
            state.save()
        if told is not None:
            told()
    ancestors = draw_above(brushes.painter, state.stale, DEEPEST - 1, CELL_ORDER)
    state.stale = set()
    state.save()
    count = len({image.name for members in tiles.values() for image in members})
    return Drawn(count, len(tiles), len(new), ancestors)


def draw_top(brushes: Brushes, cells: Iterable[int]) -> int:
    """Draw the tiles above the parts that have changed, and the picture of the whole sky; gives how many tiles.

    Parameters
    ----------
    brushes : Brushes
        What the parts were drawn with.
    cells : iterable of int
        All parts of the release.

    Raises
    ------
    MissingTilesError
        Raised if a part was not drawn into this folder, or is not finished.
    """
    folder = brushes.painter.folder
    digests = {}
    for cell in sorted(cells):
        state = _State.read(_state_of(brushes, cell), brushes.images)
        if not state.path.is_file() or state.stale:
            raise MissingTilesError(
                f"tiles of cell {cell} are not in {folder}",
                expected="one folder for all who draw a release",
                remedy="set MAPPS_HIPS to a folder that all hosts share, then: mapps release hips NAME --queue",
            )
        if state.digest:
            digests[str(cell)] = state.digest
    top = _State.read(folder / STATE, brushes.images)
    stale = {int(cell) >> 2 for cell, digest in digests.items() if top.tiles.get(cell) != digest}
    drawn = draw_above(brushes.painter, stale, CELL_ORDER - 1)
    if drawn:
        for survey in brushes.painter.surveys:
            draw_overview(folder / survey)
    top.tiles = digests
    top.save()
    return drawn


def sum_of(brushes: Brushes, cells: Iterable[int]) -> tuple[int, str]:
    """Count the tiles of the finest order of some parts, and give the SHA-256 of what they are made of.

    Parameters
    ----------
    brushes : Brushes
        What they were drawn with.
    cells : iterable of int
        HEALPix cells of order 3, nested.
    """
    states = [_State.read(_state_of(brushes, cell), brushes.images) for cell in sorted(cells)]
    total = hashlib.sha256("\n".join(state.digest for state in states).encode())
    return sum(len(state.tiles) for state in states), total.hexdigest()


def _state_of(brushes: Brushes, cell: int) -> Path:
    return brushes.painter.folder / "cells" / str(cell) / STATE


def images_of_tiles(images: Iterable[TileImage], store: Store) -> dict[int, list[TileImage]]:
    """Give the images that each tile of the finest order is made of, in the order in which they came.

    Parameters
    ----------
    images : iterable of TileImage
        Images of the release.
    store : Store
        Where their files are.
    """
    found: dict[int, list[TileImage]] = {}
    triple: tuple[int, list[int]] | None = None
    for image in images:
        # Bands of a triple lie on the same place: the header of the first of them tells.
        if triple is None or triple[0] != image.coadd_key:
            facts = read_atlas_facts(store.whole_path(image.url, image.sha256))
            triple = (image.coadd_key, tiles_of(facts.projection, facts.shape))
        for tile in triple[1]:
            found.setdefault(tile, []).append(image)
    return found
