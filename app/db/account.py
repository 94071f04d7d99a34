"""The OS account that runs the private server: somebody else when this process is root, else the user."""

from __future__ import annotations

import os
import pwd
import shlex
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.db.binaries import INSTALL
from app.errors import ClusterError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class ServerAccount:
    """Name and numbers of the account; `foreign` when processes must be switched to it."""

    name: str
    uid: int
    gid: int
    foreign: bool

    @classmethod
    def find(cls, configured: str) -> ServerAccount:
        """Find the account for this process.

        Parameters
        ----------
        configured : str
            Account to use when this process is root, which PostgreSQL refuses.

        Raises
        ------
        ClusterError
            Raised if the account, or this user's own entry in the password database, is missing.
        """
        if os.geteuid() == 0:
            try:
                entry = pwd.getpwnam(configured)
            except KeyError:
                raise ClusterError(
                    f"there is no account {configured!r} to run the server as (root may not)",
                    remedy=f"install PostgreSQL, which makes it: {INSTALL}; or set MAPPS_SERVER_ACCOUNT",
                ) from None
            return cls(entry.pw_name, entry.pw_uid, entry.pw_gid, foreign=True)
        try:
            entry = pwd.getpwuid(os.geteuid())
        except KeyError:
            raise ClusterError(
                f"uid {os.geteuid()} has no entry in the password database, which initdb requires",
                remedy="run as a named user, or set MAPPS_DATABASE_URL to another server",
            ) from None
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid, foreign=False)

    def process_options(self) -> dict[str, Any]:
        """Keyword arguments that make `subprocess` start a clean process of this account."""
        options: dict[str, Any] = {
            "cwd": "/",
            "stdin": subprocess.DEVNULL,
            "env": {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            "umask": 0o077,
        }
        if self.foreign:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return options

    def take(self, path: Path) -> None:
        """Make the account the owner of a file or folder."""
        if self.foreign:
            os.chown(path, self.uid, self.gid)

    def check_can_enter(self, folder: Path) -> None:
        """Refuse a folder that the account cannot reach; foreign parents are never opened by us.

        Raises
        ------
        ClusterError
            Raised if a folder on the way is closed to the account.
        """
        closed = self.closed_folder(folder)
        if closed is not None:
            raise ClusterError(
                f"the server account {self.name!r} cannot enter {closed}",
                expected="every folder on the way to be open (mode 0711 or 0755) to that account",
                remedy=f"open it: chmod o+x {shlex.quote(str(closed))};"
                " or, if it is to stay private, set MAPPS_HOME to a folder outside",
            )

    def closed_folder(self, folder: Path) -> Path | None:
        """Find the first folder on the way, as far as there are folders, that the account cannot enter."""
        way = [place for place in (*reversed(folder.parents), folder) if place.exists()]
        for place in way:
            probe = subprocess.run(["test", "-x", place], check=False, **self.process_options())
            if probe.returncode != 0:
                return place
        return None
