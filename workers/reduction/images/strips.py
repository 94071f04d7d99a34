"""Neighbouring finished images of a scan, put together again before they are reduced.

Atlas images are windows of one coadd: neighbours share 54 rows, pixel by pixel, up to the level of the sky. Reduced
one by one they get their own profile, sky and scale, which differ most at the edges; a star of the overlap then has
two magnitudes. Reduced together they share profile, sky and scale, no star lies at an edge within the scan, and a
star's magnitude does not depend on the image on which it falls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from workers.reduction.frames.products import AtlasImage
from workers.reduction.images.image_model import ImageModel, Peaks
from workers.reduction.images.saturation import SaturatedStars

# A strip of four images holds the same seeing within what the profile follows, in 60 MB; a whole scan does neither.
MOST_IMAGES = 4
GRID_PIX = 0.05  # neighbours of a survey scan fit to 0.012 pixel: each has its own tangent point
SAME_DN = 0.01  # shared pixels agree to 0.0001 DN after a constant


@dataclass(frozen=True)
class Strip:
    """Images of one band that continue one another along y.

    Attributes
    ----------
    image : AtlasImage
        All pixels, on the grid of the first image.
    parts : tuple of AtlasImage
        The n images, from the first row on.
    first_rows : tuple of int
        Row of `image` at which each part begins.
    bounds : tuple of float
        Lines between the rows that the parts answer for, pixels, (n + 1,): half-way through the overlaps, and
        infinite at the ends.
    """

    image: AtlasImage
    parts: tuple[AtlasImage, ...]
    first_rows: tuple[int, ...]
    bounds: tuple[float, ...]


def _rows_ahead(lower: AtlasImage, upper: AtlasImage) -> int:
    """Whole rows from the first row of `lower` to that of `upper`; 0 where they do not share rows of one grid."""
    projection = upper.projection
    x, y = lower.projection.to_pixels(np.array([projection.ra_deg]), np.array([projection.decl_deg]))
    dx, dy = float(x[0]) - projection.x_pix, float(y[0]) - projection.y_pix
    rows = round(dy) if np.isfinite(dy) else 0
    alike = np.allclose(lower.projection.matrix_deg, projection.matrix_deg, rtol=1e-6, atol=1e-9)
    alike &= lower.pixels_dn.shape[1] == upper.pixels_dn.shape[1]
    alike &= abs(lower.zero_point_mag - upper.zero_point_mag) < 0.001
    if not alike or abs(dx) > GRID_PIX or abs(dy - rows) > GRID_PIX:
        return 0
    return rows if 0 < rows < lower.pixels_dn.shape[0] < rows + upper.pixels_dn.shape[0] else 0


def _step(lower: AtlasImage, upper: AtlasImage, rows: int) -> float:
    """Level of `upper` above `lower` on the pixels that they share, DN; NaN where these are not the same pixels."""
    shared = min(lower.pixels_dn.shape[0] - rows, upper.pixels_dn.shape[0])
    difference = upper.pixels_dn[:shared] - lower.pixels_dn[rows : rows + shared]
    difference = difference[np.isfinite(difference)]
    if difference.size < 100:
        return float("nan")
    level = float(np.median(difference))
    return level if np.percentile(np.abs(difference - level), 99) < SAME_DN else float("nan")


def join_images(images: Sequence[AtlasImage]) -> list[Strip]:
    """Put together the images of one band that continue one another; others stay alone.

    Parameters
    ----------
    images : sequence of AtlasImage
        Of one band, in any order.

    Returns
    -------
    list of Strip
        From south to north along y of the images; at most `MOST_IMAGES` in one.
    """
    ordered = sorted(images, key=lambda i: (i.projection.decl_deg, i.number))
    strips: list[Strip] = []
    run: list[tuple[AtlasImage, int, float]] = []
    for image in ordered:
        if run and len(run) < MOST_IMAGES:
            last, row, level = run[-1]
            rows = _rows_ahead(last, image)
            step = _step(last, image, rows) if rows else float("nan")
            if np.isfinite(step):
                run.append((image, row + rows, level + step))
                continue
        if run:
            strips.append(_strip(run))
        run = [(image, 0, 0.0)]
    if run:
        strips.append(_strip(run))
    return strips


def _strip(run: list[tuple[AtlasImage, int, float]]) -> Strip:
    first = run[0][0]
    parts, rows = tuple(part for part, _, _ in run), tuple(row for _, row, _ in run)
    ends = [row + part.pixels_dn.shape[0] for part, row, _ in run]
    bounds = (-np.inf, *(0.5 * (ends[k] + rows[k + 1] - 1) for k in range(len(run) - 1)), np.inf)
    if len(run) == 1:
        return Strip(first, parts, rows, bounds)
    pixels = np.full((max(ends), first.pixels_dn.shape[1]), np.nan, np.float32)
    for part, row, level in run:
        covered = pixels[row : row + part.pixels_dn.shape[0]]
        covered[:] = np.where(np.isfinite(covered), covered, part.pixels_dn - np.float32(level))
    return Strip(replace(first, pixels_dn=pixels, coverage=None, uncertainty_dn=None), parts, rows, bounds)


def part_of(model: ImageModel, strip: Strip, k: int) -> ImageModel:
    """View of a strip's model that belongs to its k-th image, with the stars that this image answers for.

    Parameters
    ----------
    model : ImageModel
        Of the whole strip; the view shares its pixels.
    strip : Strip
        The images and their rows.
    k : int
        Number of the image in the strip.
    """
    if len(strip.parts) == 1:
        return model
    first = strip.first_rows[k]
    rows = slice(first, first + strip.parts[k].pixels_dn.shape[0])
    answered = (model.stars.y > strip.bounds[k]) & (model.stars.y <= strip.bounds[k + 1])
    stars = model.stars.take(np.flatnonzero(answered))
    stars.y, stars.y_seed = stars.y - first, stars.y_seed - first
    holes, left = model.saturated, model.unexplained
    inside = (left.y > strip.bounds[k]) & (left.y <= strip.bounds[k + 1])
    saturated = SaturatedStars(holes.x, holes.y - first, holes.radius)
    return ImageModel(
        usable=model.usable[rows],
        level=model.level[rows],
        data=model.data[rows],
        variance=model.variance[rows],
        psf=replace(model.psf, first_row=model.psf.first_row + first),
        stars=stars,
        residual=model.residual[rows],
        saturated=saturated,
        correlation=model.correlation,
        aperture_noise=model.aperture_noise,
        unexplained=Peaks(left.x[inside], left.y[inside] - first, left.flux[inside]),
        saturated_dn=model.saturated_dn,
    )
