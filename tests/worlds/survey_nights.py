"""Nights of overlapping scans with known zero points in a real database, and the solutions of the nights' own sets."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
from psycopg import Connection
from psycopg.types.json import Jsonb

from app.instruments.bands import BANDS
from app.parameters.sections import ParameterSet
from app.production.claim import Claim
from app.production.publication import Publication
from app.production.publishing import publish
from app.production.solution_rows import ScanZeroPointRow, SetUsedRow, SolutionRows, StandardUsedRow
from tests.worlds.release import NIGHT, Box, World
from workers.reduction.solution.intervals import Reason
from workers.steps.context import StepContext
from workers.steps.scan_facts import ScanFacts

NIGHTS, SCANS, SETS, STARS = 6, 10, 6, 12_000
WIDTH_DEG, HEIGHT_DEG, OVERLAP_DEG = 512 / 3600, 0.1, 60 / 3600
FIELDS = ("90106", "90301", "90565")
FLAT = (0.008, -0.005)
FIELD_ERROR_MAG, SET_ERROR_MAG, JITTER_MAG, NOISE_MAG = 0.004, 0.002, 0.004, 0.01
CLOUDED, LOSS_MAG = (2, 4), 0.06
"""Night and scan that lost light."""
_hashes = itertools.count(1)


@dataclass
class SurveyWorld(World):
    """A world of many nights; scans are called by their keys.

    Attributes
    ----------
    true_mag : dict of int to float
        Zero point of each scan, the same in all bands.
    photometric : dict of int to bool
        Whether a scan was clear.
    """

    true_mag: dict[int, float] = field(default_factory=dict)
    photometric: dict[int, bool] = field(default_factory=dict)
    run_id: int = 0

    def night(self, number: int) -> int:
        """Add a night of one site; nights are a week apart, in two months."""
        return int(
            self.one(
                "INSERT INTO survey.night (hemis, date, day_number, block) VALUES ('n', %s, 1, 'n-1')"
                " RETURNING night_id",
                NIGHT + timedelta(days=7 * number),
            )
        )

    def observe(self, night_id: int, scan: int, kind: str, hours: float, airmass: float, box: Box) -> int:
        """Add a reduced scan; gives its key, by which `sources` knows it."""
        tile = night_id << 10 | scan
        self.tile(tile)
        day = self.one("SELECT date - DATE '1858-11-17' FROM survey.night WHERE night_id = %s", night_id)
        key = int(
            self.insert(
                "survey", "scan", "scan_key", night_id=night_id, scan=scan, kind=kind, entry="raw", tile=tile,
                header=Jsonb({}), jdate=day + (hours - 6) / 24 + 2400000.5, airmass=airmass,
                ra=(box.west + box.east) / 2, decl=(box.south + box.north) / 2,
            )
        )  # fmt: skip
        task = self.insert(
            "production", "task", "task_id", run_id=self.run_id, kind="scan", scope="scan", night_id=night_id,
            scan_key=key, state="done", max_attempts=3,
        )  # fmt: skip
        attempt = self.insert(
            "production", "attempt", "attempt_id", task_id=task, run_id=self.run_id, scan_key=key, worker="w", host="h",
            process_id=1, code_version="1", code_commit="c", expires_at="2030-01-01", accepted=True, outcome="done",
            ended_at="2029-01-01", output_hash=f"{next(_hashes):064d}",
        )  # fmt: skip
        self.scans[key] = (self.run_id, attempt, box)
        return key

    def _facts(self, number: int) -> ScanFacts:
        """Facts of the scan of this key."""
        return ScanFacts(
            scan_key=number, scan=number & 1023, kind="sci", entry="raw", tile=None, night_id=number >> 10, hemis="n",
            date=NIGHT, day_number=1, direction=None, started_at=None, jdate=2451278.8, airmass=None,
            frames_expected=None, files=(),
        )  # fmt: skip

    def claim(self, kind: str, night_id: int | None = None, code_commit: str = "c") -> Claim:
        """Begin an attempt at a new task of the run; one that was done before is done again."""
        scope = "run" if night_id is None else "night"
        task = self.one(
            "INSERT INTO production.task (run_id, kind, scope, night_id, state, max_attempts)"
            " VALUES (%s, %s, %s, %s, 'running', 3)"
            " ON CONFLICT (run_id, kind, night_id, scan_key, block, cell) DO UPDATE SET state = 'running'"
            " RETURNING task_id",
            self.run_id, kind, scope, night_id,
        )  # fmt: skip
        attempt = self.insert(
            "production", "attempt", "attempt_id", task_id=task, run_id=self.run_id, worker="w", host="h", process_id=1,
            code_version="1", code_commit=code_commit, expires_at="2040-01-01",
        )  # fmt: skip
        token = self.one("SELECT token FROM production.attempt WHERE attempt_id = %s", attempt)
        self.connection.commit()
        parameters = ParameterSet().as_dict()
        return Claim(attempt, token, task, self.run_id, "run", kind, night_id, None, "0" * 64, parameters)

    def publish(self, claim: Claim, publication: Publication) -> None:
        """Publish as a worker does."""
        self.connection.commit()
        self.connection.autocommit = True
        try:
            publish(self.connection, claim, publication)
        finally:
            self.connection.autocommit = False

    def solve_night(
        self, night_id: int, sets: list[SetUsedRow], standards: tuple[str, ...] = ("a", "b")
    ) -> None:
        """Publish a solution of a night that has these sets; its zero points are of no matter here."""
        upstream = [attempt for key, (_, attempt, _) in self.scans.items() if key >> 10 == night_id]
        keys = [key for key in self.scans if key >> 10 == night_id]
        rows = SolutionRows(
            "night", "accepted", {}, {},
            tuple(
                ScanZeroPointRow(
                    key, band, 0.0, 0.01, None, photometric=True, reason=Reason.PHOTOMETRIC.value
                )
                for key in keys for band in BANDS
            ),
            tuple(sets),
            tuple(StandardUsedRow(name, band, 3, "5" * 64) for name in standards for band in BANDS),
        )  # fmt: skip
        claim = self.claim("night_solution", night_id)
        self.publish(claim, Publication(f"{next(_hashes):064d}", upstream_ids=tuple(upstream), solution=rows))


def step_context(connect: Callable[[], Connection[Any]]) -> StepContext:
    """Surroundings of a step that stores no file."""
    nothing: Any = None
    return StepContext(
        connect, nothing, nothing, ParameterSet().as_dict(), lambda _: None, logging.getLogger("test")
    )


def fill(world: SurveyWorld, seed: int = 3, *, backwards: bool = False) -> None:
    """Six nights of a row of scans each, neighbours and rows overlapping, with six sets a night.

    Backwards everything gets other keys of attempts and another order of rows: the natural keys stay.
    """
    random = np.random.default_rng(seed)
    world.run_id = world.run("run")
    step, rise = WIDTH_DEG - OVERLAP_DEG, HEIGHT_DEG - OVERLAP_DEG
    stars = np.stack([
        10 + random.uniform(0, SCANS * step + OVERLAP_DEG, STARS),
        random.uniform(0, NIGHTS * rise + OVERLAP_DEG, STARS),
        random.uniform(10, 14, STARS),
    ])  # fmt: skip
    field_error = random.normal(0, FIELD_ERROR_MAG, len(FIELDS))
    field_error -= field_error.mean()
    nights = []
    for number in range(NIGHTS):
        level, slope, excess = random.normal(0, 0.08), random.normal(0, 0.001), random.normal(0.01, 0.01)

        def zero_point(hours: float, airmass: float, law: tuple[float, float, float]) -> float:
            return law[0] + law[1] * (hours - 12) - law[2] * (airmass - 1)

        law = (level, slope, excess)
        hours = 9.3 + 0.5 * np.arange(SCANS)
        airmass = 1 + random.gamma(1.5, 0.15, SCANS)
        true = [
            zero_point(*pair, law) + random.normal(0, JITTER_MAG) for pair in zip(hours, airmass, strict=True)
        ]
        sets = []
        for index in range(SETS):
            when, air = 9.0 + 1.1 * index, 1 + random.gamma(1.5, 0.1)
            true_offset = zero_point(when, air, law) - field_error[index % len(FIELDS)]
            sets.append((when, air, index, true_offset + random.normal(0, SET_ERROR_MAG, len(BANDS))))
        nights.append((number, hours, airmass, true, sets, random.integers(1 << 30, size=SCANS)))
    for row in reversed(nights) if backwards else nights:
        _fill_night(world, row, stars, backwards=backwards)
    world.connection.execute("SELECT wsdb.seal_run(%s)", (world.run_id,))
    world.connection.commit()


def _fill_night(world: SurveyWorld, row: tuple[Any, ...], stars: np.ndarray, *, backwards: bool) -> None:
    number, hours, airmass, true, sets, seeds = row
    night_id = world.night(number)
    step, rise = WIDTH_DEG - OVERLAP_DEG, HEIGHT_DEG - OVERLAP_DEG
    for scan in reversed(range(SCANS)) if backwards else range(SCANS):
        west, south = 10 + scan * step, number * rise
        box = Box(west, west + WIDTH_DEG, south, south + HEIGHT_DEG)
        key = world.observe(night_id, scan + 1, "sci", hours[scan], airmass[scan], box)
        clouded = (number, scan) == CLOUDED
        world.true_mag[key] = true[scan] - LOSS_MAG * clouded
        world.photometric[key] = not clouded
        _measure(world, key, box, stars, np.random.default_rng(seeds[scan]))
    world.solve_night(night_id, [row for entry in sets for row in set_rows(number, entry)])


def _measure(world: SurveyWorld, key: int, box: Box, stars: np.ndarray, random: np.random.Generator) -> None:
    ra, decl, magnitude = stars
    inside = (ra > box.west) & (ra < box.east) & (decl > box.south) & (decl < box.north)
    x = (ra[inside] - (box.west + box.east) / 2) * 3600 / 256
    correction = world.true_mag[key] + FLAT[0] * x + FLAT[1] * (x**2 - 1 / 3)
    values: dict[str, Any] = {"x_scan": 256 * x}
    for band in BANDS:
        seen = magnitude[inside] - correction + random.normal(0, NOISE_MAG, x.size)
        values |= {f"{band.value}_m": seen, f"{band.value}_snr": 50.0}
    place = random.normal(0, 0.1 / 3600, (2, x.size))
    world.sources(key, ra[inside] + place[0], decl[inside] + place[1], **values)


def set_rows(night: int, entry: tuple[float, float, int, Any]) -> list[SetUsedRow]:
    """Rows of one set of a night, a band each."""
    hours, airmass, index, offsets = entry
    begin = datetime.combine(night_date(night), time(), UTC) - timedelta(hours=6)
    return [
        SetUsedRow(
            number=index + 1, band=band, field=FIELDS[index % len(FIELDS)], scans=6, standards=12,
            observed_at=begin + timedelta(hours=hours), airmass=airmass, offset_mag=float(offset),
            error_mag=float(np.hypot(SET_ERROR_MAG, 0.006)), scatter_mag=0.004, residual_mag=0.0, weight=1.0,
            accepted=True,
        )
        for band, offset in zip(BANDS, offsets, strict=True)
    ]  # fmt: skip


def night_date(number: int) -> date:
    """Date of a night of the world."""
    return NIGHT + timedelta(days=7 * number)
