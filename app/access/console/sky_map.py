"""Maps of a release for its page: scans with their depth, patch by patch, and the whole sky in cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.arrays import Doubles
from app.reports.coverage_picture import neighbours
from app.reports.style import count_of

Scan = dict[str, Any]
Cell = dict[str, Any]
SHADES = 5
"""Classes of depth, the deepest last; a scan without a known depth has none."""
MOST_SCANS = 1500
"""Scans that are drawn one by one; of more there is only the map of the sky."""
MOST_PATCHES = 12
CELL_ORDER = 5
"""HEALPix order of the cells of the map of the sky, 1.8 degrees (sql/release/78_property_maps.sql)."""
PATCH_SIZE = 320.0
MARGIN = 8.0


@dataclass(frozen=True)
class Shape:
    """A scan or a cell of a map.

    Attributes
    ----------
    points : str
        Corners, as SVG has them.
    shade : int or None
        Class of depth, 0 to 4; None where it is not known.
    words : str
        What it is, with its depth.
    ra, decl : float
        Its middle, ICRS. [deg]
    """

    points: str
    shade: int | None
    words: str
    ra: float
    decl: float


@dataclass(frozen=True)
class Patch:
    """Neighbouring scans in one plane, with its size in units of the drawing."""

    width: float
    height: float
    words: str
    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class SkyMap:
    """All maps of a release in one band.

    Attributes
    ----------
    band : str
        j, h or k.
    edges_mag : tuple of float
        Edges of the classes of depth, one more than there are classes; empty where no depth is known.
    patches : tuple of Patch
        Neighbouring scans, those with most scans first.
    cells : tuple of Shape
        Cells of the whole sky in the plane of an equal-area projection, 4 by 2 units, right ascension to the left.
    scans : int
        How many scans the release has.
    """

    band: str
    edges_mag: tuple[float, ...]
    patches: tuple[Patch, ...]
    cells: tuple[Shape, ...]
    scans: int


def sky_map(scans: Sequence[Scan], cells: Sequence[Cell], band: str) -> SkyMap:
    """Draw the chosen scans of a release and its property maps.

    Parameters
    ----------
    scans : sequence of dict
        Rows of `access/release_map`.
    cells : sequence of dict
        Rows of `access/release_overview`.
    band : str
        Whose depth is shown: j, h or k.
    """
    depths = [float(shown[band]) for shown in (*scans, *cells) if shown[band] is not None]
    edges = _edges(depths)
    corners = [_corners(scan) for scan in scans]
    patches: list[Patch] = []
    if scans and len(scans) <= MOST_SCANS:
        patches += [
            _patch([scans[i] for i in members], [corners[i] for i in members], band, edges)
            for members in neighbours(corners)[:MOST_PATCHES]
        ]
    return SkyMap(band, edges, tuple(patches), tuple(_cells(cells, band, edges)), len(scans))


def _edges(depths: Sequence[float]) -> tuple[float, ...]:
    if not depths:
        return ()
    low, high = math.floor(min(depths) * 10) / 10, math.ceil(max(depths) * 10) / 10
    high = max(high, low + 0.5)
    return tuple(round(low + (high - low) * step / SHADES, 2) for step in range(SHADES + 1))


def shade_of(depth: float | None, edges: Sequence[float]) -> int | None:
    """Give the class of a depth; None where it is not known.

    Parameters
    ----------
    depth : float or None
        Magnitude. [mag]
    edges : sequence of float
        Edges of the classes.

    Examples
    --------
    >>> shade_of(15.9, (15.0, 15.2, 15.4, 15.6, 15.8, 16.0)), shade_of(None, ())
    (4, None)
    """
    if depth is None or not edges:
        return None
    return int(np.clip(np.searchsorted(edges, depth, "right") - 1, 0, SHADES - 1))


def _corners(scan: Scan) -> Doubles:
    """Corners around the scan, (4, 2) degrees, right ascensions without a step within it."""
    first = scan["ra_1"]
    return np.array([
        ((scan[f"ra_{i}"] - first + 180.0) % 360.0 - 180.0 + first, scan[f"dec_{i}"]) for i in (1, 2, 4, 3)
    ])  # fmt: skip


def _words(scan: Scan, band: str) -> str:
    depth = "depth not measured" if scan[band] is None else f"SNR 10 at {scan[band]:.2f} mag"
    tile = "" if scan["tile"] is None else f", tile {scan['tile']}"
    return f"scan {scan['scan']} of {scan['date']:%Y-%m-%d}{scan['hemis']}{tile}: {depth}"


def _middle(corner: Doubles) -> tuple[float, float]:
    return float(corner[:, 0].mean() % 360.0), float(corner[:, 1].mean())


def _patch(scans: Sequence[Scan], corners: Sequence[Doubles], band: str, edges: Sequence[float]) -> Patch:
    places = np.concatenate(corners)
    # Patches may lie on both sides of right ascension 0.
    turn = places[0, 0]
    unwrapped = [np.column_stack([(c[:, 0] - turn + 180.0) % 360.0 - 180.0, c[:, 1]]) for c in corners]
    squeeze = max(math.cos(math.radians(float(places[:, 1].mean()))), 0.02)
    flat = [np.column_stack([-c[:, 0] * squeeze, -c[:, 1]]) for c in unwrapped]
    plane = np.concatenate(flat)
    low, span = plane.min(axis=0), float(max(np.ptp(plane, axis=0).max(), 1e-6))
    scale = PATCH_SIZE / span
    shapes = []
    for scan, corner, place in zip(scans, corners, flat, strict=True):
        drawn = (place - low) * scale + MARGIN
        ra, decl = _middle(corner)
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)
        shapes.append(Shape(points, shade_of(scan[band], edges), _words(scan, band), ra, decl))
    width, height = np.ptp(plane, axis=0) * scale + 2 * MARGIN
    ra, decl = _middle(places if np.ptp(places[:, 0]) < 180.0 else corners[0])
    words = f"{count_of(len(scans), 'scan')} around RA {ra:.2f}, Dec {decl:+.2f} deg"
    return Patch(float(max(width, 40.0)), float(max(height, 40.0)), words, tuple(shapes))


def hammer(ra_deg: Doubles, decl_deg: Doubles) -> tuple[Doubles, Doubles]:
    """Project the sky with equal areas (Hammer 1892), right ascension to the left, 0 h in the middle.

    Parameters
    ----------
    ra_deg, decl_deg : float64 arrays (n,)
        Directions, ICRS. [deg]

    Returns
    -------
    x, y : float64 arrays (n,)
        From -2 to 2 and from -1 to 1, y down the page.

    Examples
    --------
    >>> x, y = hammer(np.array([0.0, 90.0]), np.array([90.0, 0.0]))
    >>> np.round(x, 6).tolist(), np.round(y, 6).tolist()
    ([-0.0, -1.082392], [-1.0, -0.0])
    """
    turn = np.radians((np.asarray(ra_deg, float) + 180.0) % 360.0 - 180.0)
    height = np.radians(np.asarray(decl_deg, float))
    divisor = np.sqrt(1.0 + np.cos(height) * np.cos(turn / 2.0))
    return -2.0 * np.cos(height) * np.sin(turn / 2.0) / divisor, -np.sin(height) / divisor


def _cells(cells: Sequence[Cell], band: str, edges: Sequence[float]) -> list[Shape]:
    """One mark a cell of the sky of which the band covers a part."""
    found = [cell for cell in cells if cell[f"{band}_frac"] > 0.0]
    if not found:
        return []
    ra, decl = _cell_middles([cell["cell"] for cell in found])
    x, y = hammer(ra, decl)
    shapes = []
    for at, cell in enumerate(found):
        depth = cell[band]
        words = _share_words(cell[f"{band}_frac"]) + ("" if depth is None else f", SNR 10 at {depth:.2f} mag")
        shapes.append(
            Shape(f"{x[at]:.4f},{y[at]:.4f}", shade_of(depth, edges), words, float(ra[at]), float(decl[at]))
        )
    return shapes


def _share_words(share: float) -> str:
    return f"{100.0 * share:.0f} % covered" if share >= 0.01 else f"{100.0 * share:.2g} % covered"


def _cell_middles(numbers: Sequence[int]) -> tuple[Doubles, Doubles]:
    from astropy_healpix.core import healpix_to_lonlat

    ra, decl = healpix_to_lonlat(np.asarray(numbers, np.int64), 1 << CELL_ORDER, order="nested")
    return np.asarray(ra.to_value("deg")), np.asarray(decl.to_value("deg"))
