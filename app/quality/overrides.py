"""What people say against grades and flags: made with a reason for a span of scans, shown, undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import ConflictError, UserError


class OverrideError(UserError):
    """An override says nothing, or for no scans."""

    code = "OVERRIDE"


@dataclass(frozen=True)
class Override:
    """What is said of scans `first` to `last` of a night.

    Attributes
    ----------
    run_id, night_id : int
        Run and night.
    first, last : int
        Numbers of scans, both included, as a person says it.
    reason : str
        Why.
    score : int or None
        Score in place of the grade's; None leaves it.
    flag : str or None
        hgl, cld, xph or anom.
    raised : bool
        Whether the flag is set or cleared.
    """

    run_id: int
    night_id: int
    first: int
    last: int
    reason: str
    score: int | None = None
    flag: str | None = None
    raised: bool = True


def make_override(connection: Connection[Any], override: Override, person: str) -> int:
    """Add an override and give its key.

    Parameters
    ----------
    connection : Connection
        Operator's.
    override : Override
        What is said.
    person : str
        Who says it.

    Raises
    ------
    OverrideError
        Raised if it has no reason, says neither a score nor a flag, or the span is empty.
    """
    if not override.reason.strip():
        raise OverrideError("an override without a reason", expected="--reason TEXT")
    if override.score is None and override.flag is None:
        raise OverrideError("an override that changes nothing", expected="--score or --flag")
    if override.first > override.last:
        raise OverrideError(
            f"scans {override.first} to {override.last}", expected="a first and a last number"
        )
    row = connection.execute(
        statement("quality/add_override"),
        {
            "run_id": override.run_id, "night_id": override.night_id, "first": override.first,
            "beyond": override.last + 1, "score": override.score, "flag": override.flag,
            "raised": override.raised if override.flag else None, "reason": override.reason, "person": person,
        },
    ).fetchone()  # fmt: skip
    return int(row[0]) if row else 0


def undo_override(connection: Connection[Any], override_id: int, reason: str, person: str) -> None:
    """Undo an override; it stays listed.

    Parameters
    ----------
    connection : Connection
        Operator's.
    override_id : int
        Key.
    reason : str
        Why it is undone.
    person : str
        Who undoes it.

    Raises
    ------
    ConflictError
        Raised if there is none of the key, or it was undone before.
    """
    values = {"override_id": override_id, "reason": reason, "person": person}
    if connection.execute(statement("quality/undo_override"), values).fetchone() is None:
        raise ConflictError(
            f"override {override_id} does not hold",
            expected="one that is not undone: mapps quality overrides",
        )


def list_overrides(connection: Connection[Any], run_id: int) -> list[dict[str, Any]]:
    """List the overrides of a run, undone ones too, with the number of grades that each changes."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement("quality/overrides"), {"run_id": run_id}).fetchall()
