"""One scan reduced in two processes, with other numbers of threads and other hash seeds: the same bytes."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from app.observatory.parameters import NightParameters
from tests.worlds.places import ROOT
from tests.worlds.short_scans import observe

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


@pytest.mark.parametrize("prepared", [2.0], ids=["plane"], indirect=True)
def test_a_second_scan_in_the_same_process_is_not_touched_by_the_first(prepared):
    """What a worker keeps from task to task, compiled code and buffers, must not show."""
    observed = pickle.loads(prepared.read_bytes())  # noqa: S301 - written by this test
    _, first = observed.reduce()
    _, second = observed.reduce()
    assert second.sources.tobytes() == first.sources.tobytes()
    assert second.extended.tobytes() == first.extended.tobytes()
    assert second.metrics == first.metrics
