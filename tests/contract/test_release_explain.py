"""Explanations of rows, rule by rule, and of places, against a field of which all is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from app.cli import output
from app.cli.main import run as mapps
from app.instruments.bands import BANDS, Band
from app.production.publication import ScanCoverageRow
from app.releases.explain import explain
from app.releases.explain_place import PlaceError, PlaceVerdict, explain_place, judge_place
from app.sky.moc import COVERAGE_ORDER
from tests.conftest import Database
from tests.worlds.release import Box, World, fresh_world
from tests.worlds.solutions import ZeroPoint, adopt, make_solution

ARCSEC = 1 / 3600
CHOSEN, WORSE, LONELY = Box(10.0, 10.2, 0.0, 1.0), Box(10.0, 10.2, 0.0, 1.0), Box(20.0, 20.2, 0.0, 1.0)
HOLE = Box(10.05, 10.08, 0.40, 0.45)
UNREDUCED = Box(30.0, 30.2, 0.0, 1.0)

PLACES = {
    "a released star": (10.1, 0.3, PlaceVerdict.RELEASED, "1 released, the nearest 0.00 arcsec away"),
    "an artefact": (10.1, 0.5, PlaceVerdict.SEEN_AND_REJECTED, "(artefact)"),
    "empty sky": (10.1, 0.7, PlaceVerdict.BELOW_DEPTH, "SNR 10 is reached at J 16.05, H 15.35, Ks 14.55"),
    "the border": (10.0 + 4.5 * ARCSEC, 0.3, PlaceVerdict.BORDER, "4 arcsec from the edge of scan 1"),
    "a hole in all bands": (10.065, 0.42, PlaceVerdict.MASKED, "has data in no band"),
    "a bad scan": (20.1, 0.5, PlaceVerdict.REJECTED_SCANS, "not a survey scan but cal"),
    "not done": (30.1, 0.5, PlaceVerdict.NOT_REDUCED, "scan 9 of 1999-04-10 n"),
    "nowhere": (200.0, -80.0, PlaceVerdict.NOT_OBSERVED, "No scan"),
}


@pytest.fixture(scope="module")
def world(template_database: Database) -> Iterator[tuple[World, dict[str, int]]]:
    with fresh_world(template_database.cluster) as world:
        run = world.run()
        attempt = world.scan(run, 1, CHOSEN, hole=HOLE)
        world.scan(run, 2, WORSE, tile=1, noise=5.0)
        world.scan(run, 3, LONELY, kind="cal")
        world.tile(9)
        world._observe(9, UNREDUCED, 9, "sci")
        for band, value in zip("jhk", (16.0, 15.3, 14.5), strict=True):
            world.insert(
                "quality", "metric", "attempt_id", attempt_id=attempt, name="snr10_predicted_mag", band=band,
                value=value,
            )  # fmt: skip
        adopt(
            world.connection, run, make_solution(world.connection, run, attempt, {_key(1): ZeroPoint(0.05)})
        )
        keys = {
            "star": world.sources(1, 10.1, 0.3),
            "artefact": world.sources(1, 10.1, 0.5, cc_flg=b"0P0", j_psfchi=20, h_psfchi=30, k_psfchi=40),
            "worse": world.sources(2, 10.1, 0.3),
        }
        world.extended(1, 10.15, 0.6, k_msig_7=0.4)
        world.build()
        yield world, {name: int(values[0]) for name, values in keys.items()}


def _key(number: int) -> int:
    from tests.worlds.release import key_of

    return key_of(number)


@pytest.mark.parametrize("place", PLACES)
def test_places(world: tuple[World, dict[str, int]], place: str) -> None:
    ra, decl, verdict, said = PLACES[place]
    found = explain_place(world[0].connection, "first", ra, decl)
    world[0].connection.commit()
    assert (found.verdict, said in found.sentence) == (verdict, True), found.sentence


def test_bands_that_have_data_are_told(database: Database) -> None:
    with database.connect() as connection:
        world = World(connection)
        whole, holed = CHOSEN.cells(), CHOSEN.cells(HOLE)
        rows = [
            ScanCoverageRow(band, CHOSEN.corners, holed if band in {None, Band.K} else whole, COVERAGE_ORDER)
            for band in (*BANDS, None)
        ]
        world.scan(world.run(), 1, CHOSEN, coverage=tuple(rows))
        world.sources(1, 10.1, 0.9)
        world.build()
        found = explain_place(connection, "first", 10.065, 0.42)
        assert found.verdict is PlaceVerdict.MASKED
        assert "has data in jh" in found.sentence


def test_random_places_against_truth(world: tuple[World, dict[str, int]]) -> None:
    """A hundred places of known state: in and around the field, away from cells at the rim of the hole."""
    random = np.random.default_rng(3)
    wrong = []
    for ra, decl in zip(random.uniform(9.9, 10.3, 100), random.uniform(-0.1, 1.1, 100), strict=True):
        distance = min(ra - 10.0, 10.2 - ra, decl, 1.0 - decl) / ARCSEC
        rim = min(ra - HOLE.west, HOLE.east - ra, decl - HOLE.south, HOLE.north - decl) / ARCSEC
        if abs(rim) < 20 or abs(distance) < 20:
            continue
        if distance < 0:
            wanted = PlaceVerdict.NOT_OBSERVED
        elif rim > 0:
            wanted = PlaceVerdict.MASKED
        else:
            wanted = PlaceVerdict.BELOW_DEPTH
        if explain_place(world[0].connection, "first", float(ra), float(decl)).verdict is not wanted:
            wrong.append((ra, decl, wanted))
    world[0].connection.commit()
    assert wrong == []


@pytest.mark.parametrize(
    ("ra", "decl", "radius"), [(360.0, 0.0, 5.0), (0.0, 91.0, 5.0), (0.0, 0.0, 0.0), (0.0, 0.0, 601.0)]
)
def test_impossible_places(
    world: tuple[World, dict[str, int]], ra: float, decl: float, radius: float
) -> None:
    with pytest.raises(PlaceError):
        explain_place(world[0].connection, "first", ra, decl, radius)


def test_rows_of_scans_that_were_not_chosen_are_not_what_was_seen() -> None:
    scan: dict[str, Any] = {"selected": True, "covered": True, "edge_arcsec": 100}
    rows: list[dict[str, Any]] = [{"released": False, "reason": "scan"}]
    assert judge_place([scan], [], rows, 10.0) is PlaceVerdict.BELOW_DEPTH
    rows.append({"released": False, "reason": "snr"})
    assert judge_place([scan], [], rows, 10.0) is PlaceVerdict.SEEN_AND_REJECTED


def test_every_rule_of_a_row_is_told(world: tuple[World, dict[str, int]]) -> None:
    fixture, keys = world
    (found,) = explain(fixture.connection, "first", src_id=keys["artefact"])
    outcomes = {rule.rule: rule.outcome for rule in found.rules}
    assert {rule for rule, outcome in outcomes.items() if outcome == "failed"} == {"artefact", "chi_squared"}
    assert outcomes["duplicate"] == "not applied"
    assert "20, 30, 40" in next(rule.words for rule in found.rules if rule.rule == "chi_squared")
    (found,) = explain(fixture.connection, "first", src_id=keys["star"])
    # No patch asks for it, and no large galaxy is near.
    assert {rule.outcome for rule in found.rules if rule.rule not in ("patch", "piece")} == {"met"}
    (found,) = explain(fixture.connection, "first", src_id=keys["worse"])
    assert found.rules[1].words.startswith("scan 2 of 1999-04-10 n is chosen for tile 1: sensitivity")
    fixture.connection.commit()


def test_extended_rows_are_explained(world: tuple[World, dict[str, int]]) -> None:
    fixture, _ = world
    [(ext_id,)] = fixture.rows("SELECT ext_id FROM wsdb.extended_measurement")
    (found,) = explain(fixture.connection, "first", src_id=ext_id)
    fixture.connection.commit()
    assert (found.released, found.reason) == (False, "snr")
    assert "-, -, 0.4" in found.sentence


def test_the_command(live_database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    with live_database.connect() as connection:
        world = World(connection)
        world.scan(world.run(), 1, CHOSEN)
        (key,) = world.sources(1, 10.1, 0.5)
        world.build()

    def said(*words: str, status: int = 0) -> str:
        assert mapps(["release", "explain", "first", *words]) == status, capsys.readouterr()
        captured = capsys.readouterr()
        output.forget_mode()
        return captured.out if status == 0 else captured.err

    assert "\nsnr               met          SNR 7 or error 0.1551" in said(str(key))
    assert said("00402400+0030000").startswith("released (released)")
    assert said("--at", "10.1", "0.6").startswith("below depth: Scan 1 of 1999-04-10 n looked")
    assert json.loads(said("--at", "10.1", "0.5", "--json"))["verdict"] == "released"
    assert "not observed" in said("--at", "50", "-10")
    assert "PLACE" in said("--at", "400", "0", status=2)
    assert "either" in said("--at", "1", "2", "--src-id", "3", status=2)
