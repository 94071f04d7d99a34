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
    """Facts of one file that registration needs.

    Attributes
    ----------
    path : Path
        Absolute path of the file.
    sha256 : str
        SHA-256 of its content, in hex.
    size_bytes : int
        Size of the file.
    identity : ScanIdentity
        Scan that the file belongs to.
    file_kind : FileKind
        What the file is.
    band : Band
        Band of the file.
    image_number : int or None
        Number of the Atlas image in its scan; None for raw files.
    document : dict
        Header as a JSON document.
    corners : tuple of positions or None
        Area of an Atlas image, once around; None for raw files.
    planned_corners : tuple of positions or None
        Area of the tile, once around; None if the file does not say it.
    frames : structured array or None
        FRAMES table of a raw file; None for Atlas images.
    remarks : tuple of str
        Words to the operator about what the file holds and is not used.
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
    remarks: tuple[str, ...] = ()

    @property
    def named(self) -> NamedFacts:
        """Type, tile and direction of the scan, as the header names them."""
        return NamedFacts.of_header(self.document)
