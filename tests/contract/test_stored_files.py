"""`mapps store`: files compared with their rows, made again and swept; what doctor says of them."""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.cli.main import run as mapps
from app.cli.output import forget_mode
from app.db import doctor
from app.db.stored_files import find_orphans, named_files, sampled_files, users_of
from app.production.publishing import publish
from app.settings import get_settings
from app.store import Store
from tests.worlds.production import STEPS, Wish, another_run, make_world, perform
from tests.worlds.working import next_claim, step_context, work
from workers.process.repair import RepairStore, find_makers, repair

LONG_AGO = (1e9, 1e9)


@pytest.fixture
def connection(live_database):
    with live_database.connect(autocommit=True) as opened:
        yield opened


@pytest.fixture
def command(live_database, capsys):
    """Run `mapps store`; what it told on both streams, or its JSON when asked for."""

    def do(*words, status=0):
        capsys.readouterr()
        forget_mode()
        found = mapps(["store", *words])
        told = capsys.readouterr()
        forget_mode()
        assert found == status, told.out + told.err
        return json.loads(told.out) if "--json" in words else told.out + told.err

    return do


@pytest.fixture
def world(connection, live_database):
    """A night, its calibration and two scans, reduced: three files."""
    made = make_world(connection, 2, entry="raw")
    work(connection, live_database, made)
    return made


def spoil(name):
    """Flip a bit of a file."""
    path = Store().local_path(name)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def names(connection):
    return [file.name for file in named_files(connection)]


def make_again(live_database, wanted):
    return repair(wanted, get_settings(), lambda: live_database.connect("reader"), STEPS)


def test_whole_files(command, connection, world):
    assert len(names(connection)) == 3
    assert "3 files read, 0 wrong" in command("verify")
    assert command("verify", "--json") == []
    assert "nothing to repair" in command("repair")


def test_every_flipped_bit_and_missing_file_is_found(command, connection, world, live_database):
    first, second, third = names(connection)
    spoil(first)
    Store().remove(second)
    found = {row["file"]: row for row in command("verify", "--json", status=3)}
    assert {name: row["fault"] for name, row in found.items()} == {first: "changed", second: "missing"}
    assert all(
        f"run {world.run}, night {world.selection.night.date}n" in row["used_by"] for row in found.values()
    )
    assert all(row["remedy"] == f"mapps store repair {name}" for name, row in found.items())
    told = command("verify", status=3)
    assert f"changed: {first}\n" in told
    assert "to mend them all: mapps store repair" in told
    assert make_again(live_database, found) == {first, second}
    assert "3 files read, 0 wrong" in command("verify")
    assert third in names(connection)


def test_users_are_told(connection, world):
    told = [users_of(connection, name) for name in names(connection)]
    assert all(len(users) == 1 for users in told)
    [calibration] = [users[0] for users in told if "calibrates" in users[0]]
    assert "calibrates 2 scans" in calibration
    assert sorted("scan" in users[0] and users[0][-6:] for users in told if "calibrates" not in users[0]) == [
        "scan 1",
        "scan 2",
    ]


def test_a_file_of_several_runs_names_them_all(connection, live_database, world):
    """Equal content is one file: the calibration of the synthetic night is the same in every run."""
    for _ in range(5):
        work(connection, live_database, another_run(connection, world))
    told = users_of(connection, names(connection)[0])
    assert len(told) == 5
    assert told[-1] == "2 more"


def test_repair_goes_from_maker_to_maker(connection, world, live_database):
    """One run's parameters no longer make the content: another run's do."""
    # Another parameter set that makes the same.
    work(connection, live_database, another_run(connection, world, Wish(poison=[-1])))
    name = names(connection)[0]
    spoil(name)
    changed = json.dumps({"synthetic": vars(Wish(file_bytes=200))})
    connection.execute(
        "UPDATE production.pipeline AS p SET parameters = %s FROM production.run AS r"
        " WHERE r.pipeline_id = p.pipeline_id AND r.name = %s",
        (changed, world.run),
    )
    assert len(find_makers(connection, [name])) == 2
    assert make_again(live_database, [name]) == {name}
    assert Store().digest(name) == named_files(connection)[0].sha256


def test_other_content_is_not_stored(connection, world, live_database, caplog):
    name = names(connection)[0]
    Store().remove(name)
    before = set(Store().names())
    changed = json.dumps({"synthetic": vars(Wish(file_bytes=200))})
    connection.execute("UPDATE production.pipeline SET parameters = %s", (changed,))
    with caplog.at_level(logging.INFO, "mapps.repair"):
        assert make_again(live_database, [name]) == set()
    assert (
        "made other content than it published: 1 files are not made again; it ran code 0 c0ffee"
        in caplog.text
    )
    assert set(Store().names()) == before


def test_inputs_that_are_gone_are_told(connection, world, live_database, caplog):
    [name] = [name for name in names(connection) if "calibrates" not in users_of(connection, name)[0]][:1]
    wish = json.dumps({"synthetic": vars(Wish(poison=list(world.scan_keys)))})
    connection.execute("UPDATE production.pipeline SET parameters = %s", (wish,))
    with caplog.at_level(logging.INFO, "mapps.repair"):
        assert make_again(live_database, [name]) == set()
    assert "cannot be done again: scan" in caplog.text


def test_repair_store_takes_wanted_files_only(tmp_path):
    plain = Store(str(tmp_path / "plain"))
    wanted = plain.name_of(b"wanted", "atlas", ".fits").name
    store = RepairStore(str(tmp_path / "store"), [wanted])
    assert store.put(b"other", "atlas", ".fits") == plain.put(b"other", "atlas", ".fits")
    assert list(store.names()) == []
    assert store.put(b"wanted", "atlas", ".fits").name == wanted
    assert list(store.names()) == [wanted]
    assert store.made == {wanted}


def test_unknown_names_are_refused(command, world):
    assert "UNKNOWN_NAME: no row names a stored file 'atlas/x'" in command("repair", "atlas/x", status=2)


def test_a_sample_is_of_all_kinds(command, connection, world):
    assert {file.name for file in sampled_files(connection, 50)} == set(names(connection))
    assert 1 <= len(sampled_files(connection, 1)) <= 3
    for name in names(connection):
        spoil(name)
    assert "wrong" in command("verify", "--sample", "1", status=3)


def test_sample_of_nothing(command):
    assert "0 files read, 0 wrong" in command("verify", "--sample", "5")


def test_doctor_samples(connection, world):
    assert doctor.check_stored_files().ok
    for name in names(connection):
        spoil(name)
    finding = doctor.check_stored_files()
    assert not finding.ok
    assert "3 of 3 files looked at are damaged or missing, for example atlas/" in finding.found
    assert finding.remedy == "mapps store repair"


# -- sweep -----------------------------------------------------------------------------------------------------------


def orphan(age=LONG_AGO, content=b"left over"):
    """A file that no row names."""
    name = Store().put(content, "atlas", ".fits").name
    os.utime(Store().local_path(name), age)
    return name


def test_sweep_lists_and_removes_old_orphans(command, connection, world):
    old, young = orphan(), Store().put(b"young", "atlas").name
    part = Store().local_path(old).with_name("tmpabc.part")
    part.write_bytes(b"unfinished")
    os.utime(part, LONG_AGO)
    for name in names(connection):
        os.utime(Store().local_path(name), LONG_AGO)
    told = command("sweep")
    assert old in told
    assert "2 would be removed by --apply, 1 left" in told
    assert Store().exists(old)
    assert "3 files that no row names; mapps store sweep lists them" in command("verify")
    assert "2 removed, 1 left" in command("sweep", "--apply")
    assert not Store().exists(old)
    assert not part.exists()
    assert Store().exists(young)
    assert "3 files read, 0 wrong" in command("verify")


def test_sweep_leaves_what_an_attempt_at_work_may_publish(connection, world, live_database):
    """Its lease may be days long: what was stored since it began stays, however old."""
    running = another_run(connection, world, Wish(file_bytes=300))
    held = next_claim(connection, running)
    began = datetime.now(UTC) - timedelta(days=9)
    connection.execute(
        "UPDATE production.attempt SET started_at = %s WHERE attempt_id = %s", (began, held.attempt_id)
    )
    publication = perform(held, step_context(live_database, held))
    made = sorted(set(Store().names()) - set(names(connection)))
    stored = (began + timedelta(hours=1)).timestamp()
    for name in made:
        os.utime(Store().local_path(name), (stored, stored))
    assert len(made) == 1
    assert find_orphans(connection, Store(), timedelta(hours=24)).old == ()
    publish(connection, held, publication)
    assert find_orphans(connection, Store(), timedelta(hours=24)).old == ()
    assert set(made) <= set(names(connection))


def test_sweep_races_with_a_worker_that_stores_the_same_content(connection, world):
    name = orphan()
    found = find_orphans(connection, Store(), timedelta(hours=1))
    assert found.old == (name,)
    Store().put(b"left over", "atlas", ".fits")
    assert not Store().remove(name, found.before)
    assert Store().exists(name)


def test_sweep_refuses_the_store_of_another_database(command, world, tmp_path, monkeypatch):
    monkeypatch.setenv("MAPPS_STORE_URL", str(tmp_path / "other"))
    get_settings.cache_clear()
    orphan()
    assert "OTHER_STORE" in command("sweep", "--apply", status=2)


def test_moved_store(command, connection, world, tmp_path, monkeypatch):
    """Rows hold names: moving the files and saying so is all."""
    Path(get_settings().store).rename(tmp_path / "moved")
    assert "STORE" in command("verify", status=3)
    monkeypatch.setenv("MAPPS_STORE_URL", str(tmp_path / "moved"))
    get_settings.cache_clear()
    assert "3 files read, 0 wrong" in command("verify")
