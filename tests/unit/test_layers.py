"""Who may import whom: docs/architecture.md, held by reading the imports."""

from __future__ import annotations

import ast
import sys

import pytest

from tests.worlds.places import ROOT

# The science sees arrays and values only: these packages are plain definitions, `app.quantiles` arithmetic on arrays.
REDUCTION_MAY = ("numpy", "numba", "scipy", "photutils", "astropy")
# `app.errors` is a list of classes: the science must be able to say that an image cannot be processed.
REDUCTION_OURS = (
    "app.arrays",
    "app.instruments",
    "app.columns",
    "app.parameters",
    "app.sky",
    "app.errors",
    "app.quantiles",
    "workers.reduction",
)
# Of the standard library, what reaches outside or depends on when and where a program runs.
REDUCTION_MUST_NOT = {
    "os",
    "sys",
    "time",
    "datetime",
    "random",
    "secrets",
    "subprocess",
    "socket",
    "threading",
    "logging",
}


def imports_of(path):
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            yield from (f"{module}.{alias.name}" for alias in node.names)


def modules(folder):
    return sorted((ROOT / folder).rglob("*.py"))


def within(name, roots):
    return any(name == root or name.startswith(root + ".") for root in roots)


@pytest.mark.parametrize("path", modules("app"), ids=str)
def test_app_never_imports_workers(path):
    assert [name for name in imports_of(path) if within(name, ["workers"])] == []


@pytest.mark.parametrize("path", modules("workers/reduction"), ids=str)
def test_reduction_knows_arrays_only(path):
    wrong = []
    for name in imports_of(path):
        top = name.split(".")[0]
        ours = top in {"app", "workers"}
        allowed = (
            within(name, REDUCTION_OURS) if ours else top in REDUCTION_MAY or top in sys.stdlib_module_names
        )
        if not allowed or top in REDUCTION_MUST_NOT:
            wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize("path", modules("app/sky"), ids=str)
def test_sky_stands_below_the_database(path):
    """Geometry is arithmetic on arrays and values: no table, file, setting or server below it."""
    outside = [name for name in imports_of(path) if within(name, ["app", "workers"])]
    assert [name for name in outside if not within(name, ["app.arrays", "app.errors", "app.sky"])] == []


@pytest.mark.parametrize("path", modules("app/observatory"), ids=str)
def test_observatory_shares_nominal_facts_alone(path):
    """The simulator is an independent truth: what the reduction believes of optics and noise must not be its own."""
    may = [
        "app.arrays",
        "app.errors",
        "app.formats",
        "app.ingest",
        "app.instruments",
        "app.observatory",
        "app.sky",
    ]
    outside = [name for name in imports_of(path) if within(name, ["app", "workers"])]
    assert [name for name in outside if not within(name, may)] == []
    shared = [name for name in outside if within(name, ["app.instruments"])]
    assert [name for name in shared if not within(name, ["app.instruments.bands"])] == []
