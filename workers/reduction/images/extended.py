"""Extended sources of finished images: the galaxies of a field measured on its images, as those of frames are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles, Singles, Table
from app.columns.records import unknown_rows
from app.instruments.bands import Band
from app.parameters.extraction import ExtractionParameters
from workers.reduction.extended.apertures import fill_light, fill_models
from workers.reduction.extended.band_light import BandLight
from workers.reduction.extended.ridge import brightness
from workers.reduction.extended.ring_shape import ring_shape
from workers.reduction.extended.shape import Cutout
from workers.reduction.extended.window import (
    fill_window,
    half_window_arcsec,
    light_on_window,
    ring_arcsec,
)
from workers.reduction.frames.products import EXTENDED_DTYPE
from workers.reduction.galaxies.values import Galaxy, Shape
from workers.reduction.images.galaxy_light import ImageGalaxies
from workers.reduction.images.galaxy_search import ReducedStrip
from workers.reduction.images.image_sources import ImageSources
from workers.reduction.images.ridge import fill_scores
from workers.reduction.images.stars import Stars

SAME_ARCSEC = 5.0  # galaxies of two fields this near are one
OWN_PIX = 3.0  # of a detection that is a galaxy's nucleus
BLEND_PIX = 10.0  # over which the level of the mesh becomes that of the ring
FEWEST_RING_PIXELS = 200


@dataclass(frozen=True)
class GalaxyStrip:
    """One band of a field with galaxies, as they are measured on it.

    Attributes
    ----------
    reduced : ReducedStrip
        The strip; its model has galaxies and nuclei by now.
    drawn : ImageGalaxies
        Its galaxies.
    bare : float32 array (ny, nx)
        The image without sky, stars and galaxies, DN.
    stars : Stars
        The stars that it lacks, nuclei apart.
    """

    reduced: ReducedStrip
    drawn: ImageGalaxies
    bare: Singles
    stars: Stars


def _cut_out(strip: GalaxyStrip, own: int, shape: Shape) -> Cutout:
    """Window with one galaxy alone.

    A mesh of the sky of 24 pixels follows what a smooth model leaves of spiral arms: within the galaxy the median level
    of its ring stands in its place.
    """
    model, half = strip.reduced.model, half_window_arcsec(shape)
    ny, nx = model.data.shape
    x, y = shape.x_arcsec, shape.y_arcsec
    rows = slice(max(0, round(y) - half), min(ny, round(y) + half + 1))
    columns = slice(max(0, round(x) - half), min(nx, round(x) + half + 1))
    whole = np.zeros_like(model.data)
    patch = strip.drawn.patches[own]
    whole[patch.rows, patch.columns] = patch.light
    image, usable = strip.bare[rows, columns] + whole[rows, columns], model.usable[rows, columns]
    level = model.level[rows, columns]
    yy, xx = np.ogrid[rows, columns]
    r, (inner, outer) = np.hypot(xx - x, yy - y), ring_arcsec(shape)
    ring = (r > inner) & (r < outer) & usable
    if ring.sum() >= FEWEST_RING_PIXELS:
        blend = np.clip((inner - r) / BLEND_PIX, 0.0, 1.0)
        image = image + (blend * (level - np.median(level[ring]))).astype(np.float32)
    image = np.where(usable, image, np.float32(0.0)).astype(np.float32)
    return Cutout(image, usable, x - columns.start, y - rows.start)


def _fill_place(
    row: Table, band: Band, strip: GalaxyStrip, shape: Shape, images: Sequence[ImageSources]
) -> None:
    """Fill which image a galaxy lies on, where, and what the sky is there."""
    b, own = band.value, strip.reduced.strip
    x, y = shape.x_arcsec, shape.y_arcsec
    k = int(np.clip(np.searchsorted(own.bounds, y) - 1, 0, len(own.parts) - 1))
    row["coadd"] = own.parts[k].number
    row["x"] = row["x_coadd"] = x
    row["y"] = row["y_coadd"] = y - own.first_rows[k]
    row[f"{b}_sky_dn"] = row[f"{b}_back"] = strip.reduced.model.level_at(np.array([x]), np.array([y]))[0]
    sources = next(s for s in images if s.image.band == band and s.image.number == own.parts[k].number)
    table = sources.detections
    if table.size:
        away = np.hypot(table["x"] - row["x"], table["y"] - row["y"])
        nearest = int(np.argmin(away))
        row[f"{b}_psfchi"] = table["psfchi"][nearest] if away[nearest] < OWN_PIX else np.nan


def _measure(
    row: Table, own: int, galaxy: Galaxy, strip: GalaxyStrip, noise: float
) -> tuple[BandLight, tuple[float, Doubles]]:
    """Fill what one window tells of a galaxy; its light, and how compact that is."""
    model, band = strip.reduced.model, strip.drawn.band
    part = _cut_out(strip, own, galaxy.shape)
    light = light_on_window(
        part,
        (galaxy.shape, galaxy.flux_dn[band]),
        (strip.stars.x, strip.stars.y),
        noise,
        strip.reduced.strip.image.zero_point_mag,
    )
    fill_window(row, band, part, light, float(np.sqrt(np.median(model.variance[model.variance > 0.0]))))
    return light, (brightness(part, light.level_dn), ring_shape(part, light.level_dn, noise))


def _fill_band(
    out: Table, strip: GalaxyStrip, images: Sequence[ImageSources], aperture_arcsec: float
) -> list[BandLight]:
    """Fill the columns of one band; what it tells of the light of each galaxy."""
    band, model, light, compact = strip.drawn.band, strip.reduced.model, [], []
    # Noise of a square arcsecond, from that of the standard aperture.
    noise = float(model.aperture_noise / np.sqrt(np.pi) / aperture_arcsec)
    for n, galaxy in enumerate(strip.drawn.galaxies):
        row = out[n : n + 1]
        _fill_place(row, band, strip, galaxy.shape, images)
        told, shape = _measure(row, n, galaxy, strip, noise)
        light.append(told)
        compact.append(shape)
    places = strip.drawn.light().places()
    fill_scores(out, band, (model, strip.bare, strip.stars), places, compact, noise)
    return light


def measure_field(
    strips: Sequence[GalaxyStrip], images: Sequence[ImageSources], parameters: ExtractionParameters
) -> Table:
    """Measure the galaxies of a field of finished images.

    Parameters
    ----------
    strips : sequence of GalaxyStrip
        One a band, at least one.
    images : sequence of ImageSources
        The images of the scan with their detections.
    parameters : ExtractionParameters
        Radius of the standard aperture, whose noise is known.

    Returns
    -------
    structured array of EXTENDED_DTYPE, (n,)
        In the order of the galaxies; NaN in what a band does not have.
    """
    galaxies = strips[0].drawn.galaxies
    out = unknown_rows(EXTENDED_DTYPE, len(galaxies))
    light = {strip.drawn.band: _fill_band(out, strip, images, parameters.aperture_arcsec) for strip in strips}
    x, y = strips[0].drawn.light().places().T
    ra, decl = strips[0].reduced.strip.image.projection.to_sky(x, y)
    out["ra"], out["decl"] = out["sup_ra"], out["sup_dec"] = ra, decl
    fill_light(out, galaxies, light)
    fill_models(out, galaxies)
    return out


def joined_fields(tables: Sequence[Table]) -> Table:
    """Rows of all fields, each galaxy once, ordered by (decl, ra).

    A band whose images have other pixels is a field of its own: the row of the first field that has the galaxy gets
    what the others measured.

    Parameters
    ----------
    tables : sequence of structured arrays of EXTENDED_DTYPE
        One a field.
    """
    kept = unknown_rows(EXTENDED_DTYPE, 0)
    for table in tables:
        fresh = []
        for n in range(table.size):
            row = table[n : n + 1]
            east = (kept["ra"] - row["ra"]) * np.cos(np.radians(row["decl"]))
            away = np.hypot(east, kept["decl"] - row["decl"]) * 3600.0
            if not kept.size or float(away.min()) > SAME_ARCSEC:
                fresh.append(n)
                continue
            _complete(kept[int(np.argmin(away)) :][:1], row)
        kept = np.concatenate([kept, table[fresh]])
    return np.asarray(kept[np.lexsort((kept["ra"], kept["decl"]))])


def _complete(row: Table, other: Table) -> None:
    """Fill what a row does not know from another one."""
    unknown = unknown_rows(row.dtype, 1)
    for name in row.dtype.names or ():
        if row[name].tobytes() == unknown[name].tobytes():
            row[name] = other[name]
