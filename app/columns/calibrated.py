"""Views of the working database through the adopted solutions: which column takes what, and the SQL of it.

The tables (`wsdb.point_measurement`, `wsdb.extended_measurement`) hold magnitudes on the nominal scale of the camera
and places as they were registered, and are never updated. Their views (`wsdb.point_source`, `wsdb.extended_source`),
which people query, have the same columns in the same order, `solution_id`, the error of the zero point of each band,
and the registered place with the astrometric solution. `Column.calibrated` says which columns differ:

* a magnitude, or an upper limit, takes the zero point of its scan, offset + linear x + quadratic (x^2 - 1/3) with
  x = x_scan / 256 arcsec; an extended source whose x_scan is not known takes the offset, the mean over the scan;
* a total uncertainty takes the error of that zero point in place of the nominal one;
* a place takes the offset that the astrometric solution gives its scan there: straight lines in declination, and what
  follows beside the middle of the scan. Scans far from the equator, and those beside right ascension 0, have no lines:
  the sum is null, and a function that costs more is asked (`sql/schema/hand/09_places.sql`);
* both axes of an error ellipse take the error of that offset in quadrature.

Both come from one row a scan (`calibration.adopted_scan`).

Rows of a night without an adopted solution are shown as they were measured.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import fill

from app.columns.column import Calibrated, Column
from app.columns.extended_source import EXTENDED_SOURCE
from app.columns.point_source import POINT_SOURCE
from app.instruments.bands import BANDS, Band
from app.instruments.detector import NOMINAL_ERROR_MAG

PLACE_COLUMNS = ("measured_ra", "measured_decl", "astrometry_id", "place_error_arcsec")
"""What a view adds about the place of a row."""
_PLACE_COMMENTS = (
    "Right ascension as registered, ICRS degrees: what indexes are of",
    "Declination as registered, ICRS degrees",
    "Astrometric solution (calibration.astrometry). Null: no adopted one has the row: its place is as registered",
    "Error of one coordinate of the offset of the place [arcsec]. Null: no solution has the row",
)
HALF_WIDTH_ARCSEC = 256
"""Half the width of a scan: unit of x in the flat across it (`calibration.scan_zero_point`)."""


_SOLVED = "s.attempt_id = p.attempt_id"
"""Offsets are of the rows of one attempt."""
_STRETCH = "(({decl} - s.first_deg) / s.segment_deg)::integer"
"""Number of the stretch of a scan that a declination lies in: null of a directed scan, which has none."""
_PLACE_ERROR = (
    f"CASE WHEN {_SOLVED} THEN s.error_arcsec["
    f"greatest(1, least(cardinality(s.error_arcsec), {_STRETCH.format(decl='p.decl')}))] END"
)


@dataclass(frozen=True)
class CalibratedView:
    """A view of schema wsdb.

    Attributes
    ----------
    name : str
        Name that people query.
    table : str
        Table of schema wsdb with the measurements.
    columns : tuple of Column
        Columns of the table.
    comment : str
        What a row is.
    """

    name: str
    table: str
    columns: tuple[Column, ...]
    comment: str


VIEWS = (
    CalibratedView(
        "point_source", "point_measurement", POINT_SOURCE, "Point-source extractions of every run"
    ),
    CalibratedView(
        "extended_source", "extended_measurement", EXTENDED_SOURCE, "Extended-source extractions of every run"
    ),
)


def error_column(band: Band) -> str:
    """Name of a view's column with the error of the zero point of a band."""
    return f"{band}_zero_point_error_mag"


def render_view(view: CalibratedView) -> str:
    """Write a view with its comments.

    A left join to a primary key leaves the choice of rows to the table, and is not made where a query asks for nothing
    that it gives.
    """
    place = next((column for column in view.columns if column.name == "x_scan"), None)
    parts = [_value(column, place) for column in view.columns]
    parts += ["s.solution_id", *(f"s.{band}_error_mag AS {error_column(band)}" for band in BANDS)]
    parts += ["p.ra AS measured_ra", "p.decl AS measured_decl"]
    parts += [f"CASE WHEN {_SOLVED} THEN s.astrometry_id END AS astrometry_id"]
    parts += [f"{_PLACE_ERROR}::real AS place_error_arcsec"]
    return (
        f"CREATE OR REPLACE VIEW wsdb.{view.name} AS\nSELECT\n{_listed(parts)}\nFROM wsdb.{view.table} AS p\n"
        "LEFT JOIN calibration.adopted_scan AS s ON s.run_id = p.run_id AND s.scan_key = p.scan_key;\n"
        f"COMMENT ON VIEW wsdb.{view.name} IS\n"
        f"    '{view.comment}, through the solutions, photometric and astrometric, that the night has adopted';\n"
        f"COMMENT ON COLUMN wsdb.{view.name}.solution_id IS\n"
        "    'Solution (calibration.solution). Null: no adopted one has the scan: nominal magnitudes';\n"
        + "\n".join(
            f"COMMENT ON COLUMN wsdb.{view.name}.{error_column(band)} IS\n"
            f"    '{band.label} error of the zero point [mag]. Null: no solution has the scan';"
            for band in BANDS
        )
        + "\n"
        + "".join(
            f"COMMENT ON COLUMN wsdb.{view.name}.{name} IS\n    '{comment}';\n"
            for name, comment in zip(PLACE_COLUMNS, _PLACE_COMMENTS, strict=True)
        )
    )


def _place(name: str) -> str:
    """Coordinate of a place with the offset of its scan; the other coordinate has the same name but for its end."""
    stem = name.removesuffix("ra").removesuffix("decl").removesuffix("dec")
    ra, decl = f"p.{stem}ra", f"p.{stem}{'dec' if stem == 'sup_' else 'decl'}"
    number = _STRETCH.format(decl=decl)
    if name == f"{stem}ra":
        axis, value = 1, ra
        moved = (
            f"{ra} + (s.east_deg[{number}] + s.east_slope[{number}] * {decl}) / cosd({decl})\n"
            f"            + ({ra} - s.middle_ra_deg) * s.north_slope[{number}]"
        )
    else:
        axis, value = 2, decl
        moved = (
            f"{decl} + s.north_deg[{number}] + s.north_slope[{number}] * {decl}\n"
            f"            - ({ra} - s.middle_ra_deg) * cosd({decl}) * s.east_slope[{number}]"
        )
    return (
        f"CASE WHEN {_SOLVED} THEN coalesce(\n            {moved},\n"
        f"            (calibration.directed_place({ra}, {decl}, s.ahead, s.to_the_right, s.start_rad, s.segment_rad,"
        f" s.east_arcsec, s.north_arcsec))[{axis}],\n"
        f"            (calibration.place_beyond({ra}, {decl}, p.attempt_id))[{axis}]\n"
        f"        ) ELSE {value} END AS {name}"
    )


def _value(column: Column, place: Column | None) -> str:
    if column.calibrated is Calibrated.PLACE:
        return _place(column.name)
    if column.calibrated is Calibrated.PLACE_ERROR:
        value = f"p.{column.name}"
        return (
            f"coalesce(sqrt({value}::double precision * {value} + power({_PLACE_ERROR}, 2))::real, {value})"
            f" AS {column.name}"
        )
    if column.calibrated is None or column.band is None:
        return f"p.{column.name}"
    value, band = f"p.{column.name}", column.band
    if column.calibrated is Calibrated.TOTAL_UNCERTAINTY:
        # What is below the nominal error was given another zero point: that of a finished image.
        return (
            f"CASE WHEN {value} >= {NOMINAL_ERROR_MAG}::real AND s.{band}_error_mag IS NOT NULL\n"
            f"    THEN sqrt({value}::double precision * {value} - {NOMINAL_ERROR_MAG**2:.12g}"
            f" + s.{band}_error_mag * s.{band}_error_mag)::real\n"
            f"    ELSE {value} END AS {column.name}"
        )
    mean = f"s.{band}_curvature_mag * {HALF_WIDTH_ARCSEC**2} / 3"
    flat = f"p.x_scan * (s.{band}_slope_mag + p.x_scan * s.{band}_curvature_mag)"
    if place is None:
        flat = mean
    elif place.nullable:
        flat = f"coalesce({flat}, {mean})"
    zero_point = f"s.{band}_centre_mag + {flat}"
    return f"coalesce(({value} + {zero_point})::real, {value}) AS {column.name}"


def _listed(parts: Iterable[str]) -> str:
    """Plain columns side by side, expressions on lines of their own."""
    lines: list[str] = []
    plain: list[str] = []

    def close() -> None:
        if plain:
            lines.append(fill(", ".join(plain), width=120, initial_indent="    ", subsequent_indent="    "))
            plain.clear()

    for part in parts:
        if " " not in part:
            plain.append(part)
            continue
        close()
        lines.append("    " + part.replace("\n", "\n    "))
    close()
    return ",\n".join(lines)
