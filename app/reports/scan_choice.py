"""The scan of a run that a report is wanted of, and its diagnostics from the store."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.columns.diagnostics import ScanDiagnostics
from app.db.statements import statement
from app.errors import StoredFileError, StoreError, UnknownNameError, UserError
from app.formats.scan_diagnostics import DiagnosticsFileError, read_diagnostics
from app.production.runs import run_id_of
from app.production.selection import Selection
from app.store import Store, mend

SHOWN = 5
"""Scans that an error names when several are meant."""
AGAIN = "let it be reduced again: mapps run recall --requeue"


class NoDiagnosticsError(UserError):
    """The scan has no diagnostics in this run."""

    code = "NO_DIAGNOSTICS"


class AmbiguousScanError(UserError):
    """Several scans of the run are meant."""

    code = "AMBIGUOUS_SCAN"


@dataclass(frozen=True)
class ChosenScan:
    """A reduced scan of raw frames.

    Attributes
    ----------
    run : str
        Name of the run.
    date : date
        Date of the night.
    hemis : str
        Site: n or s.
    scan : int
        Number of the scan in the night.
    kind : str
        What the scan is for, as in survey.scan.
    tile : int or None
        Tile of the scan.
    attempt_id : int
        Attempt that reduced it.
    name : str
        Name of the diagnostics file in the store.
    sha256 : str
        SHA-256 of that file, in hex.
    """

    run: str
    date: date
    hemis: str
    scan: int
    kind: str
    tile: int | None
    attempt_id: int
    name: str
    sha256: str

    @property
    def night(self) -> str:
        """The night as commands take it: 1997-04-23s."""
        return f"{self.date:%Y-%m-%d}{self.hemis}"

    @property
    def title(self) -> str:
        """Title of the scan's pictures."""
        return f"Run {self.run}, night {self.night}, scan {self.scan:03d}"


def choose_scan(connection: Connection[Any], run: str, selection: Selection) -> ChosenScan:
    """Find the single scan that is meant; among several the only scan of raw frames.

    Parameters
    ----------
    connection : Connection
        Role reader or more.
    run : str
        Name of the run.
    selection : Selection
        Night and number of the scan, as far as they are given.

    Raises
    ------
    UnknownNameError
        Raised if there is no such run, or no such scan in it.
    AmbiguousScanError
        Raised if several scans of raw frames are meant.
    NoDiagnosticsError
        Raised if the scan was not reduced (yet), or without diagnostics.
    """
    run_id_of(connection, run)
    with connection.cursor(row_factory=dict_row) as cursor:
        scans = cursor.execute(
            statement("reports/scan_diagnostics"), {"run": run} | selection.values()
        ).fetchall()
    if not scans:
        raise UnknownNameError(
            f"no such scan in run {run}",
            expected="night and number of a scan that was queued in it",
            remedy=f"see: mapps run attempts {run}",
        )
    raw = [scan for scan in scans if scan["entry"] == "raw"] or scans[:1]
    if len(raw) > 1:
        raise _ambiguous(run, raw)
    return _with_diagnostics(run, raw[0])


def _ambiguous(run: str, scans: list[dict[str, Any]]) -> AmbiguousScanError:
    names = ", ".join(_words(scan) for scan in scans[:SHOWN])
    more = f" and {len(scans) - SHOWN} more" if len(scans) > SHOWN else ""
    return AmbiguousScanError(
        f"run {run} has {len(scans)} scans of raw frames that may be meant: {names}{more}",
        expected="one scan",
        remedy="add --night and --scan",
    )


def _words(scan: dict[str, Any]) -> str:
    return f"scan {scan['scan']} of {scan['date']:%Y-%m-%d}{scan['hemis']}"


def _with_diagnostics(run: str, scan: dict[str, Any]) -> ChosenScan:
    if scan["entry"] != "raw":
        raise NoDiagnosticsError(
            f"{_words(scan)} was ingested as Atlas images: there are no frames to tell of",
            expected="a scan of raw frames",
        )
    if scan["attempt_id"] is None:
        raise NoDiagnosticsError(
            f"{_words(scan)} is not reduced in run {run}, its task is {scan['state']}",
            expected="a reduced scan",
            remedy=f"see: mapps run status {run}",
        )
    if scan["url"] is None:
        raise NoDiagnosticsError(
            f"{_words(scan)} was reduced in run {run} by code that kept no diagnostics", remedy=AGAIN
        )
    return ChosenScan(
        run,
        scan["date"],
        scan["hemis"],
        scan["scan"],
        scan["kind"],
        scan["tile"],
        scan["attempt_id"],
        scan["url"],
        scan["sha256"],
    )


def load_diagnostics(scan: ChosenScan, store: Store) -> ScanDiagnostics:
    """Read the diagnostics of a scan.

    Parameters
    ----------
    scan : ChosenScan
        The scan.
    store : Store
        Store that holds its file.

    Raises
    ------
    StoreError
        Raised if the file is not in the store or cannot be read from it.
    DiagnosticsFileError
        Raised if its content is not what was published.
    """
    try:
        path = store.local_path(scan.name)
        content = path.read_bytes()
    except (StoredFileError, StoreError, OSError) as error:
        found = f"{scan.name}: {error.strerror}" if isinstance(error, OSError) else error.found
        raise StoreError(
            f"the diagnostics of scan {scan.scan} of {scan.night} are gone: {found}",
            expected=f"file {scan.name} in the store {store.url}",
            remedy=f"correct MAPPS_STORE_URL, or {mend(scan.name)}",
        ) from error
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != scan.sha256:
        raise DiagnosticsFileError(
            f"{path} has SHA-256 {sha256[:12]}", expected=scan.sha256[:12], remedy=mend(scan.name)
        )
    return read_diagnostics(path)
