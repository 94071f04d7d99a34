"""Compiled kernels find a place, or one line says which variable names one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from app import kernel_place as module
from app.db import doctor
from app.kernel_place import VARIABLE, KernelPlaceError, kernel_place, use_kernel_place
from tests.worlds.places import ROOT

CLOSED = Path("/proc/no/folder")


@pytest.fixture(autouse=True)
def _unnamed(settings, monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return settings


def test_beside_the_sources_where_that_can_be_written(tmp_path):
    assert kernel_place(tmp_path / "a" / "__pycache__") == tmp_path / "a" / "__pycache__"
    use_kernel_place(tmp_path)
    assert VARIABLE not in os.environ


def test_else_in_the_home(settings, monkeypatch):
    monkeypatch.setenv(VARIABLE, "  ")
    assert kernel_place(CLOSED) == settings.home / "kernels"
    use_kernel_place(CLOSED)
    assert os.environ[VARIABLE] == str(settings.home / "kernels")


@pytest.mark.parametrize("home", ["/proc/home", "~nobody_of_this_name"])
def test_else_in_the_temporary_folder(monkeypatch, tmp_path, home):
    from app.settings import get_settings

    monkeypatch.setenv("MAPPS_HOME", home)
    get_settings.cache_clear()
    assert kernel_place(CLOSED) == tmp_path / f"mapps-kernels-{os.geteuid()}"


def test_a_folder_that_somebody_else_prepared_is_not_taken(monkeypatch, tmp_path):
    from app.settings import get_settings

    monkeypatch.setenv("MAPPS_HOME", "/proc/home")
    get_settings.cache_clear()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"mapps-kernels-{os.geteuid()}").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KernelPlaceError, match=VARIABLE):
        kernel_place(CLOSED)


def test_a_named_folder_is_taken_or_refused_by_name(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "named"))
    assert kernel_place(tmp_path) == tmp_path / "named"
    monkeypatch.setenv(VARIABLE, str(CLOSED))
    with pytest.raises(KernelPlaceError, match=f"{CLOSED}, which {VARIABLE} names"):
        kernel_place(tmp_path)
    finding = doctor.check_kernels()
    assert not finding.ok
    assert finding.remedy.startswith(f"export {VARIABLE}=")


def test_no_place_at_all_is_one_line(monkeypatch):
    monkeypatch.setattr(module, "can_keep", lambda _folder: False)
    with pytest.raises(KernelPlaceError, match=VARIABLE):
        kernel_place(CLOSED)


@pytest.mark.parametrize("words", [["-m", "workers", "warm"], ["-m", "app.cli.main", "scan", "list"]])
def test_programs_end_with_three_and_one_line(words):
    environment = os.environ | {VARIABLE: str(CLOSED)}
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if words[1] == "workers":
        assert done.returncode == 3
        assert done.stderr.count("\n") == 1
        assert VARIABLE in done.stderr
    assert "Traceback" not in done.stderr
