"""One scan per tile: `sql/release/20_scans.sql`. Each case has a tile of its own in one release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.releases.build import build_release
from app.releases.fitness import Allowances
from tests.conftest import Database
from tests.worlds.release import Box, World, fresh_world, key_of
from tests.worlds.solutions import ZeroPoint, adopt, make_solution

Choice = tuple[bool, int, str]


def _grade(world: World, run: int, scan: int, score: int, rule: str = "1") -> None:
    # A set without rules: what is graded here is the choice, not the scan.
    world.connection.execute(
        "INSERT INTO quality.rule_set (rule_version, content_hash, note, frozen_at, frozen_by)"
        " VALUES (%s, 'h', 'n', CASE WHEN %s <> 'draft' THEN now() END, CASE WHEN %s <> 'draft' THEN 't' END)"
        " ON CONFLICT DO NOTHING",
        (rule, rule, rule),
    )
    world.insert(
        "quality", "grade", "grade_id", run_id=run, scan_key=key_of(scan), attempt_id=world.scans[scan][1], score=score,
        limiting_factor="seeing", rule_version=rule, rules=[], factor_scores=[],
        factor_values=[], graded_by="t",
    )  # fmt: skip


def _hold(world: World, scan_key: int, stars: int) -> None:
    """Say how many reference stars a reduction found for the scan."""
    attempt = world.scans[scan_key][1]
    world.insert(
        "quality", "metric", "attempt_id", attempt_id=attempt, name="reference_stars", band="-", value=stars
    )


def _fill(world: World) -> None:
    first, second = world.run("one"), world.run("two")

    def scan(key: int, tile: int, **values: float) -> None:
        box = Box(10.0 + tile, 10.2 + tile, 0.0, 1.0)
        world.scan(first, key, box, tile=tile, **values)  # type: ignore[arg-type]

    scan(1, 1)
    scan(11, 2, noise=1.0)
    scan(12, 2, noise=0.8)
    scan(21, 3, noise=1.0)
    scan(22, 3, noise=0.8)
    _grade(world, first, 21, 9)
    _grade(world, first, 22, 8)
    scan(31, 4, images=2)
    scan(32, 4, noise=0.5)
    scan(41, 5, points=10)
    scan(42, 5, points=20)
    scan(51, 6, points=5)
    scan(52, 6, points=5)
    # The newest grade of a scan counts; graded scans come before ungraded ones.
    scan(61, 7, noise=0.5)
    scan(62, 7)
    _grade(world, first, 62, 9, "1")
    _grade(world, first, 62, 6, "2")
    scan(71, 8)
    _grade(world, first, 71, 4)
    # What a draft says does not count.
    _grade(world, first, 71, 9, "draft")
    scan(101, 11, noise=0.8)
    scan(102, 11)
    _hold(world, 101, 0)
    _hold(world, 102, 2)
    world.scan(first, 81, Box(30.0, 30.2, 0.0, 1.0), tile=9, kind="cal")
    world.scan(first, 91, Box(31.0, 31.2, 0.0, 1.0), tile=10)
    old = world.sources(91, 31.1, 0.5)
    world.scan(second, 91, Box(31.0, 31.2, 0.0, 1.0), tile=10)
    new = world.sources(91, 31.1, 0.5)
    assert old[0] == new[0], "the same extraction in two runs"


@pytest.fixture(scope="module")
def world(template_database: Database) -> Iterator[World]:
    with fresh_world(template_database.cluster) as world:
        _fill(world)
        world.build()
        world.build("graded", parameters={"grade_minimum": 5})
        world.build("starless", parameters={"reference_stars_minimum": 0})
        world.build("well-held", parameters={"reference_stars_minimum": 3})
        yield world


CHOICES: dict[str, dict[int, Choice]] = {
    "alone": {1: (True, 1, "the only scan of its tile")},
    "sensitivity": {
        12: (True, 1, "the best of 2 scans of its tile"),
        11: (False, 2, "sensitivity 20.000 mag against 20.242"),
    },
    "grade before sensitivity": {
        21: (True, 1, "the best of 2 scans of its tile"),
        22: (False, 2, "grade 8 against 9"),
    },
    "completeness before sensitivity": {
        31: (True, 1, "the best of 2 scans of its tile"),
        32: (False, 2, "3 Atlas images against 6"),
    },
    "sources": {42: (True, 1, "the best of 2 scans of its tile"), 41: (False, 2, "10 sources against 20")},
    "the latest": {
        52: (True, 1, "the best of 2 scans of its tile"),
        51: (False, 2, "an equal scan or processing is later"),
    },
    "graded before ungraded": {
        62: (True, 1, "the best of 2 scans of its tile"),
        61: (False, 2, "grade none against 6"),
    },
    "no minimum": {71: (True, 1, "the only scan of its tile")},
    "no reference star": {
        101: (False, 2, "0 reference stars are below the minimum of 1: positions rest on the pointing"),
        102: (True, 1, "the only scan of its tile"),
    },
    "calibration": {81: (False, 1, "not a survey scan but cal")},
}


GRADED: dict[str, dict[int, Choice]] = {
    "below": {71: (False, 1, "grade 4 is below the minimum of 5")},
    "without a grade": {
        1: (False, 1, "has no grade, and the minimum is 5"),
        61: (False, 2, "has no grade, and the minimum is 5"),
    },
    "at the minimum or above": {
        62: (True, 1, "the only scan of its tile"),
        21: (True, 1, "the best of 2 scans of its tile"),
        22: (False, 2, "grade 8 against 9"),
    },
}
STARS: dict[str, dict[int, Choice]] = {
    "starless": {
        101: (True, 1, "the best of 2 scans of its tile"),
        102: (False, 2, "sensitivity 20.000 mag against 20.242"),
    },
    "well-held": {
        101: (False, 1, "0 reference stars are below the minimum of 3: positions rest on the pointing"),
        102: (False, 2, "2 reference stars are below the minimum of 3: positions rest on the pointing"),
        # Finished images have no such metric: their astrometry is not ours.
        1: (True, 1, "the only scan of its tile"),
    },
}


def _chosen(world: World, release: str, scan: int) -> list[tuple[Any, ...]]:
    return world.rows(
        "SELECT s.selected, s.rank, s.reason FROM release.scan AS s JOIN release.release AS r USING (release_id)"
        " WHERE r.name = %s AND s.scan_key = %s",
        release,
        key_of(scan),
    )


@pytest.mark.parametrize("case", CHOICES)
def test_choice(world: World, case: str) -> None:
    for scan, wanted in CHOICES[case].items():
        assert _chosen(world, "first", scan) == [wanted]


@pytest.mark.parametrize("case", GRADED)
def test_no_scan_passes_a_grade_minimum_without_reaching_it(world: World, case: str) -> None:
    for scan, wanted in GRADED[case].items():
        assert _chosen(world, "graded", scan) == [wanted]


def test_every_selected_scan_of_a_graded_release_has_its_grade(world: World) -> None:
    scores = world.rows(
        "SELECT (SELECT score FROM quality.scan_grade AS g"
        " WHERE g.frozen AND g.run_id = s.run_id AND g.scan_key = s.scan_key"
        " ORDER BY grade_id DESC LIMIT 1) FROM release.scan AS s JOIN release.release AS r USING (release_id)"
        " WHERE r.name = 'graded' AND s.selected"
    )
    assert scores
    assert all(score is not None and score >= 5 for (score,) in scores)


@pytest.mark.parametrize("release", STARS)
def test_scans_that_hang_on_too_few_reference_stars(world: World, release: str) -> None:
    for scan, wanted in STARS[release].items():
        assert _chosen(world, release, scan) == [wanted]


def test_the_later_of_two_runs(world: World) -> None:
    query = "SELECT run_id, selected, rank FROM release.scan WHERE release_id = 1 AND scan_key = %s ORDER BY run_id"
    rows = world.rows(query, key_of(91))
    assert rows == [(world.runs["one"], False, 2), (world.runs["two"], True, 1)]
    rows = world.rows("SELECT run_id, reason FROM release.verdict WHERE release_id = 1 ORDER BY run_id")
    assert rows == [(world.runs["one"], "scan"), (world.runs["two"], "released")]


def test_one_scan_of_a_tile(world: World) -> None:
    assert (
        world.rows(
            "SELECT tile FROM release.scan WHERE selected GROUP BY release_id, tile HAVING count(*) > 1"
        )
        == []
    )


def test_the_atlas_list_is_that_of_the_selected_scans(world: World) -> None:
    rows = world.rows(
        "SELECT s.run_id, s.scan_key, count(a.coadd_key), bool_and(s.selected) FROM release.scan AS s"
        " JOIN wsdb.atlas_measurement AS i USING (attempt_id)"
        " LEFT JOIN release.atlas AS a ON a.release_id = s.release_id"
        " AND (a.run_id, a.coadd_key, a.band) = (i.run_id, i.coadd_key, i.band)"
        " WHERE s.release_id = 1 GROUP BY 1, 2"
    )
    for _, scan_key, images, selected in rows:
        assert images == ((6 if scan_key == key_of(31) else 3) if selected else 0)


def test_what_is_recalled_and_not_made_again_is_not_released(database: Database) -> None:
    with database.connect() as connection:
        world = World(connection)
        run = world.run()
        world.scan(run, 1, Box(10.0, 10.2, 0.0, 1.0))
        world.scan(run, 2, Box(10.0, 10.2, 0.0, 1.0), tile=1, noise=5.0)
        recalled, other = (int(world.sources(key, 10.1, 0.5)[0]) for key in (1, 2))
        connection.execute("UPDATE production.task SET state = 'ready' WHERE scan_key = %s", (key_of(1),))
        connection.commit()
        build_release(connection, "one", "sampler", ["run"], allow=Allowances(unfinished=True, nominal=True))
        assert world.verdicts() == {recalled: "attempt", other: "released"}


def _predict(world: World, scan: int, depth_mag: float, *, clouds: bool = False) -> None:
    """Say how deep a scan is on the nominal scale, and whether its frames lost light."""
    attempt = world.scans[scan][1]
    for band in "jhk":
        world.insert(
            "quality",
            "metric",
            "attempt_id",
            attempt_id=attempt,
            name="snr10_predicted_mag",
            band=band,
            value=depth_mag,
        )
    if clouds:
        world.insert(
            "quality", "metric", "attempt_id", attempt_id=attempt, name="clouds", band="-", value=1.0
        )


def _solve(world: World, run: int, offsets: dict[int, float]) -> None:
    """Adopt a solution with an offset by scan."""
    zero_points = {key_of(scan): ZeroPoint(offset) for scan, offset in offsets.items()}
    attempt = world.scans[next(iter(offsets))][1]
    adopt(world.connection, run, make_solution(world.connection, run, attempt, zero_points))


@pytest.fixture
def calibrated(template_database: Database) -> Iterator[World]:
    """Tiles of two or three scans each, with the offsets of a solution that has the light which clouds took."""
    with fresh_world(template_database.cluster) as made:
        run, offsets = made.run("one"), {}

        def scan(
            number: int, tile: int, offset: float | None, depth: float | None = 16.0, **values: Any
        ) -> None:
            clouds = values.pop("clouds", False)
            made.scan(run, number, Box(10.0 + tile, 10.2 + tile, 0.0, 1.0), tile=tile, points=1, **values)
            if offset is not None:
                offsets[number] = offset
            if depth is not None:
                _predict(made, number, depth, clouds=clouds)

        # Same noise and seeing: the one that lost 0.3 mag, though it is later, and has less noise on its images.
        scan(11, 1, 0.02)
        scan(12, 1, -0.28, noise=0.99)
        # Half a magnitude deeper by its frames, a tenth less deep by cloud: the depth on the calibrated scale counts.
        scan(21, 2, -0.1, 16.5)
        scan(22, 2, 0.0, 16.0)
        # The night's solution does not know of the cloud, the frames do.
        scan(31, 3, 0.0)
        scan(32, 3, 0.0, 16.2, clouds=True)
        # A scan without a solution, or without a predicted depth: noise and seeing of the images for all.
        scan(41, 4, 0.0, 15.0)
        scan(42, 4, None, 16.0, noise=2.0)
        scan(51, 5, 0.0, 15.0)
        scan(52, 5, 0.0, None, noise=2.0)
        # A scan that may not be released keeps nobody from being compared.
        scan(61, 6, 0.02)
        scan(62, 6, -0.28)
        scan(63, 6, None, None)
        _hold(made, 63, 0)
        # Completeness comes first.
        scan(71, 7, 0.0)
        scan(72, 7, -0.3, images=2)
        _solve(made, run, offsets)
        made.sources(11, 11.1, 0.5)
        made.connection.commit()
        build_release(made.connection, "clear", "sampler", ["one"], allow=Allowances(nominal=True))
        yield made


CLEAR: dict[int, Choice] = {
    11: (True, 1, "the best of 2 scans of its tile"),
    12: (False, 2, "sensitivity 15.720 mag against 16.020"),
    21: (True, 1, "the best of 2 scans of its tile"),
    22: (False, 2, "sensitivity 16.000 mag against 16.400"),
    31: (True, 1, "the best of 2 scans of its tile"),
    32: (False, 2, "not photometric, against a photometric one"),
    41: (True, 1, "the best of 2 scans of its tile"),
    42: (False, 2, "sensitivity 19.247 mag against 20.000"),
    51: (True, 1, "the best of 2 scans of its tile"),
    52: (False, 2, "sensitivity 19.247 mag against 20.000"),
    61: (True, 1, "the best of 2 scans of its tile"),
    62: (False, 2, "sensitivity 15.720 mag against 16.020"),
    72: (True, 1, "the best of 2 scans of its tile"),
    71: (False, 2, "3 Atlas images against 6"),
}


def test_a_clouded_scan_loses_against_a_clear_one_of_the_same_seeing(calibrated: World) -> None:
    rows = calibrated.rows("SELECT scan_key, selected, rank, reason FROM release.scan")
    found = {key: row for key, *row in rows}
    for scan, choice in CLEAR.items():
        assert tuple(found[key_of(scan)]) == choice, scan
