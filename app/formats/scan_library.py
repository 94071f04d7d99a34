"""The library of an array over a hardware block as a FITS file: point-spread functions by seeing and focus, wells.

Extensions: NODES (entries, terms, 33, 33), WING (entries, 49), SCATTER (terms, 33, 33) and ENTRIES, a row an entry;
WELL is the level above the dark of Read_1 at which a pixel is full, DN, NaN where it is not known, and WELLSEEN in how
many scans it was seen. The same content gives the same bytes.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.arrays import Singles, Table
from app.errors import InputError
from app.formats.fits_units import UnitError, read_units
from app.formats.night_calibration import CAMERA
from app.formats.signed_file import with_checksums

ENTRY_DTYPE = np.dtype([("fwhm_pix", "f4"), ("scans", "i4"), ("nights", "i4"), ("stars", "i4")])
"""One entry: full width at half maximum, and of how many scans, nights and stars it is the mean."""
PLANES = ("NODES", "WING", "SCATTER", "WELL", "WELLSEEN")


class LibraryFileError(InputError):
    """A library file of ours is damaged, or of another camera than its row says."""

    code = "LIBRARY_FILE"


class LibraryContent(NamedTuple):
    """What a file holds; arrays as the module says."""

    nodes: Singles
    wing: Singles
    scatter: Singles
    entries: Table
    well_dn: Singles
    well_scans: Singles


def write_library(content: LibraryContent, keywords: Mapping[str, Any]) -> bytes:
    """Bytes of a library file.

    Parameters
    ----------
    content : LibraryContent
        Arrays of one array of a camera.
    keywords : mapping of str to value
        Cards of the primary header: band, block, camera, counts.
    """
    from astropy.io import fits

    primary = fits.PrimaryHDU()
    for name, value in keywords.items():
        primary.header[name] = value
    planes = (content.nodes, content.wing, content.scatter, content.well_dn, content.well_scans)
    hdus: list[Any] = [primary]
    # FITS has no empty image: a library without entries has none of the first three.
    hdus += [
        fits.ImageHDU(np.asarray(plane, np.float32), name=name)
        for name, plane in zip(PLANES, planes, strict=True)
        if content.entries.size or name not in PLANES[:3]
    ]
    hdus.append(fits.BinTableHDU(content.entries.astype(ENTRY_DTYPE), name="ENTRIES"))
    buffer = io.BytesIO()
    fits.HDUList(hdus).writeto(buffer)
    return with_checksums(buffer.getvalue())


def read_library(path: Path, camera: str) -> LibraryContent:
    """Read a library file.

    Parameters
    ----------
    path : Path
        The file.
    camera : str
        Detector configuration that it must be of.

    Raises
    ------
    LibraryFileError
        Raised if the file is gone, damaged, lacks a part, or is of another camera configuration.
    """
    from astropy.io import fits

    try:
        units, _ = read_units(path)
        with warnings.catch_warnings(), fits.open(io.BytesIO(units), memmap=False) as hdus:
            warnings.simplefilter("error")
            stored = hdus["ENTRIES"].data
            entries = np.zeros(len(stored), ENTRY_DTYPE)
            for name in ENTRY_DTYPE.names or ():
                entries[name] = stored[name]
            found = str(hdus[0].header[CAMERA])
            wells = _plane(hdus["WELL"].data), _plane(hdus["WELLSEEN"].data)
            nodes, wing, scatter = (
                (_plane(hdus[name].data) for name in PLANES[:3])
                if entries.size
                else (np.zeros(shape, np.float32) for shape in ((0, 8, 33, 33), (0, 49), (8, 33, 33)))
            )
    except (OSError, UnitError, KeyError, TypeError, ValueError, UserWarning) as error:
        raise _refused(path, f"{type(error).__name__}: {error}", "a whole library file") from error
    if found != camera:
        raise _refused(path, f"{CAMERA} {found!r}", f"{camera!r}, as the product's row says")
    if not len(nodes) == len(wing) == entries.size:
        raise _refused(path, f"{len(nodes)} tables of {entries.size} entries", "a table an entry")
    return LibraryContent(nodes, wing, scatter, entries, *wells)


def _plane(data: NDArray[Any]) -> Singles:
    return np.array(data, np.float32)


def _refused(path: Path, found: str, expected: str) -> LibraryFileError:
    return LibraryFileError(
        f"{path}: {found}",
        expected=expected,
        remedy="recall the library and let it be made again: mapps run recall, mapps calibration library",
    )
