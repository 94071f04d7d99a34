"""How far a run is, as operators see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.models.production import TaskState

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Progress:
    """Tasks of a run: one row a kind, with a count for every state, `blocked` and `total`."""

    table: Rows

    @property
    def total(self) -> int:
        """Number of tasks."""
        return sum(row["total"] for row in self.table)

    @property
    def blocked(self) -> int:
        """Waiting tasks behind a failed, dead or held one."""
        return sum(row["blocked"] for row in self.table)

    def count(self, state: TaskState) -> int:
        """Count the tasks in a state."""
        return sum(row[state.value] for row in self.table)

    @property
    def at_rest(self) -> bool:
        """Whether nothing more happens unless an operator does something."""
        waiting = self.count(TaskState.WAITING) - self.blocked
        return not (waiting or self.count(TaskState.READY) or self.count(TaskState.RUNNING))

    def text(self) -> str:
        """Write the counts in one line, states without tasks left out."""
        parts = [f"{count} {state.value}" for state in TaskState if (count := self.count(state))]
        if self.blocked:
            parts.append(f"{self.blocked} of the waiting blocked")
        return (
            f"{self.count(TaskState.DONE)} of {self.total} tasks done ({', '.join(parts) or 'none queued'})"
        )


def read_progress(connection: Connection[Any], name: str) -> Progress:
    """Count the tasks of a run."""
    table: dict[str, dict[str, Any]] = {}
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(statement("production/operate/status"), {"name": name}):
            empty = {"kind": row["kind"]} | dict.fromkeys([s.value for s in TaskState], 0)
            line = table.setdefault(row["kind"], empty | {"blocked": 0, "total": 0})
            line[row["state"]] += row["tasks"]
            line["blocked"] += row["blocked"]
            line["total"] += row["tasks"]
    return Progress(list(table.values()))


def read_problems(connection: Connection[Any], name: str, limit: int = 50) -> Rows:
    """Read the tasks that need a person, failed, dead and held ones, grouped by kind, state and reason.

    Each row has the number of `tasks`, and key, night, block and scan of the first of them.

    Parameters
    ----------
    connection : Connection
        Reader's.
    name : str
        Name of the run.
    limit : int
        Groups at most; the largest come first.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            statement("production/operate/problems"), {"name": name, "limit": limit}
        ).fetchall()


def read_outages(connection: Connection[Any], name: str) -> Rows:
    """Read what workers of a run wait for, a store or a folder: code, tasks given back, the latest moment, reason."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement("production/operate/outages"), {"name": name}).fetchall()


def read_left_over(connection: Connection[Any], run: str | None = None) -> dict[str, dict[str, int]]:
    """Count the tasks of open runs that only a person gets on.

    Parameters
    ----------
    connection : Connection
        Of any role.
    run : str, optional
        Name of the only run that is asked for.

    Returns
    -------
    dict
        Name of the run -> failed, dead or blocked -> tasks; runs and states without any are left out.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("production/operate/left_over"), {"run": run}).fetchall()
    return {row.pop("name"): {state: count for state, count in row.items() if count} for row in rows}


def read_starless(connection: Connection[Any], name: str) -> int:
    """Count the reduced scans of a run whose positions hang on no reference star.

    Parameters
    ----------
    connection : Connection
        Reader's.
    name : str
        Name of the run.
    """
    row = connection.execute(statement("production/operate/starless_scans"), {"name": name}).fetchone()
    return int(row[0]) if row else 0


def read_attempts(
    connection: Connection[Any],
    name: str | None,
    *,
    outcome: str | None = None,
    task_id: int | None = None,
    attempt_id: int | None = None,
    limit: int = 100,
) -> Rows:
    """Read attempts of a run or of all, the latest first.

    Parameters
    ----------
    connection : Connection
        Reader's.
    name : str or None
        Name of the run; None for all.
    outcome : str, optional
        Only attempts that ended so; `running` for open ones.
    task_id : int, optional
        Only attempts at this task.
    attempt_id : int, optional
        Only this attempt.
    limit : int
        Rows at most.
    """
    values = {
        "name": name,
        "outcome": outcome,
        "task_id": task_id,
        "attempt_id": attempt_id,
        "limit": limit,
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement("production/operate/attempts"), values).fetchall()


def read_inputs(connection: Connection[Any], attempt_id: int) -> Rows:
    """Read every input that an attempt recorded: kind, key, hash of the content, place or name."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement("production/operate/inputs"), {"attempt_id": attempt_id}).fetchall()
