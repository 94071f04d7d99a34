"""FITS files below a folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

from app.errors import InputError

_FITS = re.compile(r".+\.(fits?|fts)(\.(gz|fz))?", re.IGNORECASE)


def is_fits_name(name: str) -> bool:
    """Whether a file of this name should be a FITS file, compressed or not."""
    return _FITS.fullmatch(name) is not None and not name.startswith(".")


def existing_folder(folder: str | Path) -> Path:
    """Absolute path of a folder (or file).

    Raises
    ------
    InputError
        Raised if it does not exist, or it is a folder that may not be read.
    """
    path = Path(folder).expanduser().absolute()
    if not path.exists():
        raise InputError(f"no folder {path}", remedy="check the path")
    if path.is_dir() and not os.access(path, os.R_OK | os.X_OK):
        raise InputError(f"folder {path} may not be read by this account", expected="permission to read")
    return path


def _refuse_closed(error: OSError) -> None:
    """Stop at a folder that cannot be read: its files would be left out without a word."""
    raise InputError(
        f"folder {error.filename} cannot be read: {error.strerror}", expected="permission to read"
    ) from error


def fits_files(folder: str | Path) -> list[Path]:
    """All FITS files below a folder, ordered by path; a single file is a folder of one.

    Raises
    ------
    InputError
        Raised if there is no such folder, one below may not be read, or no FITS file is in any.
    """
    path = existing_folder(folder)
    if path.is_file():
        return [path]
    found = [
        Path(parent) / name
        for parent, _, names in os.walk(path, onerror=_refuse_closed)
        for name in names
        if is_fits_name(name)
    ]
    if not found:
        raise InputError(
            f"no FITS file in {path} or below",
            expected="files named *.fits, *.fits.gz or *.fits.fz",
            remedy="check the path",
        )
    return sorted(found)
