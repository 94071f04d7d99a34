"""What the pages of nights, scans and images show, read as the reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.access.console.charts_of_nights import frame_charts, night_charts
from app.access.parameters import ParameterError
from app.db.statements import statement
from app.errors import MappsError, UnknownNameError
from app.formats.atlas_reader import read_atlas_facts
from app.instruments.bands import Band
from app.production.listing import list_nights
from app.production.selection import Night, Selection
from app.production.solutions import find_solutions
from app.quality.explanation import explain_scan
from app.quality.reading import ScanName, find_scan, night_quality
from app.reports.night_facts import read_night
from app.reports.scan_choice import choose_scan, load_diagnostics
from app.reports.scan_metrics import METRIC_COLUMNS, metric_table
from app.store import Store

Facts = dict[str, Any]
Asked = Mapping[str, str]
_NIGHTS = 60
MOST_SOURCES = 2000
"""Sources that are marked on an image, the brightest: more would hide it."""


def rows_of(connection: Connection[Any], name: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the rows of a statement as dictionaries.

    Parameters
    ----------
    connection : Connection
        Reader's.
    name : str
        Of the statement.
    values : mapping
        Of its parameters.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement(name), values).fetchall()


def nights(connection: Connection[Any]) -> Facts:
    """Nights, the newest first."""
    return {"nights": list_nights(connection, _NIGHTS)}


def night(connection: Connection[Any], name: str) -> Facts:
    """Read the scans of a night with their grades, its photometric solutions and charts."""
    wanted = Night.parse(name)
    metrics, scans = night_quality(connection, (wanted.date, wanted.hemis), None, None)
    return {
        "night": name, "metrics": metrics, "scans": scans, "charts": night_charts(read_night(connection, wanted)),
        "solutions": find_solutions(connection, night=wanted),
    }  # fmt: skip


def number_of(text: str) -> int:
    """Read a number of an address.

    Raises
    ------
    ParameterError
        Raised if it is none.
    """
    if not text.isdigit() or len(text) > 9:
        raise ParameterError(f"{text[:30]!r}", expected="a whole number")
    return int(text)


def _scan_of(connection: Connection[Any], night_name: str, number: str) -> dict[str, Any]:
    wanted = Night.parse(night_name)
    return find_scan(connection, ScanName(date=wanted.date, hemis=wanted.hemis, scan=number_of(number)))


def scan(connection: Connection[Any], night_name: str, number: str) -> Facts:
    """Why a scan has its grades, its images, and what its reduction measured of itself.

    Parameters
    ----------
    connection : Connection
        Reader's.
    night_name : str
        Its night, such as 1998-04-27n.
    number : str
        Its number in the night.
    """
    found = _scan_of(connection, night_name, number)
    images = rows_of(connection, "access/scan_images", {"scan_key": found["scan_key"]})
    runs = list(dict.fromkeys(row["run"] for row in images))
    return {
        "night": night_name, "scan": int(number), "images": images,
        "explanations": explain_scan(connection, found["scan_key"]),
        "diagnostics": [_diagnostics(connection, run, night_name, int(number)) for run in runs],
        "metric_columns": METRIC_COLUMNS,
    }  # fmt: skip


def _diagnostics(connection: Connection[Any], run: str, night_name: str, number: int) -> Facts:
    """Read what a run tells of a scan, or why nothing is told: the page stands all the same."""
    told: Facts = {"run": run, "missing": "", "rows": [], "charts": []}
    try:
        chosen = choose_scan(connection, run, Selection.of(night_name, [number]))
        content = load_diagnostics(chosen, Store())
    except MappsError as error:
        return told | {"missing": str(error)}
    return told | {"rows": metric_table(content), "charts": frame_charts(content)}


def image(
    connection: Connection[Any], night_name: str, number: str, run: str, place: str, *, asked: Asked
) -> Facts:
    """Read an image of a scan, its sources in pixels, and the releases that can explain them.

    Parameters
    ----------
    connection : Connection
        Reader's.
    night_name, number : str
        The scan.
    run : str
        Name of the run.
    place : str
        Number of the image in the scan.
    asked : mapping of str to str
        `band` that is shown; `x` and `y`, a place on the picture as fractions from its upper left corner.

    Raises
    ------
    UnknownNameError
        Raised if the run has no such image.
    """
    found = _scan_of(connection, night_name, number)
    values = {"run": run, "scan_key": found["scan_key"], "number": number_of(place)}
    bands = rows_of(connection, "access/scan_image", values)
    if not bands:
        raise UnknownNameError(
            f"no image {place} of scan {number} in run {run[:60]!r}", expected="one of the scan"
        )
    shown = next((row for row in bands if row["band"] == asked.get("band", "j")), bands[0])
    most = {"run_id": shown["run_id"], "coadd_key": shown["coadd_key"], "most": MOST_SOURCES}
    sources = rows_of(connection, "access/image_sources", most)
    releases = [row["name"] for row in rows_of(connection, "access/releases_of_run", {"run": run})]
    told: Facts = {
        "night": night_name, "scan": int(number), "run": run, "number": int(place), "bands": bands, "shown": shown,
        "release": releases[0] if releases else "", "sources": [], "missing": "", "place": None,
        "total": sources[0]["sources"] if sources else 0, "label": Band(shown["band"]).label,
        "stamps": rows_of(connection, "access/stamps_of_image", most | {"release": releases[0]}) if releases else [],
    }  # fmt: skip
    try:
        facts = read_atlas_facts(Store().whole_path(shown["url"], shown["sha256"]))
    except MappsError as error:
        return told | {"missing": str(error)}
    x, y = facts.projection.to_pixels([row["ra"] for row in sources], [row["decl"] for row in sources])
    # The picture's first row is the last of the image: y runs down the page.
    marked = [
        row | {"x": float(x[i]) + 0.5, "y": shown["height_pix"] - 0.5 - float(y[i]), "css": mark_of(row, shown["band"])}
        for i, row in enumerate(sources)
    ]  # fmt: skip
    return told | {"sources": marked, "place": _place(facts.projection, shown, asked)}


def mark_of(source: Mapping[str, Any], band: str) -> str:
    """Name how a source is drawn in a band: good (ph_qual A to C), faint (D), poor (E, F, X) or unseen.

    Parameters
    ----------
    source : mapping
        With `ph_qual` and `rd_flg`.
    band : str
        j, h or k.

    Examples
    --------
    >>> mark_of({"ph_qual": "AUE", "rd_flg": "202"}, "j"), mark_of({"ph_qual": "AUE", "rd_flg": "202"}, "h")
    ('good', 'unseen')
    """
    at = Band(band).position
    quality, read = (source["ph_qual"] or "   ")[at], (source["rd_flg"] or "000")[at]
    if read not in "12349":
        return "unseen"
    return "good" if quality in "ABC" else "faint" if quality == "D" else "poor"


def _place(projection: Any, shown: Mapping[str, Any], asked: Asked) -> tuple[float, float] | None:
    """Sky position of a click, ICRS degrees; None where nothing was clicked."""
    try:
        across, down = float(asked["x"]), float(asked["y"])
    except (KeyError, ValueError):
        return None
    if not (0 <= across <= 1 and 0 <= down <= 1):
        return None
    x, y = across * shown["width_pix"] - 0.5, (1 - down) * shown["height_pix"] - 0.5
    ra, decl = projection.to_sky([x], [y])
    return float(ra[0]) % 360.0, float(decl[0])
