"""The private PostgreSQL cluster: unix socket only, peer authentication, no password anywhere.

The server runs as a detached process, so it outlives the command that started it. When mapps runs as root the
server runs as another account (`server_account`), because PostgreSQL refuses uid 0; otherwise as the user.

Everything lies in `home/server`: `data/` (the cluster), `state.json` (socket folder of the running server),
`readers` (OS users who are let in as readers), `server.log`, `lock`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from app.db import postmaster
from app.db.account import ServerAccount
from app.db.binaries import find_binaries
from app.db.server_config import ACCESS, configuration, has_lz4, identities
from app.db.socket_folder import make_socket_folder, remove_socket_folder
from app.db.statements import statement
from app.errors import ClusterError, DatabaseUnavailableError
from app.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

DATABASE = "mapps"

# The owner of the tables is the superuser of the private cluster: a second account would be no barrier, since
# peer authentication lets the same OS users be either. On other servers the owner needs no such right.
OWNER = "mapps_owner"
READER = "mapps_reader"
LOGINS = (OWNER, "mapps_worker", "mapps_operator", READER)

PORT = 5432
# Replaying a full max_wal_size takes tens of seconds on a slow disk; 120 s leaves room.
START_PATIENCE = 120.0
STOP_PATIENCE = 60.0
LOG_LIMIT = 10_000_000

# Children of this very process: they must be waited for, or a killed server stays a zombie.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class ClusterStatus:
    """What is known about a private cluster; `pid` 0 and empty `socket_dir` when it is down."""

    initialised: bool
    running: bool
    pid: int
    socket_dir: str
    data: Path
    version: str


class Cluster:
    """One private server in `home/server`.

    Parameters
    ----------
    home : Path
        Folder to work in; made when missing.
    account : str
        OS account that runs the server when this process is root.
    pg_bin : Path, optional
        Folder of the server programs; the newest installed version when absent.
    durable : bool
        False switches fsync off: for tests that can lose their database with the machine.
    """

    def __init__(
        self, home: Path, *, account: str = "postgres", pg_bin: Path | None = None, durable: bool = True
    ) -> None:
        self.home = home.absolute()
        self.folder = self.home / "server"
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self._state = self.folder / "state.json"
        self._readers = self.folder / "readers"
        self._account = account
        self._pg_bin = pg_bin
        self._durable = durable

    def ensure(self) -> None:
        """Make the cluster if there is none, start it if it is down, create the database if it is missing.

        Raises
        ------
        ClusterError
            Raised if a program is missing, a folder cannot be used or the server does not come up.
        """
        with self._locked():
            self._initialise()
            self._start()
            self._create_database()

    def stop(self) -> bool:
        """Stop the server (fast shutdown: open transactions are rolled back).

        Returns
        -------
        bool
            Whether a server was running.
        """
        with self._locked():
            found = postmaster.running(self.data)
            if found is not None:
                self._end(found)
            return found is not None

    def _end(self, found: postmaster.PidFile) -> None:
        os.kill(found.pid, signal.SIGINT)
        self._wait_gone(found.pid)
        remove_socket_folder(found.socket_dir)
        self._state.unlink(missing_ok=True)

    def status(self) -> ClusterStatus:
        """Say what runs and where."""
        _reap()
        found = postmaster.running(self.data)
        version = self.data / "PG_VERSION"
        try:
            text = version.read_text(encoding="ascii").strip()
        except OSError:
            text = str(self._read_state().get("version", ""))
        return ClusterStatus(
            initialised=bool(text),
            running=found is not None or self._answers(),
            pid=found.pid if found else 0,
            socket_dir=found.socket_dir if found else str(self._read_state().get("socket_dir", "")),
            data=self.data,
            version=text,
        )

    def owner(self) -> str:
        """Name the OS user who made the cluster; the server account where that cannot be told."""
        try:
            return self.folder.owner()
        except (OSError, KeyError):
            return self._account

    def url(self, login: str = OWNER, database: str = DATABASE) -> str:
        """Give the libpq URL of the running server; psql and psycopg accept it.

        Raises
        ------
        DatabaseUnavailableError
            Raised if the server was never started here, or was stopped.
        """
        socket_dir = str(self._read_state().get("socket_dir", ""))
        if not socket_dir:
            raise DatabaseUnavailableError(
                f"the private server in {self.folder} is not running", remedy="start it: mapps db start"
            )
        return f"postgresql://{login}@/{database}?host={quote(socket_dir, safe='/')}&port={PORT}"

    def _initialise(self) -> None:
        if (self.data / "PG_VERSION").is_file():
            return
        binaries = find_binaries(self._pg_bin)
        self._server.check_can_enter(self.folder)
        # initdb cleans up after itself unless it was killed; such a half-made folder has no PG_VERSION.
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        self.data.chmod(0o700)
        self._server.take(self.data)
        command = [binaries / "initdb", "-D", self.data, "-U", OWNER]
        command += ["--auth-local=peer", "--auth-host=reject"]
        command += ["-E", "UTF8", "--locale=C.UTF-8", "--lc-collate=C", "--no-instructions"]
        if not self._durable:
            command.append("-N")
        made = subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            text=True,
            check=False,
            **self._server.process_options(),
        )
        if made.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            raise ClusterError(
                f"initdb failed in {self.data}: {postmaster.last_lines(made.stderr)}",
                remedy="run: mapps doctor",
            )
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as stream:
            stream.write("include 'mapps.conf'\n")

    def readers(self) -> tuple[str, ...]:
        """Name the OS users who are let in as readers, in the order of their names."""
        return tuple(self._readers.read_text(encoding="utf-8").split()) if self._readers.exists() else ()

    def set_reader(self, user: str, *, allowed: bool) -> None:
        """Let an OS user in as mapps_reader, from the next connection on, or no longer.

        Parameters
        ----------
        user : str
            Name of the account.
        allowed : bool
            Whether it may log in; sessions that are open go on.

        Raises
        ------
        ClusterError
            Raised if this user may not write the folder of the server.
        DatabaseUnavailableError
            Raised if the server is not running.
        """
        import psycopg

        with self._locked(), psycopg.connect(self.url(), autocommit=True) as connection:
            users = {*self.readers(), user} if allowed else {*self.readers()} - {user}
            self._readers.write_text("".join(f"{name}\n" for name in sorted(users)), encoding="utf-8")
            self._write_configuration()
            connection.execute(statement("db/reload"))

    def _write_configuration(self) -> None:
        users = ["root", self._server.name]
        lines = configuration(durable=self._durable, lz4=has_lz4(find_binaries(self._pg_bin)))
        self._write_for_server("mapps.conf", lines)
        guests = identities([user for user in self.readers() if user not in users], (READER,))
        self._write_for_server("pg_ident.conf", identities(users, LOGINS) + guests)
        self._write_for_server("pg_hba.conf", list(ACCESS))

    def _write_for_server(self, name: str, lines: list[str]) -> None:
        path = self.data / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        path.chmod(0o600)
        self._server.take(path)

    def _start(self) -> None:
        _reap()
        found = postmaster.running(self.data)
        if found is not None and postmaster.lacks_socket(found):
            # No client can reach a server whose socket is gone, and it makes no new one: it must be started again.
            self._end(found)
        elif found is not None and self._comes_to_answer(found.pid):
            return
        postmaster.clear_stale(self.data)
        self._server.check_can_enter(self.folder)
        binaries = find_binaries(self._pg_bin)
        major = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if f"/{major}/" not in f"{binaries}/" and (older := binaries.parents[1] / major / "bin").is_dir():
            binaries = older
        self._write_configuration()
        remove_socket_folder(str(self._read_state().get("socket_dir", "")))
        socket_dir = make_socket_folder(self.folder)
        self._server.take(socket_dir)
        try:
            child = self._spawn(binaries, socket_dir)
            self._wait_ready(child)
        except BaseException:
            remove_socket_folder(str(socket_dir))
            raise
        state = {"socket_dir": str(socket_dir), "port": PORT, "pid": child.pid, "version": major}
        fresh = self._state.with_suffix(".new")
        fresh.write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")
        fresh.chmod(0o644)
        fresh.replace(self._state)

    def _spawn(self, binaries: Path, socket_dir: Path) -> subprocess.Popen[bytes]:
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        command: list[str] = [str(binaries / "postgres"), "-D", str(self.data)]
        for option in (
            "listen_addresses=",
            f"unix_socket_directories={socket_dir}",
            f"port={PORT}",
            "unix_socket_permissions=0777",
        ):
            command += ["-c", option]
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._server.process_options(),
            )
        _children[child.pid] = child
        return child

    def _wait_ready(self, child: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + START_PATIENCE
        while time.monotonic() < end:
            found = postmaster.read_pid_file(self.data)
            # The file of a killed server says ready too: only our own child counts.
            if found is not None and found.pid == child.pid and found.ready:
                return
            if child.poll() is not None:
                raise ClusterError(
                    f"the server did not start: {postmaster.last_words(self.log)}",
                    remedy=f"see {self.log}",
                )
            time.sleep(0.02)
        raise ClusterError(
            f"the server was not ready after {START_PATIENCE:.0f} s", remedy=f"see {self.log}, then try again"
        )

    def _comes_to_answer(self, pid: int) -> bool:
        """Wait for a server that runs and reads its log after a crash; False if it ends instead."""
        end = time.monotonic() + START_PATIENCE
        while postmaster.works_in(pid, self.data):
            if self._answers():
                return True
            if time.monotonic() > end:
                raise ClusterError(
                    f"the server runs (pid {pid}) and does not answer: {postmaster.last_words(self.log)}",
                    remedy="stop it first: mapps db stop; then: mapps db start",
                )
            time.sleep(0.1)
        return False

    def _create_database(self) -> None:
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.url(database="postgres"), autocommit=True) as connection:
            known = connection.execute(statement("db/find_database"), {"name": DATABASE}).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        # Two commands may find the server down at the same moment; the second waits here and finds it up.
        try:
            self._make_folder()
            with (self.folder / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except PermissionError as error:
            raise ClusterError(
                f"{error.filename or self.folder} cannot be written by this user",
                remedy="set MAPPS_HOME to a folder of yours, or run as the user who made it",
            ) from error

    def _make_folder(self) -> None:
        """Make the folder and what is missing above it, open to the server account whatever the umask is."""
        missing = [folder for folder in (self.folder, *self.folder.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            if os.geteuid() == 0:
                folder.chmod(0o755)

    def _read_state(self) -> dict[str, object]:
        try:
            state = json.loads(self._state.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url(database="postgres"), connect_timeout=5).close()
        except (DatabaseUnavailableError, psycopg.OperationalError):
            return False
        return True

    def _wait_gone(self, pid: int) -> None:
        end = time.monotonic() + STOP_PATIENCE
        while postmaster.works_in(pid, self.data):
            _reap()
            if time.monotonic() > end:
                raise ClusterError(
                    f"the server (pid {pid}) did not stop within {STOP_PATIENCE:.0f} s",
                    remedy=f"see {self.log}",
                )
            time.sleep(0.02)
        _reap()

    @cached_property
    def _server(self) -> ServerAccount:
        return ServerAccount.find(self._account)


def private_cluster() -> Cluster:
    """Give the cluster that the settings describe."""
    settings = get_settings()
    return Cluster(settings.home, account=settings.server_account, pg_bin=settings.pg_bin)


def _reap() -> None:
    for pid, child in list(_children.items()):
        if child.poll() is not None:
            del _children[pid]
