"""Candidates of simulated fields with their truth: what the classifier of extended sources learns and is judged by.

Fields are those of `benchmarks.galaxy_fields`, reduced as far as the search for galaxies, in which no candidate is
given up because three stars describe it as well. A candidate is a galaxy where a true one stands within 3" or 0.3 of
its half-light radius, each galaxy once. All others are contaminants, told apart by the true stars within 6" that have a
tenth of its light.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from app.arrays import Bools, Doubles, Integers, Table
from app.instruments.bands import Band
from app.parameters.galaxy_classifier import Forest, GalaxyClassifier
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from benchmarks.galaxy_fields import ObservedGalaxies, observe_galaxies
from workers.reduction.galaxies.evidence import FEATURES
from workers.reduction.galaxies.find import find_galaxies
from workers.reduction.galaxies.values import Galaxy
from workers.reduction.measure_scan import search_of
from workers.reduction.reduce_scan import ReducedScan, reduce_scan
from workers.reduction.saturated.stars import saturated_of

EDGE_ARCSEC, MATCH_ARCSEC, MATCH_RADII = 25.0, 3.0, 0.3
DISPLACED_ARCSEC, NEIGHBOUR_ARCSEC, FAINTER_MAG = 8.0, 6.0, 2.5
HALO_ARCSEC, HALO_MAG = 60.0, 8.5
DENSITY_MAG = 14.0
CONTAMINANTS = (
    "galaxy", "galaxy off its place", "halo of a bright star", "single star", "two stars", "three stars or more",
    "nothing",
)  # fmt: skip
GALAXY, DISPLACED, HALO, SINGLE, DOUBLE, GROUP, NOTHING = range(len(CONTAMINANTS))
BLENDS = (SINGLE, DOUBLE, GROUP)
CANDIDATE_DTYPE = np.dtype([
    ("numbers", "i2", (len(FEATURES),)), ("seed", "i2"), ("kind", "u1"),
])  # fmt: skip
TRUTH_DTYPE = np.dtype([
    ("seed", "i2"), ("k_mag", "f4"), ("half_light_arcsec", "f4"), ("index", "u1"), ("candidate", "i2"),
])  # fmt: skip
FIELD_DTYPE = np.dtype([
    ("seed", "i2"), ("latitude_deg", "f4"), ("square_degree", "f8"), ("log_density", "f4"), ("drawn", "i2"),
])  # fmt: skip


@dataclass(frozen=True)
class Candidates:
    """Candidates of fields, and their truth.

    Attributes
    ----------
    candidates : structured array of CANDIDATE_DTYPE
        Numbers that the classifier is asked by, seed of the field, and an index of `CONTAMINANTS`.
    truth : structured array of TRUTH_DTYPE
        True galaxies inside, and the place of their candidate among those of their field, -1 for none.
    fields : structured array of FIELD_DTYPE
        Latitude and area of each, logarithm of its stars of Ks < 14 a square degree, and how many galaxies were drawn.
    """

    candidates: Table
    truth: Table
    fields: Table

    def save(self, path: Path) -> None:
        """Write the tables, compressed, without a pickle."""
        np.savez_compressed(path, candidates=self.candidates, truth=self.truth, fields=self.fields)

    @staticmethod
    def load(path: Path) -> Candidates:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as told:
            return Candidates(told["candidates"], told["truth"], told["fields"])

    @staticmethod
    def joined(parts: list[Candidates]) -> Candidates:
        """Join fields in the order of their seeds."""
        parts = sorted(parts, key=lambda part: int(part.fields["seed"][0]))
        tables = (
            np.concatenate([getattr(p, name) for p in parts]) for name in ("candidates", "truth", "fields")
        )
        return Candidates(*tables)

    def chosen(self, seeds: Integers) -> Candidates:
        """Return the fields of some seeds."""
        return Candidates(*(t[np.isin(t["seed"], seeds)] for t in (self.candidates, self.truth, self.fields)))


def judgeable(kinds: Integers) -> Bools:
    """Return which candidates are galaxies or blends of stars.

    Those of a galaxy off its place are both; what bright stars leave has its letters in cc_flg in the end, of which the
    search alone knows nothing, and a latent image looks as a galaxy does.

    Parameters
    ----------
    kinds : int array (n,)
        Indices of `CONTAMINANTS`.
    """
    return np.isin(kinds, (GALAXY, *BLENDS))


def keep_all() -> GalaxyClassifier:
    """Return a classifier without trees, which takes every candidate for a galaxy: nothing is given up."""
    none, leaf = np.zeros(0, np.int64), np.zeros(0, np.float64)
    forest = Forest(none, none, none, none, leaf, 9.0, 1.0, 0.0)
    return GalaxyClassifier(FEATURES, forest, forest, 3.0, "")


def search_field(
    observed: ObservedGalaxies, classifier: GalaxyClassifier
) -> tuple[ReducedScan, list[Galaxy]]:
    """Reduce a field as far as its search for galaxies.

    Parameters
    ----------
    observed : ObservedGalaxies
        The field.
    classifier : GalaxyClassifier
        That gives the candidates their scores.
    """
    reduced = reduce_scan(
        observed.raw,
        observed.calibration,
        observed.reference,
        ReductionParameters(),
        photometry=PhotometryParameters(),
    )
    fixed = {b: saturated_of(s.band, reduced.read1_stars, s.psf) for b, s in reduced.stacks.items()}
    return reduced, find_galaxies(search_of(reduced, fixed), classifier)


def field_candidates(latitude_deg: float, frames: int, seed: int) -> Candidates:
    """Observe a field and search it.

    Parameters
    ----------
    latitude_deg : float
        Galactic latitude.
    frames : int
        Of the scan.
    seed : int
        Of the field.
    """
    observed = observe_galaxies(latitude_deg, frames, seed)
    reduced, galaxies = search_field(observed, keep_all())
    return judged(observed, reduced, [g for g in galaxies if g.evidence], (seed, latitude_deg))


def judged(
    observed: ObservedGalaxies, reduced: ReducedScan, galaxies: list[Galaxy], field: tuple[int, float]
) -> Candidates:
    """Compare candidates with the truth.

    Parameters
    ----------
    observed, reduced
        The field and its reduction.
    galaxies : list of Galaxy
        Candidates with their evidence.
    field : (int, float)
        Seed and latitude.
    """
    seed, latitude = field
    low = np.array([reduced.grid.first_x_arcsec, reduced.grid.first_y_arcsec]) + EDGE_ARCSEC
    high = low + np.array([511.0, reduced.grid.rows - 1.0]) - 2.0 * EDGE_ARCSEC
    sources = observed.sources
    places = np.column_stack(reduced.uscan.from_sky(sources["ra"], sources["decl"]))
    own = np.array([(g.shape.x_arcsec, g.shape.y_arcsec) for g in galaxies]).reshape(-1, 2)
    inside = ((own > low) & (own < high)).all(axis=1)
    is_galaxy = sources["kind"] == b"g"
    truth, middles = sources[is_galaxy], places[is_galaxy]
    candidate = _matched(truth, middles, own)
    kinds = _kinds(sources, places, own, galaxies, reduced)
    kinds[candidate[candidate >= 0]] = GALAXY
    rows = np.zeros(len(galaxies), CANDIDATE_DTYPE)
    rows["numbers"], rows["kind"], rows["seed"] = [g.evidence for g in galaxies], kinds, seed
    within = ((middles > low) & (middles < high)).all(axis=1)
    # Places among the candidates that are kept.
    renumbered = np.where(inside, np.cumsum(inside) - 1, -1)
    told = np.zeros(int(within.sum()), TRUTH_DTYPE)
    told["seed"], told["k_mag"] = seed, truth["k_m"][within]
    told["half_light_arcsec"], told["index"] = (
        truth["half_light_arcsec"][within],
        truth["sersic_index"][within],
    )
    told["candidate"] = np.where(candidate[within] >= 0, renumbered[candidate[within]], -1)
    area = float(np.prod((high - low) / 3600.0))
    stars = ~is_galaxy & ((places > low) & (places < high)).all(axis=1) & (sources["k_m"] < DENSITY_MAG)
    fields = np.array([(seed, latitude, area, np.log10(stars.sum() / area), within.sum())], FIELD_DTYPE)
    return Candidates(rows[inside], told, fields)


def _matched(truth: Table, middles: Doubles, own: Doubles) -> Integers:
    """Candidate of each true galaxy, the brightest first; -1 for none."""
    out = np.full(truth.size, -1, np.int64)
    if not own.size or not truth.size:
        return out
    distance, nearest = cKDTree(own).query(middles)
    taken = np.zeros(len(own), np.bool_)
    for k in np.argsort(truth["k_m"], kind="stable"):
        reach = max(MATCH_ARCSEC, MATCH_RADII * float(truth["half_light_arcsec"][k]))
        if distance[k] < reach and not taken[nearest[k]]:
            out[k], taken[nearest[k]] = nearest[k], True
    return out


def _kinds(
    sources: Table, places: Doubles, own: Doubles, galaxies: list[Galaxy], reduced: ReducedScan
) -> Integers:
    """Index of `CONTAMINANTS` of each candidate, were it no galaxy."""
    zero = float(np.mean([i.zero_point_mag for i in reduced.images if i.band is Band.K]))
    star = sources["kind"] == b"s"
    bright = places[star & (sources["k_m"] < HALO_MAG)]
    middles = places[~star]
    out = np.full(len(galaxies), NOTHING, np.int64)
    for n, galaxy in enumerate(galaxies):
        away = np.hypot(*(places[star] - own[n]).T)
        light = max(galaxy.flux_dn.get(Band.K, 0.0), 1e-3)
        limit = zero - 2.5 * np.log10(light) + FAINTER_MAG
        count = int(np.count_nonzero((away < NEIGHBOUR_ARCSEC) & (sources["k_m"][star] < limit)))
        if np.hypot(*(middles - own[n]).T).min(initial=np.inf) < DISPLACED_ARCSEC:
            out[n] = DISPLACED
        elif np.hypot(*(bright - own[n]).T).min(initial=np.inf) < HALO_ARCSEC and not count:
            out[n] = HALO
        elif count:
            out[n] = (SINGLE, DOUBLE, GROUP)[min(count, 3) - 1]
    return out
