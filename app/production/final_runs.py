"""Final runs: the scans of preliminary runs that meet a condition, and every input named with its content.

What is missing is refused by its name before anything is made. The statements are in `sql/production/final/`; what
may never change afterwards is held by `sql/schema/hand/50_production.sql`.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import ConflictError
from app.models.final import FinalInputKind
from app.models.production import RunKind
from app.production.condition import Condition, read_condition
from app.production.pipelines import Pipeline
from app.production.runs import Run, create_run, freeze_run, unknown_run
from app.production.tasks import Rows

# A preliminary solution of single nights says nothing of how nights compare over the sky.
WANTED_SOLUTION = ("global", "accepted")


class MissingInputError(ConflictError):
    """A final run lacks an input."""

    code = "MISSING_INPUT"


@dataclass(frozen=True)
class FinalRequest:
    """What a final run is to be made of.

    Attributes
    ----------
    runs : tuple of str
        Names of the preliminary runs whose scans are looked at.
    condition : str
        Condition that selects them (`app.production.condition`).
    rule_version : str or None
        Version of the frozen rules that grades are taken from; None for the newest frozen one.
    """

    runs: tuple[str, ...]
    condition: str
    rule_version: str | None = None


@dataclass(frozen=True)
class FinalRun:
    """A final run as it was made.

    Attributes
    ----------
    run : Run
        The run, its pipeline frozen.
    condition : str
        The condition in one spelling.
    considered, selected : int
        Survey scans of the parents, each counted once, and those that the condition selected.
    inputs : list of dict
        Kind, name, key and content hash of every input.
    """

    run: Run
    condition: str
    considered: int
    selected: int
    inputs: Rows


@dataclass(frozen=True)
class _Input:
    kind: FinalInputKind
    name: str
    input_key: int
    content_hash: str


def create_final_run(
    connection: Connection[Any], name: str, pipeline: Pipeline, request: FinalRequest, zones: int = 1
) -> FinalRun:
    """Create a final run with its inputs, all of it or nothing; its pipeline is frozen by that.

    A scan that several parents have done is taken from the one with the better grade, then from the run whose name is
    later in the alphabet.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    name : str
        Name of the run.
    pipeline : Pipeline
        Code and parameters of the run.
    request : FinalRequest
        Parents, condition and rules.
    zones : int
        Parts of the source table.

    Raises
    ------
    ConditionError
        Raised if the condition cannot be read.
    MissingInputError
        Raised if an input is missing or unfit: no parent, one that is not preliminary or not finished, no frozen
        rules, no reference catalogue, a parent whose nights have not adopted an accepted global solution or lack an
        astrometric one, or no scan selected.
    ConflictError, RunNameError, UnknownNameError
        Raised if the name is taken or cannot be used, or a parent does not exist.
    """
    condition = read_condition(request.condition)
    with connection.transaction():
        parents = _parents(connection, request.runs)
        rules = _rule_set(connection, request.rule_version)
        scans = _candidates(connection, parents, rules.name)
        chosen = _best(scans, condition)
        if not chosen:
            raise MissingInputError(
                f"no scan of {', '.join(request.runs)} meets {condition.text!r}",
                expected=f"one of {len({scan['scan_key'] for scan in scans})} scans at least",
                remedy="see what they have: mapps quality show",
            )
        inputs = [
            *(_Input(FinalInputKind.PARENT, p["name"], p["run_id"], p["pipeline_hash"]) for p in parents),
            rules,
            *_calibration_inputs(connection, parents, chosen),
            *_libraries(connection, parents, chosen),
        ]
        create_run(connection, name, RunKind.FINAL, pipeline, zones)
        run = freeze_run(connection, name)
        words = f"{run.code_version} {run.code_commit}"
        inputs.append(_Input(FinalInputKind.PIPELINE, words, run.pipeline_id, run.pipeline_hash))
        _record(connection, run, condition, inputs, chosen)
        return FinalRun(
            run=run,
            condition=condition.text,
            considered=len({scan["scan_key"] for scan in scans}),
            selected=len(chosen),
            inputs=_rows(connection, "production/final/inputs", {"run_id": run.run_id}),
        )


def _rows(connection: Connection[Any], name: str, values: dict[str, Any]) -> Rows:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement(name), values).fetchall()


def _parents(connection: Connection[Any], names: Sequence[str]) -> Rows:
    if not names:
        raise MissingInputError(
            "a final run without preliminary runs", expected="--from RUN, whose scans it selects"
        )
    found = {row["name"]: row for row in _rows(connection, "production/final/parents", {"runs": list(names)})}
    for name in names:
        if name not in found:
            raise unknown_run(connection, name)
        if found[name]["kind"] != RunKind.PRELIMINARY:
            raise MissingInputError(f"run {name!r} is {found[name]['kind']}", expected="a preliminary run")
        if found[name]["open_tasks"]:
            raise MissingInputError(
                f"run {name!r} has {found[name]['open_tasks']} tasks that are not done",
                expected="a finished run: grades and overlaps are of all its scans",
                remedy=f"finish it: mapps worker --run {name} --until-idle",
            )
    return [found[name] for name in dict.fromkeys(names)]


def _rule_set(connection: Connection[Any], version: str | None) -> _Input:
    rows = _rows(connection, "production/final/rule_set", {"rule_version": version})
    if not rows:
        raise MissingInputError(
            "no frozen rule set" if version is None else f"rule set {version!r} is not frozen or not known",
            expected="rules that never change",
            remedy="freeze them: mapps quality freeze VERSION",
        )
    return _Input(FinalInputKind.RULE_SET, rows[0]["rule_version"], 0, rows[0]["content_hash"])


def _candidates(connection: Connection[Any], parents: Rows, rule_version: str) -> Rows:
    values = {"run_ids": [row["run_id"] for row in parents], "rule_version": rule_version}
    return _rows(connection, "production/final/candidates", values)


def _best(scans: Iterable[dict[str, Any]], condition: Condition) -> Rows:
    """One row a scan that the condition selects: the best of its parents."""
    best: dict[int, dict[str, Any]] = {}
    for scan in scans:
        if condition.selects(scan):
            former = best.get(scan["scan_key"])
            if former is None or _rank(scan) > _rank(former):
                best[scan["scan_key"]] = scan
    return [best[key] for key in sorted(best)]


def _rank(scan: dict[str, Any]) -> tuple[int, str]:
    return (-1 if scan["grade"] is None else int(scan["grade"]), str(scan["run"]))


def _calibration_inputs(connection: Connection[Any], parents: Rows, chosen: Rows) -> list[_Input]:
    """Find reference catalogue, global solutions and global astrometry; finished images need none."""
    raw = [scan for scan in chosen if scan["entry"] == "raw"]
    if not raw:
        return []
    rows = _rows(connection, "production/final/reference", {})
    if not rows:
        raise MissingInputError(
            "no reference catalogue is loaded",
            expected="stars of known position",
            remedy="mapps reference load",
        )
    catalogue = rows[0]
    names = {row["run_id"]: row["name"] for row in parents}
    keys = {"run_ids": [s["run_id"] for s in raw], "scan_keys": [s["scan_key"] for s in raw]}
    solutions = _rows(connection, "production/final/solutions", keys)
    for solution in solutions:
        if (solution["kind"], solution["state"]) != WANTED_SOLUTION:
            found = "none" if solution["kind"] is None else f"{solution['state']} {solution['kind']} one"
            raise MissingInputError(
                f"run {names[solution['run_id']]!r}: its nights have adopted no global solution ({found})",
                expected="an accepted global solution",
                remedy="make and adopt it: mapps calibration solve",
            )
    astrometries = _astrometries(connection, names, keys | {"attempt_ids": [s["attempt_id"] for s in raw]})
    return [
        _Input(
            FinalInputKind.REFERENCE, catalogue["name"], catalogue["catalogue_id"], catalogue["content_hash"]
        ),
        *_solutions(FinalInputKind.SOLUTION, names, solutions, "solution_id"),
        *_solutions(FinalInputKind.ASTROMETRY, names, astrometries, "astrometry_id"),
    ]


def _solutions(kind: FinalInputKind, names: dict[int, str], rows: Rows, key: str) -> Iterator[_Input]:
    for row in rows:
        yield _Input(kind, f"{names[row['run_id']]} {row[key]}", row[key], row["content_hash"])


def _astrometries(connection: Connection[Any], names: dict[int, str], keys: dict[str, list[int]]) -> Rows:
    """Find the astrometric solutions of selected scans, all of which must have a place as they are now."""
    found = _rows(connection, "production/final/astrometries", keys)
    for row in found:
        if row["astrometry_id"] is None:
            name = names[row["run_id"]]
            raise MissingInputError(
                f"run {name!r}: {row['scans']} of its selected scans have no place by an adopted global astrometry",
                expected="an astrometric solution of all of them as they are now",
                remedy=f"make it: mapps calibration astrometry {name}",
            )
    return found


def _libraries(connection: Connection[Any], parents: Rows, chosen: Rows) -> list[_Input]:
    """Find the libraries of the hardware blocks that the parents have; scans of other blocks do without."""
    values = {
        "run_ids": [parent["run_id"] for parent in parents],
        "scan_keys": [scan["scan_key"] for scan in chosen if scan["entry"] == "raw"],
    }
    return [
        _Input(
            FinalInputKind.CALIBRATION,
            f"library {row['block']} {row['hemis']} {row['band']} {row['camera']}",
            row["calibration_id"],
            row["sha256"],
        )
        for row in _rows(connection, "production/final/libraries", values)
    ]


def _record(
    connection: Connection[Any], run: Run, condition: Condition, inputs: Iterable[_Input], chosen: Rows
) -> None:
    values = {"run_id": run.run_id, "condition": condition.text, "person": getpass.getuser()}
    connection.execute(statement("production/final/add_run"), values)
    for item in inputs:
        row = {
            "run_id": run.run_id,
            "kind": item.kind.value,
            "name": item.name,
            "input_key": item.input_key,
            "content_hash": item.content_hash,
        }
        connection.execute(statement("production/final/add_input"), row)
    scans = {
        "run_id": run.run_id,
        "scan_keys": [scan["scan_key"] for scan in chosen],
        "parents": [scan["run_id"] for scan in chosen],
        "attempts": [scan["attempt_id"] for scan in chosen],
        "scores": [scan["grade"] for scan in chosen],
        "photometric": [scan["photometric"] for scan in chosen],
    }
    connection.execute(statement("production/final/add_scans"), scans)


def refuse_replaced_reference(connection: Connection[Any], run: Run) -> None:
    """Refuse to queue for a final run whose recorded reference catalogue was replaced.

    Parameters
    ----------
    connection : Connection
        Operator's.
    run : Run
        The run; one without recorded inputs passes.

    Raises
    ------
    MissingInputError
        Raised if another catalogue is current.
    """
    if run.kind != RunKind.FINAL:
        return
    named = [
        row
        for row in _rows(connection, "production/final/inputs", {"run_id": run.run_id})
        if row["kind"] == FinalInputKind.REFERENCE
    ]
    current = _rows(connection, "production/final/reference", {})
    if named and named[0]["input_key"] not in {row["catalogue_id"] for row in current}:
        raise MissingInputError(
            f"run {run.name!r} names reference catalogue {named[0]['name']} {named[0]['content_hash'][:12]},"
            " which was replaced",
            expected="the catalogue that was current when the run was made",
            remedy="load the same stars again in a new final run",
        )


def wanting_of(connection: Connection[Any], run_id: int) -> tuple[str, ...]:
    """Say what a final run lacks to be complete; nothing where an all-sky release may be drawn from it.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    run_id : int
        Key of the run.
    """
    rows = connection.execute(statement("production/final/wanting"), {"run_id": run_id}).fetchall()
    return tuple(str(words) for (words,) in rows)
