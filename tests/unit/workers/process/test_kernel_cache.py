"""Compiled kernels belong to exactly the sources they were compiled from."""

from __future__ import annotations

import os
from pathlib import Path

from numba import config

from tests.worlds.places import ROOT
from workers.reduction.kernels.compiled import cache_folder, forget_old_kernels


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
    """Of all sources of the reduction: kernels of one folder are compiled into those of another."""
    assert Path(config.CACHE_DIR).name == cache_folder(ROOT / "workers/reduction").name
