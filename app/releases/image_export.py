"""Atlas images and postage stamps of a release as files, with the zero points of the release in their headers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from psycopg import Connection

from app.db.statements import statement
from app.errors import StoredFileError
from app.formats.atlas_calibrated import (
    ReleasedZeroPoint,
    with_released_zero_point,
    with_released_zero_points,
)
from app.formats.fits_units import UnitError, read_units
from app.store.store import Store


def image_name(release: str, coadd_key: int, band: str) -> str:
    """Name an image's file.

    Parameters
    ----------
    release : str
        Name of the release.
    coadd_key : int
        Key of the image, as in release.atlas.
    band : str
        j, h or k.
    """
    return f"{release}-{coadd_key}-{band}.fits"


def released_file(path: Path, zero_point: ReleasedZeroPoint) -> bytes:
    """Give the content of a published image with the zero point of a release in its header.

    Parameters
    ----------
    path : Path
        The file as it was published.
    zero_point : ReleasedZeroPoint
        What the header shall say.

    Raises
    ------
    StoredFileError
        Raised if it is no FITS file any more.
    """
    return with_released_zero_point(unpacked_file(path), zero_point)


def unpacked_file(path: Path) -> bytes:
    """Give the content of a published file, unpacked.

    Parameters
    ----------
    path : Path
        The file as it was published.

    Raises
    ------
    StoredFileError
        Raised if it is no FITS file any more.
    """
    try:
        content, _ = read_units(path)
    except UnitError as error:
        raise StoredFileError(f"{path}: {error}") from error
    return content


def released_images(
    connection: Connection[Any], release: str, release_id: int, store: Store
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Give the name of every image of a release, and how its content is made.

    Parameters
    ----------
    connection : Connection
        Role reader or more.
    release : str
        Name of the release.
    release_id : int
        Its key.
    store : Store
        Where the files are.

    Yields
    ------
    str
        Name of the file.
    callable
        Makes a plain FITS file: the published one, MAGZP and MZPERR as the release has them. StoredFileError if the
        file is gone, is no longer what was published, or is no FITS file.
    """
    rows = connection.execute(statement("reports/release_images"), {"release_id": release_id}).fetchall()
    for coadd_key, band, url, sha256, zero_point_mag, error_mag, solution in rows:
        zero_point = ReleasedZeroPoint(release, zero_point_mag, error_mag, solution)

        def content(
            url: str = url, sha256: str = sha256, zero_point: ReleasedZeroPoint = zero_point
        ) -> bytes:
            return released_file(store.whole_path(url, sha256), zero_point)

        yield image_name(release, coadd_key, band), content


def stamp_name(release: str, designation: str) -> str:
    """Name a stamp's file.

    Parameters
    ----------
    release : str
        Name of the release.
    designation : str
        Name of the extended source, as in release.xsc.
    """
    return f"{release}-{designation}.fits"


def released_stamps(
    connection: Connection[Any], release: str, release_id: int, store: Store
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Give the name of the postage stamp of every extended source of a release, and how its content is made.

    Parameters
    ----------
    connection : Connection
        Role reader or more.
    release : str
        Name of the release.
    release_id : int
        Its key.
    store : Store
        Where the files are.

    Yields
    ------
    str
        Name of the file.
    callable
        Makes a plain FITS file with an extension a band, MAGZP and MZPERR as the release has them. StoredFileError if
        the file is gone, is no longer what was published, or is no FITS file.
    """
    rows = connection.execute(statement("reports/release_stamps"), {"release_id": release_id}).fetchall()
    for _, designation, url, sha256, bands, zero_points_mag, errors_mag, solutions in rows:
        told = zip(bands, zero_points_mag, errors_mag, solutions, strict=True)
        zero_points = {
            band: ReleasedZeroPoint(release, float(zero_point_mag), error_mag, solution)
            for band, zero_point_mag, error_mag, solution in told
        }

        def content(
            url: str = url, sha256: str = sha256, zero_points: dict[str, ReleasedZeroPoint] = zero_points
        ) -> bytes:
            return with_released_zero_points(unpacked_file(store.whole_path(url, sha256)), zero_points)

        yield stamp_name(release, designation), content
