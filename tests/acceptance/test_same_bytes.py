"""One scan reduced in several processes, with other numbers of threads and other hash seeds: the same bytes."""

from __future__ import annotations

import json
import logging
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from app.observatory.parameters import NightParameters
from app.production.claim import Claim
from app.production.output_hash import output_hash
from app.settings import Settings
from app.store import Store
from tests.acceptance.conftest import Site
from tests.worlds.places import ROOT
from tests.worlds.short_scans import observe
from workers.steps.context import StepContext
from workers.steps.registry import STEPS

THREADS = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=[2.0, 30.0], ids=["plane", "sparse"])
def prepared(request, tmp_path_factory) -> Path:
    """A short scan of three bands, crowded or sparse, as the processes read it."""
    folder = tmp_path_factory.mktemp("scan")
    parameters = NightParameters(
        tiles=1,
        frames=14,
        calibration_groups=0,
        dark_frames=6,
        flat_frames=6,
        seed=5,
        latitude_deg=request.param,
    )
    path = folder / "scan.pickle"
    path.write_bytes(pickle.dumps(observe(folder, parameters)))
    return path


def reduce_elsewhere(path: Path, threads: int, seed: int) -> dict[str, str]:
    environment = os.environ | dict.fromkeys(THREADS, str(threads)) | {"PYTHONHASHSEED": str(seed)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.worlds.same_bytes", str(path)],
        env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_processes_and_threads_do_not_matter(prepared):
    first = reduce_elsewhere(prepared, 1, 0)
    assert int(first["count"]) > 200
    assert reduce_elsewhere(prepared, 4, 12345) == first
    assert reduce_elsewhere(prepared, 1, 7) == first


def test_a_second_scan_in_the_same_process_is_not_touched_by_the_first(prepared):
    """What a worker keeps from task to task, compiled code and buffers, must not show."""
    observed = pickle.loads(prepared.read_bytes())  # noqa: S301 - written by this test
    _, first = observed.reduce()
    _, second = observed.reduce()
    assert second.sources.tobytes() == first.sources.tobytes()
    assert second.extended.tobytes() == first.extended.tobytes()
    assert second.metrics == first.metrics


CLAIMS = """
SELECT a.attempt_id, a.token, t.task_id, t.run_id, r.name, t.kind, t.night_id, t.scan_key, p.pipeline_hash,
       p.parameters, a.input_hash, a.output_hash
FROM production.attempt AS a
JOIN production.task AS t USING (task_id)
JOIN production.run AS r ON r.run_id = t.run_id
JOIN production.pipeline AS p ON p.pipeline_id = r.pipeline_id
WHERE a.accepted
ORDER BY t.task_id
"""


def test_every_accepted_attempt_done_again_gives_its_hashes(night: Site):
    """The steps of the run `first` once more, in this process and unpublished: inputs and outputs by their hashes."""
    with night.database.connect("reader") as connection:
        rows = connection.execute(CLAIMS).fetchall()
    context = StepContext(
        connect=lambda: night.database.connect("worker"),
        store=Store(str(night.home / "store")),
        settings=Settings(home=night.home),
        parameters=rows[0][9],
        checkpoint=lambda _: None,
        log=logging.getLogger("replay"),
    )
    assert {row[5] for row in rows} == {"night_calibration", "scan", "night_solution", "night_grades"}
    for *claim, input_hash, content in rows:
        made = STEPS[claim[5]](Claim(*claim), context)
        assert (made.input_hash, output_hash(made)) == (input_hash, content), claim[5:8]
