"""Every released row that is no object of its own, by name, with what truth holds there: why reliability is what it is.

    python -m benchmarks.false_rows FOLDER [--release all-sky-1] [--band j]

FOLDER is what `python -m benchmarks.survey_demo --folder FOLDER` made. Lists the rows that count against reliability
(`benchmarks.level1`: brighter than the limit of SNR 10, beyond 10 degrees of the plane) with their flags, the galaxy,
the bright star, the artefact, the asteroid and the stars that stand near, and the edge of the scan, grouped by the
likeliest cause. A row that counts in several bands is listed once. The database of the folder must run.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from app.arrays import Doubles, Table
from app.db.engine import connect
from app.observatory.truth import read_table
from app.parameters.artefacts import RELATION, SpikeRule
from benchmarks.level1 import LEAST_LATITUDE_DEG, read_surveyed
from benchmarks.release_site import ALL_SKY, ReleaseSite, open_site
from benchmarks.release_truth import ROW_DTYPE, SNR10_MAG, wrong_rows

NEAR_ARCSEC, ASTEROID_ARCSEC, GALAXY_ARCSEC, STAR_ARCSEC = 6.0, 15.0, 120.0, 240.0
MOST_HALF_LIGHTS = 8.0
"""A row farther from a galaxy than this has nothing to do with it."""
SPOT_ARCSEC, STRIPE_ARCSEC, ARM_ARCSEC = 5.0, 3.0, 4.0
"""How near a row lies to the latent image or glint, the stripe or the spike that it is made of."""
EDGE_ARCSEC = 15.0
HALO_MAG = 3.0
"""Light of a star's halo, by the curve that no residual passes, down to which it may be the cause."""
FALSE_DTYPE = np.dtype(
    [*((name, ROW_DTYPE[name]) for name in ROW_DTYPE.names or ()), ("designation", "U17"), ("ph_qual", "S3")]
    + [("bl_flg", "S3"), ("cc_flg", "S3"), ("gal_contam", "i4"), ("ndet", "S6")]
    + [(f"{band}_psfchi", "f8") for band in "jhk"]
    + [("edge_arcsec", "f8")]
)
"""Released rows with what tells of their quality."""
_ROWS = """
SELECT p.ra, p.decl, to_char(n.date, 'YYMMDD') || n.hemis, p.scan,
       CASE WHEN substr(p.ph_qual, 1, 1) NOT IN ('U', 'X') THEN p.j_m END,
       CASE WHEN substr(p.ph_qual, 2, 1) NOT IN ('U', 'X') THEN p.h_m END,
       CASE WHEN substr(p.ph_qual, 3, 1) NOT IN ('U', 'X') THEN p.k_m END,
       coalesce(p.j_snr, 0), coalesce(p.h_snr, 0), coalesce(p.k_snr, 0), p.rd_flg, p.glat,
       p.designation, p.ph_qual, p.bl_flg, p.cc_flg, coalesce(p.gal_contam, 0), p.ndet,
       p.j_psfchi, p.h_psfchi, p.k_psfchi, least(p.dist_edge_ns, p.dist_edge_ew)
FROM release.psc AS p
JOIN release.release AS r USING (release_id)
JOIN survey.scan AS s USING (scan_key)
JOIN survey.night AS n ON n.night_id = s.night_id
WHERE r.name = %s ORDER BY p.pts_key"""


class Around(NamedTuple):
    """What truth holds around a row; texts are empty where there is nothing.

    Attributes
    ----------
    cause : str
        Likeliest of: galaxy, persistence, glint, spike, stripe, asteroid, pair, star, halo, edge, unknown.
    facts : str
        Each of them with its distance.
    """

    cause: str
    facts: str


def offsets(row: np.void, others: Table) -> tuple[Doubles, Doubles]:
    """East and north of other places from a row, arcsec, on the plane that touches there.

    Parameters
    ----------
    row : void
        With `ra` and `decl`, degrees.
    others : structured array
        The same of other places.
    """
    decl = np.radians(row["decl"])
    turn = (others["ra"] - row["ra"] + 180.0) % 360.0 - 180.0
    return turn * np.cos(decl) * 3600.0, (others["decl"] - row["decl"]) * 3600.0


def describe(row: np.void, band: str, sights: Table, artefacts: Table) -> Around:
    """Say what truth holds around a row in a band.

    Parameters
    ----------
    row : void of FALSE_DTYPE
        The row.
    band : str
        j, h or k: the band in which it counts.
    sights : structured array of SIGHT_DTYPE
        Objects of its scan.
    artefacts : structured array
        Table ARTEFACTS of its night's truth, those of its scan.
    """
    east, north = offsets(row, sights)
    away = np.hypot(east, north)
    found = [
        _galaxy(sights, away, band),
        *_artefacts(row, band, artefacts, sights),
        _asteroid(sights, away, band),
        _stars(row, sights, away, band),
        _halo(row, sights, away, band),
        ("edge" if row["edge_arcsec"] < EDGE_ARCSEC else "", f'edge {row["edge_arcsec"]:.0f}"'),
    ]
    causes = [cause for cause, _ in found if cause]
    return Around(causes[0] if causes else "unknown", "; ".join(fact for _, fact in found if fact))


def _galaxy(sights: Table, away: Doubles, band: str) -> tuple[str, str]:
    """Nearest galaxy, in half-light radii."""
    near = np.flatnonzero(np.isin(sights["kind"], (b"g", b"n")) & (away < GALAXY_ARCSEC))
    if not near.size:
        return "", ""
    size = np.maximum(np.nan_to_num(sights["half_light_arcsec"][near], nan=2.0), 1.0)
    ratio = away[near] / size
    best = int(np.argmin(ratio))
    cause = "galaxy" if ratio[best] < MOST_HALF_LIGHTS else ""
    galaxy = sights[near[best]]
    return cause, (
        f'galaxy {galaxy[f"{band}_m"]:.1f} mag, half light {size[best]:.1f}", at {away[near][best]:.1f}"'
        f" ({ratio[best]:.1f} radii)"
    ) if ratio[best] < 3 * MOST_HALF_LIGHTS else ""


def _artefacts(row: np.void, band: str, artefacts: Table, sights: Table) -> list[tuple[str, str]]:
    """Latent images, glints, stripes and spikes that a row of the band may be made of."""
    of_band = artefacts[artefacts["band"] == band.encode()]
    east, north = offsets(row, of_band)
    away = np.hypot(east, north)
    found = []
    for kind in (b"glint", b"persistence", b"stripe", b"spike"):
        distance = {b"stripe": np.abs(north)}.get(kind, away)
        reach = STRIPE_ARCSEC if kind == b"stripe" else SPOT_ARCSEC
        if kind == b"spike":
            distance = np.minimum(np.abs(east), np.abs(north))
            reach = np.where(away < np.nan_to_num(of_band["length_arcsec"]), ARM_ARCSEC, 0.0)
        near = np.flatnonzero((of_band["kind"] == kind) & (distance < reach))
        if not near.size:
            continue
        light = "peak_dn" if kind in (b"stripe", b"spike") else "flux_dn"
        best = near[np.argmax(of_band[light][near])]
        parent = sights[sights["object_id"] == of_band["source_id"][best]]
        mag = f" of a star of {parent[f'{band}_m'][0]:.1f} mag" if parent.size else ""
        step = f", frame +{of_band['step'][best]}" if kind == b"persistence" else ""
        found.append(
            (
                kind.decode(),
                f'{kind.decode()} {of_band[light][best]:.0f} DN{mag}{step} at {distance[best]:.1f}"',
            )
        )
    return found


def _asteroid(sights: Table, away: Doubles, band: str) -> tuple[str, str]:
    near = np.flatnonzero((sights["kind"] == b"a") & (away < ASTEROID_ARCSEC))
    if not near.size:
        return "", ""
    best = near[np.argmin(away[near])]
    return "asteroid", f'asteroid {sights[f"{band}_m"][best]:.1f} mag at {away[best]:.1f}"'


def _stars(row: np.void, sights: Table, away: Doubles, band: str) -> tuple[str, str]:
    """Stars within reach of a blend: two and more are a pair, one alone a star that is measured wrong."""
    near = np.flatnonzero((sights["kind"] == b"s") & (away < NEAR_ARCSEC))
    near = near[sights[f"{band}_m"][near] < row[f"{band}_m"] + HALO_MAG]
    if not near.size:
        return "", ""
    near = near[np.argsort(away[near])][:5]
    fact = ", ".join(f'{sights[f"{band}_m"][star]:.2f} mag at {away[star]:.1f}"' for star in near)
    return ("pair" if near.size > 1 else "star"), f"stars {fact}"


def _halo(row: np.void, sights: Table, away: Doubles, band: str) -> tuple[str, str]:
    """Find the star whose halo is brightest there."""
    stars = np.flatnonzero((sights["kind"] == b"s") & (away > NEAR_ARCSEC) & (away < STAR_ARCSEC))
    if not stars.size:
        return "", ""
    radius, depth = np.array(RELATION).T
    light = sights[f"{band}_m"][stars] + np.interp(np.log10(away[stars]), np.log10(radius), depth)
    best = stars[np.argmin(light)]
    over = float(light.min()) - float(row[f"{band}_m"])
    limit = SpikeRule().parent_limit_mag["jhk".index(band)]
    bright = sights[f"{band}_m"][best] < limit
    fact = (
        f'star {sights[f"{band}_m"][best]:.1f} mag at {away[best]:.1f}" (halo {over:+.1f} mag)'
        if bright
        else ""
    )
    return ("halo" if over < HALO_MAG and bright else ""), fact


def false_rows(rows: Table, sights: Table) -> dict[int, list[tuple[str, str]]]:
    """Rows that count against reliability: by place in the table the bands and kinds in which they do.

    Parameters
    ----------
    rows : structured array of FALSE_DTYPE
        Released rows.
    sights : structured array of SIGHT_DTYPE
        Objects of the chosen scans.
    """
    found: dict[int, list[tuple[str, str]]] = {}
    for band, limit in SNR10_MAG.items():
        wrong = wrong_rows(rows, sights, band, limit)
        for kind, places in (("false", wrong.false), ("split", wrong.splits), ("piece", wrong.fragments)):
            for place in places.tolist():
                found.setdefault(place, []).append((band, kind))
    return dict(sorted(found.items()))


def read_rows(release: str) -> Table:
    """Read the rows of a release with their flags.

    Parameters
    ----------
    release : str
        Name of the release.
    """
    with connect("operator") as connection:
        found = connection.execute(_ROWS, (release,)).fetchall()
    return np.array(
        [tuple(np.nan if value is None else value for value in row) for row in found], FALSE_DTYPE
    )


def _told(rows: Table, sights: Table, site: ReleaseSite, band: str | None) -> list[tuple[str, str, str]]:
    """Cause, kinds and line of each row that counts."""
    lines = []
    scans: dict[tuple[bytes, int], tuple[Table, Table]] = {}
    for place, counted in false_rows(rows, sights).items():
        kinds = [kind for name, kind in counted if band in (None, name)]
        if not kinds:
            continue
        row = rows[place]
        key = row["night"], int(row["scan"])
        if key not in scans:
            seen = sights[(sights["night"] == key[0]) & (sights["scan"] == key[1])]
            table = read_table(site.raw / f"{key[0].decode()}.truth.fits", "ARTEFACTS")
            scans[key] = seen, table[table["scan"] == key[1]]
        around = describe(row, counted[0][0], *scans[key])
        lines.append((around.cause, "/".join(f"{name} {kind}" for name, kind in counted), _line(row, around)))
    return lines


def _line(row: np.void, around: Around) -> str:
    magnitudes = " ".join(f"{row[f'{band}_m']:.2f}" for band in "jhk")
    chi = " ".join(f"{row[f'{band}_psfchi']:.1f}" for band in "jhk")
    flags = " ".join(row[name].decode() for name in ("ph_qual", "rd_flg", "bl_flg", "cc_flg", "ndet"))
    return (
        f"{row['designation']} {row['night'].decode()} {row['scan']:>3}  {magnitudes}  chi {chi}  {flags}"
        f" gal {row['gal_contam']}  b {row['glat']:+.0f}  | {around.facts}"
    )


def main(words: list[str] | None = None) -> int:
    """Print the list."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--release", default=ALL_SKY)
    parser.add_argument("--band", choices=("j", "h", "k"))
    options = parser.parse_args(words)
    site = open_site(options.folder)
    site.enter()
    rows = read_rows(options.release)
    rows = rows[np.abs(rows["glat"]) > LEAST_LATITUDE_DEG]
    sights = read_surveyed(site, options.release).sights
    sights = sights[np.abs(sights["glat"]) > LEAST_LATITUDE_DEG]
    lines = _told(rows, sights, site, options.band)
    for cause, number in Counter(cause for cause, _, _ in lines).most_common():
        print(f"\n{cause}: {number} rows")
        for _, kinds, line in sorted(item for item in lines if item[0] == cause):
            print(f"  {kinds:<28} {line}")
    print(f"\n{len(lines)} of {rows.size} rows are no object of their own in a band")
    return 0


if __name__ == "__main__":
    sys.exit(main())
