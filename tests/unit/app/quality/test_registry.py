"""Every metric is defined, with unit and description, and used by a rule or a specification or marked unused."""

from __future__ import annotations

import ast

import pytest

from app.models.quality import Better, MetricScope
from app.quality import registry, sql
from app.quality.block_metrics import BLOCK_METRICS
from app.quality.definition import MetricDefinition, MetricError, Specification
from app.quality.registry import METRICS, check_emitted, definition, faults
from app.quality.rules_file import read_rules, shipped
from app.quality.solution_metrics import SOLUTION_METRICS
from app.quality.specifications import SPECIFICATIONS
from tests.worlds.places import ROOT

GOOD = {
    "name": "step_mag", "unit": "mag", "better": Better.LOWER, "scope": MetricScope.SCAN, "per_band": True,
    "description": "d", "formula": "f", "reference": "r",
}  # fmt: skip
EMITTING = (
    "workers/reduction/calibration/calibrate.py",
    "workers/reduction/calibration/masks.py",
    "workers/reduction/calibration/cosmic.py",
    "workers/reduction/atlas/cut.py",
    "workers/reduction/reduce_scan.py",
    "workers/reduction/measure_scan.py",
    "workers/reduction/frame_quality.py",
    "workers/reduction/registration/rounds.py",
    "workers/reduction/images/extract.py",
)
"""Modules that emit metrics: keys of their dictionaries are names of metrics."""
KINDS = {"poor_response", "hot", "noisy"}


def used_by_rules() -> set[str]:
    return set().union(*(read_rules(path).metrics() for path in shipped().values()))


def test_the_registry_has_no_fault():
    assert faults(used_by_rules()) == []


def keys_of(path: str) -> set[str]:
    """Keys of dictionaries, and names that are assigned to by subscript: those of `metrics` and `values`."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            found |= {key.value for key in node.keys if isinstance(key, ast.Constant)}
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
            and node.value.id in {"metrics", "values"}
            and isinstance(node.slice, ast.Constant)
        ):
            found.add(node.slice.value)
    # What is no name of a metric: `-` for the scan, and kinds of bad pixels, whose metrics end in _pixels.
    found |= {f"{kind}_pixels" for kind in KINDS & found}
    return {name for name in found - KINDS if isinstance(name, str)} - {"-"}


@pytest.mark.parametrize("path", EMITTING)
def test_what_code_emits_is_defined(path):
    emitted = keys_of(path)
    assert emitted
    unknown = {name for name in emitted if name not in METRICS}
    assert unknown == set(), "define them in a module *_metrics.py of app/quality/"


def test_every_metric_that_is_not_derived_is_emitted():
    emitted = set().union(*map(keys_of, EMITTING))
    solutions = {metric.name for metric in (*SOLUTION_METRICS, *BLOCK_METRICS)}
    silent = {metric.name for metric in METRICS.values() if not metric.derived} - emitted - solutions
    assert silent == set(), "nobody emits them: add_metrics, or a module that EMITTING above does not name"


def test_every_metric_of_blocks_is_emitted_where_nights_or_scans_are_combined():
    places = ("reduction/calibration/block.py", "steps/block_library.py")
    text = "".join((ROOT / "workers" / place).read_text(encoding="utf-8") for place in places)
    assert [metric.name for metric in BLOCK_METRICS if f'"{metric.name}"' not in text] == []


def test_every_metric_of_solutions_is_emitted_by_a_step():
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "workers" / "steps").glob("*.py"))
    assert [metric.name for metric in SOLUTION_METRICS if f'"{metric.name}"' not in text] == []


def test_every_derived_metric_has_a_statement():
    text = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "sql" / "quality").glob("derive_*.sql")
    )
    assert [
        metric.name for metric in METRICS.values() if metric.derived and f"'{metric.name}'" not in text
    ] == []


@pytest.mark.parametrize(("change", "message"), [
    ({"name": "Step"}, "no name"), ({"unit": "furlong"}, "unit"), ({"unit": "arcsec"}, "not that of the name"),
    ({"unit": "1"}, "not that of the name"), ({"name": "step"}, "not that of the name"),
    ({"description": " "}, "missing"), ({"formula": ""}, "missing"), ({"reference": ""}, "missing"),
])  # fmt: skip
def test_a_definition_without_unit_name_or_words_is_refused(change, message):
    MetricDefinition(**GOOD)
    with pytest.raises(MetricError, match=message):
        MetricDefinition(**GOOD | change)


@pytest.mark.parametrize(("name", "band", "message"), [
    ("step_mag", "j", "not defined"), ("clouds", "j", "of band 'j'"), ("sources", None, "of band '-'"),
    ("sources", "y", "of band 'y'"), ("completeness", "j", "derived by SQL"),
])  # fmt: skip
def test_what_may_not_be_emitted(name, band, message):
    check_emitted([("sources", "j"), ("clouds", None), ("clouds", "-")])
    with pytest.raises(MetricError, match=message):
        check_emitted([("sources", "j"), (name, band)])


def test_faults_are_found(monkeypatch):
    used = used_by_rules()
    assert "never is used and not defined" in faults(used | {"never"})
    assert "trails is used and marked unused" in faults(used | {"trails"})
    assert "banding_dn is neither used nor marked unused" in faults(used - {"banding_dn"})
    wrong = (*SPECIFICATIONS, Specification("photometric", "j", 1.0, None, None, "r"))
    monkeypatch.setattr(registry, "SPECIFICATIONS", wrong)
    assert "photometric has no band j" in faults(used)
    monkeypatch.setattr(registry, "DERIVED_METRICS", (*registry.DERIVED_METRICS, definition("sources")))
    assert "sources is defined twice" in faults(used)


def test_the_schema_script_is_current(monkeypatch, tmp_path):
    assert sql.is_current(), "run: python -m app.quality.sql"
    monkeypatch.setattr(sql, "FILE", tmp_path / "metrics" / "24_metrics.sql")
    assert not sql.is_current()
    monkeypatch.setattr("sys.argv", ["sql"])
    sql.main()
    assert sql.is_current()
    monkeypatch.setattr("sys.argv", ["sql", "--check"])
    with pytest.raises(SystemExit) as stop:
        sql.main()
    assert stop.value.code == 0
