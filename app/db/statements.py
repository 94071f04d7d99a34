"""Named SQL: every statement is a file below `sql/`, found by name, never assembled from strings."""

from __future__ import annotations

from functools import cache
from pathlib import Path

SQL_ROOT = Path(__file__).resolve().parents[2] / "sql"
"""The owner's `sql/` folder beside `app/`."""


@cache
def statement(name: str) -> str:
    """Text of a named statement, such as ``"production/claim/renew"`` for ``sql/production/claim/renew.sql``.

    Raises
    ------
    FileNotFoundError
        Raised if the file does not exist: a bug, not an operator's problem.
    """
    return (SQL_ROOT / f"{name}.sql").read_text(encoding="utf-8")


def scripts(folder: str) -> tuple[Path, ...]:
    """Numbered SQL files of a folder, in the order of their names."""
    return tuple(sorted((SQL_ROOT / folder).glob("*.sql")))
