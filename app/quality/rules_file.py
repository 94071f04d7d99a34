"""Rule sets as files: read, checked against the metrics, and hashed."""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.errors import UserError
from app.models.quality import Flag, Missing, Shape
from app.quality.definition import WHOLE
from app.quality.registry import METRICS

FOLDER = Path(__file__).with_name("rules")
"""Rule sets that are shipped, one a file."""
_KEYS = frozenset({
    "factor", "metric", "band", "bands", "shape", "x", "score", "bands_needed", "error", "error_metric",
    "population_mean", "population_sigma", "missing", "missing_score", "reference",
})  # fmt: skip


class RuleError(UserError):
    """A rule set cannot be read, or names what is not there."""

    code = "RULES"


@dataclass(frozen=True)
class Rule:
    """One rule; the fields are the columns of quality.rule."""

    factor: str
    metric: str
    band: str
    shape: str
    x: tuple[float, ...]
    score: tuple[float, ...]
    missing: str
    reference: str
    error: float | None = None
    error_metric: str | None = None
    population_mean: float | None = None
    population_sigma: float | None = None
    missing_score: float | None = None


@dataclass(frozen=True)
class RuleSet:
    """A version of the rules, in a total order."""

    version: str
    note: str
    rules: tuple[Rule, ...]

    @property
    def content_hash(self) -> str:
        """SHA-256 over the canonical JSON of the rules: neither the version, the note nor the order counts."""
        return content_hash(self.rules)

    def metrics(self) -> set[str]:
        """Names of all metrics that the rules look at."""
        named = {rule.metric for rule in self.rules} | {rule.error_metric for rule in self.rules}
        return {name for name in named if name is not None}


def content_hash(rules: tuple[Rule, ...]) -> str:
    """SHA-256 over the canonical JSON of rules, in the order of their keys."""
    ordered = [asdict(rule) for rule in in_order(rules)]
    return hashlib.sha256(json.dumps(ordered, sort_keys=True).encode()).hexdigest()


def in_order(rules: tuple[Rule, ...]) -> list[Rule]:
    """Rules in the order of factor, metric and band, whichever the order of their file."""
    return sorted(rules, key=lambda rule: (rule.factor, rule.metric, rule.band))


def shipped() -> dict[str, Path]:
    """Version -> file of the rule sets that come with the code."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}


def read_rules(path: Path) -> RuleSet:
    """Read a rule set.

    Parameters
    ----------
    path : Path
        TOML file: `version`, `note` and tables `[[rule]]`.

    Raises
    ------
    RuleError
        Raised if the file is none, a rule names an unknown metric, band, shape or key, or its numbers are impossible.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RuleError(f"{path}: {error}", expected="a TOML file with tables [[rule]]") from error
    version, note, entries = content.get("version"), content.get("note"), content.get("rule")
    if not isinstance(version, str) or not isinstance(note, str) or not isinstance(entries, list):
        raise RuleError(f"{path}: version, note or rule is missing", expected="all three")
    try:
        rules = tuple(rule for entry in entries for rule in _rules_of(entry))
    except RuleError as error:
        raise RuleError(f"{path}: {error}") from error
    keys = [(rule.factor, rule.metric, rule.band) for rule in rules]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice or not rules:
        raise RuleError(f"{path}: rules {twice} are there twice, or there are none")
    return RuleSet(version, note, tuple(in_order(rules)))


def _rules_of(entry: dict[str, Any]) -> list[Rule]:
    """Rules of one table: one for each of its bands."""
    place = f"rule {entry.get('factor')}, {entry.get('metric')}"
    if unknown := sorted(set(entry) - _KEYS):
        raise RuleError(f"{place}: unknown key {', '.join(unknown)}", expected=", ".join(sorted(_KEYS)))
    try:
        shape, missing = Shape(entry["shape"]), Missing(entry["missing"])
        bands = [entry["band"]] if "band" in entry else list(entry["bands"])
        x = tuple(float(value) for value in entry["x"])
        score = _scores(shape, entry)
        made = [
            Rule(
                entry["factor"], entry["metric"], band, shape.value, x, score, missing.value, entry["reference"],
                **{name: _number(entry.get(name)) for name in
                   ("error", "population_mean", "population_sigma", "missing_score")},
                error_metric=entry.get("error_metric"),
            )
            for band in bands
        ]  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise RuleError(
            f"{place}: {type(error).__name__} {error}", expected="as app/quality/rules/"
        ) from error
    for rule in made:
        if fault := _fault(rule):
            raise RuleError(f"{place}, band {rule.band}: {fault}")
    return made


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _scores(shape: Shape, entry: dict[str, Any]) -> tuple[float, ...]:
    if shape is Shape.FLAG:
        return (0.0, float(entry["bands_needed"]))
    if shape is Shape.PROBABILITY:
        return (0.0, 10.0)
    return tuple(float(value) for value in entry["score"])


def _fault(rule: Rule) -> str | None:
    """Say what is wrong with a rule; None if nothing is."""
    metric = METRICS.get(rule.metric)
    names = [rule.metric] if rule.error_metric is None else [rule.metric, rule.error_metric]
    if unknown := [name for name in names if name not in METRICS]:
        return f"metric {', '.join(unknown)} is not defined"
    if metric is not None and not metric.allows(rule.band):
        return f"the metric has no such band; {WHOLE} stands for none"
    numbers = [
        *rule.x,
        *rule.score,
        rule.error,
        rule.missing_score,
        rule.population_mean,
        rule.population_sigma,
    ]
    if not all(value is None or math.isfinite(value) for value in numbers):
        return "a number is not finite"
    return _shape_fault(rule) or _missing_fault(rule)


def _shape_fault(rule: Rule) -> str | None:
    if rule.shape == Shape.TABLE:
        if len(rule.x) != len(rule.score) or len(rule.x) < 2:
            return "x and score have different lengths, or fewer than two values"
        if any(high <= low for low, high in zip(rule.x, rule.x[1:], strict=False)):
            return "x does not ascend"
    elif len(rule.x) != 1 or len(rule.score) != 2:
        return "x has another number of values than one, or score than two"
    return _flag_fault(rule) if rule.shape == Shape.FLAG else _score_fault(rule)


def _flag_fault(rule: Rule) -> str | None:
    if rule.factor not in set(Flag):
        return f"flag {rule.factor} is not one of {', '.join(Flag)}"
    return None if rule.score[1] in {1.0, 2.0, 3.0} else "bands_needed is not 1, 2 or 3"


def _score_fault(rule: Rule) -> str | None:
    if not all(0.0 <= value <= 10.0 for value in rule.score):
        return "a score is not between 0 and 10"
    if rule.shape == Shape.PROBABILITY and not (rule.error and rule.error > 0.0):
        return "a probability takes an error above 0"
    if (rule.population_mean is None) != (rule.population_sigma is None):
        return "a population has a mean and a sigma"
    return None


def _missing_fault(rule: Rule) -> str | None:
    if (rule.missing == Missing.SCORE) != (rule.missing_score is not None):
        return "missing_score belongs to missing = 'score'"
    if rule.missing_score is not None and not 0.0 <= rule.missing_score <= 10.0:
        return "missing_score is not between 0 and 10"
    return None
