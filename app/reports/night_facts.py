"""All that the database knows of a night of a run, for its report: scans, grades, solution, metrics, overrides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import groupby
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import UnknownNameError
from app.production.runs import list_runs
from app.production.selection import Night
from app.quality.overrides import list_overrides
from app.quality.words import CATALOGUE_GRADE

Rows = list[dict[str, Any]]
Values = Mapping[tuple[int, str, str], float]
"""Value of a metric by scan, name and band."""

DRAWN = (
    "astigmatism_ratio", "clouds", "focus_edge_over_centre", "frame_background_dn", "overlap_offset_mag",
    "seeing_shape", "seeing_shape_maximum", "snr10_mag", "transparency_minimum",
)  # fmt: skip
"""Metrics of scans that the report draws or tells."""


@dataclass(frozen=True)
class NightFacts:
    """A night as one run sees it, or as it was taken in where no run has anything of it.

    Attributes
    ----------
    night : dict
        Key, date, hemisphere, name of the site, hardware block.
    run : str or None
        Name of the run; None where no run has a task of the night.
    run_kind : str or None
        preliminary or final.
    rules : dict or None
        Version, content hash and state of the rules; None where no scan of the night was graded.
    scans : list of dict
        Survey and calibration scans in the order of their numbers, with task, grade and verdict.
    factors : mapping of int to list of dict
        Factors of each graded scan, the least score first.
    lacking : mapping of int to list of str
        Metrics that reduced scans lack for a grade.
    values : mapping of (int, str, str) to float
        Metrics by scan, name and band.
    solution : dict or None
        Solution that the night is seen through.
    sets, zero_points, totals : list of dict
        Calibration sets and zero points of that solution, and metrics of the night.
    overrides : list of dict
        What people say against its grades, undone ones too.
    elsewhere : mapping of int to dict
        Tiles that have a good scan in the run, and the best one.
    """

    night: dict[str, Any]
    run: str | None
    run_kind: str | None
    rules: dict[str, Any] | None
    scans: Rows
    factors: Mapping[int, Rows]
    lacking: Mapping[int, list[str]]
    values: Values
    solution: dict[str, Any] | None
    sets: Rows
    zero_points: Rows
    totals: Rows
    overrides: Rows
    elsewhere: Mapping[int, dict[str, Any]]

    @property
    def name(self) -> str:
        """Date and letter of the site."""
        return f"{self.night['date']:%Y-%m-%d}{self.night['hemis']}"

    def of_kind(self, kind: str) -> Rows:
        """Give the scans of a kind, sci or cal."""
        return [row for row in self.scans if row["kind"] == kind]

    @property
    def photometric_hours(self) -> list[tuple[float, float]]:
        """Spans in which the sky was photometric: those of the night's solution, else runs of scans with that verdict.

        A global solution judges scans and has no spans of single nights; a run of scans counts from the start of its
        first to that of its last.
        """
        if self.solution is None:
            return []
        if self.solution["kind"] == "night":
            return [(first, last) for first, last in self.solution["facts"].get("intervals_hours", [])]
        timed = sorted((row for row in self.scans if row["started_at"]), key=lambda row: row["started_at"])
        runs = [list(rows) for clear, rows in groupby(timed, lambda row: row["photometric"] is True) if clear]
        return [(self.hours(rows[0]["started_at"]), self.hours(rows[-1]["started_at"])) for rows in runs]

    def hours(self, moment: datetime) -> float:
        """Hours since midnight UTC of the night's date; negative in the evening before."""
        day: date = self.night["date"]
        return (moment - datetime.combine(day, time(), UTC)).total_seconds() / 3600.0


def read_night(
    connection: Connection[Any], night: Night, run: str | None = None, version: str | None = None
) -> NightFacts:
    """Read what there is of a night.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    night : Night
        One night of one site; the hemisphere may be left out where only one site observed.
    run : str, optional
        Name of the run; without it the newest that reduced scans of the night.
    version : str, optional
        Version of the rules; without it the one that graded scans of the night last.

    Raises
    ------
    UnknownNameError
        Raised if there is no such night or run, or a night at each site is meant.
    """
    if run is not None:
        list_runs(connection, run)
    found = _one_night(connection, night)
    wanted = {"date": found["date"], "hemis": found["hemis"], "run": run}
    runs = _rows(connection, "reports/runs_of_night", wanted)
    chosen: dict[str, Any] = runs[0] if runs else {"run": run, "run_id": None, "run_kind": None}
    keys = {"run_id": chosen["run_id"], "night_id": found["night_id"], "rule_version": version}
    rules = _rows(connection, "reports/rules_of_night", keys)
    keys["rule_version"] = rules[0]["rule_version"] if rules else version
    scans = _rows(connection, "reports/night_scans", keys)
    solution = _rows(connection, "reports/night_of_solution", keys)
    keys["solution_id"] = solution[0]["solution_id"] if solution else None
    tiles = {"tiles": [row["tile"] for row in scans if row["tile"] is not None], "least": CATALOGUE_GRADE}
    values = _rows(connection, "reports/night_values", keys | {"names": list(DRAWN)})
    return NightFacts(
        night=found,
        run=chosen["run"],
        run_kind=chosen["run_kind"],
        rules=rules[0] if rules else None,
        scans=scans,
        factors=_by_scan(_rows(connection, "reports/night_factors", keys)),
        lacking={row["scan_key"]: row["lacking"] for row in _rows(connection, "reports/night_lacking", keys)},
        values={(row["scan_key"], row["name"], row["band"]): row["value"] for row in values},
        solution=solution[0] if solution else None,
        sets=_rows(connection, "reports/night_sets", keys),
        zero_points=_rows(connection, "reports/night_zero_points", keys),
        totals=_rows(connection, "reports/night_totals", keys),
        overrides=_overrides(connection, chosen["run_id"], found),
        elsewhere={row["tile"]: row for row in _rows(connection, "reports/tiles_done", keys | tiles)},
    )


def newest_run(connection: Connection[Any], night: Night) -> str:
    """Name the run that a command means which names none: the newest that has tasks of a night, reduced ones first.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    night : Night
        The night; a hemisphere may be left out.

    Raises
    ------
    UnknownNameError
        Raised if no run has tasks of the night.
    """
    values = {"date": night.date, "hemis": night.hemis, "run": None}
    runs = _rows(connection, "reports/runs_of_night", values)
    if not runs:
        raise UnknownNameError(
            f"no run has tasks of night {night.date}{night.hemis or ''}",
            expected="a night that is queued",
            remedy="mapps run queue RUN --night NIGHT",
        )
    return str(runs[0]["run"])


def _one_night(connection: Connection[Any], night: Night) -> dict[str, Any]:
    found = _rows(connection, "reports/night_of_date", {"date": night.date, "hemis": night.hemis})
    if len(found) != 1:
        told = "nights of two sites" if found else "nothing was taken in"
        raise UnknownNameError(
            f"{night.date}{night.hemis or ''}: {told}",
            expected="a night of one site, such as 1997-04-23s",
            remedy="mapps night list",
        )
    return found[0]


def _overrides(connection: Connection[Any], run_id: int | None, night: Mapping[str, Any]) -> Rows:
    if run_id is None:
        return []
    date_and_site = (night["date"], night["hemis"])
    rows = list_overrides(connection, run_id)
    return [row for row in rows if (row["date"], row["hemis"]) == date_and_site]


def _by_scan(rows: Rows) -> dict[int, Rows]:
    gathered: dict[int, Rows] = {}
    for row in rows:
        gathered.setdefault(row["scan_key"], []).append(row)
    return gathered


def _rows(connection: Connection[Any], name: str, values: Mapping[str, Any]) -> Rows:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement(name), values).fetchall()
