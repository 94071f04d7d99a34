"""What the reduction of one three-band scan costs, and how near to the truth it comes.

    python -m benchmarks.reduction [--frames 48] [--latitude 30] [--seed 1]

One scan is simulated, reduced stage by stage in this process, and compared with its truth table. In the same run sep
extracts the same images, so that the figures can be read as ratios. Prints CPU seconds a stage, peak memory, sources,
and bias and scatter against magnitude.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from app.bands import BANDS, Band
from app.formats.raw_header import ScanType
from app.formats.raw_night import RawScan, read_raw_scan
from app.ingest.night_sky import night_regions
from app.ingest.reference_synthetic import synthetic_regions
from app.observatory.night import simulate_night
from app.observatory.parameters import NightParameters
from app.observatory.truth import read_table
from workers.instruments.camera import detector_of, raw_band
from workers.reduction.frames import NightCalibration
from workers.reduction.masks import calibrate_night
from workers.reduction.scan import ReducedScan, ReductionParameters, ReferenceStars, reduce_scan
from workers.reduction.scan_sources import measure_scan
from workers.reduction.stack.parameters import PhotometryParameters
from workers.resources import Meter
from workers.warm import warm

STEP_MAG = 1.0


def timed(label: str, work: Callable[[], Any]) -> Any:
    """Run a stage and print its CPU seconds."""
    meter = Meter()
    result = work()
    used = meter.read()
    print(
        f"{label:<34} {used.cpu_seconds or 0:8.2f} CPU s   peak {(used.peak_memory_bytes or 0) / 2**20:7.0f} MiB"
    )
    return result


def night_files(folder: Path) -> dict[ScanType, dict[Band, list[RawScan]]]:
    """Raw scans of a night by type and band; of the survey scans the first only."""
    found: dict[ScanType, dict[Band, list[RawScan]]] = {kind: {} for kind in ScanType}
    for path in sorted(folder.glob("*.fits")):
        scan = read_raw_scan(path)
        found[scan.header.scan_type].setdefault(scan.header.band, []).append(scan)
    return found


def calibrations(
    files: Mapping[ScanType, Mapping[Band, list[RawScan]]], hemisphere: str
) -> dict[Band, NightCalibration]:
    """Night calibration of every band."""
    return {
        band: calibrate_night(
            detector_of(hemisphere, band),
            (files[ScanType.DARK][band][0].read1_dn, files[ScanType.DARK][band][0].read2_dn),
            (files[ScanType.FLAT][band][0].read1_dn, files[ScanType.FLAT][band][0].read2_dn),
        )
        for band in BANDS
    }


def sep_extraction(reduced: ReducedScan) -> int:
    """Plain SExtractor-core extraction with 4" apertures of all images; number of detections."""
    import sep

    count = 0
    for image in reduced.images:
        data = np.ascontiguousarray(np.nan_to_num(image.pixels_dn, nan=float(np.nanmedian(image.pixels_dn))))
        background = sep.Background(data)
        clean = data - background.back()
        objects = sep.extract(clean, 1.5, err=background.globalrms)
        sep.sum_circle(clean, objects["x"], objects["y"], 4.0, err=background.globalrms)
        count += len(objects)
    return count


def unit(ra_deg: NDArray[Any], decl_deg: NDArray[Any]) -> NDArray[np.float64]:
    """Turn directions into unit vectors."""
    ra, decl = np.radians(ra_deg.astype(float)), np.radians(decl_deg.astype(float))
    return np.stack([np.cos(decl) * np.cos(ra), np.cos(decl) * np.sin(ra), np.sin(decl)], axis=1)


def print_accuracy(sources: NDArray[np.void], truth: NDArray[np.void]) -> None:
    """Bias and scatter of isolated stars (no neighbour within 8 arcsec that is brighter by less than 3 magnitudes)."""
    ra, decl = truth["ra"], truth["decl"]
    tree = cKDTree(unit(ra, decl))
    found = cKDTree(unit(sources["ra"], sources["decl"]))
    distance, match = found.query(unit(ra, decl))
    arcsec = np.degrees(distance) * 3600.0
    print("band  interval  isolated  found %    bias mmag  scatter mmag   position scatter arcsec")
    for band in BANDS:
        magnitude = truth[f"{band.value}_m"].astype(float)
        near = tree.query_ball_point(unit(ra, decl), np.radians(8.0 / 3600.0))
        alone = np.array(
            [
                all(j == i or magnitude[j] > magnitude[i] + 3.0 for j in others)
                for i, others in enumerate(near)
            ]
        )
        measured = np.array(
            [flag.decode()[band.position : band.position + 1] in "123" for flag in sources["rd_flg"]]
        )
        value = sources[f"{band.value}_m"].astype(float)
        for low in np.arange(9.0, 17.0, STEP_MAG):
            inside = alone & (magnitude >= low) & (magnitude < low + STEP_MAG) & covered(truth, sources)
            hit = inside & (arcsec < 1.5) & measured[match]
            if inside.sum() < 5 or hit.sum() < 5:
                continue
            difference = value[match[hit]] - magnitude[hit]
            middle = np.median(difference)
            spread = 1.4826 * np.median(np.abs(difference - middle))
            share = 100 * hit.sum() / inside.sum()
            print(
                f"{band.label:>4}  {low:4.1f}-{low + STEP_MAG:4.1f}  {inside.sum():8d}  {share:7.1f}"
                f"  {1000 * middle:+11.1f}  {1000 * spread:12.1f}   {np.median(arcsec[hit]):.3f}"
            )


def covered(truth: NDArray[np.void], sources: NDArray[np.void]) -> NDArray[np.bool_]:
    """Truth inside the box of the sources, 20 arcsec from its edges."""
    ra, decl = truth["ra"], truth["decl"]
    margin = 20.0 / 3600.0
    wide = margin / np.cos(np.radians(float(np.median(sources["decl"]))))
    inside: NDArray[np.bool_] = (
        (ra > sources["ra"].min() + wide) & (ra < sources["ra"].max() - wide)
        & (decl > sources["decl"].min() + margin) & (decl < sources["decl"].max() - margin)
    )  # fmt: skip
    return inside


def main() -> None:
    """Simulate, reduce, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--latitude", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(f"kernels compiled or loaded in {warm():.1f} s")
    with tempfile.TemporaryDirectory() as name:
        parameters = NightParameters(
            frames=options.frames,
            latitude_deg=options.latitude,
            seed=options.seed,
            tiles=1,
            calibration_groups=0,
        )
        summary = timed("simulate a night", lambda: simulate_night(parameters, Path(name)))
        folder = summary.night
        files = night_files(folder)
        stars = synthetic_regions(night_regions(folder))
        truth = read_table(summary.truth, "SOURCES")
    reference = ReferenceStars(
        stars["ra"].astype(float),
        stars["decl"].astype(float),
        stars["vt_mag"].astype(float),
        np.full(stars.size, 0.06),
    )
    night = timed("night calibration, three bands", lambda: calibrations(files, parameters.hemisphere))
    raw = {band: raw_band(files[ScanType.SURVEY][band][0]) for band in BANDS}
    reduced = timed(
        "frames to Atlas images", lambda: reduce_scan(raw, night, reference, ReductionParameters())
    )
    result = timed("images to sources", lambda: measure_scan(reduced, PhotometryParameters()))
    count = timed("sep on the same images", lambda: sep_extraction(reduced))
    print(
        f"{options.frames} frames, {len(reduced.images)} images, {result.sources.size} sources; sep: {count} detections"
    )
    print_accuracy(result.sources, truth)


if __name__ == "__main__":
    main()
