"""Cut-outs and pictures of an Atlas image."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from app.access.images.image import ReleasedImage
from app.access.parameters import ParameterError
from app.arrays import Doubles, Singles
from app.formats.atlas_reader import AtlasFile
from app.formats.signed_file import with_checksums
from app.sky.projection import SinProjection
from app.version import code_version

PICTURE_SIDE_PIX = 512
"""Longest side of a picture."""


class OutsideError(ParameterError):
    """The place that was asked for lies outside of the image."""

    code = "OUTSIDE"


def circle_outline(ra: float, decl: float, radius: float) -> tuple[Doubles, Doubles]:
    """Give places around a circle.

    Parameters
    ----------
    ra, decl, radius : float
        Centre, ICRS, and radius. [deg]

    Returns
    -------
    ra, decl : float64 arrays (72,)
        Around it. [deg]
    """
    angle = np.radians(np.arange(0.0, 360.0, 5.0))
    d, r = np.radians(decl), np.radians(radius)
    sine = np.sin(d) * np.cos(r) + np.cos(d) * np.sin(r) * np.cos(angle)
    turn = np.arctan2(np.sin(angle) * np.sin(r) * np.cos(d), np.cos(r) - np.sin(d) * sine)
    return (ra + np.degrees(turn)) % 360, np.degrees(np.arcsin(np.clip(sine, -1, 1)))


def box_of(
    projection: SinProjection, shape: tuple[int, int], outline: tuple[Doubles, Doubles]
) -> tuple[slice, slice]:
    """Give the rows and columns that hold an outline.

    Parameters
    ----------
    projection : SinProjection
        Pixels of the image to the sky.
    shape : (int, int)
        Rows and columns of the image.
    outline : (float64 array, float64 array)
        Places around the region, ICRS. [deg]

    Raises
    ------
    OutsideError
        Raised if nothing of the image is inside.
    """
    x, y = projection.to_pixels(*outline)
    if not np.isfinite(x).all():
        raise OutsideError("the region reaches beyond the image's hemisphere", expected="a smaller one")
    # A pixel whose centre is at n reaches from n - 0.5 to n + 0.5.
    low_x, high_x = int(np.floor(x.min() + 0.5)), int(np.floor(x.max() + 0.5)) + 1
    low_y, high_y = int(np.floor(y.min() + 0.5)), int(np.floor(y.max() + 0.5)) + 1
    columns = slice(max(0, low_x), min(shape[1], high_x))
    rows = slice(max(0, low_y), min(shape[0], high_y))
    if columns.start >= columns.stop or rows.start >= rows.stop:
        raise OutsideError(
            "the region lies outside of the image", expected="one that overlaps it: see s_region"
        )
    return rows, columns


def _header(image: ReleasedImage, projection: SinProjection, corner: tuple[int, int]) -> Any:
    from astropy.io import fits

    header = fits.Header()
    (cd11, cd12), (cd21, cd22) = projection.matrix_deg
    cards = {
        "CTYPE1": "RA---SIN", "CTYPE2": "DEC--SIN", "CRVAL1": projection.ra_deg, "CRVAL2": projection.decl_deg,
        "CRPIX1": projection.x_pix + 1 - corner[1], "CRPIX2": projection.y_pix + 1 - corner[0], "CD1_1": cd11,
        "CD1_2": cd12, "CD2_1": cd21, "CD2_2": cd22, "CUNIT1": "deg", "CUNIT2": "deg", "RADESYS": "ICRS",
        "FILTER": image.band, "BUNIT": "adu", "MAGZP": image.zero_point_mag, "MZPERR": image.zero_point_error_mag,
        "COADDKEY": image.coadd_key, "RELEASE": image.release, "SHA256": image.sha256,
        "ORIGIN": f"mapps {code_version()}",
    }  # fmt: skip
    comments = {"MAGZP": "magnitude of 1 DN, calibrated by the release"}
    for keyword, value in cards.items():
        if value is not None:
            header[keyword] = (value, comments.get(keyword, ""))
    return header


def cut(image: ReleasedImage, content: AtlasFile, outline: tuple[Doubles, Doubles]) -> bytes:
    """Cut a region out of an image, with its coverage and uncertainty where the file has them.

    Parameters
    ----------
    image : ReleasedImage
        The image.
    content : AtlasFile
        Its file.
    outline : (float64 array, float64 array)
        Places around the region, ICRS. [deg]

    Returns
    -------
    bytes
        A FITS file; its header has the zero point of the release.

    Raises
    ------
    OutsideError
        Raised if nothing of the image is inside.
    """
    from astropy.io import fits

    rows, columns = box_of(content.facts.projection, content.facts.shape, outline)
    header = _header(image, content.facts.projection, (rows.start, columns.start))
    hdus: list[Any] = [fits.PrimaryHDU(content.pixels_dn[rows, columns], header)]
    for name, plane in (("COVERAGE", content.coverage), ("UNCERT", content.uncertainty_dn)):
        if plane is not None:
            hdus.append(fits.ImageHDU(plane[rows, columns], name=name))
    stream = io.BytesIO()
    fits.HDUList(hdus).writeto(stream)
    return with_checksums(stream.getvalue())


def stretched(pixels_dn: Singles) -> Any:
    """Give the shades of a picture: an asinh stretch over the noise, which shows faint and bright stars alike.

    Parameters
    ----------
    pixels_dn : float32 array (ny, nx)
        NaN without data.

    Returns
    -------
    uint8 array (ny, nx)
        North up where the rows run north: the first row is the last of the image.
    """
    known = np.isfinite(pixels_dn)
    if not known.any():
        return np.zeros(pixels_dn.shape, np.uint8)
    middle = float(np.median(pixels_dn[known]))
    noise = 1.4826 * float(np.median(np.abs(pixels_dn[known] - middle))) or 1.0
    shade = np.arcsinh((np.where(known, pixels_dn, middle) - middle) / noise + 2) / np.arcsinh(200)
    return (255 * np.clip(shade, 0, 1)).astype(np.uint8)[::-1]


def picture(content: AtlasFile, most_pix: int | None = PICTURE_SIDE_PIX) -> bytes:
    """Draw an image as JPEG.

    Parameters
    ----------
    content : AtlasFile
        The image.
    most_pix : int or None
        Longest side; None: as it is. [pix]
    """
    from PIL import Image

    drawn = Image.fromarray(stretched(content.pixels_dn))
    if most_pix is not None:
        drawn.thumbnail((most_pix, most_pix))
    stream = io.BytesIO()
    drawn.save(stream, "JPEG", quality=85)
    return stream.getvalue()


def numbers(text: str, name: str, counts: Sequence[int]) -> list[float]:
    """Read numbers between blanks.

    Parameters
    ----------
    text : str
        The numbers.
    name : str
        Parameter that has them.
    counts : sequence of int
        How many there may be; empty: six or more, and even.

    Raises
    ------
    ParameterError
        Raised if they are no numbers, or not as many.
    """
    try:
        found = [float(word) for word in text.split()]
    except ValueError as error:
        raise ParameterError(f"{name}={text[:60]}", expected="numbers between blanks, degrees") from error
    right = len(found) in counts if counts else len(found) >= 6 and len(found) % 2 == 0
    if not right or not np.isfinite(found).all():
        raise ParameterError(
            f"{name}={text[:60]}", expected=f"{' or '.join(map(str, counts)) or '6 or more'} numbers"
        )
    return found
