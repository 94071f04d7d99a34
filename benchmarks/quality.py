"""Whether a grade means what it says, and how fast a survey is graded.

    python -m benchmarks.quality [--scans 70000]

Draws true depths of scans, their measured values with errors, and all other metrics that reductions emit, and grades
them in the database by the shipped rules. Limits: 70,000 scans in 10 s of the server's CPU, which is the clock where
nothing else runs; of at least 300 scans of grade 5, 35 to 65 per cent truly meet the limits in all bands; Spearman's
correlation of the measured with the true depth 0.95. It prints what doing less would score: every scan taken, the
measured value as it is (no population), a hard limit. Exit status 1 where a limit is missed. Needs a server that may
make databases (`mapps db start`); the database is dropped at the end.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from app.db import migrate
from app.db.cluster import private_cluster
from app.db.engine import connect_url
from app.models.quality import MetricScope
from app.quality.grading import regrade
from app.quality.registry import METRICS
from app.quality.rule_sets import load_rules
from app.quality.rules_file import Rule, RuleSet, read_rules, shipped
from tests.worlds.release import World

SECONDS_LIMIT, SCANS_LIMIT = 10.0, 70_000
FIFTHS_LIMIT, EVEN_LIMIT, SPEARMAN_LIMIT = 300, (0.35, 0.65), 0.95
LIMITS = {"j": 15.8, "h": 15.1, "k": 14.3}
ERROR_MAG = 0.05
# Truth is not the population of the rules: nine of ten scans are of it, the tenth is poor, by airglow or seeing.
MEAN_OVER_LIMIT, SIGMA_MAG, POOR_SHARE, POOR_MAG, POOR_SIGMA_MAG = 0.3, 0.2, 0.1, 0.2, 0.3

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """True and measured depth above the limit, by band."""

    true: dict[str, Values]
    measured: dict[str, Values]

    @property
    def margin(self) -> Values:
        """Least true margin of the bands: what a scan's depth is worth."""
        return np.min(list(self.true.values()), axis=0)


def draw(scans: int, seed: int) -> Truth:
    """Depth of a scan, with a common part (transparency) and one of each band, and its measurement."""
    random = np.random.default_rng(seed)
    poor = np.where(
        random.random(scans) < POOR_SHARE, -POOR_MAG + POOR_SIGMA_MAG * random.standard_normal(scans), 0.0
    )
    common = MEAN_OVER_LIMIT + np.sqrt(0.5) * SIGMA_MAG * random.standard_normal(scans) + poor
    true = {b: common + np.sqrt(0.5) * SIGMA_MAG * random.standard_normal(scans) for b in LIMITS}
    return Truth(true, {b: v + ERROR_MAG * random.standard_normal(scans) for b, v in true.items()})


def fill(connection: Any, truth: Truth) -> int:
    """One run of scans with an accepted attempt each, and every metric that a reduction of raw frames emits."""
    run = World(connection).run("bench")
    scans = truth.margin.size
    connection.execute("SET session_replication_role = replica")
    connection.execute(
        "INSERT INTO survey.night (hemis, date, day_number) SELECT 'n', DATE '1997-03-01' + n, 1"
        " FROM generate_series(0, %s) AS n", (scans // 200,),
    )  # fmt: skip
    connection.execute(
        "INSERT INTO survey.scan (night_id, scan, kind, entry, header)"
        " SELECT night_id, s, 'sci', 'raw', '{}' FROM survey.night CROSS JOIN generate_series(1, 200) AS s"
        " ORDER BY 1, 2 LIMIT %s", (scans,),
    )  # fmt: skip
    connection.execute(
        "INSERT INTO production.task (run_id, kind, scope, night_id, scan_key, state, max_attempts)"
        " SELECT %s, 'scan', 'scan', night_id, scan_key, 'done', 3 FROM survey.scan ORDER BY scan_key", (run,),
    )  # fmt: skip
    connection.execute(
        "INSERT INTO production.attempt (task_id, run_id, scan_key, worker, host, process_id, code_version,"
        " code_commit, expires_at, accepted, outcome, ended_at)"
        " SELECT task_id, run_id, scan_key, 'w', 'h', 1, '1', 'c', now(), true, 'done', now() FROM production.task"
        " ORDER BY scan_key"
    )
    _fill_metrics(connection, run, truth)
    connection.execute("SET session_replication_role = origin")
    connection.commit()
    for table in (
        "quality.metric",
        "quality.derived_metric",
        "production.attempt",
        "production.task",
        "survey.scan",
    ):
        connection.execute(f"ANALYZE {table}")
    connection.commit()
    return run


_GOOD = {
    "seeing_shape": 1.0,
    "seeing_shape_maximum": 1.1,
    "elongation_ratio": 0.93,
    "reference_rms_arcsec": 0.1,
}
"""Values of metrics that do not limit the grade; the others are 0."""


def _fill_metrics(connection: Any, run: int, truth: Truth) -> None:
    emitted = [m for m in METRICS.values() if not m.derived and m.scope is MetricScope.SCAN]
    names = [(m.name, b, _GOOD.get(m.name, 0.0)) for m in emitted for b in ("jhk" if m.per_band else "-")]
    connection.execute(
        "INSERT INTO quality.metric (attempt_id, name, band, value) SELECT attempt_id, name, band, value"
        " FROM production.attempt CROSS JOIN unnest(%s::text[], %s::text[], %s::float8[]) AS m (name, band, value)"
        " ORDER BY 1, 2, 3", tuple(list(column) for column in zip(*names, strict=True)),
    )  # fmt: skip
    connection.execute(
        "INSERT INTO quality.derived_metric (run_id, night_id, scan_key, name, band, value, rows)"
        " SELECT %s, night_id, scan_key, name, band, value, 1 FROM survey.scan CROSS JOIN (VALUES"
        " ('photometric', '-', 1.0), ('zero_point_error_mag', 'j', 0.005), ('zero_point_error_mag', 'h', 0.005),"
        " ('zero_point_error_mag', 'k', 0.005)) AS m (name, band, value)", (run,),
    )  # fmt: skip
    keys = [key for (key,) in connection.execute("SELECT scan_key FROM survey.scan ORDER BY scan_key")]
    for band, limit in LIMITS.items():
        connection.execute(
            "INSERT INTO quality.derived_metric (run_id, night_id, scan_key, name, band, value, rows)"
            " SELECT %s, s.night_id, s.scan_key, 'snr10_mag', %s, v.value, 1"
            " FROM unnest(%s::int[], %s::float8[]) AS v (scan_key, value) JOIN survey.scan AS s USING (scan_key)",
            (run, band, keys, (truth.measured[band] + limit).tolist()),
        )


def server_seconds(process_id: int) -> float:
    """CPU seconds of a server process of this machine, user and system."""
    fields = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def grade(connection: Any, run: int, rules: RuleSet) -> tuple[NDArray[np.int64], Values, tuple[float, float]]:
    """Grades and sensitivity of all scans in the order of their keys; seconds by the clock, and of the server's CPU."""
    load_rules(connection, rules)
    connection.commit()
    process_id = connection.info.backend_pid
    started, used = perf_counter(), server_seconds(process_id)
    done = regrade(connection, run, rules.version, "benchmark", derive=False)
    connection.commit()
    seconds = perf_counter() - started, server_seconds(process_id) - used
    assert done.made == done.graded == done.scans
    rows = connection.execute(
        "SELECT g.score, f.score FROM quality.grade AS g JOIN quality.factor_score AS f USING (grade_id)"
        " WHERE g.rule_version = %s AND f.factor = 'sensitivity' ORDER BY g.scan_key", (rules.version,),
    ).fetchall()  # fmt: skip
    scores, sensitivity = zip(*rows, strict=True)
    return np.array(scores), np.array(sensitivity), seconds


def changed(rules: RuleSet, version: str, **values: Any) -> RuleSet:
    """Give the rules other fields in those of the shape probability."""

    def other(rule: Rule) -> Rule:
        return replace(rule, **values) if rule.shape == "probability" else rule

    return RuleSet(version, rules.note, tuple(map(other, rules.rules)))


def report(name: str, scores: NDArray[np.int64], margin: Values) -> tuple[int, float]:
    """Print how many scans of each grade truly meet the limits; give the number of grade 5 and their share."""
    meets = margin >= 0.0
    words = [f"{s}: {meets[scores == s].mean():.0%} of {(scores == s).sum()}" for s in np.unique(scores)]
    print(f"{name}: truly meet the limits, by grade: {', '.join(words)}")
    fives = scores == 5
    return int(fives.sum()), float(meets[fives].mean()) if fives.any() else float("nan")


def measure(connection: Any, scans: int) -> list[str]:
    """Grade, print, and give the limits that were missed."""
    truth = draw(scans, 7)
    run = fill(connection, truth)
    rules = read_rules(shipped()["2026a"])
    scores, sensitivity, seconds = grade(connection, run, rules)
    clock, cpu = seconds
    print(f"{scans} scans graded in {cpu:.2f} s of the server's CPU (limit {SECONDS_LIMIT:g} s for {SCANS_LIMIT});"
          f" {clock:.2f} s by the clock")  # fmt: skip
    fives, share = report(rules.version, scores, truth.margin)
    # The score saturates at 10: the depth that it is made of is compared, the least of the bands.
    depth = np.min(list(truth.measured.values()), axis=0)
    correlation = float(spearmanr(depth, truth.margin).statistic)
    inside = (sensitivity > 0.01) & (sensitivity < 9.99)
    print(f"grade 5: {share:.1%} of {fives} (limits 35 to 65 %, {FIFTHS_LIMIT} scans)")
    partial = float(spearmanr(sensitivity[inside], truth.margin[inside]).statistic)
    print(f"Spearman, measured against true depth: {correlation:.4f} (limit {SPEARMAN_LIMIT})")
    print(f"the same of the score, where it is neither 0 nor 10: {partial:.4f}")
    print(f"doing nothing: {np.mean(truth.margin >= 0):.1%} of all scans meet the limits; Spearman 0")
    plain = changed(rules, "no-population", population_mean=None, population_sigma=None)
    report("without a population", grade(connection, run, plain)[0], truth.margin)
    hard = replace(changed(plain, "hard", shape="hard", score=(10.0, 0.0), error=None), version="hard")
    report("a hard limit", grade(connection, run, hard)[0], truth.margin)
    missed = []
    if cpu > SECONDS_LIMIT * max(scans / SCANS_LIMIT, 0.1):
        missed.append("time")
    if fives < FIFTHS_LIMIT or not EVEN_LIMIT[0] <= share <= EVEN_LIMIT[1]:
        missed.append("meaning of grade 5")
    if correlation < SPEARMAN_LIMIT:
        missed.append("correlation with true depth")
    return missed


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scans", type=int, default=SCANS_LIMIT)
    scans = parser.parse_args().scans
    cluster, name = private_cluster(), "bench_quality"
    drop = f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'
    with connect_url(cluster.url(database="postgres"), autocommit=True) as admin:
        admin.execute(drop)
        admin.execute(f'CREATE DATABASE "{name}"')
    try:
        migrate.upgrade(cluster.url(database=name))
        with connect_url(cluster.url(database=name)) as connection:
            missed = measure(connection, scans)
    finally:
        with connect_url(cluster.url(database="postgres"), autocommit=True) as admin:
            admin.execute(drop)
    if missed:
        print(f"missed: {', '.join(missed)}")
        sys.exit(1)


if __name__ == "__main__":
    main()
