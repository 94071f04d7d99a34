"""The examples in the docstrings of the frame path are true."""

from __future__ import annotations

import doctest
import importlib

import pytest
from numba.core.dispatcher import Dispatcher

from tests.worlds.places import ROOT

FOLDERS = ("frames", "profile", "photometry", "kernels")
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for folder in FOLDERS
    for path in sorted((ROOT / "workers/reduction" / folder).glob("*.py"))
]


def examples(name):
    """Examples of a module, those of compiled functions too, which doctest does not see by itself."""
    module, finder = importlib.import_module(name), doctest.DocTestFinder(exclude_empty=True)
    found = [test for test in finder.find(module) if test.examples]
    for value in vars(module).values():
        if isinstance(value, Dispatcher) and value.py_func.__module__ == name:
            function = value.py_func
            found += [t for t in finder.find(function, function.__name__, module, vars(module)) if t.examples]
    return found


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name):
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for test in examples(name):
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_the_science_has_examples():
    """Grids, geometry, looks, widths and the bound show their use."""
    names = {test.name.rsplit(".", 1)[-1] for module in MODULES for test in examples(module)}
    assert {"strip_grid", "FrameGeometry", "find_looks", "width_pix", "scan_noise_dn"} <= names
    assert {"field_place", "marked_columns"} <= names
