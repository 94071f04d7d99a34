"""Objects: groups of apparitions over all scans of some runs, with members, whether or not a release chose the scans.

Apparitions closer than a radius are linked, and everything linked is one object: groups depend neither on the order of
rows nor on who is measured best, and chains in crowded places are long (`extent_arcsec` tells). A close pair within one
scan is one object with more apparitions than scans, as in the survey's merged tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import ConflictError
from app.models.objects import ObjectKind
from app.production.runs import run_id_of
from app.production.tasks import Rows
from app.version import code_version

RADIUS_ARCSEC = {ObjectKind.POINT: 1.5, ObjectKind.EXTENDED: 5.0}
"""Radii of the survey's merged source tables (background/survey 5.4)."""
_APPARITIONS = {ObjectKind.POINT: "objects/points", ObjectKind.EXTENDED: "objects/extended"}


@dataclass(frozen=True)
class ObjectSet:
    """A set of objects as it was made.

    Attributes
    ----------
    object_set_id : int
        Key of the set.
    kind : ObjectKind
        What the objects are made of.
    apparitions, objects : int
        Rows that were grouped, and groups.
    seen : list of dict
        Number of objects by scans that saw them (`nscan`) and scans that cover them (`spos`).
    """

    object_set_id: int
    kind: ObjectKind
    apparitions: int
    objects: int
    seen: Rows


def group_objects(connection: Connection[Any], name: str, runs: Sequence[str], kind: ObjectKind) -> ObjectSet:
    """Group all accepted rows of runs and write the objects, all of them or nothing.

    Parameters
    ----------
    connection : Connection
        Operator's, without an open transaction.
    name : str
        Name of the set; a set of points and one of extended sources may share it.
    runs : sequence of str
        Names of the runs.
    kind : ObjectKind
        Points or extended sources.

    Raises
    ------
    ConflictError
        Raised if there is such a set, or no run is given.
    UnknownNameError
        Raised if a run does not exist.
    """
    if not runs:
        raise ConflictError("objects of no run", expected="one run at least")
    with connection.transaction():
        run_ids = [run_id_of(connection, run) for run in dict.fromkeys(runs)]
        radius = RADIUS_ARCSEC[kind]
        values: dict[str, Any] = {"run_ids": run_ids, "radius_arcsec": radius}
        made = {"name": name, "kind": kind.value, "radius_arcsec": radius, "code_version": code_version()}
        row = connection.execute(statement("objects/add_set"), made).fetchone()
        if row is None:
            raise ConflictError(f"there are {kind.value} objects {name!r} already", expected="a new name")
        values["object_set_id"] = int(row[0])
        connection.execute(statement("objects/add_runs"), values)
        connection.execute(statement("objects/tables"))
        apparitions = connection.execute(statement(_APPARITIONS[kind]), values).rowcount
        connection.execute(statement("objects/coverage"), values)
        connection.execute(statement("objects/index"))
        while connection.execute(statement("objects/link"), values).rowcount:
            while connection.execute(statement("objects/shorten")).rowcount:
                pass
        objects = connection.execute(statement("objects/add_objects"), values).rowcount
        connection.execute(statement("objects/add_members"), values)
        with connection.cursor(row_factory=dict_row) as cursor:
            seen = cursor.execute(statement("objects/summary"), values).fetchall()
    return ObjectSet(values["object_set_id"], kind, apparitions, objects, seen)
