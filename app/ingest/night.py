"""A raw night's folder -> nights, tiles, scans, frames and files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection

from app.db.pgsphere import register
from app.db.statements import statement
from app.errors import InputError
from app.formats.checksums import CHECKSUM_LIST_NAME, file_checksum, read_checksums
from app.formats.raw_names import parse_file_name, parse_night_name
from app.formats.raw_night import FRAME_DTYPE
from app.ingest.admission import Advance, admit, check_files, step
from app.ingest.file_names import printable
from app.ingest.fits_folder import existing_folder, is_fits_name
from app.ingest.raw_scan import measure_raw_scan, read_candidate
from app.ingest.refusals import Refusal, forget_settled
from app.ingest.replacement import named_files
from app.ingest.scan_values import ScanFileRow, ScanValues
from app.ingest.summary import IngestSummary, ScanIdentity
from app.models.survey import Entry


def ingest_night(
    connection: Connection[Any],
    folder: str | Path,
    *,
    extend: bool = False,
    replace: Sequence[str | Path] = (),
    advance: Advance | None = None,
) -> IngestSummary:
    """Take a raw night in.

    Every file is compared with the checksum list and checked whole. Files with a fault are refused, listed and stored
    in survey.refusal; the others go in, the files of a scan within one transaction. A scan may lack bands, which may
    come with a later ingest of the same folder. The night's hardware block is named by the cameras of its files, unless
    an operator named it.

    Parameters
    ----------
    connection : Connection
        Role operator, not inside a transaction.
    folder : str or Path
        The night's folder, named like 980427s, with its checksum list.
    extend : bool
        Whether files are also added to scans that an accepted attempt has used; without it they are refused
        (SCAN_REDUCED).
    replace : sequence of str or Path
        Files of the folder that may take the place of ones with other content, which are refused otherwise (CONFLICT).
    advance : callable, optional
        Called once a file.

    Returns
    -------
    IngestSummary
        What was taken in and what was refused.

    Raises
    ------
    InputError
        Raised if the folder does not exist, is not named like a night, has no files or no checksum list that can
        be read.
    ReplaceError
        Raised if a file that is to replace another is not in the folder; nothing is taken in then.
    """
    night = existing_folder(folder)
    groups = night_files(night)
    listed = read_checksums(night)
    night_date, hemisphere = parse_night_name(night.name)
    register(connection)
    names = [name for group in groups.values() for name in group]
    summary = IngestSummary(night, files=len(names), remarks=_left_alone(night, names))
    replaceable = named_files(night, names, replace)
    for scan in sorted(groups):
        identity = ScanIdentity(night_date, hemisphere, scan)
        digests, refusals = _compare(night, groups[scan], listed, advance)
        checked = check_files(connection, digests, read_candidate, advance)
        checked.refusals[:0] = refusals
        measure = partial(_measure, connection)
        admit(connection, summary, Entry.RAW, identity, checked, measure, extend=extend, replace=replaceable)
    summary.remarks += [
        f"{path.name} replaces nothing: no other content was ingested in its place"
        for path in sorted(replaceable - {replaced.path for replaced in summary.replaced})
        if str(path) not in {refusal.path for refusal in summary.refusals}
    ]
    with connection.transaction():
        connection.execute(statement("ingest/block_of_cameras"), {"hemis": hemisphere, "date": night_date})
    forget_settled(connection, night, summary.refusals)
    return summary


def night_files(night: Path) -> dict[int, list[str]]:
    """Names of the raw files that are in a night's folder or on its checksum list, by scan.

    Raises
    ------
    InputError
        Raised as by `ingest_night`.
    """
    if not night.is_dir():
        raise InputError(f"{night} is a file", expected="the folder of a night")
    present = [path.name for path in night.iterdir() if path.is_file()]
    if not any(is_fits_name(name) or name == CHECKSUM_LIST_NAME for name in present):
        raise InputError(f"no raw file in {night}", expected=_expected(night), remedy="check the path")
    try:
        parse_night_name(night.name)
    except InputError as error:
        raise InputError(
            f"folder {night}: {error.found}", expected=error.expected, remedy="name the folder as its night"
        ) from None
    groups: dict[int, list[str]] = {}
    for name in sorted({*present, *read_checksums(night)}):
        if not name.endswith(".fits"):
            continue
        try:
            groups.setdefault(parse_file_name(name).scan, []).append(name)
        except InputError:
            continue
    return groups


def _expected(night: Path) -> str:
    """Say what should be in a folder without raw files; name nights that are farther below."""
    below = sorted(path.parent.name for path in night.glob(f"*/{CHECKSUM_LIST_NAME}"))
    if below:
        return f"the folder of one night; below it are {', '.join(below[:5])}"
    return f"files like j0423049.fits and {CHECKSUM_LIST_NAME}"


def _left_alone(night: Path, names: list[str]) -> list[str]:
    """Remarks about all that is in the folder besides raw files and their list."""
    others = sorted(path.name for path in night.iterdir() if path.name not in {*names, CHECKSUM_LIST_NAME})
    return [
        f"{printable(name)} left alone: its name is not one of a raw file, like j0423049.fits"
        for name in others
    ]


def _compare(
    night: Path, names: list[str], listed: dict[str, str], advance: Advance | None
) -> tuple[dict[Path, str], list[Refusal]]:
    """Compare files of a scan with the list: digests of the good ones, refusals of the others."""
    digests: dict[Path, str] = {}
    refusals = []
    for name in names:
        path = night / name
        try:
            refusal = _unlike_list(path, listed, digests)
        except InputError as error:
            refusal = Refusal.of_error(path, error)
        if refusal is not None:
            refusals.append(refusal)
            step(advance)
    return digests, refusals


def _unlike_list(path: Path, listed: dict[str, str], digests: dict[Path, str]) -> Refusal | None:
    name = path.name
    if not path.is_file():
        return Refusal.of(path, "MISSING", "file", "nothing", f"the file, as {CHECKSUM_LIST_NAME} lists it")
    if name not in listed:
        remedy = f"add it with: sha256sum {name} >> {CHECKSUM_LIST_NAME}"
        return Refusal.of(path, "UNLISTED", "file", f"a file that {CHECKSUM_LIST_NAME} does not list", remedy)
    digest = file_checksum(path)
    if digest != listed[name]:
        return Refusal.of(path, "CHECKSUM", "checksum", digest, f"{listed[name]} by {CHECKSUM_LIST_NAME}")
    digests[path] = digest
    return None


def _measure(connection: Connection[Any], scan_key: int, files: Sequence[ScanFileRow]) -> ScanValues:
    rows = connection.execute(statement("ingest/scan_frames"), {"scan_key": scan_key}).fetchall()
    bands: dict[str, NDArray[np.void]] = {}
    for band in sorted({str(row[0]) for row in rows}):
        bands[band] = np.array([row[1:] for row in rows if row[0] == band], FRAME_DTYPE)
    return measure_raw_scan(files, bands)
