"""Folder of a private server's socket: short, open to clients, and the same at every start, so that its URL stays."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

ROOT = Path("/tmp")  # noqa: S108 - a socket's path may have 107 bytes at most, and the folder is made by mkdir alone
PREFIX = "pg-"


def make_socket_folder(server_folder: Path) -> Path:
    """Make the folder afresh: the lock file beside a killed server's socket would stop the next server.

    Parameters
    ----------
    server_folder : Path
        Folder of the private server, which gives the socket's folder its name. No server of it may run.

    Returns
    -------
    Path
        An empty folder of this user; one of another name where somebody else has taken the usual one.
    """
    digest = hashlib.sha256(os.fsencode(server_folder)).hexdigest()[:12]
    folder = ROOT / f"{PREFIX}{digest}"
    remove_socket_folder(str(folder))
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=ROOT))
    folder.chmod(0o711)
    return folder


def remove_socket_folder(name: str) -> None:
    """Remove a socket's folder; what is not ours or not there is left.

    Parameters
    ----------
    name : str
        From files that the server account can write, so only names of the kind that we make are removed.
    """
    folder = Path(name)
    if folder.parent == ROOT and folder.name.startswith(PREFIX):
        shutil.rmtree(folder, ignore_errors=True)
