"""Compiled kernels belong to exactly the sources they were compiled from."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from numba import config

from tests.worlds.places import ROOT
from workers.process.kernel_cache import (
    SOURCES,
    VARIABLE,
    cache_folder,
    forget_old_kernels,
    sources_hash,
    use_cache_folder,
)
from workers.reduction.kernels import compiled


@pytest.fixture
def tree(tmp_path):
    """The sources of kernels in a folder of their own."""
    for name in SOURCES:
        source, target = ROOT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    return tmp_path


def test_the_same_sources_mean_the_same_folder(tree):
    assert cache_folder(tree, "") == tree / "workers/reduction/__pycache__" / f"kernels-{sources_hash(tree)}"
    assert sources_hash(tree) == sources_hash(ROOT)
    (tree / "workers/process.py").touch()
    assert sources_hash(tree) == sources_hash(ROOT)


@pytest.mark.parametrize("name", SOURCES)
def test_a_change_of_any_source_means_another_folder(tree, name):
    before = cache_folder(tree, "")
    changed = tree / name if name.endswith(".py") else max((tree / name).rglob("*.py"))
    changed.write_text(changed.read_text(encoding="utf-8") + "X = 1\n", encoding="utf-8")
    assert cache_folder(tree, "") != before


def test_a_file_that_moves_means_another_folder(tree):
    """A kernel's module is part of what others import of it."""
    before = cache_folder(tree, "")
    (tree / "workers/reduction/kernels/pairs.py").rename(tree / "workers/reduction/kernels/couples.py")
    assert cache_folder(tree, "") != before


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_that_is_gone_is_told(tree, name):
    (shutil.rmtree if (tree / name).is_dir() else Path.unlink)(tree / name)
    with pytest.raises(FileNotFoundError):
        sources_hash(tree)


def test_a_given_folder_holds_the_folders_of_all_versions(tree):
    name = cache_folder(tree, "").name
    assert cache_folder(tree, "/elsewhere") == Path("/elsewhere") / name
    # What a process of another version hands down is that version's folder.
    assert cache_folder(tree, "/elsewhere/kernels-0123456789abcdef") == Path("/elsewhere") / name
    assert cache_folder(tree, f"/elsewhere/{name}") == Path("/elsewhere") / name


def test_kernels_of_former_sources_are_removed_after_a_week(tmp_path):
    own, old, new = (tmp_path / f"kernels-{name}" for name in ("own", "old", "new"))
    now = 1e9
    for folder, days in ((own, 30), (old, 8), (new, 6)):
        folder.mkdir()
        os.utime(folder, (now, now - 86400 * days))
    forget_old_kernels(own, now)
    assert sorted(tmp_path.iterdir()) == sorted([own, new])


def test_kernels_of_the_reduction_are_kept_there():
    folder = cache_folder()
    assert Path(config.CACHE_DIR) == folder
    assert os.environ[VARIABLE] == str(folder)
    assert folder in Path(compiled.any_flagged._cache.cache_path).parents


def test_a_loaded_numba_learns_of_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    use_cache_folder()
    assert Path(config.CACHE_DIR) == cache_folder() == tmp_path / f"kernels-{sources_hash()}"


def printed_by(program: str, **environment: str):
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_importing_workers_sets_the_folder_and_loads_no_compiler(tmp_path):
    program = (
        "import json, os, sys, workers; loaded = 'numba' in sys.modules; import numba;"
        " print(json.dumps([loaded, os.environ['NUMBA_CACHE_DIR'], numba.config.CACHE_DIR]))"
    )
    loaded, told, used = printed_by(program, NUMBA_CACHE_DIR=str(tmp_path))
    assert not loaded
    assert told == used == str(cache_folder(given=str(tmp_path)))


@pytest.mark.parametrize("first", ["numba", "app.formats.rice_decoding", "app.observatory.exposure"])
def test_every_kernel_is_declared_after_the_folder_is_set(tmp_path, first):
    """Also where numba, or kernels that are not the reduction's, were loaded before the workers."""
    program = (
        f"import json, {first}; from workers.reduction.kernels.compiled import select;"
        " print(json.dumps(select._cache.cache_path))"
    )
    folder = cache_folder(given=str(tmp_path))
    assert folder in Path(printed_by(program, NUMBA_CACHE_DIR=str(tmp_path))).parents


def kernel_imports(path: Path) -> dict[str, str]:
    """Names of our own that kernels of a module use: name -> module it was imported from."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    origin = {
        alias.asname or alias.name: node.module or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    kernels = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and any("njit" in ast.unparse(d) for d in node.decorator_list)
    ]
    used = {
        name.id for kernel in kernels for name in ast.walk(kernel) if isinstance(name, ast.Name)
    } & origin.keys()
    return {name: origin[name] for name in used if origin[name].split(".")[0] in {"app", "workers"}}


def test_kernels_use_nothing_that_the_hash_does_not_cover():
    covered = tuple(name.removesuffix(".py").replace("/", ".") for name in SOURCES)
    found = {
        f"{path.name}: {name}": module
        for path in (ROOT / "workers" / "reduction").rglob("*.py")
        for name, module in kernel_imports(path).items()
    }
    assert len(found) > 50  # flags, array types, helpers of other modules
    assert {
        place: module
        for place, module in found.items()
        if not any(module == name or module.startswith(name + ".") for name in covered)
    } == {}
