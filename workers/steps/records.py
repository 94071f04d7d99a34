"""The seam between the reduction and the database: merged sources of a scan -> rows of the source tables.

What the reduction measures goes over by name, and both sides are compared first (`seam_fields`): a measured field
without a column, or a measured column without a field, is an error and never a null. The step adds what follows from
the measurements and the facts of the scan; the keys of the claim are added by the publication.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from app.arrays import Doubles, Integers, Table
from app.columns import EXTENDED_SOURCE, POINT_SOURCE, Column, Kind, Producer
from app.columns.column import names_by
from app.columns.records import EPOCH, empty_records, null_integer
from app.errors import MappsError
from app.keys import coadd_key
from app.sky.directions import unit_vectors
from app.sky.footprint import Corners, edge_distances
from app.sky.galactic import galactic
from app.sky.healpix import source_identifiers
from workers.reduction.frames.products import EXTENDED_INTERNAL
from workers.steps.cross_scan import across_scan
from workers.steps.extended_facts import ScanField, extended_facts
from workers.steps.scan_facts import ScanFacts

FRAME_PERIOD_DAYS = 1.485 / 86400.0
"""Of finished images, whose frames are gone: real headers have 17.82 s between images that are 12 frames apart."""

JULIAN_DATE_OF_MJD_0 = 2400000.5

SAME_OBJECT_ARCSEC = 2.0
"""A point source this near to an extended one is the same object."""

_NOWHERE = Corners((0.1, 0.0), (0.0, 0.0), (0.1, 0.1), (0.0, 0.1))
"""Any area, for no sources."""

NOTHING_AROUND = ScanField()
"""Of a scan of which neither area nor images are told."""

_ROWS_AT_A_TIME = 1024  # 0.4 MB
_EXTENDED_INTERNAL = frozenset(name for name, _ in EXTENDED_INTERNAL)


class RowSeamError(MappsError):
    """What the reduction or the step gives is not what the columns of the table ask for: a bug of this version."""

    code = "ROW_SEAM"


@lru_cache(maxsize=16)
def seam_fields(
    measured: np.dtype[np.void], columns: tuple[Column, ...], internal: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """Compare the fields of the reduction with the measured columns of a table, once a pair of them.

    Parameters
    ----------
    measured : dtype
        Structured dtype of the rows that a reduction gives.
    columns : tuple of Column
        Columns of the table that takes them.
    internal : frozenset of str
        Fields of `measured` that no table keeps.

    Returns
    -------
    tuple of str
        Names of the fields to copy, in the order of the columns.

    Raises
    ------
    RowSeamError
        Raised if a field has no column and is not internal, if a column that a reduction measures has no field, if a
        field has another type than its column, or if an internal name is that of a column.
    """
    given = set(measured.names or ())
    wanted = {column.name: column for column in columns if column.measured}
    faults = {
        "fields without a column": given - wanted.keys() - internal,
        "columns without a field": wanted.keys() - given,
        "internal fields with the name of a column": internal & {column.name for column in columns},
        "fields of another type than their column": {
            name for name in wanted.keys() & given if measured[name] != np.dtype(wanted[name].numpy_type)
        },
    }
    found = [f"{fault}: {', '.join(sorted(names))}" for fault, names in faults.items() if names]
    if found:
        raise RowSeamError("; ".join(found), expected="the columns of app/columns that a reduction measures")
    return tuple(wanted)


def point_records(sources: Table, scan: ScanFacts, area: Corners | None, mjd: Doubles | None = None) -> Table:
    """Make the rows of wsdb.point_measurement of a scan.

    Parameters
    ----------
    sources : structured array of SOURCE_DTYPE, (n,)
        Merged sources, in the order in which they get their numbers (`id`).
    scan : ScanFacts
        The scan they were found on.
    area : Corners or None
        What all bands of the scan cover: the edges from which distances count. None where no pixel has data, and so
        no source can be.
    mjd : float64 array (n,), optional
        When each source was observed, UTC, days, where the times of frames tell. Without it the start of the scan and
        the image number do, good to 30 s.

    Returns
    -------
    structured array of the columns of wsdb.point_measurement, (n,)
        Ordered by `src_id`. The keys of the claim are 0 until the publication; columns that a release or a later
        version fills are null.

    Raises
    ------
    RowSeamError
        Raised if fields and columns do not fit (`seam_fields`).
    ValueError
        Raised if there are sources, but nothing is covered: a bug of the step.
    """
    rows = _measured_rows(sources, POINT_SOURCE)
    ra, decl = sources["ra"], sources["decl"]
    longitude, latitude = galactic(ra, decl)
    if area is None and sources.size:
        raise ValueError(f"{sources.size} sources of scan {scan.scan_key}, which covers nothing")
    north_south, east_west, edges = edge_distances(ra, decl, area or _NOWHERE)
    jdate = _image_dates(sources, scan) if mjd is None else mjd + JULIAN_DATE_OF_MJD_0
    _complete(
        rows,
        POINT_SOURCE,
        {
            "src_id": source_identifiers(ra, decl, scan.scan_key),
            "id": np.arange(1, sources.size + 1),
            "scan_key": scan.scan_key,
            "coadd_key": coadd_key(scan.scan_key, 0) + sources["coadd"].astype(np.int64),
            "hemis": scan.hemis,
            "scan": scan.scan,
            "date": (np.datetime64(scan.date, "D") - EPOCH).astype(int),
            "jdate": jdate,
            "glon": np.round(longitude, 3) % 360.0,
            "glat": np.round(latitude, 3),
            "dist_edge_ns": north_south,
            "dist_edge_ew": east_west,
            "dist_edge_flg": edges,
        },
    )
    return _in_order(rows, "src_id")


def _image_dates(sources: Table, scan: ScanFacts) -> Doubles:
    """Julian dates by the image that each source was measured on; NaN where the scan has no time."""
    start = np.nan if scan.jdate is None else scan.jdate
    return np.asarray(start + (sources["coadd"].astype(np.float64) - 1.0) * FRAME_PERIOD_DAYS)


def extended_records(
    extended: Table, scan: ScanFacts, points: Table, around: ScanField = NOTHING_AROUND
) -> Table:
    """Make the rows of wsdb.extended_measurement of a scan.

    Parameters
    ----------
    extended : structured array of EXTENDED_DTYPE, (m,)
        Extended sources.
    scan : ScanFacts
        The scan they were found on.
    points : structured array of the columns of wsdb.point_measurement, (n,)
        Rows of the same scan: the nearest within 2 arcsec is the same object, and its `src_id` the link; those around
        tell where across the scan it lies.
    around : ScanField, optional
        Area and stars of the scan; without it columns that they tell are null.

    Returns
    -------
    structured array of the columns of wsdb.extended_measurement, (m,)
        Ordered by `ext_id`; keys and nulls as in `point_records`.

    Raises
    ------
    RowSeamError
        Raised if fields and columns do not fit (`seam_fields`).
    """
    rows = _measured_rows(extended, EXTENDED_SOURCE, _EXTENDED_INTERNAL)
    longitude, latitude = galactic(extended["ra"], extended["decl"])
    _complete(
        rows,
        EXTENDED_SOURCE,
        extended_facts(extended, scan, around)
        | {
            "id": np.arange(1, extended.size + 1),
            "hemis": scan.hemis,
            "scan": scan.scan,
            "date": (np.datetime64(scan.date, "D") - EPOCH).astype(int),
            "jdate": _image_dates(extended, scan),
            "glon": np.round(longitude, 3) % 360.0,
            "glat": np.round(latitude, 3),
            "ext_id": source_identifiers(extended["ra"], extended["decl"], scan.scan_key),
            "src_id": _nearest(extended, points),
            "scan_key": scan.scan_key,
            "coadd_key": coadd_key(scan.scan_key, 0) + extended["coadd"].astype(np.int64),
            "x_scan": across_scan(extended["ra"], extended["decl"], points),
        },
    )
    return _in_order(rows, "ext_id")


def _measured_rows(
    measured: Table, columns: tuple[Column, ...], internal: frozenset[str] = frozenset()
) -> Table:
    """Rows of a table with the measured columns filled and all others null."""
    fields = seam_fields(measured.dtype, columns, internal)
    rows = empty_records(columns, measured.size)
    # Parts of the rows stay in the processor's cache while their sixty fields are copied.
    for first in range(0, rows.size, _ROWS_AT_A_TIME):
        source, target = measured[first : first + _ROWS_AT_A_TIME], rows[first : first + _ROWS_AT_A_TIME]
        for name in fields:
            target[name] = source[name]
    return rows


def _complete(rows: Table, columns: tuple[Column, ...], derived: Mapping[str, Any]) -> None:
    """Put in what the step derives, and 0 for the keys of the claim."""
    wanted = set(names_by(columns, Producer.STEP))
    if derived.keys() != wanted:
        raise RowSeamError(
            f"the step derives {', '.join(sorted(derived.keys() ^ wanted))} on one side only",
            expected="every column of app/columns that a step fills, and no other",
        )
    for name, values in derived.items():
        rows[name] = values
    for name in names_by(columns, Producer.PUBLICATION):
        rows[name] = 0


def _in_order(rows: Table, key: str) -> Table:
    # `take` moves whole rows, 1.5 ms; numpy copies them field by field for an index in brackets, 20 ms.
    return np.asarray(rows.take(np.argsort(rows[key], kind="stable")))


def _nearest(rows: Table, points: Table) -> Integers:
    """`src_id` of the nearest point source within the radius of one object; null where there is none."""
    from scipy.spatial import cKDTree

    found = np.full(rows.size, null_integer(Kind.BIGINT))
    if not points.size or not rows.size:
        return found
    tree: Any = cKDTree(unit_vectors(points["ra"], points["decl"]))
    reach = np.radians(SAME_OBJECT_ARCSEC / 3600.0)
    distance, nearest = tree.query(unit_vectors(rows["ra"], rows["decl"]), distance_upper_bound=reach)
    near = np.isfinite(distance)
    found[near] = points["src_id"][nearest[near]]
    return found
