"""What the step derives for extended sources from the scan that they lie on: edges, density of stars, stamps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.arrays import Table
from app.columns import Kind
from app.columns.records import null_integer
from app.formats.postage_stamp import stamp_side_pix
from app.instruments.bands import BANDS, Band
from app.sky.footprint import Corners, edge_distances
from workers.reduction.frames.products import AtlasImage
from workers.steps.scan_facts import ScanFacts

BRIGHT_MAG = 14.0
"""Of the stars that make the density (published XSC)."""
NOT_INSPECTED, CLEAN = -2, b"0"


@dataclass(frozen=True)
class ScanField:
    """The scan around its extended sources.

    Attributes
    ----------
    area : Corners or None
        What all bands of the scan cover; None: no edge is known.
    log_density : mapping of int to float
        Decimal logarithm of the stars a square degree on each image in Ks, by its number (`image_densities`).
    shapes : mapping of (Band, int) to float
        Seeing shape of each image that has one, by its band and number (`image_shapes`).
    """

    area: Corners | None = None
    log_density: Mapping[int, float] = field(default_factory=dict)
    shapes: Mapping[tuple[Band, int], float] = field(default_factory=dict)


def image_densities(images: Iterable[AtlasImage], points: Table) -> dict[int, float]:
    """Decimal logarithm of the number of stars of Ks < 14 mag a square degree, by image; no entry without such a star.

    Parameters
    ----------
    images : iterable of AtlasImage
        Images of the scan; those in Ks count.
    points : structured array of the columns of wsdb.point_measurement, (n,)
        Its point sources.
    """
    with np.errstate(invalid="ignore"):
        bright = points[points["k_m"] < BRIGHT_MAG]
    found = {}
    for image in images:
        if image.band != Band.K:
            continue
        x, y = image.projection.to_pixels(bright["ra"], bright["decl"])
        rows, columns = image.pixels_dn.shape
        with np.errstate(invalid="ignore"):
            inside = (np.abs(x - 0.5 * (columns - 1)) < 0.5 * columns) & (
                np.abs(y - 0.5 * (rows - 1)) < 0.5 * rows
            )
        pixels = np.count_nonzero(np.isfinite(image.pixels_dn))
        if inside.any() and pixels:
            area = pixels * (image.projection.scale_arcsec / 3600.0) ** 2
            found[image.number] = float(np.log10(np.count_nonzero(inside) / area))
    return found


def image_shapes(images: Iterable[AtlasImage]) -> dict[tuple[Band, int], float]:
    """Seeing shapes of images by band and number; no entry where an image has none.

    Parameters
    ----------
    images : iterable of AtlasImage
        Images of the scan.
    """
    return {(i.band, i.number): float(i.seeing_shape) for i in images if i.seeing_shape is not None}


def _ridge(extended: Table, shapes: Mapping[tuple[Band, int], float]) -> dict[str, Any]:
    """Shape of stars at each source, and its scatter along the scan."""
    told: dict[str, Any] = {}
    for band in BANDS:
        along = sorted(shape for (other, _), shape in shapes.items() if other == band)
        local = [shapes.get((band, int(number)), np.nan) for number in extended["coadd"]]
        told[f"{band.value}_sh0"] = np.array(local, np.float32)
        told[f"{band.value}_sig_sh0"] = np.std(along, ddof=1) if len(along) > 1 else np.nan
    return told


def extended_facts(extended: Table, scan: ScanFacts, around: ScanField) -> dict[str, Any]:
    """Values of the columns of `app.columns.extended_facts`.

    Parameters
    ----------
    extended : structured array of EXTENDED_DTYPE, (m,)
        Extended sources.
    scan : ScanFacts
        The scan.
    around : ScanField
        Its area and its stars.
    """
    unknown = null_integer(Kind.INTEGER)
    edges: dict[str, Any] = {"dist_edge_ns": unknown, "dist_edge_ew": unknown, "dist_edge_flg": b""}
    if around.area is not None and extended.size:
        north_south, east_west, letters = edge_distances(extended["ra"], extended["decl"], around.area)
        edges = {"dist_edge_ns": north_south, "dist_edge_ew": east_west, "dist_edge_flg": letters}
    densities = [around.log_density.get(int(number), np.nan) for number in extended["coadd"]]
    return (
        edges
        | _ridge(extended, around.shapes)
        | {
            "density": np.array(densities, np.float32),
            "im_nx": stamp_side_pix(extended["r_k20fe"]),
            "vc": NOT_INSPECTED,
            "contam_flg": 0,
            "n_blank": 0,
            "night_key": scan.night_id,
            "cc_flg": CLEAN,
        }
    )
