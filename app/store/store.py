"""The file store: files named by their content, written once, never changed.

A name is `kind/ab/cdef...<suffix>`, the SHA-256 of the content cut after two digits, so that one folder of a
million files becomes 256 of four thousand. A file exists for readers only through a published row that holds
its name; files of attempts that never published are orphans and may be swept. Rows hold names, never where the store
is: it is moved by moving its files and saying so in MAPPS_STORE_URL.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from fsspec.implementations.local import LocalFileSystem

from app.errors import InputError, StoredFileError, StoreError
from app.settings import get_settings
from app.store.filesystem import open_filesystem
from app.store.names import StoredFile, content_hash, is_outside, mend, remedy_for, shown_url
from app.store.placing import PART, copy_into_place, digest_of, put_into_place, size_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_KIND = re.compile(r"[a-z][a-z0-9_]*")
_SUFFIX = re.compile(r"(\.[a-z0-9_]+)*")


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
        address = url or get_settings().store
        self.url = shown_url(address)
        """As it may stand in a message: without secrets."""
        filesystem, root = open_filesystem(address)
        self._filesystem: Any = filesystem
        self._root = str(root).rstrip("/")
        self._local = Path(self._root) if isinstance(filesystem, LocalFileSystem) else None

    def put(self, content: bytes | Path, kind: str, suffix: str = "") -> StoredFile:
        """Store a file; one that the store has whole is only marked as new, a damaged one is written again.

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
        try:
            stored = self.name_of(content, kind, suffix)
            if not self._holds(stored):
                self._write(content, stored)
        except OSError as error:
            refusal = _refusal(f"{kind} file", self.url, error)
            refusal.needed_bytes = len(content) if isinstance(content, bytes) else size_of(content)
            raise refusal from error
        return stored

    def name_of(self, content: bytes | Path, kind: str, suffix: str = "") -> StoredFile:
        """Name, hash and size that content has in every store.

        Parameters
        ----------
        content : bytes or Path
            The content, or a file that holds it.
        kind : str
            First folder of the name, such as `atlas`.
        suffix : str
            End of the name with its dot, such as `.fits`.

        Raises
        ------
        ValueError
            Raised if kind or suffix is no plain lower-case word: a bug.
        """
        if not _KIND.fullmatch(kind) or not _SUFFIX.fullmatch(suffix):
            raise ValueError(f"kind {kind!r} or suffix {suffix!r} is not a plain lower-case word")
        sha256, size = digest_of(content)
        return StoredFile(f"{kind}/{sha256[:2]}/{sha256[2:]}{suffix}", sha256, size)

    def open(self, name: str) -> IO[bytes]:
        """Open a stored file for reading.

        Raises
        ------
        StoredFileError
            Raised if the file is not in the store.
        StoreError
            Raised if the store cannot be read, or holds no file of this kind at all: it is not mounted.
        """
        try:
            return cast("IO[bytes]", self._filesystem.open(self._path(name), "rb"))
        except FileNotFoundError as error:
            raise self._absent(name) from error
        except OSError as error:
            raise _refusal(name, self.url, error, verb="read") from error

    def read(self, name: str) -> bytes:
        """Give the content of a stored file.

        Raises
        ------
        StoredFileError, StoreError
            Raised as by `open`.
        """
        with self.open(name) as stream:
            return stream.read()

    def digest(self, name: str) -> str:
        """Give the SHA-256 of what a file of the store holds now, hexadecimal.

        Raises
        ------
        StoredFileError, StoreError
            Raised as by `open`.
        """
        try:
            with self.open(name) as stream:
                return str(hashlib.file_digest(cast("Any", stream), "sha256").hexdigest())
        except OSError as error:
            raise _refusal(name, self.url, error, verb="read") from error

    def has_kind(self, kind: str) -> bool:
        """Say whether the store has a folder of files of a kind."""
        return bool(self._filesystem.exists(f"{self._root}/{kind}"))

    def exists(self, name: str) -> bool:
        """Say whether the store has a file of this name."""
        return bool(self._filesystem.exists(self._path(name)))

    def local_path(self, name: str) -> Path:
        """Give a path of this machine for a stored file; a file of a remote store is copied into a cache.

        Raises
        ------
        StoredFileError, StoreError
            Raised as by `open`.
        """
        if self._local is not None:
            path = Path(self._path(name))
            if not path.is_file():
                raise self._absent(name)
            return path
        path = get_settings().home / "cache" / name
        # A copy that was damaged here, or taken before the file was repaired there, is taken again.
        if not path.is_file() or digest_of(path)[0] != content_hash(name):
            with self.open(name) as source:
                copy_into_place(source, path)
        return path

    def path_of(self, url: str) -> Path:
        """Give a path of this machine for a file that a row names: one of the store, or an ingested one outside.

        Raises
        ------
        StoredFileError, StoreError
            Raised as by `open` for a file of the store.
        """
        if not is_outside(url):
            return self.local_path(url)
        parts = urlsplit(url)
        return Path(parts.path if parts.scheme == "file" else url)

    def whole_path(self, url: str, sha256: str) -> Path:
        """Give the path of `path_of` after looking that the content is still what was published.

        Parameters
        ----------
        url : str
            As a row has it.
        sha256 : str
            SHA-256 of the content, hexadecimal, as the row has it.

        Raises
        ------
        StoredFileError
            Raised if the file is gone or has another content.
        StoreError
            Raised if the store cannot be read.
        """
        path = self.path_of(url)
        try:
            found, _ = digest_of(path)
        except OSError as error:
            raise StoredFileError(f"{path}: {error.strerror}", remedy=remedy_for(url)) from error
        if found != sha256:
            raise StoredFileError(
                f"{path}: SHA-256 {found[:12]}",
                expected=f"{sha256[:12]}, as published",
                remedy=remedy_for(url),
            )
        return path

    def names(self) -> Iterator[str]:
        """Give the names of all files; unfinished ones are not among them."""
        for name in self._all_names():
            if not name.endswith(PART):
                yield name

    def unfinished(self) -> Iterator[str]:
        """Give the names of files that are being written, or whose writer was killed."""
        for name in self._all_names():
            if name.endswith(PART):
                yield name

    def modified_at(self, name: str) -> datetime | None:
        """Say when a file was last stored, UTC; None if it is gone."""
        try:
            if self._local is not None:
                return datetime.fromtimestamp(Path(self._path(name)).stat().st_mtime, UTC)
            moment: datetime = self._filesystem.modified(self._path(name))
        except FileNotFoundError:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def remove(self, name: str, before: datetime | None = None) -> bool:
        """Remove an orphan.

        Parameters
        ----------
        name : str
            Its name.
        before : datetime, optional
            Leave it if it was stored at this moment or later, UTC.

        Returns
        -------
        bool
            Whether it was removed.

        Raises
        ------
        StoreError
            Raised if the file cannot be removed.
        """
        try:
            if self._local is not None and before is not None:
                return self._remove_aside(Path(self._path(name)), before)
            if before is not None and not _is_older(self.modified_at(name), before):
                return False
            self._filesystem.rm_file(self._path(name))
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _refusal(name, self.url, error, verb="remove") from error
        return True

    def _remove_aside(self, path: Path, before: datetime) -> bool:
        # Moved aside first: a worker that stores the same content at this moment either marked the file as new, which
        # is seen then, or finds none and writes it again.
        aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART}")
        path.rename(aside)
        if datetime.fromtimestamp(aside.stat().st_mtime, UTC) >= before:
            aside.replace(path)
            return False
        aside.unlink()
        return True

    def check(self, size_bytes: int = 16) -> None:
        """Write, read and remove a file.

        Parameters
        ----------
        size_bytes : int
            Its size.

        Raises
        ------
        StoreError
            Raised if the store refuses any of the three.
        """
        # The content is random, so that the probe never has the name of a file that somebody stored.
        stored = self.put(secrets.token_bytes(size_bytes), "probe")
        self.read(stored.name)
        self.remove(stored.name)

    def _path(self, name: str) -> str:
        parts = PurePosixPath(name).parts
        if not parts or parts[0] == "/" or ".." in parts:
            raise InputError(f"{name!r} is no name of a stored file", expected="kind/ab/cdef...")
        return f"{self._root}/{name}"

    def _absent(self, name: str) -> StoredFileError | StoreError:
        """Tell one file that is gone from a store that is: whoever waits for the first waits for ever."""
        kind = PurePosixPath(name).parts[0]
        if self.has_kind(kind):
            return StoredFileError(f"{name} is gone from the store {self.url}", remedy=mend(name))
        away = StoreError(
            f"cannot read {name}: the store {self.url} holds no {kind} files at all",
            expected="the store that files were written to",
            remedy="mount it, or set MAPPS_STORE_URL to where its files are now",
        )
        away.absent_kind = kind
        return away

    def _all_names(self) -> Iterator[str]:
        for path in self._filesystem.find(self._root):
            yield str(path).removeprefix(self._root).lstrip("/")

    def _holds(self, stored: StoredFile) -> bool:
        """Whether a file is there whole; it then counts as stored now, so that no sweep takes it for an old orphan."""
        if self._local is None:
            # To compare would cost a download, to write again an upload, which also gives the object a new date.
            return False
        path = Path(self._path(stored.name))
        try:
            if path.stat().st_size != stored.size or digest_of(path)[0] != stored.sha256:
                return False
        except OSError:
            # What cannot be read (a bad sector) is written again; a store that is away refuses that.
            return False
        try:
            os.utime(path)
        except (FileNotFoundError, PermissionError):
            # Swept at this moment, or stored by another account: a file of our own takes its place.
            return False
        return True

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
            put_into_place(lambda target: target.write(content), path)
            return
        with content.open("rb") as source:
            sha256 = copy_into_place(source, path)
        if sha256 != stored.sha256:
            path.unlink()
            raise StoreError(f"{content} changed while it was stored", remedy="store it when it is complete")


def _is_older(moment: datetime | None, before: datetime) -> bool:
    return moment is not None and moment < before


def _refusal(file: str, url: str, error: OSError, verb: str = "write") -> StoreError:
    reason = error.strerror or str(error) or type(error).__name__
    return StoreError(
        f"cannot {verb} {file} in the store {url}: {reason}",
        remedy="mapps doctor says how to make room or move the store; workers go on by themselves then",
    )
