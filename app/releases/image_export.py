"""Atlas images and postage stamps of a release as files, with what the release says of them in their headers."""

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
from app.formats.atlas_placed import ReleasedPlace
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


def released_place(
    astrometry: str | None,
    measured_deg: list[float],
    solved_deg: list[float] | None,
    growth: list[float] | None,
) -> ReleasedPlace | None:
    """Give what a release says of the place of an image, from its columns in SQL.

    Parameters
    ----------
    astrometry : str or None
        Content hash of the astrometric solution of its night; None: the release names none.
    measured_deg : list of float
        Middle as it was registered, right ascension and declination.
    solved_deg : list of float or None
        The same by the solution (calibration.place_by); None where it has no offset of the image.
    growth : list of float or None
        Of the offset around there (calibration.growth_by).
    """
    if astrometry is None or solved_deg is None or growth is None:
        return None
    (ra, decl), (solved_ra, solved_decl) = measured_deg, solved_deg
    return ReleasedPlace(astrometry, (ra, decl), (solved_ra, solved_decl), complex(*growth))


def released_file(path: Path, zero_point: ReleasedZeroPoint, place: ReleasedPlace | None) -> bytes:
    """Give the content of a published image with zero point and place of a release in its header.

    Parameters
    ----------
    path : Path
        The file as it was published.
    zero_point : ReleasedZeroPoint
        What the header shall say.
    place : ReleasedPlace or None
        What its projection shall follow; None: it stays as registered.

    Raises
    ------
    StoredFileError
        Raised if it is no FITS file any more.
    """
    return with_released_zero_point(unpacked_file(path), zero_point, place)


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
        Makes a plain FITS file: the published one, MAGZP, MZPERR and WCS as the release has them. StoredFileError if
        the file is gone, is no longer what was published, or is no FITS file.
    """
    rows = connection.execute(statement("reports/release_images"), {"release_id": release_id}).fetchall()
    for coadd_key, band, url, sha256, zero_point_mag, error_mag, solution, *placed in rows:
        zero_point = ReleasedZeroPoint(release, zero_point_mag, error_mag, solution)
        place = released_place(*placed)

        def content(
            url: str = url, sha256: str = sha256, zero_point: ReleasedZeroPoint = zero_point,
            place: ReleasedPlace | None = place,
        ) -> bytes:  # fmt: skip
            return released_file(store.whole_path(url, sha256), zero_point, place)

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
