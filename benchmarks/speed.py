"""What the reduction of a full survey scan costs, beside what libraries cost for the same work and what physics asks.

    python -m benchmarks.speed [--latitude 20] [--frames 273] [--rounds 3] [--peers] [--processes]

One three-band scan is simulated and reduced several times in this process, as a worker does; the first round, which
loads compiled kernels and memory, is shown apart. Then its files and rows (`benchmarks.files`); with `--peers`
photutils, sep, drizzle and astroscrappy on parts of the same data, scaled to the whole; the floor (bytes moved at this
machine's bandwidth, arithmetic); with `--processes` two worker processes against one. All times are CPU seconds of one
process unless they say so.

Limits, exit status 1 where one is missed: CPU seconds of the warm reduction (scaled by a fixed kernel that is timed in
the same run) and peak memory, of a full scan of 273 frames outside the plane (latitude 15 and more) and in it; what the
work would cost by photutils alone is printed beside them and must fail.
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
from benchmarks.machine import slowness
from benchmarks.observed import ObservedScan, measure_finally, observe
from benchmarks.verdict import Verdict
from workers.process.memory import keep_memory
from workers.process.resources import Meter
from workers.process.warm import warm
from workers.reduction.frames.products import ScanSources
from workers.reduction.reduce_scan import ReducedScan, reduce_scan

FULL_SCAN_FRAMES, PLANE_DEG = 273, 15.0
LIMITS = {"outside of the plane": (8.0, 1.6), "in the plane": (65.0, 2.3)}
"""CPU seconds of a warm reduction, galaxies and pairs included, and peak memory in GiB, of a full scan."""
PHOTUTILS_STARS_A_SECOND = 681.0
"""PSF photometry of one coadd, as `benchmarks/baseline-0a714b7.json` has it."""


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


def print_rounds(observed: ObservedScan, rounds: int) -> tuple[ReducedScan, ScanSources, float, float]:
    """Reduce several times; the median total of the warm rounds, and the largest peak in GiB."""
    totals, peak_gib = [], 0.0
    for turn in range(rounds + 1):
        reduced, result, images, sources, peak = reduce_once(observed)
        peak_gib = max(peak_gib, peak / 1024)
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
    return reduced, result, median, peak_gib


def judge(median: float, peak_gib: float, sources: int, options: argparse.Namespace) -> int:
    """Print figures beside their limits; the exit status."""
    place = "in the plane" if abs(options.latitude) < PLANE_DEG else "outside of the plane"
    seconds, memory_gib = LIMITS[place]
    if options.frames != FULL_SCAN_FRAMES:
        print(f"no limits: they are those of a full scan, {FULL_SCAN_FRAMES} frames")
        return 0
    verdict, slow = Verdict(), slowness()
    print(f"limits of a full scan {place}; this machine is {slow:.2f} times as slow as the quiet one")
    limit = seconds * slow
    verdict.line("warm reduction, CPU s", median, f"<= {limit:.2f}", holds=median <= limit)
    verdict.line("peak memory, GiB", peak_gib, f"<= {memory_gib}", holds=peak_gib <= memory_gib)
    # Three bands of one coadd each, without finding a star, a background or a position.
    library = 3 * sources / PHOTUTILS_STARS_A_SECOND * slow
    print(f"  the fits alone by photutils: {library:.0f} CPU s, {'MISSED' if library > limit else 'holds'}")
    print("missed: " + ("; ".join(verdict.missed) or "none"))
    return 1 if verdict.missed else 0


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


def main() -> int:
    """Print everything; the exit status."""
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
        return 0
    print(f"kernels compiled or loaded in {warm():.1f} s")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / f"{options.latitude:g}-{options.frames}-{options.seed}"
        folder.mkdir()
        observed = observe(parameters_of(folder), folder)
        # As a worker does; only now, or what the simulation had would be kept too.
        print(f"memory kept: {keep_memory()}")
        reduced, result, median, peak_gib = print_rounds(observed, options.rounds)
        files = print_files(folder / parameters_of(folder).night_name, reduced, result)
        print(f"reduction, reading, writing and loading: {median + files:.2f} CPU s")
        peers.print_floor(reduced, median)
        status = judge(median, peak_gib, result.sources.size, options)
        if options.peers:
            peers.print_peers(reduced, result, median)
        del reduced, result, observed
        if options.processes:
            print_processes(folder)
    return status


if __name__ == "__main__":
    sys.exit(main())
