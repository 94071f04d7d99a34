"""The postmaster's process and its pid file, read from /proc.

A killed postmaster leaves a pid file behind, and may stay a zombie for as long as nobody reaps it; PostgreSQL
takes a zombie for a running server and refuses to start (1.5 to 4 s under a normal PID 1, for ever in a
container whose PID 1 does not reap).
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from app.errors import ClusterError

PID_FILE = "postmaster.pid"

# Backends notice the death of their postmaster within milliseconds unless they are in a long uninterruptible
# operation; 30 s is what a crash under full disk load needed.
BACKEND_PATIENCE = 30.0


@dataclass(frozen=True)
class PidFile:
    """What `postmaster.pid` says: process, socket folder, port, and whether it takes connections."""

    pid: int
    socket_dir: str
    port: int
    ready: bool


def read_pid_file(data: Path) -> PidFile | None:
    """Read the pid file of a data folder.

    Returns
    -------
    PidFile or None
        None if there is no file, or if it is not yet complete.
    """
    try:
        lines = (data / PID_FILE).read_text(encoding="utf-8").splitlines()
        return PidFile(
            pid=abs(int(lines[0])),
            socket_dir=lines[4] if len(lines) > 4 else "",
            port=int(lines[3]) if len(lines) > 3 else 0,
            ready=len(lines) > 7 and lines[7].strip() in {"ready", "standby"},
        )
    except (FileNotFoundError, IndexError, ValueError):
        return None


def lacks_socket(found: PidFile) -> bool:
    """Whether the socket of a running server was removed: sweepers of /tmp take what nobody writes to."""
    socket = Path(found.socket_dir) / f".s.PGSQL.{found.port}"
    return bool(found.socket_dir) and not socket.exists()


def process_state(pid: int) -> str:
    """One letter as in proc(5): R, S, D, Z ...; empty if there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    # The second field is the command in brackets and may itself hold brackets and blanks.
    return stat.rpartition(")")[2].split()[0]


def _surely_works_in(pid: int, data: Path) -> bool:
    # Unlike `works_in`, another account's processes do not count: those of a second cluster would keep a
    # killed one from starting.
    return os.access(f"/proc/{pid}/cwd", os.R_OK) and works_in(pid, data)


def works_in(pid: int, data: Path) -> bool:
    """Whether this is a living server process on `data`, which is the current folder of each of them."""
    process = Path(f"/proc/{pid}")
    try:
        name = (process / "comm").read_text(encoding="ascii", errors="replace").strip()
        if process_state(pid) in {"", "Z", "X"} or name != "postgres":
            return False
        return (process / "cwd").samefile(data)
    except PermissionError:
        # Another account's process: its name must do.
        return True
    except OSError:
        return False


def running(data: Path) -> PidFile | None:
    """Give the pid file of a server that really runs on `data`, else None."""
    pid_file = read_pid_file(data)
    return pid_file if pid_file is not None and works_in(pid_file.pid, data) else None


def _workers_left(data: Path) -> list[int]:
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if _surely_works_in(pid, data)]


def clear_stale(data: Path) -> bool:
    """Remove the pid file that a dead server left.

    The file is PostgreSQL's own guard against a second server on memory that old backends still use. It is
    therefore removed only after every process that works in the data folder has gone.

    Returns
    -------
    bool
        Whether there was a stale file.

    Raises
    ------
    ClusterError
        Raised if processes of the dead server stay for 30 s.
    """
    if not (data / PID_FILE).exists() or running(data) is not None:
        return False
    end = time.monotonic() + BACKEND_PATIENCE
    while left := _workers_left(data):
        if time.monotonic() > end:
            pids = " ".join(str(pid) for pid in left)
            raise ClusterError(
                f"processes of a killed server still work in {data}: {pids}",
                remedy=f"end them with: kill {pids}",
            )
        time.sleep(0.05)
    (data / PID_FILE).unlink(missing_ok=True)
    return True


def last_words(log: Path) -> str:
    """Give what a server wrote last to its log."""
    try:
        return last_lines(log.read_text(encoding="utf-8", errors="replace")[-4000:])
    except OSError:
        return last_lines("")


def last_lines(text: str) -> str:
    """Give the last two lines of a server program's output, or the last two that tell a fault."""
    # The fatal line often only says that the line before it was fatal ("configuration file contains errors").
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # initdb says what it cleans up after the server's own words.
    told = [line for line in lines if re.search(r"\b(FATAL|PANIC|HINT|DETAIL|could not)\b", line)]
    lines = lines if told and told[-1] in lines[-2:] else told or lines
    return " / ".join(lines[-2:]) or "no message"
