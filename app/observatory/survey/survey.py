"""A simulated survey on disk: nights observed by several processes, the same bytes by however many."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.errors import ConflictError, SettingsError
from app.formats.checksums import CHECKSUM_LIST_NAME
from app.formats.raw_folder import raw_files, seal_night
from app.instruments.bands import BANDS
from app.observatory.sky import SOURCE_DTYPE
from app.observatory.survey.asteroids import asteroids_of
from app.observatory.survey.objects import OBJECT_DTYPE
from app.observatory.survey.plan import NightPlan, SurveyPlan
from app.observatory.survey.scan import SeenScan, observe_scan
from app.observatory.survey.schedule import plan_scans
from app.observatory.survey.tile_list import write_tile_list
from app.observatory.survey.truth import (
    SIGHTING_DTYPE,
    night_rows,
    published_standards,
    unique_rows,
    write_survey_truth,
)
from app.observatory.truth import TruthBook, write_standards, write_tables

if TYPE_CHECKING:
    from concurrent.futures import Future

FORMAT = 1  # raise when the same plan gives other bytes
MOST_PROCESSES = 64
_CLOUDED = 0.98  # share of light in the most clouded frame below which a scan counts as clouded


@dataclass(frozen=True)
class SurveySummary:
    """What stands in the directory of a survey.

    Attributes
    ----------
    truth : Path
        Truth tables of all nights.
    nights, existed : int
        Nights of the plan, and those that stood there already.
    scans, files, objects : int
        Scans of all nights, raw files, objects that were seen.
    size_bytes : int
        Size of all raw files together.
    """

    truth: Path
    nights: int
    existed: int
    scans: int
    files: int
    objects: int
    size_bytes: int


def simulate_survey(
    plan: SurveyPlan,
    directory: Path,
    *,
    processes: int = 1,
    progress: Callable[[], None] | None = None,
) -> SurveySummary:
    """Observe all nights of a plan below a directory; complete nights of the same plan are left as they are.

    Parameters
    ----------
    plan : SurveyPlan
        What is commanded.
    directory : Path
        Gets a folder of raw files for each night, truth, objects, standards and parameters beside it, and truth and
        planned tiles of the survey; made if it is absent.
    processes : int, optional
        Processes that observe at once; they do not change a byte.
    progress : callable, optional
        Called after each scan.

    Raises
    ------
    ConflictError
        Raised if a night's folder holds a night of another plan.
    ScheduleError
        Raised if the plan commands what cannot be observed.
    """
    if not 1 <= processes <= MOST_PROCESSES:
        raise SettingsError(f"processes = {processes}", expected=f"1 to {MOST_PROCESSES}")
    counts = {night: len(plan_scans(plan, night)) for night in plan.nights}
    missing = [night for night in plan.nights if not _already_there(plan, night, directory)]
    with _observers(processes if missing else 1) as submit:
        # All scans are handed out at once: no process waits at the end of a night.
        jobs = {}
        for night in missing:
            folder = _begin(plan, night, directory)
            scans = [
                partial(observe_scan, plan, night, position, folder) for position in range(counts[night])
            ]
            jobs[night] = [submit(scan) for scan in scans]
        for night in missing:
            _close(plan, night, directory, _collect(jobs.pop(night), progress))
    truth = directory / f"{plan.name}.truth.fits"
    objects = write_survey_truth(plan, directory, truth)
    write_tile_list(plan, directory / f"{plan.name}.tiles.csv")
    files = [path for night in plan.nights for path in raw_files(directory / night.name)]
    return SurveySummary(
        truth=truth,
        nights=len(plan.nights),
        existed=len(plan.nights) - len(missing),
        scans=sum(counts.values()),
        files=len(files),
        objects=objects,
        size_bytes=sum(path.stat().st_size for path in files),
    )


def scans_to_observe(plan: SurveyPlan, directory: Path) -> int:
    """Count the scans of the nights that do not stand in a directory yet; errors as `simulate_survey` has them."""
    nights = [night for night in plan.nights if not _already_there(plan, night, directory)]
    return sum(len(plan_scans(plan, night)) for night in nights)


def _record(plan: SurveyPlan, night: NightPlan) -> str:
    """Write down all that decides a night: sky and fields of the plan, the night itself, asteroids of earlier ones."""
    asteroids = [f"{row['object_id']} {row['ra']} {row['decl']}" for row in asteroids_of(plan, night)]
    content = {**asdict(plan), "nights": [asdict(night)], "asteroids": asteroids, "format": FORMAT}
    return json.dumps(content, indent=1, sort_keys=True, default=str) + "\n"


def _already_there(plan: SurveyPlan, night: NightPlan, directory: Path) -> bool:
    """Whether this very night stands complete in the directory."""
    folder, note = directory / night.name, directory / f"{night.name}.parameters.json"
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    if note.is_file() and note.read_text(encoding="utf-8") == _record(plan, night):
        # The list of checksums is written last: a folder without it was cut short and is observed again.
        return (folder / CHECKSUM_LIST_NAME).is_file()
    raise ConflictError(
        f"{folder} holds another night",
        expected="no such folder, or a night of the same plan",
        remedy="choose another directory, or remove the folder",
    )


def _begin(plan: SurveyPlan, night: NightPlan, directory: Path) -> Path:
    folder = directory / night.name
    folder.mkdir(parents=True, exist_ok=True)
    (directory / f"{night.name}.parameters.json").write_text(_record(plan, night), encoding="utf-8")
    return folder


@contextmanager
def _observers(processes: int) -> Iterator[Callable[[Callable[[], SeenScan]], Callable[[], SeenScan]]]:
    """Give a way to have scans observed: now and here, or by processes of their own."""
    if processes == 1:
        yield lambda job: job
        return
    # Fresh processes: threads of compiled kernels do not survive a fork.
    with ProcessPoolExecutor(
        processes, multiprocessing.get_context("spawn"), initializer=_use_one_thread
    ) as pool:

        def submit(job: Callable[[], SeenScan]) -> Callable[[], SeenScan]:
            future: Future[SeenScan] = pool.submit(job)
            return future.result

        try:
            yield submit
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _use_one_thread() -> None:
    """Leave the cores to the other processes."""
    import numba

    numba.set_num_threads(1)


def _collect(jobs: list[Callable[[], SeenScan]], progress: Callable[[], None] | None) -> Iterator[SeenScan]:
    for job in jobs:
        yield job()
        if progress is not None:
            progress()


def _close(plan: SurveyPlan, night: NightPlan, directory: Path, scans: Iterator[SeenScan]) -> None:
    """Write the truth of a night whose scans are observed, and seal it."""
    seen = list(scans)
    sources = unique_rows([item.sources for item in seen], "source_id", SOURCE_DTYPE)
    sources = sources[np.lexsort((sources["source_id"], sources["ra"], sources["decl"]))]
    objects = unique_rows([item.objects for item in seen], "object_id", OBJECT_DTYPE)
    book = TruthBook(sources)
    for item in seen:
        book.add_events(item.scan, item.conditions)
        for band in BANDS:
            book.add_band(item.scan, item.conditions, band, item.bands[band])
    book.write(directory / f"{night.name}.truth.fits")
    clouded = sum(float(item.conditions.transparency.min()) < _CLOUDED for item in seen)
    tables = {
        "OBJECTS": objects,
        "SIGHTINGS": np.concatenate([np.zeros(0, SIGHTING_DTYPE), *[item.sightings for item in seen]]),
        "NIGHT": night_rows(plan, night, clouded),
    }
    write_tables(directory / f"{night.name}.objects.fits", tables)
    standards = published_standards(plan, sources, objects, tuple(item.scan for item in seen))
    write_standards(directory / f"{night.name}.standards.fits", standards)
    seal_night(directory / night.name)
