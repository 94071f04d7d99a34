"""How near to the truth a reduction comes, as ratios to the Cramer-Rao bound.

    python -m benchmarks.accuracy [--latitude 60 20 2] [--frames 273] [--seed 1]

Full survey scans are simulated, reduced end to end (own point-spread function, registration and background) and
compared with their truth. Prints, for every latitude and band: bias and scatter of isolated stars against SNR,
completeness, false sources, positions in absolute terms and against the bound, Read_1 stars. A star's SNR is its true
flux over its bound.

Limits, exit status 1 where one is missed. A bin with few stars has its own error: limits of bias and scatter are given
with twice that. Galaxies' pieces count as false rows in `benchmarks.galaxies`, split singles in `benchmarks.pairs`.
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise

import numpy as np

from app.instruments.bands import BANDS, Band
from app.observatory.parameters import NightParameters
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from benchmarks.comparison import BandComparison, Comparison, robust
from benchmarks.observed import measure_finally, observe
from benchmarks.verdict import Verdict
from workers.process.resources import Meter
from workers.reduction.reduce_scan import reduce_scan

EDGES = (6.5, 7.5, 9.0, 11.0, 14.0, 20.0, 30.0, 50.0, 100.0, 200.0, 400.0, 1e4)
FLOOR_MAG = 0.005
LOCAL_ARCSEC = 650.0  # a local mean is one of stars so near along the scan, eight frames
FEWEST_NEAR = 10
LARGEST_SCALED, FROM_SNR = 1.2, 20.0
"""Largest scatter over max(bound, 5 mmag), of stars above this SNR."""
LARGEST_BIAS_MAG, BIAS_FROM_SNR, FAINT_BIAS_MAG = 0.005, 30.0, 0.010
"""Largest bias above an SNR, and at SNR 9 to 11."""
LEAST_FOUND_PERCENT = {6.5: 95.0, 9.0: 99.5}
"""Least completeness of the bins that begin at an SNR."""
LARGEST_FALSE_PERCENT = 0.05
LARGEST_RMS_ARCSEC = 0.05
LEAST_STARS = 100
FULL_SCAN_FRAMES = 273


def judge_bin(
    verdict: Verdict, name: str, low: float, figures: tuple[float, float, float, float, int]
) -> None:
    """Judge a bin of SNR.

    Parameters
    ----------
    verdict : Verdict
        Takes the lines.
    name : str
        Latitude and band.
    low : float
        Least SNR of the bin.
    figures : tuple
        Percent found, bias and its error in magnitudes, scatter over max(bound, 5 mmag), number of stars.
    """
    found, bias, error, scaled, count = figures
    name = f"{name} SNR {low:g}"
    if low in LEAST_FOUND_PERCENT and count >= LEAST_STARS:
        least = LEAST_FOUND_PERCENT[low]
        verdict.line(f"{name}: found, %", found, f">= {least}", holds=found >= least)
    if low >= BIAS_FROM_SNR or low == 9.0:
        limit = (LARGEST_BIAS_MAG if low >= BIAS_FROM_SNR else FAINT_BIAS_MAG) + 2.0 * error
        verdict.line(
            f"{name}: |bias|, mmag", 1e3 * abs(bias), f"<= {1e3 * limit:.1f}", holds=abs(bias) <= limit
        )
    if low >= FROM_SNR and count >= LEAST_STARS:
        # A robust scatter of n stars is known to 1.2 / sqrt(2 n) of itself.
        limit = LARGEST_SCALED * (1.0 + 2.0 * 1.2 / np.sqrt(2.0 * count))
        verdict.line(f"{name}: scaled scatter", scaled, f"<= {limit:.2f}", holds=scaled <= limit)


def print_photometry(band: Band, one: BandComparison) -> dict[float, tuple[float, float, float, float, int]]:
    """Bias, scatter, bound, completeness against SNR; what `judge_bin` judges, by the least SNR of the bin."""
    figures = {}
    print(
        "band       snr  isolated  found %   bias +- mmag   scatter  bound  ratio  (over the larger of bound, 5 mmag)"
    )
    for low, high in pairwise(EDGES):
        inside = one.alone & (one.snr >= low) & (one.snr < high)
        saturated = np.isin(one.read, [b"1", b"3"])
        inside &= ~saturated
        hit = inside & one.found & (one.read == b"2")
        if np.count_nonzero(hit) < 8:
            continue
        bias, scatter = robust(one.error_mag[hit])
        bound = float(np.median(one.bound_mag[hit]))
        share = 100.0 * np.count_nonzero(inside & one.found) / np.count_nonzero(inside)
        sure = 1.25 * scatter / np.sqrt(np.count_nonzero(hit))  # error of a median
        # Errors scaled by their own bounds, so that a wide bin is not smeared.
        scaled = robust((one.error_mag[hit] - bias) / np.maximum(one.bound_mag[hit], FLOOR_MAG))[1]
        print(
            f"{band.label:>4} {low:5.1f}-{high:<6.0f} {np.count_nonzero(inside):7d}  {share:7.2f}  {1000 * bias:+9.1f}"
            f" {1000 * sure:4.1f}  {1000 * scatter:8.1f} {1000 * bound:7.1f}  {scatter / bound:5.2f}  {scaled:5.2f}"
        )
        figures[low] = (share, bias, sure, scaled, np.count_nonzero(hit))
    read1 = one.found & (one.read == b"1") & one.alone
    if np.count_nonzero(read1) > 3:
        bias, scatter = robust(one.error_mag[read1])
        print(
            f"{band.label:>4} Read_1: {np.count_nonzero(read1)} stars, bias {1000 * bias:+.1f}, "
            f"scatter {1000 * scatter:.1f} mmag"
        )
    return figures


def print_positions(comparison: Comparison) -> dict[str, float]:
    """Absolute errors, drift along the scan, and scatter about the local mean against the bound; rms of both axes."""
    found = {}
    y, dx, dy, bound_x, bound_y = comparison.positions(30.0)
    if y.size < 30:
        print(f"positions: {y.size} stars, too few")
        return found
    segment = np.clip(((y - y[0]) / max(y[-1] - y[0], 1.0) * 12).astype(int), 0, 11)
    for name, value, bound in (("x", dx, bound_x), ("y", dy, bound_y)):
        rms = float(np.sqrt(np.mean(np.clip(value, -0.5, 0.5) ** 2)))
        drift = [float(np.median(value[segment == k])) for k in range(12) if (segment == k).any()]
        # About the median of the 31 nearest stars along the scan: what the reference frame shares is gone.
        rest, known = [], []
        for k in range(value.size):
            near = slice(max(0, k - 15), k + 16)
            near_value = value[near][np.abs(y[near] - y[k]) < LOCAL_ARCSEC]
            if near_value.size >= FEWEST_NEAR:
                rest.append(value[k] - np.median(near_value))
                known.append(bound[k])
        ratio = robust(np.array(rest) / np.array(known))[1]
        found[name] = rms
        print(
            f"positions {name}: {y.size} stars of SNR > 30, rms {rms:.4f} arcsec, mean of twelve segments "
            f"{min(drift):+.3f} to {max(drift):+.3f}, local scatter / bound {ratio:.2f} ({len(rest)} stars)"
        )
    return found


def report(latitude: float, frames: int, seed: int, verdict: Verdict) -> None:
    """Simulate, reduce and compare one scan, and judge it."""
    observed = observe(
        NightParameters(frames=frames, latitude_deg=latitude, seed=seed, tiles=1, calibration_groups=0)
    )
    meter = Meter()
    photometry = PhotometryParameters()
    reduced = reduce_scan(
        observed.raw, observed.calibration, observed.reference, ReductionParameters(), photometry=photometry
    )
    reduced, result = measure_finally(reduced, photometry)
    used = meter.read()
    comparison = Comparison(observed, reduced, result)
    print(
        f"== latitude {latitude:g}: {frames} frames, {result.sources.size} sources, reduction "
        f"{used.cpu_seconds or 0:.2f} CPU s, peak {(used.peak_memory_bytes or 0) / 2**20:.0f} MiB"
    )
    figures = {band: print_photometry(band, comparison.band(band)) for band in BANDS}
    shares = {}
    for snr in (7.0, 10.0):
        false, blends, count = comparison.false_rows(snr)
        shares[snr] = 100.0 * false / max(count, 1)
        print(
            f"false sources above SNR {snr:g} after flags: {false} of {count} ({shares[snr]:.3f} %); "
            f"blends of several sources none of which is as bright: {blends} ({100 * blends / max(count, 1):.3f} %)"
        )
    positions = print_positions(comparison)
    if frames < FULL_SCAN_FRAMES:
        print(f"no limits: they are those of a full scan, {FULL_SCAN_FRAMES} frames")
        return
    print("limits:")
    for band, bins in figures.items():
        for low, values in bins.items():
            judge_bin(verdict, f"{latitude:g} deg {band.label}", low, values)
    name = f"{latitude:g} deg"
    verdict.line(
        f"{name}: false above SNR 10, %",
        shares[10.0],
        f"<= {LARGEST_FALSE_PERCENT}",
        holds=shares[10.0] <= LARGEST_FALSE_PERCENT,
    )
    for axis, rms in positions.items():
        verdict.line(
            f"{name}: rms of {axis}, arcsec", rms, f"<= {LARGEST_RMS_ARCSEC}", holds=rms <= LARGEST_RMS_ARCSEC
        )


def main() -> int:
    """Print the report of every latitude; the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--latitude", type=float, nargs="+", default=[60.0, 20.0, 2.0])
    parser.add_argument("--frames", type=int, default=273)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    verdict = Verdict()
    for latitude in options.latitude:
        report(latitude, options.frames, options.seed, verdict)
    print("missed: " + ("; ".join(verdict.missed) or "none"))
    return 1 if verdict.missed else 0


if __name__ == "__main__":
    sys.exit(main())
