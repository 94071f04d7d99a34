"""Readers of Tycho-2: Debian's kd-tree index files, the CDS distribution, and a plain CSV.

Tycho-2: Hog et al. 2000; 2,539,913 stars, positions at J2000.0 in ICRS.
"""

from __future__ import annotations

import csv
import gzip
import warnings
from typing import IO, TYPE_CHECKING

import numpy as np

from app.errors import InputError
from app.ingest.reference_stars import REFERENCE_DTYPE, ReferenceStars, with_identifiers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from astropy.io import fits
    from numpy.typing import NDArray

CATALOGUE = "tycho2"

_GZIP_MAGIC = b"\x1f\x8b"
_FITS_MAGIC = b"SIMPLE  ="
# Fields of a CDS row between the bars (format.txt of the distribution): flag of the mean position, mean position,
# proper motion, magnitudes, and the observed position with its epochs, which stands in for a mean that is missing.
_FLAG, _MEAN_RA, _MEAN_DECL, _PM_RA, _PM_DECL, _BT, _VT = 1, 2, 3, 4, 5, 17, 19
_SEEN_RA, _SEEN_DECL, _SEEN_EPOCH_RA, _SEEN_EPOCH_DECL = 24, 25, 26, 27
_FIELDS = 32


def read_tycho2(paths: Iterable[Path]) -> ReferenceStars:
    """Read and join files of any of the three kinds, told apart by their content.

    Parameters
    ----------
    paths : iterable of Path
        kd-tree FITS (`index-tycho2-07.littleendian.fits`), CDS rows (`tyc2.dat`, its parts, `catalog.dat`; gzip or
        not), or CSV with a header `ra_deg,dec_deg,VTmag`.

    Returns
    -------
    structured array of REFERENCE_DTYPE
        Ordered by `star_id`; stars without VT are left out, and stars of equal position stand once.

    Raises
    ------
    InputError
        Raised if a file cannot be read or is none of the three.
    """
    parts = [np.zeros(0, REFERENCE_DTYPE)]
    for path in paths:
        try:
            with path.open("rb") as stream:
                start = stream.read(len(_FITS_MAGIC))
            if start == _FITS_MAGIC:
                parts.append(_read_kdtree(path))
                continue
            opener = gzip.open if start[:2] == _GZIP_MAGIC else open
            with opener(path, "rt", encoding="ascii") as text:
                parts.append(_read_text(text, path.name))
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: {error}", expected="a readable Tycho-2 file") from error
    stars = np.concatenate(parts)
    stars = with_identifiers(stars[np.isfinite(stars["vt_mag"])])
    same = np.zeros(stars.size, bool)
    same[1:] = (stars["ra"][1:] == stars["ra"][:-1]) & (stars["decl"][1:] == stars["decl"][:-1])
    return with_identifiers(stars[~same])


def _blank(count: int) -> ReferenceStars:
    """Make rows at J2000.0 whose motions and magnitudes are unknown."""
    stars = np.zeros(count, REFERENCE_DTYPE)
    for name in ("pm_ra_mas_yr", "pm_decl_mas_yr", "bt_mag", "vt_mag"):
        stars[name] = np.nan
    stars["epoch_year"] = 2000.0
    return stars


def _read_kdtree(path: Path) -> ReferenceStars:
    """Debian's astrometry-data-tycho2: unit vectors as integers of a kd-tree, VT beside them.

    The tables hold little-endian bytes (whatever their TFORM says) except MAG_VT, which is FITS's own big-endian:
    kdtree_range_stars is min x, y, z, max x, y, z, scale (float64), kdtree_data_stars is n x 3 uint32, and a
    direction is data / scale + min.
    """
    from astropy.io import fits

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a file that was cut short is found below by its missing bytes
        with fits.open(path, memmap=True) as hdus:
            ranges = _raw_table(hdus, path, "kdtree_range_stars", "<f8")
            data = _raw_table(hdus, path, "kdtree_data_stars", "<u4").reshape(-1, 3)
            magnitudes = None
            for hdu in hdus[1:]:
                if isinstance(hdu, fits.BinTableHDU) and "MAG_VT" in hdu.columns.names:
                    magnitudes = np.array(hdu.data["MAG_VT"], np.float32)
    if magnitudes is None or magnitudes.size != data.shape[0] or ranges.size != 7:
        found = "no MAG_VT" if magnitudes is None else f"{magnitudes.size} MAG_VT for {data.shape[0]} stars"
        raise InputError(f"{path}: {found}", expected="an astrometry-data-tycho2 index file")
    vectors = data / ranges[6] + ranges[:3]
    stars = _blank(data.shape[0])
    stars["ra"] = np.degrees(np.arctan2(vectors[:, 1], vectors[:, 0])) % 360.0
    stars["decl"] = np.degrees(np.arctan2(vectors[:, 2], np.hypot(vectors[:, 0], vectors[:, 1])))
    stars["vt_mag"] = magnitudes
    return stars


def _raw_table(hdus: fits.HDUList, path: Path, name: str, dtype: str) -> NDArray[np.generic]:
    """Bytes of the table whose first column has a name, as an array of `dtype`."""
    for hdu in hdus[1:]:
        if hdu.header.get("TTYPE1", "").strip() != name:
            continue
        size = hdu.header["NAXIS1"] * hdu.header["NAXIS2"]
        with path.open("rb") as stream:
            stream.seek(hdu.fileinfo()["datLoc"])
            content = stream.read(size)
        if len(content) != size or size % np.dtype(dtype).itemsize:
            raise InputError(f"{path}: {len(content)} bytes of {name}", expected=f"{size} bytes")
        return np.frombuffer(content, dtype)
    raise InputError(f"{path}: no table {name}", expected="an astrometry-data-tycho2 index file")


def _read_text(stream: IO[str], file: str) -> ReferenceStars:
    """CDS rows or CSV, by the first line."""
    first = stream.readline()
    if first.count("|") >= _FIELDS - 1:
        return _read_cds([first, *stream], file)
    if first.strip().lower().replace(" ", "").startswith("ra_deg,dec_deg,vtmag"):
        return _read_csv(stream, file)
    raise InputError(
        f"{file}: first line {first[:60]!r}",
        expected="Tycho-2 rows with 32 fields between |, or ra_deg,dec_deg,VTmag",
    )


def _read_csv(stream: IO[str], file: str) -> ReferenceStars:
    rows = []
    for number, fields in enumerate(csv.reader(stream), start=2):
        try:
            ra, decl, magnitude = (float(field) for field in fields[:3])
        except ValueError:
            raise InputError(
                f"{file} line {number}: {','.join(fields)[:60]}", expected="three numbers"
            ) from None
        if not (0.0 <= ra <= 360.0 and abs(decl) <= 90.0):
            raise InputError(f"{file} line {number}: position {ra}, {decl}", expected="degrees on the sky")
        rows.append((ra, decl, magnitude))
    stars = _blank(len(rows))
    for column, name in enumerate(("ra", "decl", "vt_mag")):
        stars[name] = [row[column] for row in rows]
    return stars


def _number(text: str) -> float:
    stripped = text.strip()
    return float(stripped) if stripped else float("nan")


def _read_cds(lines: Iterable[str], file: str) -> ReferenceStars:
    """Rows of the CDS or original distribution.

    Rows with flag X have no mean position: the observed one at its own epoch (about 1991.5) is taken, without motion.
    """
    rows = []
    for number, line in enumerate(lines, start=1):
        fields = line.split("|")
        if len(fields) < _FIELDS:
            raise InputError(
                f"{file} line {number}: {len(fields)} fields", expected=f"{_FIELDS} fields between |"
            )
        try:
            rows.append(_cds_row(fields))
        except ValueError:
            raise InputError(
                f"{file} line {number}: {line[:60]!r}", expected="numbers in their columns"
            ) from None
    stars = _blank(len(rows))
    names = ("ra", "decl", "pm_ra_mas_yr", "pm_decl_mas_yr", "epoch_year", "bt_mag", "vt_mag")
    table = np.array(rows, np.float64).reshape(-1, len(names))
    for column, name in enumerate(names):
        stars[name] = table[:, column]
    return stars


def _cds_row(fields: list[str]) -> tuple[float, ...]:
    magnitudes = (_number(fields[_BT]), _number(fields[_VT]))
    if fields[_FLAG].strip() == "X":
        # Epochs are given as year - 1990, for right ascension and declination, and differ by a few months.
        epoch = 1990.0 + 0.5 * (float(fields[_SEEN_EPOCH_RA]) + float(fields[_SEEN_EPOCH_DECL]))
        unknown = float("nan")
        return float(fields[_SEEN_RA]), float(fields[_SEEN_DECL]), unknown, unknown, epoch, *magnitudes
    return (
        float(fields[_MEAN_RA]),
        float(fields[_MEAN_DECL]),
        float(fields[_PM_RA]),
        float(fields[_PM_DECL]),
        2000.0,
        *magnitudes,
    )
