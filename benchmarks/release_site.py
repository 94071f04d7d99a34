"""A place where a simulated survey goes through both stages of processing, by the operator's own commands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from app.observatory.survey.plan_file import find_plan
from app.observatory.survey.truth import read_survey_table
from benchmarks.moving import write_predictions
from benchmarks.survey_site import (
    PROCESSES,
    RULES,
    SurveySite,
    newest_astrometry,
    newest_global_solution,
    seeded,
)

FIRST, SECOND, FINAL = "first", "second", "all-sky"
"""Runs: the preliminary ones, of two pipelines and of nights of their own, and the final one."""
SAMPLER, INCREMENTAL, ALL_SKY = "sampler", "incremental-1", "all-sky-1"
"""Releases."""
FIELDS = "fields"
"""Objects of all scans of the final run."""
CONDITION = "photometric and grade >= 3"
CHANGED = "[photometry]\nlearning_rounds = 5\n"
"""What the second pipeline does otherwise: profiles are learnt once more."""


@dataclass(frozen=True)
class ReleaseSite(SurveySite):
    """A folder with raw nights, truth, database, store; finished stages are not done again."""

    def make(self, plan: str, seed: int | None = None) -> None:
        """Observe, process twice and release what is not there yet.

        Parameters
        ----------
        plan : str
            Name of a shipped plan, or path of a file.
        seed : int, optional
            Seed of the sky and of the weather, in place of the plan's.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        # The server's account has to reach its folder.
        self.folder.chmod(0o755)
        if not (self.folder / "plan.toml").exists():
            (self.folder / "plan.toml").write_text(seeded(find_plan(plan), seed), encoding="utf-8")
        self.enter()
        self.mapps("db", "start")
        self.stage("simulation", self._observe)
        self.stage("ingest", self._ingest)
        for run, nights in self.parts().items():
            self.stage(
                f"preliminary run {run}", lambda run=run, nights=nights: self._preliminary(run, nights)
            )
        self.stage(f"release {SAMPLER}", lambda: self._release(SAMPLER, "sampler", FIRST))
        self.stage(f"release {INCREMENTAL}", lambda: self._release(INCREMENTAL, "incremental", FIRST, SECOND))
        self.stage(f"final run {FINAL}", self._final)
        self.stage(f"release {ALL_SKY}", lambda: self._release(ALL_SKY, "all-sky", FINAL))
        self.stage("objects", self._group)
        self.stage("reports", self._report)

    def parts(self) -> dict[str, list[str]]:
        """Names of the nights of each preliminary run: the earlier half, and the later one."""
        names = [night.name for night in self.plan.nights]
        half = (len(names) + 1) // 2
        return {FIRST: names[:half], SECOND: names[half:]}

    @property
    def gaps(self) -> dict[str, object]:
        """What the all-sky release leaves open, as `mapps release gaps --json` said."""
        found: dict[str, object] = json.loads((self.folder / "gaps.json").read_text(encoding="utf-8"))
        return found

    def _ingest(self) -> None:
        folders = [str(path.parent) for path in sorted(self.raw.glob("*/checksums.sha256"))]
        self.mapps(
            "reference", "load", "--synthetic", *(word for path in folders for word in ("--night", path))
        )
        standards = [str(path) for path in sorted(self.raw.glob("*.standards.fits"))]
        self.mapps("reference", "load", *(word for path in standards for word in ("--standards", path)))
        for folder in folders:
            self.mapps("ingest", "night", folder)
        predicted = self.folder / "minor-planets.csv"
        if write_predictions(read_survey_table(self.truth, "OBJECTS"), predicted):
            self.mapps("reference", "minor-planets", str(predicted))
        # Grades choose scans, and only those of rules that never change.
        self.mapps("quality", "freeze", RULES)
        self.mapps("ingest", "tiles", str(self.raw / f"{self.plan.name}.tiles.csv"))

    def _preliminary(self, run: str, nights: list[str]) -> None:
        words: tuple[str, ...] = ()
        if run == SECOND:
            (self.folder / "second.toml").write_text(CHANGED, encoding="utf-8")
            words = ("--parameters", str(self.folder / "second.toml"))
        if run not in self._runs():
            self.mapps("run", "create", run, "--kind", "preliminary", *words)
        for night in nights:
            self.mapps("run", "queue", run, "--night", night)
        self._work_off(run)

    def _final(self) -> None:
        if FINAL not in self._runs():
            sources = ("--from", FIRST, "--from", SECOND)
            self.mapps(
                "run", "create", FINAL, "--kind", "final", *sources, "--where", CONDITION, "--rules", RULES
            )
        self.mapps("run", "queue", FINAL)
        self._work_off(FINAL)

    def _work_off(self, run: str) -> None:
        """Reduce the scans of a run, solve its nights and its places together, adopt that and grade."""
        self.mapps("worker", "--processes", str(PROCESSES), "--until-idle", "--run", run)
        self.mapps("calibration", "solve", run, "--global", "--leave-out-failed")
        self.mapps("worker", "--processes", "1", "--until-idle", "--run", run)
        self.mapps("calibration", "adopt", str(newest_global_solution()))
        self.mapps("calibration", "astrometry", run, "--leave-out-failed")
        self.mapps("worker", "--processes", "1", "--until-idle", "--run", run)
        self.mapps("calibration", "astrometry", run, "--adopt", str(newest_astrometry()))
        self.mapps("quality", "regrade", run, "--rules", RULES)

    def _release(self, name: str, kind: str, *runs: str) -> None:
        if name in self._releases():
            return
        words = tuple(word for run in runs for word in ("--run", run))
        self.mapps("release", "build", name, "--kind", kind, *words)

    def _group(self) -> None:
        self.mapps("run", "objects", FINAL, "--name", FIELDS)
        self.mapps("run", "variability", FIELDS)
        self.mapps("run", "reliability", FIELDS)

    def _report(self) -> None:
        self.mapps("release", "verify", ALL_SKY)
        self.mapps("release", "notes", ALL_SKY, "--output", str(self.folder / "all-sky.html"))
        self.mapps("release", "diff", INCREMENTAL, ALL_SKY)
        fill = str(self.folder / "gap-fill.csv")
        text = self.told("release", "gaps", ALL_SKY, "--tiles", fill, "--json")
        (self.folder / "gaps.json").write_text(text, encoding="utf-8")

    def _runs(self) -> set[str]:
        return {row["run"] for row in json.loads(self.told("run", "list", "--json"))}

    def _releases(self) -> set[str]:
        return {row["name"] for row in json.loads(self.told("release", "list", "--json"))}


def open_site(folder: Path) -> ReleaseSite:
    """Give the site of a folder, which need not exist yet.

    Parameters
    ----------
    folder : Path
        Its own folder.
    """
    return ReleaseSite(folder.absolute())
