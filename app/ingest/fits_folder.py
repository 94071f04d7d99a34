"""FITS files below a folder, and what else is there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import InputError
from app.ingest.file_names import name_fault, printable

_FITS = re.compile(r".+\.(fits?|fts)(\.(gz|fz))?", re.IGNORECASE | re.DOTALL)
_PACKED = re.compile(
    r".+\.(fits?|fts)(\.(gz|fz))?\.(bz2|xz|zst|zstd|z|lzma|lzo|lz4|lz|br|zip|7z|rar|gz|fz|part)",
    re.IGNORECASE | re.DOTALL,
)
_MOST_NAMES = 20


def is_fits_name(name: str) -> bool:
    """Whether a file of this name should be a FITS file, compressed or not."""
    return _FITS.fullmatch(name) is not None and not name.startswith(".")


@dataclass
class FolderContent:
    """What is below a folder.

    Attributes
    ----------
    fits : list of Path
        Files to be read, ordered by path.
    packed : list of Path
        FITS files that are packed otherwise, or unfinished copies: they are refused.
    unnamed : list of Path
        Files that begin as FITS files do, but are not named so.
    others : list of Path
        All other files.
    dead_links : list of Path
        Links that lead nowhere, or in a circle, and are not named like FITS files.
    """

    fits: list[Path] = field(default_factory=list)
    packed: list[Path] = field(default_factory=list)
    unnamed: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    dead_links: list[Path] = field(default_factory=list)

    def remarks(self, folder: Path) -> list[str]:
        """Sentences about what was left alone.

        Parameters
        ----------
        folder : Path
            Names are given from there.
        """
        kinds = (
            ("FITS content, but no name of a FITS file", self.unnamed),
            ("links that lead nowhere", self.dead_links),
            ("no FITS file by name", self.others),
        )
        remarks = []
        for kind, paths in kinds:
            if paths:
                names = [printable(path.relative_to(folder)) for path in paths[:_MOST_NAMES]]
                more = f" and {len(paths) - len(names)} more" if len(paths) > len(names) else ""
                remarks.append(f"left alone ({kind}): {', '.join(names)}{more}")
        return remarks


def existing_folder(folder: str | Path) -> Path:
    """Absolute path of a folder (or file).

    Raises
    ------
    InputError
        Raised if there is none, it may not be read, or its name cannot be stored.
    """
    path = Path(folder).expanduser().absolute()
    fault = name_fault(path, "utf-8")
    if fault:
        raise InputError(f"folder {printable(path)} has {fault}", expected="UTF-8 without control characters")
    if not path.exists():
        raise InputError(f"no folder {path}", remedy="check the path")
    if path.is_dir() and not os.access(path, os.R_OK | os.X_OK):
        raise InputError(f"folder {path} may not be read by this account", expected="permission to read")
    return path


def _refuse_closed(error: OSError) -> None:
    """Stop at a folder that cannot be read: its files would be left out without a word."""
    raise InputError(
        f"folder {printable(error.filename)} cannot be read: {error.strerror}", expected="permission to read"
    ) from error


def fits_files(folder: str | Path) -> list[Path]:
    """All FITS files below a folder, ordered by path; a single file is a folder of one.

    Raises
    ------
    InputError
        Raised as by `look_through`.
    """
    return look_through(folder).fits


def look_through(folder: str | Path) -> FolderContent:
    """Look at all that is below a folder.

    Linked folders are entered too, after all others, each folder once, whatever number of links leads to it.

    Parameters
    ----------
    folder : str or Path
        Or a single file, which is a folder of one.

    Raises
    ------
    InputError
        Raised if there is no such folder, one below may not be read, or no file that could be FITS is in any.
    """
    path = existing_folder(folder)
    if path.is_file():
        return FolderContent(fits=[path])
    content = FolderContent()
    for found in _files_below(path, content):
        if is_fits_name(found.name):
            content.fits.append(found)
        elif _PACKED.fullmatch(found.name) and not found.name.startswith("."):
            content.packed.append(found)
        elif _begins_like_fits(found):
            content.unnamed.append(found)
        else:
            content.others.append(found)
    for paths in (content.fits, content.packed, content.unnamed, content.others, content.dead_links):
        paths.sort()
    if not content.fits and not content.packed:
        raise InputError(
            f"no FITS file in {path} or below",
            expected="files named *.fits, *.fits.gz or *.fits.fz",
            remedy="; ".join(content.remarks(path)) or "check the path",
        )
    return content


def unreadable(path: Path) -> InputError:
    """Error that says why a file of `FolderContent.packed` is not read.

    Parameters
    ----------
    path : Path
        The file.
    """
    found = f"{printable(path.name)}, a FITS file that is packed otherwise or not whole"
    return InputError(
        found, expected="a name ending in .fits, .fits.gz or .fits.fz", remedy="unpack it, or name it so"
    )


def _files_below(path: Path, content: FolderContent) -> Iterator[Path]:
    """Give files of a folder and of all below; links to folders wait until all real folders were entered."""
    entered: set[tuple[int, int]] = set()
    waiting: list[Path] = [path]
    while waiting:
        links: list[Path] = []
        for start in waiting:
            for place, folders, names in os.walk(start, onerror=_refuse_closed):
                folder = Path(place)
                status = folder.stat()
                identity = status.st_dev, status.st_ino
                if identity in entered:
                    folders.clear()
                    continue
                entered.add(identity)
                folders.sort()
                links += [folder / name for name in folders if (folder / name).is_symlink()]
                yield from _living(folder, names, content)
        waiting = sorted(links)


def _living(folder: Path, names: list[str], content: FolderContent) -> Iterator[Path]:
    """Give files of one folder; dead links are noted, but those named like FITS files are for the reader to refuse."""
    for name in sorted(names):
        path = folder / name
        if path.exists() or is_fits_name(name):
            yield path
        else:
            content.dead_links.append(path)


def _begins_like_fits(path: Path) -> bool:
    """Whether a file of another name begins as FITS files do; pipes and devices are not opened."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as stream:
            return stream.read(9) == b"SIMPLE  ="
    except OSError:
        return True  # it may be one: better named than passed over
