"""Photometric solutions as operators see them: show, compare, adopt, make again, retire a standard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection, Rollback
from psycopg.rows import dict_row

from app.db.locks import RELEASES
from app.db.statements import statement
from app.errors import ConflictError, UnknownNameError
from app.models.production import RunKind, TaskState
from app.models.solution import SolutionState
from app.production.recall import followers, queue_again
from app.production.runs import list_runs, lock_run, refuse_closed
from app.production.selection import Night, Selection
from app.production.tasks import Rows, TaskFilter, describe_tasks, hold_tasks


@dataclass(frozen=True)
class Retired:
    """What retiring a standard touches: solutions with their releases, and whether the star was retired before."""

    solutions: Rows
    before: bool


@dataclass(frozen=True)
class Triage:
    """What the solution of a night says of its survey scans: in words, how many, how many hopeless, tasks held."""

    outcome: str
    scans: int
    hopeless: int
    held: Rows


def _rows(connection: Connection[Any], name: str, values: dict[str, Any]) -> Rows:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement(name), values).fetchall()


def find_solutions(
    connection: Connection[Any],
    night: Night | None = None,
    solution_id: int | None = None,
    run: str | None = None,
) -> Rows:
    """List solutions, the newest first.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    night : Night, optional
        Only of this night.
    solution_id : int, optional
        Only this one.
    run : str, optional
        Only of this run.

    Raises
    ------
    UnknownNameError
        Raised if no solution has the key.
    """
    values = {
        "solution_id": solution_id,
        "date": night.date if night else None,
        "hemis": night.hemis if night else None,
        "run": run,
    }
    found = _rows(connection, "production/operate/find_solutions", values)
    if solution_id is not None and not found:
        raise UnknownNameError(
            f"no solution {solution_id}", expected="a number that mapps calibration show NIGHT lists"
        )
    return found


def sets_of(connection: Connection[Any], solution_id: int) -> Rows:
    """List the calibration sets of a solution with their residuals, a row a set and band."""
    return _rows(connection, "production/operate/solution_sets", {"solution_id": solution_id})


def scans_of(connection: Connection[Any], solution_id: int) -> Rows:
    """List zero points and verdicts of a solution, a row a scan."""
    return _rows(connection, "production/operate/solution_scans", {"solution_id": solution_id})


def difference(connection: Connection[Any], first: int, second: int) -> Rows:
    """Compare two solutions scan by scan and band by band.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    first, second : int
        Keys of the solutions; `moved_mag` is the second minus the first, None where one of them lacks the scan.

    Raises
    ------
    UnknownNameError
        Raised if no solution has a key.
    """
    for solution_id in (first, second):
        find_solutions(connection, solution_id=solution_id)
    return _rows(connection, "production/operate/solution_difference", {"a": first, "b": second})


def adopt(connection: Connection[Any], solution_id: int, person: str, run: str | None = None) -> int:
    """See the rows of a run through a solution; a draft is accepted by that.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    solution_id : int
        The solution.
    person : str
        Who adopts it.
    run : str, optional
        Run that adopts it; that whose rows it calibrates when absent.

    Returns
    -------
    int
        Number of nights.

    Raises
    ------
    UnknownNameError
        Raised if there is no such solution or run.
    ConflictError
        Raised if the solution is retired.
    """
    [found] = find_solutions(connection, solution_id=solution_id)
    with connection.transaction():
        chosen = lock_run(connection, run or found["run"])
        [state] = connection.execute(
            statement("production/operate/lock_solution"), {"solution_id": solution_id}
        ).fetchone() or (None,)
        if state == SolutionState.RETIRED:
            raise ConflictError(
                f"solution {solution_id} is retired: {found['retired_because']}",
                expected="a solution that is not",
                remedy="mapps calibration solve RUN NIGHT makes another",
            )
        values = {"solution_id": solution_id, "run_id": chosen.run_id, "adopted_by": person}
        connection.execute(statement("production/operate/accept_solution"), values)
        return len(connection.execute(statement("production/operate/adopt_solution"), values).fetchall())


def solve_again(connection: Connection[Any], run: str, night: Night, *, dry_run: bool = False) -> Rows:
    """Solve a night again, or now: without calibration scans that failed, are dead or held.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    run : str
        Name of the run.
    night : Night
        The night.
    dry_run : bool
        Do the same and roll it back.

    Returns
    -------
    list of dict
        Its tasks as they are then; a running one is not touched.

    Raises
    ------
    UnknownNameError
        Raised if there is no such run, or it has no solution task of the night.
    ConflictError
        Raised if the run is closed.
    """
    again: Rows = []
    with connection.transaction():
        connection.execute(statement("production/recall/await_releases"), {"key": RELEASES})
        chosen = lock_run(connection, run)
        refuse_closed(chosen)
        values = {"run_id": chosen.run_id, "date": night.date, "hemis": night.hemis}
        tasks = _rows(connection, "production/operate/night_task", values)
        if not tasks:
            raise _no_task(run, night)
        for task in tasks:
            connection.execute(statement("production/operate/wait_no_longer"), task)
        keys = {"task_ids": [task["task_id"] for task in tasks]}
        done = [task["task_id"] for task in tasks if task["state"] == TaskState.DONE.value]
        queue_again(connection, run, done + followers(connection, done, final=chosen.kind == RunKind.FINAL))
        connection.execute(statement("production/operate/try_again"), _failed(tasks))
        connection.execute(statement("production/queue/settle_waiting"), keys)
        again = describe_tasks(connection, keys["task_ids"])
        if dry_run:
            raise Rollback
    return again


def _failed(tasks: Rows) -> dict[str, list[int]]:
    states = {TaskState.FAILED.value, TaskState.DEAD.value}
    return {"task_ids": [task["task_id"] for task in tasks if task["state"] in states]}


def retire_standard(connection: Connection[Any], name: str, reason: str, *, dry_run: bool = False) -> Retired:
    """Retire a standard star, and the solutions that used it.

    Their adoptions stay, in state retired, until the nights are solved again: the next `mapps run queue` of a
    preliminary run does so by itself.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    name : str
        Name of the star.
    reason : str
        Why, for people.
    dry_run : bool
        Do the same and roll it back.

    Raises
    ------
    UnknownNameError
        Raised if no catalogue has a standard of the name.
    """
    retired = Retired([], before=False)
    with connection.transaction():
        stars = _rows(connection, "production/operate/find_standard", {"standard": name})
        if not stars:
            raise UnknownNameError(
                f"no standard {name!r}", expected="the name of a star of a catalogue of standards"
            )
        # A solution with the star that is published at this moment is stale afterwards (find_stale).
        connection.execute(
            statement("production/operate/retire_standard"), {"standard": name, "reason": reason}
        )
        used = _rows(connection, "production/operate/users_of_standard", {"standard": name})
        values = {
            "solution_ids": [row["solution_id"] for row in used],
            "reason": f"standard {name} was retired: {reason}",
        }
        connection.execute(statement("production/operate/retire_solutions"), values)
        retired = Retired(used, before=all(star["retired_at"] is not None for star in stars))
        if dry_run:
            raise Rollback
    return retired


def describe_night(connection: Connection[Any], night: Night, run: str | None = None) -> Rows:
    """Say what became of a night in each run: its solution task, and what it found where there is no solution.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    night : Night
        The night.
    run : str, optional
        Name of the only run to look at.

    Raises
    ------
    UnknownNameError
        Raised if there is no such run.
    """
    if run is not None:
        list_runs(connection, run)
    values = {"date": night.date, "hemis": night.hemis, "run": run}
    return _rows(connection, "production/operate/night_outcome", values)


def triage(connection: Connection[Any], run: str, night: Night, *, hold: bool = False) -> Triage:
    """Say whether a night is worth reducing, from its solution alone.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    run : str
        Name of the run in which its calibration scans are reduced.
    night : Night
        One night of one site.
    hold : bool
        Whether waiting and ready tasks of its survey scans that cannot be photometric are held.

    Raises
    ------
    UnknownNameError
        Raised if the run has no solution task of the night.
    ConflictError
        Raised if the night is not solved yet, or both sites are meant.
    """
    outcomes = describe_night(connection, night, run)
    if not outcomes:
        raise _no_task(run, night)
    if len(outcomes) > 1 or outcomes[0]["solution_id"] is None or outcomes[0]["task_state"] != "done":
        raise ConflictError(
            "; ".join(f"{row['date']}{row['hemis']}: {row['outcome']}" for row in outcomes),
            expected="one night of one site that is solved",
        )
    scans = [row for row in scans_of(connection, outcomes[0]["solution_id"]) if row["type"] == "sci"]
    # A band without standards does not make a night hopeless: what any band can use is kept.
    hopeless = tuple(row["scan"] for row in scans if not row["photometric_band"])
    held: Rows = []
    if hold and hopeless:
        told = TaskFilter(Selection(Night(outcomes[0]["date"], outcomes[0]["hemis"]), hopeless))
        held = hold_tasks(connection, run, told, "the night's solution says: not photometric")
    return Triage(outcomes[0]["outcome"], len(scans), len(hopeless), held)


def _no_task(run: str, night: Night) -> UnknownNameError:
    return UnknownNameError(
        f"run {run!r} has no night_solution task of {night.date}{night.hemis or ''}",
        expected="a night with calibration scans that is queued",
        remedy=f"mapps run queue {run}",
    )
