"""Tiles of a survey: the mean of the images that reach them, coarser ones of their children, and their files."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.access.hips.shades import colour, grey, png
from app.access.hips.tiles import (
    SIDE,
    Reach,
    halved,
    places_of,
    reach_of,
    read_fits,
    sample,
    tile_name,
    whole,
    write_fits,
)
from app.arrays import Singles
from app.formats.atlas_reader import read_atlas
from app.instruments.bands import BANDS, Band
from app.reports.image_picture import without_plane
from app.sky.projection import SinProjection
from app.store import Store

COLOUR = "colour"
SURVEYS = (*(band.value for band in BANDS), COLOUR)
ZERO_POINT_MAG = 20.0
OVERVIEW_ORDER, OVERVIEW_SIDE, OVERVIEW_ROW = 3, 64, 27
_KEPT_IMAGES = 72
"""Of 2 MB each: those of a scan, whose tiles come in the order of HEALPix, not of the scan."""


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


class Images:
    """The last images that were read, without their planes, as flux."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._kept: OrderedDict[str, tuple[Singles, SinProjection]] = OrderedDict()

    def flux(self, image: TileImage) -> tuple[Singles, SinProjection]:
        """Give an image without its plane, and its projection.

        Parameters
        ----------
        image : TileImage
            Which.

        Raises
        ------
        StoredFileError
            Raised if its file is gone or changed.
        """
        if image.name not in self._kept:
            content = read_atlas(self.store.whole_path(image.url, image.sha256))
            pixels = (without_plane(content.pixels_dn) * image.scale).astype(np.float32)
            self._kept[image.name] = (pixels, content.facts.projection)
            if len(self._kept) > _KEPT_IMAGES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(image.name)
        return self._kept[image.name]


def values_of(tile: int, members: Sequence[TileImage], pictures: Images) -> dict[Band, Singles]:
    """Give the mean flux of all images of a band at each pixel of a tile of the finest order.

    Parameters
    ----------
    tile : int
        Its number.
    members : sequence of TileImage
        Images that may reach it.
    pictures : Images
        Reads them.

    Returns
    -------
    mapping of Band to float32 array (512, 512)
        Rows from above; NaN where no image has data. Bands without any are left out. [flux, 1 of magnitude 20]
    """
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
class Painter:
    """Writes the files of tiles, for some bands and surveys and with the shades of a noise."""

    folder: Path
    bands: tuple[Band, ...]
    surveys: tuple[str, ...]
    noise: Mapping[Band, float]

    def paint(self, order: int, tile: int, values: Mapping[Band, Singles]) -> None:
        """Write the files of a tile; a band without data has none.

        Parameters
        ----------
        order, tile : int
            Order and number.
        values : mapping of Band to float32 array (512, 512)
            Flux, rows from above. [1 of magnitude 20]
        """
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


def draw_above(painter: Painter, stale: Iterable[int], order: int, top: int = 0) -> int:
    """Draw the coarser tiles above those that changed, order after order.

    Parameters
    ----------
    painter : Painter
        Writes them.
    stale : iterable of int
        Tiles to begin with.
    order, top : int
        Order of these, and of the coarsest that is drawn.

    Returns
    -------
    int
        How many were drawn.
    """
    tiles, drawn = set(stale), 0
    for level in range(order, top - 1, -1):
        for tile in sorted(tiles):
            values = {}
            for band in painter.bands:
                files = {
                    number: painter.folder / band.value / tile_name(level + 1, 4 * tile + number, "fits")
                    for number in range(4)
                }
                children = {number: read_fits(path) for number, path in files.items() if path.is_file()}
                if children:
                    values[band] = halved(children)
            painter.paint(level, tile, values)
            drawn += 1
        tiles = {tile >> 2 for tile in tiles}
    return drawn
