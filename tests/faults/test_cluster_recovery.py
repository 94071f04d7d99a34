"""The private cluster under kill -9, stale files and two commands at once, with a real server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from app.db import migrate, postmaster
from app.db.cluster import READER, Cluster
from app.db.engine import connect_url
from app.db.socket_folder import make_socket_folder, remove_socket_folder
from app.errors import ClusterError, DatabaseUnavailableError
from tests.conftest import make_open_folder
from tests.worlds.places import ROOT

pytestmark = pytest.mark.faults


def count(cluster):
    with connect_url(cluster.url()) as connection:
        return connection.execute("SELECT count(*) FROM kept").fetchone()[0]


def keep(cluster, rows=1):
    with connect_url(cluster.url()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, %s)", [rows])


def kill(cluster):
    os.kill(cluster.status().pid, signal.SIGKILL)


def in_another_process(cluster, verb):
    code = (
        "import sys; from pathlib import Path; from app.db.cluster import Cluster;"
        f"c = Cluster(Path(sys.argv[1])); c.{verb}(); print(c.status().pid)"
    )
    command = [sys.executable, "-c", code, str(cluster.home)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=120)
    return int(done.stdout)


def test_life_of_a_server(real_cluster):
    assert not real_cluster.status().initialised
    with pytest.raises(DatabaseUnavailableError, match="mapps db start"):
        real_cluster.url()
    real_cluster.ensure()
    first = real_cluster.status()
    assert first.running
    assert first.pid
    keep(real_cluster)
    real_cluster.ensure()
    assert real_cluster.status() == first
    assert real_cluster.stop()
    assert not real_cluster.status().running
    assert not Path(first.socket_dir).exists()
    assert not real_cluster.stop()
    real_cluster.ensure()
    assert count(real_cluster) == 1


def test_committed_rows_survive_three_kills(real_cluster):
    real_cluster.ensure()
    for number in range(1, 4):
        keep(real_cluster)
        kill(real_cluster)
        real_cluster.ensure()
        assert count(real_cluster) == number


def test_open_connections_see_the_end_and_the_restart(real_cluster):
    real_cluster.ensure()
    keep(real_cluster)
    with connect_url(real_cluster.url()) as connection:
        kill(real_cluster)
        # The backend may live for a moment longer than its postmaster.
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT pg_sleep(20)")
    real_cluster.ensure()
    assert count(real_cluster) == 1


def test_server_outlives_the_command_that_started_it(real_cluster):
    pid = in_another_process(real_cluster, "ensure")
    assert real_cluster.status().pid == pid
    keep(real_cluster)
    assert count(real_cluster) == 1


def test_zombie_that_nobody_reaps(real_cluster):
    real_cluster.ensure()
    keep(real_cluster)
    old = real_cluster.status().pid
    kill(real_cluster)
    # This process is the parent and does not wait: for others the dead server stays a zombie.
    while postmaster.process_state(old) != "Z":
        os.sched_yield()
    new = in_another_process(real_cluster, "ensure")
    assert new != old
    assert count(real_cluster) == 1


def test_the_url_stays_the_same_over_stops_and_kills(real_cluster):
    real_cluster.ensure()
    url = real_cluster.url()
    real_cluster.stop()
    real_cluster.ensure()
    assert real_cluster.url() == url
    kill(real_cluster)
    real_cluster.ensure()
    assert real_cluster.url() == url


def test_a_taken_socket_folder_is_left_to_its_owner(real_cluster):
    taken = make_socket_folder(real_cluster.folder)
    remove_socket_folder(str(taken))
    target = make_open_folder("somebody-")
    taken.symlink_to(target)  # a trap, which rmtree does not follow and mkdir does not take
    try:
        real_cluster.ensure()
        assert real_cluster.status().socket_dir != str(taken)
        assert not any(target.iterdir())
        connect_url(real_cluster.url()).close()
    finally:
        real_cluster.stop()
        taken.unlink()
        target.rmdir()


def whoami(url, user):
    """What psql says as another Linux user: the database user, or the refusal."""
    command = ["psql", url, "-X", "-qAt", "-c", "SELECT current_user"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, user=user, cwd="/", timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": "/"},
    )  # fmt: skip
    return done.stdout.strip() or done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may act as another Linux user")
def test_another_linux_user_is_let_in_as_reader_alone(real_cluster):
    real_cluster.ensure()
    migrate.upgrade(real_cluster.url())
    reader, owner = real_cluster.url(READER), real_cluster.url()
    assert "Peer authentication failed" in whoami(reader, "nobody")
    real_cluster.set_reader("nobody", allowed=True)
    real_cluster.set_reader("daemon", allowed=True)
    assert real_cluster.readers() == ("daemon", "nobody")
    assert whoami(reader, "nobody") == READER
    assert "Peer authentication failed" in whoami(owner, "nobody")
    real_cluster.stop()
    real_cluster.ensure()
    assert whoami(reader, "nobody") == READER  # under the same URL
    real_cluster.set_reader("nobody", allowed=False)
    assert "Peer authentication failed" in whoami(reader, "nobody")
    assert whoami(reader, "daemon") == READER


def test_stale_files_of_a_crashed_machine(real_cluster):
    real_cluster.ensure()
    keep(real_cluster)
    socket_dir = Path(real_cluster.status().socket_dir)
    pid_file = (real_cluster.data / postmaster.PID_FILE).read_text(encoding="utf-8")
    real_cluster.stop()
    # The pid now belongs to somebody else, /tmp was emptied, the state file still names the old socket.
    stale = pid_file.splitlines()
    stale[0] = str(os.getpid())
    (real_cluster.data / postmaster.PID_FILE).write_text("\n".join(stale) + "\n", encoding="utf-8")
    (real_cluster.folder / "state.json").write_text(
        json.dumps({"socket_dir": str(socket_dir)}), encoding="utf-8"
    )
    assert not real_cluster.status().running
    real_cluster.ensure()
    assert count(real_cluster) == 1


def test_half_made_data_folder_is_made_again(real_cluster):
    real_cluster.data.mkdir(parents=True)
    (real_cluster.data / "half").write_text("killed initdb", encoding="utf-8")
    real_cluster.ensure()
    assert real_cluster.status().running


def test_two_starts_at_once_make_one_server(real_cluster):
    others = [Cluster(real_cluster.home) for _ in range(3)]
    threads = [threading.Thread(target=other.ensure) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({other.status().pid for other in others}) == 1


@pytest.mark.database
def test_private_parent_is_told(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root runs the server as somebody else")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ClusterError, match=r"cannot enter.*MAPPS_HOME"):
        Cluster(closed).ensure()
    assert closed.stat().st_mode & 0o777 == 0o700


def test_broken_configuration_shows_the_servers_own_words(real_cluster):
    real_cluster.ensure()
    real_cluster.stop()
    with (real_cluster.data / "postgresql.conf").open("a", encoding="utf-8") as stream:
        stream.write("no_such_setting = 1\n")
    with pytest.raises(ClusterError, match=r"no_such_setting.*server\.log"):
        real_cluster.ensure()


def test_missing_account_is_told(real_cluster):
    if os.geteuid() != 0:
        pytest.skip("only root runs the server as somebody else")
    with pytest.raises(ClusterError, match="MAPPS_SERVER_ACCOUNT"):
        Cluster(real_cluster.home, account="nobody-of-that-name").ensure()


@pytest.mark.parametrize("gone", ["folder", "socket"])
def test_a_server_whose_socket_was_swept_away_is_reachable_again(real_cluster, gone):
    real_cluster.ensure()
    keep(real_cluster)
    first = real_cluster.status()
    if gone == "folder":
        shutil.rmtree(first.socket_dir)
    else:
        (Path(first.socket_dir) / ".s.PGSQL.5432").unlink()
    with pytest.raises(DatabaseUnavailableError):
        connect_url(real_cluster.url())
    real_cluster.ensure()
    assert count(real_cluster) == 1
    assert real_cluster.status().pid != first.pid


def test_a_start_that_fails_leaves_no_socket_folder(real_cluster):
    real_cluster.ensure()
    real_cluster.stop()
    before = set(Path("/tmp").glob("pg-*"))
    control = real_cluster.data / "global/pg_control"
    control.rename(control.with_suffix(".away"))
    with pytest.raises(ClusterError, match="did not start"):
        real_cluster.ensure()
    assert {
        path for path in Path("/tmp").glob("pg-*") if path not in before and not any(path.iterdir())
    } == set()
    control.with_suffix(".away").rename(control)
    real_cluster.ensure()


@pytest.fixture
def umask():
    former = os.umask(0o022)
    yield os.umask
    os.umask(former)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
@pytest.mark.parametrize("mask", [0o077, 0o027, 0o177, 0o777])
def test_folders_are_open_to_the_server_account_whatever_the_umask(umask, mask):
    top = make_open_folder("mapps-umask-")
    cluster = Cluster(top / "a" / "b" / "home")
    try:
        umask(mask)
        cluster.ensure()
        umask(0o022)
        assert {folder.stat().st_mode & 0o777 for folder in (top / "a", top / "a/b", cluster.home)} == {0o755}
        assert cluster.data.stat().st_mode & 0o777 == 0o700
        assert cluster.status().running
    finally:
        umask(0o022)
        cluster.stop()
        shutil.rmtree(top)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
@pytest.mark.parametrize("closed", ["home", "parent"])
@pytest.mark.parametrize("made", [False, True])
def test_the_remedy_for_a_closed_folder_works(closed, made):
    top = make_open_folder("mapps-umask-")
    cluster = Cluster(top / "parent" / "home")
    try:
        cluster.home.mkdir(parents=True)
        if made:
            cluster.ensure()
            cluster.stop()
        {"home": cluster.home, "parent": top / "parent"}[closed].chmod(0o700)
        with pytest.raises(ClusterError, match=rf"cannot enter .*{closed};") as caught:
            cluster.ensure()
        remedy = caught.value.remedy.partition(";")[0].removeprefix("open it: ")
        subprocess.run(remedy.split(), check=True)
        cluster.ensure()
        assert cluster.status().running
    finally:
        cluster.stop()
        shutil.rmtree(top)
