"""What a release of the simulated survey reaches, beside the Level 1 requirements and what the survey of 2003 reached.

    python -m benchmarks.level1 FOLDER [--release all-sky-1]

FOLDER is what `python -m benchmarks.survey_demo --folder FOLDER` made: a database and the truth of its nights. Prints
the Level 1 table (background/survey 5.5) and the limits of this software, and exits 1 when one is missed. What doing
nothing scores stands beside: magnitudes on the nominal scale of the cameras.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.arrays import Doubles, Table
from app.db.engine import connect
from app.observatory.survey.truth import read_survey_table
from app.sky.directions import unit_vectors
from app.sky.footprint import Corners, edge_distances
from app.sky.galactic import galactic
from benchmarks.release_site import ALL_SKY, ReleaseSite, open_site
from benchmarks.release_truth import (
    ALONE_ARCSEC,
    ALONE_MAG,
    ROW_DTYPE,
    SIGHT_DTYPE,
    SNR10_MAG,
    brighter_near,
    chord,
    completeness,
    match_rows,
    reliability,
)
from benchmarks.verdict import Verdict

LEAST_LATITUDE_DEG = 10.0
EDGE_ARCSEC = 10.0
LEAST_COMPLETENESS, LEAST_RELIABILITY, LEAST_RELIABILITY_WITHOUT = 0.995, 0.9995, 0.9998
UNIFORMITY_MAG, MOST_BIAS_MAG, PRECISION_MAG = 0.010, 0.04, 0.05
PLACE_ARCSEC, SCAN_PLACE_ARCSEC = 0.05, 0.1
FEWEST_STARS = 10
_ROWS = """
SELECT p.ra, p.decl, to_char(n.date, 'YYMMDD') || n.hemis, p.scan,
       CASE WHEN substr(p.ph_qual, 1, 1) NOT IN ('U', 'X') THEN p.j_m END,
       CASE WHEN substr(p.ph_qual, 2, 1) NOT IN ('U', 'X') THEN p.h_m END,
       CASE WHEN substr(p.ph_qual, 3, 1) NOT IN ('U', 'X') THEN p.k_m END,
       coalesce(p.j_snr, 0), coalesce(p.h_snr, 0), coalesce(p.k_snr, 0), p.rd_flg, p.glat
FROM release.psc AS p
JOIN release.release AS r USING (release_id)
JOIN survey.scan AS s USING (scan_key)
JOIN survey.night AS n ON n.night_id = s.night_id
WHERE r.name = %s ORDER BY p.pts_key"""
_SCANS = """
SELECT to_char(n.date, 'YYMMDD') || n.hemis, c.scan, c.scan_key, c.tile, c.ra_1, c.dec_1, c.ra_2, c.dec_2, c.ra_3,
       c.dec_3, c.ra_4, c.dec_4, c.j_msnr10, c.h_msnr10, c.k_msnr10, c.ra, c.decl
FROM release.scn AS c
JOIN release.release AS r USING (release_id)
JOIN survey.scan AS s USING (scan_key)
JOIN survey.night AS n ON n.night_id = s.night_id
WHERE r.name = %s ORDER BY c.scan_key"""
_OFFSETS = """
SELECT to_char(n.date, 'YYMMDD') || n.hemis, s.scan, trim(z.band), z.offset_mag
FROM release.scan AS c
JOIN release.release AS r USING (release_id)
JOIN survey.scan AS s USING (scan_key)
JOIN survey.night AS n ON n.night_id = s.night_id
JOIN release.solution AS q ON q.release_id = c.release_id AND q.run_id = c.run_id AND q.night_id = s.night_id
JOIN calibration.scan_zero_point AS z ON z.solution_id = q.solution_id AND z.scan_key = c.scan_key
WHERE r.name = %s AND c.selected"""
_EXTENDED = """
SELECT x.ra, x.decl, coalesce(x.k_m_10, 99) FROM release.xsc AS x JOIN release.release AS r USING (release_id)
WHERE r.name = %s ORDER BY x.ext_key"""


@dataclass(frozen=True)
class Surveyed:
    """A release and the truth of what its scans looked at.

    Attributes
    ----------
    rows : structured array of ROW_DTYPE
        Released point sources.
    sights : structured array of SIGHT_DTYPE
        Objects of the chosen scans.
    scans : list of tuple
        Chosen scans.
    offsets : dict of (bytes, int, str) to float
        What was added to magnitudes of each scan and band.
    extended : float64 array (m, 3)
        Extended sources: place and Ks within 10".
    """

    rows: Table
    sights: Table
    scans: list[tuple[Any, ...]]
    offsets: dict[tuple[bytes, int, str], float]
    extended: Doubles


def read_surveyed(site: ReleaseSite, release: str) -> Surveyed:
    """Read a release and its truth.

    Parameters
    ----------
    site : ReleaseSite
        Where both are.
    release : str
        Name of the release.
    """
    with connect("operator") as connection:
        found = connection.execute(_ROWS, (release,)).fetchall()
        scans = connection.execute(_SCANS, (release,)).fetchall()
        offsets = connection.execute(_OFFSETS, (release,)).fetchall()
        extended = connection.execute(_EXTENDED, (release,)).fetchall()
    rows = np.array([tuple(np.nan if value is None else value for value in row) for row in found], ROW_DTYPE)
    return Surveyed(
        rows=rows,
        sights=_sights(site, scans),
        scans=scans,
        offsets={(night.encode(), int(scan), band): float(value) for night, scan, band, value in offsets},
        extended=np.array(extended, np.float64).reshape(-1, 3),
    )


def _sights(site: ReleaseSite, scans: list[tuple[Any, ...]]) -> Table:
    objects = read_survey_table(site.truth, "OBJECTS")
    objects = objects[np.argsort(objects["object_id"])]
    sightings = read_survey_table(site.truth, "SIGHTINGS")
    parts = [np.zeros(0, SIGHT_DTYPE)]
    for night, scan, _, _, *numbers in scans:
        seen = sightings[(sightings["night"] == night.encode()) & (sightings["scan"] == scan)]
        part = np.zeros(seen.size, SIGHT_DTYPE)
        for name in ("object_id", "ra", "decl", "night", "scan", "j_m", "h_m", "k_m"):
            part[name] = seen[name]
        of = objects[np.searchsorted(objects["object_id"], seen["object_id"])]
        part["kind"], part["half_light_arcsec"] = of["kind"], of["half_light_arcsec"]
        pairs = [(float(numbers[2 * k]), float(numbers[2 * k + 1])) for k in range(4)]
        ns, ew, _ = edge_distances(seen["ra"], seen["decl"], Corners(*pairs))
        part["depth_arcsec"] = np.minimum(ns, ew)
        part["released"] = part["depth_arcsec"] > EDGE_ARCSEC
        part["glat"] = galactic(seen["ra"], seen["decl"])[1]
        parts.append(part)
    return np.concatenate(parts)


def judge(found: Surveyed, verdict: Verdict) -> None:
    """Print the table and hold it against the limits.

    Parameters
    ----------
    found : Surveyed
        A release and its truth.
    verdict : Verdict
        Notes what is missed.
    """
    off_plane = Surveyed(
        rows=found.rows[np.abs(found.rows["glat"]) > LEAST_LATITUDE_DEG],
        sights=found.sights[np.abs(found.sights["glat"]) > LEAST_LATITUDE_DEG],
        scans=found.scans,
        offsets=found.offsets,
        extended=found.extended,
    )
    print(
        f"{found.rows.size} point sources, {len(found.extended)} extended sources, {len(found.scans)} scans"
    )
    for title, part in (
        ("sensitivity: magnitude of SNR 10 (required 15.8 / 15.1 / 14.3; survey of 2003: met)", _sensitivity),
        ("completeness at these limits, |b| > 10 deg (required 0.99; survey of 2003: met)", _completeness),
        ("reliability at these limits, |b| > 10 deg (required 0.9995; survey of 2003: 0.9997)", _reliability),
        ("photometry of single stars against truth (required: bias < 0.04, precision < 0.05 mag; 2003: 0.02, 0.03)",
         _photometry),
        ("astrometry against truth (required 0.5 arcsec; survey of 2003: 0.1)", _astrometry),
        ("stars of Read_1 (required: bias < 0.02 mag, repeatability < 0.05 at Ks 8; 2003: 0.04, 0.02)", _read1),
        ("extended sources of Ks < 13.5 (required 0.90 and 0.99; survey of 2003: met, 0.992)", _extended),
    ):  # fmt: skip
        print(f"\n{title}")
        part(off_plane, verdict)


def _sensitivity(found: Surveyed, verdict: Verdict) -> None:
    for band, column in zip("jhk", (12, 13, 14), strict=True):
        depth = np.array(
            [scan[column] for scan in found.scans if abs(scan[15]) > LEAST_LATITUDE_DEG], np.float64
        )
        depth = depth[np.isfinite(depth)]
        median = float(np.median(depth)) if depth.size else float("nan")
        share = float((depth >= SNR10_MAG[band]).mean()) if depth.size else 0.0
        print(f"  {band}: {share:.3f} of {depth.size} scans reach {SNR10_MAG[band]}")
        wanted = SNR10_MAG[band]
        verdict.line(f"{band}: median magnitude of SNR 10", median, f">= {wanted}", holds=median >= wanted)


def _off_plane(scan: tuple[Any, ...]) -> bool:
    return abs(float(galactic(scan[15], scan[16])[1])) > LEAST_LATITUDE_DEG


def _completeness(found: Surveyed, verdict: Verdict) -> None:
    for band, limit in SNR10_MAG.items():
        counts = completeness(found.rows, found.sights, band, limit)
        print(
            f"  {band}: {counts.resolved_missed} of {counts.resolved} stars without a brighter one within 3 arcsec"
            f" missed: {counts.completeness:.5f};"
            f" with the others {counts.missed} of {counts.all}: {counts.completeness_of_all:.5f}"
        )
        holds = counts.completeness >= LEAST_COMPLETENESS
        verdict.line(f"{band}: completeness", counts.completeness, f">= {LEAST_COMPLETENESS}", holds=holds)


def _reliability(found: Surveyed, verdict: Verdict) -> None:
    for band, limit in SNR10_MAG.items():
        counts = reliability(found.rows, found.sights, band, limit)
        print(
            f"  {band}: of {counts.rows} rows {counts.false} false, {counts.splits} second rows of a star,"
            f" {counts.fragments} pieces of galaxies:"
            f" {counts.reliability:.5f}, without these {counts.reliability_without:.5f}"
        )
        for name, value, least in (
            ("reliability, all counted", counts.reliability, LEAST_RELIABILITY),
            (
                "reliability without splits and galaxies",
                counts.reliability_without,
                LEAST_RELIABILITY_WITHOUT,
            ),
        ):
            verdict.line(f"{band}: {name}", value, f">= {least}", holds=value >= least)


def _single_stars(
    found: Surveyed, band: str, flag: bytes, bright: float, faint: float
) -> tuple[Table, Table]:
    """Rows of one kind of measurement in a range of true magnitudes, and their stars, none with a neighbour."""
    rows = found.rows[np.isfinite(found.rows[f"{band}_m"])]
    matched, _, _ = match_rows(rows, found.sights, band)
    measured, stars = rows[matched.row], found.sights[matched.sight]
    letter = np.array([word["jhk".index(band) : "jhk".index(band) + 1] for word in measured["rd_flg"]])
    magnitude = stars[f"{band}_m"]
    kept = (letter == flag) & (stars["kind"] == b"s") & (magnitude > bright) & (magnitude < faint)
    measured, stars = measured[kept], stars[kept]
    alone = ~brighter_near(stars, found.sights, band, ALONE_ARCSEC, ALONE_MAG)
    return measured[alone], stars[alone]


def _photometry(found: Surveyed, verdict: Verdict) -> None:
    untouched = []
    for band in "jhk":
        rows, stars = _single_stars(found, band, b"2", 9.0, SNR10_MAG[band] - 2.0)
        error = rows[f"{band}_m"] - stars[f"{band}_m"]
        added = np.array([found.offsets.get((row["night"], int(row["scan"]), band), 0.0) for row in rows])
        medians, plain = _medians(rows, error), _medians(rows, error - added)
        if not medians.size:
            verdict.line(f"{band}: scans with ten bright stars", 0, ">= 1", holds=False)
            continue
        common = float(np.median(medians))
        uniform = float(np.sqrt(np.mean((medians - common) ** 2)))
        worst = float(np.abs(medians - common).max())
        untouched.append(float(np.sqrt(np.mean((plain - np.median(plain)) ** 2))))
        scatter = 1.4826 * float(np.median(np.abs(error - np.median(error))))
        print(f"  {band}: {rows.size} stars, {medians.size} scans; all of them {common:+.4f} mag off")
        limit = f"<= {UNIFORMITY_MAG}"
        verdict.line(
            f"{band}: uniformity, rms of scans, mag", uniform, limit, holds=uniform <= UNIFORMITY_MAG
        )
        verdict.line(
            f"{band}: largest bias of a scan, mag", worst, f"< {MOST_BIAS_MAG}", holds=worst < MOST_BIAS_MAG
        )
        verdict.line(f"{band}: precision, mag", scatter, f"< {PRECISION_MAG}", holds=scatter < PRECISION_MAG)
    least = max(untouched, default=float("nan"))
    # Two cameras of one site may be alike by chance; over nights and sites nominal magnitudes differ by 0.05 mag.
    print(
        f"  doing nothing: scans on the nominal scale of the cameras, rms {least:.3f} mag in the worst band"
    )


def _medians(rows: Table, values: Doubles) -> Doubles:
    """Median by scan, where ten stars are."""
    keys = np.array([f"{row['night'].decode()} {row['scan']}" for row in rows])
    found = [np.median(values[keys == key]) for key in np.unique(keys) if (keys == key).sum() >= FEWEST_STARS]
    return np.array(found, np.float64)


def _astrometry(found: Surveyed, verdict: Verdict) -> None:
    rows, stars = _single_stars(found, "j", b"2", 9.0, SNR10_MAG["j"] - 1.5)
    north = (rows["decl"] - stars["decl"]) * 3600.0
    east = ((rows["ra"] - stars["ra"] + 180.0) % 360.0 - 180.0) * np.cos(np.radians(stars["decl"])) * 3600.0
    rms = float(np.sqrt(np.mean((east**2 + north**2) / 2.0))) if rows.size else float("nan")
    shifts = np.hypot(_medians(rows, east), _medians(rows, north))
    worst = float(shifts.max()) if shifts.size else float("nan")
    print(f"  {rows.size} stars, {shifts.size} scans")
    verdict.line("rms of an axis, arcsec", rms, f"<= {PLACE_ARCSEC}", holds=rms <= PLACE_ARCSEC)
    verdict.line(
        "largest shift of a scan, arcsec", worst, f"<= {SCAN_PLACE_ARCSEC}", holds=worst <= SCAN_PLACE_ARCSEC
    )


def _read1(found: Surveyed, verdict: Verdict) -> None:
    for band in "jhk":
        rows, stars = _single_stars(found, band, b"1", 4.0, 10.0)
        error = rows[f"{band}_m"] - stars[f"{band}_m"]
        if rows.size < FEWEST_STARS:
            print(f"  {band}: {rows.size} stars, too few to judge")
            continue
        bias, scatter = float(np.median(error)), 1.4826 * float(np.median(np.abs(error - np.median(error))))
        print(f"  {band}: {rows.size} stars")
        verdict.line(f"{band}: bias, mag", abs(bias), "< 0.02", holds=abs(bias) < 0.02)
        verdict.line(f"{band}: scatter, mag", scatter, "< 0.05", holds=scatter < 0.05)


def _extended(found: Surveyed, verdict: Verdict) -> None:
    from scipy.spatial import cKDTree

    galaxies = found.sights[(found.sights["kind"] == b"g") & (found.sights["depth_arcsec"] > 15.0)]
    _, first = np.unique(galaxies["object_id"], return_index=True)
    wanted = galaxies[first]
    wanted = wanted[(wanted["k_m"] < 13.5) & (np.abs(wanted["glat"]) > 30.0)]
    if wanted.size < FEWEST_STARS or not len(found.extended):
        print(f"  {wanted.size} galaxies at |b| > 30 deg, {len(found.extended)} rows: too few to judge")
        return
    rows = cKDTree(unit_vectors(found.extended[:, 0], found.extended[:, 1]))
    seen = np.isfinite(
        rows.query(unit_vectors(wanted["ra"], wanted["decl"]), distance_upper_bound=chord(5.0))[0]
    )
    share = float(seen.mean())
    print(f"  {wanted.size} galaxies at |b| > 30 deg")
    verdict.line("completeness", share, "> 0.9", holds=share > 0.9)
    bright = found.extended[found.extended[:, 2] < 13.5]
    latitude = np.abs(galactic(bright[:, 0], bright[:, 1])[1])
    bright = bright[latitude > 20.0]
    extended = found.sights[np.isin(found.sights["kind"], (b"g", b"n"))]
    tree = cKDTree(unit_vectors(extended["ra"], extended["decl"]))
    true = np.isfinite(
        tree.query(unit_vectors(bright[:, 0], bright[:, 1]), distance_upper_bound=chord(5.0))[0]
    )
    if bright.shape[0] < FEWEST_STARS:
        print(f"  {bright.shape[0]} rows at |b| > 20 deg: too few to judge")
        return
    reached = float(true.mean())
    print(f"  {bright.shape[0]} rows at |b| > 20 deg")
    verdict.line("reliability", reached, "> 0.99", holds=reached > 0.99)


def main(words: list[str] | None = None) -> int:
    """Run the benchmark and give the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--release", default=ALL_SKY)
    options = parser.parse_args(words)
    site = open_site(options.folder)
    site.enter()
    site.mapps("db", "start")
    verdict = Verdict()
    try:
        judge(read_surveyed(site, options.release), verdict)
    finally:
        site.mapps("db", "stop")
    print("\nmissed: " + ("; ".join(verdict.missed) if verdict.missed else "none"))
    return 1 if verdict.missed else 0


if __name__ == "__main__":
    sys.exit(main())
