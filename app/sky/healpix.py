"""HEALPix numbers and the source identifier that is made from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from app.arrays import Doubles, Integers
from app.errors import MappsError
from app.keys import HEALPIX_ORDER as ORDER
from app.keys import SCAN_KEY_BITS, SEQUENCE_BITS


class SequenceOverflowError(MappsError):
    """More sources of one scan fall into one HEALPix pixel than 10 bits can number."""

    code = "SEQUENCE_OVERFLOW"


def pixel_number(ra_deg: ArrayLike, decl_deg: ArrayLike, order: int = ORDER) -> Integers:
    """Nested HEALPix pixel of each direction.

    Parameters
    ----------
    ra_deg, decl_deg : array_like
        Directions, ICRS degrees.
    order : int, optional
        HEALPix order: 12 * 4^order pixels cover the sky.

    Examples
    --------
    >>> pixel_number([0.0, 120.0], [0.0, 60.0], order=0).tolist()
    [4, 1]
    """
    from astropy import units
    from astropy_healpix.core import lonlat_to_healpix

    ra, decl = np.asarray(ra_deg, np.float64), np.asarray(decl_deg, np.float64)
    numbers = lonlat_to_healpix(ra * units.deg, decl * units.deg, nside=1 << order, order="nested")
    return np.asarray(numbers, np.int64)


def source_identifiers(ra_deg: ArrayLike, decl_deg: ArrayLike, scan_key: int) -> Integers:
    """src_id of each source: HEALPix order 12 (28 bits) | scan_key (25) | sequence in the scan's pixel (10).

    The sequence follows the order of the input, so sources in a total order get the same identifiers every time.

    Parameters
    ----------
    ra_deg, decl_deg : array_like
        Positions of the sources of one scan (n,), ICRS degrees, in a total order.
    scan_key : int
        Key of the scan, below 2^25 (`app.keys`).

    Raises
    ------
    SequenceOverflowError
        Raised if one pixel holds more than 1024 sources of the scan: one on 2.6 square arcsec, 5 million a square
        degree, where the densest fields of the plane have 0.1 million (36 in the fullest pixel). Stars closer than
        1.6 arcsec are not told apart, so that many can only come from a failed detection.

    Examples
    --------
    >>> first, second = source_identifiers([10.0, 10.0], [20.0, 20.0], scan_key=7).tolist()
    >>> second - first, first >> 10 & 0x1FFFFFF, first >> 35
    (1, 7, 81360395)
    """
    pixel = pixel_number(ra_deg, decl_deg)
    order = np.argsort(pixel, kind="stable")
    ranked = pixel[order]
    first = np.r_[True, ranked[1:] != ranked[:-1]] if ranked.size else np.zeros(0, bool)
    starts = np.flatnonzero(first)
    sequence = np.empty(pixel.size, np.int64)
    sequence[order] = np.arange(pixel.size) - np.repeat(starts, np.diff(np.r_[starts, pixel.size]))
    if sequence.size and sequence.max() >= 1 << SEQUENCE_BITS:
        raise SequenceOverflowError(
            f"{sequence.max() + 1} sources of scan {scan_key} in one HEALPix pixel of order {ORDER}",
            expected=f"at most {1 << SEQUENCE_BITS}",
            remedy="look at the scan's image and detection threshold",
        )
    return (pixel << (SCAN_KEY_BITS + SEQUENCE_BITS)) | (np.int64(scan_key) << SEQUENCE_BITS) | sequence


def pixel_centres(pixels: Integers, order: int = ORDER) -> tuple[Doubles, Doubles]:
    """Directions of the centres of nested HEALPix pixels.

    Parameters
    ----------
    pixels : int64 array (n,)
        Pixels of one order.
    order : int, optional
        HEALPix order.

    Returns
    -------
    ra_deg, decl_deg : float64 arrays (n,)
        ICRS degrees.

    Examples
    --------
    >>> ra, decl = pixel_centres(np.array([4]), order=0)
    >>> ra.round(6).tolist(), decl.round(6).tolist()
    ([0.0], [0.0])
    """
    from astropy_healpix.core import healpix_to_lonlat

    longitude, latitude = healpix_to_lonlat(np.asarray(pixels, np.int64), nside=1 << order, order="nested")
    return np.degrees(longitude.value) % 360.0, np.degrees(latitude.value)
