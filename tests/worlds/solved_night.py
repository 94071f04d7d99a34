"""A small simulated night with three visits to standard fields, reduced by the real steps; and its truth."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.ingest.night import ingest_night
from app.ingest.night_sky import night_regions
from app.ingest.reference import load_reference
from app.ingest.reference_synthetic import synthetic_regions
from app.ingest.standards import StandardStar, load_standards
from app.ingest.standards_files import read_standards
from app.instruments.bands import BANDS
from app.instruments.cameras import detector_of
from app.models.production import RunKind
from app.observatory.night import NightSummary, simulate_night
from app.observatory.parameters import NightParameters
from app.observatory.truth import read_table
from app.parameters.sections import ParameterSet
from app.production import protocol
from app.production.claim import Claim
from app.production.pipelines import Pipeline
from app.production.publication import Publication
from app.production.publishing import publish
from app.production.runs import create_run
from app.production.selection import Selection
from app.production.stale import queue_and_renew
from app.store import Store
from tests.conftest import Database
from tests.worlds.production import IDENTITY
from workers.steps.context import StepContext
from workers.steps.registry import STEPS

RUN = "night-test"
PARAMETERS = NightParameters(
    tiles=1, frames=6, calibration_groups=3, calibration_scans=2, calibration_frames=12, dark_frames=6, flat_frames=6,
    disturbed=False,
)  # fmt: skip
NIGHT = "980427s"
EVERYTHING = Selection()


def simulate(folder: Path, parameters: NightParameters = PARAMETERS) -> NightSummary:
    """Simulate the night below a folder."""
    return simulate_night(parameters, folder)


def take_in(database: Database, night: NightSummary) -> None:
    """Ingest a night, with reference stars around it; no standards."""
    with database.connect() as connection:
        load_reference(connection, synthetic_regions(night_regions(night.night), 0), "synthetic")
    with database.connect("operator") as connection:
        assert ingest_night(connection, night.night).complete


def make_run(database: Database, name: str = RUN, selection: Selection = EVERYTHING) -> None:
    """Make a preliminary run and queue scans."""
    with database.connect("operator", autocommit=True) as connection:
        create_run(connection, name, RunKind.PRELIMINARY, Pipeline("0", "c0ffee", ParameterSet().as_dict()))
    queue(database, name, selection)


def queue(database: Database, name: str = RUN, selection: Selection = EVERYTHING) -> list[str]:
    """Queue a run as `mapps run queue` does, and give the kinds that are new or done again."""
    with database.connect("operator", autocommit=True) as connection:
        added, again = queue_and_renew(connection, name, selection, 3)
    return [task["kind"] for task in added + again]


def perform(database: Database, store: Path, claim: Claim) -> Publication:
    """Do a claimed task by the real step."""
    context = StepContext(
        connect=lambda: database.connect("worker"),
        store=Store(str(store)),
        settings=None,
        parameters=claim.parameters,
        checkpoint=lambda _: None,
        log=logging.getLogger("test"),
    )
    return STEPS[claim.kind](claim, context)


def work(database: Database, store: Path, name: str = RUN) -> list[str]:
    """Do what is ready, and give the kinds in the order in which they were done."""
    done = []
    with database.connect("worker", autocommit=True) as connection:
        while (claim := protocol.claim(connection, IDENTITY, 600, name)) is not None:
            publish(connection, claim, perform(database, store, claim))
            done.append(claim.kind)
    return done


def standards_of(night: NightSummary) -> tuple[StandardStar, ...]:
    """Standards as the observatory knows them."""
    return read_standards(night.standards)


def load(database: Database, stars, *, again: bool = False) -> int:
    """Load standards as the operator does."""
    with database.connect("operator") as connection:
        return load_standards(connection, tuple(stars), "standards", "a test", replace=again)


def moved(star: StandardStar, *shifts: float | None) -> StandardStar:
    """A standard whose magnitudes are others; None takes the band away."""
    mags = tuple(
        None if shift is None or mag is None else mag + shift
        for mag, shift in zip(star.mag, shifts, strict=True)
    )
    return replace(star, mag=mags)


def true_offsets(night: NightSummary) -> dict[tuple[int, str], float]:
    """True minus nominal zero point of each scan and band, in magnitudes."""
    offsets = {}
    for row in read_table(night.truth, "SCANS"):
        letter = row["band"].decode()
        [band] = [band for band in BANDS if band.value == letter]
        detector = detector_of(f"sim-{PARAMETERS.hemisphere}-1", band)
        nominal = detector.zero_point_mag - detector.extinction_mag * max(float(row["airmass"]) - 1, 0)
        offsets[int(row["scan"]), letter] = float(row["zero_point_mag"]) - nominal
    return offsets


def solved_offsets(database: Database) -> dict[tuple[int, str], tuple[float, float]]:
    """Offset and error of each scan and band of the newest solution."""
    with database.connect("reader") as connection:
        rows = connection.execute(
            """SELECT s.scan, z.band, z.offset_mag, z.error_mag
               FROM calibration.scan_zero_point AS z JOIN survey.scan AS s USING (scan_key)
               WHERE z.solution_id = (SELECT max(solution_id) FROM calibration.solution)"""
        )
        return {(scan, band): (offset, error) for scan, band, offset, error in rows.fetchall()}


def rms(values) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(list(values)))))
