"""How near to the truth a reduction comes, as ratios to the Cramer-Rao bound.

    python -m benchmarks.accuracy [--latitude 60 20 2] [--frames 273] [--seed 1]

Full survey scans are simulated, reduced end to end (own point-spread function, registration and background) and
compared with their truth. Prints, for every latitude and band: bias and scatter of isolated stars against SNR,
completeness, false sources, positions in absolute terms and against the bound, Read_1 stars. A star's SNR is its true
flux over its bound.
"""

from __future__ import annotations

import argparse
from itertools import pairwise

import numpy as np

from app.instruments.bands import BANDS, Band
from app.observatory.parameters import NightParameters
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from benchmarks.comparison import BandComparison, Comparison, robust
from benchmarks.observed import measure_finally, observe
from workers.process.resources import Meter
from workers.reduction.reduce_scan import reduce_scan

EDGES = (6.5, 7.5, 9.0, 11.0, 14.0, 20.0, 30.0, 50.0, 100.0, 200.0, 400.0, 1e4)
FLOOR_MAG = 0.005
LOCAL_ARCSEC = 650.0  # a local mean is one of stars so near along the scan, eight frames
FEWEST_NEAR = 10


def print_photometry(band: Band, one: BandComparison) -> None:
    """Bias, scatter, bound, completeness against SNR."""
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
    read1 = one.found & (one.read == b"1") & one.alone
    if np.count_nonzero(read1) > 3:
        bias, scatter = robust(one.error_mag[read1])
        print(
            f"{band.label:>4} Read_1: {np.count_nonzero(read1)} stars, bias {1000 * bias:+.1f}, "
            f"scatter {1000 * scatter:.1f} mmag"
        )


def print_positions(comparison: Comparison) -> None:
    """Absolute errors, drift along the scan, and scatter about the local mean against the bound."""
    y, dx, dy, bound_x, bound_y = comparison.positions(30.0)
    if y.size < 30:
        print(f"positions: {y.size} stars, too few")
        return
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
        print(
            f"positions {name}: {y.size} stars of SNR > 30, rms {rms:.4f} arcsec, mean of twelve segments "
            f"{min(drift):+.3f} to {max(drift):+.3f}, local scatter / bound {ratio:.2f} ({len(rest)} stars)"
        )


def report(latitude: float, frames: int, seed: int) -> None:
    """Simulate, reduce and compare one scan."""
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
    for band in BANDS:
        print_photometry(band, comparison.band(band))
    for snr in (7.0, 10.0):
        false, blends, count = comparison.false_rows(snr)
        print(
            f"false sources above SNR {snr:g} after flags: {false} of {count} ({100 * false / max(count, 1):.3f} %); "
            f"blends of several sources none of which is as bright: {blends} ({100 * blends / max(count, 1):.3f} %)"
        )
    print_positions(comparison)


def main() -> None:
    """Print the report of every latitude."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--latitude", type=float, nargs="+", default=[60.0, 20.0, 2.0])
    parser.add_argument("--frames", type=int, default=273)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for latitude in options.latitude:
        report(latitude, options.frames, options.seed)


if __name__ == "__main__":
    main()
