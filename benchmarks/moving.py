"""Minor planets of a simulated survey: predicted places from the truth, and rows of a release that were flagged."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.arrays import Table
from app.db.engine import connect
from app.ingest.minor_planets import COLUMNS
from app.sky.directions import unit_vectors
from benchmarks.release_truth import chord
from benchmarks.verdict import Verdict

ERROR_ARCSEC = 0.5
EPHEMERIS_DAYS = (-1, 0, 1)
"""Predictions of a body about its reference time: the night of one site ends when the other's has begun, and a release
looks at predictions within half a day alone."""
MATCH_ARCSEC = 4.0
"""A body moves by 3" between the middle of a scan and its ends."""
_FLAGGED = """
SELECT p.ra, p.decl, to_char(n.date, 'YYMMDD') || n.hemis, p.scan, p.mp_flg
FROM release.psc AS p
JOIN release.release AS r USING (release_id)
JOIN survey.scan AS s USING (scan_key)
JOIN survey.night AS n ON n.night_id = s.night_id
WHERE r.name = %s ORDER BY p.pts_key"""
FLAGGED_DTYPE = np.dtype([("ra", "f8"), ("decl", "f8"), ("night", "S7"), ("scan", "i4"), ("flag", "i4")])
"""Released rows with their flags, -1 where nobody looked."""


def write_predictions(objects: Table, path: Path) -> int:
    """Write predicted places of the asteroids of a survey, as `mapps reference minor-planets` reads them.

    Parameters
    ----------
    objects : structured array
        Table OBJECTS of the survey's truth.
    path : Path
        Target.

    Returns
    -------
    int
        Number of asteroids; each has a prediction a day, for three days.
    """
    bodies = objects[objects["kind"] == b"a"]
    lines = [",".join(COLUMNS)]
    for row in bodies:
        for days in EPHEMERIS_DAYS:
            north = float(row["rate_decl_arcsec_h"]) * 24.0 * days / 3600.0
            east = float(row["rate_ra_arcsec_h"]) * 24.0 * days / 3600.0
            values = (
                f"sim-{row['object_id']}", row["reference_mjd"] + days + 2_400_000.5,
                (float(row["ra"]) + east / np.cos(np.radians(float(row["decl"])))) % 360.0, float(row["decl"]) + north,
                row["rate_ra_arcsec_h"], row["rate_decl_arcsec_h"], ERROR_ARCSEC,
            )  # fmt: skip
            lines.append(",".join([values[0], *(repr(float(value)) for value in values[1:])]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return int(bodies.size)


def count_flags(rows: Table, sights: Table) -> tuple[int, int, int]:
    """Count asteroids that a release has as rows, those of them that are flagged, and flagged rows that are none.

    Parameters
    ----------
    rows : structured array of FLAGGED_DTYPE
        Released rows.
    sights : structured array
        Objects of the chosen scans (`benchmarks.release_truth`).
    """
    from scipy.spatial import cKDTree

    known = flagged = 0
    explained = np.zeros(rows.size, np.bool_)
    for sight in sights[sights["kind"] == b"a"]:
        of_scan = np.flatnonzero((rows["night"] == sight["night"]) & (rows["scan"] == sight["scan"]))
        if not of_scan.size:
            continue
        tree = cKDTree(unit_vectors(rows["ra"][of_scan], rows["decl"][of_scan]))
        near = of_scan[tree.query_ball_point(unit_vectors(sight["ra"], sight["decl"]), chord(MATCH_ARCSEC))]
        known += near.size > 0
        flagged += bool((rows["flag"][near] == 1).any())
        explained[near] = True
    return int(known), int(flagged), int(((rows["flag"] == 1) & ~explained).sum())


def judge_moving(release: str, sights: Table, verdict: Verdict) -> None:
    """Print how many minor planets a release has flagged.

    Parameters
    ----------
    release : str
        Name of the release.
    sights : structured array
        Objects of its chosen scans.
    verdict : Verdict
        Notes what is missed.
    """
    with connect("operator") as connection:
        found = connection.execute(_FLAGGED, (release,)).fetchall()
    rows = np.array([tuple(-1 if value is None else value for value in row) for row in found], FLAGGED_DTYPE)
    known, flagged, wrong = count_flags(rows, sights)
    print(
        f"\nminor planets: {known} stand in the release, {flagged} of them flagged; {wrong} other rows flagged"
    )
    verdict.line("minor planets not flagged", known - flagged, "= 0", holds=known == flagged)
    # A flag within 5" of a prediction may fall on a star: of 2,000 rows in a field of a square degree one in 10.
    share = wrong / max(rows.size, 1)
    verdict.line("share of other rows flagged", share, "<= 0.001", holds=share <= 0.001)
