"""Atlas images of a folder -> nights, tiles, scans and files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from psycopg import Connection

from app.db.pgsphere import register
from app.errors import InputError
from app.formats.atlas import read_atlas_facts
from app.formats.checksums import file_checksum
from app.ingest.atlas_image import identify, read_candidate
from app.ingest.atlas_scan import measure_atlas_scan
from app.ingest.candidate import Candidate
from app.ingest.fits_folder import existing_folder, fits_files
from app.ingest.refusals import Refusal, record_refusals
from app.ingest.registrar import describe_scan, is_known_night, known_files, register_scan, settle_known
from app.ingest.summary import IngestSummary, ScanIdentity, ScanOutcome, ScanState
from app.models.survey import Entry

Advance = Callable[[], object]
"""Called after every file that was read."""


def ingest_atlas(
    connection: Connection[Any],
    folder: str | Path,
    *,
    extend: bool = False,
    advance: Advance | None = None,
) -> IngestSummary:
    """Take all Atlas images below a folder in.

    Every file is checked; what is wrong is refused, listed and stored in survey.refusal, the rest goes in. Files
    of one scan go in within one transaction. A file of known content changes nothing, under whatever name.

    Parameters
    ----------
    connection : Connection
        Role operator, not inside a transaction.
    folder : str or Path
        Searched with all folders below; or one file.
    extend : bool
        Add images also to scans that an accepted attempt has used. Without it they are refused (SCAN_REDUCED),
        because a replay of that attempt must find the files and the area it had.
    advance : callable, optional
        Called once a file.

    Raises
    ------
    InputError
        Raised if the folder does not exist, or holds no FITS file.
    """
    paths = fits_files(folder)
    summary = IngestSummary(existing_folder(folder), files=len(paths))
    register(connection)
    groups, refusals = _group(paths, advance)
    _refuse(connection, summary, refusals)
    for identity in sorted(groups):
        _ingest_scan(connection, identity, groups[identity], summary, extend=extend, advance=advance)
    return summary


def _group(
    paths: list[Path], advance: Advance | None
) -> tuple[dict[ScanIdentity, list[Path]], list[Refusal]]:
    """Sort files by the scan their headers name; only headers are read, so that memory stays small."""
    groups: dict[ScanIdentity, list[Path]] = {}
    refusals = []
    for path in paths:
        try:
            groups.setdefault(identify(read_atlas_facts(path)), []).append(path)
        except InputError as error:
            refusals.append(Refusal.of_error(path, error))
            _step(advance)
    return groups, refusals


def _step(advance: Advance | None) -> None:
    if advance is not None:
        advance()


def _refuse(connection: Connection[Any], summary: IngestSummary, refusals: list[Refusal]) -> None:
    summary.refusals.extend(refusals)
    with connection.transaction():
        record_refusals(connection, refusals)


def _ingest_scan(
    connection: Connection[Any],
    identity: ScanIdentity,
    paths: list[Path],
    summary: IngestSummary,
    *,
    extend: bool,
    advance: Advance | None,
) -> None:
    candidates, unchanged, refusals = _read_new(connection, paths, advance)
    _refuse(connection, summary, refusals)
    outcome: ScanOutcome | None
    with connection.transaction():
        new_night = not is_known_night(connection, identity)
        if candidates:
            outcome, conflicts = register_scan(
                connection, Entry.ATLAS, identity, candidates, measure_atlas_scan, extend=extend
            )
            record_refusals(connection, conflicts)
        else:
            outcome, conflicts = describe_scan(connection, identity), []
    summary.refusals.extend(conflicts)
    if outcome is None:
        return
    if new_night:
        summary.new_nights.append(identity.night)
    refused = outcome.refused + len({refusal.path for refusal in refusals})
    state = ScanState.REFUSED if refused and not outcome.added and not unchanged else outcome.state
    summary.scans.append(replace(outcome, unchanged=unchanged, refused=refused, state=state))


def _read_new(
    connection: Connection[Any], paths: list[Path], advance: Advance | None
) -> tuple[list[Candidate], int, list[Refusal]]:
    """Check the files of one scan that are not known by their content; count the known ones."""
    candidates: list[Candidate] = []
    refusals: list[Refusal] = []
    digests: dict[Path, str] = {}
    for path in paths:
        try:
            digests[path] = file_checksum(path)
        except InputError as error:
            refusals.append(Refusal.of_error(path, error))
    with connection.transaction():
        known = known_files(connection, list(digests.values()))
        for path, digest in digests.items():
            if digest in known:
                settle_known(connection, path, digest, known[digest])
    seen, unchanged = set(known), 0
    for path, digest in digests.items():
        _step(advance)
        if digest in seen:
            unchanged += 1
            continue
        try:
            candidates.append(read_candidate(path, digest))
            seen.add(digest)
        except InputError as error:
            refusals.append(Refusal.of_error(path, error))
    return candidates, unchanged, refusals
