"""A file that passed its checks and asks to be registered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.ingest.named_facts import NamedFacts
from app.ingest.summary import ScanIdentity
from app.instruments.bands import Band
from app.models.survey import FileKind
from app.sky.shapes import Position


@dataclass(frozen=True)
class Candidate:
    """What registration needs of one file.

    Attributes
    ----------
    path : Path
        Absolute.
    sha256 : str
    size_bytes : int
    identity : ScanIdentity
    file_kind : FileKind
    band : Band
    image_number : int or None
        None for raw files.
    document : dict
        Header.
    corners : tuple of positions or None
        Area of an Atlas image, once around; None for raw files.
    planned_corners : tuple of positions or None
        Area of the tile, once around, where the file says it.
    frames : structured array or None
        FRAMES table of a raw file.
    """

    path: Path
    sha256: str
    size_bytes: int
    identity: ScanIdentity
    file_kind: FileKind
    band: Band
    image_number: int | None
    document: dict[str, Any]
    corners: tuple[Position, ...] | None = None
    planned_corners: tuple[Position, ...] | None = None
    frames: NDArray[np.void] | None = None

    @property
    def named(self) -> NamedFacts:
        """What the header names of the scan."""
        return NamedFacts.of_header(self.document)
