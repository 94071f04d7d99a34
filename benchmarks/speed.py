"""What the reduction of a full survey scan costs, beside what libraries cost for the same work and what physics asks.

    python -m benchmarks.speed [--latitude 20] [--frames 273] [--rounds 3] [--peers] [--processes]

One three-band scan is simulated and reduced several times in this process, as a worker does; the first round, which
loads compiled kernels and memory, is shown apart. Then its files and rows (`benchmarks.files`); with `--peers`
photutils, sep, drizzle and astroscrappy on parts of the same data, scaled to the whole; the floor (bytes moved at this
machine's bandwidth, arithmetic); with `--processes` two worker processes against one. All times are CPU seconds of one
process unless they say so.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from app.instruments.bands import BANDS
from app.observatory.parameters import NightParameters
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from benchmarks import peers
from benchmarks.files import print_files
from benchmarks.observed import ObservedScan, measure_finally, observe
from workers.process.memory import keep_memory
from workers.process.resources import Meter
from workers.process.warm import warm
from workers.reduction.frames.products import ScanSources
from workers.reduction.reduce_scan import ReducedScan, reduce_scan


def reduce_once(observed: ObservedScan) -> tuple[ReducedScan, ScanSources, float, float, float]:
    """Reduce a scan; CPU seconds to images and to sources, and peak MiB."""
    meter = Meter()
    photometry = PhotometryParameters()
    reduced = reduce_scan(
        observed.raw, observed.calibration, observed.reference, ReductionParameters(), photometry=photometry
    )
    images = meter.read().cpu_seconds or 0.0
    reduced, result = measure_finally(reduced, photometry)
    used = meter.read()
    return reduced, result, images, (used.cpu_seconds or 0.0) - images, (used.peak_memory_bytes or 0) / 2**20


def print_rounds(observed: ObservedScan, rounds: int) -> tuple[ReducedScan, ScanSources, float]:
    """Reduce several times; the median total of the warm rounds."""
    totals = []
    for turn in range(rounds + 1):
        reduced, result, images, sources, peak = reduce_once(observed)
        label = "first round (loads kernels, memory)" if turn == 0 else f"round {turn}"
        print(
            f"{label:<36} images {images:6.2f}  sources {sources:6.2f}  all {images + sources:6.2f} CPU s   "
            f"peak {peak:5.0f} MiB, {peak / 1024:.2f} GiB"
        )
        if turn:
            totals.append(images + sources)
        if turn < rounds:
            del reduced, result
    bright = sum(int((result.sources[f"{band.value}_snr"] > 7.0).sum()) for band in BANDS)
    median = float(np.median(totals))
    print(
        f"reduction, median of {rounds}: {median:.2f} CPU s; {result.sources.size} sources, {bright / 3:.0f} a band "
        f"above SNR 7; {1000 * median / max(result.sources.size, 1):.2f} ms a source"
    )
    return reduced, result, median


def print_processes(folder: Path) -> None:
    """Reduce in one process, then in two at once: the second may not cost the first."""
    walls = {}
    for count in (1, 2):
        command = [sys.executable, "-m", "benchmarks.speed", "--worker", str(folder)]
        started = time.monotonic()
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
        seconds = [float(one.communicate()[0].split()[-1]) for one in running]
        del started
        walls[count] = max(seconds)
    print(
        f"three warm scans in one process {walls[1]:.1f} s wall, in each of two at once {walls[2]:.1f} s: "
        f"throughput {2 * walls[1] / walls[2]:.2f} of one"
    )


def work(folder: Path) -> None:
    """Body of one of the processes: three scans after a first one; prints wall seconds."""
    keep_memory()
    observed = observe(parameters_of(folder), folder)
    reduce_once(observed)
    started = time.monotonic()
    for _ in range(3):
        reduce_once(observed)
    print(time.monotonic() - started)


def parameters_of(folder: Path) -> NightParameters:
    """Night that a folder's name encodes: LATITUDE-FRAMES-SEED."""
    latitude, frames, seed = folder.name.split("-")
    return NightParameters(
        frames=int(frames), latitude_deg=float(latitude), seed=int(seed), tiles=1, calibration_groups=0
    )


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--latitude", type=float, default=20.0)
    parser.add_argument("--frames", type=int, default=273)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--processes", action="store_true")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.worker)
        return
    print(f"kernels compiled or loaded in {warm():.1f} s")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / f"{options.latitude:g}-{options.frames}-{options.seed}"
        folder.mkdir()
        observed = observe(parameters_of(folder), folder)
        # As a worker does; only now, or what the simulation had would be kept too.
        print(f"memory kept: {keep_memory()}")
        reduced, result, median = print_rounds(observed, options.rounds)
        files = print_files(folder / parameters_of(folder).night_name, reduced, result)
        print(f"reduction, reading, writing and loading: {median + files:.2f} CPU s")
        peers.print_floor(reduced, median)
        if options.peers:
            peers.print_peers(reduced, result, median)
        del reduced, result, observed
        if options.processes:
            print_processes(folder)


if __name__ == "__main__":
    main()
