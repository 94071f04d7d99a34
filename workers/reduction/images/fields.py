"""The fields of a scan of finished images: stars fitted, galaxies found, stars fitted anew beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.arrays import Table
from app.instruments.bands import Band
from app.parameters.extraction import ExtractionParameters
from workers.reduction.galaxies.local_profile import LocalProfiles
from workers.reduction.galaxies.search import searched_share
from workers.reduction.galaxies.values import Galaxy
from workers.reduction.images.extended import GalaxyStrip, joined_fields, measure_field
from workers.reduction.images.galaxy_light import draw_on_image, give_back, hide_pieces, without_galaxies
from workers.reduction.images.galaxy_search import ReducedStrip, fields_of, find_on_images, search_of
from workers.reduction.images.image_sources import ImageSources, detect_on_strip, reduce_strip
from workers.reduction.images.strips import Strip


@dataclass(frozen=True)
class ScanFields:
    """What the images of a scan hold.

    Attributes
    ----------
    images : list of ImageSources
        Each image with its detections, ordered by band and number.
    extended : structured array of EXTENDED_DTYPE
        The galaxies, ordered by (decl, ra).
    searched : float
        Share of the images' rows, crowds left out, that were searched for galaxies.
    """

    images: list[ImageSources]
    extended: Table
    searched: float


def reduce_fields(strips: Sequence[Strip], parameters: ExtractionParameters) -> ScanFields:
    """Reduce the strips of all bands of a scan.

    Parameters
    ----------
    strips : sequence of Strip
        At least one.
    parameters : ExtractionParameters
        All numbers of the extraction.
    """
    first = [ReducedStrip(strip, *reduce_strip(strip, strip.image, parameters)) for strip in strips]
    images: list[ImageSources] = []
    measured: list[list[GalaxyStrip]] = []
    rows, searched = 0, 0.0
    for field in fields_of(first):
        search = search_of(field, parameters)
        galaxies = [] if search is None else find_on_images(search)
        again = []
        for band, plain in field.strips.items():
            part = plain
            rows += part.strip.image.pixels_dn.shape[0]
            if search is not None:
                searched += searched_share(search) * part.strip.image.pixels_dn.shape[0]
            if search is not None and galaxies and band in search.coadds.bands:
                again.append(_beside_galaxies(part, band, galaxies, search.profiles, parameters))
                part = again[-1].reduced
            images += detect_on_strip(part.strip, part.model, part.scale, parameters)
        if again:
            measured.append(again)
    images.sort(key=lambda sources: (sources.image.band.position, sources.image.number))
    extended = joined_fields([measure_field(own, images, parameters) for own in measured])
    return ScanFields(images, extended, searched / max(rows, 1))


def _beside_galaxies(
    part: ReducedStrip,
    band: Band,
    galaxies: Sequence[Galaxy],
    profiles: LocalProfiles,
    parameters: ExtractionParameters,
) -> GalaxyStrip:
    """Fit the stars of a strip with the light of its galaxies taken off; the galaxies are back in the end."""
    drawn = draw_on_image(galaxies, band, part.model, profiles)
    model, scale = reduce_strip(part.strip, without_galaxies(part.strip.image, drawn), parameters)
    hide_pieces(model, drawn)
    # `give_back` puts others in the place of both.
    bare, stars = model.residual.copy(), model.stars
    bare[~model.usable] = np.float32(0.0)
    give_back(model, drawn, parameters)
    return GalaxyStrip(ReducedStrip(part.strip, model, scale), drawn, bare, stars)
