"""What the pages of the console show, read as the reader."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.access.tap.job import list_jobs
from app.db.statements import statement
from app.production.listing import list_nights
from app.production.progress import read_attempts, read_outages, read_problems, read_progress
from app.production.runs import list_runs
from app.production.selection import Night
from app.production.solutions import find_solutions
from app.quality.explanation import explain_scan
from app.quality.overrides import list_overrides
from app.quality.reading import ScanName, find_scan, night_quality
from app.releases.catalogue import list_releases, release_facts
from app.settings import get_settings
from app.store import free_bytes

Facts = dict[str, Any]
_NIGHTS = 60


def _rows(connection: Connection[Any], name: str) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement(name)).fetchall()


@dataclass(frozen=True)
class Page:
    """A page: which facts, by which template, and whether it changes by itself.

    Attributes
    ----------
    name : str
        Template without its suffix.
    words : tuple of str
        What the address names.
    """

    name: str
    words: tuple[str, ...] = ()


def overview(connection: Connection[Any]) -> Facts:
    """Read runs with their tasks, workers, what needs a person, releases, free space."""
    runs = list_runs(connection)
    problems = [
        problem | {"run": run["name"]}
        for run in runs
        if run["failed"]
        for problem in read_problems(connection, run["name"], 5)
    ]
    free = free_bytes(get_settings().store)
    total = shutil.disk_usage(get_settings().home).total if get_settings().home.exists() else None
    return {
        "runs": runs, "workers": _rows(connection, "access/workers"), "problems": problems,
        "releases": list_releases(connection)[:5], "free_bytes": free, "total_bytes": total,
    }  # fmt: skip


def run(connection: Connection[Any], name: str) -> Facts:
    """Give a run with its progress, problems, waits and last attempts."""
    [found] = list_runs(connection, name)
    return {
        "run": found, "progress": read_progress(connection, name).table, "problems": read_problems(connection, name),
        "outages": read_outages(connection, name), "attempts": read_attempts(connection, name, limit=30),
        "overrides": list_overrides_of(connection, name),
    }  # fmt: skip


def list_overrides_of(connection: Connection[Any], name: str) -> list[dict[str, Any]]:
    """Read the overrides of a run by its name."""
    from app.production.runs import run_id_of

    return list_overrides(connection, run_id_of(connection, name))


def nights(connection: Connection[Any]) -> Facts:
    """Nights, the newest first."""
    return {"nights": list_nights(connection, _NIGHTS)}


def night(connection: Connection[Any], name: str) -> Facts:
    """Read the scans of a night with their grades, and its photometric solutions."""
    wanted = Night.parse(name)
    metrics, scans = night_quality(connection, (wanted.date, wanted.hemis), None, None)
    return {
        "night": name, "metrics": metrics, "scans": scans,
        "solutions": find_solutions(connection, night=wanted),
    }  # fmt: skip


def scan(connection: Connection[Any], night_name: str, number: str) -> Facts:
    """Why a scan has its grades.

    Parameters
    ----------
    connection : Connection
        Reader's.
    night_name : str
        Its night, such as 1998-04-27n.
    number : str
        Its number in the night.
    """
    wanted = Night.parse(night_name)
    found = find_scan(connection, ScanName(date=wanted.date, hemis=wanted.hemis, scan=int(number)))
    return {
        "night": night_name, "scan": int(number), "explanations": explain_scan(connection, found["scan_key"]),
    }  # fmt: skip


def releases(connection: Connection[Any]) -> Facts:
    """All releases, the newest first."""
    return {"releases": list_releases(connection)}


def release(connection: Connection[Any], name: str) -> Facts:
    """Give a release with all that says how it was made."""
    return {"release": release_facts(connection, name)}


def jobs(connection: Connection[Any]) -> Facts:
    """Asynchronous queries of everybody, as an operator sees them: without their keys, which are passwords."""
    return {"jobs": list_jobs(connection, None, last=200)}


READERS = {
    "overview": overview, "run": run, "nights": nights, "night": night, "scan": scan, "releases": releases,
    "release": release,
}  # fmt: skip
"""What reads the facts of each page, as the reader."""
LIVE = frozenset({"overview", "run"})
"""Pages that change by themselves."""


def read(connection: Connection[Any], page: Page) -> Facts:
    """Read the facts of a page."""
    return READERS[page.name](connection, *page.words)  # type: ignore[operator,no-any-return]
