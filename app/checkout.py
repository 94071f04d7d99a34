"""A git checkout read from its own files, where the program git is not to be had (cron, containers).

Sources: gitrepository-layout(5) and gitformat-index(5) of git.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path

CHANGES = "+changes"
UNCHECKED = "+unchecked"
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
# Header of an index, and of one entry up to its flags: ctime, mtime (s and ns each), device, inode, mode, uid, gid,
# size, SHA-1, flags.
_HEADER = struct.Struct("!4sII")
_ENTRY = struct.Struct("!10I20sH")
_EXTENDED = 0x4000
_SUBMODULE, _LINK = 0o160000, 0o120000


def read_text(path: Path) -> str:
    """Content of a file without blanks around it; empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _git_folders(root: Path) -> tuple[Path, Path]:
    """Give the folder of HEAD and the folder of the refs: two where the checkout is a linked worktree."""
    folder = root / ".git"
    if folder.is_file():
        # "gitdir: PATH", relative to the checkout; so are worktrees and submodules.
        folder = root / read_text(folder).removeprefix("gitdir:").strip()
    common = read_text(folder / "commondir")
    return folder, folder / common if common else folder


def head_of(root: Path) -> str:
    """Read the commit of HEAD from the files of git, without the program.

    Parameters
    ----------
    root : Path
        Folder of the checkout, of whichever kind: with a .git folder, a linked worktree or a submodule.

    Returns
    -------
    str
        40 (or 64) hexadecimal digits; empty where there is no commit to be read, such as in a repository that keeps its
        refs in the reftable format.
    """
    folder, common = _git_folders(root)
    text = read_text(folder / "HEAD")
    # A branch may be a symbolic reference to another; git itself follows five.
    for _ in range(5):
        if not text.startswith("ref:"):
            break
        name = text.removeprefix("ref:").strip()
        text = read_text(folder / name) or read_text(common / name) or _packed(common, name)
    return text if _COMMIT.fullmatch(text) else ""


def _packed(common: Path, name: str) -> str:
    pairs = (line.split() for line in read_text(common / "packed-refs").splitlines())
    return next((pair[0] for pair in pairs if pair[1:] == [name]), "")


def changes_of(root: Path) -> str:
    """Compare the tracked files of a checkout with its index.

    Parameters
    ----------
    root : Path
        Folder of the checkout.

    Returns
    -------
    str
        `+changes` where a file differs, `+unchecked` where the index cannot be read (versions 2 and 3 with SHA-1 can)
        or holds what may not be committed, empty where all is as the commit has it.
    """
    try:
        index = (_git_folders(root)[0] / "index").read_bytes()
        entries, end = _entries(index)
        if any(_differs(root / name, mode, size, sha1) for name, mode, size, sha1 in entries):
            return CHANGES
    except (OSError, ValueError, struct.error):
        return UNCHECKED
    return "" if _is_committed(index[end:-20]) else UNCHECKED


def _entries(index: bytes) -> tuple[list[tuple[str, int, int, bytes]], int]:
    """Name, mode, size and SHA-1 of each tracked file, and where the extensions begin."""
    signature, version, count = _HEADER.unpack_from(index)
    if signature != b"DIRC" or version not in {2, 3}:
        raise ValueError("an index of another version")
    entries, place = [], _HEADER.size
    for _ in range(count):
        fields = _ENTRY.unpack_from(index, place)
        start = place + _ENTRY.size + (2 if fields[-1] & _EXTENDED else 0)
        end = index.index(b"\0", start)
        entries.append((os.fsdecode(index[start:end]), fields[6], fields[9], fields[10]))
        # Entries are padded with 1 to 8 zero bytes to a multiple of eight.
        place += (end - place + 8) // 8 * 8
    return entries, place


def _differs(path: Path, mode: int, size: int, sha1: bytes) -> bool:
    if mode == _SUBMODULE:
        return False
    if mode == _LINK:
        content = os.fsencode(path.readlink()) if path.is_symlink() else b""
    else:
        # The size of git is that of a checkout with the line ends of this system.
        if not path.is_file() or path.stat().st_size != size:
            return True
        content = path.read_bytes()
    # SHA-1 is git's name of a content, no protection.
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).digest() != sha1


def _is_committed(extensions: bytes) -> bool:
    """Whether the index was written as a tree since the last `git add`: its extension TREE has a valid root then."""
    for name, content in _extensions(extensions):
        if name == b"TREE":
            return not content.startswith(b"\0-1 ")
    return False


def _extensions(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place + 8 <= len(data):
        name, size = struct.unpack_from("!4sI", data, place)
        yield name, data[place + 8 : place + 8 + size]
        place += 8 + size
