"""The report of a run as one HTML page: tiles that are not done, nights, grades, depth, steps, residuals on the sky."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from psycopg import Connection

from app.instruments.bands import BANDS
from app.quality.words import (
    CATALOGUE_GRADE,
    LEVELS,
    USABLE_GRADE,
    band_label,
    factor_words,
    grade_level,
    reason_words,
)
from app.reports.night_report import columns, in_order
from app.reports.night_verdict import HIGH, LOW, WAIT
from app.reports.page import render, write_page
from app.reports.style import count_of
from app.reports.survey_facts import SurveyFacts, read_survey_facts
from app.reports.survey_figures import survey_pictures

_MMAG = 1000.0
MOST_TILES = 200
"""Tiles that are listed; how many there are is always said."""
_NIGHT_COLUMNS = (
    ("night", "Night", False), ("scans", "Survey scans", True), ("good", "Usable", True), ("grades", "Grades", False),
    ("photometric", "Photometric", False), ("error", "Zero point error", False), ("repeat", "Repeatability", False),
)  # fmt: skip
_GRADE_COLUMNS = (
    ("level", "Grade", False),
    ("scans", "Scans", True),
    ("share", "Share", True),
    ("limits", "Limited by", False),
)
_STEP_COLUMNS = (
    ("band", "Band", False), ("overlaps", "Overlaps", True), ("measured", "As measured", True),
    ("residual", "Calibrated", True), ("held_out", "Stars held out", True), ("repeat", "Single stars", True),
)  # fmt: skip
_TOTAL_COLUMNS = (
    ("what", "What", False), ("values", "Value", False), ("design", "Reached in 2003", False),
    ("stretch", "Aim", False),
)  # fmt: skip


def write_survey_report(
    connection: Connection[Any], run: str, path: Path, version: str | None = None
) -> tuple[Path, str]:
    """Write the report of a run.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    run : str
        Name of the run.
    path : Path
        Target; a file there is overwritten.
    version : str, optional
        Version of the rules; without it the one that graded last.

    Returns
    -------
    Path
        The page.
    str
        What it says in a sentence.

    Raises
    ------
    UnknownNameError
        Raised if there is no such run.
    """
    values = page_values(read_survey_facts(connection, run, version))
    return write_page(path, render("survey.html", values)), values["sentence"]


def page_values(facts: SurveyFacts) -> dict[str, Any]:
    """Values of the page of a run.

    Parameters
    ----------
    facts : SurveyFacts
        The run.
    """
    tiles = _open_tiles(facts)
    level, sentence = _verdict(facts, tiles)
    return {
        "title": f"Run {facts.run['name']}",
        "run": facts.run["name"],
        "subtitle": _subtitle(facts),
        "level": level,
        "sentence": sentence,
        "tiles": tiles[:MOST_TILES],
        "more_tiles": max(0, len(tiles) - MOST_TILES),
        "grade_columns": columns(_GRADE_COLUMNS),
        "grades": _grade_rows(facts),
        "night_columns": columns(_NIGHT_COLUMNS),
        "nights": _night_rows(facts),
        "total_columns": columns(_TOTAL_COLUMNS),
        "totals": _total_rows(facts),
        "solution": _solution_words(facts),
        "step_columns": columns(_STEP_COLUMNS),
        "steps": _step_rows(facts),
        "pictures": survey_pictures(facts),
        "source": _source(facts),
    }


def _subtitle(facts: SurveyFacts) -> str:
    nights = len({(row["date"], row["hemis"]) for row in facts.nights})
    return (
        f"{facts.run['kind']} run, {count_of(nights, 'night')}, {count_of(len(facts.scans), 'survey scan')}"
    )


# -- what is done ---------------------------------------------------------------------------------------------------


def _by_tile(facts: SurveyFacts) -> dict[int | None, list[dict[str, Any]]]:
    tiles: dict[int | None, list[dict[str, Any]]] = {}
    for row in facts.scans:
        tiles.setdefault(row["tile"], []).append(row)
    return tiles


def _open_tiles(facts: SurveyFacts) -> list[dict[str, Any]]:
    """Tiles without a usable scan, the worst first."""
    rows = []
    for tile, scans in _by_tile(facts).items():
        best = max((row["score"] for row in scans if row["score"] is not None), default=None)
        if best is not None and best >= CATALOGUE_GRADE:
            continue
        action = WAIT if best is None else LOW if best >= USABLE_GRADE else HIGH
        rows.append(
            {
                "tile": "-" if tile is None else str(tile),
                "best": "-" if best is None else str(best),
                "level": grade_level(best),
                "scans": ", ".join(f"{row['date']:%Y-%m-%d}{row['hemis']}/{row['scan']}" for row in scans),
                "do": "grade or reduce it first" if action == WAIT else action,
                "why": "; ".join(dict.fromkeys(_why(facts, row) for row in scans)),
            }
        )
    order = {"bad": 0, "low": 1, "none": 2}
    return sorted(rows, key=lambda row: order[row["level"]])


def _why(facts: SurveyFacts, row: dict[str, Any]) -> str:
    if row["attempt_id"] is None:
        return f"not reduced ({row['task_state']})"
    if row["score"] is None:
        return "no grade"
    reason = facts.reasons.get(row["scan_key"])
    if reason is None:
        return "a person says so"
    told = reason_words(reason)
    return f"{told}: {row['reason']}" if reason["metric"] == "photometric" and row["reason"] else told


def _verdict(facts: SurveyFacts, tiles: list[dict[str, Any]]) -> tuple[str, str]:
    total = len(_by_tile(facts))
    if not total:
        return "none", "The run has no survey scans."
    done = total - len(tiles)
    again = sum(row["level"] in {"bad", "low"} for row in tiles)
    graded = sum(row["score"] is not None for row in facts.scans)
    if not graded:
        return "none", f"No verdict yet: none of {count_of(len(facts.scans), 'survey scan')} is graded."
    level = "good" if done == total else "fair" if done else "bad"
    todo = f"{count_of(again, 'tile')} to observe again" if again else "nothing to observe again"
    waiting = len(tiles) - again
    rest = f", {count_of(waiting, 'tile')} without a grade" if waiting else ""
    return (
        level,
        f"{done} of {count_of(total, 'tile')} have a scan that can be used: {todo}{rest}. {_step_sentence(facts)}",
    )


def _step_sentence(facts: SurveyFacts) -> str:
    told = []
    for band in BANDS:
        values = np.array(
            [row[f"step_{band.value}"] for row in facts.scans if row[f"step_{band.value}"] is not None]
        )
        if values.size:
            told.append(f"{band.label} {np.sqrt(np.mean(values**2)) * _MMAG:.0f}")
    if not told:
        return "Scans have no overlaps to compare."
    return f"Scans differ from their neighbours by {', '.join(told)} mmag rms."


# -- tables ---------------------------------------------------------------------------------------------------------


def _grade_rows(facts: SurveyFacts) -> list[dict[str, Any]]:
    rows = []
    for level, words in LEVELS.items():
        inside = [row for row in facts.scans if grade_level(row["score"]) == level]
        limits = Counter(factor_words(row["limiting_factor"]) for row in inside if row["limiting_factor"])
        rows.append(
            {
                "level": words,
                "scans": len(inside),
                "share": f"{100 * len(inside) / max(1, len(facts.scans)):.0f} %",
                "limits": ", ".join(f"{factor} ({count})" for factor, count in limits.most_common()),
            }
        )
    return rows


def _night_rows(facts: SurveyFacts) -> list[dict[str, Any]]:
    names = dict.fromkeys((row["night_id"], row["date"], row["hemis"]) for row in facts.nights)
    rows = []
    for night_id, date, hemis in names:
        scans = [row for row in facts.scans if row["night_id"] == night_id]
        scores = Counter(row["score"] for row in scans)
        told = [f"{score} ({scores[score]})" for score in sorted(s for s in scores if s is not None)]
        rows.append(
            {
                "night": f"{date:%Y-%m-%d}{hemis}",
                "scans": len(scans),
                "good": sum((row["score"] or 0) >= CATALOGUE_GRADE for row in scans),
                "grades": ", ".join(told + ([f"none ({scores[None]})"] if scores[None] else [])),
                "photometric": _photometric(facts, night_id),
                "error": _of_night(facts, night_id, "night_zero_point_error_mag"),
                "repeat": _of_night(facts, night_id, "sixfold_repeatability_mag"),
            }
        )
    return rows


def _values(facts: SurveyFacts, night_id: int, name: str) -> list[dict[str, Any]]:
    return in_order(row for row in facts.nights if row["night_id"] == night_id and row["name"] == name)


def _of_night(facts: SurveyFacts, night_id: int, name: str) -> str:
    rows = _values(facts, night_id, name)
    told = ", ".join(f"{band_label(row['band'])} {row['value'] * _MMAG:.1f}" for row in rows)
    return f"{told} mmag" if told else "-"


def _photometric(facts: SurveyFacts, night_id: int) -> str:
    share = _values(facts, night_id, "photometric_fraction")
    hours = _values(facts, night_id, "photometric_hours")
    told = [f"{100 * row['value']:.0f} % of its scans" for row in share] + [
        f"{row['value']:.1f} h" for row in hours
    ]
    return ", ".join(told) or "-"


def _total_rows(facts: SurveyFacts) -> list[dict[str, Any]]:
    names = dict.fromkeys(row["name"] for row in facts.totals)
    return [_total_row(in_order(row for row in facts.totals if row["name"] == name)) for name in names]


def _total_row(rows: list[dict[str, Any]]) -> dict[str, Any]:
    first = rows[0]
    unit = "" if first["unit"] == "1" else f" {first['unit']}"
    told = ", ".join(f"{band_label(row['band'])} {row['value']:.3g}".strip() for row in rows)
    return {"what": first["description"], "values": f"{told}{unit}"} | {
        level: "-" if first[level] is None else f"{first[level]:g}{unit}" for level in ("design", "stretch")
    }


def _solution_words(facts: SurveyFacts) -> str:
    if facts.solution is None:
        return "No global solution: each night stands on its own calibration sets. mapps calibration solve RUN --global"
    return (
        f"Global solution {facts.solution['solution_id']} ({facts.solution['state']}), scatter in overlaps in"
        " thousandths of a magnitude. Stars held out were never told to the solution."
    )


def _step_rows(facts: SurveyFacts) -> list[dict[str, Any]]:
    if facts.figures is None:
        return []
    return [
        {
            "band": band_label(row["band"]),
            "overlaps": f"{row['overlaps']:,}",
            "measured": _mmag(row["measured_mag"]),
            "residual": _mmag(row["residual_mag"]),
            "held_out": _mmag(row["held_out_mag"]),
            "repeat": _mmag(row["repeatability_mag"]),
        }
        for row in in_order(row | {"band": row["band"].strip()} for row in facts.figures.steps)
    ]


def _mmag(value_mag: float | None) -> str:
    return "-" if value_mag is None else f"{value_mag * _MMAG:.1f}"


def _source(facts: SurveyFacts) -> str:
    code = f"Made by code {facts.run['code_version']} ({facts.run['code_commit'][:12]})."
    if facts.rules is None:
        return f"{code} Nothing is graded."
    state = "frozen" if facts.rules["frozen"] else "a draft, which no release uses"
    return (
        f"{code} Grades by rules {facts.rules['rule_version']} ({state}; {facts.rules['content_hash'][:12]})."
    )
