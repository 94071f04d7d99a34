"""HEALPix numbers and the source identifier that is made from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.errors import MappsError

ORDER = 12
"""Order of the pixel in src_id: 51.5 arcsec pixels, 28 bits."""
SCAN_BITS = 20
SEQUENCE_BITS = 15


class SequenceOverflowError(MappsError):
    """More sources of one scan fall into one HEALPix pixel than 15 bits can number."""

    code = "SEQUENCE_OVERFLOW"


def pixel_number(ra_deg: ArrayLike, decl_deg: ArrayLike, order: int = ORDER) -> NDArray[np.int64]:
    """Nested HEALPix pixel of each direction (ICRS degrees)."""
    from astropy import units
    from astropy_healpix.core import lonlat_to_healpix

    ra, decl = np.asarray(ra_deg, np.float64), np.asarray(decl_deg, np.float64)
    numbers = lonlat_to_healpix(ra * units.deg, decl * units.deg, nside=1 << order, order="nested")
    return np.asarray(numbers, np.int64)


def source_identifiers(ra_deg: ArrayLike, decl_deg: ArrayLike, scan_key: int) -> NDArray[np.int64]:
    """src_id of each source: HEALPix order 12 (28 bits) | scan_key (20) | sequence in the scan's pixel (15).

    The sequence follows the order of the input, so sources in a total order get the same identifiers every time.
    Raised if one pixel holds more than 32,768 sources of the scan: SequenceOverflowError (a 51 arcsec pixel holds
    a few hundred in the densest fields, so that many can only come from a failed detection).
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
    return (pixel << (SCAN_BITS + SEQUENCE_BITS)) | (np.int64(scan_key) << SEQUENCE_BITS) | sequence


def pixel_boundaries(order: int, pixel: int, scan_bits: int = SCAN_BITS + SEQUENCE_BITS) -> tuple[int, int]:
    """Half-open range of src_id that falls into one pixel of `order`."""
    shift = 2 * (ORDER - order) + scan_bits
    return pixel << shift, (pixel + 1) << shift
