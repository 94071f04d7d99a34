"""Checksum lists of a folder in the format of sha256sum, so that `sha256sum -c` checks them too."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from app.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CHECKSUM_LIST_NAME = "checksums.sha256"

# "<64 hex digits>  <name>"; the second blank is '*' in lists that were written in binary mode.
_LINE = re.compile(r"(?P<digest>[0-9a-f]{64}) [ *](?P<name>[^/\\]+)")


def file_checksum(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits.

    Raises
    ------
    InputError
        Raised if the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", expected="a readable file") from error


def write_checksums(directory: Path, checksums: Mapping[str, str]) -> Path:
    """Write the list of a folder, ordered by name.

    Parameters
    ----------
    directory : Path
        The folder; its list is `checksums.sha256` within.
    checksums : mapping of str to str
        SHA-256 digest of each file by its name, which names no folder.

    Returns
    -------
    Path
        Path of the list.
    """
    path = directory / CHECKSUM_LIST_NAME
    lines = [f"{digest}  {name}\n" for name, digest in sorted(checksums.items())]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def read_checksums(directory: Path) -> dict[str, str]:
    """Read the list of a folder: file name to SHA-256 digest.

    Raises
    ------
    InputError
        Raised if the list is missing, unreadable, has a line of another form, or names a file twice.
    """
    path = directory / CHECKSUM_LIST_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: {error}",
            expected="a checksum list",
            remedy=f"write it with: cd {directory} && sha256sum *.fits > {CHECKSUM_LIST_NAME}",
        ) from error
    checksums: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise InputError(
                f"{path} line {number}: {line[:80]!r}", expected="sha256 digest, two blanks, file name"
            )
        if match["name"] in checksums:
            raise InputError(f"{path} line {number}: {match['name']} again", expected="each file once")
        checksums[match["name"]] = match["digest"]
    return checksums
