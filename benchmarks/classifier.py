"""How well scores tell galaxies from blends of stars, and what a release makes of them.

    python -m benchmarks.classifier [--latitude 15 60 --frames 60 --seed 21 22]

Without a seed the fields are those of the committed table that no tree learnt from, of latitudes 15 to 60; with seeds
new fields are observed and searched. Prints areas under the curves of true against false rates, points of the curve,
probabilities beside the shares that are galaxies, completeness and reliability by latitude and brightness, and what
the candidates are that pass. Galaxies of the fields are far more numerous than the sky's; reliability is scaled to the
sky's own counts as `benchmarks.galaxies` does. Beside it stands what doing nothing scores: an area of 0.5, and the
reliability of every candidate. What bright stars leave, and galaxies off their place, are shown and not judged by the
curve: the reduction tells the former by cc_flg. Exit status 1 if a limit is missed.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import numpy as np

from app.arrays import Bools, Doubles
from app.parameters.galaxy_classifier import GalaxyClassifier, classifier_of, shipped_hash
from benchmarks.classifier_fields import (
    BLENDS,
    CONTAMINANTS,
    DISPLACED,
    GALAXY,
    Candidates,
    field_candidates,
    judgeable,
)
from benchmarks.classifier_training import TABLE, held_back
from benchmarks.galaxy_fields import LIMIT_MAG, NATURAL_SQUARE_DEGREE
from benchmarks.released_galaxies import score_limit
from benchmarks.verdict import Verdict
from workers.reduction.galaxies.evidence import CHANGE_SCALE, FEATURES, STEPS
from workers.reduction.galaxies.last_fit import GROUP_CHANGES, GROUP_DENSITIES_ARCMIN2
from workers.reduction.galaxies.scores import scores_of

LEAST_AREA, CALIBRATION_LIMIT, BINS = 0.97, 0.03, 10
TRUE_RATES = (0.80, 0.90, 0.95, 0.98, 0.99)
LATITUDES_DEG = ((10.0, 20.0, 0.95), (20.0, 30.0, 0.95), (30.0, 90.0, 0.995))  # and the least reliability
BRIGHTNESSES_MAG = ((10.0, 12.5), (12.5, 13.5), (13.5, 14.3))


@dataclass(frozen=True)
class Scored:
    """Candidates with their scores and what becomes of them; arrays (candidates,).

    Attributes
    ----------
    table : Candidates
        With their truth.
    extended, galaxy : float64
        e_score and g_score.
    listed, released : bool
        Kept in the list of extended sources, and taken by a release.
    """

    table: Candidates
    extended: Doubles
    galaxy: Doubles
    listed: Bools
    released: Bools

    @property
    def is_galaxy(self) -> Bools:
        """Which candidates are galaxies."""
        return np.asarray(self.table.candidates["kind"] == GALAXY)

    @property
    def judged(self) -> Bools:
        """Which candidates are galaxies or blends of stars: those that scores are for."""
        return judgeable(self.table.candidates["kind"])

    def number(self, name: str) -> Doubles:
        """Return a number of the candidates, in its own unit."""
        return np.asarray(self.table.candidates["numbers"][:, FEATURES.index(name)] / STEPS)


def scored(table: Candidates, classifier: GalaxyClassifier) -> Scored:
    """Score candidates, and select them as the reduction and a release do.

    Parameters
    ----------
    table : Candidates
        Of any fields.
    classifier : GalaxyClassifier
        That is judged.
    """
    rows = table.candidates
    scores = np.array([scores_of(row, classifier) for row in rows["numbers"].astype(np.int64)]).reshape(-1, 2)
    best = scores.min(axis=1)
    plain = Scored(table, *scores.T, np.ones(rows.size, np.bool_), np.ones(rows.size, np.bool_))
    change = CHANGE_SCALE * np.sinh(plain.number("group_change"))
    density = np.exp(plain.number("log_density"))
    listed = change >= np.interp(density, GROUP_DENSITIES_ARCMIN2, GROUP_CHANGES)
    listed |= best < classifier.kept_below
    order = np.argsort(table.fields["seed"])
    place = order[np.searchsorted(table.fields["seed"], rows["seed"], sorter=order)]
    limit = score_limit(table.fields["log_density"][place].astype(np.float64))
    return Scored(table, scores[:, 0], scores[:, 1], listed, listed & (best < limit))


def area_under_curve(score: Doubles, is_galaxy: Bools) -> float:
    """Chance that a galaxy has a lower score than a contaminant; equal scores count half.

    Parameters
    ----------
    score : float64 array (n,)
        Of candidates.
    is_galaxy : bool array (n,)
        Which are galaxies.

    Examples
    --------
    >>> area_under_curve(np.array([1.0, 1.2, 1.2, 1.9]), np.array([True, True, False, False]))
    0.875
    """
    _, rank, count = np.unique(score, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - 0.5 * (count - 1)
    true, false = int(is_galaxy.sum()), int((~is_galaxy).sum())
    return float(1.0 - (middle[rank][is_galaxy].sum() - true * (true + 1) / 2.0) / (true * false))


def print_curve(result: Scored, verdict: Verdict) -> None:
    """Print areas under the curves, and points of that of the better score."""
    galaxy, judged = result.is_galaxy[result.judged], result.judged
    best = np.minimum(result.extended, result.galaxy)[judged]
    scores = (
        ("e_score", result.extended[judged]),
        ("g_score", result.galaxy[judged]),
        ("the better one", best),
    )
    for name, score in scores:
        area = area_under_curve(score, galaxy)
        verdict.line(
            f"area under the curve, {name}", area, f">= {LEAST_AREA:g}; 0.5", holds=area >= LEAST_AREA
        )
    for rate in TRUE_RATES:
        limit = float(np.quantile(best[galaxy], rate))
        false = float(np.mean(best[~galaxy] <= limit))
        print(f"  {100 * rate:.0f} % of galaxies pass below {limit:.3f}, and {100 * false:.1f} % of blends")


def calibration_error(score: Doubles, is_galaxy: Bools) -> tuple[float, list[tuple[float, float, int]]]:
    """Mean difference of probabilities and shares of galaxies, and both with counts in classes of probability.

    Parameters
    ----------
    score : float64 array (n,)
        2 less the probability.
    is_galaxy : bool array (n,)
        Which are galaxies.
    """
    probability = 2.0 - score
    bins = np.minimum((probability * BINS).astype(np.int64), BINS - 1)
    told = []
    for k in np.unique(bins):
        own = bins == k
        told.append((float(probability[own].mean()), float(is_galaxy[own].mean()), int(own.sum())))
    error = sum(count * abs(mean - share) for mean, share, count in told) / score.size
    return float(error), told


def print_calibration(result: Scored, verdict: Verdict) -> None:
    """Print how probabilities compare with shares."""
    for name, score in (("e_score", result.extended), ("g_score", result.galaxy)):
        error, told = calibration_error(score[result.judged], result.is_galaxy[result.judged])
        limit = f"<= {CALIBRATION_LIMIT:g}"
        verdict.line(f"calibration error, {name}", error, limit, holds=error <= CALIBRATION_LIMIT)
        for mean, share, count in told:
            print(f"    probability {mean:.3f}: {share:.3f} of {count} are galaxies")


def print_selection(result: Scored, verdict: Verdict) -> None:
    """Print completeness and reliability by latitude and brightness."""
    fields, truth, rows = result.table.fields, result.table.truth, result.table.candidates
    bright = result.number("k_mag") <= LIMIT_MAG
    selections = {
        "of all": np.ones(rows.size, np.bool_),
        "listed": result.listed,
        "released": result.released,
    }
    found = {name: _found(result, chosen) for name, chosen in selections.items()}
    for low, high, least in LATITUDES_DEG:
        own = fields[(fields["latitude_deg"] >= low) & (fields["latitude_deg"] < high)]
        if not own.size:
            continue
        area, true = float(own["square_degree"].sum()), np.isin(truth["seed"], own["seed"])
        print(f"latitude {low:g} to {high:g}: {own.size} fields, {area:.2f} square degrees")
        for first, last in BRIGHTNESSES_MAG:
            chosen = true & (truth["k_mag"] >= first) & (truth["k_mag"] < last)
            shares = [f"{name} {np.mean(found[name][chosen]):.3f}" for name in found if chosen.any()]
            print(f"    Ks {first:g} to {last:g}: {np.count_nonzero(chosen)} galaxies, {', '.join(shares)}")
        chosen = true & (truth["k_mag"] <= LIMIT_MAG)
        inside = np.isin(rows["seed"], own["seed"]) & bright
        told = []
        for name, taken in selections.items():
            blends = int((inside & taken & np.isin(rows["kind"], BLENDS)).sum())
            displaced = int((inside & taken & (rows["kind"] == DISPLACED)).sum())
            share = float(np.mean(found[name][chosen]))
            told.append(_reliability(share, (blends, displaced), area, int(chosen.sum())))
            print(
                f"    to Ks {LIMIT_MAG:g} {name}: {share:.3f} of {int(chosen.sum())} galaxies, {blends} blends, "
                f"{displaced} galaxies off their place, reliability {told[-1]:.4f}"
            )
        limit = f">= {least:g}; {told[0]:.3f}"
        verdict.line("reliability of what is released", told[-1], limit, holds=told[-1] >= least)


def _found(result: Scored, chosen: Bools) -> Bools:
    """Which true galaxies have a candidate that was chosen."""
    truth, rows = result.table.truth, result.table.candidates
    out = np.zeros(truth.size, np.bool_)
    for seed in result.table.fields["seed"]:
        own, field = truth["seed"] == seed, chosen[rows["seed"] == seed]
        candidate = truth["candidate"][own]
        out[own] = (candidate >= 0) & (field[candidate] if field.size else False)
    return out


def _reliability(found: float, false: tuple[int, int], area: float, galaxies: int) -> float:
    """Share of real rows at the sky's own counts of galaxies, with which rows of galaxies off their place go too."""
    blends, displaced = false
    real = NATURAL_SQUARE_DEGREE * found
    return real / max(real + blends / area + displaced * NATURAL_SQUARE_DEGREE / max(galaxies, 1), 1e-9)


def print_contaminants(result: Scored) -> None:
    """Print what the candidates to the limit are, and how many of each pass."""
    bright = result.number("k_mag") <= LIMIT_MAG
    for kind, name in enumerate(CONTAMINANTS):
        own = bright & (result.table.candidates["kind"] == kind)
        print(
            f"  {name:<24} {np.count_nonzero(own):5d} candidates to Ks {LIMIT_MAG:g}, listed "
            f"{np.count_nonzero(own & result.listed):5d}, released {np.count_nonzero(own & result.released):5d}"
        )


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--latitude", type=float, nargs="+", default=[15.0, 60.0])
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--seed", type=int, nargs="*", default=[])
    options = parser.parse_args()
    if options.seed:
        # A field's seed names it in the tables: a second latitude takes others.
        fields = [
            (latitude, seed + 1000 * n)
            for n, latitude in enumerate(options.latitude)
            for seed in options.seed
        ]
        table = Candidates.joined(
            [field_candidates(latitude, options.frames, seed) for latitude, seed in fields]
        )
    else:
        table = Candidates.load(TABLE)
        table = table.chosen(table.fields["seed"][held_back(table.fields["seed"].astype(np.int64))])
    result, verdict = scored(table, classifier_of(shipped_hash())), Verdict()
    print(
        f"{table.candidates.size} candidates in {table.fields.size} fields, {int(result.is_galaxy.sum())} galaxies"
    )
    print_curve(result, verdict)
    print_calibration(result, verdict)
    print_selection(result, verdict)
    print_contaminants(result)
    return int(bool(verdict.missed))


if __name__ == "__main__":
    sys.exit(main())
