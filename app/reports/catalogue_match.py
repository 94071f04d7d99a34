"""A run beside a published catalogue: share found, offset, scatter, grades, pulls and drift by band and magnitude."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection
from psycopg.rows import dict_row
from scipy.spatial import cKDTree

from app.arrays import Bools, Doubles
from app.db.statements import statement
from app.instruments.bands import BANDS, Band
from app.production.runs import run_id_of
from app.reports.published_stars import PublishedStars
from app.sky.directions import unit_vectors

ARCSEC = np.pi / 180.0 / 3600.0
EDGES_MAG = (4.0, 9.0, 11.0, 12.5, 13.5, 14.0, 15.0, 16.0)
BRIGHT_MAG = {Band.J: 14.0, Band.H: 13.5, Band.K: 13.0}
"""Stars whose drift is judged: brighter ones have SNR above 30 in every survey image."""
COLUMNS = (
    "band", "from_mag", "to_mag", "published", "found_percent", "compared", "offset_mag", "scatter_mag",
    "grade_a_percent", "pull", "unmatched",
)  # fmt: skip


@dataclass(frozen=True)
class Rules:
    """How stars are compared, and what must hold; a limit that is None is not judged.

    Attributes
    ----------
    match_arcsec, isolated_arcsec, edge_arcsec : float
        Largest separation of a match; least distance of a compared star from other published ones; least distance from
        the edges of the scans.
    most_offset_mag, most_scatter_mag, most_drift_mag : float or None
        Of compared stars, in every interval with at least ten; drift from south to north over the area.
    least_found_percent, least_grade_a_percent : float or None
        Likewise.
    """

    match_arcsec: float = 1.5
    isolated_arcsec: float = 8.0
    edge_arcsec: float = 12.0
    most_offset_mag: float | None = None
    most_scatter_mag: float | None = None
    most_drift_mag: float | None = None
    least_found_percent: float | None = None
    least_grade_a_percent: float | None = None


FEWEST = 10


@dataclass(frozen=True)
class Comparison:
    """What a comparison says.

    Attributes
    ----------
    rows : list of dict
        Values of `COLUMNS`, a row for each interval that has published stars or our own, of bands that the run has.
    drifts : dict of Band
        Slope over the area from south to north and its uncertainty, mag; bands with fewer than ten stars are left out.
    missed : list of str
        Limits that do not hold.
    """

    rows: list[dict[str, Any]]
    drifts: dict[Band, tuple[float, float]]
    missed: list[str]


@dataclass(frozen=True)
class RunStars:
    """Rows of a run; arrays (n,), magnitudes and errors by band, NaN where a band has no measurement."""

    ra_deg: Doubles
    decl_deg: Doubles
    magnitude: dict[Band, Doubles]
    error_mag: dict[Band, Doubles]
    grade: dict[Band, NDArray[np.str_]]


def robust(values: Doubles) -> tuple[float, float]:
    """Median and scatter (1.4826 times the median absolute deviation); NaN for no values."""
    if not values.size:
        return float("nan"), float("nan")
    middle = float(np.median(values))
    return middle, 1.4826 * float(np.median(np.abs(values - middle)))


def inside_scans(ra_deg: Doubles, decl_deg: Doubles, corners: Sequence[Doubles], edge_arcsec: float) -> Bools:
    """Tell which places lie within any of the areas, at least a distance from its edges.

    Parameters
    ----------
    ra_deg, decl_deg : float64 arrays (n,)
        Degrees, ICRS.
    corners : sequence of float64 arrays (4, 2)
        Right ascension and declination of the corners of each area, in order around it, degrees.
    edge_arcsec : float
        Least distance from the edges, great circles between corners.
    """
    vectors = unit_vectors(ra_deg, decl_deg)
    result = np.zeros(ra_deg.size, np.bool_)
    for area in corners:
        points = unit_vectors(area[:, 0], area[:, 1])
        middle = points.mean(axis=0)
        inside = vectors @ middle > 0.0
        for a, b in pairwise([*points, points[0]]):
            normal = np.cross(a, b)
            length = float(np.linalg.norm(normal))
            if length > 0.0:
                side = np.sign(float(normal @ middle)) / length
                inside &= side * (vectors @ normal) > np.sin(edge_arcsec * ARCSEC)
        result |= inside
    return result


def _nearest(ours: RunStars, measured: Bools, published: PublishedStars) -> tuple[Doubles, NDArray[np.int64]]:
    """Distance (arcsec) of each published star from the nearest of our measured rows, and its index; -1 for none."""
    index = np.flatnonzero(measured)
    if not index.size:
        return np.full(published.ra_deg.size, np.inf), np.full(published.ra_deg.size, -1)
    tree = cKDTree(unit_vectors(ours.ra_deg[index], ours.decl_deg[index]))
    chord, near = tree.query(unit_vectors(published.ra_deg, published.decl_deg))
    return np.asarray(chord / ARCSEC), index[near]


def drift_of(decl_deg: Doubles, difference: Doubles) -> tuple[float, float]:
    """Change of a difference from the southern to the northern end, clipped at 4 sigma, and its uncertainty, mag.

    Parameters
    ----------
    decl_deg, difference : float64 arrays (n,)
        Degrees, mag.
    """
    middle, sigma = robust(difference)
    kept = np.abs(difference - middle) <= 4.0 * sigma
    span = float(np.ptp(decl_deg)) or 1.0
    place = (decl_deg[kept] - decl_deg[kept].mean()) / span
    power = float(place @ place) or 1.0
    return float(place @ difference[kept]) / power, sigma / float(np.sqrt(power))


def compare(
    ours: RunStars, published: PublishedStars, corners: Sequence[Doubles], rules: Rules
) -> Comparison:
    """Compare rows of a run with published stars of the same sky.

    Offset and scatter are those of published stars of the best quality that no other published star is near to, ours
    less theirs; the pull is the scatter of their differences over our own `cmsig`.

    Parameters
    ----------
    ours : RunStars
        Rows of the run around the published stars.
    published : PublishedStars
        All stars of the catalogue there.
    corners : sequence of float64 arrays (4, 2)
        Areas of the run's scans (`inside_scans`).
    rules : Rules
        Separations and limits.
    """
    covered = inside_scans(published.ra_deg, published.decl_deg, corners, rules.edge_arcsec)
    ours_covered = inside_scans(ours.ra_deg, ours.decl_deg, corners, rules.edge_arcsec)
    vectors = unit_vectors(published.ra_deg, published.decl_deg)
    alone = np.ones(published.ra_deg.size, np.bool_)
    if alone.size > 1:
        alone = cKDTree(vectors).query(vectors, k=2)[0][:, 1] > rules.isolated_arcsec * ARCSEC
    rows: list[dict[str, Any]] = []
    drifts: dict[Band, tuple[float, float]] = {}
    for band in BANDS:
        measured = np.isfinite(ours.magnitude[band])
        real = published.real(band) & covered
        if not real.any() or not measured.any():
            continue
        distance, near = _nearest(ours, measured, published)
        matched = distance < rules.match_arcsec
        known = (
            cKDTree(vectors).query(unit_vectors(ours.ra_deg, ours.decl_deg))[0] < rules.match_arcsec * ARCSEC
        )
        difference = np.where(matched, ours.magnitude[band][near] - published.magnitude[band], np.nan)
        good = published.clean(band) & covered & alone & matched
        error, grade_a = ours.error_mag[band][near], ours.grade[band][near] == "A"
        unknown = np.where(measured & ours_covered & ~known, ours.magnitude[band], np.nan)
        catalogued = np.where(real, published.magnitude[band], np.nan)
        rows += [
            _interval(band, edges, catalogued, matched, good, (difference, error), grade_a, unknown)
            for edges in pairwise(EDGES_MAG)
            if _within(catalogued, edges).any() or _within(unknown, edges).any()
        ]
        bright = good & (published.magnitude[band] < BRIGHT_MAG[band])
        if np.count_nonzero(bright) >= FEWEST:
            drifts[band] = drift_of(published.decl_deg[bright], difference[bright])
    return Comparison(rows, drifts, _missed(rows, drifts, rules))


def _within(magnitude: Doubles, edges: tuple[float, float]) -> Bools:
    return np.asarray((magnitude >= edges[0]) & (magnitude < edges[1]))


def _interval(
    band: Band,
    edges: tuple[float, float],
    catalogued: Doubles,
    matched: Bools,
    good: Bools,
    measures: tuple[Doubles, Doubles],
    grade_a: Bools,
    unknown: Doubles,
) -> dict[str, Any]:
    """Values of `COLUMNS` of one interval; `measures` are differences and our errors, mag."""
    inside = _within(catalogued, edges)
    use = good & inside
    difference, error = (values[use] for values in measures)
    offset, scatter = robust(difference)
    values = (
        band.label, *edges, int(inside.sum()), 100.0 * float((inside & matched).sum()) / max(int(inside.sum()), 1),
        int(use.sum()), offset, scatter, 100.0 * float(grade_a[use].mean()) if use.any() else float("nan"),
        robust((difference - offset) / error)[1], int(_within(unknown, edges).sum()),
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def _missed(rows: list[dict[str, Any]], drifts: dict[Band, tuple[float, float]], rules: Rules) -> list[str]:
    """Limits that do not hold, as sentences."""
    missed = []
    for row in rows:
        place = f"{row['band']} {row['from_mag']:g} to {row['to_mag']:g}"
        judged = (
            ("offset_mag", rules.most_offset_mag, "compared", 1.0),
            ("scatter_mag", rules.most_scatter_mag, "compared", 1.0),
            ("grade_a_percent", rules.least_grade_a_percent, "compared", -1.0),
            ("found_percent", rules.least_found_percent, "published", -1.0),
        )
        for name, limit, number, sign in judged:
            if limit is not None and row[number] >= FEWEST:
                value = abs(row[name])
                if sign * value > sign * limit:
                    missed.append(f"{place}: {name} {row[name]:.3f}, limit {limit:g}")
    for band, (drift, error) in drifts.items():
        if rules.most_drift_mag is not None and abs(drift) > rules.most_drift_mag + error:
            missed.append(
                f"{band.label}: drift {drift:+.3f} +- {error:.3f} mag, limit {rules.most_drift_mag:g}"
            )
    return missed


def run_stars(connection: Connection[Any], run: str, published: PublishedStars) -> RunStars:
    """Fetch the rows of a run around published stars.

    Parameters
    ----------
    connection : Connection
        Role reader or more.
    run : str
        Name of the run.
    published : PublishedStars
        The circle around them is fetched.

    Raises
    ------
    UnknownNameError
        Raised if there is no such run.
    """
    vectors = unit_vectors(published.ra_deg, published.decl_deg)
    middle = vectors.mean(axis=0)
    middle /= np.linalg.norm(middle)
    place = {
        "run_id": run_id_of(connection, run),
        "ra": float(np.degrees(np.arctan2(middle[1], middle[0]))) % 360.0,
        "decl": float(np.degrees(np.arcsin(middle[2]))),
        "radius_deg": float(np.degrees(np.arccos(np.clip((vectors @ middle).min(), -1.0, 1.0)))) + 0.01,
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("reports/run_catalogue"), place).fetchall()

    def letters(name: str, band: Band) -> NDArray[np.str_]:
        return np.array([row[name][band.position : band.position + 1] for row in rows], "U1")

    def numbers(name: str) -> Doubles:
        return np.array([np.nan if row[name] is None else row[name] for row in rows], np.float64)

    real = {band: np.isin(letters("rd_flg", band), list("1234")) for band in BANDS}
    return RunStars(
        numbers("ra"),
        numbers("decl"),
        {band: np.where(real[band], numbers(f"{band.value}_m"), np.nan) for band in BANDS},
        {band: numbers(f"{band.value}_cmsig") for band in BANDS},
        {band: letters("ph_qual", band) for band in BANDS},
    )


def run_areas(connection: Connection[Any], run: str) -> list[Doubles]:
    """Fetch the corners of a run's scans, (4, 2) degrees each, in order around the area."""
    with connection.cursor(row_factory=dict_row) as cursor:
        scans = cursor.execute(statement("reports/run_scans"), {"run": run}).fetchall()
    return [np.array([(s[f"ra_{i}"], s[f"dec_{i}"]) for i in (1, 2, 4, 3)], np.float64) for s in scans]
