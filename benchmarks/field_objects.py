"""Objects of calibration fields beside the truth: whether rows of one star were joined, and which stars vary."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from app.arrays import Bools, Integers, Table
from app.db.engine import connect
from app.observatory.survey.truth import read_survey_table
from app.sky.directions import unit_vectors
from benchmarks.release_site import FIELDS, ReleaseSite
from benchmarks.release_truth import chord
from benchmarks.verdict import Verdict

LEAST_SNR = 10.0
MATCH_ARCSEC, MATCH_MAG = 1.5, 1.0
LEAST_RIGHT, MOST_WRONG = 0.995, 0.0005
BLEND_ARCSEC, BLEND_MAG = 4.0, 2.5
"""Stars with another one this near, not so much fainter, are told apart in one scan and not in the next."""
STEADY_MAG = 0.005
"""A star whose light changes by less counts as constant."""
_MEMBERS = """
SELECT m.gcntr, to_char(n.date, 'YYMMDD') || n.hemis, s.scan, p.ra, p.decl, p.j_m,
       coalesce(greatest(p.j_snr, p.h_snr, p.k_snr), 0), v.significance
FROM release.object_set AS o
JOIN release.object_member AS m USING (object_set_id)
JOIN wsdb.point_source AS p ON p.run_id = m.run_id AND p.src_id = m.source_id
JOIN survey.scan AS s ON s.scan_key = m.scan_key AND s.kind = 'cal'
JOIN survey.night AS n ON n.night_id = s.night_id
LEFT JOIN release.object_light AS v
    ON v.object_set_id = m.object_set_id AND v.gcntr = m.gcntr AND v.seed_run_id = m.seed_run_id AND v.band = '-'
WHERE o.name = %s AND o.kind = 'point' AND p.cc_flg !~ '[A-Z]'
      -- As in releases: without reference stars places rest on the pointing, an arc second off.
      AND EXISTS (SELECT FROM quality.metric AS q
                  WHERE q.attempt_id = p.attempt_id AND q.name = 'reference_stars' AND q.band = '-' AND q.value >= 1)
ORDER BY m.gcntr, m.source_id"""
MEMBER_DTYPE = np.dtype(
    [
        ("group", "i8"),
        ("night", "S7"),
        ("scan", "i4"),
        ("ra", "f8"),
        ("decl", "f8"),
        ("j_m", "f8"),
        ("snr", "f8"),
        ("significance", "f8"),
    ]
)
"""Rows of calibration scans with the object that they were joined to, and its significance (NaN: unknown)."""


class Joins(NamedTuple):
    """Rows of known stars: all, joined with the others of their star, and with those of another one."""

    rows: int
    right: int
    wrong: int


def identify(members: Table, sightings: Table) -> Integers:
    """Give each row the number of its star, the nearest of its scan within 1.5" and a magnitude; 0 where none is.

    Parameters
    ----------
    members : structured array of MEMBER_DTYPE, (n,)
        Rows.
    sightings : structured array
        Table SIGHTINGS of the survey's truth.
    """
    from scipy.spatial import cKDTree

    numbers = np.zeros(members.size, np.int64)
    for night, scan in sorted({(row["night"], int(row["scan"])) for row in members}):
        rows = np.flatnonzero((members["night"] == night) & (members["scan"] == scan))
        seen = sightings[(sightings["night"] == night) & (sightings["scan"] == scan)]
        if not seen.size:
            continue
        vectors = unit_vectors(seen["ra"], seen["decl"])
        places = unit_vectors(members["ra"][rows], members["decl"][rows])
        for row, place, near in zip(
            rows, places, cKDTree(vectors).query_ball_point(places, chord(MATCH_ARCSEC)), strict=True
        ):
            known = members["j_m"][row]
            alike = [n for n in near if not np.isfinite(known) or abs(seen["j_m"][n] - known) < MATCH_MAG]
            if alike:
                nearest = min(alike, key=lambda index: float(np.linalg.norm(vectors[index] - place)))
                numbers[row] = seen["object_id"][nearest]
    return numbers


def alone(sightings: Table) -> Integers:
    """Give the numbers of objects without another one within 4" that is less than 2.5 mag fainter in J.

    Parameters
    ----------
    sightings : structured array
        Table SIGHTINGS of the survey's truth.
    """
    from scipy.spatial import cKDTree

    _, first = np.unique(sightings["object_id"], return_index=True)
    objects = sightings[first]
    pairs = cKDTree(unit_vectors(objects["ra"], objects["decl"])).query_pairs(
        chord(BLEND_ARCSEC), output_type="ndarray"
    )
    both = np.concatenate([pairs, pairs[:, ::-1]])
    touched = both[objects["j_m"][both[:, 1]] < objects["j_m"][both[:, 0]] + BLEND_MAG, 0]
    return np.asarray(np.delete(objects["object_id"], np.unique(touched)))


def count_joins(groups: Integers, numbers: Integers) -> Joins:
    """Count rows that were joined rightly and wrongly.

    Parameters
    ----------
    groups : int64 array (n,)
        Object of each row.
    numbers : int64 array (n,)
        Star of each row, 0 where it is unknown; those are not counted.

    Returns
    -------
    Joins
        A row is wrong in a group most of whose rows are of another star, and right in the largest group of its own
        star. Of groups, and of stars, with equal numbers the smaller one counts.

    Examples
    --------
    >>> count_joins(np.array([1, 1, 1, 2, 3]), np.array([7, 7, 8, 8, 7]))
    Joins(rows=5, right=3, wrong=1)
    """
    known = numbers != 0
    groups, numbers = groups[known], numbers[known]
    star_of = _most(groups, numbers)
    agreeing = np.array([star_of[int(g)] == n for g, n in zip(groups, numbers, strict=True)], np.bool_)
    group_of = _most(numbers[agreeing], groups[agreeing])
    right = [
        bool(agrees) and group_of[int(n)] == g
        for g, n, agrees in zip(groups.tolist(), numbers.tolist(), agreeing, strict=True)
    ]
    return Joins(int(groups.size), int(sum(right)), int((~agreeing).sum()))


def _most(keys: Integers, values: Integers) -> dict[int, int]:
    """Most frequent value of each key."""
    found: dict[int, tuple[int, int]] = {}
    pairs, counts = np.unique(np.stack([keys, values], axis=1), axis=0, return_counts=True)
    for (key, value), count in zip(pairs.tolist(), counts.tolist(), strict=True):
        if key not in found or count > found[key][0]:
            found[key] = (count, value)
    return {key: value for key, (_, value) in found.items()}


def significant(members: Table, numbers: Integers, chosen: Integers, limit: float) -> tuple[int, int]:
    """Count stars with a verdict on their light, and those that vary.

    Parameters
    ----------
    members : structured array of MEMBER_DTYPE, (n,)
        Rows.
    numbers : int64 array (n,)
        Star of each row.
    chosen : int64 array
        Stars that are meant.
    limit : float
        Significance from which light changes.
    """
    of: Bools = np.isin(numbers, chosen) & np.isfinite(members["significance"])
    stars, first = np.unique(numbers[of], return_index=True)
    return int(stars.size), int((members["significance"][of][first] >= limit).sum())


def judge_objects(site: ReleaseSite, verdict: Verdict) -> None:
    """Print joins and variables of a site, and hold the joins against their limits.

    Parameters
    ----------
    site : ReleaseSite
        A site whose final run has objects.
    verdict : Verdict
        Notes what is missed.
    """
    with connect("operator") as connection:
        found: list[Any] = connection.execute(_MEMBERS, (FIELDS,)).fetchall()
    members = np.array(
        [tuple(np.nan if value is None else value for value in row) for row in found], MEMBER_DTYPE
    )
    print(f"\nobjects of calibration fields: {np.unique(members['group']).size} of {members.size} rows")
    sightings = read_survey_table(site.truth, "SIGHTINGS")
    numbers = identify(members, sightings)
    bright = members["snr"] >= LEAST_SNR
    every = count_joins(members["group"][bright], numbers[bright])
    print(f"  {every.rows} rows of stars above SNR {LEAST_SNR:g}: {every.right} right, {every.wrong} wrong")
    bright &= np.isin(numbers, alone(sightings))
    joins = count_joins(members["group"][bright], numbers[bright])
    print(f"  {joins.rows} of them of stars that stand alone: {joins.right} right, {joins.wrong} wrong")
    right, wrong = (count / joins.rows if joins.rows else np.nan for count in joins[1:])
    verdict.line("joins that are right", right, f">= {LEAST_RIGHT}", holds=right >= LEAST_RIGHT)
    verdict.line("joins that are wrong", wrong, f"<= {MOST_WRONG}", holds=wrong <= MOST_WRONG)
    objects = read_survey_table(site.truth, "OBJECTS")
    stars = objects[objects["kind"] == b"s"]
    constant = stars["object_id"][stars["amplitude_mag"] < STEADY_MAG]
    varying = stars["object_id"][stars["amplitude_mag"] >= 0.1]
    for name, chosen in (("constant stars", constant), ("stars that change by 0.1 mag and more", varying)):
        judged, listed = significant(members[bright], numbers[bright], chosen, 2.33)
        # Scans of a set lie minutes apart: most variables of a few sets stand at one or two phases.
        print(f"  {name}: {judged} with a verdict, {listed} listed as variable")
