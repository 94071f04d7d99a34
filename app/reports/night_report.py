"""The report of a night as one HTML page: what to observe again and why, scans, zero points, how the night went."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from psycopg import Connection

from app.instruments.bands import BANDS, Band
from app.models.solution import SolutionState
from app.production.selection import Night
from app.quality.words import band_label
from app.reports.night_facts import NightFacts, read_night
from app.reports.night_figures import night_pictures
from app.reports.night_verdict import ScanVerdict, judge_scans, night_sentence, override_words, reobservations
from app.reports.page import render, write_page
from app.reports.style import count_of

_MMAG = 1000.0
_BEYOND_SIGMA = 4.0
"""Residuals beyond it are called outliers, as the solution does (background/survey 3.4)."""
_SET_COLUMNS = (
    ("number", "Set", True), ("time", "UTC", False), ("field", "Field", False), ("airmass", "Airmass", True),
    ("scans", "Scans", True), ("offsets", "Offset", False), ("residuals", "Residual", False),
    ("verdict", "Verdict", False),
)  # fmt: skip
_TOTAL_COLUMNS = (
    ("what", "What", False), ("values", "Value", False), ("minimum", "Required", False), ("met", "Met", False),
)  # fmt: skip
_TOLD = (
    "photometric_fraction", "sixfold_repeatability_mag", "sixfold_offset_mag", "snr10_difference_mag", "completeness",
    "reliability", "night_extinction_excess",
)  # fmt: skip
"""Metrics of the night that its report tells, in this order."""


def write_night_report(
    connection: Connection[Any],
    night: Night,
    path: Path,
    *,
    run: str | None = None,
    version: str | None = None,
) -> tuple[Path, str]:
    """Write the report of a night.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    night : Night
        One night of one site.
    path : Path
        Target; a file there is overwritten.
    run, version : str, optional
        Run and version of the rules; without them the newest run that reduced scans of the night, and the rules that
        graded them last.

    Returns
    -------
    Path
        The page.
    str
        Verdict of the night.

    Raises
    ------
    UnknownNameError
        Raised if there is no such night or run.
    """
    facts = read_night(connection, night, run, version)
    values = page_values(facts)
    return write_page(path, render("night.html", values)), f"{facts.name}: {values['sentence']}"


def page_values(facts: NightFacts) -> dict[str, Any]:
    """Values of the page of a night.

    Parameters
    ----------
    facts : NightFacts
        The night.
    """
    scans = judge_scans(facts)
    again = reobservations(facts, scans)
    level, sentence = night_sentence(facts, scans, again)
    return {
        "title": f"Night {facts.name}",
        "night": f"{facts.night['date']:%Y-%m-%d}",
        "site": facts.night["site"],
        "subtitle": _subtitle(facts),
        "level": level,
        "sentence": sentence,
        "again": again,
        "nothing_again": _nothing_again(scans),
        "elsewhere": _elsewhere(facts, scans),
        "parts": _parts(scans),
        "solution": _solution_words(facts),
        "forms": _form_words(facts),
        "set_columns": columns(_SET_COLUMNS),
        "sets": _set_rows(facts),
        "pictures": night_pictures(facts),
        "total_columns": columns(_TOTAL_COLUMNS),
        "totals": _total_rows(facts),
        "overrides": [_override_line(row) for row in facts.overrides],
        "source": _source(facts),
    }


def columns(described: tuple[tuple[str, str, bool], ...]) -> list[dict[str, Any]]:
    """Columns of a table as its template wants them: name, title, whether numbers stand in it."""
    return [{"name": name, "title": title, "number": number} for name, title, number in described]


def _subtitle(facts: NightFacts) -> str:
    survey, calibration = len(facts.of_kind("sci")), len(facts.of_kind("cal"))
    told = f"{count_of(survey, 'survey scan')} and {count_of(calibration, 'calibration scan')}"
    return (
        f"{told}, as {facts.run_kind} run {facts.run} has them"
        if facts.run_kind
        else f"{told}; no run has them"
    )


def _nothing_again(scans: list[ScanVerdict]) -> str:
    if any(scan.kind == "survey" for scan in scans):
        return "Nothing: every tile of the night has a scan that can be used."
    return "Nothing: the night has no survey scans."


def _elsewhere(facts: NightFacts, scans: list[ScanVerdict]) -> list[str]:
    """Tiles whose scans of this night are not good enough, and that another night has."""
    told = []
    for scan in scans:
        other = facts.elsewhere.get(scan.tile) if scan.tile is not None and scan.kind == "survey" else None
        if other and other["night_id"] != facts.night["night_id"] and scan.level in {"bad", "low", "none"}:
            scan_there = (
                f"{other['date']:%Y-%m-%d}{other['hemis']}, scan {other['scan']}, grade {other['score']}"
            )
            told.append(
                f"Scan {scan.scan} need not be repeated: tile {scan.tile} was observed well on {scan_there}."
            )
    return told


def _parts(scans: list[ScanVerdict]) -> list[dict[str, Any]]:
    """Survey scans, then calibration scans, as far as there are some."""
    titles = (("survey", "Survey scans", "Tile"), ("calibration", "Calibration scans", "Field"))
    parts = [
        {"title": title, "place": place, "scans": [scan for scan in scans if scan.kind == kind]}
        for kind, title, place in titles
    ]
    return [part for part in parts if part["scans"]]


# -- calibration ----------------------------------------------------------------------------------------------------


def _solution_words(facts: NightFacts) -> str:
    if facts.solution is None:
        return (
            "The night has no photometric solution: magnitudes stand on the nominal scale, good to 0.1 mag."
        )
    state, adopted = facts.solution["state"], facts.solution["adopted"]
    number = f"Solution {facts.solution['solution_id']} ({facts.solution['kind']}, {state})"
    if state == SolutionState.RETIRED:
        return f"{number} is still in use, but what it rests on has changed: {facts.solution['retired_because']}."
    if adopted:
        return f"{number} is adopted: magnitudes of the night are calibrated by it."
    return f"{number} is not adopted: magnitudes stand on the nominal scale, good to 0.1 mag."


def _form_words(facts: NightFacts) -> list[str]:
    if facts.solution is None or facts.solution["kind"] != "night":
        return []
    bands: dict[str, Any] = facts.solution["facts"].get("bands", {})
    return [_form_line(band, bands[band]) if band in bands else _no_sets_line(band) for band in BANDS]


def _form_line(band: Band, said: dict[str, Any]) -> str:
    return (
        f"{band.label}: {said['form']} in time, from {count_of(said['sets'], 'set')}; sets left out in turn are"
        f" predicted to {said['error_mag'] * _MMAG:.1f} mmag; extinction {said['extinction_excess']:+.3f} mag per"
        " airmass beyond the nominal one."
    )


def _no_sets_line(band: Band) -> str:
    return f"{band.label}: no usable set, the nominal zero point stays."


def _set_rows(facts: NightFacts) -> list[dict[str, Any]]:
    rows = []
    for number, group in groupby(facts.sets, lambda row: row["number"]):
        bands = in_order(group)
        first = bands[0]
        rows.append(
            {
                "number": number,
                "time": f"{first['observed_at']:%H:%M}",
                "field": first["field"],
                "airmass": f"{first['airmass']:.2f}",
                "scans": max(row["scans"] for row in bands),
                "offsets": ", ".join(_mmag(row, "offset_mag") for row in bands),
                "residuals": ", ".join(_mmag(row, "residual_mag") for row in bands),
                "verdict": _set_verdict(bands),
            }
        )
    return rows


def _set_verdict(bands: list[dict[str, Any]]) -> str:
    if all(row["accepted"] for row in bands):
        return "used"
    unusable = [band_label(row["band"]) for row in bands if row["residual_mag"] is None]
    if len(unusable) == len(bands):
        return "of no use: its scans disagree, or lost light"
    far = [
        band_label(row["band"]) for row in bands
        if row["residual_mag"] is not None and abs(row["residual_mag"]) > _BEYOND_SIGMA * row["error_mag"]
    ]  # fmt: skip
    if far:
        return f"outlier in {', '.join(far)}"
    return f"not usable in {', '.join(unusable)}" if unusable else "rejected"


def _mmag(row: dict[str, Any], name: str) -> str:
    whole = None if row[name] is None else round(row[name] * _MMAG)
    told = "-" if whole is None else f"{whole:+d}" if whole else "0"
    return f"{band_label(row['band'])} {told}"


# -- the night as a whole -------------------------------------------------------------------------------------------


def _total_rows(facts: NightFacts) -> list[dict[str, Any]]:
    known: dict[str, list[dict[str, Any]]] = {}
    for row in facts.totals:
        known.setdefault(row["name"], []).append(row)
    return [_total_row(known[name]) for name in _TOLD if name in known]


def _total_row(rows: list[dict[str, Any]]) -> dict[str, Any]:
    first = rows[0]
    unit = "" if first["unit"] == "1" else f" {first['unit']}"
    required = first["minimum"]
    told = "-" if required is None else f"{_side(first)} {required:g}{unit}"
    return {
        "what": first["description"],
        "values": ", ".join(_value_words(row) for row in in_order(rows)) + unit,
        "minimum": told,
        "met": "-" if required is None else _met(rows),
    }


def _value_words(row: dict[str, Any]) -> str:
    """Write a value to three digits, with its band."""
    label = band_label(row["band"])
    return f"{label} {row['value']:.3g}" if label else f"{row['value']:.3g}"


def in_order(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of single bands in the order J, H, Ks."""
    return sorted(rows, key=lambda row: "-jhk".index(row["band"]))


def _side(row: dict[str, Any]) -> str:
    return {"higher": "at least", "lower": "at most"}.get(row["better"], "within")


def _met(rows: list[dict[str, Any]]) -> str:
    def met(row: dict[str, Any]) -> bool:
        if row["better"] == "higher":
            return bool(row["value"] >= row["minimum"])
        return bool(abs(row["value"]) <= row["minimum"])

    missed = [band_label(row["band"]) or "all bands" for row in in_order(rows) if not met(row)]
    return "yes" if not missed else f"no, not in {', '.join(missed)}"


def _override_line(row: dict[str, Any]) -> str:
    span = f"scan {row['first']}" if row["first"] == row["last"] else f"scans {row['first']} to {row['last']}"
    return f"Override {row['override_id']}, {span}: {override_words(row)}."


def _source(facts: NightFacts) -> str:
    if facts.rules is None:
        graded = "No scan of the night was graded."
    else:
        state = "frozen" if facts.rules["frozen"] else "a draft, which no release uses"
        graded = (
            f"Grades by rules {facts.rules['rule_version']} ({state}; {facts.rules['content_hash'][:12]})."
        )
    return f"Run {facts.run}. {graded}" if facts.run else graded
