"""Why a scan has its grade: factor, value, rule and threshold, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement


@dataclass(frozen=True)
class Explanation:
    """A grade that counts, and what each of its factors rests on.

    Attributes
    ----------
    facts : dict
        Run, scan, rule version, score, graded score, limiting factor, flags, override.
    factors : tuple of dict
        Factor, score, metric, band, value, threshold and rule; the least score first.
    sentences : tuple of str
        The same in words.
    """

    facts: dict[str, Any]
    factors: tuple[dict[str, Any], ...]
    sentences: tuple[str, ...]


_FACTS = (
    "run", "date", "hemis", "scan", "rule_version", "frozen", "score", "graded_score", "limiting_factor", "flags",
    "graded_flags", "override_id", "graded_at",
)  # fmt: skip
_FACTOR = ("factor", "factor_score", "metric", "band", "value", "unit", "shape", "x", "scores", "reference")


def explain_scan(
    connection: Connection[Any], scan_key: int, *, run: str | None = None, version: str | None = None
) -> tuple[Explanation, ...]:
    """Explain the grades of a scan, one a run and rule version; none if the scan has none.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    scan_key : int
        Key of the scan.
    run, version : str, optional
        Only of this run, only by these rules.
    """
    values = {"scan_key": scan_key, "run": run, "rule_version": version}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("quality/explain"), values).fetchall()
    return tuple(
        _explained(list(part)) for _, part in groupby(rows, key=lambda row: (row["run"], row["rule_version"]))
    )


def _explained(rows: list[dict[str, Any]]) -> Explanation:
    first = rows[0]
    facts = {name: first[name] for name in _FACTS}
    factors = tuple({name: row[name] for name in _FACTOR} for row in rows if row["factor"] is not None)
    return Explanation(facts, factors, tuple(_sentences(rows)))


def _sentences(rows: list[dict[str, Any]]) -> Iterator[str]:
    first = rows[0]
    state = "frozen" if first["frozen"] else "a draft, which no release uses"
    if first["graded_score"] is None:
        yield f"No grade by rules {first['rule_version']} ({state}): a value that a former grade rested on is gone."
        return
    yield (
        f"Grade {first['graded_score']} by rules {first['rule_version']} ({state}),"
        f" limited by {first['limiting_factor']}."
    )
    if first["override_id"] is not None:
        yield f"Override {first['override_id']} puts {first['score']} in its place: mapps quality overrides."
    for row in rows:
        yield _factor_sentence(row)
    if first["flags"]:
        yield f"Flags: {', '.join(first['flags'])}."
    if first["flags"] != first["graded_flags"]:
        yield f"By the rules the flags were: {', '.join(first['graded_flags']) or 'none'}."


def _factor_sentence(row: dict[str, Any]) -> str:
    band = "" if row["band"] in {None, "-"} else f" in {row['band'].upper()}"
    unit = "" if row["unit"] in {None, "1"} else f" {row['unit']}"
    value = "no value" if row["value"] is None else f"{row['value']:.5g}{unit}"
    why = f" ({row['verdict']})" if row["verdict"] else ""
    return (
        f"{row['factor']} {row['factor_score']:.2f}: {row['metric']}{band} is {value}{why};"
        f" {_rule_words(row)} ({row['reference']})."
    )


def _rule_words(row: dict[str, Any]) -> str:
    """Say the rule with its threshold, as `explain_scan` found it."""
    x: Sequence[float] = row["x"] or ()
    if row["shape"] == "table":
        pairs = ", ".join(f"{value:g} -> {score:g}" for value, score in zip(x, row["scores"], strict=True))
        return f"table {pairs}"
    side = "above" if row["better"] == "higher" else "below"
    if row["shape"] == "probability":
        known = ""
        if row["population_mean"] is not None:
            known = f", population {row['population_mean']:g} +- {row['population_sigma']:g}"
        return f"ten times the chance to be {side} {x[0]:g} in all bands, error {row['error']:g}{known}"
    return f"must be {side} {x[0]:g}, else {row['scores'][1]:g}"
