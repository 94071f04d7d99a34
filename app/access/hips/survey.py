"""Surveys of a release: its Atlas images as tiles, only those made anew whose images have changed."""

from __future__ import annotations

import hashlib
import io
import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from app.access.hips.shades import colour, grey, png
from app.access.hips.tiles import (
    DEEPEST,
    SIDE,
    Reach,
    halved,
    places_of,
    reach_of,
    read_fits,
    sample,
    tile_name,
    tiles_of,
    whole,
    write_fits,
)
from app.arrays import Singles
from app.formats.atlas_reader import read_atlas, read_atlas_facts
from app.instruments.bands import BANDS, Band
from app.reports.image_picture import without_plane
from app.sky.projection import SinProjection
from app.store import Store

FORMAT = 2
"""Counts up with every change of what tiles show: all are made anew."""
COLOUR = "colour"
SURVEYS = (*(band.value for band in BANDS), COLOUR)
STATE = "state.json"
ZERO_POINT_MAG = 20.0
OVERVIEW_ORDER, OVERVIEW_SIDE, OVERVIEW_ROW = 3, 64, 27
_KEPT_IMAGES = 72
"""Of 2 MB each: those of a scan, whose tiles come in the order of HEALPix, not of the scan."""
_SAVE_TILES = 32


@dataclass(frozen=True)
class TileImage:
    """An image that tiles are made of: a row of `access/hips_images`.

    Attributes
    ----------
    coadd_key : int
        Key of its triple.
    band : Band
        Its band.
    url, sha256 : str
        Its file and the content that this must have.
    zero_point_mag : float
        Magnitude of 1 DN. [mag]
    sky_sigma_dn : float or None
        Noise of a pixel; None where it was not measured. [DN]
    """

    coadd_key: int
    band: Band
    url: str
    sha256: str
    zero_point_mag: float
    sky_sigma_dn: float | None

    @property
    def scale(self) -> float:
        """Flux of 1 DN, 1 of magnitude 20."""
        return float(10.0 ** (-0.4 * (self.zero_point_mag - ZERO_POINT_MAG)))

    @property
    def name(self) -> str:
        """Hash of all that a tile takes from it."""
        return f"{self.coadd_key} {self.band.value} {self.sha256} {self.zero_point_mag!r}"


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

    def save(self) -> None:
        told = {"format": FORMAT, "images": self.images, "tiles": self.tiles, "stale": sorted(self.stale)}
        text = json.dumps(told, separators=(",", ":"))
        whole(self.path, lambda part: part.write_text(text, encoding="utf-8"))


class _Images:
    """The last images that were read, without their planes, as flux."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[str, tuple[Singles, SinProjection]] = OrderedDict()

    def flux(self, image: TileImage) -> tuple[Singles, SinProjection]:
        if image.name not in self._kept:
            content = read_atlas(self._store.whole_path(image.url, image.sha256))
            pixels = (without_plane(content.pixels_dn) * image.scale).astype(np.float32)
            self._kept[image.name] = (pixels, content.facts.projection)
            if len(self._kept) > _KEPT_IMAGES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(image.name)
        return self._kept[image.name]


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


def draw(
    images: Sequence[TileImage], folder: Path, surveys: Sequence[str] = SURVEYS,
    told: Callable[[], object] | None = None,
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

    Raises
    ------
    StoredFileError
        Raised if the file of an image is gone or changed.
    """
    store = Store()
    bands = BANDS if COLOUR in surveys else tuple(band for band in BANDS if band.value in surveys)
    wanted = [image for image in images if image.band in bands]
    noise = typical_noise(images)
    by_tile = images_of_tiles(wanted, store)
    state = _State.read(folder / STATE, f"{sorted(surveys)} {sorted((b.value, n) for b, n in noise.items())}")
    hashes = {
        str(tile): hashlib.sha256("\n".join(image.name for image in members).encode()).hexdigest()
        for tile, members in by_tile.items()
    }
    new = [tile for tile in sorted(by_tile) if state.tiles.get(str(tile)) != hashes[str(tile)]]
    pictures = _Images(store)
    painter = _Painter(folder, bands, tuple(surveys), noise)
    for done, tile in enumerate(new, 1):
        painter.paint(DEEPEST, tile, _values(tile, by_tile[tile], pictures))
        state.tiles[str(tile)] = hashes[str(tile)]
        state.stale.add(tile >> 2)
        if done % _SAVE_TILES == 0:
            state.save()
        if told is not None:
            told()
    ancestors = _draw_ancestors(painter, state.stale)
    if ancestors:
        for survey in painter.surveys:
            draw_overview(folder / survey)
    state.stale = set()
    state.save()
    return Drawn(len(wanted), len(by_tile), len(new), ancestors)


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


def _values(tile: int, members: Sequence[TileImage], pictures: _Images) -> dict[Band, Singles]:
    """Mean flux of all images of a band at each pixel of a tile."""
    places = places_of(tile)
    # Bands of a triple lie on the same place.
    reaches: dict[tuple[SinProjection, tuple[int, ...]], Reach | None] = {}
    values: dict[Band, Singles] = {}
    for band in BANDS:
        total, count = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE), np.int16)
        for image in members:
            if image.band is band:
                pixels, projection = pictures.flux(image)
                key = (projection, pixels.shape)
                if key not in reaches:
                    reaches[key] = reach_of(projection, (pixels.shape[0], pixels.shape[1]), places)
                reach = reaches[key]
                if reach is not None:
                    rows, columns, light = reach.rows, reach.columns, sample(pixels, reach)
                    known = np.isfinite(light)
                    total[rows, columns] += np.where(known, light, 0.0)
                    count[rows, columns] += known
        if count.any():
            values[band] = np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)
    return values


@dataclass(frozen=True)
class _Painter:
    folder: Path
    bands: tuple[Band, ...]
    surveys: tuple[str, ...]
    noise: Mapping[Band, float]

    def paint(self, order: int, tile: int, values: Mapping[Band, Singles]) -> None:
        """Write the files of a tile; a band without data has none."""
        for band, flux in values.items():
            place = self.folder / band.value
            write_fits(place / tile_name(order, tile, "fits"), flux, order, tile)
            if band.value in self.surveys:
                self._png(place / tile_name(order, tile, "png"), grey(flux, self.noise[band]))
        if COLOUR in self.surveys and set(values) == set(BANDS):
            self._png(self.folder / COLOUR / tile_name(order, tile, "png"), colour(values, self.noise))

    @staticmethod
    def _png(path: Path, shades: Any) -> None:
        content = png(shades)
        whole(path, lambda part: part.write_bytes(content))


def draw_overview(folder: Path) -> None:
    """Draw the picture of the whole sky of a survey: its tiles of order 3 at 64 pixels, 27 in a row (HiPS 1.0, 4.3.2).

    Parameters
    ----------
    folder : Path
        Of the survey.
    """
    from PIL import Image

    drawn = None
    for tile in range(12 << 2 * OVERVIEW_ORDER):
        path = folder / tile_name(OVERVIEW_ORDER, tile, "png")
        if path.is_file():
            with Image.open(path) as opened:
                small = opened.resize((OVERVIEW_SIDE, OVERVIEW_SIDE), Image.Resampling.BOX)
            drawn = drawn or Image.new(small.mode, (OVERVIEW_SIDE * OVERVIEW_ROW, OVERVIEW_SIDE * 29))
            drawn.paste(small, (tile % OVERVIEW_ROW * OVERVIEW_SIDE, tile // OVERVIEW_ROW * OVERVIEW_SIDE))
    if drawn is not None:
        content = io.BytesIO()
        drawn.save(content, "PNG")
        whole(
            folder / f"Norder{OVERVIEW_ORDER}" / "Allsky.png",
            lambda part: part.write_bytes(content.getvalue()),
        )


def _draw_ancestors(painter: _Painter, stale: Iterable[int]) -> int:
    """Draw the coarser tiles above those that changed, order after order."""
    tiles, drawn = set(stale), 0
    for order in range(DEEPEST - 1, -1, -1):
        for tile in sorted(tiles):
            values = {}
            for band in painter.bands:
                files = {
                    number: painter.folder / band.value / tile_name(order + 1, 4 * tile + number, "fits")
                    for number in range(4)
                }
                children = {number: read_fits(path) for number, path in files.items() if path.is_file()}
                if children:
                    values[band] = halved(children)
            painter.paint(order, tile, values)
            drawn += 1
        tiles = {tile >> 2 for tile in tiles}
    return drawn
