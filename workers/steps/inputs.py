"""Ingested files, as they were ingested: what an attempt records as its input is what it reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from app.errors import InputError, RawFolderError
from app.formats.checksums import file_checksum
from workers.steps.context import StepContext
from workers.steps.scan_facts import ScanFile


class ChangedFileError(InputError):
    """A file has other content than when it was ingested."""

    code = "FILE_CHANGED"


def folder_is_away(folder: Path) -> bool:
    """Whether a folder is absent, closed or empty, as the place of a file system that is not mounted is."""
    try:
        return not any(folder.iterdir())
    except OSError:
        return True


def ingested_path(file: ScanFile) -> Path:
    """Path of an ingested file whose content is still that of its row.

    Raises
    ------
    RawFolderError
        Raised if its whole folder is gone or empty: it is not mounted, and workers wait for it.
    InputError
        Raised if the file is gone or cannot be read.
    ChangedFileError
        Raised if the file was changed since.
    """
    parts = urlsplit(file.url)
    path = Path(parts.path if parts.scheme == "file" else file.url)
    if folder_is_away(path.parent):
        away = RawFolderError(
            f"{path.parent}, from where {path.name} was ingested, is not there or is empty",
            expected="the folder of ingested files, mounted",
            remedy="mount it; or ingest it from its new place; or, if it is gone for good: mapps run hold",
        )
        away.folder = str(path.parent)
        raise away
    found = file_checksum(path)
    if found != file.sha256:
        raise ChangedFileError(
            f"{path}: SHA-256 {found[:12]}",
            expected=f"{file.sha256[:12]}, as it was ingested",
            remedy="bring the file back, then: mapps run retry",
        )
    return path


def recorded_files(context: StepContext, files: Iterable[ScanFile]) -> tuple[ScanFile, ...]:
    """Leave out files that came after the attempt that is replayed; all of them where none is.

    Parameters
    ----------
    context : StepContext
        Surroundings of the step.
    files : iterable of ScanFile
        Files that a step would read today.
    """
    recorded = context.recorded
    return tuple(file for file in files if recorded is None or file.raw_file_id in recorded.raw_file_ids)
