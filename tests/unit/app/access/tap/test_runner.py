"""The runner of jobs: a job that ends while the rows are read does not end the runner."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from app.access.limits import Limits
from app.access.tap import runner as module
from app.access.tap.runner import Runner


@pytest.mark.parametrize("ends", [True, False])
def test_a_job_that_was_aborted_is_cancelled_unless_it_has_ended(monkeypatch, ends):
    made = Runner(SimpleNamespace(limits=Limits()))
    monkeypatch.setattr(made, "_is_alone", lambda: True)

    async def turn():
        task = asyncio.create_task(asyncio.sleep(60))
        made._running["a"] = task
        answers = [["a"], [], None]

        async def operate(_act):
            if ends:
                made._running.clear()
            return answers.pop(0)

        monkeypatch.setattr(module, "operate", operate)
        await made._turn()
        await asyncio.sleep(0)
        cancelled = task.cancelled()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return cancelled, answers

    cancelled, left = asyncio.run(turn())
    assert cancelled is not ends
    assert left == []
