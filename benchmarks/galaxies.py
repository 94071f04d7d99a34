"""How many galaxies become extended sources, how well they are measured, and what they leave among the point sources.

    python -m benchmarks.galaxies [--latitude 60 15] [--frames 60] [--seed 5 6 7]

Fields of galaxies among stars (`benchmarks.galaxy_fields`) are observed by the simulator and reduced end to end; seeds
are pooled. The field has more galaxies than the sky, so what is false is scaled to the sky's own counts: 40 a square
degree brighter than Ks 13.5, slope 0.6. Prints, for every latitude: completeness and reliability to Ks 13.5 by
half-light radius, bias and scatter of total magnitudes and pulls by brightness and Sersic index, axis ratios, unflagged
point rows within the 20 mag isophote that are no star as a share of the catalogue, and what the reduction cost. Beside
each figure stands what doing nothing scores: no extended source, a circle of 7" for the total, every axis ratio 1;
beside totals in Ks what fits with true shapes and the Kron sums of sep and photutils score (`benchmarks.galaxy_bound`).
Extended rows are those that a release takes by their scores. Exit status 1 if a limit is missed.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from app.arrays import Bools, Doubles, Integers, Table
from app.instruments.bands import BANDS, Band
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from benchmarks.comparison import ARTEFACTS, robust
from benchmarks.galaxy_bound import Bounds, bounds_of, print_cost, print_scan_cost
from benchmarks.galaxy_fields import (
    LIMIT_MAG,
    NATURAL_SQUARE_DEGREE,
    ObservedGalaxies,
    isophote_arcsec,
    natural_weight,
    observe_galaxies,
)
from benchmarks.released_galaxies import released_rows
from workers.process.resources import Meter
from workers.reduction.frames.products import ScanSources
from workers.reduction.measure_scan import measure_scan
from workers.reduction.merging.characters import characters_of
from workers.reduction.reduce_scan import ReducedScan, reduce_scan

EDGE_ARCSEC = 25.0
MATCH_ARCSEC, STAR_ARCSEC, NUCLEUS_ARCSEC = 3.0, 2.0, 2.5
BESIDE_ARCSEC = 8.0  # from a true galaxy: a false row there is one of the galaxy, off its place
SIZES_ARCSEC = ((0.0, 3.0), (3.0, 6.0), (6.0, 99.0))
LEAST_COMPLETE = (0.90, 0.95, 0.95)
TOTALS = ((0.0, 12.5, 0.03, 0.10), (12.5, 13.5, 0.06, 0.20))  # range of Ks, most bias, most scatter
AXIS_RATIO_LIMIT, PULLS, FALSE_SHARE = 0.1, (0.8, 1.3), 1e-4
ISOPHOTE_MAG, CONTAMINANT_ARCSEC, ENLARGEMENT = 20.0, 10.0, 1.1
_OTHER_TOTALS = (
    ("true_shape", "fits with the true shape"),
    ("sep_kron", "Kron sums of sep"),
    ("photutils_kron", "Kron sums of photutils"),
)


@dataclass(frozen=True)
class Judged:
    """What became of the galaxies of one field.

    Attributes
    ----------
    truth : structured array of SOURCE_DTYPE (galaxies,)
        The galaxies inside.
    row : int64 array (galaxies,)
        Extended row of each, -1 for none.
    rows : structured array of EXTENDED_DTYPE
        All extended rows.
    offset_mag : dict of Band to float
        Zero point of the reduction less the true one.
    false_extended, beside : bool arrays (rows,)
        Rows to Ks 13.5 that are no galaxy, or a second row of one; rows within 8" of a true galaxy.
    fragments, unflagged : int64 arrays (galaxies,)
        Point rows within the isophote that are no star; those of them that gal_contam does not cover.
    points : int
        Point rows of the field.
    area : float
        Of the images, square degrees.
    bounds : Bounds
        Totals of the galaxies by other means.
    """

    truth: Table
    row: Integers
    rows: Table
    offset_mag: dict[Band, float]
    false_extended: Bools
    beside: Bools
    fragments: Integers
    unflagged: Integers
    points: int
    area: float
    bounds: Bounds


def total_mag(rows: Table, band: Band) -> tuple[Doubles, Doubles]:
    """Total magnitudes of extended rows and their errors."""
    return rows[f"{band.value}_m_ext"].astype(float), rows[f"{band.value}_msig_ext"].astype(float)


def judge(observed: ObservedGalaxies, reduced: ReducedScan, result: ScanSources) -> Judged:
    """Compare the rows of a field with its truth.

    Parameters
    ----------
    observed : ObservedGalaxies
        The field and its truth.
    reduced, result
        What `reduce_scan` and `measure_scan` made of it.
    """
    grid, rows = reduced.grid, result.extended
    low = np.array([grid.first_x_arcsec, grid.first_y_arcsec])
    high = low + np.array([511.0, grid.rows - 1.0])

    def inside(places: Doubles) -> Bools:
        return np.asarray(((places > low + EDGE_ARCSEC) & (places < high - EDGE_ARCSEC)).all(axis=1))

    sources = observed.sources
    places = np.column_stack(reduced.uscan.from_sky(sources["ra"], sources["decl"]))
    extended = np.column_stack(reduced.uscan.from_sky(rows["ra"], rows["decl"]))
    galaxy = sources["kind"] == b"g"
    offset = {
        band: float(np.mean([i.zero_point_mag for i in reduced.images if i.band == band]))
        - observed.zero_point_mag[band]
        for band in BANDS
    }
    false = inside(extended) & (total_mag(rows, Band.K)[0] - offset[Band.K] <= LIMIT_MAG)
    chosen = galaxy & inside(places)
    row = _match(sources[galaxy], places[galaxy], extended, false)
    row = row[chosen[galaxy]]
    points = np.column_stack(reduced.uscan.from_sky(result.sources["ra"], result.sources["decl"]))
    fragment = _fragments(sources, places, result.sources, points)
    shown = fragment & ~_contaminated(rows, extended, points)
    truth, middles = sources[chosen], places[chosen]
    within = cKDTree(points).query_ball_point(middles, 60.0)
    reach = isophote_arcsec(truth, ISOPHOTE_MAG)
    counts = np.zeros((2, truth.size), np.int64)
    for k, near in enumerate(within):
        east, north = -(points[near] - middles[k]).T[0], (points[near] - middles[k]).T[1]
        hit = np.array(near)[_elliptical(east, north, truth[k]) < reach[k]].astype(np.int64)
        counts[0, k], counts[1, k] = np.count_nonzero(fragment[hit]), np.count_nonzero(shown[hit])
    area = float(np.prod((high - low) / 3600.0))
    bounds = bounds_of(reduced, truth, middles)
    beside = cKDTree(places[galaxy]).query(extended)[0] < BESIDE_ARCSEC
    return Judged(
        truth, row, rows, offset, false, beside, counts[0], counts[1], points.shape[0], area, bounds
    )


def _elliptical(east: Doubles, north: Doubles, galaxy: np.void) -> Doubles:
    """Semi-major axis of the galaxy's ellipse through places."""
    turn = np.radians(float(galaxy["position_angle_deg"]))
    along, across = (
        east * np.sin(turn) + north * np.cos(turn),
        east * np.cos(turn) - north * np.sin(turn),
    )
    return np.asarray(np.hypot(along, across / float(galaxy["axis_ratio"])))


def _match(galaxies: Table, places: Doubles, extended: Doubles, false: Bools) -> Integers:
    """Match galaxies with extended rows, -1 for none; rows that a galaxy takes are struck from `false` in place."""
    row = np.full(galaxies.size, -1, np.int64)
    if not extended.size:
        return row
    taken = np.zeros(extended.shape[0], np.bool_)
    distance, nearest = cKDTree(extended).query(places)
    for k in np.argsort(galaxies["k_m"], kind="stable"):
        allowed = max(MATCH_ARCSEC, 0.3 * float(galaxies["half_light_arcsec"][k]))
        if distance[k] < allowed and not taken[nearest[k]]:
            row[k] = nearest[k]
            taken[nearest[k]] = True
    false &= ~taken
    return row


def _fragments(sources: Table, places: Doubles, rows: Table, points: Doubles) -> Bools:
    """Which point rows are unflagged by their own flags, and neither a star nor the one entry of a galaxy's nucleus."""
    quality = characters_of(rows, "ph_qual")
    clean = np.zeros(rows.size, np.bool_)
    contamination = characters_of(rows, "cc_flg")
    for band in BANDS:
        good = np.isin(quality[:, band.position], [b"A", b"B", b"C"])
        clean |= good & ~np.isin(contamination[:, band.position], ARTEFACTS)
    star = np.zeros(rows.size, np.bool_)
    stars = np.flatnonzero(sources["kind"] == b"s")
    for k, near in enumerate(cKDTree(places[stars]).query_ball_point(points, STAR_ARCSEC)):
        for band in BANDS:
            value = float(rows[f"{band.value}_m"][k])
            star[k] |= bool((sources[f"{band.value}_m"][stars[near]] < value + 1.0).any())
    distance, nearest = cKDTree(points).query(places[sources["kind"] == b"g"])
    nucleus = np.zeros(rows.size, np.bool_)
    nucleus[nearest[distance < NUCLEUS_ARCSEC]] = True
    return clean & ~star & ~nucleus


def _contaminated(rows: Table, extended: Doubles, points: Doubles) -> Bools:
    """Which point rows gal_contam of a release would cover: inside the enlarged isophote of a large extended row."""
    covered = np.zeros(points.shape[0], np.bool_)
    for k in np.flatnonzero(np.nan_to_num(rows["r_k20fe"]) > CONTAMINANT_ARCSEC):
        offset, shape = points - extended[k], (rows["sup_phi"][k], rows["sup_ba"][k])
        ellipse = np.array([shape], [("position_angle_deg", "f8"), ("axis_ratio", "f8")])[0]
        inside = _elliptical(-offset[:, 0], offset[:, 1], ellipse)
        covered |= inside < ENLARGEMENT * float(rows["r_k20fe"][k])
    return covered


def print_found(parts: list[Judged], latitude: float) -> bool:
    """Print completeness and reliability; whether the limits are kept."""
    truth = np.concatenate([part.truth for part in parts])
    found = np.concatenate([part.row >= 0 for part in parts])
    bright = truth["k_m"] <= LIMIT_MAG
    kept = True
    for (low, high), least in zip(SIZES_ARCSEC, LEAST_COMPLETE, strict=True):
        radius = truth["half_light_arcsec"]
        chosen = bright & (radius >= low) & (radius < high)
        share = float(np.mean(found[chosen])) if chosen.any() else float("nan")
        limit = least if latitude > 30.0 else 0.0
        kept &= not share < limit
        print(
            f'half-light radius {low:g}" to {high:g}": {np.count_nonzero(chosen)} galaxies to Ks {LIMIT_MAG}, '
            f"found {share:.3f}, limit {limit:.2f}; doing nothing 0"
        )
    area = sum(part.area for part in parts)
    beside = sum(int(np.count_nonzero(part.false_extended & part.beside)) for part in parts)
    false = sum(int(np.count_nonzero(part.false_extended & ~part.beside)) for part in parts)
    real = NATURAL_SQUARE_DEGREE * float(np.mean(found[bright]))
    # Rows of a galaxy off its place are as many as galaxies are, of which the field has more than the sky.
    whole = false / area + beside * NATURAL_SQUARE_DEGREE / np.count_nonzero(bright)
    reliability, limit = real / max(real + whole, 1e-9), 0.995 if latitude > 30.0 else 0.95
    unscaled = real / max(real + (false + beside) / area, 1e-9)
    print(
        f"false extended rows to Ks {LIMIT_MAG}: {false}, and {beside} of galaxies off their place, in {area:.3f} "
        f"square degrees, reliability {reliability:.4f}, limit {limit}; with as many galaxies off their place in "
        f"the sky as in the field {unscaled:.4f}; of doing nothing there is none"
    )
    return kept and reliability >= limit


def print_totals(parts: list[Judged]) -> bool:
    """Print totals, axis ratios and pulls; whether the limits are kept."""
    truth = np.concatenate([part.truth[part.row >= 0] for part in parts])
    kept = True
    for band in BANDS:
        values = []
        for part in parts:
            chosen = part.row[part.row >= 0]
            measured, sigmas = total_mag(part.rows, band)
            values.append((measured[chosen] - part.offset_mag[band], sigmas[chosen]))
        value, sigma = (np.concatenate([v[k] for v in values]) for k in (0, 1))
        circle = np.concatenate(
            [
                part.rows[f"{band.value}_m_7"][part.row[part.row >= 0]] - part.offset_mag[band]
                for part in parts
            ]
        )
        error = value - truth[f"{band.value}_m"]
        for low, high, most_bias, most_scatter in TOTALS:
            for index in (1.0, 4.0):
                chosen = (truth["k_m"] >= low) & (truth["k_m"] < high) & (truth["sersic_index"] == index)
                known = chosen & np.isfinite(error)
                bias, scatter = robust(error[known])
                pull = robust(error[known] / sigma[known])[1]
                unmeasured = robust((circle - truth[f"{band.value}_m"])[known])
                if band is Band.K:
                    kept &= abs(bias) <= most_bias and scatter <= most_scatter
                kept &= PULLS[0] <= pull <= PULLS[1]
                print(
                    f"{band.label:>2} total, Ks {low:4.1f} to {high:.1f}, n {index:g}: {np.count_nonzero(known)} of "
                    f"{np.count_nonzero(chosen)}, bias {bias:+.3f}, scatter {scatter:.3f}, pull {pull:.2f}; limits "
                    f"{most_bias}, {most_scatter}, {PULLS[0]} to {PULLS[1]}; doing nothing {unmeasured[0]:+.3f}, "
                    f"{unmeasured[1]:.3f}"
                )
    _print_bounds(parts)
    return kept & _print_axes(parts, truth)


def _print_bounds(parts: list[Judged]) -> None:
    """Print totals in Ks by true shapes, which no fit that has to find the shape can reach, and by sep's Kron sums."""
    truth = np.concatenate([part.truth for part in parts])
    for name, label in _OTHER_TOTALS:
        value = np.concatenate([getattr(part.bounds, name) - part.offset_mag[Band.K] for part in parts])
        error = value - truth["k_m"]
        for low, high, _, _ in TOTALS:
            for index in (1.0, 4.0):
                chosen = (truth["k_m"] >= low) & (truth["k_m"] < high) & (truth["sersic_index"] == index)
                bias, scatter = robust(error[chosen & np.isfinite(error)])
                print(
                    f"{label}, Ks {low:4.1f} to {high:.1f}, n {index:g}: bias {bias:+.3f}, scatter {scatter:.3f}"
                )


def _print_axes(parts: list[Judged], truth: Table) -> bool:
    """Print axis ratios; whether their limit is kept."""
    ratio = np.concatenate([part.rows["sup_ba"][part.row[part.row >= 0]] for part in parts])
    bright = truth["k_m"] <= LIMIT_MAG
    error = (ratio - truth["axis_ratio"])[bright]
    known = np.isfinite(error)
    bias, scatter = robust(error[known])
    unmeasured = robust(1.0 - truth["axis_ratio"][bright])
    print(
        f"axis ratio of the model: {np.count_nonzero(known)} of {error.size}, bias {bias:+.3f}, scatter {scatter:.3f}, "
        f"limit {AXIS_RATIO_LIMIT} each; doing nothing {unmeasured[0]:+.3f}, {unmeasured[1]:.3f}"
    )
    return abs(bias) <= AXIS_RATIO_LIMIT and scatter <= AXIS_RATIO_LIMIT


def print_fragments(parts: list[Judged]) -> bool:
    """Print false point rows as a share of the catalogue at natural counts of galaxies; whether the limit is kept."""
    bright = [part.truth["k_m"] <= LIMIT_MAG for part in parts]
    density = sum(part.points for part in parts) / sum(part.area for part in parts)
    shares = []
    for name in ("fragments", "unflagged"):
        a_degree = [
            float((natural_weight(part.truth) * getattr(part, name))[chosen].sum())
            for part, chosen in zip(parts, bright, strict=True)
        ]
        shares.append(float(np.mean(a_degree)) / density)
    counts = [sum(int(getattr(part, name).sum()) for part in parts) for name in ("fragments", "unflagged")]
    print(
        f"point rows within the 20 mag isophote that are no star: {counts[0]}, without gal_contam {counts[1]}; "
        f"share of the catalogue {100 * shares[0]:.4f} %, without gal_contam {100 * shares[1]:.4f} %, limit "
        f"{100 * FALSE_SHARE:.2f} %; of doing nothing there is none"
    )
    return shares[1] <= FALSE_SHARE


def report(latitude: float, frames: int, seeds: list[int]) -> bool:
    """Observe, reduce, compare and print the fields of a latitude; whether all limits are kept.

    Parameters
    ----------
    latitude : float
        Galactic latitude, degrees.
    frames : int
        Frames of a scan.
    seeds : list of int
        One field each.
    """
    parts = []
    for seed in seeds:
        observed = observe_galaxies(latitude, frames, seed)
        meter, photometry = Meter(), PhotometryParameters()
        reduced = reduce_scan(
            observed.raw,
            observed.calibration,
            observed.reference,
            ReductionParameters(),
            photometry=photometry,
        )
        result = measure_scan(reduced, photometry)
        released = replace(result, extended=result.extended[released_rows(reduced, result)])
        parts.append(judge(observed, reduced, released))
        print(
            f"== latitude {latitude:g}, seed {seed}: {frames} frames, {result.sources.size} sources, "
            f"{result.extended.size} extended, {released.extended.size} released, "
            f"{meter.read().cpu_seconds or 0:.2f} CPU s",
            flush=True,
        )
    shown = [print_found(parts, latitude), print_totals(parts), print_fragments(parts)]
    cost = print_cost([part.bounds for part in parts]), print_scan_cost(latitude, frames, seeds[0])
    return all([*shown, *cost])


def main() -> None:
    """Print the report of every latitude."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--latitude", type=float, nargs="+", default=[60.0, 15.0])
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--seed", type=int, nargs="+", default=[5, 6, 7])
    options = parser.parse_args()
    kept = [report(latitude, options.frames, options.seed) for latitude in options.latitude]
    if not all(kept):
        sys.exit(1)


if __name__ == "__main__":
    main()
