"""What an export has written so far: the same call after a kill goes on with the files that are missing.

The journal is a file beside the others, with a line for each of them that is whole. It says what it is a journal of:
that of another release, format or version of mapps is not gone on with. It is taken away when the export is whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ExportedFile:
    """A written file: its product, path, rows, size and SHA-256 in hex. Of a folder, those of its files together."""

    product: str
    path: Path
    rows: int
    size_bytes: int
    sha256: str


def hashed(path: Path) -> tuple[int, str]:
    """Give the size and SHA-256 of a file; of a folder, the sum and the hash of the list that sha256sum would print.

    Parameters
    ----------
    path : Path
        What is there.
    """
    if not path.is_dir():
        with path.open("rb") as stream:
            return path.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest()
    total, size = hashlib.sha256(), 0
    for file in content_of(path):
        of_file, digest = hashed(file)
        total.update(f"{digest}  {file.relative_to(path)}\n".encode())
        size += of_file
    return size, total.hexdigest()


def content_of(folder: Path) -> Sequence[Path]:
    """Files of a folder, and of the folders in it, in the order of their names."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


class Journal:
    """The journal of one export.

    Parameters
    ----------
    path : Path
        Its file, in the folder of the export.
    origin : mapping
        What makes the files what they are; anything that JSON can write.
    """

    def __init__(self, path: Path, origin: Mapping[str, Any]) -> None:
        self._path = path
        self._head = json.dumps(origin, sort_keys=True) + "\n"
        self._known: dict[str, tuple[int, int, str]] = {}
        head, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else [""]
        if head != self._head:
            path.write_text(self._head, encoding="utf-8")
            return
        for line in lines:
            # The last line may have been cut by the kill.
            with suppress(ValueError):
                name, rows, size, sha256 = json.loads(line)
                self._known[name] = (rows, size, sha256)

    def finished(self, product: str, path: Path) -> ExportedFile | None:
        """Give the file if it was written before the kill and is as it was then; None otherwise."""
        name = self._name(path)
        if name not in self._known or not path.exists():
            return None
        rows, size, sha256 = self._known[name]
        if hashed(path) != (size, sha256):
            return None
        return ExportedFile(product, path, rows, size, sha256)

    def add(self, product: str, path: Path, rows: int) -> ExportedFile:
        """Note a file that is whole.

        Parameters
        ----------
        product : str
            What it has.
        path : Path
            Where it is: a file, or a folder.
        rows : int
            Its rows.
        """
        size, sha256 = hashed(path)
        with self._path.open("a", encoding="utf-8") as stream:
            # A cut line before it is ended.
            stream.write("\n" + json.dumps([self._name(path), rows, size, sha256]) + "\n")
        return ExportedFile(product, path, rows, size, sha256)

    def close(self) -> None:
        """Take the journal away: the export is whole."""
        self._path.unlink()

    def _name(self, path: Path) -> str:
        return path.relative_to(self._path.parent).as_posix()
