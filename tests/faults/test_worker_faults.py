"""Workers that are killed, stopped, cut off and starved, with real processes and a real server."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.models.production import Family
from app.production import protocol
from app.production.publishing import publish
from app.production.supervisor import Supervisor
from app.settings import get_settings
from tests.conftest import make_open_folder
from tests.faults.conftest import until
from tests.worlds.places import ROOT
from tests.worlds.production import (
    IDENTITY,
    ROWS,
    Wish,
    another_run,
    check_invariants,
    end_leases,
    make_world,
    outcomes,
    publication_of,
    states,
    value,
)
from tests.worlds.proxy import AnswerThief

pytestmark = pytest.mark.faults

# More than the points of one night and one scan: the loop below ends by itself long before.
MOST_POINTS = 60


@pytest.fixture
def ledger(plant):
    with plant.connect() as connection:
        yield connection


def source_rows(ledger, world):
    return value(ledger, "SELECT count(*) FROM wsdb.point_measurement WHERE run_id = %s", world.run_id)


def test_killed_at_every_step(plant, ledger):
    """kill -9 at the n-th point that a worker reaches, for every n until it ends without reaching it."""
    first = make_world(ledger, entry="raw", max_attempts=9)
    for number in range(1, MOST_POINTS):
        world = first if number == 1 else another_run(ledger, first)
        status = plant.finish(plant.start(world, fault=f"*:{number}:kill9"))
        if status == 0:
            break
        assert status == -signal.SIGKILL, plant.tail()
        end_leases(ledger, world)
        plant.work(world)
        assert states(ledger, world) == {"done": 2}, f"killed at step {number}"
        assert source_rows(ledger, world) == ROWS
        assert outcomes(ledger, world)["done"] == 2
        check_invariants(ledger)
    assert states(ledger, world) == {"done": 2}
    assert number > 25, "the points of a worker: too few were reached"


@pytest.mark.parametrize(
    "point",
    [
        "in_publish_after_lock",
        "in_publish_after_copy",
        "in_publish_after_products",
        "before_commit",
        "after_commit",
    ],
)
def test_connection_dropped_in_a_publication(plant, ledger, point):
    world = make_world(ledger)
    assert plant.finish(plant.start(world, fault=f"{point}:1:drop_connection")) == 0, plant.tail()
    assert states(ledger, world) == outcomes(ledger, world) == {"done": 1}
    assert source_rows(ledger, world) == ROWS


@pytest.mark.parametrize("point", ["inputs_read", "after_store", "before_publish"])
def test_stopped_past_its_lease_and_woken(plant, ledger, point):
    world = make_world(ledger)
    zombie = plant.start(world, fault=f"{point}:1:stop")
    plant.stopped(zombie)
    end_leases(ledger, world)
    plant.work(world)
    rows = ledger.execute(
        "SELECT * FROM wsdb.point_measurement WHERE run_id = %s", (world.run_id,)
    ).fetchall()
    os.kill(zombie.pid, signal.SIGCONT)
    assert plant.finish(zombie) == 0, plant.tail()
    assert outcomes(ledger, world) == {"lost": 1, "done": 1}
    again = ledger.execute(
        "SELECT * FROM wsdb.point_measurement WHERE run_id = %s", (world.run_id,)
    ).fetchall()
    assert again == rows
    assert "is lost" in plant.tail()


def test_stopped_worker_does_not_renew(plant, ledger):
    """The lease of a stopped worker runs out by itself, and the renewal of a working one keeps it."""
    go = plant.home / f"go-{os.getpid()}"
    world = make_world(ledger)
    wish = Wish(patient=list(world.scan_keys), go=str(go))
    world = another_run(ledger, world, wish)
    worker = plant.start(world, lease_seconds=1.5, renew_seconds=0.1)
    expires = "SELECT expires_at FROM production.attempt WHERE run_id = %s"
    until(lambda: outcomes(ledger, world) == {"open": 1}, "a claim")
    first = value(ledger, expires, world.run_id)
    until(lambda: value(ledger, expires, world.run_id) > first, "a renewal")
    os.kill(worker.pid, signal.SIGSTOP)
    over = f"SELECT expires_at < clock_timestamp() FROM production.attempt WHERE run_id = {world.run_id}"
    until(lambda: value(ledger, over), "the lease to run out")
    assert protocol.reap(ledger, 0.0)
    os.kill(worker.pid, signal.SIGCONT)
    # It notices at its next checkpoint, without anything to wait for, and does the task again.
    until(lambda: outcomes(ledger, world) == {"lost": 1, "open": 1}, "the revived worker to claim again")
    go.touch()
    assert plant.finish(worker) == 0, plant.tail()
    assert outcomes(ledger, world) == {"lost": 1, "done": 1}
    go.unlink()


@pytest.mark.parametrize("point", ["in_publish_after_copy", "before_commit"])
def test_stopped_inside_its_publication(plant, ledger, point):
    """The reaper passes by an attempt that is being published, however long that takes."""
    world = make_world(ledger)
    worker = plant.start(world, fault=f"{point}:1:stop", lease_seconds=0.3, renew_seconds=0.05)
    plant.stopped(worker)
    over = f"SELECT expires_at < clock_timestamp() FROM production.attempt WHERE run_id = {world.run_id}"
    until(lambda: value(ledger, over), "the lease to run out")
    assert protocol.reap(ledger, 0.0) == {}
    os.kill(worker.pid, signal.SIGCONT)
    assert plant.finish(worker) == 0, plant.tail()
    assert outcomes(ledger, world) == states(ledger, world) == {"done": 1}


@pytest.mark.parametrize("point", ["before_claim", "rows_made", "in_publish_after_copy"])
def test_server_killed(plant, point):
    with plant.connect() as ledger:
        world = make_world(ledger, 2)
    worker = plant.start(world, fault=f"{point}:1:stop")
    plant.stopped(worker)
    os.kill(plant.cluster.status().pid, signal.SIGKILL)
    os.kill(worker.pid, signal.SIGCONT)
    plant.cluster.ensure()
    assert plant.finish(worker) == 0, plant.tail()
    with plant.connect() as ledger:
        assert states(ledger, world) == {"done": 2}
        # A read that the end of the server broke is a transient failure of its attempt.
        assert outcomes(ledger, world)["done"] == 2
        assert source_rows(ledger, world) == 2 * ROWS


def test_server_away_while_workers_work(plant):
    with plant.connect() as ledger:
        world = make_world(ledger, 6)
    team = [plant.start(world, "--max-tasks", "9") for _ in range(2)]
    for _ in range(2):
        os.kill(plant.cluster.status().pid, signal.SIGKILL)
        plant.cluster.ensure()
    for worker in team:
        assert plant.finish(worker) in {0, 3}, plant.tail()
    with plant.connect() as ledger:
        # A claim whose answer died with the server is known to nobody.
        end_leases(ledger, world)
    plant.work(world)
    with plant.connect() as ledger:
        assert states(ledger, world) == {"done": 6}


def test_lost_answer_to_commit(plant, ledger):
    world = make_world(ledger)
    folder = make_open_folder("mp-")
    thief = AnswerThief(folder, Path(plant.cluster.status().socket_dir))
    url = plant.cluster.url().replace(plant.cluster.status().socket_dir, str(folder))
    assert plant.finish(plant.start(world, database_url=url)) == 0, plant.tail()
    thief.close()
    assert thief.stolen.is_set()
    assert outcomes(ledger, world) == states(ledger, world) == {"done": 1}
    assert source_rows(ledger, world) == ROWS


def test_two_publishers_with_one_token(plant, ledger):
    world = make_world(ledger)
    held = protocol.claim(ledger, IDENTITY, 600, world.run)
    results = []
    together = threading.Barrier(2)

    def publisher():
        with plant.connect() as connection:
            together.wait()
            results.append(publish(connection, held, publication_of(held)))

    threads = [threading.Thread(target=publisher) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.repeated for result in results) == [False, True]
    assert source_rows(ledger, world) == ROWS


@pytest.fixture
def small_store():
    """A file system of 64 kB."""
    folder = make_open_folder("mapps-store-")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k,mode=0755", "tmpfs", str(folder)],
        check=False, capture_output=True,
    )  # fmt: skip
    if made.returncode != 0:
        folder.rmdir()
        pytest.skip("only root may mount a small file system; the injected fault is tested all the same")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


def status_of(plant, world):
    """Words of `mapps run status`."""
    command = [sys.executable, "-m", "app.cli.main", "run", "status", world.run]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("MAPPS_")}
    done = subprocess.run(
        command, env=environment | plant.environment(), cwd=ROOT, check=True, capture_output=True, text=True
    )
    return done.stdout


def sits_out(plant, ledger, world, code, reason):
    """Wait for a worker that sits an outage out: no attempt counts, log and status say what it waits for."""
    until(lambda: plant.tail().count("looking again") >= 3, "three looks at what is away")
    assert outcomes(ledger, world) == {"given_back": 1}
    assert states(ledger, world) == {"ready": 1}
    query = "SELECT family, error_code FROM production.attempt WHERE run_id = %s"
    assert ledger.execute(query, (world.run_id,)).fetchall() == [("transient", code)]
    assert reason in plant.tail()
    shown = status_of(plant, world)
    assert "workers wait: 1 tasks given back, no attempt counted, the latest" in shown
    assert f": {code}: " in shown
    assert reason in shown


# A single counted attempt would end the task.
ONE_ATTEMPT = "UPDATE production.task SET max_attempts = 1 WHERE run_id = %s"


def test_disk_full(plant, ledger, small_store):
    world = make_world(ledger, queued=False)
    world = another_run(ledger, world, Wish(file_bytes=100_000))
    ledger.execute(ONE_ATTEMPT, (world.run_id,))
    worker = plant.start(world, store_url=str(small_store))
    sits_out(plant, ledger, world, "STORE", "No space left on device")
    assert not [path for path in small_store.rglob("*") if path.is_file()]
    subprocess.run(["mount", "-o", "remount,size=1m", str(small_store)], check=True)
    assert plant.finish(worker) == 0, plant.tail()
    assert states(ledger, world) == {"done": 1}
    # The probe has the size of the file that was refused: not one reduction was in vain but the first.
    assert outcomes(ledger, world) == {"given_back": 1, "done": 1}
    assert "workers wait" not in status_of(plant, world)


def test_store_read_only(plant, ledger, small_store):
    world = make_world(ledger)
    ledger.execute(ONE_ATTEMPT, (world.run_id,))
    subprocess.run(["mount", "-o", "remount,ro", str(small_store)], check=True)
    worker = plant.start(world, store_url=str(small_store))
    sits_out(plant, ledger, world, "STORE", "Read-only file system")
    subprocess.run(["mount", "-o", "remount,rw", str(small_store)], check=True)
    assert plant.finish(worker) == 0, plant.tail()
    assert outcomes(ledger, world) == {"given_back": 1, "done": 1}


def test_raw_folder_away(plant, ledger, tmp_path):
    folder, away = tmp_path / "archive", tmp_path / "not mounted"
    folder.mkdir()
    (folder / "j.fits").write_text("j.fits")
    world = make_world(ledger, queued=False)
    world = another_run(ledger, world, Wish(raw=str(folder / "j.fits")))
    ledger.execute(ONE_ATTEMPT, (world.run_id,))
    folder.rename(away)
    worker = plant.start(world)
    sits_out(plant, ledger, world, "RAW_FOLDER", "is not there or is empty")
    away.rename(folder)
    assert plant.finish(worker) == 0, plant.tail()
    assert outcomes(ledger, world) == {"given_back": 1, "done": 1}


def test_raw_file_gone_from_its_folder(plant, ledger, tmp_path):
    """One file that is gone is no outage: its task fails, the worker goes on."""
    (tmp_path / "h.fits").write_text("h.fits")
    world = make_world(ledger, 2, queued=False)
    world = another_run(ledger, world, Wish(raw=str(tmp_path / "j.fits")))
    plant.work(world)
    assert states(ledger, world) == {"failed": 2}


def test_worker_told_to_stop_while_it_sits_out(plant, ledger, small_store):
    world = make_world(ledger, queued=False)
    world = another_run(ledger, world, Wish(file_bytes=100_000))
    worker = plant.start(world, store_url=str(small_store))
    sits_out(plant, ledger, world, "STORE", "No space left on device")
    os.kill(worker.pid, signal.SIGTERM)
    assert plant.finish(worker) == 0, plant.tail()
    assert states(ledger, world) == {"ready": 1}


@pytest.mark.parametrize("point", ["before_store:1", "after_store:1"])
def test_disk_full_injected(plant, ledger, point):
    world = make_world(ledger)
    ledger.execute(ONE_ATTEMPT, (world.run_id,))
    assert plant.finish(plant.start(world, fault=f"{point}:disk_full")) == 0, plant.tail()
    assert outcomes(ledger, world) == {"given_back": 1, "done": 1}


def test_poison_scan(plant, ledger):
    """An input that cannot be processed fails once, whatever is tried; the others are done."""
    world = make_world(ledger, 3, queued=False)
    world = another_run(ledger, world, Wish(poison=[world.scan_keys[1]]))
    plant.work(world)
    assert states(ledger, world) == {"done": 2, "failed": 1}
    assert outcomes(ledger, world) == {"done": 2, "failed": 1}
    assert (
        value(
            ledger,
            "SELECT family FROM production.attempt WHERE run_id = %s AND outcome = 'failed'",
            world.run_id,
        )
        == Family.INPUT
    )


def test_killer_scan_under_a_supervisor(plant, ledger, monkeypatch, request):
    """A scan that always kills its process is dead after N attempts, and takes nothing with it."""
    # A supervisor hands its own settings on: those that an earlier test read must not be taken for this one's.
    request.addfinalizer(get_settings.cache_clear)
    world = make_world(ledger, 3, queued=False)
    world = another_run(ledger, world, Wish(killer=[world.scan_keys[1]]))
    ledger.execute("UPDATE production.task SET max_attempts = 2 WHERE run_id = %s", (world.run_id,))
    for name, setting in plant.environment(lease_seconds=0.6, renew_seconds=0.1).items():
        monkeypatch.setenv(name, setting)
    get_settings.cache_clear()
    told: list[str] = []
    words = ["work", "--until-idle", "--run", world.run, "--quiet"]
    program = (sys.executable, "-m", "tests.worlds.synthetic_worker")
    assert Supervisor(2, words, 5.0, told.append, program).run() == 0
    assert states(ledger, world) == {"done": 2, "dead": 1}
    assert outcomes(ledger, world) == {"done": 2, "lost": 2}
    assert sum("SIGKILL" in line for line in told) == 2


def test_bug_is_shown_and_not_retried(plant, ledger):
    world = make_world(ledger)
    assert plant.finish(plant.start(world, fault="rows_made:1:raise")) == 0, plant.tail()
    assert states(ledger, world) == {"failed": 1}
    text = value(ledger, "SELECT error_text FROM production.attempt WHERE run_id = %s", world.run_id)
    assert text.startswith("Traceback")
    assert "injected at rows_made" in text


@pytest.fixture
def patient(plant, ledger):
    """A run whose only scan waits for a file."""
    go = plant.home / f"go-{os.getpid()}"
    world = make_world(ledger, queued=False)
    yield another_run(ledger, world, Wish(patient=list(world.scan_keys), go=str(go))), go
    go.unlink(missing_ok=True)


def test_sigterm_lets_the_task_finish(plant, ledger, patient):
    world, go = patient
    worker = plant.start(world)
    until(lambda: outcomes(ledger, world) == {"open": 1}, "a claim")
    os.kill(worker.pid, signal.SIGTERM)
    go.touch()
    assert plant.finish(worker) == 0, plant.tail()
    assert outcomes(ledger, world) == {"done": 1}


def test_sigterm_gives_back_after_the_grace_period(plant, ledger, patient):
    world, go = patient
    worker = plant.start(world, grace_seconds=0.05)
    until(lambda: outcomes(ledger, world) == {"open": 1}, "a claim")
    os.kill(worker.pid, signal.SIGTERM)
    assert plant.finish(worker) == 0, plant.tail()
    assert outcomes(ledger, world) == {"given_back": 1}
    assert states(ledger, world) == {"ready": 1}
    go.touch()
    plant.work(world)
    assert states(ledger, world) == {"done": 1}


def test_second_sigterm_gives_back_at_once(plant, ledger, patient):
    world, _ = patient
    worker = plant.start(world, grace_seconds=600)
    until(lambda: outcomes(ledger, world) == {"open": 1}, "a claim")

    def ended() -> bool:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGTERM)
        return not worker.is_alive()

    until(ended, "the worker to end")
    assert plant.finish(worker) == 0, plant.tail()
    assert outcomes(ledger, world) == {"given_back": 1}


def test_sigterm_through_the_command(plant, ledger, patient):
    """`mapps worker` passes SIGTERM on and ends with 0; real start-up, no task of ours runs in it."""
    world, _ = patient
    # Held: the command runs the real steps, which could do nothing with this scan.
    ledger.execute("UPDATE production.run SET state = 'held' WHERE run_id = %s", (world.run_id,))
    environment = {name: text for name, text in os.environ.items() if not name.startswith("MAPPS_")}
    command = subprocess.Popen(
        [sys.executable, "-m", "app.cli.main", "worker", "--run", world.run],
        env=environment | plant.environment(),
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    with command:
        # The last query of a worker that found nothing, and of nobody else.
        claims = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE strpos(query, 'Take one ready task') > 0 AND pid <> pg_backend_pid()"
        )
        until(lambda: value(ledger, claims), "a worker at the database")
        command.send_signal(signal.SIGTERM)
        assert command.wait(60) == 0
