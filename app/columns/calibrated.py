"""Views of the working database through the adopted solution: which column takes what, and the SQL of it.

The tables (`wsdb.point_measurement`, `wsdb.extended_measurement`) hold magnitudes on the nominal scale of the camera
and are never updated. Their views (`wsdb.point_source`, `wsdb.extended_source`), which people query, have the same
columns in the same order, `solution_id`, and the error of the zero point of each band. `Column.calibrated` says which
columns differ:

* a magnitude, or an upper limit, takes the zero point of its scan, offset + linear x + quadratic (x^2 - 1/3) with
  x = x_scan / 256 arcsec; an extended source whose x_scan is not known takes the offset, the mean over the scan;
* a total uncertainty takes the error of that zero point in place of the nominal one.

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

HALF_WIDTH_ARCSEC = 256
"""Half the width of a scan: unit of x in the flat across it (`calibration.scan_zero_point`)."""


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
    parts += ["z.solution_id", *(f"z.{band}_error_mag AS {error_column(band)}" for band in BANDS)]
    return (
        f"CREATE OR REPLACE VIEW wsdb.{view.name} AS\nSELECT\n{_listed(parts)}\nFROM wsdb.{view.table} AS p\n"
        "LEFT JOIN calibration.adopted_zero_point AS z ON z.run_id = p.run_id AND z.scan_key = p.scan_key;\n"
        f"COMMENT ON VIEW wsdb.{view.name} IS\n"
        f"    '{view.comment}, calibrated by the solution that the night of the run has adopted';\n"
        f"COMMENT ON COLUMN wsdb.{view.name}.solution_id IS\n"
        "    'Solution (calibration.solution). Null: no adopted one has the scan: nominal magnitudes';\n"
        + "\n".join(
            f"COMMENT ON COLUMN wsdb.{view.name}.{error_column(band)} IS\n"
            f"    '{band.label} error of the zero point [mag]. Null: no solution has the scan';"
            for band in BANDS
        )
        + "\n"
    )


def _value(column: Column, place: Column | None) -> str:
    if column.calibrated is None or column.band is None:
        return f"p.{column.name}"
    value, band = f"p.{column.name}", column.band
    if column.calibrated is Calibrated.TOTAL_UNCERTAINTY:
        # What is below the nominal error was given another zero point: that of a finished image.
        return (
            f"CASE WHEN {value} >= {NOMINAL_ERROR_MAG}::real AND z.{band}_error_mag IS NOT NULL\n"
            f"    THEN sqrt({value}::double precision * {value} - {NOMINAL_ERROR_MAG**2:.12g}"
            f" + z.{band}_error_mag * z.{band}_error_mag)::real\n"
            f"    ELSE {value} END AS {column.name}"
        )
    mean = f"z.{band}_curvature_mag * {HALF_WIDTH_ARCSEC**2} / 3"
    flat = f"p.x_scan * (z.{band}_slope_mag + p.x_scan * z.{band}_curvature_mag)"
    if place is None:
        flat = mean
    elif place.nullable:
        flat = f"coalesce({flat}, {mean})"
    zero_point = f"z.{band}_centre_mag + {flat}"
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
