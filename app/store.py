"""The file store: files named by their content, written once, never changed.

A name is `kind/ab/cdef...<suffix>`, the SHA-256 of the content cut after two digits, so that one folder of a
million files becomes 256 of four thousand. A file exists for readers only through a published row that holds
its name; files of attempts that never published are orphans and may be swept.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

from app.errors import InputError, StoreError
from app.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet

BLOCK = 1 << 20
PART = ".part"
_KIND = re.compile(r"[a-z][a-z0-9_]*")
_SUFFIX = re.compile(r"(\.[a-z0-9_]+)*")


@dataclass(frozen=True)
class StoredFile:
    """A file of the store.

    Attributes
    ----------
    name : str
        Its name in the store.
    sha256 : str
        SHA-256 of its content, in hex.
    size : int
        Its size in bytes.
    """

    name: str
    sha256: str
    size: int


class Store:
    """A file store below an fsspec URL.

    Parameters
    ----------
    url : str, optional
        A folder or an fsspec URL such as `s3://bucket/path`; the URL of the settings by default.

    Raises
    ------
    StoreError
        Raised if the URL cannot be used.
    """

    def __init__(self, url: str | None = None) -> None:
        self.url = url or get_settings().store
        try:
            filesystem, root = fsspec.core.url_to_fs(self.url)
        except (ValueError, ImportError) as error:
            raise StoreError(
                f"the store URL {self.url!r} cannot be used: {error}", remedy="correct MAPPS_STORE_URL"
            ) from error
        self._filesystem: Any = filesystem
        self._root = str(root).rstrip("/")
        self._local = Path(self._root) if isinstance(filesystem, LocalFileSystem) else None

    def put(self, content: bytes | Path, kind: str, suffix: str = "") -> StoredFile:
        """Store a file; content that the store has already is left as it is.

        Parameters
        ----------
        content : bytes or Path
            The content, or a file that holds it.
        kind : str
            First folder of the name, such as `atlas`.
        suffix : str
            End of the name with its dot, such as `.fits`.

        Returns
        -------
        StoredFile
            Name, hash and size.

        Raises
        ------
        StoreError
            Raised if the store refuses the write (disk full, permission, network); nothing is left behind.
        ValueError
            Raised if kind or suffix is no plain lower-case word: a bug.
        """
        if not _KIND.fullmatch(kind) or not _SUFFIX.fullmatch(suffix):
            raise ValueError(f"kind {kind!r} or suffix {suffix!r} is not a plain lower-case word")
        try:
            sha256, size = _digest(content)
            stored = StoredFile(f"{kind}/{sha256[:2]}/{sha256[2:]}{suffix}", sha256, size)
            if not self._holds(stored):
                self._write(content, stored)
        except OSError as error:
            raise _refusal(f"{kind} file", self.url, error) from error
        return stored

    def open(self, name: str) -> IO[bytes]:
        """Open a stored file for reading.

        Raises
        ------
        StoreError
            Raised if the file does not exist or cannot be read.
        """
        try:
            return cast("IO[bytes]", self._filesystem.open(self._path(name), "rb"))
        except OSError as error:
            raise _refusal(name, self.url, error, verb="read") from error

    def read(self, name: str) -> bytes:
        """Give the content of a stored file.

        Raises
        ------
        StoreError
            Raised as by `open`.
        """
        with self.open(name) as stream:
            return stream.read()

    def exists(self, name: str) -> bool:
        """Say whether the store has a file of this name."""
        return bool(self._filesystem.exists(self._path(name)))

    def local_path(self, name: str) -> Path:
        """Give a path of this machine for a stored file; a file of a remote store is copied into a cache.

        Raises
        ------
        StoreError
            Raised if the file does not exist or cannot be read.
        """
        if self._local is not None:
            path = Path(self._path(name))
            if not path.is_file():
                raise _refusal(name, self.url, FileNotFoundError(2, "no such file"), verb="read")
            return path
        path = get_settings().home / "cache" / name
        if not path.is_file():
            with self.open(name) as source:
                _copy_into_place(source, path)
        return path

    def names(self) -> Iterator[str]:
        """Give the names of all files; unfinished ones are not among them."""
        for path in self._filesystem.find(self._root):
            name = str(path).removeprefix(self._root).lstrip("/")
            if not name.endswith(PART):
                yield name

    def sweep(self, known: AbstractSet[str]) -> list[str]:
        """List orphans, files that no row refers to; `remove` removes them.

        Parameters
        ----------
        known : set of str
            Names that rows refer to, read *after* the last running attempt ended: a file is written before the row
            that publishes it.
        """
        return sorted(name for name in self.names() if name not in known)

    def remove(self, name: str) -> None:
        """Remove an orphan.

        Raises
        ------
        StoreError
            Raised if the file cannot be removed.
        """
        try:
            self._filesystem.rm_file(self._path(name))
        except OSError as error:
            raise _refusal(name, self.url, error, verb="remove") from error

    def check(self) -> None:
        """Write, read and remove a small file.

        Raises
        ------
        StoreError
            Raised if the store refuses any of the three.
        """
        # The content is random, so that the probe never has the name of a file that somebody stored.
        stored = self.put(secrets.token_bytes(16), "probe")
        self.read(stored.name)
        self.remove(stored.name)

    def _path(self, name: str) -> str:
        parts = PurePosixPath(name).parts
        if not parts or parts[0] == "/" or ".." in parts:
            raise InputError(f"{name!r} is no name of a stored file", expected="kind/ab/cdef...")
        return f"{self._root}/{name}"

    def _holds(self, stored: StoredFile) -> bool:
        path = self._path(stored.name)
        # The size is compared because a file system without our rename (a copied store) may hold a torn file.
        return bool(self._filesystem.exists(path)) and self._filesystem.size(path) == stored.size

    def _write(self, content: bytes | Path, stored: StoredFile) -> None:
        if self._local is None:
            # Object stores show an object only when its upload is complete.
            if isinstance(content, bytes):
                self._filesystem.pipe_file(self._path(stored.name), content)
            else:
                self._filesystem.put_file(str(content), self._path(stored.name))
            return
        path = Path(self._path(stored.name))
        if isinstance(content, bytes):
            _put_into_place(lambda target: target.write(content), path)
            return
        with content.open("rb") as source:
            sha256 = _copy_into_place(source, path)
        if sha256 != stored.sha256:
            path.unlink()
            raise StoreError(f"{content} changed while it was stored", remedy="store it when it is complete")


def _digest(content: bytes | Path) -> tuple[str, int]:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest(), len(content)
    with content.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest(), os.fstat(stream.fileno()).st_size


def _copy_into_place(source: Any, path: Path) -> str:
    """Copy a stream to a path by way of a temporary name; give the SHA-256 of the copy."""
    digest = hashlib.sha256()

    def copy(target: IO[bytes]) -> None:
        while block := source.read(BLOCK):
            digest.update(block)
            target.write(block)

    _put_into_place(copy, path)
    return digest.hexdigest()


def _put_into_place(write: Callable[[IO[bytes]], object], path: Path) -> None:
    """Let a file be written by way of a temporary name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(suffix=PART, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as target:
            write(target)
            target.flush()
            os.fchmod(target.fileno(), 0o444)
            os.fsync(target.fileno())
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    # A row may refer to the file only when its rename is sure to survive a power cut.
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refusal(file: str, url: str, error: OSError, verb: str = "write") -> StoreError:
    reason = error.strerror or str(error) or type(error).__name__
    return StoreError(
        f"cannot {verb} {file} in the store {url}: {reason}",
        remedy="check free space, permissions and MAPPS_STORE_URL (mapps doctor)",
    )


def free_bytes(url: str) -> int | None:
    """Give the free bytes of a local store; None for others."""
    try:
        filesystem, root = fsspec.core.url_to_fs(url)
    except (ValueError, ImportError):
        # The fault of the URL is told when the store is opened.
        return None
    if not isinstance(filesystem, LocalFileSystem):
        return None
    folder = Path(str(root))
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
