"""Warming meets every kernel with every type: the first real scan compiles nothing."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.worlds.places import ROOT

# A process of its own: in the tests' own one, other tests have compiled what warming forgets.
PROGRAM = """
import importlib, json, pkgutil
from numba.core.dispatcher import Dispatcher
import workers.reduction
from app.instruments.bands import Band
from tests.worlds.small_scan import make_scan
from tests.unit.workers.reduction.registration.test_solve import references
from app.parameters.reduction import ReductionParameters
from workers.reduction.reduce_scan import reduce_scan
from workers.reduction.measure_scan import measure_scan
from app.parameters.photometry import PhotometryParameters
from workers.process.warm import warm

kernels = {}
for found in pkgutil.walk_packages(workers.reduction.__path__, "workers.reduction."):
    module = importlib.import_module(found.name)
    for name, value in vars(module).items():
        if isinstance(value, Dispatcher) and value.py_func.__module__ == found.name:
            kernels[f"{found.name}.{name}"] = value
told = []
warm(told.append)
before = {name: set(kernel.signatures) for name, kernel in kernels.items()}
# Saturated stars of both reads, hits, a missing frame, several bands, references, extended sources.
scan = make_scan(frames=8, count=250, seed=5, bands=(Band.J, Band.K), bright=(2.5, 6.6), hits=3, missing=(4,))
reduced = reduce_scan(scan.raw, scan.calibration, references(scan), ReductionParameters())
rows = measure_scan(reduced, PhotometryParameters()).sources
new = [name for name, kernel in kernels.items() if set(kernel.signatures) - before[name]]
warmed = sum(bool(signatures) for signatures in before.values())
print(json.dumps({"rows": int(rows.size), "warmed": warmed, "new": new, "told": told}))
"""


def test_a_scan_compiles_nothing_after_warming():
    root = ROOT
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=root, capture_output=True, text=True, check=True, timeout=200
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["rows"] > 100
    assert found["warmed"] > 30  # kernels that others call have signatures only where they were compiled anew
    assert found["new"] == []
    # Compiling takes a minute at the installation: each part says how far it is.
    assert [f"part {number} of 4" in line for number, line in enumerate(found["told"], 1)] == [True] * 4
