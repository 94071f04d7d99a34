"""One scan's checked files into the database: one transaction, one line of the summary."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import Connection

from app.ingest.candidate import Candidate
from app.ingest.known_files import is_known_night, known_files, settle_known
from app.ingest.refusals import Refusal, record_refusals
from app.ingest.registrar import Measure, describe_scan, register_scan
from app.ingest.summary import IngestSummary, ScanIdentity, ScanOutcome, ScanState
from app.models.survey import Entry

Advance = Callable[[], object]
"""Called after every file that was read."""

Reader = Callable[[Path, str], Candidate | list[Refusal]]
"""Reads and checks a file of known SHA-256."""


@dataclass
class CheckedFiles:
    """Files of one scan after their checks.

    Attributes
    ----------
    candidates : list of Candidate
        New files that passed.
    unchanged : int
        Files whose content was known before.
    refusals : list of Refusal
        Faults of the others.
    """

    candidates: list[Candidate] = field(default_factory=list)
    unchanged: int = 0
    refusals: list[Refusal] = field(default_factory=list)


def refuse(connection: Connection[Any], summary: IngestSummary, refusals: Sequence[Refusal]) -> None:
    """List refusals in the summary and store them in a transaction of their own.

    Parameters
    ----------
    connection : Connection
        Role operator, not inside a transaction.
    summary : IngestSummary, changed
        Summary of the ingest.
    refusals : sequence of Refusal
        What was refused.
    """
    summary.refusals.extend(refusals)
    if refusals:
        with connection.transaction():
            record_refusals(connection, refusals)


def check_files(
    connection: Connection[Any], digests: dict[Path, str], read: Reader, advance: Advance | None
) -> CheckedFiles:
    """Read and check the files whose content is not known; count the others.

    Parameters
    ----------
    connection : Connection
        Role operator, not inside a transaction.
    digests : dict of Path to str
        SHA-256 of each file.
    read : Reader
        Reads and checks a file.
    advance : callable, optional
        Called once a file.
    """
    with connection.transaction():
        known = known_files(connection, list(digests.values()))
        for path, digest in digests.items():
            if digest in known:
                settle_known(connection, path, digest, known[digest])
    checked, seen = CheckedFiles(), set(known)
    for path, digest in digests.items():
        step(advance)
        if digest in seen:
            checked.unchanged += 1
            continue
        result = read(path, digest)
        if isinstance(result, list):
            checked.refusals.extend(result)
        else:
            seen.add(digest)
            checked.candidates.append(result)
    return checked


def step(advance: Advance | None) -> None:
    """Tell that a file was looked at."""
    if advance is not None:
        advance()


def admit(
    connection: Connection[Any],
    summary: IngestSummary,
    entry: Entry,
    identity: ScanIdentity,
    checked: CheckedFiles,
    measure: Measure,
    *,
    extend: bool,
    replace: Collection[Path] = (),
) -> None:
    """Take the new files of one scan in and write its line of the summary.

    Parameters
    ----------
    connection : Connection
        Role operator, not inside a transaction.
    summary : IngestSummary, changed
        Summary of the ingest.
    entry : Entry
        What the files are: raw or atlas.
    identity : ScanIdentity
        The scan.
    checked : CheckedFiles
        Its files after their checks.
    measure : Measure
        Computes the scan's values from all its files.
    extend : bool
        Whether files are also added to a scan that an accepted attempt has used.
    replace : collection of Path
        Raw files that may take the place of one with other content.
    """
    refuse(connection, summary, checked.refusals)
    outcome: ScanOutcome | None
    conflicts: list[Refusal] = []
    with connection.transaction():
        new_night = not is_known_night(connection, identity)
        if checked.candidates:
            outcome, conflicts = register_scan(
                connection, entry, identity, checked.candidates, measure, extend=extend, replace=replace
            )
            record_refusals(connection, conflicts)
        else:
            outcome = describe_scan(connection, identity)
    summary.refusals.extend(conflicts)
    summary.remarks.extend(remark for candidate in checked.candidates for remark in candidate.remarks)
    if outcome is None:
        return
    if new_night:
        summary.new_nights.append(identity.night)
    refused = outcome.refused + len({refusal.path for refusal in checked.refusals})
    unchanged = checked.unchanged + outcome.unchanged
    nothing_good = refused and not outcome.added and not outcome.replaced and not unchanged
    state = ScanState.REFUSED if nothing_good else outcome.state
    summary.scans.append(dataclasses.replace(outcome, unchanged=unchanged, refused=refused, state=state))
