"""Where extended sources lie across their scan, from the point sources around them.

The flat of a solution is a function of the place across the scan (`x_scan`). The reduction measures it of point
sources; an extended source lies among them, and the eight nearest say how `x_scan` runs with the sky there: as a plane,
since over arcminutes the U-scan system is flat to 0.01".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from app.arrays import Doubles, Table
from app.sky.directions import unit_vectors

NEIGHBOURS = 8
REACH_ARCSEC = 600.0
"""Farther point sources say nothing of a place: scans are 512 arcsec wide."""
PLACE_ERROR_ARCSEC = 0.1
TURN = 0.1
"""Axes of scans run to the west but for half a degree and, near the poles, the convergence of the meridians: a few
neighbours in a line are told by this width what a plane across the line is, many need it not."""


def across_scan(ra_deg: Doubles, decl_deg: Doubles, points: Table) -> Doubles:
    """Give `x_scan` of places on a scan, arcsec.

    Parameters
    ----------
    ra_deg, decl_deg : float64 arrays (m,)
        Places, ICRS degrees.
    points : structured array with `ra`, `decl` and `x_scan`, (n,)
        Point sources of the scan.

    Returns
    -------
    float64 array (m,)
        Good to 0.1 arcsec between point sources, to 1 arcsec a minute of arc beside a single one; NaN without a point
        source within 600 arcsec.
    """
    from scipy.spatial import cKDTree

    found = np.full(ra_deg.size, np.nan)
    count = min(NEIGHBOURS, points.size)
    if not count or not ra_deg.size:
        return found
    tree: Any = cKDTree(unit_vectors(points["ra"], points["decl"]))
    reach = np.radians(REACH_ARCSEC / 3600.0)
    distance, nearest = tree.query(
        unit_vectors(ra_deg, decl_deg), k=range(1, count + 1), distance_upper_bound=reach
    )
    near = np.isfinite(distance)
    rows = points[np.where(near, nearest, 0)]
    turns = (rows["ra"] - ra_deg[:, None] + 180.0) % 360.0 - 180.0
    east = turns * np.cos(np.radians(decl_deg))[:, None] * 3600.0
    north = (rows["decl"] - decl_deg[:, None]) * 3600.0
    # x_scan + east is the place itself where the axis runs to the west; what is left is a small gradient.
    design = np.where(near[:, :, None], np.stack([np.ones_like(east), east, north], axis=2), 0.0)
    value = np.where(near, rows["x_scan"] + east, 0.0)
    normal = np.einsum("mki,mkj->mij", design, design)
    normal[:, [1, 2], [1, 2]] += (PLACE_ERROR_ARCSEC / TURN) ** 2
    right = np.einsum("mki,mk->mi", design, value)
    known = near.any(axis=1)
    found[known] = np.linalg.solve(normal[known], right[known][:, :, None])[:, 0, 0]
    return found
