"""The picture of a release's property maps: coverage, depth of the bands and seeing, cell by cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from app.arrays import Doubles, Integers
from app.reports.style import picture, say_nothing_there

MOST_CELLS = 40_000
"""Cells that a picture of this size can show; of more four, 16 and so on are one."""
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


def draw_maps(cells: Doubles, order: int, path: Path) -> None:
    """Draw the maps, a panel each.

    Parameters
    ----------
    cells : float64 array (n, 6)
        Cell, then the columns of `PANELS`; NaN where unknown.
    order : int
        Order of the cells.
    path : Path
        Target.
    """
    with picture(path, width_inch=9.0, height_inch=2.4 * ((len(PANELS) + 1) // 2)) as figure:
        if not cells.size:
            say_nothing_there(figure.add_subplot(), "the release covers nothing")
            return
        corners = cell_corners(cells[:, 0].astype(np.int64), order)
        for place, (_, label, colours) in enumerate(PANELS):
            axes = figure.add_subplot((len(PANELS) + 1) // 2, 2, place + 1)
            _draw_panel(figure, axes, corners, cells[:, place + 1], (label, colours))


def _draw_panel(figure: Any, axes: Any, corners: Doubles, values: Doubles, words: tuple[str, str]) -> None:
    from matplotlib.collections import PolyCollection

    label, colours = words
    known = np.isfinite(values)
    axes.add_collection(PolyCollection(list(corners[~known]), facecolors="#cccccc", linewidths=0))
    drawn = PolyCollection(list(corners[known]), cmap=colours, edgecolors="face", linewidths=0.2)
    if known.any():
        drawn.set_array(values[known])
        if colours == SHARES:
            drawn.set_clim(0.0, 1.0)
        figure.colorbar(drawn, ax=axes, label=label)
    else:
        axes.set_title(f"{label}: not measured", fontsize=9)
    axes.add_collection(drawn)
    axes.set_xlim(corners[..., 0].max() + 0.02, corners[..., 0].min() - 0.02)
    axes.set_ylim(corners[..., 1].min() - 0.02, corners[..., 1].max() + 0.02)
    axes.tick_params(labelsize=8)
    axes.set_xlabel("right ascension, deg", fontsize=8)
    axes.set_ylabel("declination, deg", fontsize=8)
