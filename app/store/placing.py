"""Files put into place on a local file system: whole, synchronised and read-only, or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK = 1 << 20
PART = ".part"
"""Ending of a file that is being written."""


def size_of(path: Path) -> int:
    """Size of a file in bytes, 0 where there is none."""
    return path.stat().st_size if path.is_file() else 0


def digest_of(content: bytes | Path) -> tuple[str, int]:
    """SHA-256 in hex, and size in bytes, of content or of a file that holds it."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest(), len(content)
    with content.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest(), os.fstat(stream.fileno()).st_size


def copy_into_place(source: Any, path: Path) -> str:
    """Copy a stream to a path by way of a temporary name; give the SHA-256 of the copy."""
    digest = hashlib.sha256()

    def copy(target: IO[bytes]) -> None:
        while block := source.read(BLOCK):
            digest.update(block)
            target.write(block)

    put_into_place(copy, path)
    return digest.hexdigest()


def put_into_place(write: Callable[[IO[bytes]], object], path: Path) -> None:
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
