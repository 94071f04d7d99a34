"""The global solution of a run in a real database, against the zero points that its magnitudes were made with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.errors import UnknownNameError
from app.instruments.bands import Band
from app.parameters.sections import ParameterSet
from app.production.publication import Publication
from app.production.publish_solution import zero_points_hash
from app.production.solution_rows import SetUsedRow
from app.production.solution_users import Ingredients, solutions_using
from app.reports.solution_figures import solution_figures
from tests.conftest import TEMPLATE, Database, create_database, drop_database
from tests.worlds.survey_nights import (
    CLOUDED,
    FLAT,
    LOSS_MAG,
    NIGHTS,
    NOISE_MAG,
    SCANS,
    SETS,
    SurveyWorld,
    fill,
    step_context,
)  # fmt: skip
from workers.steps import global_solution
from workers.steps.global_solution import NoScansError, NoSetsError, solve_survey
from workers.steps.survey_inputs import read_survey

PAIRS = NIGHTS * (SCANS - 1) + (NIGHTS - 1) * SCANS
"""Neighbours in a row and one above the other; corners have fewer than five stars, or a few more."""


@contextmanager
def survey(template_database: Database, name: str, **options: Any) -> Iterator[tuple[SurveyWorld, Database]]:
    """A world in a database of its own."""
    name = f"survey_{name}_{os.getpid()}"
    create_database(template_database.cluster, name, TEMPLATE)
    database = Database(name, template_database.cluster)
    try:
        with database.connect() as connection:
            world = SurveyWorld(connection)
            fill(world, **options)
            yield world, database
    finally:
        drop_database(template_database.cluster, name)


def solve(world: SurveyWorld, database: Database, code_commit: str = "c") -> Publication:
    """Do the step once, as a worker, and publish what it made."""
    claim = world.claim("global_solution", code_commit=code_commit)
    made = global_solution.perform(claim, step_context(lambda: database.connect("worker")))
    world.publish(claim, made)
    return made


@pytest.fixture(scope="module")
def solved(template_database: Database) -> Iterator[tuple[SurveyWorld, Database, Publication]]:
    with survey(template_database, "solved") as (world, database):
        yield world, database, solve(world, database)


Solved = tuple[SurveyWorld, Database, Publication]


def zero_points(world: SurveyWorld) -> dict[str, dict[int, tuple[Any, ...]]]:
    """By band and scan: offset, linear, quadratic, error, loss, photometric, reason of the newest global solution."""
    rows = world.rows(
        "SELECT band, scan_key, offset_mag, linear_mag, quadratic_mag, error_mag, loss_mag, photometric, reason"
        " FROM calibration.scan_zero_point WHERE solution_id = (SELECT max(solution_id) FROM calibration.solution"
        " WHERE kind = 'global')"
    )
    return {band: {row[1]: row[2:] for row in rows if row[0] == band} for band in "jhk"}


def test_zero_points_are_those_of_the_truth(solved: Solved) -> None:
    world, _, _ = solved
    true = np.array(list(world.true_mag.values()))
    # Doing nothing misses by the nights' offsets.
    assert np.sqrt(np.mean(true**2)) > 0.030
    for rows in zero_points(world).values():
        assert list(rows) == sorted(world.true_mag)
        found = np.array([rows[key][0] for key in world.true_mag])
        error = np.array([rows[key][3] for key in world.true_mag])
        assert np.sqrt(np.mean((found - true) ** 2)) < 0.005
        assert np.abs(found - true).max() < 0.015
        assert 0.4 < np.sqrt(np.mean(((found - true) / error) ** 2)) < 1.6


def test_steps_between_neighbours_are_smaller_than_without_overlaps(solved: Solved) -> None:
    """They are what astronomers see; sets alone leave the jitter of the scans."""
    world, database, _ = solved
    context = step_context(lambda: database.connect("worker"))
    inputs = read_survey(world.connection, world.run_id)
    world.connection.commit()
    alone = solve_survey(inputs, [], ParameterSet(), context)[Band.H].solution.zero_point_mag
    rows = zero_points(world)["h"]
    keys = np.array(sorted(rows))
    true = np.array([world.true_mag[key] for key in keys])
    neighbours = np.diff(keys) == 1
    steps = np.diff(np.array([rows[key][0] for key in keys]) - true)[neighbours]
    assert np.std(steps) < 0.004
    # The clouded scan is wrong by all that it lost, too.
    assert np.std(steps) < 0.5 * np.std(np.diff(alone - true)[neighbours])


def test_the_flat_of_the_period_is_found(solved: Solved) -> None:
    world, _, _ = solved
    for rows in zero_points(world).values():
        assert {row[1:3] for row in rows.values()} == {next(iter(rows.values()))[1:3]}
        assert next(iter(rows.values()))[1] == pytest.approx(FLAT[0], abs=0.0015)


def test_the_clouded_scan_is_found_and_calibrated(solved: Solved) -> None:
    world, _, _ = solved
    rows = zero_points(world)["j"]
    [clouded] = [key for key, clear in world.photometric.items() if not clear]
    _, _, _, _, loss, photometric, reason = rows[clouded]
    assert (photometric, reason) == (False, "light lost against the model of the night")
    assert loss == pytest.approx(LOSS_MAG, abs=0.012)
    assert clouded & 1023 == CLOUDED[1] + 1
    assert sum(not row[5] for row in rows.values()) == 1


def test_all_that_was_used_is_kept(solved: Solved) -> None:
    world, _, made = solved
    [(solution_id, state, night_id, facts, input_hash, digest)] = world.rows(
        "SELECT solution_id, state, night_id, facts, input_hash, content_hash FROM calibration.solution"
        " WHERE kind = 'global'"
    )
    assert (state, night_id, input_hash) == ("draft", None, made.input_hash)
    assert made.solution is not None
    assert digest == zero_points_hash(made.solution)
    count = "SELECT count(*) FROM calibration.{} WHERE solution_id = %s"
    counts = {
        name: world.one(count.format(name), solution_id)
        for name in ("scan_zero_point", "set_used", "standard_used", "attempt_used", "overlap_used")
    }
    assert counts["scan_zero_point"] == 3 * NIGHTS * SCANS
    assert counts["set_used"] == 3 * NIGHTS * SETS
    assert counts["standard_used"] == 3 * 2
    # Scans and solutions of nights.
    assert counts["attempt_used"] == NIGHTS * SCANS + NIGHTS
    assert counts["overlap_used"] >= 3 * PAIRS
    bands = facts["bands"]
    for band in "jhk":
        # The stars held out agree to their own noise; as they were measured they do not.
        assert bands[band]["held_out_scatter_mag"] < 0.02
        assert bands[band]["held_out_scatter_untouched_mag"] > 2 * bands[band]["held_out_scatter_mag"]
        assert bands[band]["nights_adrift"] == []
        assert list(bands[band]["extinction_excess"]) == ["n 04", "n 05"]
    assert [metric.name for metric in made.metrics] == ["held_out_scatter_mag"] * 3 + [
        "posterior_error_mag"
    ] * 3


def test_the_same_inputs_give_the_same_bytes_in_any_order(
    template_database: Database, solved: Solved
) -> None:
    first = solved[2]
    with survey(template_database, "turned", backwards=True) as (world, database):
        second = solve(world, database)
    assert first.solution is not None
    assert second.solution is not None
    assert second.solution.zero_points == first.solution.zero_points
    assert second.solution.facts == first.solution.facts


def test_of_the_same_inputs_there_is_nothing_to_do(solved: Solved) -> None:
    world, database, first = solved
    query = "SELECT solution_id, state FROM calibration.solution ORDER BY solution_id"
    before = world.rows(query)
    again = solve(world, database)
    assert again.solution is None
    assert again.input_hash == first.input_hash
    assert again.upstream_ids == first.upstream_ids
    assert world.rows(query) == before


def test_other_inputs_give_another_solution(template_database: Database) -> None:
    """One set is measured again; the former solution stays as it was."""
    with survey(template_database, "changed") as (world, database):
        first = solve(world, database)
        assert first.solution is not None
        night = min(key >> 10 for key in world.scans)
        sets = [replace(row) for row in first.solution.sets if row.night_id == night]
        changed = [
            {name: getattr(row, name) for name in row.__dataclass_fields__ if name != "night_id"}
            for row in sets
        ]
        world.solve_night(
            night, [SetUsedRow(**row | {"offset_mag": row["offset_mag"] + 0.004}) for row in changed]
        )
        second = solve(world, database)
        assert second.input_hash != first.input_hash
        assert second.solution is not None
        assert second.solution.zero_points != first.solution.zero_points
        states = world.rows(
            "SELECT state, retired_because FROM calibration.solution WHERE kind = 'global' ORDER BY solution_id"
        )
        # The night's former solution gave way, and what was made of it with it.
        assert [state for state, _ in states] == ["retired", "draft"]
        assert solve(world, database).solution is None


def test_other_code_solves_the_same_inputs_again(template_database: Database) -> None:
    """A solver that was corrected is not told that there is nothing to do, and keeps its commit with what it made."""
    with survey(template_database, "corrected") as (world, database):
        first = solve(world, database, "before")
        second = solve(world, database, "after")
        assert second.input_hash == first.input_hash
        assert second.solution == first.solution
        assert solve(world, database, "after").solution is None
        rows = world.rows(
            "SELECT code_commit, state, retired_because IS NULL FROM calibration.solution WHERE kind = 'global'"
            " ORDER BY solution_id"
        )
        assert rows == [("before", "retired", False), ("after", "draft", True)]


def test_users_of_what_is_retired_are_told(solved: Solved) -> None:
    world, _, _ = solved
    [(solution_id, run_id)] = world.rows(
        "SELECT solution_id, run_id FROM calibration.solution WHERE kind = 'global'"
    )
    night = min(key >> 10 for key in world.scans)
    scan, attempt = next((key, attempt) for key, (_, attempt, _) in world.scans.items() if key >> 10 == night)
    [(own, own_attempt)] = world.rows(
        "SELECT solution_id, attempt_id FROM calibration.solution WHERE night_id = %s", night
    )

    def users(**ingredients: Any) -> list[int]:
        found = solutions_using(world.connection, Ingredients(**ingredients))
        world.connection.commit()
        return [row["solution_id"] for row in found]

    every = [
        row[0] for row in world.rows("SELECT solution_id FROM calibration.solution ORDER BY solution_id")
    ]
    assert len(every) == NIGHTS + 1
    assert users() == users(standards=("c",)) == users(sets=((night, SETS + 1),)) == []
    assert users(standards=("a",)) == every
    assert users(sets=((night, 1),)) == users(attempt_ids=(attempt,)) == [own, solution_id]
    assert users(attempt_ids=(own_attempt,)) == users(scan_keys=(scan,)) == [solution_id]
    assert users(solution_ids=(own,)) == [own, solution_id]
    [row] = solutions_using(world.connection, Ingredients(attempt_ids=(own_attempt,)))
    assert (row["kind"], row["run"], row["nights_adopted"], row["releases"]) == ("global", "run", 0, [])
    assert row["through"] == f"used attempt {own_attempt}"
    world.connection.commit()
    assert run_id == world.run_id


def test_figures_say_how_well_scans_agree(solved: Solved) -> None:
    world, _, made = solved
    assert made.solution is not None
    [(number,)] = world.rows("SELECT solution_id FROM calibration.solution WHERE kind = 'global'")
    figures = solution_figures(world.connection, number, degrees=0.5)
    world.connection.commit()
    facts = made.solution.facts["bands"]
    assert [row["band"] for row in figures.steps] == ["h", "j", "k"]
    for row in figures.steps:
        assert row["held_out_mag"] == pytest.approx(facts[row["band"]]["held_out_scatter_mag"])
        assert row["residual_mag"] == pytest.approx(facts[row["band"]]["overlap_scatter_mag"])
        # What the magnitudes were made with, and what doing nothing leaves.
        assert row["repeatability_mag"] == pytest.approx(NOISE_MAG, rel=0.15)
        assert row["measured_mag"] > 5 * row["residual_mag"]
    assert sum(row["overlaps"] for row in figures.sky) == sum(row["overlaps"] for row in figures.steps)
    assert {row["ra"] for row in figures.sky} == {10.0, 10.5, 11.0}
    assert max(abs(row["median_mag"]) for row in figures.sky) < 0.003
    assert [row["scans"] for row in figures.nights] == [SCANS] * 3 * NIGHTS
    assert [row["sets"] for row in figures.nights] == [SETS] * 3 * NIGHTS
    assert sum(row["photometric"] for row in figures.nights) == 3 * (NIGHTS * SCANS - 1)
    # Solutions of the nights stand at 0 here, so that all of the zero point is what moved.
    assert all(row["moved_mag"] == pytest.approx(row["offset_mag"]) for row in figures.nights)
    with pytest.raises(UnknownNameError, match="no global solution 1"):
        solution_figures(world.connection, 1)
    world.connection.commit()


def test_a_run_without_scans_or_sets_is_refused(template_database: Database) -> None:
    with survey(template_database, "empty") as (world, database):
        world.connection.execute("DELETE FROM calibration.set_used WHERE band = 'k'")
        claim = world.claim("global_solution")
        context = step_context(lambda: database.connect("worker"))
        with pytest.raises(NoSetsError, match="set in Ks"):
            global_solution.perform(claim, context)
        with pytest.raises(NoScansError):
            global_solution.perform(replace(claim, run_id=claim.run_id + 1), context)
