"""Release notes: one self-contained HTML page, made from the data of a release and nothing else."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from psycopg import Connection
from psycopg.rows import dict_row

from app.arrays import Doubles
from app.db.statements import statement
from app.errors import UnknownNameError
from app.instruments.bands import BANDS
from app.reports.map_picture import draw_maps, shown_order
from app.reports.release_level1 import array_of, level1_table
from app.reports.style import BAND_COLOUR, picture, say_nothing_there

_TEMPLATES = Path(__file__).with_name("templates")
Rows = list[dict[str, Any]]


def write_release_notes(connection: Connection[Any], name: str, path: Path) -> Path:
    """Write the page of a release; the same release gives the same bytes.

    Parameters
    ----------
    connection : Connection
        Role operator, whose statements may take long.
    name : str
        Name of the release.
    path : Path
        Target; folders are made, a file there is overwritten.

    Raises
    ------
    UnknownNameError
        Raised if there is no such release.
    """
    row = connection.execute(statement("reports/release_id"), {"name": name}).fetchone()
    if row is None:
        raise UnknownNameError(f"there is no release {name!r}", remedy="list them: mapps release list")
    values = {"release_id": int(row[0])}
    page = render_notes(_facts(connection, name, values))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def _rows(connection: Connection[Any], text: str, values: dict[str, Any]) -> Rows:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(text, values).fetchall()


def _facts(connection: Connection[Any], name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Everything that the page shows."""
    scans = array_of(connection.execute(statement("reports/notes/scans"), values), 15)
    counts = _rows(connection, statement("reports/notes/counts"), values)
    repeats = array_of(connection.execute(statement("reports/notes/repeats"), values), 8)
    optical = array_of(connection.execute(statement("reports/notes/optical"), values), 1)[:, 0]
    derived = {
        (row["name"], row["band"]): float(row["value"])
        for row in _rows(connection, statement("reports/notes/derived"), values)
    }
    summary = _rows(connection, statement("reports/releases"), {"name": name})[0]
    origin = _rows(connection, statement("reports/release_origin"), values)[0]
    manifest = [
        row
        for row in _rows(connection, statement("reports/release_manifest"), values)
        if row["partition"] == "all"
    ]
    map_order = int(origin["parameters"]["map_order"])
    mapped = next(int(row["rows"]) for row in manifest if row["product"] == "property_map")
    shown = shown_order(map_order, mapped)
    finer = values | {"finer": 2 * (map_order - shown)}
    cells = array_of(connection.execute(statement("reports/notes/map_cells"), finer), 6)
    return {
        "summary": summary,
        "origin": origin,
        "totals": _rows(connection, statement("reports/notes/totals"), values)[0],
        "level1": level1_table(scans[:, 9:], repeats, optical, derived),
        "counts": counts,
        "problems": _rows(connection, statement("reports/notes/problems"), values),
        "solutions": _rows(connection, statement("reports/release_solutions"), values),
        "manifest": manifest,
        "maps": _rows(connection, statement("reports/notes/map_totals"), values | {"map_order": map_order}),
        "map_order": map_order,
        "repeats": int(repeats.shape[0]),
        "pictures": {
            "coverage": _picture(lambda path: draw_scans(scans, 8, "grade", path)),
            "maps": _picture(lambda path: draw_maps(cells, shown, path)),
            "counts": _picture(lambda path: draw_counts(counts, path)),
        },
    }


def render_notes(facts: dict[str, Any]) -> str:
    """Fill the page; every value is escaped.

    Parameters
    ----------
    facts : dict
        What it shows; a name that is missing is an error.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    return environment.get_template("release.html").render(**facts)


def _picture(draw: Callable[[Path], None]) -> str:
    """Give a picture as text that stands in the page."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.png"
        draw(path)
        return base64.b64encode(path.read_bytes()).decode("ascii")


def draw_scans(scans: Doubles, column: int, label: str, path: Path) -> None:
    """Draw what the scans of a release cover, coloured by one of their numbers.

    Parameters
    ----------
    scans : float64 array (n, 15)
        Corners once around, degrees, then the numbers; NaN where unknown.
    column : int
        Number that gives the colour.
    label : str
        What it is.
    path : Path
        Target.
    """
    from matplotlib.collections import PolyCollection

    known = np.isfinite(scans[:, :8]).all(axis=1)
    corners = scans[known, :8].reshape(-1, 4, 2).copy()
    with picture(path, width_inch=9.0, height_inch=4.5) as figure:
        axes = figure.add_subplot()
        if not corners.size:
            say_nothing_there(axes, "no scan has coverage")
            return
        # Around the first scan, so that a field across right ascension 0 stays together.
        middle = corners[0, 0, 0]
        corners[..., 0] = (corners[..., 0] - middle + 180) % 360 - 180 + middle
        values = scans[known, column]
        polygons = PolyCollection(list(corners), edgecolors="#444444", linewidths=0.3, alpha=0.8)
        if np.isfinite(values).any():
            polygons.set_array(np.ma.masked_invalid(values))
            figure.colorbar(polygons, ax=axes, label=label)
        else:
            polygons.set_facecolor("#cccccc")
            axes.set_title(f"{label}: not measured", fontsize=10)
        axes.add_collection(polygons)
        axes.autoscale()
        axes.invert_xaxis()
        axes.set_xlabel("right ascension, deg")
        axes.set_ylabel("declination, deg")


def draw_counts(counts: Rows, path: Path) -> None:
    """Draw number counts by band and half magnitude.

    Parameters
    ----------
    counts : list of dict
        Band, lower edge and number of rows.
    path : Path
        Target.
    """
    with picture(path, width_inch=9.0, height_inch=4.5) as figure:
        axes = figure.add_subplot()
        if not counts:
            say_nothing_there(axes, "no row has a magnitude")
        for band in BANDS:
            rows = [row for row in counts if row["band"] == band.value]
            if rows:
                total = sum(row["rows"] for row in rows)
                axes.step(
                    [row["low_mag"] for row in rows], [row["rows"] for row in rows], where="post",
                    color=BAND_COLOUR[band], label=f"{band.label}: {total:,}",
                )  # fmt: skip
        if counts:
            axes.set_yscale("log")
            axes.legend()
        axes.set_xlabel("magnitude")
        axes.set_ylabel("sources per 0.5 mag")
