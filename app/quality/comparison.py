"""Two rule versions beside each other: where they differ, and what that does to the grades of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import UnknownNameError
from app.quality.words import CATALOGUE_GRADE

Rows = list[dict[str, Any]]
_RULE = ("factor", "metric", "band")
_NUMBERS = (
    "shape", "x", "score", "error", "error_metric", "population_mean", "population_sigma", "missing", "missing_score",
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """What a change of rules does.

    Attributes
    ----------
    rules : tuple of str
        A sentence a rule that only one of both has, or that has other numbers in one of them.
    grades : list of dict
        Pairs of grades, `score_a` and `score_b` with what limits them, and how many scans have them.
    moved : list of dict
        Scans that the catalogue's limit divides otherwise: night, number, kind, tile, scores, what limits the second.
    """

    rules: tuple[str, ...]
    grades: Rows
    moved: Rows

    @property
    def summary(self) -> str:
        """Say in a sentence how many grades stay, fall and rise, and how many scans cross the catalogue's limit."""
        both = [row for row in self.grades if None not in (row["score_a"], row["score_b"])]
        counts = [
            sum(row["scans"] for row in both if sign * (row["score_b"] - row["score_a"]) > 0)
            for sign in (-1, 1)
        ]
        total = sum(row["scans"] for row in self.grades)
        same = sum(row["scans"] for row in both) - sum(counts)
        falls = sum((row["score_a"] or 0) >= CATALOGUE_GRADE for row in self.moved)
        lone = total - sum(row["scans"] for row in both)
        ungraded = f"; {lone} have a grade by one of both alone" if lone else ""
        return (
            f"{same} of {total} scans have the same grade, {counts[0]} a lower one, "
            f"{counts[1]} a higher one{ungraded}; "
            f"{falls} fall below grade {CATALOGUE_GRADE}, {len(self.moved) - falls} rise to it"
        )


def compare_rules(connection: Connection[Any], run_id: int, rules_a: str, rules_b: str) -> Comparison:
    """Compare two rule versions, and the grades that they gave the scans of a run.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    run_id : int
        Key of the run.
    rules_a, rules_b : str
        Versions that have graded the run.

    Raises
    ------
    UnknownNameError
        Raised if the database has no such rules, or one of them has graded no scan of the run.
    """
    for version in (rules_a, rules_b):
        if not _rows(connection, "quality/rule_sets", {"rule_version": version}):
            known = ", ".join(
                str(row["rule_version"])
                for row in _rows(connection, "quality/rule_sets", {"rule_version": None})
            )
            raise UnknownNameError(
                f"no rules {version!r}",
                expected=f"one of {known or 'none yet'}",
                remedy="mapps quality rules --load FILE",
            )
    values = {"run_id": run_id, "rules_a": rules_a, "rules_b": rules_b, "limit": CATALOGUE_GRADE}
    grades = _rows(connection, "quality/compare", values)
    for version, name in ((rules_a, "score_a"), (rules_b, "score_b")):
        if all(row[name] is None for row in grades):
            raise UnknownNameError(
                f"rules {version!r} have graded no scan of the run",
                expected="rules that have",
                remedy=f"mapps quality regrade RUN --rules {version}",
            )
    return Comparison(
        tuple(_differences(connection, rules_a, rules_b)),
        grades,
        _rows(connection, "quality/compare_scans", values),
    )


def _differences(connection: Connection[Any], rules_a: str, rules_b: str) -> list[str]:
    both = [
        {
            tuple(row[name] for name in _RULE): row
            for row in _rows(connection, "quality/rules", {"rule_version": version})
        }
        for version in (rules_a, rules_b)
    ]
    told = []
    for key in sorted({*both[0], *both[1]}):
        name = " ".join(key[:2]) + (f" in {key[2].upper()}" if key[2] != "-" else "")
        rules = [part.get(key) for part in both]
        if rules[0] is None or rules[1] is None:
            told.append(f"{name}: only in {rules_b if rules[0] is None else rules_a}")
            continue
        told += [
            f"{name}: {field} {_shown(rules[0][field])} in {rules_a}, {_shown(rules[1][field])} in {rules_b}"
            for field in _NUMBERS
            if rules[0][field] != rules[1][field]
        ]
    return told


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(f"{number:g}" for number in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _rows(connection: Connection[Any], name: str, values: dict[str, Any]) -> Rows:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement(name), values).fetchall()
