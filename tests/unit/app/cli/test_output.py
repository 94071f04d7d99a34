from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from app.cli import output


@pytest.fixture(autouse=True)
def _text_mode():
    output.forget_mode()
    yield
    output.forget_mode()


ROWS = [{"name": "a\tb", "n": 1, "mag": float("nan")}, {"name": None, "n": 20, "mag": 12.5}]


def test_plain_table_is_aligned_and_free_of_tabs(capsys):
    output.emit_table(ROWS, ("name", "n", "mag"))
    assert capsys.readouterr().out.splitlines() == ["name   n   mag", "a b    1   nan", "-     20  12.5"]


def test_sequences_follow_the_columns(capsys):
    output.emit_table([("x", True)], ("name", "done"))
    assert capsys.readouterr().out.splitlines() == ["name  done", "x     yes"]


def test_json_table(capsys):
    output.use_json(value=True)
    output.emit_table(ROWS, ("name", "n", "mag"))
    assert json.loads(capsys.readouterr().out) == [
        {"name": "a\tb", "n": 1, "mag": None},
        {"name": None, "n": 20, "mag": 12.5},
    ]


def test_json_takes_what_rows_hold(capsys):
    output.use_json(value=True)
    moment = datetime(2000, 1, 2, 3, 4, 5, tzinfo=UTC)
    output.emit_record({"t": moment, "d": Decimal("1.5"), "f": np.float32(0.5), "i": np.int64(3)})
    assert json.loads(capsys.readouterr().out) == {"t": moment.isoformat(), "d": 1.5, "f": 0.5, "i": 3}


def test_lines_for_people_leave_json_alone(capsys):
    output.use_json(value=True)
    output.say("working")
    caught = capsys.readouterr()
    assert (caught.out, caught.err) == ("", "working\n")


def test_rich_table_keeps_brackets(capsys, monkeypatch):
    monkeypatch.setattr(output, "on_terminal", lambda: True)
    output.emit_table([{"name": "[red]x[/red]"}], ("name",), title="things")
    assert "[red]x[/red]" in capsys.readouterr().out


def test_track_counts(capsys):
    assert list(output.track([1, 2, 3], "scans")) == [1, 2, 3]
    assert capsys.readouterr().err == "scans: 3 done\n"


def test_times_are_utc():
    assert output.as_text(datetime(2000, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2000-01-02 03:04:05Z"


def test_characters_that_steer_a_terminal_are_shown_as_escapes(capsys):
    output.say("file a\x1b[31m.fits\n\tcaf\udce9")
    output.emit_table([("a\x1b]0;x\x07", 1)], ("name", "n"))
    output.emit_record({"name": "b\x9b31m"})
    told = capsys.readouterr().out
    assert "file a\\x1b[31m.fits\n\tcaf\\xe9\n" in told
    assert "a\\x1b]0;x\\x07" in told
    assert "b\\x9b31m" in told
