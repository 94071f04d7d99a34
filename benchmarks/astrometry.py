"""Global astrometry at the size of the survey, without pixels: positions where a scan has few reference stars.

    python -m benchmarks.astrometry [--density 0.2] [--seed 1] [--bands 30]

Truth: scans of 6 degrees by 8.5' over the whole sky, in bands of declination, that overlap by 51" at their sides and by
8.5' at their ends. The places of a scan stray by a constant (0.08") and by a wander along it (0.10" with a
correlation length of 1.5 degrees) in each coordinate, by a turn and a scale that go with it (its change within half a
degree), and 1 % of overlaps are wrong by half an arc second. Reference
stars have a fifth of Tycho-2's density (60 a square degree), each good to 0.065" at the date, and their places in a
scan, like those of the stars of overlaps, to 0.08"; edges of scans have an error of 0.01" that no number of stars makes
smaller. The solution is told none of these figures.

Prints rms of the places of all scans, the worst scan's rms, what reference stars alone give, and doing nothing. Limits:
rms <= 0.05" a coordinate, no scan beyond 0.1", pulls 0.8 to 1.25. Exit status 1 where a limit is missed.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from time import process_time

import numpy as np

from app.arrays import Complexes, Doubles, Integers
from app.parameters.astrometry import AstrometryParameters
from benchmarks.verdict import Verdict
from workers.reduction.solution.astrometry import (
    AstrometricSolution,
    AstrometricTies,
    Places,
    Segments,
    offsets_at,
    solve_astrometry,
    without_ties,
)

LARGEST_RMS_ARCSEC, WORST_SCAN_ARCSEC = 0.05, 0.1
PULLS = (0.8, 1.25)
WIDTH_DEG, OVERLAP_DEG, LENGTH_DEG = 512 / 3600, 51 / 3600, 6.0
TYCHO2_PER_DEG2 = 60.0
CONSTANT_ARCSEC, WANDER_ARCSEC, WANDER_DEG = 0.08, 0.10, 1.5
REFERENCE_ARCSEC, STAR_ARCSEC, EDGE_ARCSEC = 0.065, 0.08, 0.01
STARS_PER_DEG2 = 800.0
"""Of SNR 20 and more, at a high galactic latitude."""
WRONG_SHARE, WRONG_ARCSEC = 0.01, 0.5
FINE = 48
"""Places along a scan at which its truth is drawn."""


@dataclass(frozen=True)
class Survey:
    """Scans of a simulated survey.

    Attributes
    ----------
    band : int64 array (scans,)
        Band of declination.
    ra_deg : float64 array (scans,)
        Right ascension of the middle.
    truth_arcsec : complex128 array (scans, FINE)
        What is to be added to measured places along the middle of each scan: east + i north.
    """

    band: Integers
    ra_deg: Doubles
    decl_deg: Doubles
    truth_arcsec: Complexes


def make_survey(bands: int, random: np.random.Generator) -> Survey:
    """Lay scans out in the bands nearest to the equator, and draw their true offsets."""
    south = -90.0 + LENGTH_DEG * np.arange(30)
    chosen = sorted(np.argsort(np.abs(south + LENGTH_DEG / 2), kind="stable")[:bands])
    parts = []
    for band in chosen:
        equatorward = min(abs(south[band]), abs(south[band] + LENGTH_DEG))
        count = int(np.ceil(360.0 * np.cos(np.radians(equatorward)) / (WIDTH_DEG - OVERLAP_DEG)))
        parts.append((np.full(count, band), 360.0 * np.arange(count) / count, np.full(count, south[band])))
    band, ra, decl = (np.concatenate(column) for column in zip(*parts, strict=True))
    share = np.exp(-LENGTH_DEG / FINE / WANDER_DEG)
    wander = np.zeros((band.size, FINE), np.complex128)
    wander[:, 0] = _normal(random, band.size)
    for place in range(1, FINE):
        wander[:, place] = share * wander[:, place - 1] + np.sqrt(1 - share**2) * _normal(random, band.size)
    constant = CONSTANT_ARCSEC * _normal(random, band.size)[:, None]
    return Survey(band, ra, decl, constant + WANDER_ARCSEC * wander)


def _normal(random: np.random.Generator, count: int) -> Complexes:
    east, north = random.standard_normal((2, count))
    return np.asarray(east + 1j * north)


def _truth(survey: Survey, places: Places, segments: int) -> Complexes:
    """Truth at places: along the middle of a scan, and beside it by how it changes within a segment."""

    def middle(along: Doubles) -> Complexes:
        fine = Places(places.scan, along * FINE / segments, np.zeros(along.size))
        cut = Segments(np.full(survey.band.size, FINE), np.full(survey.band.size, LENGTH_DEG / FINE))
        return offsets_at(survey.truth_arcsec.ravel(), fine, cut)

    change = middle(np.minimum(places.along + 0.5, segments)) - middle(np.maximum(places.along - 0.5, 0.0))
    return np.asarray(middle(places.along) - 1j * places.across * change)


def _sides(survey: Survey, segments: int) -> tuple[Places, Places, Doubles]:
    """Places of overlaps at the sides: neighbours of a band, segment by segment, and the overlapping square degrees."""
    scan = np.arange(survey.band.size)
    following = np.where(np.append(survey.band[1:] != survey.band[:-1], True), 0, 1) + scan
    first_of_band = np.searchsorted(survey.band, survey.band)
    following = np.where(following == scan, first_of_band, following)
    along = np.tile(np.arange(segments) + 0.5, scan.size)
    one, other = np.repeat(scan, segments), np.repeat(following, segments)
    decl = survey.decl_deg[one] + along * LENGTH_DEG / segments
    spacing = 360.0 / np.bincount(survey.band)[survey.band[one]] * np.cos(np.radians(decl))
    area = np.clip(WIDTH_DEG - spacing, OVERLAP_DEG / 4, WIDTH_DEG) * LENGTH_DEG / segments
    beside = 0.5 * spacing / (LENGTH_DEG / segments)
    return Places(one, along, beside), Places(other, along, -beside), np.asarray(area)


def _ends(survey: Survey, segments: int) -> tuple[Places, Places, Doubles]:
    """Places of overlaps at the ends: the two scans of the next band that each scan's northern end meets."""
    parts = []
    for band in np.unique(survey.band)[:-1]:
        here = np.flatnonzero(survey.band == band)
        north = np.flatnonzero(survey.band == band + 1)
        place = survey.ra_deg[here] / 360.0 * north.size
        nearest = (np.floor(place), np.floor(place) + 1)
        spacing = 360.0 / north.size * np.cos(np.radians(survey.decl_deg[north[0]]))
        parts += [
            (here, north[other.astype(np.int64) % north.size], (other - place) * spacing) for other in nearest
        ]
    one, other, away_deg = (np.concatenate(column) for column in zip(*parts, strict=True))
    beside = 0.5 * away_deg / (LENGTH_DEG / segments)
    half = np.full(one.size, 0.5 * WIDTH_DEG * WIDTH_DEG)
    first = Places(one, np.full(one.size, segments - 0.1), beside)
    return first, Places(other, np.full(one.size, 0.1), -beside), half


def make_ties(
    survey: Survey, density: float, parameters: AstrometryParameters, random: np.random.Generator
) -> AstrometricTies:
    """Draw what overlaps and reference stars say of the survey."""
    segments = parameters.segments
    parts = [_sides(survey, segments), _ends(survey, segments)]
    first, second = (
        Places(
            *(
                np.concatenate([getattr(part[k], name) for part in parts])
                for name in ("scan", "along", "across")
            )
        )
        for k in (0, 1)
    )
    stars = random.poisson(STARS_PER_DEG2 * np.concatenate([part[2] for part in parts]))
    used = stars >= parameters.least_stars
    first, second = (Places(side.scan[used], side.along[used], side.across[used]) for side in (first, second))
    stars = stars[used]
    # Medians have 1.25 times the error of means.
    true_error = np.hypot(1.25 * STAR_ARCSEC * np.sqrt(2 / stars), np.sqrt(2) * EDGE_ARCSEC)
    difference = _truth(survey, second, segments) - _truth(survey, first, segments)
    difference += true_error * _normal(random, stars.size)
    wrong = random.random(stars.size) < WRONG_SHARE
    difference[wrong] += WRONG_ARCSEC * _normal(random, int(wrong.sum()))
    told = np.hypot(1.25 * parameters.star_error_arcsec * np.sqrt(2 / stars), parameters.overlap_floor_arcsec)
    count = random.poisson(density * TYCHO2_PER_DEG2 * WIDTH_DEG * LENGTH_DEG, survey.band.size)
    scan = np.repeat(np.arange(survey.band.size), count)
    side = 0.5 * WIDTH_DEG / LENGTH_DEG * segments
    reference = Places(scan, random.uniform(0.0, segments, scan.size), random.uniform(-side, side, scan.size))
    true_error = float(np.hypot(REFERENCE_ARCSEC, STAR_ARCSEC))
    measured = _truth(survey, reference, segments) + true_error * _normal(random, scan.size)
    given = np.hypot(parameters.reference_error_arcsec, parameters.star_error_arcsec)
    return AstrometricTies(
        _cut(survey, segments), first, second, np.ones(stars.size, np.complex128), difference, told, reference,
        measured, np.full(scan.size, given),
    )  # fmt: skip


def _cut(survey: Survey, segments: int) -> Segments:
    return Segments(np.full(survey.band.size, segments), np.full(survey.band.size, LENGTH_DEG / segments))


def _errors(survey: Survey, offset_arcsec: Complexes, segments: int) -> Complexes:
    """Errors left at fine places along each scan and anywhere across it, (scans, FINE)."""
    scan = np.repeat(np.arange(survey.band.size), FINE)
    along = np.tile((np.arange(FINE) + 0.5) * segments / FINE, survey.band.size)
    side = 0.5 * WIDTH_DEG / LENGTH_DEG * segments
    across = np.random.default_rng(3).uniform(-side, side, along.size)
    places = Places(scan, along, across)
    given = offsets_at(offset_arcsec, places, _cut(survey, segments))
    return np.asarray((given - _truth(survey, places, segments)).reshape(survey.truth_arcsec.shape))


def _told(name: str, left: Complexes) -> tuple[float, float]:
    rms = float(np.sqrt(np.mean(np.abs(left) ** 2) / 2))
    by_scan = np.sqrt(np.mean(np.abs(left) ** 2, axis=1) / 2)
    print(
        f"{name:<34} rms {rms:.4f}, worst scan {by_scan.max():.4f}, 99.9 % {np.quantile(by_scan, 0.999):.4f} arcsec"
    )
    return rms, float(by_scan.max())


def _pull(survey: Survey, solution: AstrometricSolution, segments: int) -> float:
    """Robust scatter of errors at the middles of segments over the errors that are told."""
    scan = np.repeat(np.arange(survey.band.size), segments)
    along = np.tile(np.arange(segments) + 0.5, survey.band.size)
    truth = _truth(survey, Places(scan, along, np.zeros(along.size)), segments)
    # Half of the lengths of a pair of normal values are below 1.1774 sigma.
    return float(np.median(np.abs(solution.offset_arcsec - truth) / solution.error_arcsec) / 1.1774)


def main() -> int:
    """Print the figures; the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--density", type=float, default=0.2, help="of reference stars, in that of Tycho-2")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bands", type=int, default=30, help="of declination; 30 are the whole sky")
    options = parser.parse_args()
    random, parameters = np.random.default_rng(options.seed), AstrometryParameters()
    survey = make_survey(options.bands, random)
    ties = make_ties(survey, options.density, parameters, random)
    print(
        f"{survey.band.size} scans, {ties.first.scan.size} overlaps of segments,"
        f" {ties.reference.scan.size} reference stars ({ties.reference.scan.size / survey.band.size:.1f} a scan)"
    )
    started = process_time()
    solution = solve_astrometry(ties, parameters)
    seconds = process_time() - started
    alone = solve_astrometry(without_ties(ties), parameters)
    segments = parameters.segments
    _told("doing nothing", _errors(survey, np.zeros(segments * survey.band.size, np.complex128), segments))
    _told("reference stars alone", _errors(survey, alone.offset_arcsec, segments))
    rms, worst = _told("overlaps and reference stars", _errors(survey, solution.offset_arcsec, segments))
    pull = _pull(survey, solution, segments)
    print(f"solved in {seconds:.1f} CPU s, {solution.turns} turns")
    verdict = Verdict()
    verdict.line("rms a coordinate, arcsec", rms, f"<= {LARGEST_RMS_ARCSEC}", holds=rms <= LARGEST_RMS_ARCSEC)
    verdict.line("worst scan, arcsec", worst, f"<= {WORST_SCAN_ARCSEC}", holds=worst <= WORST_SCAN_ARCSEC)
    verdict.line("pull", pull, f"{PULLS[0]} to {PULLS[1]}", holds=PULLS[0] <= pull <= PULLS[1])
    return 1 if verdict.missed else 0


if __name__ == "__main__":
    sys.exit(main())
