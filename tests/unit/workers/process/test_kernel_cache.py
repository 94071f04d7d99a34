"""Compiled kernels belong to exactly the sources they were compiled from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from numba import config

import workers.reduction
from tests.worlds.places import ROOT
from workers.reduction.kernels.compiled import SOURCES, cache_folder, forget_old_kernels


def test_a_change_of_any_source_means_another_folder(tmp_path):
    (tmp_path / "stack").mkdir()
    for name in ("a.py", "stack/b.py"):
        (tmp_path / name).write_text("x = 1\n")
    before = cache_folder(tmp_path)
    assert before == cache_folder(tmp_path)
    assert before.parent == tmp_path / "__pycache__"
    (tmp_path / "stack/b.py").write_text("x = 2\n")
    assert cache_folder(tmp_path) != before
    assert cache_folder(tmp_path, "/elsewhere") == Path("/elsewhere") / cache_folder(tmp_path).name


def test_kernels_of_former_sources_are_removed_after_a_week(tmp_path):
    mine, old, new = (tmp_path / f"kernels-{name}" for name in ("mine", "old", "new"))
    now = 1e9
    for folder, days in ((mine, 30), (old, 8), (new, 6)):
        folder.mkdir()
        os.utime(folder, (now, now - 86400 * days))
    forget_old_kernels(mine, now)
    assert sorted(tmp_path.iterdir()) == sorted([mine, new])


def test_kernels_of_the_reduction_are_kept_there():
    assert Path(workers.reduction.__path__[0]) == SOURCES
    assert Path(config.CACHE_DIR).name == cache_folder(SOURCES).name


def compiled_modules():
    """Modules of the reduction that have kernels."""
    return [path for path in ROOT.glob("workers/**/*.py") if "@njit(" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", compiled_modules(), ids=lambda path: path.stem)
def test_every_kernel_is_among_the_sources(path):
    """Else a change of that module leaves its old code in the kernels that call it."""
    assert SOURCES in path.parents
