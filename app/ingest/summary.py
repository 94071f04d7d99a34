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
    """Natural key of a scan: night, observatory, number in the night."""

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
    REPLACED = "replaced"
    REFUSED = "refused"


@dataclass(frozen=True)
class Replacement:
    """A file that took the place of another.

    Attributes
    ----------
    raw_file_id : int
        Key of the row, the same as before.
    path : Path
        The new file.
    former_sha256, sha256 : str
        Hash of the former and of the new content, hexadecimal.
    """

    raw_file_id: int
    path: Path
    former_sha256: str
    sha256: str


@dataclass(frozen=True)
class ScanOutcome:
    """One scan that files of the folder belong to.

    Attributes
    ----------
    identity : ScanIdentity
        The scan.
    state : ScanState
        What happened to it.
    kind, entry : str
        Its columns in survey.scan.
    tile : int or None
        Tile of the scan; None for darks and flats.
    bands : str
        Letters of all bands that the scan has now.
    files : int
        Number of files that the scan has now.
    added, unchanged, refused : int
        Numbers of files of the folder that were taken in, were known before, or were refused.
    remark : str
        A word to the operator.
    replaced : tuple of Replacement
        Files that took the place of others, which `added` does not count.
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
    replaced: tuple[Replacement, ...] = ()


@dataclass
class IngestSummary:
    """All that an ingest of one folder did.

    Attributes
    ----------
    folder : Path
        The folder.
    files : int
        Number of files that were looked at.
    new_nights : list of str
        Nights that were not known before.
    scans : list of ScanOutcome
        Scans that files of the folder belong to, in the order of night and scan.
    refusals : list of Refusal
        Reasons why files were not taken in.
    remarks : list of str
        Words to the operator about what does not hinder: files left alone, and why.
    """

    folder: Path
    files: int = 0
    new_nights: list[str] = field(default_factory=list)
    scans: list[ScanOutcome] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def added(self) -> int:
        """Number of files taken in."""
        return sum(scan.added for scan in self.scans)

    @property
    def replaced(self) -> list[Replacement]:
        """Files that took the place of others."""
        return [replacement for scan in self.scans for replacement in scan.replaced]

    @property
    def unchanged(self) -> int:
        """Number of files that were known before."""
        return sum(scan.unchanged for scan in self.scans)

    @property
    def refused_files(self) -> int:
        """Number of files refused, for one reason or more."""
        return len({refusal.path for refusal in self.refusals})

    @property
    def complete(self) -> bool:
        """Whether nothing was refused."""
        return not self.refusals
