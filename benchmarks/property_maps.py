"""The depth of property maps beside the light of the stars that were put in, by pixels.

    python -m benchmarks.property_maps [--latitude 60 50 40 30] [--frames 273] [--seed 6]

A full survey scan at each latitude is simulated, reduced and released; then the map is held against truth. A single
star whose true magnitude is near the map's depth at its place (1 mag brighter to 0.5 fainter) has an error of its flux
of a tenth of the light at that depth, if the map is right: half the width of the ratio's distribution, from its 10 to
its 90 % points over 1.28, gives the depth that the stars say. Judged band by band over all scans (0.05 mag), and for
the thirds of the stars where the map is shallowest, between, and deepest, with twice their statistical error.
Doing nothing takes the depth of Level 1 (15.8, 15.1, 14.3), or the scan's mean everywhere; both are printed. Magnitudes
are on the nominal scale: zero points have benchmarks of their own. Exit status 1 where a limit is missed. Needs a
server that may make databases.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import Any

import numpy as np

from app.arrays import Doubles, Table
from app.db import migrate
from app.db.cluster import Cluster
from app.db.engine import connect_url
from app.instruments.bands import BANDS, Band
from app.keys import coadd_key
from app.observatory.parameters import NightParameters
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from app.sky.healpix import pixel_number
from benchmarks.comparison import Comparison
from benchmarks.observed import measure_finally, observe
from benchmarks.release_truth import SNR10_MAG
from benchmarks.verdict import Verdict
from tests.conftest import make_open_folder, memory_place
from tests.worlds.release import Box, World, key_of
from workers.reduction.frames.products import ScanSources
from workers.reduction.reduce_scan import ReducedScan, reduce_scan
from workers.steps.scan_coverage import area_of, scan_coverage

LIMIT_MAG = 0.05
BRIGHTER_MAG, FAINTER_MAG = 1.0, 0.5
MAP_ORDER = 11
THIRDS = ("shallowest third", "middle third", "deepest third")
_MAP = "SELECT pixel, j_depth, h_depth, k_depth FROM release.property_map WHERE coadd_key >> 10 = %s ORDER BY pixel"


def observed_scan(parameters: NightParameters) -> tuple[Comparison, ReducedScan, ScanSources]:
    """Simulate, reduce and measure a scan.

    Parameters
    ----------
    parameters : NightParameters
        Of its night, which has one tile.
    """
    observed = observe(parameters)
    photometry = PhotometryParameters()
    reduced = reduce_scan(
        observed.raw, observed.calibration, observed.reference, ReductionParameters(), photometry=photometry
    )
    reduced, result = measure_finally(reduced, photometry)
    return Comparison(observed, reduced, result), reduced, result


def add_scan(world: World, run: int, number: int, reduced: ReducedScan, result: ScanSources) -> None:
    """Load a reduced scan: its images, coverage, rows and predicted depths.

    Parameters
    ----------
    world : World
        Database.
    run, number : int
        Run, and number of the scan.
    reduced, result : ReducedScan, ScanSources
        The scan.
    """
    coverage = scan_coverage(reduced.images)
    area = area_of(coverage)
    assert area is not None
    corners = np.array(area.as_tuple())
    (west, south), (east, north) = corners.min(axis=0), corners.max(axis=0)
    box = Box(west, east, south, north)
    attempt = world.scan(run, number, box, coverage=coverage, images=0)
    for image, facts in zip(reduced.images, reduced.facts, strict=True):
        rows, columns = image.pixels_dn.shape
        ra, decl = image.projection.to_sky(np.array([(columns - 1) / 2]), np.array([(rows - 1) / 2]))
        world.insert(
            "wsdb", "atlas_measurement", "image_id", coadd_key=coadd_key(key_of(number), image.number), run_id=run,
            attempt_id=attempt, scan_key=key_of(number), band=image.band.value, number=image.number,
            ra=float(ra[0]) % 360, decl=float(decl[0]), footprint=box.spoly, width_pix=columns, height_pix=rows,
            url="s3://benchmark", sha256="0" * 64, zero_point_mag=image.zero_point_mag,
            sky_sigma_dn=facts.sky_sigma_dn, seeing_shape=image.seeing_shape,
        )  # fmt: skip
    for band, value in result.metrics["snr10_predicted_mag"].items():
        world.insert(
            "quality", "metric", "attempt_id", attempt_id=attempt, name="snr10_predicted_mag", band=band, value=value
        )  # fmt: skip
    world.reduced(number, result.sources, area)


def flux_errors(comparison: Comparison, band: Band, cells: Table) -> tuple[Doubles, Doubles]:
    """Errors of single stars near the depth at their place, in tenths of the light at that depth.

    Parameters
    ----------
    comparison : Comparison
        The scan beside its truth.
    band : Band
        Band.
    cells : structured array
        Cells of the map whose values are the scan's: pixel and depth by band.

    Returns
    -------
    errors, depths : float64 arrays (m,)
        Measured less true flux over a tenth of the flux at the depth, and that depth.
    """
    stars = comparison.band(band)
    truth = comparison.truth[stars.star]
    pixel = pixel_number(truth["ra"], truth["decl"], MAP_ORDER)
    at = np.minimum(np.searchsorted(cells["pixel"], pixel), cells.size - 1)
    depth = np.where(cells["pixel"][at] == pixel, cells[f"{band}_depth"][at], np.nan)
    # True magnitudes on the scale that the rows have.
    true = stars.magnitude + comparison.zero_point_used(band) - comparison.observed.zero_point(band)
    near = (true - depth > -BRIGHTER_MAG) & (true - depth < FAINTER_MAG)
    used = stars.alone & stars.found & (stars.read == b"2") & near
    measured = true[used] + stars.error_mag[used]
    unit = 0.1 * 10.0 ** (-0.4 * depth[used])
    return (10.0 ** (-0.4 * measured) - 10.0 ** (-0.4 * true[used])) / unit, depth[used]


def deeper_mag(errors: Doubles) -> tuple[float, float]:
    """How much deeper the stars say that a scan is than the map, and the error of that; magnitudes."""
    low, high = np.quantile(errors, [0.1, 0.9])
    # This width of n normal values is known to 0.88 / sqrt(n) of itself.
    return -2.5 * float(np.log10((high - low) / 2.563)), 2.5 / np.log(10.0) * 0.88 / np.sqrt(errors.size)


def judge_band(verdict: Verdict, band: Band, found: list[tuple[Doubles, Doubles]]) -> None:
    """Compare the maps of all scans in a band with their stars.

    Parameters
    ----------
    verdict : Verdict
        Takes the lines.
    band : Band
        Band.
    found : list of (errors, depths)
        Of each scan, from `flux_errors`.
    """
    errors = np.concatenate([part for part, _ in found])
    off, error = deeper_mag(errors)
    verdict.line(
        f"{band.label}: |map - stars|, mag", abs(off), f"<= {LIMIT_MAG}", holds=abs(off) <= LIMIT_MAG
    )
    depth = np.concatenate([part for _, part in found])
    level1 = SNR10_MAG[band.value] - float(np.median(depth)) - off
    print(
        f"    {errors.size} stars, stars less map {off:+.3f} +- {error:.3f}; doing nothing (Level 1): {level1:+.3f}"
    )
    means = np.concatenate([np.full(part.size, np.median(part)) for _, part in found])
    order = np.array_split(np.argsort(depth - means, kind="stable"), 3)
    for words, part in zip(THIRDS, order, strict=True):
        own, error = deeper_mag(errors[part])
        limit = LIMIT_MAG + 2.0 * error
        change = float(np.median((depth - means)[part]))
        verdict.line(f"{band.label}, {words}", abs(own), f"<= {limit:.3f}", holds=abs(own) <= limit)
        print(f"    map {change:+.3f} from the scan's mean, stars {change + own - off:+.3f} +- {error:.3f}")


def released(scans: list[tuple[Comparison, ReducedScan, ScanSources]]) -> list[Table]:
    """Load and release scans: cells of the map that each decides.

    Parameters
    ----------
    scans : list of tuple
        Reduced scans.
    """
    home, name = make_open_folder("mapps-bench-", memory_place()), "bench_maps"
    cluster = Cluster(home, durable=False)
    try:
        cluster.ensure()
        with connect_url(cluster.url(database="postgres"), autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}"')
        migrate.upgrade(cluster.url(database=name))
        with connect_url(cluster.url(database=name)) as connection:
            world = World(connection)
            run = world.run()
            for number, (_, reduced, result) in enumerate(scans, 1):
                add_scan(world, run, number, reduced, result)
            world.build("bench", parameters={"map_order": MAP_ORDER})
            return [_cells(world.rows(_MAP, key_of(number))) for number in range(1, len(scans) + 1)]
    finally:
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


def _cells(rows: list[tuple[Any, ...]]) -> Table:
    kinds = [("pixel", "i8"), *((f"{band}_depth", "f8") for band in BANDS)]
    return np.array([tuple(np.nan if value is None else value for value in row) for row in rows], kinds)


def main() -> int:
    """Print the figures; the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--latitude", type=float, nargs="+", default=[60.0, 50.0, 40.0, 30.0])
    parser.add_argument("--frames", type=int, default=273)
    parser.add_argument("--seed", type=int, default=6)
    options = parser.parse_args()
    nights = [
        NightParameters(
            frames=options.frames, latitude_deg=latitude, seed=options.seed, tiles=1, calibration_groups=0,
        )
        for latitude in options.latitude
    ]  # fmt: skip
    scans = [observed_scan(night) for night in nights]
    verdict = Verdict()
    maps = released(scans)
    for band in BANDS:
        found = [flux_errors(scan, band, cells) for (scan, _, _), cells in zip(scans, maps, strict=True)]
        judge_band(verdict, band, found)
    return 1 if verdict.missed else 0


if __name__ == "__main__":
    sys.exit(main())
