"""Where a scan looked: outline and HEALPix cells of the pixels of its images that have data."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

import numpy as np

from app.arrays import Integers
from app.instruments.bands import BANDS, Band
from app.production.publication import ScanCoverageRow
from app.sky.coverage import Quadrilateral, bounding_corners, common_corners
from app.sky.footprint import Corners
from app.sky.moc import COVERAGE_ORDER, common_ranges, covered_cells, ranges_of_cells
from app.sky.outline import covered_outline
from app.sky.projection import SinProjection
from workers.reduction.frames.products import AtlasImage

SLACK_ARCSEC = 1.0
"""Images end raggedly to the east and west, by 1.7" along a full scan: edges run through the middle of that."""


def scan_coverage(images: Iterable[AtlasImage]) -> tuple[ScanCoverageRow, ...]:
    """Measure what the images of a scan cover, band by band and all bands together.

    A pixel is covered if it has data. The corners of a band bound the outlines of its images but for 1", and those of
    all bands lie inside of every band's; a gap between images does not show in corners, it does in the cells.

    Parameters
    ----------
    images : iterable of AtlasImage
        Images of one scan in the registered solution, in any order.

    Returns
    -------
    tuple of ScanCoverageRow
        Of each band with data in the order J, H, Ks, then of what all these bands cover. Where they share nothing, its
        cells are none and its corners bound all images: a release must not lose a scan because only parts of it were
        at hand. Empty where no pixel has data.
    """
    outlines: dict[str, list[Quadrilateral]] = {}
    found: dict[Band, list[Integers]] = {}
    for triple in _triples(images):
        covered = [np.isfinite(image.pixels_dn) for image in triple]
        cells = covered_cells(covered, triple[0].projection)
        for image, plane, cells_of_image in zip(triple, covered, cells, strict=True):
            outline = covered_outline(plane, image.projection)
            if outline is not None:
                found.setdefault(image.band, []).append(cells_of_image)
                outlines.setdefault(image.band.value, []).append(outline)
    if not found:
        return ()
    ranges = {band: ranges_of_cells(np.concatenate(found[band])) for band in BANDS if band in found}
    rows = [
        ScanCoverageRow(
            band, bounding_corners(outlines[band.value], SLACK_ARCSEC), ranges[band], COVERAGE_ORDER
        )
        for band in ranges
    ]
    corners = common_corners(outlines, SLACK_ARCSEC)
    if corners is None:
        corners = bounding_corners([image for band in ranges for image in outlines[band.value]])
    return (*rows, ScanCoverageRow(None, corners, reduce(common_ranges, ranges.values()), COVERAGE_ORDER))


def _triples(images: Iterable[AtlasImage]) -> list[list[AtlasImage]]:
    """Images on the same pixels of the sky, which are looked up once, in the order of their numbers."""
    held: dict[tuple[SinProjection, tuple[int, ...]], list[AtlasImage]] = {}
    for image in sorted(images, key=lambda image: (image.number, image.band.position)):
        held.setdefault((image.projection, image.pixels_dn.shape), []).append(image)
    return list(held.values())


def area_of(coverage: Iterable[ScanCoverageRow]) -> Corners | None:
    """Area from whose edges distances count: what all bands cover; None where nothing is covered.

    Parameters
    ----------
    coverage : iterable of ScanCoverageRow
        Of one scan (`scan_coverage`).
    """
    return next((row.corners for row in coverage if row.band is None), None)
