"""Behind PgBouncer: a role is taken and verified, a pool that shares sessions is refused."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from app.cli import main
from app.db import engine
from app.db.account import ServerAccount
from app.db.session import SessionError
from app.settings import get_settings
from tests.conftest import make_open_folder

PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason="no pgbouncer here")
DROPPING = "extra_float_digits,options"
PATIENCE_S = 20.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for_port(pool: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while pool.poll() is None and time.monotonic() < end:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
    pytest.fail("pgbouncer did not start")


@contextmanager
def pool_before(database, mode: str, ignored: str) -> Iterator[str]:
    """A pool in front of a database; its URL."""
    account = ServerAccount.find("postgres")
    folder, port = make_open_folder("mapps-pool-"), free_port()
    host = conninfo_to_dict(database.url)["host"]
    lines = [
        "[databases]",
        f"{database.name} = host={host} port=5432 dbname={database.name} user=mapps_owner",
        "[pgbouncer]",
        f"logfile = {folder}/log",
        f"pidfile = {folder}/pid",
        "listen_addr = 127.0.0.1",
        f"listen_port = {port}",
        "unix_socket_dir =",
        "auth_type = any",
        f"pool_mode = {mode}",
        f"ignore_startup_parameters = {ignored}",
    ]
    (folder / "ini").write_text("\n".join(lines) + "\n", encoding="utf-8")
    account.take(folder)
    command = [str(PGBOUNCER), "-q", str(folder / "ini")]
    pool = subprocess.Popen(command, stderr=subprocess.DEVNULL, **account.process_options())
    try:
        wait_for_port(pool, port)
        yield f"postgresql://mapps_owner@127.0.0.1:{port}/{database.name}"
    finally:
        # A process that a shell put into the background ignores SIGINT and SIGQUIT, and so do its children.
        pool.kill()
        pool.wait()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def pooled(live_database, monkeypatch):
    @contextmanager
    def before(mode: str, ignored: str) -> Iterator[str]:
        with pool_before(live_database, mode, ignored) as url:
            monkeypatch.setenv("MAPPS_DATABASE_URL", url)
            get_settings.cache_clear()
            yield url

    return before


@pytest.mark.parametrize("ignored", [DROPPING, "extra_float_digits"])
def test_in_session_mode_every_role_is_really_taken(pooled, ignored):
    with pooled("session", ignored):
        for role in ("owner", "worker", "operator", "reader"):
            with engine.connect(role) as connection:
                assert connection.execute("SELECT current_user").fetchone() == (f"mapps_{role}",)
                assert connection.execute("SHOW default_transaction_isolation").fetchone() == (
                    "read committed",
                )
        with engine.connect("reader") as connection:
            assert connection.execute("SHOW statement_timeout").fetchone() == ("1min",)
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                connection.execute("CREATE TABLE public.made_by_a_reader (x int)")
        # The pool's session is as new for the next client.
        with engine.connect() as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("mapps_owner",)
            assert connection.execute("SHOW default_transaction_read_only").fetchone() == ("off",)


@pytest.mark.parametrize("ignored", [DROPPING, "extra_float_digits"])
def test_a_url_whose_options_are_dropped_or_refused_is_not_given_to_psql(pooled, capsys, ignored):
    with pooled("session", ignored):
        for role in ("worker", "reader"):
            with pytest.raises(SessionError, match="options"):
                engine.verified_url(role)
        assert main.run(["db", "url", "--role", "reader"]) == 3
        said = capsys.readouterr()
        assert said.out == ""
        assert "error SESSION" in said.err
        assert main.run(["doctor"]) == 3
        assert "ignore_startup_parameters" in capsys.readouterr().out


@pytest.mark.parametrize("role", [None, "owner", "worker", "operator", "reader"])
@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_pool_that_shares_sessions_is_refused(pooled, live_database, mode, role):
    with pooled(mode, DROPPING) as url:
        with pytest.raises(SessionError, match="pool_mode = session"):
            engine.connect(role)
        # Nothing was left in the session that others get.
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as plain:
            assert plain.execute("SELECT current_user").fetchone() == ("mapps_owner",)
            assert plain.execute("SHOW default_transaction_read_only").fetchone() == ("off",)


def test_a_busy_pool_that_shares_sessions_is_refused_too(pooled):
    with pooled("transaction", DROPPING) as url:
        others = [psycopg.connect(url, prepare_threshold=None) for _ in range(3)]
        for other in others:
            other.execute("SELECT 1")
        with pytest.raises(SessionError, match="pool_mode = session"):
            engine.connect("worker")
        for other in others:
            other.close()


def test_commands_say_so(pooled, capsys):
    with pooled("transaction", DROPPING):
        for words in (["run", "list"], ["db", "migrate"], ["worker", "--until-idle"]):
            assert main.run(words) == 3
            assert "error SESSION: a pool before the database" in capsys.readouterr().err
