"""The picture of a release's property maps: coverage, depth of the bands and seeing, cell by cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from app.arrays import Doubles, Integers
from app.reports.style import picture, say_nothing_there

MOST_CELLS = 40_000
"""Cells that a picture of this size can show; of more four, 16 and so on are one."""
PARENT_ORDER = 5
MOST_FIELDS = 3
"""Fields that stand beside each other in a picture of this width."""
SMALL_SHARE = 0.02
"""Share of a picture below which fields that are far apart would be dots."""
SHARES = "viridis"
PANELS = (
    ("frac", "share covered", SHARES),
    ("j_depth", "J of SNR 10, mag", "cividis"),
    ("h_depth", "H of SNR 10, mag", "cividis"),
    ("k_depth", "Ks of SNR 10, mag", "cividis"),
    ("j_seeing", "seeing in J, arcsec", "magma_r"),
)
"""Columns of `map_cells.sql` that are drawn, their words and colours."""


def shown_order(order: int, cells: int) -> int:
    """Order of the cells that are drawn.

    Parameters
    ----------
    order : int
        HEALPix order of the maps.
    cells : int
        How many cells they have.

    Examples
    --------
    >>> shown_order(11, 500), shown_order(11, 50_000_000)
    (11, 5)
    """
    shown = order
    while cells > MOST_CELLS and shown > 0:
        shown, cells = shown - 1, -(-cells // 4)
    return shown


def cell_corners(cells: Integers, order: int) -> Doubles:
    """Corners of cells around the first one, so that a field across right ascension 0 stays together.

    Parameters
    ----------
    cells : int64 array (n,)
        Nested HEALPix cells.
    order : int
        Their order.

    Returns
    -------
    float64 array (n, 4, 2)
        Right ascension, from -180 to 180 degrees about that of the first cell's centre, and declination. Degrees.
    """
    from astropy_healpix.core import boundaries_lonlat, healpix_to_lonlat

    lon, lat = boundaries_lonlat(cells, 1, 1 << order, order="nested")
    middle, _ = healpix_to_lonlat(cells, 1 << order, order="nested")
    ra, decl, own = lon.to_value("deg"), lat.to_value("deg"), middle.to_value("deg")
    # Each cell about its own centre first: corners of cells at 180 degrees from the first would be torn apart.
    around = (ra - own[:, None] + 180.0) % 360.0 - 180.0
    centre = (own - own[0] + 180.0) % 360.0 - 180.0 + own[0]
    # A pole has any right ascension: the corner there takes that of the centre.
    around[np.abs(decl) > 89.999999] = 0.0
    return np.stack([centre[:, None] + around, decl], axis=2)


def fields_of(cells: Integers, order: int) -> list[Integers]:
    """Tell which cells lie together, the largest field first.

    Cells whose parents of order 5 (1.8 degrees) touch are of one field.

    Parameters
    ----------
    cells : int64 array (n,)
        Nested HEALPix cells.
    order : int
        Their order.

    Returns
    -------
    list of int64 array
        Indices of the cells of each field; one field where the cells are as large as such parents.
    """
    from astropy_healpix.core import neighbours
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if order <= PARENT_ORDER:
        return [np.arange(cells.size)]
    parents, own = np.unique(cells >> 2 * (order - PARENT_ORDER), return_inverse=True)
    beside = neighbours(parents, 1 << PARENT_ORDER, order="nested")
    at = np.minimum(np.searchsorted(parents, beside), parents.size - 1)
    touching = parents[at] == beside
    pair = np.broadcast_to(np.arange(parents.size), beside.shape)[touching]
    links = coo_array((np.ones(pair.size), (pair, at[touching])), shape=(parents.size, parents.size))
    count, label = connected_components(links, directed=False)
    found = [np.flatnonzero(label[own] == number) for number in range(count)]
    return sorted(found, key=lambda field: -field.size)


def draw_maps(cells: Doubles, order: int, path: Path) -> None:
    """Draw the maps, a panel each; of fields that are far apart the largest, beside each other.

    Parameters
    ----------
    cells : float64 array (n, 6)
        Cell, then the columns of `PANELS`; NaN where unknown.
    order : int
        Order of the cells.
    path : Path
        Target.
    """
    numbers = cells[:, 0].astype(np.int64)
    fields = fields_of(numbers, order) if cells.size else []
    boxes = [cell_corners(numbers[field], order) for field in fields]
    apart = len(fields) > 1 and sum(map(_area, boxes)) < SMALL_SHARE * _area(cell_corners(numbers, order))
    if not apart:
        fields, boxes = [np.arange(numbers.size)], [cell_corners(numbers, order)] if cells.size else []
    fields, boxes = fields[:MOST_FIELDS], boxes[:MOST_FIELDS]
    columns = max(len(fields), 2)
    rows = len(PANELS) if apart else (len(PANELS) + 1) // 2
    with picture(path, width_inch=9.0, height_inch=2.4 * rows) as figure:
        if not cells.size:
            say_nothing_there(figure.add_subplot(), "the release covers nothing")
            return
        for place, (_, label, colours) in enumerate(PANELS):
            values = cells[:, place + 1]
            known = values[np.concatenate(fields)]
            limits = (0.0, 1.0) if colours == SHARES else _limits(known)
            for at, (field, corners) in enumerate(zip(fields, boxes, strict=True)):
                axes = figure.add_subplot(rows, columns, (place * columns if apart else place) + at + 1)
                _draw_panel(figure, axes, corners, values[field], (label, colours, limits))


def _area(corners: Doubles) -> float:
    """Square degrees, without the shrinking of right ascension, of a box around cells."""
    return float(np.ptp(corners[..., 0]) * np.ptp(corners[..., 1]))


def _limits(values: Doubles) -> tuple[float, float] | None:
    """Range of the colours of all fields."""
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if known.size else None


def _draw_panel(
    figure: Any,
    axes: Any,
    corners: Doubles,
    values: Doubles,
    words: tuple[str, str, tuple[float, float] | None],
) -> None:
    from matplotlib.collections import PolyCollection

    label, colours, limits = words
    known = np.isfinite(values)
    axes.add_collection(PolyCollection(list(corners[~known]), facecolors="#cccccc", linewidths=0))
    drawn = PolyCollection(list(corners[known]), cmap=colours, edgecolors="face", linewidths=0.2)
    if known.any():
        drawn.set_array(values[known])
        drawn.set_clim(*(limits or (None, None)))
        figure.colorbar(drawn, ax=axes, label=label)
    else:
        axes.set_title(f"{label}: not measured", fontsize=9)
    axes.add_collection(drawn)
    axes.set_xlim(corners[..., 0].max() + 0.02, corners[..., 0].min() - 0.02)
    axes.set_ylim(corners[..., 1].min() - 0.02, corners[..., 1].max() + 0.02)
    axes.tick_params(labelsize=8)
    axes.set_xlabel("right ascension, deg", fontsize=8)
    axes.set_ylabel("declination, deg", fontsize=8)
