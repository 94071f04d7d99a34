"""Completeness and bias in the galactic plane, beside sep's and photutils' on the same images.

    python -m benchmarks.crowded [--latitude 2] [--frames 36] [--seed 1]

One short J scan of the plane is reduced; sep (extraction, 4" apertures) and photutils (DAOStarFinder, then PSF fits
grouped by neighbours, with the learnt profile) run on the middle 512 x 512 pixels of its Atlas image. Every true star
there is looked for within 1.5"; found means measured within 0.75 mag of the truth, so that a blend counts for its
brightest star only. Zero points of the peers are set by their own stars brighter than 12 mag.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from app.arrays import Doubles
from app.instruments.bands import Band
from app.observatory.parameters import NightParameters
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from benchmarks.comparison import robust
from benchmarks.observed import measure_finally, observe
from benchmarks.pair_peers import APART_PIX
from benchmarks.peers import profile_on_coadd, seconds
from workers.reduction.reduce_scan import reduce_scan

SIDE_PIX = 512
MATCH_ARCSEC = 1.5
SAME_MAG = 0.75
ANCHOR_MAG = 12.0


@dataclass(frozen=True)
class Found:
    """Detections of one method: places (pixels of the cut-out), magnitudes, CPU seconds."""

    name: str
    x: Doubles
    y: Doubles
    magnitude: Doubles
    cpu_seconds: float


def sep_sources(image: NDArray[np.float32], zero_point: float) -> Found:
    """Extract with sep and sum 4" circles."""
    import sep

    def work() -> tuple[Doubles, Doubles, Doubles]:
        data = np.ascontiguousarray(image)
        background = sep.Background(data, bw=32, bh=32)
        clean = data - background.back()
        objects = sep.extract(clean, 1.5, err=background.globalrms, deblend_cont=0.001, minarea=3)
        flux, _, _ = sep.sum_circle(clean, objects["x"], objects["y"], 4.0)
        return objects["x"], objects["y"], flux

    used, (x, y, flux) = seconds(work)
    return Found("sep", x, y, zero_point - 2.5 * np.log10(np.maximum(flux, 1e-3)), used)


def photutils_sources(image: NDArray[np.float32], profile: NDArray[np.float64], zero_point: float) -> Found:
    """Find peaks with DAOStarFinder and fit groups of them with photutils."""
    from astropy.stats import sigma_clipped_stats
    from photutils.background import LocalBackground
    from photutils.detection import DAOStarFinder
    from photutils.psf import ImagePSF, PSFPhotometry, SourceGrouper

    def work() -> tuple[Doubles, Doubles, Doubles]:
        _, middle, sigma = sigma_clipped_stats(image, sigma=2.5)
        fitter = PSFPhotometry(
            ImagePSF(profile, x_0=0, y_0=0, flux=1),
            (7, 7),
            # Without `min_separation` no two peaks within 2.5 widths of each other are kept.
            finder=DAOStarFinder(3.0 * sigma, 2.8, min_separation=APART_PIX),
            grouper=SourceGrouper(4.0),
            localbkg_estimator=LocalBackground(8, 14),
            aperture_radius=3,
            group_warning_threshold=10**6,
        )
        table = fitter(image.astype(float) - middle)
        return (np.asarray(table[name], float) for name in ("x_fit", "y_fit", "flux_fit"))  # type: ignore[return-value]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        used, (x, y, flux) = seconds(work)
    good = np.isfinite(flux) & np.isfinite(x) & np.isfinite(y) & (flux > 0.0)
    return Found("photutils", x[good], y[good], zero_point - 2.5 * np.log10(flux[good]), used)


def print_table(found: list[Found], x: Doubles, y: Doubles, magnitude: Doubles) -> list[str]:
    """Completeness, and bias and scatter of what was found, a magnitude of truth; where ours finds less than a peer."""
    worse = []
    print("   mag   stars" + "".join(f" | {one.name:>9}: found %  bias  scatter" for one in found))
    matched = []
    for one in found:
        away, row = cKDTree(np.column_stack([one.x, one.y])).query(np.column_stack([x, y]))
        error = one.magnitude[row] - magnitude
        bright = (away < MATCH_ARCSEC) & (magnitude < ANCHOR_MAG) & (np.abs(error) < 2.0)
        if one.name != "mapps" and bright.any():
            error = error - np.median(error[bright])
        matched.append((away, error))
    for low in np.arange(10.0, 17.0):
        inside = (magnitude >= low) & (magnitude < low + 1.0)
        if np.count_nonzero(inside) < 5:
            continue
        shares = []
        text = f"{low:4.0f}-{low + 1:<3.0f} {np.count_nonzero(inside):6d}"
        for away, error in matched:
            hit = inside & (away < MATCH_ARCSEC) & (np.abs(error) < SAME_MAG)
            bias, scatter = robust(error[hit])
            share = 100.0 * np.count_nonzero(hit) / np.count_nonzero(inside)
            shares.append(share)
            text += f" |          {share:8.1f}  {bias:+.3f}   {scatter:.3f}"
        # Two standard errors of the difference of two shares of the same stars.
        p = max(shares[1:]) / 100.0
        spare = 200.0 * np.sqrt(2.0 * p * (1.0 - p) / np.count_nonzero(inside))
        if shares[0] < max(shares[1:]) - spare:
            worse.append(f"{low:.0f}-{low + 1:.0f}")
        print(text)
    for one in found:
        print(f"{one.name}: {one.x.size} detections, {one.cpu_seconds:.1f} CPU s")
    return worse


def main() -> int:
    """Reduce, compare, print; 1 where a peer finds more stars of a magnitude than ours."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--latitude", type=float, default=2.0)
    parser.add_argument("--frames", type=int, default=36)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    observed = observe(
        NightParameters(
            frames=options.frames,
            latitude_deg=options.latitude,
            seed=options.seed,
            tiles=1,
            calibration_groups=0,
        )
    )
    photometry = PhotometryParameters()
    raw = {Band.J: observed.raw[Band.J]}

    def work() -> tuple[object, object]:
        reduced = reduce_scan(
            raw, observed.calibration, observed.reference, ReductionParameters(), photometry=photometry
        )
        return measure_finally(reduced, photometry)

    used, (reduced, result) = seconds(work)
    assert hasattr(reduced, "images")
    assert hasattr(result, "sources")
    image = reduced.images[len(reduced.images) // 2]
    top = (image.pixels_dn.shape[0] - SIDE_PIX) // 2
    cut = np.nan_to_num(image.pixels_dn[top : top + SIDE_PIX], nan=float(np.nanmedian(image.pixels_dn)))
    truth = observed.truth["SOURCES"]
    x, y = image.projection.to_pixels(truth["ra"], truth["decl"])
    inside = (
        (x > 12) & (x < SIDE_PIX - 13) & (y > top + 12) & (y < top + SIDE_PIX - 13) & (truth["j_m"] < 17.0)
    )
    rows = result.sources
    mx, my = image.projection.to_pixels(rows["ra"], rows["decl"])
    mine = np.isin(np.char.decode(rows["rd_flg"]).astype("U1"), ["1", "2", "3"])
    mine &= (mx > -5) & (mx < SIDE_PIX + 5) & (my > top - 5) & (my < top + SIDE_PIX + 5)
    zero_point = observed.zero_point(Band.J)
    value = rows["j_m"].astype(float) + zero_point - image.zero_point_mag
    share = SIDE_PIX / image.pixels_dn.shape[0]
    ours = Found("mapps", mx[mine], my[mine] - top, value[mine], used * share)
    profile = profile_on_coadd(reduced.stacks[Band.J])
    found = [ours, sep_sources(cut, zero_point), photutils_sources(cut, profile, zero_point)]
    worse = print_table(found, x[inside], y[inside] - top, truth["j_m"][inside].astype(float))
    print(f"limit: no magnitude of which a peer finds more; missed: {', '.join(worse) or 'none'}")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
