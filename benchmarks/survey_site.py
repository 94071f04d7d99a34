"""A place where a plan of the simulated survey is observed, reduced and solved by the operator's own commands."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.observatory.survey.plan import SurveyPlan
from app.observatory.survey.plan_file import find_plan, read_plan
from app.settings import get_settings

ROOT = Path(__file__).resolve().parents[1]
RUN, RULES = "survey", "2026a"
PROCESSES = 2


@dataclass(frozen=True)
class SurveySite:
    """A folder with raw nights, truth, database, store, and the seconds that each stage took.

    Attributes
    ----------
    folder : Path
        Its own folder; what is there already is used, and a stage that was finished is not done again.
    """

    folder: Path

    @property
    def raw(self) -> Path:
        """Raw nights and truth."""
        return self.folder / "raw"

    @property
    def plan(self) -> SurveyPlan:
        """The plan that was observed, with its seed."""
        return read_plan(self.folder / "plan.toml")

    @property
    def truth(self) -> Path:
        """Truth of all nights."""
        return self.raw / f"{self.plan.name}.truth.fits"

    @property
    def seconds(self) -> dict[str, tuple[float, float]]:
        """Seconds by the clock, and of processors, of each stage that is finished."""
        path = self.folder / "seconds.json"
        told = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return {name: (float(clock), float(cpu)) for name, (clock, cpu) in told.items()}

    def make(self, plan: str, seed: int | None) -> None:
        """Observe, reduce and solve what is not there yet.

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
        self.stage("ingest", self._take_in)
        self.stage("reduction", self._reduce)
        self.stage("solution", self._solve)

    def enter(self) -> None:
        """Let this process and its commands work here."""
        for name in [name for name in os.environ if name.startswith("MAPPS_")]:
            del os.environ[name]
        os.environ["MAPPS_HOME"] = str(self.folder / "home")
        get_settings.cache_clear()

    def mapps(self, *words: str) -> None:
        """Run a command; its output goes to the site's log."""
        with (self.folder / "log").open("a", encoding="utf-8") as log:
            log.write(f"\n$ mapps {' '.join(words)}\n")
            log.flush()
            command = [sys.executable, "-m", "app.cli.main", *words]
            subprocess.run(command, cwd=ROOT, check=True, stdout=log, stderr=subprocess.STDOUT)

    def told(self, *words: str) -> str:
        """Run a command and give its output; what it says besides goes to the site's log."""
        with (self.folder / "log").open("a", encoding="utf-8") as log:
            log.write(f"\n$ mapps {' '.join(words)}\n")
            log.flush()
            command = [sys.executable, "-m", "app.cli.main", *words]
            done = subprocess.run(
                command, cwd=ROOT, check=True, stdout=subprocess.PIPE, stderr=log, text=True
            )
        return done.stdout

    def stage(self, name: str, stage: Callable[[], None]) -> None:
        """Do a stage, unless it is done, and note the seconds that it took.

        Parameters
        ----------
        name : str
            Its name.
        stage : callable
            Does it.
        """
        if name in self.seconds:
            return
        began, used = time.monotonic(), _children_seconds()
        stage()
        told = self.seconds | {name: (time.monotonic() - began, _children_seconds() - used)}
        (self.folder / "seconds.json").write_text(json.dumps(told), encoding="utf-8")

    def _nights(self) -> list[str]:
        return [str(path.parent) for path in sorted(self.raw.glob("*/checksums.sha256"))]

    def _observe(self) -> None:
        plan = str(self.folder / "plan.toml")
        self.mapps("simulate", "survey", plan, str(self.raw), "--processes", str(PROCESSES))

    def _take_in(self) -> None:
        options = [word for night in self._nights() for word in ("--night", night)]
        self.mapps("reference", "load", "--synthetic", *options)
        standards = [str(path) for path in sorted(self.raw.glob("*.standards.fits"))]
        self.mapps("reference", "load", *(word for path in standards for word in ("--standards", path)))
        for night in self._nights():
            self.mapps("ingest", "night", night)
        self.mapps("run", "create", RUN, "--kind", "preliminary")

    def _reduce(self) -> None:
        self.mapps("run", "queue", RUN)
        self.mapps("worker", "--processes", str(PROCESSES), "--until-idle", "--run", RUN)

    def _solve(self) -> None:
        self.mapps("calibration", "solve", RUN, "--global", "--leave-out-failed")
        self.mapps("worker", "--processes", "1", "--until-idle", "--run", RUN)
        self.mapps("calibration", "adopt", str(newest_global_solution()))
        self.mapps("quality", "regrade", RUN, "--rules", RULES)


def newest_global_solution() -> int:
    """Key of the last global solution of the site."""
    from app.db.engine import connect

    with connect("reader") as connection:
        [(solution,)] = connection.execute(
            "SELECT max(solution_id) FROM calibration.solution WHERE kind = 'global' AND state <> 'retired'"
        )
    return int(solution)


def newest_astrometry() -> int:
    """Key of the last astrometric solution of the site."""
    from app.db.engine import connect

    with connect("reader") as connection:
        [(solution,)] = connection.execute("SELECT max(astrometry_id) FROM calibration.astrometry")
    return int(solution)


def _children_seconds() -> float:
    """Seconds of processors that commands and their workers have used; the server's are not among them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seeded(path: Path, seed: int | None) -> str:
    """Give the text of a plan, with another seed where one is given."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if seed is not None:
        lines = [f"seed = {seed}" if line.startswith("seed = ") else line for line in lines]
    return "\n".join(lines) + "\n"
