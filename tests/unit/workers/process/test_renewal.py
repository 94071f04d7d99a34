"""Renewal while the work goes on: what may starve it, and what a lost token does."""

from __future__ import annotations

import ast
import re
import threading

import psycopg
import pytest

from app.errors import DatabaseUnavailableError, TokenLostError
from app.production.claim import Claim
from tests.worlds.places import ROOT
from workers.process import renewal as module
from workers.process.renewal import Renewal

CLAIM = Claim(1, 2, 3, 4, "run", "scan", 5, 6, "", {})


class Line:
    """A connection that only counts."""

    def __init__(self):
        self.closed = False

    def close(self):
        self.closed = True


def renewing(monkeypatch, answers, connect=Line):
    """Start a renewal whose server gives these answers; the event is set when all are given."""
    left, all_given = iter(answers), threading.Event()

    def renew(_connection, _claim, _lease):
        answer = next(left, None)
        if answer is None:
            all_given.set()
            return True
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(module, "renew", renew)
    return Renewal(connect, CLAIM, 1.0, 0.001), all_given


def test_lost_token_stops_the_work_at_the_next_checkpoint(monkeypatch):
    renewal, _ = renewing(monkeypatch, [True, True, False])
    with renewal:
        renewal._thread.join(10)
        with pytest.raises(TokenLostError, match="token 2 is lost"):
            renewal.require()


@pytest.mark.parametrize("error", [psycopg.OperationalError("gone"), DatabaseUnavailableError("away")])
def test_a_server_that_is_away_does_not_stop_the_work(monkeypatch, error):
    lines = []

    def connect():
        lines.append(Line())
        return lines[-1]

    renewal, all_given = renewing(monkeypatch, [True, error, True], connect)
    with renewal:
        assert all_given.wait(10)
        renewal.require()
    assert len(lines) == 2
    assert all(line.closed for line in lines)


def test_short_tasks_cost_no_connection():
    def connect():
        raise AssertionError

    with Renewal(connect, CLAIM, 90.0, 30.0) as renewal:
        renewal.require()


def decorators():
    for path in sorted((ROOT / "workers").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield from ((f"{path.name}:{node.name}", ast.unparse(d)) for d in node.decorator_list)


def test_every_compiled_kernel_releases_the_interpreter_lock():
    """The thread depends on it: a kernel that keeps the lock would stop renewals for as long as it runs."""
    from workers.reduction.kernels.compiled import BORROWING, KERNEL, PLAIN

    assert KERNEL["nogil"] is BORROWING["nogil"] is PLAIN["nogil"] is True
    kernels = [(name, text) for name, text in decorators() if "jit" in text or "vectorize" in text]
    assert kernels
    assert [
        name
        for name, text in kernels
        if not re.search(r"\*\*KERNEL|\*\*BORROWING|\*\*PLAIN|nogil=True", text)
    ] == []
