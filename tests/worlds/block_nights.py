"""Nights of one hardware block in a real database: runs calibrate them, each night with noise of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
from psycopg import Connection

from app.db.statements import statement
from app.formats.night_calibration import BEND, CAMERA, write_calibration
from app.instruments.bands import Band
from app.models.production import RunKind
from app.parameters.sections import ParameterSet
from app.production import protocol
from app.production.claim import Claim
from app.production.pipelines import Pipeline
from app.production.plan import BLOCK_CALIBRATION, NIGHT_CALIBRATION, NIGHT_GRADES, SCAN
from app.production.publication import CalibrationRow, Publication
from app.production.publishing import PublishResult, publish
from app.production.runs import create_run, freeze_run
from app.settings import Settings
from app.store import Store
from tests.conftest import Database
from tests.worlds.production import IDENTITY, value
from workers.steps import block_calibration
from workers.steps.calibrations import product_of, valid_products
from workers.steps.context import RecordedInputs, StepContext
from workers.steps.scan_facts import read_scan_facts

FIRST_NIGHT = date(1998, 4, 27)
SHAPE = (64, 64)
CAMERA_NAME = "sim-s-1"
METRICS = {"dark_frames": 16.0, "flat_frames": 16.0, "flat_error": 0.004, "nonlinearity": 0.0}
LEASE = 60.0


@dataclass
class BlockWorld:
    """A database with nights of a site, and a store.

    Attributes
    ----------
    spoilt : set of date
        Nights whose flat was taken through a cloud's edge.
    failing : set of date
        Nights whose calibration fails.
    """

    database: Database
    connection: Connection[Any]
    worker: Connection[Any]
    store: Store
    settings: Settings
    spoilt: set[date] = field(default_factory=set)
    failing: set[date] = field(default_factory=set)

    def night(self, number: int, *, block: str | None = CAMERA_NAME, kinds: str = "dar flt sci") -> int:
        """Ingest a night with a scan of each kind; gives its key."""
        values = (FIRST_NIGHT + timedelta(days=number), block)
        night_id = value(
            self.connection,
            "INSERT INTO survey.night (hemis, date, day_number, block) VALUES ('s', %s, 1, %s) RETURNING night_id",
            *values,
        )
        for scan, kind in enumerate(kinds.split(), 1):
            self.connection.execute(
                "INSERT INTO survey.scan (night_id, scan, kind, entry, header, started_at)"
                " VALUES (%s, %s, %s, 'raw', '{}', %s)",
                (night_id, scan, kind, datetime.combine(values[0], time(4), UTC)),
            )
        return int(night_id)

    def run(self, name: str, kind: RunKind = RunKind.FINAL) -> str:
        """Create a run, frozen where it is final."""
        create_run(self.connection, name, kind, Pipeline("0", "c0ffee", ParameterSet().as_dict()))
        if kind is RunKind.FINAL:
            freeze_run(self.connection, name)
        return name

    def work(self, run: str, kinds: tuple[str, ...] = ()) -> list[str]:
        """Do the tasks of a run that are ready, of some kinds only where named; the kinds done but grades."""
        done = []
        while (claim := protocol.claim(self.worker, IDENTITY, LEASE, run)) is not None:
            if kinds and claim.kind not in kinds:
                protocol.give_back(self.worker, claim)
                break
            if claim.kind != NIGHT_GRADES.kind:
                done.append(claim.kind)
            self.perform(claim)
        return done

    def perform(self, claim: Claim) -> PublishResult | None:
        """Do a task: nights and scans by what their real steps would publish, blocks by their real step."""
        if claim.kind == NIGHT_CALIBRATION.kind:
            night = self._date(claim)
            if night in self.failing:
                protocol.fail(
                    self.worker, claim, protocol.Failure(protocol.Family.INPUT, "NO_DARKS", "no darks"), 0.0
                )
                return None
            return publish(self.worker, claim, self.calibrated(night))
        if claim.kind == BLOCK_CALIBRATION.kind:
            return publish(self.worker, claim, block_calibration.perform(claim, self.context(claim)))
        if claim.kind == NIGHT_GRADES.kind:
            return publish(self.worker, claim, self.graded(claim))
        assert claim.kind == SCAN.kind
        return publish(self.worker, claim, self.scanned(claim))

    def context(self, claim: Claim, recorded: frozenset[int] | None = None) -> StepContext:
        """Surroundings of a step; of a replay with the calibrations that the attempt recorded."""
        return StepContext(
            connect=lambda: self.database.connect("worker"),
            store=self.store,
            settings=self.settings,
            parameters=claim.parameters,
            checkpoint=lambda _: None,
            log=logging.getLogger("block"),
            recorded=None if recorded is None else RecordedInputs(frozenset(), recorded),
        )

    def calibrated(self, night: date) -> Publication:
        """What the calibration of a night publishes: one band, truth and noise, the same in every run and database."""
        truth, random = truth_planes(), np.random.default_rng(night.toordinal())
        planes = dict(truth)
        planes["DARK1"] = truth["DARK1"] + random.normal(0, 3.0, SHAPE)
        planes["DARKDIFF"] = truth["DARKDIFF"] + random.normal(0, 2.0, SHAPE)
        planes["FLAT"] = truth["FLAT"] * (1 + random.normal(0, METRICS["flat_error"], SHAPE))
        if night in self.spoilt:
            planes["FLAT"] = planes["FLAT"] * (1 + 0.04 * np.linspace(-1, 1, SHAPE[1]))
        content = write_calibration(
            planes, {"FILTER": "j", "ORDATE": f"{night:%y%m%d}", CAMERA: CAMERA_NAME, BEND: 0.0}
        )
        stored = self.store.put(content, "calibration", ".fits")
        end = datetime.combine(night, time(18), UTC)
        span = (end - timedelta(days=1), end)
        row = CalibrationRow(
            "night", "s", Band.J, CAMERA_NAME, span, stored.name, stored.sha256, dict(METRICS)
        )
        return Publication("1" * 64, calibrations=(row,))

    def graded(self, claim: Claim) -> Publication:
        """What grades rest on, as their step names it; there are no metrics here to grade by."""
        values = {"run_id": claim.run_id, "night_id": claim.night}
        rows = self.connection.execute(statement("steps/night_grade_inputs"), values).fetchall()
        return Publication(
            "3" * 64, upstream_ids=tuple(attempt for attempt, _ in rows if attempt is not None)
        )

    def scanned(self, claim: Claim) -> Publication:
        """A scan that used the calibration which a real one would take."""
        assert claim.scan_key is not None
        with self.database.connect("worker") as connection:
            scan = read_scan_facts(connection, claim.scan_key)
            product = product_of(valid_products(connection, claim, scan), Band.J, CAMERA_NAME)
        return Publication("2" * 64, calibration_ids=(product.calibration_id,))

    def blocks(self, run: str) -> list[dict[str, Any]]:
        """Blocks of a run that stand, with the facts of the product."""
        rows = self.connection.execute(
            "SELECT c.block, c.sha256, c.facts, c.url, c.attempt_id, c.calibration_id FROM calibration.product AS c"
            " JOIN production.run AS r USING (run_id)"
            " WHERE r.name = %s AND c.kind = 'block' AND c.retired_at IS NULL ORDER BY c.block",
            (run,),
        ).fetchall()
        names = ("block", "sha256", "facts", "url", "attempt_id", "calibration_id")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def used(self, run: str) -> set[tuple[str, str]]:
        """Kind of the calibrations that scans of a run used, and night or block of them."""
        rows = self.connection.execute(
            "SELECT c.kind, coalesce(c.block, n.date::text) FROM production.attempt AS a"
            " JOIN production.task AS t USING (task_id) JOIN production.run AS r ON r.run_id = a.run_id"
            " JOIN production.attempt_calibration AS u USING (attempt_id)"
            " JOIN calibration.product AS c USING (calibration_id)"
            " LEFT JOIN survey.night AS n ON n.night_id = c.night_id"
            " WHERE r.name = %s AND a.accepted AND t.kind = 'scan'",
            (run,),
        ).fetchall()
        return set(rows)

    def states(self, run: str) -> list[tuple[str, str, int]]:
        """Tasks of a run: kind, state, how many."""
        return self.connection.execute(
            "SELECT t.kind, t.state, count(*) FROM production.task AS t JOIN production.run AS r USING (run_id)"
            " WHERE r.name = %s GROUP BY 1, 2 ORDER BY 1, 2",
            (run,),
        ).fetchall()

    def _date(self, claim: Claim) -> date:
        return value(self.connection, "SELECT date FROM survey.night WHERE night_id = %s", claim.night)


def truth_planes() -> dict[str, np.ndarray]:
    """True planes of the array."""
    random = np.random.default_rng(3)
    flat = 1 + 0.03 * random.standard_normal(SHAPE)
    return {
        "DARK1": 1800 + 14 * random.standard_normal(SHAPE),
        "DARKDIFF": 6 + random.standard_normal(SHAPE),
        "FLAT": flat / np.median(flat),
        "MASK": np.zeros(SHAPE, np.uint8),
        "SATUR": np.full(SHAPE, 17000.0),
    }


def open_world(database: Database, store: str, settings: Settings) -> Iterator[BlockWorld]:
    """Connect an operator and a worker to a database."""
    with (
        database.connect(autocommit=True) as connection,
        database.connect("worker", autocommit=True) as worker,
    ):
        yield BlockWorld(database, connection, worker, Store(store), settings)
