"""The process that compiles a kernel gives the same bytes as one that loads it from the cache."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.worlds.places import ROOT

# Rotated frames with distortion: every kernel of the coadd rounds.
PROGRAM = """
import hashlib
import numpy as np
from tests.worlds.frame_stack import blank
from workers.reduction.atlas.coadd import coadd
from workers.reduction.frames.grid import strip_grid
from workers.reduction.frames.geometry import FrameGeometry

rng = np.random.default_rng(3)
matrix = 2.0 * np.array([[1.0, -0.004], [0.004, 1.0]])
place = rng.standard_normal((2, 6))
geometry = FrameGeometry(place[0], 83.25 * np.arange(6) + place[1], matrix, np.zeros(6), 0.05, size_pix=256)
planes = coadd(blank(6, rng=rng), geometry, rng.standard_normal((6, 6)), strip_grid(geometry))
print([hashlib.sha256(plane.tobytes()).hexdigest() for plane in planes])
"""


def test_compiled_and_loaded_kernels_give_the_same_bytes(tmp_path):
    root = ROOT
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    first, second = (
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    )
    assert any(tmp_path.rglob("*.nbc"))
    assert first == second
