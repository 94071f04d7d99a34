"""Footprints beside the pixels that they are of: how far an edge lies from where data end, and mocpy's opinion."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np
from astropy.io import fits

from app.arrays import Bools, Doubles
from app.instruments.bands import Band
from app.sky.directions import unit_vectors
from app.sky.footprint import Corners
from app.sky.projection import SinProjection
from workers.reduction.frames.products import AtlasImage

CHUNK = 64
"""Rows or columns of which the mean end counts, without holes: single pixels are whole arc seconds."""
ARCSEC = np.pi / 180 / 3600


def covered_by(images: Iterable[AtlasImage], band: Band | None) -> dict[int, tuple[Bools, SinProjection]]:
    """Pixels with data of the images of a band, or of all bands (None), by image number."""
    held: dict[int, tuple[Bools, SinProjection]] = {}
    for image in images:
        if band in {None, image.band}:
            covered, projection = held.get(image.number, (True, image.projection))
            held[image.number] = (covered & np.isfinite(image.pixels_dn), projection)
    return held


def edge_offsets(corners: Corners, held: dict[int, tuple[Bools, SinProjection]]) -> dict[str, Doubles]:
    """Distance of where the data end inside of the edge of a footprint, arcsec; negative outside.

    East and west along every image, south and north at the outermost images alone.
    """
    found: dict[str, list[float]] = {"south": [], "east": [], "north": [], "west": []}
    order = sorted(held.values(), key=lambda pair: pair[1].to_sky(0.0, 0.5 * pair[0].shape[0])[1])
    for index, (covered, projection) in enumerate(order):
        found["east"] += _along(corners, "east", projection, _ends(covered))
        found["west"] += _along(corners, "west", projection, _ends(covered[:, ::-1], covered.shape[1]))
        if index == 0:
            south = [(row, column) for column, row in _ends(covered.T)]
            found["south"] += _along(corners, "south", projection, south)
        if index == len(order) - 1:
            north = [(row, column) for column, row in _ends(covered[::-1].T, covered.shape[0])]
            found["north"] += _along(corners, "north", projection, north)
    return {side: np.array(values) for side, values in found.items()}


def _ends(covered: Bools, mirrored: int | None = None) -> list[tuple[float, float]]:
    """Outer edge (x) of the first covered pixel of the rows of each chunk, and its middle row (y)."""
    rows = np.flatnonzero(covered.any(axis=1))
    ends = covered[rows].argmax(axis=1) - 0.5
    chunks = [slice(i, i + CHUNK) for i in range(0, rows.size, CHUNK)]
    near = [ends[chunk][np.abs(ends[chunk] - np.median(ends[chunk])) <= 2.0] for chunk in chunks]
    middle = [(float(n.mean()), float(rows[chunk].mean())) for n, chunk in zip(near, chunks, strict=True)]
    return middle if mirrored is None else [(mirrored - 1 - end, row) for end, row in middle]


def _along(
    corners: Corners, side: str, projection: SinProjection, places: list[tuple[float, float]]
) -> list[float]:
    first, second = {
        "south": (corners.south_west, corners.south_east),
        "east": (corners.south_east, corners.north_east),
        "north": (corners.north_east, corners.north_west),
        "west": (corners.north_west, corners.south_west),
    }[side]
    pole = np.cross(unit_vectors(*first), unit_vectors(*second))
    pole /= np.linalg.norm(pole) * np.sign(pole @ unit_vectors(*corners.centre))
    ra, decl = projection.to_sky(*np.array(places).T)
    return (np.arcsin(unit_vectors(ra, decl) @ pole) / ARCSEC).tolist()


def mocpy_ranges(files: Iterable[bytes], order: int) -> tuple[tuple[int, int], ...]:
    """Union of `MOC.from_fits_image` over files of Atlas images; old headers name no frame, and theirs is ICRS."""
    import mocpy

    found = mocpy.MOC.new_empty(order)
    for content in files:
        with fits.open(io.BytesIO(content)) as hdus:
            image = next(hdu for hdu in hdus if hdu.data is not None)
            image.header["RADESYS"] = "ICRS"
            found |= mocpy.MOC.from_fits_image(image, order)
    return tuple((int(low), int(high)) for low, high in found.to_depth29_ranges)
