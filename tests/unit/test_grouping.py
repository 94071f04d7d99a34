"""Tests of a file run in one process, those of the shared night too, and costly groups start first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.worlds.grouping import SHARED_NIGHT, Grouping
from tests.worlds.places import ROOT

CONFTEST = """
import os
from pathlib import Path
from tests.worlds.grouping import GroupScheduling

def pytest_xdist_make_scheduler(config, log):
    return GroupScheduling(config, log)

def pytest_runtest_setup(item):
    with open(Path(__file__).parent / os.environ["PYTEST_XDIST_WORKER"], "a") as told:
        told.write(item.path.name + "\\n")
"""
TESTS = """
import pytest

@pytest.mark.parametrize("number", range(12))
def test_number(number):
    assert number < 12
"""


def test_files_stay_in_one_process(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    files = [f"test_{letter}.py" for letter in "abcdef"]
    for file in files:
        (tmp_path / file).write_text(TESTS, encoding="utf-8")
    words = ["-m", "pytest", "-q", "--numprocesses", "2", "--no-loadscope-reorder", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = [path.read_text().split() for path in sorted(tmp_path.glob("gw*"))]
    assert len(told) == 2, "both processes had tests"
    assert sorted(name for names in told for name in set(names)) == files, "no file ran in both"
    assert sum(map(len, told)) == 12 * len(files)


def test_the_shared_night_is_one_group_and_starts_first() -> None:
    grouping = Grouping(ROOT)
    names = ("test_whole_way.py", "test_stored_files.py", "test_replay.py")
    assert {grouping.group(f"tests/acceptance/{name}::test_any[1]") for name in names} == {SHARED_NIGHT}
    alone = "tests/acceptance/test_bad_scans.py"
    assert grouping.group(f"{alone}::test_any[a::b]") == alone
    ranks = [SHARED_NIGHT, "tests/contract/test_tasks.py", alone, "tests/unit/test_grouping.py"]
    assert [grouping.rank(group) for group in ranks] == [0, 1, 2, 3]
