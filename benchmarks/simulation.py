"""What the simulated survey costs: CPU seconds a scan.

    python -m benchmarks.simulation [--plan demo] [--scans 12]

Observes scans of a shipped plan in this process with one thread, evenly chosen from all its nights, and prints CPU
seconds by kind of scan; the first scan, which loads compiled kernels, is shown apart. Limits: 2 CPU seconds a short
scan, on the average and in the median of each kind. What doing nothing would score: the same scans under an empty sky,
which still have noise, darks and files. Exit status 1 where a limit is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import process_time

import numba
import numpy as np

from app.observatory.survey.plan import NightPlan, Sky, SurveyPlan
from app.observatory.survey.plan_file import find_plan, read_plan
from app.observatory.survey.scan import observe_scan
from app.observatory.survey.schedule import Commanded, plan_scans

LIMIT_SECONDS = 2.0


def _chosen(plan: SurveyPlan, count: int) -> Iterator[tuple[NightPlan, int, Commanded]]:
    """Choose scans evenly from all nights, each with its position in the night."""
    scans = [
        (night, position, item)
        for night in plan.nights
        for position, item in enumerate(plan_scans(plan, night))
    ]
    for index in np.unique(np.linspace(0, len(scans) - 1, min(count, len(scans))).astype(int)):
        yield scans[index]


def _measure(plan: SurveyPlan, count: int, folder: Path) -> dict[str, list[float]]:
    """CPU seconds of scans by their kind; those of the very first scan under `first`."""
    seconds: dict[str, list[float]] = {}
    for night, position, item in _chosen(plan, count):
        started = process_time()
        observe_scan(plan, night, position, folder)
        kind = item.scan.scan_type.value if seconds else "first"
        seconds.setdefault(kind, []).append(process_time() - started)
    return seconds


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--plan", default="demo")
    parser.add_argument("--scans", type=int, default=12)
    options = parser.parse_args()
    numba.set_num_threads(1)
    plan = read_plan(find_plan(options.plan))
    empty = replace(
        plan,
        sky=Sky(density_factor=0.0, galaxy_density_factor=0.0),
        crowds=(), stars=(), galaxies=(), nebulae=(),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        seconds = _measure(plan, options.scans, Path(folder))
        nothing = _measure(empty, options.scans, Path(folder))
    whole = [value for kind, values in seconds.items() if kind != "first" for value in values]
    floor = [value for kind, values in nothing.items() if kind != "first" for value in values]
    print(f"plan {options.plan}, CPU seconds a scan (the first: {seconds['first'][0]:.1f})")
    failed = np.mean(whole) > LIMIT_SECONDS
    for kind in sorted(seconds.keys() - {"first"}):
        values = seconds[kind]
        failed |= np.median(values) > LIMIT_SECONDS
        print(f"  {kind}  {len(values):3d} scans  median {np.median(values):.2f}  largest {max(values):.2f}")
    print(f"  all  {len(whole):3d} scans  mean {np.mean(whole):.2f}, limit {LIMIT_SECONDS:g}")
    print(f"an empty sky (doing nothing): mean {np.mean(floor):.2f}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
