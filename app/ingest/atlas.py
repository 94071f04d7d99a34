"""Atlas images of a folder -> nights, tiles, scans and files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from psycopg import Connection

from app.db.pgsphere import register
from app.errors import InputError
from app.formats.atlas import read_atlas_facts
from app.formats.checksums import file_checksum
from app.ingest.admission import Advance, admit, check_files, refuse, step
from app.ingest.atlas_image import identify, read_candidate
from app.ingest.atlas_scan import measure_atlas_scan
from app.ingest.candidate import Candidate
from app.ingest.file_names import refuse_name
from app.ingest.fits_folder import existing_folder, look_through, unreadable
from app.ingest.refusals import Refusal, forget_settled
from app.ingest.scan_values import ScanFileRow, ScanValues
from app.ingest.summary import IngestSummary, ScanIdentity
from app.models.survey import Entry


def ingest_atlas(
    connection: Connection[Any],
    folder: str | Path,
    *,
    extend: bool = False,
    advance: Advance | None = None,
) -> IngestSummary:
    """Take all Atlas images below a folder in.

    Every file is checked. Files with a fault are refused, listed and stored in survey.refusal; the others go in, the
    files of a scan within one transaction. A file of known content changes nothing, under whatever name.

    Parameters
    ----------
    connection : Connection
        Role operator, not inside a transaction.
    folder : str or Path
        Folder that is searched with all folders below, or a single file.
    extend : bool
        Whether images are also added to scans that an accepted attempt has used. Without it they are refused
        (SCAN_REDUCED), because a replay of that attempt must find the files and the area that it had.
    advance : callable, optional
        Called once a file.

    Returns
    -------
    IngestSummary
        What was taken in and what was refused.

    Raises
    ------
    InputError
        Raised if the folder does not exist, or holds no FITS file.
    """
    start = existing_folder(folder)
    content = look_through(start)
    summary = IngestSummary(
        start, files=len(content.fits) + len(content.packed), remarks=content.remarks(start)
    )
    register(connection)
    for path in content.packed:
        _refuse_file(connection, summary, path, unreadable(path), advance)
    groups = _group(connection, content.fits, summary, advance)
    for identity in sorted(groups):
        digests = _digests(connection, groups[identity], summary, advance)
        checked = check_files(connection, digests, _read, advance)
        admit(connection, summary, Entry.ATLAS, identity, checked, _measure, extend=extend)
    forget_settled(connection, start, summary.refusals)
    return summary


def _group(
    connection: Connection[Any], paths: list[Path], summary: IngestSummary, advance: Advance | None
) -> dict[ScanIdentity, list[Path]]:
    """Sort files by the scan that their headers name; only headers are read, so that memory stays small."""
    groups: dict[ScanIdentity, list[Path]] = {}
    encoding = connection.info.parameter_status("server_encoding") or "utf-8"
    for path in paths:
        try:
            refuse_name(path, encoding)
            groups.setdefault(identify(read_atlas_facts(path)), []).append(path)
        except InputError as error:
            _refuse_file(connection, summary, path, error, advance)
    return groups


def _refuse_file(
    connection: Connection[Any],
    summary: IngestSummary,
    path: Path,
    error: InputError,
    advance: Advance | None,
) -> None:
    refuse(connection, summary, [Refusal.of_error(path, error)])
    step(advance)


def _digests(
    connection: Connection[Any], paths: list[Path], summary: IngestSummary, advance: Advance | None
) -> dict[Path, str]:
    digests = {}
    for path in paths:
        try:
            digests[path] = file_checksum(path)
        except InputError as error:
            _refuse_file(connection, summary, path, error, advance)
    return digests


def _read(path: Path, sha256: str) -> Candidate | list[Refusal]:
    try:
        return read_candidate(path, sha256)
    except InputError as error:
        return [Refusal.of_error(path, error)]


def _measure(_scan_key: int, files: Sequence[ScanFileRow]) -> ScanValues:
    return measure_atlas_scan(files)
