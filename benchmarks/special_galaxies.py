"""How many galaxies of special classes become extended sources, and pass a release by their scores.

    python -m benchmarks.special_galaxies [--latitude 60] [--frames 60] [--seed 5]

One field a seed has galaxies larger than 4' (the diameter of their Ks 20 mag isophote), discs of low surface brightness
(a mean of 20 to 20.8 mag a square arc second within the half-light ellipse), mergers of two nuclei, spirals with arms
and knots, galaxies 20" to 45" from stars of Ks 6 to 8.5, and plain ones to compare with. Prints how many of each class
are listed and released; doing nothing finds none. Exit status 1 if a class has less than its limit.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from app.arrays import Bools, Doubles, Table
from app.formats.raw_header import ScanType
from app.observatory.camera import CAMERAS
from app.observatory.parameters import NightParameters
from app.observatory.schedule import plan_night
from app.observatory.sky import SOURCE_DTYPE, Points, make_points
from app.observatory.survey import light
from app.observatory.survey.objects import OBJECT_DTYPE
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from benchmarks.galaxies import EDGE_ARCSEC, ISOPHOTE_MAG
from benchmarks.galaxy_fields import ObservedGalaxies, field_stars, isophote_arcsec, observe_points
from benchmarks.released_galaxies import released_rows
from benchmarks.verdict import Verdict
from workers.reduction.measure_scan import measure_scan
from workers.reduction.reduce_scan import reduce_scan

PLAIN, LARGE, FAINT, MERGER, SPIRAL, BESIDE = range(6)
CLASSES = (
    "plain", "larger than 4 arc minutes", "low surface brightness", "mergers", "spirals with knots",
    "beside bright stars",
)  # fmt: skip
LEAST = (0.95, 0.5, 0.5, 0.8, 0.9, 0.5)
FORMS = {MERGER: b"m", SPIRAL: b"p"}
GRID_ARCSEC, COLUMNS, JITTER_ARCSEC = 95.0, 5, 20.0
LARGE_EVERY, LARGE_ROWS = (
    16,
    6,
)  # rows of the grid from one large galaxy to the next, and rows that each clears
# Ranges of Ks and of the half-light semi-major axis (arcsec); None: that of the sky's galaxies, as in galaxy_fields.
RANGES = {
    PLAIN: ((11.0, 13.3), None), LARGE: ((6.3, 6.9), (58.0, 64.0)), FAINT: ((12.4, 13.2), (11.0, 15.0)),
    MERGER: ((11.0, 13.2), None), SPIRAL: ((10.0, 12.0), (8.0, 16.0)), BESIDE: ((11.0, 13.3), None),
}  # fmt: skip
BRIGHT_MAG, BRIGHT_AWAY_ARCSEC = (6.0, 8.5), (20.0, 45.0)
MATCH_ARCSEC, MATCH_RADII = 3.0, 0.3
MERGER_RADII = 1.3  # the lesser nucleus stands 1.2 half-light radii off


def draw(ra_deg: float, decl_deg: tuple[float, float], seed: int) -> tuple[Table, Doubles]:
    """Draw the galaxies of a strip: rows of SOURCE_DTYPE without numbers, and the class of each.

    Parameters
    ----------
    ra_deg : float
        Middle of the strip, degrees.
    decl_deg : (float, float)
        Its ends, degrees.
    seed : int
        Of places and sizes.
    """
    random = np.random.default_rng([seed, 0x5BEC])
    rows = int((decl_deg[1] - decl_deg[0]) * 3600.0 / GRID_ARCSEC)
    row, column = (a.ravel() for a in np.mgrid[:rows, :COLUMNS])
    phase = row % LARGE_EVERY
    large = (phase == LARGE_ROWS // 2) & (column == COLUMNS // 2)
    kept = large | (phase > LARGE_ROWS)
    kinds = (row + 2 * column) % len(CLASSES)
    kinds = np.where(kinds == LARGE, PLAIN, kinds)
    kinds = np.where(large, LARGE, kinds)[kept]
    jitter = np.where(kinds == LARGE, 0.0, JITTER_ARCSEC) * random.uniform(-1.0, 1.0, (2, kinds.size))
    x = (column[kept] - COLUMNS // 2) * GRID_ARCSEC + jitter[0]
    y = decl_deg[0] * 3600.0 + (row[kept] + 0.5) * GRID_ARCSEC + jitter[1]
    out = np.zeros(kinds.size, SOURCE_DTYPE)
    out["kind"], out["decl"] = b"g", y / 3600.0
    out["ra"] = ra_deg + x / 3600.0 / np.cos(np.radians(out["decl"]))
    for kind, (magnitudes, sizes) in RANGES.items():
        own = kinds == kind
        out["k_m"][own] = random.uniform(*magnitudes, own.sum())
        usual = 3.5 * 10.0 ** (0.2 * (13.5 - out["k_m"][own].astype(np.float64)))
        out["half_light_arcsec"][own] = usual if sizes is None else random.uniform(*sizes, own.sum())
    out["h_m"], out["j_m"] = out["k_m"] + 0.30, out["k_m"] + 1.0
    out["axis_ratio"] = np.where(kinds == LARGE, 0.6, random.uniform(0.5, 1.0, kinds.size))
    out["position_angle_deg"] = random.uniform(0.0, 180.0, kinds.size)
    plain = (kinds == PLAIN) | (kinds == BESIDE)
    out["sersic_index"] = np.where(plain & (random.random(kinds.size) < 0.5), 4.0, 1.0)
    return out, kinds


def _bright_stars(galaxies: Table, kinds: Doubles, seed: int) -> Table:
    """One bright star beside each galaxy of that class."""
    random = np.random.default_rng([seed, 0xB1])
    stars = galaxies[kinds == BESIDE].copy()
    away, turn = random.uniform(*BRIGHT_AWAY_ARCSEC, stars.size), random.uniform(0.0, 2.0 * np.pi, stars.size)
    stars["decl"] += away * np.cos(turn) / 3600.0
    stars["ra"] += away * np.sin(turn) / 3600.0 / np.cos(np.radians(stars["decl"]))
    stars["kind"], stars["k_m"] = b"s", random.uniform(*BRIGHT_MAG, stars.size)
    stars["h_m"], stars["j_m"] = stars["k_m"] + 0.1, stars["k_m"] + 0.5
    return stars


def _points(sources: Table, forms: Table) -> Points:
    """Light of plain sources, and of galaxies with forms."""
    zero = {band: CAMERAS[band].zero_point_mag for band in CAMERAS}
    formed = forms != b""
    objects = np.zeros(int(formed.sum()), OBJECT_DTYPE)
    for name in (
        "kind",
        "ra",
        "decl",
        "j_m",
        "h_m",
        "k_m",
        "half_light_arcsec",
        "axis_ratio",
        "position_angle_deg",
    ):
        objects[name] = sources[name][formed]
    objects["object_id"], objects["form"] = sources["source_id"][formed], forms[formed]
    parts = make_points(sources[~formed], zero), light.make_points(objects, sources[formed], zero)
    ra, decl, share, owner = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("ra_deg", "decl_deg", "share", "source_id")
    )
    order = np.lexsort((ra, decl))
    magnitudes = {
        band: np.concatenate([part.magnitudes[band] for part in parts])[order] for band in parts[0].magnitudes
    }
    return Points(ra[order], decl[order], magnitudes, share[order], owner[order])


def observe_special(latitude_deg: float, frames: int, seed: int) -> tuple[ObservedGalaxies, Doubles]:
    """Observe a field of special galaxies; the class of each of its galaxies in their order.

    Parameters
    ----------
    latitude_deg : float
        Galactic latitude.
    frames : int
        Of the scan.
    seed : int
        Of the field.
    """
    night = NightParameters(
        seed=seed, tiles=1, frames=frames, calibration_groups=0, latitude_deg=latitude_deg, disturbed=False
    )
    survey = next(plan for plan in plan_night(night) if plan.scan_type is ScanType.SURVEY)
    ends = float(survey.decl_deg.min()), float(survey.decl_deg.max())
    galaxies, kinds = draw(survey.ra_deg, ends, seed)
    stars = np.concatenate([field_stars(night), _bright_stars(galaxies, kinds, seed)])
    sources = np.concatenate([stars, galaxies])
    kinds = np.concatenate([np.full(stars.size, -1), kinds])
    order = np.lexsort((sources["ra"], sources["decl"]))
    sources, kinds = sources[order], kinds[order]
    sources["source_id"] = np.arange(1, sources.size + 1)
    forms = np.full(sources.size, b"", "S1")
    for kind, form in FORMS.items():
        forms[kinds == kind] = form
    forms[(kinds == LARGE) & (sources["source_id"] % 2 == 0)] = FORMS[SPIRAL]
    observed = observe_points(night, sources, _points(sources, forms))
    return observed, kinds[sources["kind"] == b"g"]


def found_among(galaxies: Table, kinds: Doubles, places: Doubles, rows: Doubles) -> Bools:
    """Which galaxies have an extended row near their middle.

    Parameters
    ----------
    galaxies : structured array of SOURCE_DTYPE (n,)
        The truth.
    kinds : int array (n,)
        Their classes.
    places, rows : float64 arrays (n, 2), (m, 2)
        U-scan places of galaxies and rows, arcsec.
    """
    radii = np.where(kinds == MERGER, MERGER_RADII, MATCH_RADII) * galaxies["half_light_arcsec"]
    away = np.hypot(*(places[:, None, :] - rows[None, :, :]).transpose(2, 0, 1))
    return np.asarray(away.min(axis=1, initial=np.inf) < np.maximum(MATCH_ARCSEC, radii))


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--latitude", type=float, default=60.0)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--seed", type=int, nargs="+", default=[5])
    options = parser.parse_args()
    told = []
    for seed in options.seed:
        observed, kinds = observe_special(options.latitude, options.frames, seed)
        photometry = PhotometryParameters()
        reduced = reduce_scan(
            observed.raw,
            observed.calibration,
            observed.reference,
            ReductionParameters(),
            photometry=photometry,
        )
        result = measure_scan(reduced, photometry)
        galaxies = observed.sources[observed.sources["kind"] == b"g"]
        places = np.column_stack(reduced.uscan.from_sky(galaxies["ra"], galaxies["decl"]))
        rows = np.column_stack(reduced.uscan.from_sky(result.extended["ra"], result.extended["decl"]))
        low = np.array([reduced.grid.first_x_arcsec, reduced.grid.first_y_arcsec]) + EDGE_ARCSEC
        high = low + np.array([511.0, reduced.grid.rows - 1.0]) - 2.0 * EDGE_ARCSEC
        inside = ((places > low) & (places < high)).all(axis=1)
        released = rows[released_rows(reduced, result)]
        listed, taken = (found_among(galaxies, kinds, places, own) for own in (rows, released))
        reach = isophote_arcsec(galaxies, ISOPHOTE_MAG)
        told.append(np.stack([kinds, listed, taken, reach])[:, inside])
    kinds, listed, taken, reach = np.concatenate(told, axis=1)
    verdict = Verdict()
    for kind, name in enumerate(CLASSES):
        own = kinds == kind
        if not own.any():
            continue
        share, count, least = float(np.mean(taken[own])), int(own.sum()), LEAST[kind]
        print(
            f"{name}: {count} galaxies, r20 {np.median(reach[own]):.0f} arcsec, listed {np.mean(listed[own]):.3f}"
        )
        verdict.line("  released", share, f">= {least:g}; 0", holds=share >= least)
    return int(bool(verdict.missed))


if __name__ == "__main__":
    sys.exit(main())
