"""Five simulated nights of one camera, one with a spoilt twilight, in a final run: nights and block against truth.

Acceptance of canonical calibrations: the block's flat is nearer the truth than the best night's, the spoilt night is
told and does not spoil the block, a scan is calibrated by the block, and the order of ingest changes no byte.
"""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.formats.night_calibration import read_calibration
from app.formats.raw_folder import raw_files, seal_night
from app.formats.raw_header import ScanType
from app.formats.raw_night import read_raw_scan, write_raw_scan
from app.ingest.night import ingest_night
from app.instruments.bands import BANDS, Band
from app.models.production import RunKind
from app.observatory.camera import CAMERAS, make_detector
from app.observatory.night import simulate_night
from app.observatory.parameters import NightParameters
from app.parameters.sections import ParameterSet
from app.production import protocol
from app.production.listing import list_block_nights
from app.production.pipelines import Pipeline
from app.production.publishing import publish
from app.production.queueing import queue_run
from app.production.runs import create_run, freeze_run
from app.production.selection import Selection
from app.settings import Settings
from app.store import Store
from tests.conftest import TEMPLATE, Database, create_database, drop_database
from tests.worlds.production import IDENTITY
from workers.process.replay import Replay, Result
from workers.steps.context import StepContext
from workers.steps.registry import STEPS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NIGHTS, SEED, RUN, CAMERA = 5, 11, "final", "sim-s-1"
SPOILT = 3
PARAMETERS = NightParameters(
    seed=SEED,
    tiles=0,
    calibration_groups=0,
    dark_frames=8,
    flat_frames=8,
    density_factor=0.05,
    disturbed=False,
)
GRADIENT = 0.03


@pytest.fixture(scope="module")
def nights(tmp_path_factory) -> list[Path]:
    """Darks and flats of five nights; the first has a short scan besides, one has a twilight with a gradient."""
    folder, made = tmp_path_factory.mktemp("nights"), []
    for number in range(NIGHTS):
        day = date(1998, 4, 27) + timedelta(days=number)
        parameters = replace(PARAMETERS, night_date=day, tiles=int(number == 0), frames=9)
        made.append(simulate_night(parameters, folder).night)
    spoil(made[SPOILT])
    return made


def spoil(night: Path) -> None:
    """Let the light of a night's flats fall off towards one side, 3 % from the middle to the edge."""
    for path in raw_files(night):
        scan = read_raw_scan(path)
        if scan.header.scan_type is not ScanType.FLAT:
            continue
        slope = 1 + GRADIENT * np.linspace(-1, 1, scan.read1_dn.shape[2])
        signal = (scan.read2_dn.astype(np.float64) - scan.read1_dn) * slope
        path.unlink()
        write_raw_scan(path, replace(scan, read2_dn=np.rint(scan.read1_dn + signal).astype(np.uint16)))
    seal_night(night)


def take_in(database: Database, nights: list[Path]) -> None:
    for night in nights:
        with database.connect("operator") as connection:
            assert ingest_night(connection, night).complete


def reduce_all(database: Database, store: Store, settings: Settings) -> list[str]:
    """Make a final run and do all of it by the real steps."""
    with database.connect("operator", autocommit=True) as connection:
        create_run(connection, RUN, RunKind.FINAL, Pipeline("0", "c0ffee", ParameterSet().as_dict()))
        freeze_run(connection, RUN)
        queue_run(connection, RUN, Selection(), 3)
    done = []
    with database.connect("worker", autocommit=True) as worker:
        while (claim := protocol.claim(worker, IDENTITY, 300.0, RUN)) is not None:
            context = StepContext(
                connect=lambda: database.connect("worker"),
                store=store,
                settings=settings,
                parameters=claim.parameters,
                checkpoint=lambda _: None,
                log=logging.getLogger("block"),
            )
            publish(worker, claim, STEPS[claim.kind](claim, context))
            done.append(claim.kind)
    return done


def products(database: Database, kind: str) -> dict[tuple[str, str], tuple[str, str]]:
    """URL and hash of a run's products by band and night (or block)."""
    with database.connect("reader") as connection:
        rows = connection.execute(
            "SELECT c.band, coalesce(c.block, to_char(n.date, 'YYMMDD')), c.url, c.sha256"
            " FROM calibration.product AS c LEFT JOIN survey.night AS n USING (night_id)"
            " WHERE c.kind = %s AND c.retired_at IS NULL",
            (kind,),
        ).fetchall()
    return {(band, name): (url, sha256) for band, name, url, sha256 in rows}


def error_of(store: Store, url: str, band: Band) -> float:
    """Scatter of a product's flat about the true response, over pixels that both hold for good."""
    planes, _ = read_calibration(store.path_of(url), CAMERA)
    true = make_detector(CAMERAS[band], "s", SEED)
    ratio = (planes["FLAT"] / true.flat)[~true.bad & (planes["MASK"] == 0)]
    return float(np.std(ratio / np.median(ratio)))


def test_block_flats_are_nearer_the_truth_and_a_spoilt_night_is_told(
    live_database, settings, nights, tmp_path, cluster, caplog
):
    store = Store(settings.store)
    take_in(live_database, nights)
    with live_database.connect("reader") as connection:
        assert connection.execute("SELECT DISTINCT block FROM survey.night").fetchall() == [(CAMERA,)]
    # Only one night has a scan, but all of the block are calibrated for it.
    assert reduce_all(live_database, store, settings) == [
        *["night_calibration"] * NIGHTS, "block_calibration", "scan", "night_grades",
    ]  # fmt: skip
    nightly, block = products(live_database, "night"), products(live_database, "block")
    for band in BANDS:
        errors = {
            name: error_of(store, url, band) for (b, name), (url, _) in nightly.items() if b == band.value
        }
        combined = error_of(store, block[band.value, CAMERA][0], band)
        print(
            f"{band.label}: block {combined:.5f}, nights {', '.join(f'{e:.5f}' for e in sorted(errors.values()))}"
        )
        assert combined < 0.75 * min(errors.values())
        assert max(errors, key=errors.__getitem__) == "980430"
    with live_database.connect("reader") as connection:
        departed = [row for row in list_block_nights(connection, RUN) if not row["combined"]]
        used = connection.execute(
            "SELECT DISTINCT c.kind, c.block FROM production.attempt AS a"
            " JOIN production.attempt_calibration AS u USING (attempt_id)"
            " JOIN calibration.product AS c USING (calibration_id) WHERE a.scan_key IS NOT NULL"
        ).fetchall()
    assert {(row["night"], row["band"]) for row in departed} == {("980430s", band.value) for band in BANDS}
    assert all("flat_structure" in row["departs"] for row in departed)
    assert caplog.text.count("departs from block sim-s-1") == len(BANDS)
    assert used == [("block", CAMERA)]
    again_by = lambda: live_database.connect("worker", autocommit=True)  # noqa: E731 - a session each time
    with Replay(again_by, settings, STEPS, IDENTITY) as replay:
        verdicts = [replay.replay(key) for key in replay.attempts(RUN)]
    assert {verdict.result for verdict in verdicts} == {Result.EQUAL}
    other = f"other_{os.getpid()}"
    create_database(cluster, other, TEMPLATE)
    try:
        again, elsewhere = Database(other, cluster), Store(str(tmp_path / "other"))
        take_in(again, nights[::-1])
        reduce_all(again, elsewhere, settings)
        assert products(again, "block") == block
    finally:
        drop_database(cluster, other)
