"""Who may look into the room of finished images: nobody from the rooms below, and kernels of one form only."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.worlds.places import ROOT

BELOW = (
    "kernels", "frames", "calibration", "registration", "profile", "saturated", "photometry", "atlas", "extended",
    "merging", "artefacts",
)  # fmt: skip
KERNELS = ("images", "calibration", "registration", "extended")


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("room", BELOW)
def test_rooms_below_do_not_import_this_one(room):
    found = {
        f"{path.name}: {name}"
        for path in (ROOT / "workers/reduction" / room).glob("*.py")
        for name in imported(path)
        if name.startswith("workers.reduction.images")
    }
    assert found == set()


@pytest.mark.parametrize("module", ["extended.measure", "measure_scan", "reduce_scan"])
def test_measuring_frames_loads_no_module_of_this_room(module):
    program = (
        f"import sys, workers.reduction.{module};"
        " print([name for name in sys.modules if name.startswith('workers.reduction.images')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def kernels_of(room):
    for path in sorted((ROOT / "workers/reduction" / room).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(
                "njit" in ast.unparse(d) for d in node.decorator_list
            ):
                yield path, node


@pytest.mark.parametrize("room", KERNELS)
def test_kernels_multiply_instead_of_raising_to_powers(room):
    """numba compiles `x ** 2` once a process, with the options of whoever asked first.

    A kernel compiled after one without fast-math (the simulator has such) then gave other last bits than compiled
    before: the rows of an image depended on what its process had done.
    """
    powers = {
        f"{path.name}:{node.lineno} {kernel.name}"
        for path, kernel in kernels_of(room)
        for node in ast.walk(kernel)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)
    }
    assert powers == set()


@pytest.mark.parametrize("room", [room for room in KERNELS if room != "extended"])
def test_there_are_kernels_to_look_at(room):
    assert any(kernels_of(room))
