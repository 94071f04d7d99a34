"""What an ingest did, for the operator's table and for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path

from app.formats.raw_names import night_name
from app.ingest.refusals import Refusal


@dataclass(frozen=True, order=True)
class ScanIdentity:
    """What names a scan for ever: night, observatory, number in the night."""

    night_date: date
    hemisphere: str
    scan: int

    @property
    def night(self) -> str:
        """Name of the night, as in 980427s."""
        return night_name(self.night_date, self.hemisphere)


class ScanState(StrEnum):
    """What happened to a scan."""

    NEW = "new"
    EXTENDED = "extended"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class ScanOutcome:
    """One scan that files of the folder belong to.

    Attributes
    ----------
    identity : ScanIdentity
    state : ScanState
    kind, entry : str
        As in survey.scan.
    tile : int or None
    bands : str
        Letters of all bands that the scan has now.
    files : int
        Files the scan has now.
    added, unchanged, refused : int
        Files of the folder: taken in, there before, refused.
    remark : str
        What the operator should know besides.
    """

    identity: ScanIdentity
    state: ScanState
    kind: str
    entry: str
    tile: int | None
    bands: str
    files: int
    added: int
    unchanged: int
    refused: int
    remark: str = ""


@dataclass
class IngestSummary:
    """Everything an ingest of one folder did.

    Attributes
    ----------
    folder : Path
    files : int
        Files looked at.
    new_nights : list of str
        Nights that were not known before.
    scans : list of ScanOutcome
        In the order of night and scan.
    refusals : list of Refusal
    remarks : list of str
        What was noticed and does not hinder: files left alone and why.
    """

    folder: Path
    files: int = 0
    new_nights: list[str] = field(default_factory=list)
    scans: list[ScanOutcome] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def added(self) -> int:
        """Files taken in."""
        return sum(scan.added for scan in self.scans)

    @property
    def unchanged(self) -> int:
        """Files that were there before."""
        return sum(scan.unchanged for scan in self.scans)

    @property
    def refused_files(self) -> int:
        """Files refused for one reason or more."""
        return len({refusal.path for refusal in self.refusals})

    @property
    def complete(self) -> bool:
        """Whether nothing was refused."""
        return not self.refusals
