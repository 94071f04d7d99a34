"""The calibration of one band and night as a FITS file: darks of both reads, flat, mask, saturation.

Planes are float32 (mask uint8) and stored as they are, 1.1 MB a band: every later number rests on them, and packing
them would save a few hundred kilobytes only. The same content gives the same bytes.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import InputError
from app.formats.fits_units import UnitError, read_units
from app.formats.signed_file import with_checksums

CAMERA = "CAMERA"
"""Keyword of the detector configuration, as in the raw files that the calibration was made from."""

BEND = "BENDDN2"
"""Keyword of the curvature b of the array: a charge q shows as q (1 - b q^2), DN^-2; 0 if none was seen."""

PLANES: dict[str, str] = {
    "DARK1": "dark of Read_1, DN",
    "DARKDIFF": "dark of Read_2 - Read_1, DN",
    "FLAT": "response, median 1",
    "MASK": "1 where a pixel is not to be used",
    "SATUR": "raw level of a read up to which it is linear, DN",
}
"""Extensions, and what a plane holds."""


class CalibrationFileError(InputError):
    """A calibration file of ours is damaged."""

    code = "CALIBRATION_FILE"


def write_calibration(planes: Mapping[str, NDArray[Any]], keywords: Mapping[str, Any]) -> bytes:
    """Bytes of a calibration file.

    Parameters
    ----------
    planes : mapping of str to array (256, 256)
        A plane for every name of `PLANES`, in the units told there.
    keywords : mapping of str to value
        Cards of the primary header: band, night, counts.
    """
    from astropy.io import fits

    primary = fits.PrimaryHDU()
    for name, value in keywords.items():
        primary.header[name] = value
    hdus: list[Any] = [primary]
    for name, meaning in PLANES.items():
        plane = planes[name]
        kind = np.uint8 if name == "MASK" else np.float32
        hdu = fits.ImageHDU(plane.astype(kind), name=name)
        hdu.header["OBJECT"] = meaning
        hdus.append(hdu)
    buffer = io.BytesIO()
    fits.HDUList(hdus).writeto(buffer)
    return with_checksums(buffer.getvalue())


def read_calibration(path: Path, camera: str) -> tuple[dict[str, NDArray[Any]], float]:
    """Read a calibration file.

    Parameters
    ----------
    path : Path
        The file.
    camera : str
        Detector configuration that the calibration must be of.

    Returns
    -------
    planes : dict of str to array (256, 256)
        Planes by name, float32, the mask uint8.
    bend : float
        Curvature of the array, DN^-2.

    Raises
    ------
    CalibrationFileError
        Raised if the file is gone, damaged, lacks a plane, or is of another camera configuration than `camera`.
    """
    from astropy.io import fits

    try:
        content, _ = read_units(path)
        with warnings.catch_warnings(), fits.open(io.BytesIO(content), memmap=False) as hdus:
            warnings.simplefilter("error")
            planes = {name: np.array(hdus[name].data) for name in PLANES}
            bend = float(hdus[0].header[BEND])
            # Files of the first version have no such keyword; their rows got the camera from the darks.
            found = str(hdus[0].header.get(CAMERA, camera))
    except (OSError, UnitError, KeyError, TypeError, ValueError, UserWarning) as error:
        raise CalibrationFileError(
            f"{path}: {type(error).__name__}: {error}",
            expected=f"planes {', '.join(PLANES)} and {BEND}",
            remedy="recall the calibration and let it be made again: mapps run recall",
        ) from error
    if found != camera:
        raise CalibrationFileError(
            f"{path}: {CAMERA} {found!r}",
            expected=f"{camera!r}, as the product's row says",
            remedy="recall the calibration and let it be made again: mapps run recall",
        )
    made = {name: plane.astype(np.uint8 if name == "MASK" else np.float32) for name, plane in planes.items()}
    return made, bend
