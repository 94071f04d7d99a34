"""Files of photometric standards: a table STANDARDS in FITS, or CSV with a header."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from app.errors import InputError
from app.ingest.standards import StandardStar
from app.instruments.bands import BANDS

if TYPE_CHECKING:
    from pathlib import Path

_FITS_MAGIC = b"SIMPLE  ="
_REQUIRED = ("ra", "decl")
_OPTIONAL = ("name", "field", "epoch_year", "pm_ra_mas_yr", "pm_decl_mas_yr", "primary_standard")
_MAGNITUDES = tuple(name for band in BANDS for name in (f"{band.value}_mag", f"{band.value}_error_mag"))
COLUMNS = (*_REQUIRED, *_OPTIONAL, *_MAGNITUDES)
"""Columns of a file in any order; docs/calibration.md describes them."""
DEFAULT_EPOCH_YEAR = 2000.0
DEFAULT_ERROR_MAG = 0.01
_TRUE, _FALSE = {"1", "t", "true", "yes"}, {"", "0", "f", "false", "no"}


def read_standards(path: Path) -> tuple[StandardStar, ...]:
    """Read a file of standards; its kind is told by its content.

    Parameters
    ----------
    path : Path
        FITS with a table STANDARDS, or CSV in UTF-8 with a header line.

    Raises
    ------
    InputError
        Raised if the file cannot be read, lacks a column or has an unknown one, or a line of it is wrong; the message
        names the line.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(len(_FITS_MAGIC))
        rows = list(_fits_rows(path) if start == _FITS_MAGIC else _csv_rows(path))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: {error}", expected="a readable file of standards") from error
    if not rows:
        raise InputError(f"{path}: no standard star", expected="at least one row")
    return tuple(_star(row, f"{path}: line {line}") for line, row in rows)


def _csv_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream, restval="", strict=True)
        _check_columns(path, tuple(reader.fieldnames or ()))
        for row in reader:
            if None in row:
                raise InputError(
                    f"{path}: line {reader.line_num}: more values than columns", expected="one value a column"
                )
            yield reader.line_num, row


def _fits_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    from astropy.io import fits

    with fits.open(path, memmap=False) as hdus:
        if "STANDARDS" not in hdus:
            raise InputError(f"{path}: no table STANDARDS", expected="a FITS table of that name")
        data = hdus["STANDARDS"].data
        # The simulated observatory calls its magnitudes as the point-source catalogue does.
        names = {f"{band.value}_m": f"{band.value}_mag" for band in BANDS}
        columns = {names.get(name.lower(), name.lower()): data[name] for name in data.names}
        _check_columns(path, tuple(columns))
        for index in range(len(data)):
            yield index + 1, {name: values[index] for name, values in columns.items()}


def _check_columns(path: Path, found: tuple[str, ...]) -> None:
    lacking = [name for name in _REQUIRED if name not in found]
    unknown = [name for name in found if name not in COLUMNS]
    if not any(f"{band.value}_mag" in found for band in BANDS):
        lacking.append("j_mag, h_mag or k_mag")
    if lacking or unknown or len(set(found)) < len(found):
        told = [f"no column {', '.join(lacking)}"] if lacking else []
        told += [f"unknown column {', '.join(unknown)}"] if unknown else []
        raise InputError(
            f"{path}: line 1: {' and '.join(told) or 'a column twice'}",
            expected=f"columns of {', '.join(COLUMNS)}",
        )


def _star(row: Mapping[str, Any], place: str) -> StandardStar:
    ra = _number(row, "ra", place, 0.0, 360.0)
    decl = _number(row, "decl", place, -90.0, 90.0)
    if ra is None or decl is None:
        raise InputError(f"{place}: no position", expected="ra and decl in degrees")
    mags, errors = [], []
    for band in BANDS:
        mag = _number(row, f"{band.value}_mag", place, -10.0, 30.0)
        error = _number(row, f"{band.value}_error_mag", place, 0.0, 5.0)
        mags.append(mag)
        errors.append(None if mag is None else DEFAULT_ERROR_MAG if error is None else error)
    if mags == [None, None, None]:
        raise InputError(f"{place}: no magnitude", expected="at least one of j_mag, h_mag, k_mag")
    epoch = _number(row, "epoch_year", place, 1900.0, 2100.0)
    return StandardStar(
        str(row.get("name", "")).strip() or position_name(ra, decl),
        str(row.get("field", "")).strip() or None,
        ra,
        decl,
        DEFAULT_EPOCH_YEAR if epoch is None else epoch,
        _number(row, "pm_ra_mas_yr", place, -1e5, 1e5),
        _number(row, "pm_decl_mas_yr", place, -1e5, 1e5),
        (mags[0], mags[1], mags[2]),
        (errors[0], errors[1], errors[2]),
        _flag(row, place),
    )


def _flag(row: Mapping[str, Any], place: str) -> bool:
    word = str(row.get("primary_standard", "")).strip().lower()
    if word not in _TRUE | _FALSE:
        raise InputError(f"{place}: primary_standard {word!r}", expected="1 or 0")
    return word in _TRUE


def _number(row: Mapping[str, Any], name: str, place: str, low: float, high: float) -> float | None:
    text = str(row.get(name, "")).strip()
    if not text:
        return None
    try:
        # Through the shortest text that means a stored number: a value in four bytes is what its digits say.
        value = float(text)
    except ValueError:
        raise InputError(f"{place}: {name} {text!r}", expected="a number") from None
    if math.isnan(value):
        return None
    if not low <= value <= high:
        raise InputError(f"{place}: {name} {text}", expected=f"{low:g} to {high:g}")
    return value


def position_name(ra: float, decl: float) -> str:
    """Name of a star that its file gives none: its position to 0.36 arcsec.

    Examples
    --------
    >>> position_name(187.50004, -0.0001)
    's187.5000-00.0001'
    """
    return f"s{ra:08.4f}{decl:+08.4f}"
