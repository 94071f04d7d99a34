"""Closed and full standard streams are no tracebacks, and change no exit status but where the result itself is lost."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.worlds.places import ROOT

# Neither needs a database: one prints a result, one ends with a wrong word.
GOOD, WRONG = "--help", "run nosuch-verb"


def mapps(words, redirections):
    line = f"exec {sys.executable} -m app.cli.main {words} {redirections}"
    return subprocess.run(
        ["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("words", "status"), [(GOOD, 0), (WRONG, 2)])
def test_closed_streams_change_nothing(words, status, closed):
    done = mapps(words, closed)
    assert done.returncode == status
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "full", "status"),
    [(GOOD, ">/dev/full", 3), (WRONG, "2>/dev/full", 2), (GOOD, "2>/dev/full", 0)],
)
def test_full_streams(words, full, status):
    done = mapps(words, full)
    assert done.returncode == status
    assert "Traceback" not in done.stdout + done.stderr
    if full == ">/dev/full":
        assert "error FILE_SYSTEM: No space left on device" in done.stderr


def test_what_is_opened_later_takes_the_place_of_no_stream():
    """A file with the number of a closed stream would get what programs print that we start."""
    code = (
        "from app.cli.streams import open_closed_streams; open_closed_streams(); import os;"
        " assert os.open('/dev/null', os.O_RDONLY) > 2; print('lost')"
    )
    line = f'exec {sys.executable} -c "{code}" <&- >&- 2>&-'
    assert subprocess.run(["bash", "-c", line], cwd=ROOT, check=False, timeout=60).returncode == 0
