"""A published point-source table as a CSV file, for the comparison of a run with it.

Columns are found by name, those of the survey's catalogue or of its copies at data centres; others are passed over:

=============  =====================================  ==========================================================
column         also called                            meaning
=============  =====================================  ==========================================================
ra, decl       RAJ2000, DEJ2000; dec                  degrees, ICRS
j_m, h_m, k_m  Jmag, Hmag, Kmag                       magnitude, empty where there is none; any band may be missing
j_msigcom ...  e_Jmag, ...                            total uncertainty, mag; empty marks an upper limit
ph_qual        Qflg                                   a letter a band; U and X are no magnitudes
rd_flg         Rflg                                   a digit a band; stars of 2 are compared
cc_flg         Cflg                                   a letter a band; stars of 0 are compared
=============  =====================================  ==========================================================
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.arrays import Bools, Doubles
from app.errors import InputError
from app.instruments.bands import BANDS, Band

PLACES = (("ra", "RAJ2000", "RA"), ("decl", "DEJ2000", "dec", "Dec", "DEC"))
MAGNITUDES = {band: (f"{band.value}_m", f"{band.value.upper()}mag") for band in BANDS}
ERRORS = {
    band: (f"{band.value}_msigcom", f"e_{band.value.upper()}mag", f"{band.value}_cmsig") for band in BANDS
}
FLAGS = {"ph_qual": ("ph_qual", "Qflg"), "rd_flg": ("rd_flg", "Rflg"), "cc_flg": ("cc_flg", "Cflg")}


class CatalogueFileError(InputError):
    """A table of published stars cannot be used."""

    code = "CATALOGUE_FILE"


@dataclass(frozen=True)
class PublishedStars:
    """Published stars; arrays (n,).

    Attributes
    ----------
    ra_deg, decl_deg : float64
        Degrees, ICRS.
    magnitude, error_mag : dict of float64
        By band; NaN where there is none.
    flags : dict of str arrays
        `ph_qual`, `rd_flg`, `cc_flg`: empty strings where the file has no such column.
    """

    ra_deg: Doubles
    decl_deg: Doubles
    magnitude: dict[Band, Doubles]
    error_mag: dict[Band, Doubles]
    flags: dict[str, NDArray[np.str_]]

    def letters(self, name: str, band: Band) -> NDArray[np.str_]:
        """Give a band's character of a flag; empty where the file has none.

        Parameters
        ----------
        name : str
            `ph_qual`, `rd_flg` or `cc_flg`.
        band : Band
            Its place in the flag.
        """
        place = band.position
        return np.array([text[place : place + 1] for text in self.flags[name]], "U1")

    def real(self, band: Band) -> Bools:
        """Tell which stars have a magnitude in a band, not an upper limit."""
        limit = np.isin(self.letters("ph_qual", band), ["U", "X"])
        return np.isfinite(self.magnitude[band]) & ~limit

    def clean(self, band: Band) -> Bools:
        """Tell which magnitudes are the best: ph_qual A, rd_flg 2, cc_flg 0, as far as the file has these flags."""
        kept = self.real(band)
        for name, letter in (("ph_qual", "A"), ("rd_flg", "2"), ("cc_flg", "0")):
            found = self.letters(name, band)
            kept &= (found == letter) | (found == "")
        return kept


def _column(header: Sequence[str], names: Sequence[str]) -> str | None:
    return next((name for name in names if name in header), None)


def _number(path: Path, line: int, name: str, text: str | None) -> float:
    words = (text or "").strip()
    if words.lower() in ("", "null", "nan", "\\n"):
        return float("nan")
    try:
        return float(words)
    except ValueError:
        raise CatalogueFileError(
            f"{path.name} line {line}: {name} = {words!r}", expected="a number, or nothing"
        ) from None


def read_published(path: Path) -> PublishedStars:
    """Read a table of published stars.

    Parameters
    ----------
    path : Path
        CSV with a line of column names.

    Returns
    -------
    PublishedStars

    Raises
    ------
    CatalogueFileError
        Raised if the file is no text, lacks places or all magnitudes, holds no star, or a number cannot be read.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            header, rows = list(reader.fieldnames or ()), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CatalogueFileError(f"{path}: {error}", expected="a readable CSV file") from None
    places = [_column(header, names) for names in PLACES]
    if None in places or not any(_column(header, MAGNITUDES[band]) for band in BANDS):
        raise CatalogueFileError(
            f"{path.name} with the columns {', '.join(header[:12]) or 'none'}",
            expected="ra, decl and at least one of j_m, h_m, k_m (mapps run match --help)",
        )
    if not rows:
        raise CatalogueFileError(f"{path.name} without a row", expected="at least one star")

    def numbers(name: str | None) -> Doubles:
        if name is None:
            return np.full(len(rows), np.nan)
        return np.array([_number(path, n + 2, name, row.get(name)) for n, row in enumerate(rows)], np.float64)

    def texts(name: str | None) -> NDArray[np.str_]:
        return np.array([(row.get(name) or "") if name else "" for row in rows], "U3")

    ra, decl = (numbers(name) for name in places)
    if not (np.isfinite(ra) & np.isfinite(decl) & (np.abs(decl) <= 90.0)).all():
        raise CatalogueFileError(f"{path.name} with a star without a place", expected="degrees in every row")
    return PublishedStars(
        ra,
        decl,
        {band: numbers(_column(header, MAGNITUDES[band])) for band in BANDS},
        {band: numbers(_column(header, ERRORS[band])) for band in BANDS},
        {name: texts(_column(header, names)) for name, names in FLAGS.items()},
    )
