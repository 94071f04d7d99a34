"""The way of a frame stack through the reduction: which modules it visits, in the order of calls.

python -m tests.worlds.way      the stays of a scan without saturated stars, one a line

A stay is a run of calls into one module of `workers/reduction` that are given frames: an array of all frames of a band,
or a value that holds one. A return is a stay in a module that was visited before. Properties and methods that only hand
out what a value holds (`HANDING_OUT`) are no stays; rounds of a loop are.
"""

from __future__ import annotations

import dataclasses
import sys
from contextlib import contextmanager

import numpy as np

from app.instruments.bands import Band
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from tests.worlds.places import ROOT
from tests.worlds.small_scan import make_scan
from workers.reduction.measure_scan import measure_scan
from workers.reduction.reduce_scan import ReferenceStars, reduce_scan

FOLDER = f"{ROOT / 'workers/reduction'}/"
HANDING_OUT = frozenset((
    "__init__", "usable", "frames", "geometry", "bands", "at", "looks", "sky_dn", "noise_dn", "crowding", "pixels_dn",
    "arrays", "flat", "change", "lend", "give_back", "_calibration_arrays",
))  # fmt: skip


def holds_frames(value, shape, depth=0):
    """Whether a value is, or has somewhere inside, an array of all frames."""
    if isinstance(value, np.ndarray):
        return value.shape == shape
    if depth > 5:
        return False
    if isinstance(value, dict):
        parts = list(value.values())
    elif isinstance(value, tuple | list):
        parts = value[:40]
    elif dataclasses.is_dataclass(value) or type(value).__module__.startswith("workers.reduction"):
        parts = list(getattr(value, "__dict__", {}).values())
    else:
        return False
    return any(holds_frames(part, shape, depth + 1) for part in parts)


@contextmanager
def traced(shape):
    """List (module, function) of all calls that are given frames, as long as the block runs."""
    calls = []

    def note(frame, event, _):
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(FOLDER) or code.co_name.startswith("<"):
            return
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if code.co_name not in HANDING_OUT and any(
            holds_frames(frame.f_locals.get(name), shape) for name in names
        ):
            calls.append((code.co_filename.removeprefix(FOLDER).removesuffix(".py"), code.co_name))

    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def stays_of(calls):
    """Calls joined to stays: (module, names of the functions)."""
    stays = []
    for module, name in calls:
        if not stays or stays[-1][0] != module:
            stays.append((module, []))
        if name not in stays[-1][1]:
            stays[-1][1].append(name)
    return stays


def returns_of(stays):
    """Stays in modules that were visited before."""
    return len(stays) - len({module for module, _ in stays})


def ways():
    """Stays in `reduce_scan` and in `measure_scan` of one band."""
    scan = make_scan(frames=12, count=300, seed=5, bright=(3.3, 4.4))
    shape = scan.raw[Band.J].read2_dn.shape
    with traced(shape) as reducing:
        reduced = reduce_scan(scan.raw, scan.calibration, ReferenceStars.none(), ReductionParameters())
    with traced(shape) as measuring:
        measure_scan(reduced, PhotometryParameters())
    return stays_of(reducing), stays_of(measuring)


def main() -> None:
    for title, stays in zip(("reduce_scan", "measure_scan"), ways(), strict=True):
        print(f"== {title}: {len(stays)} stays, {returns_of(stays)} returns")
        print("\n".join(f"{module:36s}{', '.join(names)}" for module, names in stays))


if __name__ == "__main__":
    main()
