"""A released image by its identifier: release, key of the triple, band."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from app.db.statements import statement
from app.errors import UnknownNameError
from app.formats.atlas_calibrated import ReleasedZeroPoint
from app.formats.atlas_placed import ReleasedPlace
from app.releases.image_export import released_file, released_place
from app.store.store import Store

_NAME = re.compile(r"(?:ivo://mapps/atlas\?)?([a-z0-9_]{1,60})/(\d{1,18})/([jhk])")


class UnknownImageError(UnknownNameError):
    """No release has such an image."""

    code = "UNKNOWN_IMAGE"


@dataclass(frozen=True)
class ReleasedImage:
    """A row of release.atlas with the size of the image; columns are described there."""

    release: str
    coadd_key: int
    band: str
    url: str
    sha256: str
    ra: float
    decl: float
    zero_point_mag: float
    zero_point_error_mag: float | None
    solution: str | None
    width_pix: int | None
    height_pix: int | None
    astrometry: str | None
    measured_deg: list[float]
    solved_deg: list[float] | None
    growth: list[float] | None

    @property
    def file_name(self) -> str:
        """Name of the file for who saves it."""
        return f"{self.release}-{self.coadd_key}-{self.band}.fits"

    @property
    def zero_point(self) -> ReleasedZeroPoint:
        """What the header of a file for who saves it says."""
        return ReleasedZeroPoint(self.release, self.zero_point_mag, self.zero_point_error_mag, self.solution)

    @property
    def place(self) -> ReleasedPlace | None:
        """What the projection of such a file follows."""
        return released_place(self.astrometry, self.measured_deg, self.solved_deg, self.growth)


def split_name(name: str) -> tuple[str, int, str]:
    """Give release, key and band of an identifier, with or without its authority.

    Raises
    ------
    UnknownImageError
        Raised if it is none.

    Examples
    --------
    >>> split_name("ivo://mapps/atlas?first/1234/j")
    ('first', 1234, 'j')
    """
    found = _NAME.fullmatch(name.strip())
    if found is None:
        raise UnknownImageError(f"ID={name[:80]}", expected="RELEASE/KEY/BAND, as obs_publisher_did has it")
    return found[1], int(found[2]), found[3]


def find_image(connection: Connection[Any], name: str) -> ReleasedImage:
    """Find an image.

    Raises
    ------
    UnknownImageError
        Raised if no published release has it.
    """
    release, coadd_key, band = split_name(name)
    cursor = connection.cursor(row_factory=class_row(ReleasedImage))
    values = {"release": release, "coadd_key": coadd_key, "band": band}
    found = cursor.execute(statement("access/image"), values).fetchone()
    if found is None:
        raise UnknownImageError(f"no image {name[:80]!r}", expected="one of ivoa.obscore")
    return found


def whole_file(image: ReleasedImage) -> Path:
    """Give the path of an image whose content is still what was published.

    Raises
    ------
    StoredFileError
        Raised if it is gone or changed.
    """
    return Store().whole_path(image.url, image.sha256)


def calibrated_file(image: ReleasedImage) -> bytes:
    """Give the content of an image whose header has zero point and place of its release.

    Parameters
    ----------
    image : ReleasedImage
        The image.

    Returns
    -------
    bytes
        The bytes that an export of the release writes: pixels as published, MAGZP, MZPERR and WCS of the release.

    Raises
    ------
    StoredFileError
        Raised if the file is gone or changed.
    """
    return released_file(whole_file(image), image.zero_point, image.place)
