"""Both stages of a simulated survey, from raw nights to the all-sky release, and what came out: `make survey-demo`.

    python -m benchmarks.survey_demo [--plan survey] [--seed 5] [--folder FOLDER]

Observes a plan (the shipped `survey`: 44 tiles of both sites, poles, 0 h, plane, a crowd; `stages` is the least one),
reduces its earlier nights by one pipeline and the later ones by another in two preliminary runs, draws a sampler from
the first and an incremental release from both, selects scans for a final run, reduces these once more, solves them
together, and draws the all-sky release. Prints the seconds of each stage, which clouded scans stayed out, which of
several scans of a tile came in, which gaps were reported, the Level 1 table, and how rows of calibration fields were
joined to objects, all of it against the truth; exits 1 when a limit is missed. Stages that are finished in the folder
are not done again: a run that was cut short goes on. The code must not change meanwhile: a final run works with that of
its frozen pipeline alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.arrays import Table
from app.db.engine import connect
from app.observatory.survey.schedule import tiles_of
from app.observatory.survey.truth import read_survey_table
from benchmarks.field_objects import judge_objects
from benchmarks.level1 import judge as judge_level1
from benchmarks.level1 import read_surveyed
from benchmarks.moving import judge_moving
from benchmarks.release_site import ALL_SKY, CONDITION, FINAL, FIRST, SECOND, ReleaseSite, open_site
from benchmarks.survey_site import PROCESSES
from benchmarks.verdict import Verdict

MINUTES = 60.0
CLOUD_MAG = 0.10
"""Light that a cloud takes from some frame of a scan, against the clearest one, which nobody overlooks."""
DEPTH_MAG = 0.10
"""A chosen scan is truly as deep as its best rival within this."""
_CHOICE = """
SELECT to_char(n.date, 'YYMMDD') || n.hemis, o.scan, o.tile, c.selected, c.reason
FROM survey.scan AS o
JOIN survey.night AS n USING (night_id)
LEFT JOIN release.release AS r ON r.name = %s
LEFT JOIN release.scan AS c ON c.release_id = r.release_id AND c.scan_key = o.scan_key
WHERE o.kind = 'sci' ORDER BY o.tile, o.scan_key"""
_RUNS = """
SELECT r.name, r.kind, left(p.pipeline_hash, 12), count(DISTINCT s.night_id), count(a.attempt_id)
FROM production.run AS r
JOIN production.pipeline AS p USING (pipeline_id)
LEFT JOIN production.attempt AS a ON a.run_id = r.run_id AND a.accepted AND a.scan_key IS NOT NULL
LEFT JOIN survey.scan AS s USING (scan_key)
GROUP BY r.run_id, p.pipeline_id ORDER BY r.run_id"""
_RELEASES = """
SELECT r.name, r.kind, count(*) FILTER (WHERE s.selected), count(*),
       (SELECT rows FROM release.manifest AS m
        WHERE m.release_id = r.release_id AND m.product = 'psc' AND m.partition = 'all'),
       (SELECT rows FROM release.manifest AS m
        WHERE m.release_id = r.release_id AND m.product = 'xsc' AND m.partition = 'all')
FROM release.release AS r JOIN release.scan AS s USING (release_id)
GROUP BY r.release_id ORDER BY r.release_id"""


@dataclass(frozen=True)
class ScanTruth:
    """What truth says of a survey scan.

    Attributes
    ----------
    cloud_mag : float
        Light that the worst of its frames lost against the best one.
    depth_mag : float
        Magnitude of a fixed signal-to-noise ratio but for a constant, mean of the bands: zero point of the worst frame
        less 2.5 log10(seeing x root of the background).
    """

    cloud_mag: float
    depth_mag: float


def scan_truths(scans: Table, images: Table) -> dict[tuple[str, int], ScanTruth]:
    """Sum up the truth of scans by night and number.

    Parameters
    ----------
    scans, images : structured arrays
        Tables SCANS (a scan and band) and IMAGES (a frame and band) of the survey's truth.
    """
    found: dict[tuple[str, int], ScanTruth] = {}
    keys = {(row["night"].decode(), int(row["scan"])) for row in scans[scans["type"] == b"sci"]}
    for night, scan in sorted(keys):
        bands = scans[(scans["night"] == night.encode()) & (scans["scan"] == scan)]
        frames = images[(images["night"] == night.encode()) & (images["scan"] == scan) & ~images["missing"]]
        losses, depths = [], []
        for row in bands:
            zero_points = frames["zero_point_mag"][frames["band"] == row["band"]]
            losses.append(float(np.ptp(zero_points)) if zero_points.size else np.inf)
            noise = float(row["seeing_arcsec"]) * float(np.sqrt(max(row["background_dn"], 1.0)))
            depths.append(float(row["zero_point_mag"]) - 2.5 * float(np.log10(noise)))
        found[night, scan] = ScanTruth(min(losses), float(np.mean(depths)))
    return found


def judge_choice(
    choice: list[tuple[Any, ...]], truth: dict[tuple[str, int], ScanTruth], verdict: Verdict
) -> None:
    """Print what became of clouded scans and of tiles that were scanned three times and more.

    Parameters
    ----------
    choice : list of tuple
        Night, scan, tile, whether it was chosen (None: not in the final run) and why, by tile.
    truth : dict
        Truth of the scans.
    verdict : Verdict
        Notes what is missed.
    """
    print(f"\nscans that a cloud crossed, {CLOUD_MAG} mag and more in a frame")
    clouded = [row for row in choice if truth[row[0], row[1]].cloud_mag >= CLOUD_MAG]
    for night, scan, tile, selected, reason in clouded:
        told = "CHOSEN" if selected else "out"
        lost = truth[night, scan].cloud_mag
        print(
            f"  {night} {scan:>3} tile {tile}: {lost:.2f} mag, {told}: {reason or 'not selected for the final run'}"
        )
    inside = sum(bool(row[3]) for row in clouded)
    verdict.line("clouded scans in the release", inside, "= 0", holds=inside == 0)
    print("\ntiles with three scans and more")
    short = 0
    for tile in sorted({row[2] for row in choice}):
        rivals = [row for row in choice if row[2] == tile]
        if len(rivals) < 3:
            continue
        clear = [row for row in rivals if truth[row[0], row[1]].cloud_mag < CLOUD_MAG]
        best = max((truth[row[0], row[1]].depth_mag for row in clear), default=np.nan)
        for night, scan, _, selected, reason in rivals:
            fact = truth[night, scan]
            print(
                f"  tile {tile}: {night} {scan:>3} depth {fact.depth_mag - best:+.2f}, cloud {fact.cloud_mag:.2f} mag:"
                f" {'chosen' if selected else 'out'}, {reason or 'not selected for the final run'}"
            )
        taken = [truth[row[0], row[1]].depth_mag - best for row in rivals if row[3]]
        short += not taken or taken[0] < -DEPTH_MAG
    verdict.line("tiles whose best scan is not in", short, "= 0", holds=short == 0)


def judge_gaps(planned: set[int], scanned: set[int], gaps: dict[str, Any], verdict: Verdict) -> None:
    """Print what the release leaves open, and whether tiles that nobody scanned are among it.

    Parameters
    ----------
    planned, scanned : set of int
        Survey tiles of the plan, and those that the truth has scans of.
    gaps : dict
        What `mapps release gaps --json` said.
    verdict : Verdict
        Notes what is missed.
    """
    print("\ngaps")
    reasons = {tile["tile"]: tile["reason"] for tile in gaps["tiles"]}
    for tile in gaps["tiles"]:
        print(
            f"  tile {tile['tile']}: {tile['open_arcmin2']:.1f} of {tile['wanted_arcmin2']:.1f} square arc minutes:"
            f" {tile['reason']}"
        )
    for line in gaps["overlaps"]:
        print(
            f"  {line['of']}: {line['width_arcsec']:.0f} arcsec wide, {line['length_arcsec']:.0f} long between"
            f" {line['scan']} and {line['other']}"
        )
    print(f"  {len(gaps['fill'])} gap-fill tiles")
    unreported = [tile for tile in planned - scanned if reasons.get(tile) != "never scanned"]
    invented = [tile for tile in scanned if reasons.get(tile) == "never scanned"]
    verdict.line("tiles never scanned and not reported", len(unreported), "= 0", holds=not unreported)
    verdict.line("tiles reported so that were scanned", len(invented), "= 0", holds=not invented)
    share = 1.0 - len({tile for tile in scanned & set(reasons) if "no scan" in reasons[tile]}) / max(
        len(scanned), 1
    )
    verdict.line("share of scanned tiles with a good scan", share, "> 0.95", holds=share > 0.95)


def judge(site: ReleaseSite, verdict: Verdict) -> None:
    """Print all tables of a site that is released.

    Parameters
    ----------
    site : ReleaseSite
        The site.
    verdict : Verdict
        Notes what is missed.
    """
    with connect("operator") as connection:
        choice = connection.execute(_CHOICE, (ALL_SKY,)).fetchall()
        runs = connection.execute(_RUNS).fetchall()
        releases = connection.execute(_RELEASES).fetchall()
    print("runs: name, kind, pipeline, nights, reduced scans")
    for row in runs:
        print("  " + "  ".join(str(value) for value in row))
    pipelines = {name: pipeline for name, _, pipeline, *_ in runs}
    several = len({pipelines[FIRST], pipelines[SECOND]})
    verdict.line("pipelines of the preliminary runs", several, "= 2", holds=several == 2)
    print(f"releases: name, kind, scans chosen and considered, points, extended; {FINAL} where {CONDITION}")
    for row in releases:
        print("  " + "  ".join(str(value) for value in row))
    scans, images = (read_survey_table(site.truth, name) for name in ("SCANS", "IMAGES"))
    judge_choice(choice, scan_truths(scans, images), verdict)
    plan = site.plan
    planned = {
        tile.number for field in plan.fields if field.kind == "survey" for tile in tiles_of(plan, field)
    }
    judge_gaps(planned, {int(tile) for tile in scans["tile"][scans["type"] == b"sci"]}, site.gaps, verdict)
    print("\nLevel 1")
    surveyed = read_surveyed(site, ALL_SKY)
    judge_level1(surveyed, verdict)
    judge_moving(ALL_SKY, surveyed.sights, verdict)
    judge_objects(site, verdict)
    _time(site, verdict)


def _time(site: ReleaseSite, verdict: Verdict) -> None:
    print("\nseconds by the clock, and of processors")
    for name, (clock, cpu) in site.seconds.items():
        print(f"  {name:<28} {clock:7.0f} {cpu:7.0f}")
    clock = sum(seconds for seconds, _ in site.seconds.values()) / 60
    # Of a machine that does other work as well the clock says nothing: two processes share what processors gave.
    minutes = sum(cpu for _, cpu in site.seconds.values()) / 60 / PROCESSES
    print(f"  by the clock {clock:.1f} minutes")
    verdict.line("minutes of two processors", minutes, f"<= {MINUTES:g}", holds=minutes <= MINUTES)


def main(words: list[str] | None = None) -> int:
    """Run the demonstration and give the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--plan", default="survey")
    parser.add_argument("--seed", type=int)
    parser.add_argument(
        "--folder", type=Path, help="Keeps everything, and takes from there what is finished."
    )
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="mapps-stages-") as folder:
        site = open_site(options.folder or Path(folder))
        verdict = Verdict()
        try:
            site.make(options.plan, options.seed)
            judge(site, verdict)
        finally:
            site.mapps("db", "stop")
    print("\nmissed: " + ("; ".join(verdict.missed) if verdict.missed else "none"))
    return 1 if verdict.missed else 0


if __name__ == "__main__":
    sys.exit(main())
