"""Merged sources of a scan -> rows of wsdb.point_source and wsdb.extended_source."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.columns import EXTENDED_SOURCE, POINT_SOURCE
from app.columns.records import empty_records
from app.sky.directions import unit_vectors
from app.sky.footprint import Corners, edge_distances
from app.sky.galactic import galactic
from app.sky.healpix import source_identifiers
from workers.steps.scan_facts import ScanFacts

Records = NDArray[np.void]

POSTGRES_EPOCH = date(2000, 1, 1)
"""Dates travel in binary COPY as days since this one."""

FRAME_PERIOD_DAYS = 1.485 / 86400.0
"""Real headers: 17.82 s between images that are 12 frames apart. jdate is good to 30 s along a 6 minute scan."""

IMAGES_PER_SCAN_LIMIT = 1024
"""coadd_key = scan_key * 1024 + image number: numbers are frame numbers, at most 274 in a full scan."""

_ROWS_AT_A_TIME = 1024  # 0.4 MB


def coadd_key(scan_key: int, number: int) -> int:
    """Key of an image triple, the same in every run."""
    return scan_key * IMAGES_PER_SCAN_LIMIT + number


def point_records(sources: Records, scan: ScanFacts, run_id: int) -> Records:
    """Rows of wsdb.point_source, ordered by src_id, from sources of SOURCE_DTYPE.

    attempt_id is left 0: the publication fills it. Columns that only a release or a later version can give stay
    null. Raised if the scan has no footprint: that would be a bug of ingest, ValueError.
    """
    rows = empty_records(POINT_SOURCE, sources.size)
    _copy_fields(sources, rows)
    ra, decl = sources["ra"], sources["decl"]
    rows["src_id"] = source_identifiers(ra, decl, scan.scan_key)
    rows["attempt_id"], rows["run_id"], rows["scan_key"] = 0, run_id, scan.scan_key
    rows["id"] = np.arange(1, sources.size + 1)
    rows["coadd_key"] = coadd_key(scan.scan_key, 0) + sources["coadd"].astype(np.int32)
    rows["hemis"], rows["scan"] = scan.hemis, scan.scan
    rows["date"] = (scan.date - POSTGRES_EPOCH).days
    if scan.jdate is not None:
        rows["jdate"] = scan.jdate + (sources["coadd"].astype(np.float64) - 1.0) * FRAME_PERIOD_DAYS
    longitude, latitude = galactic(ra, decl)
    rows["glon"], rows["glat"] = np.round(longitude, 3) % 360.0, np.round(latitude, 3)
    north_south, east_west, flags = edge_distances(ra, decl, Corners(*scan.corners_deg))
    rows["dist_edge_ns"], rows["dist_edge_ew"], rows["dist_edge_flg"] = north_south, east_west, flags
    # Not by an index in brackets: numpy then copies the rows field by field, 20 ms instead of 1.5.
    return np.asarray(rows.take(np.argsort(rows["src_id"], kind="stable")))


def extended_records(extended: Records | None, scan: ScanFacts, run_id: int, points: Records) -> Records:
    """Rows of wsdb.extended_source; `src_id` is the nearest point row of the scan within 2 arcsec."""
    count = 0 if extended is None else extended.size
    rows = empty_records(EXTENDED_SOURCE, count)
    if extended is None or not count:
        return rows
    _copy_fields(extended, rows)
    rows["ext_id"] = source_identifiers(extended["ra"], extended["decl"], scan.scan_key)
    rows["attempt_id"], rows["run_id"], rows["scan_key"] = 0, run_id, scan.scan_key
    rows["coadd_key"] = coadd_key(scan.scan_key, 0) + extended["coadd"].astype(np.int32)
    _link(rows, points)
    return np.asarray(rows.take(np.argsort(rows["ext_id"], kind="stable")))


def _copy_fields(sources: Records, rows: Records) -> None:
    """Copy the fields that both have, some rows at a time: those stay in the cache for all sixty fields."""
    shared = [name for name in sources.dtype.names or () if name in (rows.dtype.names or ())]
    for first in range(0, rows.size, _ROWS_AT_A_TIME):
        part, target = sources[first : first + _ROWS_AT_A_TIME], rows[first : first + _ROWS_AT_A_TIME]
        for name in shared:
            target[name] = part[name]


def _link(rows: Records, points: Records, radius_arcsec: float = 2.0) -> None:
    from scipy.spatial import cKDTree

    if not points.size:
        return
    tree: Any = cKDTree(unit_vectors(points["ra"], points["decl"]))
    directions = unit_vectors(rows["ra"], rows["decl"])
    distance, nearest = tree.query(directions, distance_upper_bound=np.radians(radius_arcsec / 3600.0))
    found = np.isfinite(distance)
    rows["src_id"][found] = points["src_id"][nearest[found]]
