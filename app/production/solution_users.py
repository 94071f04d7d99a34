"""Which solutions, and which releases, rest on a standard, a calibration set, an attempt or a scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.production.tasks import Rows


@dataclass(frozen=True)
class Ingredients:
    """What solutions may have used; all of it is looked for.

    Attributes
    ----------
    standards : tuple of str
        Names of standard stars.
    sets : tuple of (int, int)
        night_id and number in the night.
    attempt_ids : tuple of int
        Attempts whose rows were read: at scans, or at solutions of nights.
    scan_keys : tuple of int
        Scans whose overlaps were used.
    solution_ids : tuple of int
        Solutions; those that are made from them are found, too.
    """

    standards: tuple[str, ...] = ()
    sets: tuple[tuple[int, int], ...] = ()
    attempt_ids: tuple[int, ...] = ()
    scan_keys: tuple[int, ...] = ()
    solution_ids: tuple[int, ...] = ()


def solutions_using(connection: Connection[Any], wanted: Ingredients) -> Rows:
    """List the solutions that used something, with the releases that saw nights through them.

    Parameters
    ----------
    connection : Connection
        Reader's or operator's.
    wanted : Ingredients
        Standards, sets, attempts, scans or solutions.

    Returns
    -------
    list of dict
        A solution a row, of whatever state: how it used it (`through`), how many nights have adopted it, `releases`.
    """
    values = {
        "standards": list(wanted.standards),
        "nights": [night_id for night_id, _ in wanted.sets],
        "numbers": [number for _, number in wanted.sets],
        "attempt_ids": list(wanted.attempt_ids),
        "scan_keys": list(wanted.scan_keys),
        "solution_ids": list(wanted.solution_ids),
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement("calibration/used_by"), values).fetchall()
