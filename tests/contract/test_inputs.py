"""What attempts record of their inputs, how inputs are addressed, and recall by each kind of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.db.statements import statement
from app.errors import UnknownNameError
from app.ingest.reference import load_reference, reference_status
from app.ingest.reference_stars import Region
from app.ingest.reference_synthetic import synthetic_region
from app.models.production import InputKind
from app.production import protocol
from app.production.addresses import AddressError, files_of_scans, find_inputs
from app.production.progress import read_attempts, read_inputs
from app.production.publication import ReferenceUse
from app.production.publishing import InputsReplacedError, publish
from app.production.recall import Recalled, queue_again, requeue, users_of
from app.production.selection import Selection
from tests.worlds.production import (
    IDENTITY,
    check_invariants,
    make_world,
    publication_of,
    states,
    valid_calibrations,
    value,
)
from workers.steps.context import RecordedInputs
from workers.steps.reference import StarsReplacedError, given_stars

STARS = synthetic_region(Region(10.0, 10.5, 10.0, 10.5))
LEASE = 60


@pytest.fixture
def connection(database):
    with database.connect(autocommit=True) as opened:
        yield opened
        check_invariants(opened)


def load(connection, stars, *, replace=False):
    load_reference(connection, stars, "synthetic", "a test", replace=replace)
    return next(row for row in reference_status(connection) if row.current)


def claim(connection, world):
    return protocol.claim(connection, IDENTITY, LEASE, world.run)


def publication_with_inputs(connection, held):
    """What a real step would record: its file, the calibrations, the stars of the current catalogue."""
    made = publication_of(held, None, valid_calibrations(connection, held))
    if held.scan_key is None:
        return made
    current = [row for row in reference_status(connection) if row.current]
    use = ReferenceUse(current[0].catalogue_id, 3, current[0].content_hash) if current else None
    use = use or ReferenceUse(None, 0, "0" * 64)
    [file] = connection.execute(
        "SELECT raw_file_id, sha256 FROM survey.raw_file WHERE scan_key = %s", (held.scan_key,)
    ).fetchall()
    return replace(made, raw_file_ids=(file[0],), raw_file_hashes=dict([file]), reference=use)


def do_all(connection, world):
    done = []
    while (held := claim(connection, world)) is not None:
        publish(connection, held, publication_with_inputs(connection, held))
        done.append(held)
    return done


def test_every_kind_of_input_is_recorded_and_shown(connection):
    catalogue = load(connection, STARS)
    world = make_world(connection, entry="raw")
    night, scan = do_all(connection, world)
    inputs = {row["kind"]: row for row in read_inputs(connection, scan.attempt_id)}
    assert set(inputs) == {kind.value for kind in InputKind}
    assert inputs["raw_file"]["input_key"] == world.raw_file_ids[0]
    assert inputs["raw_file"]["content_hash"] == f"{scan.scan_key:064x}"
    assert inputs["reference"]["input_key"] == catalogue.catalogue_id
    assert inputs["attempt"]["input_key"] == night.attempt_id
    assert inputs["pipeline"]["content_hash"] == scan.pipeline_hash
    assert value(connection, "SELECT reference_catalogue FROM wsdb.provenance LIMIT 1") == (
        f"synthetic {catalogue.content_hash}"
    )
    found = connection.execute("SELECT DISTINCT kind FROM production.attempt_input").fetchall()
    assert {kind for (kind,) in found} <= {kind.value for kind in InputKind}


def test_a_file_is_recorded_as_it_was_read(connection):
    """It may be replaced between the step's look at it and the publication."""
    world = make_world(connection)
    held = claim(connection, world)
    made = publication_with_inputs(connection, held)
    connection.execute("UPDATE survey.raw_file SET sha256 = repeat('e', 64)")
    publish(connection, held, made)
    [row] = [row for row in read_inputs(connection, held.attempt_id) if row["kind"] == "raw_file"]
    assert row["content_hash"] == f"{held.scan_key:064x}"


def test_rows_that_were_replaced_meanwhile_are_not_built_upon(connection):
    world = make_world(connection, 2)
    first, second = claim(connection, world), claim(connection, world)
    publish(connection, first, publication_of(first))
    reads = replace(publication_of(second), upstream_ids=(first.attempt_id,))
    with connection.transaction():
        queue_again(connection, world.run, [first.task_id])
    again = claim(connection, world)
    publish(connection, again, publication_of(again))
    with pytest.raises(InputsReplacedError, match=rf"rows of attempts \[{first.attempt_id}\] were replaced"):
        publish(connection, second, reads)
    publish(connection, second, replace(reads, upstream_ids=(again.attempt_id,)))
    users = users_of(connection, Recalled(InputKind.ATTEMPT, (again.attempt_id,)))
    assert sorted((user["attempt_id"], user["through"]) for user in users) == [
        (second.attempt_id, "used what it made"), (again.attempt_id, "is the attempt"),
    ]  # fmt: skip
    from_file = {"attempt_id": again.attempt_id, "raw_file_id": world.raw_file_ids[0]}
    connection.execute(
        "INSERT INTO production.attempt_raw_file VALUES (%(attempt_id)s, %(raw_file_id)s)", from_file
    )
    users = users_of(connection, Recalled(InputKind.RAW_FILE, (world.raw_file_ids[0],)))
    assert sorted(user["through"] for user in users) == ["read rows made from it", "read the file"]


def test_a_content_in_two_runs_is_one_address(connection):
    """A full hash meant "more than one" as soon as there were two runs."""
    worlds = [make_world(connection, entry="raw") for _ in range(2)]
    for world in worlds:
        do_all(connection, world)
    connection.execute("UPDATE calibration.product SET sha256 = repeat('ab', 32)")
    keys = find_inputs(connection, InputKind.CALIBRATION, "ab" * 32)
    assert len(keys) == 2
    users = users_of(connection, Recalled(InputKind.CALIBRATION, keys))
    assert {user["run"] for user in users} == {world.run for world in worlds}
    assert {user["run"] for user in users_of(connection, Recalled(InputKind.CALIBRATION, keys[:1]))} == {
        worlds[0].run
    }
    assert len(requeue(connection, Recalled(InputKind.CALIBRATION, keys), 3, dry_run=True)) == 2


def test_a_key_is_no_start_of_a_hash(connection):
    world = make_world(connection, entry="raw")
    do_all(connection, world)
    [(key,)] = connection.execute(
        "UPDATE calibration.product SET sha256 = calibration_id || repeat('a', 63) RETURNING calibration_id"
    )
    second = make_world(connection, entry="raw")
    do_all(connection, second)
    connection.execute(
        "UPDATE calibration.product SET sha256 = %s || repeat('b', 63) WHERE calibration_id <> %s",
        (str(key), key),
    )
    assert find_inputs(connection, InputKind.CALIBRATION, str(key)) == (key,)
    with pytest.raises(AddressError, match=rf"means several: .*run {second.run}.*run {world.run}") as raised:
        find_inputs(connection, InputKind.CALIBRATION, f"sha256:{key}")
    assert "mapps calibration list" in str(raised.value)
    assert find_inputs(connection, InputKind.CALIBRATION, f"{key}aaaaaa") == (key,)


@pytest.mark.parametrize("kind", InputKind)
def test_what_does_not_exist_is_answered_with_what_there_is(connection, kind):
    with pytest.raises(UnknownNameError, match="and there is none"):
        find_inputs(connection, InputKind.REFERENCE if kind is InputKind.PIPELINE else kind, "999999")
    load(connection, STARS)
    do_all(connection, make_world(connection, entry="raw"))
    with pytest.raises(UnknownNameError, match=r"expected one of \d+ \("):
        find_inputs(connection, kind, "999999")


def test_recall_by_catalogue_pipeline_night_and_scan(connection):
    catalogue = load(connection, STARS)
    world = make_world(connection, 2, entry="raw")
    _, first, second = do_all(connection, world)
    for given in ("synthetic", catalogue.content_hash[:12], str(catalogue.catalogue_id)):
        keys = find_inputs(connection, InputKind.REFERENCE, given)
        users = users_of(connection, Recalled(InputKind.REFERENCE, keys))
        assert [u["attempt_id"] for u in users] == [first.attempt_id, second.attempt_id]
        assert {u["through"] for u in users} == {"was given its stars"}
    pipelines = find_inputs(connection, InputKind.PIPELINE, f"sha256:{first.pipeline_hash[:20]}")
    assert len(users_of(connection, Recalled(InputKind.PIPELINE, pipelines))) == 3
    night = world.selection.night
    files = files_of_scans(connection, Selection(night))
    assert files == world.raw_file_ids
    one_scan = files_of_scans(connection, Selection(night, (2,)))
    [user] = users_of(connection, Recalled(InputKind.RAW_FILE, one_scan))
    assert user["attempt_id"] == second.attempt_id
    with pytest.raises(UnknownNameError, match="mapps night list"):
        files_of_scans(connection, Selection(night, (77,)))
    [done] = requeue(connection, Recalled(InputKind.REFERENCE, (catalogue.catalogue_id,)), 3)
    assert len(done.tasks) == 2
    assert states(connection, world) == {"done": 1, "ready": 2}


def test_two_catalogues_of_a_name_are_told_apart(connection):
    load(connection, STARS)
    moved = STARS.copy()
    moved["ra"] += 1e-9
    now = load(connection, moved, replace=True)
    with pytest.raises(AddressError, match=r"synthetic, .* current.*synthetic, .* replaced"):
        find_inputs(connection, InputKind.REFERENCE, "synthetic")
    start = f"sha256:{now.content_hash[:10]}"
    assert find_inputs(connection, InputKind.REFERENCE, start) == (now.catalogue_id,)


def test_who_works_now_is_listed_with_what_is_left_of_the_lease(connection):
    world = make_world(connection, 2)
    held = claim(connection, world)
    [running] = read_attempts(connection, None, outcome="running")
    assert (running["attempt_id"], running["run"], running["worker"]) == (
        held.attempt_id, world.run, IDENTITY.worker,
    )  # fmt: skip
    assert 0 < running["lease_left_seconds"] <= LEASE
    publish(connection, held, publication_of(held))
    assert read_attempts(connection, None, outcome="running") == []
    [done] = read_attempts(connection, world.run)
    assert done["lease_left_seconds"] is None


def test_the_hash_of_a_catalogue_is_that_of_its_stars():
    from app.ingest.reference import content_hash

    unknown = STARS.copy()
    unknown["bt_mag"] = np.nan
    other_bits = unknown.copy()
    other_bits["bt_mag"] = np.array([0x7FC00001], np.uint32).view(np.float32)[0]
    assert content_hash(unknown) == content_hash(other_bits) != content_hash(STARS)


class Field:
    """A band as far as the step looks at it for its stars."""

    def __init__(self, ra, decl):
        self.ra_deg, self.decl_deg, self.mjd = np.array([ra]), np.array([decl]), np.array([51544.5])


def test_what_a_step_is_given_is_recorded_with_its_catalogue(connection):
    middle, elsewhere = Field(10.25, 10.25), Field(200.0, -40.0)
    nothing = given_stars(connection, middle)
    assert (nothing.use.catalogue_id, nothing.use.stars) == (None, 0)
    catalogue = load(connection, STARS)
    given = given_stars(connection, middle)
    assert given.use.catalogue_id == catalogue.catalogue_id
    assert given.use.stars == given.stars.ra_deg.size > 5
    empty = given_stars(connection, elsewhere)
    assert (empty.use.catalogue_id, empty.use.stars) == (catalogue.catalogue_id, 0)
    assert empty.use.stars_hash == nothing.use.stars_hash != given.use.stars_hash
    # A catalogue of the same stars there, and others elsewhere, gives the same hash: the same rows come of it.
    far = synthetic_region(Region(50.0, 50.2, 10.0, 10.2))
    load(connection, np.concatenate([STARS, far]), replace=True)
    again = given_stars(connection, middle)
    assert again.use.stars_hash == given.use.stars_hash
    assert again.use.catalogue_id != given.use.catalogue_id


def test_a_replay_with_other_stars_is_refused(connection):
    load(connection, STARS)
    field = Field(10.25, 10.25)
    recorded = RecordedInputs(frozenset(), frozenset(), given_stars(connection, field).use.stars_hash)
    assert given_stars(connection, field, recorded).use.stars_hash == recorded.stars_hash
    load(connection, STARS[:5], replace=True)
    with pytest.raises(
        StarsReplacedError, match=r"reference stars, hash .*expected those of its time, hash "
    ):
        given_stars(connection, field, recorded)


def test_stars_of_a_scan_are_found_by_the_index_on_positions(connection):
    load(connection, synthetic_region(Region(10.0, 40.0, 0.0, 30.0)))
    connection.execute("ANALYZE reference.star")
    circle = {"ra": 20.0, "decl": 10.0, "radius": 0.5}
    plan = connection.execute("EXPLAIN " + statement("steps/reference_stars"), circle).fetchall()
    assert any("ix_star_position" in line for (line,) in plan), plan
