"""Who may import whom: the floors of docs/architecture.md, held by reading the imports."""

from __future__ import annotations

import sys

import pytest

from tests.worlds.imports import (
    circles,
    drawn_floors,
    imports_of,
    module_graph,
    names_of,
    room_graph,
    room_of,
    upwards,
    within,
)
from tests.worlds.places import ROOT

# From the ground up. A room imports from floors below its own only, never from a room beside it.
APP = (
    ("arrays", "checkout", "errors"),
    ("keys", "version"),
    ("instruments", "quantiles", "settings", "sky"),
    ("kernel_place", "parameters"),
    ("columns",),
    ("formats", "store"),
    ("db",),
    ("models",),
    ("quality",),
    ("ingest", "production"),
    ("observatory", "releases", "reports", "tools"),
    ("access",),
    ("cli",),
)
WORKERS = (("reduction",), ("steps",), ("process",), ("__main__",))
REDUCTION = (
    ("kernels",),
    ("frames",),
    ("calibration",),
    ("registration",),
    ("profile",),
    ("saturated",),
    ("galaxies",),
    ("photometry",),
    ("atlas",),
    ("extended",),
    ("deblending",),
    ("merging",),
    ("artefacts",),
    ("solution",),
    ("images",),
    ("diagnostics",),
    ("frame_quality",),
    ("reduce_scan",),
    ("measure_scan",),
)
PLANNED: set[str] = set()
"""Floors of the reduction without a folder yet. Take a name out when its folder is there."""
# The simulator is an independent truth: what the reduction believes of optics, noise and cameras must not be its own.
OBSERVATORY_MAY = (
    "app.arrays",
    "app.errors",
    "app.formats",
    "app.ingest",
    # Nominal facts of frames: identifier, shape, read times, cadence.
    "app.instruments",
    "app.kernel_place",
    "app.observatory",
    "app.sky",
)
WITHOUT_DATABASE = ("app.columns", "app.instruments", "app.parameters", "app.sky")
DATABASE = ("alembic", "app.db", "app.models", "psycopg", "sqlalchemy")
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
    "pathlib",
    "shutil",
    "tempfile",
    "io",
    "importlib",
}

MODULES = module_graph()
ROOMS = room_graph(MODULES)
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
BUILDINGS = {
    "app": (APP, "Floors of `app/`"),
    "workers": (WORKERS, "Floors of `workers/`"),
    "workers.reduction": (REDUCTION, "Floors of `workers/reduction/`"),
}


def named(building: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(f"{building}.{room}" for room in floor) for floor in BUILDINGS[building][0])


def paths(folder):
    return sorted((ROOT / folder).rglob("*.py"))


def test_app_never_imports_workers():
    """Not in a string either: a module that is imported by name is imported."""
    found = {
        (m, name) for m in MODULES for name in MODULES[m] if within(m, ["app"]) and within(name, ["workers"])
    }
    assert found == set()


@pytest.mark.parametrize("path", paths("workers/reduction"), ids=str)
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


def test_observatory_shares_nominal_facts_alone():
    named = {(m, name) for m in MODULES if within(m, ["app.observatory"]) for name in MODULES[m]}
    assert {(m, name) for m, name in named if not within(name, OBSERVATORY_MAY)} == set()


@pytest.mark.parametrize("package", WITHOUT_DATABASE)
def test_definitions_know_no_database(package):
    """Neither these packages nor anything that they import reaches a database."""
    reached, waiting = set(), [name for name in MODULES if within(name, [package])]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting.extend(MODULES[module])
    wrong = {
        f"{module}: {name}"
        for module in reached
        for name in imports_of(_path(module))
        if within(name, DATABASE)
    }
    assert wrong == set()


def _path(module):
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@pytest.mark.parametrize("building", BUILDINGS)
def test_imports_run_downwards(building):
    assert upwards(ROOMS, named(building)) == set()


@pytest.mark.parametrize("building", BUILDINGS)
def test_every_room_has_a_floor(building):
    """A new package must be given its place here and in the drawing."""
    folder = ROOT / building.replace(".", "/")
    rooms = {p.stem for p in folder.glob("*.py")} | {p.parent.name for p in folder.glob("*/__init__.py")}
    placed = [room for floor in BUILDINGS[building][0] for room in floor]
    assert len(placed) == len(set(placed))
    missing = PLANNED if building == "workers.reduction" else set()
    assert rooms - {"__init__"} == set(placed) - missing


def test_no_circle_of_modules():
    assert circles(MODULES) == []


def test_no_circle_of_rooms():
    assert circles(ROOMS) == []


@pytest.mark.parametrize("building", BUILDINGS)
def test_drawing_shows_the_same_floors(building):
    floors, title = BUILDINGS[building]
    drawn = drawn_floors(ARCHITECTURE, title)
    assert [set(floor) for floor in drawn] == [
        set(floor) - PLANNED for floor in floors if set(floor) - PLANNED
    ]


class TestTheReading:
    """The helpers find what they are for, on small made-up trees."""

    SOURCE = """
import os
from typing import TYPE_CHECKING
from ..base import thing
if TYPE_CHECKING:
    from app.upper import Name
def later():
    import app.hidden.deep
"""

    def test_imports_wherever_they_stand(self):
        names = set(names_of(self.SOURCE, ("app", "lower")))
        assert names == {"os", "typing.TYPE_CHECKING", "app.base.thing", "app.upper.Name", "app.hidden.deep"}

    def test_names_in_strings_count(self, tmp_path):
        by_name = 'TABLE = ("app.two.b",)\nCOMMAND = ["python", "-m", "app.c"]'
        for name, text in {"a": by_name, "two/b": "from app import a", "c": ""}.items():
            path = tmp_path / "app" / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        graph = module_graph(tmp_path)
        assert graph == {"app.a": {"app.two.b"}, "app.two.b": {"app.a"}, "app.c": set()}
        assert circles(graph) == [["app.a", "app.two.b"]]
        assert room_graph(graph) == {"app.a": {"app.two"}, "app.two": {"app.a"}, "app.c": set()}

    def test_rooms(self):
        assert room_of("app.db.copy") == "app.db"
        assert room_of("workers.reduction.frames.grid") == "workers.reduction.frames"
        assert room_of("workers.reduction.reduce_scan") == "workers.reduction.reduce_scan"

    def test_arrows_up_and_sideways(self):
        rooms = {"low": {"high"}, "high": {"low", "beside"}, "beside": set()}
        assert upwards(rooms, (("low",), ("high", "beside"))) == {("low", "high"), ("high", "beside")}

    def test_circles_of_three_and_none(self):
        assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
        assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []

    def test_drawing(self):
        drawing = "    +---+\n    | cli, web   commands |\n    | db     rows |\n    +---+\n"
        page = f"Title of it\n\n{drawing}\n| not | this |\n"
        assert drawn_floors(page, "Title of it") == (("db",), ("cli", "web"))
        with pytest.raises(LookupError, match="no drawing"):
            drawn_floors(page, "Another title")
