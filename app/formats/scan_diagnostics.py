"""Diagnostics of a scan as a FITS file: tables as they are, pieces of images as integers below their noise.

Extensions of a band are FRAMES_J, CHI2_J, STARS_J, WELLS_J, where stars told it the point-spread function PSF_J and its
WING_J, and, where there is a piece, IMAGE_J and RESID_J; REFS holds the
reference stars, GALAXIES and PAIRS the sources that are shown; the pieces come last, GALAXY_P and PAIR_P with three
squares a row and a row a source. At most `MOST_STARS` stars a band and a piece of `MOST_PIXELS` pixels are kept,
so that a file of three bands stays below 3 MB: they serve medians and pictures, not measurements. The same content
gives the same bytes.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from app.arrays import Table
from app.columns.diagnostics import (
    CELLS,
    FRAME_DIAGNOSTIC_DTYPE,
    GALAXY_DIAGNOSTIC_DTYPE,
    PAIR_DIAGNOSTIC_DTYPE,
    REFERENCE_DIAGNOSTIC_DTYPE,
    STAR_DIAGNOSTIC_DTYPE,
    WELL_DTYPE,
    BandDiagnostics,
    LearntTable,
    Pieces,
    Plane,
    ScanDiagnostics,
)
from app.errors import InputError
from app.formats.fits_units import UnitError, read_units
from app.formats.library_warnings import library_warnings
from app.formats.scaled_plane import decompression_error, plane_hdu, plane_noise, step_below
from app.formats.signed_file import with_checksums
from app.instruments.bands import BANDS, Band

__all__ = [
    "FRAME_DIAGNOSTIC_DTYPE",
    "REFERENCE_DIAGNOSTIC_DTYPE",
    "STAR_DIAGNOSTIC_DTYPE",
    "BandDiagnostics",
    "DiagnosticsFileError",
    "ScanDiagnostics",
    "read_diagnostics",
    "write_diagnostics",
]

FORMAT = 1
"""Version of the file's layout, keyword DIAGVERS."""
_SHOWN = (("GALAXIES", GALAXY_DIAGNOSTIC_DTYPE, "GALAXY_P"), ("PAIRS", PAIR_DIAGNOSTIC_DTYPE, "PAIR_P"))
"""Table, its rows, and pieces of the sources that are shown."""
MOST_STARS = 20_000
MOST_PIXELS = 512 * 512


class DiagnosticsFileError(InputError):
    """A diagnostics file is damaged, or of another version."""

    code = "DIAGNOSTICS_FILE"


def write_diagnostics(diagnostics: ScanDiagnostics) -> bytes:
    """Bytes of the file.

    Raises
    ------
    ValueError
        Raised if a table has other fields than its dtype, or a plane another shape than it should: a bug.
    """
    from astropy.io import fits

    primary = fits.PrimaryHDU()
    primary.header["ORIGIN"] = ("mapps", "writer")
    primary.header["DIAGVERS"] = (FORMAT, "version of this layout")
    primary.header["BANDS"] = ("".join(band.band for band in diagnostics.bands), "bands in the file")
    hdus: list[Any] = [primary]
    pieces = b""
    for band in diagnostics.bands:
        bounded = _bounded(band)
        hdus += _band_hdus(bounded)
        pieces += _pieces(bounded)
    hdus.append(_table_hdu(diagnostics.references, REFERENCE_DIAGNOSTIC_DTYPE, "REFS"))
    for (name, dtype, plane), shown in zip(_SHOWN, (diagnostics.galaxies, diagnostics.pairs), strict=True):
        if shown.table.size:
            hdus.append(_table_hdu(shown.table, dtype, name))
            hdus[-1].header["BAND"] = (shown.band.value, "band of the pieces")
            pieces += _mosaic(shown, plane)
    buffer = io.BytesIO()
    fits.HDUList(hdus).writeto(buffer)
    return with_checksums(buffer.getvalue() + pieces)


def read_diagnostics(path: Path) -> ScanDiagnostics:
    """Diagnostics of a file.

    Raises
    ------
    DiagnosticsFileError
        Raised if the file is missing, damaged, lacks a part, or is of another version.
    """
    from astropy.io import fits

    with library_warnings():
        try:
            content, _ = read_units(path)
            with fits.open(io.BytesIO(content), memmap=False) as hdus:
                return _scan(hdus)
        except (OSError, EOFError, zlib.error, UnitError, Warning, decompression_error()) as error:
            raise _damaged(path, error) from error
        except (ValueError, TypeError, KeyError, IndexError, RuntimeError, fits.VerifyError) as error:
            raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> DiagnosticsFileError:
    found = " ".join(f"{path}: {type(error).__name__}: {error}".split())[:300]
    return DiagnosticsFileError(
        found,
        expected=f"a whole diagnostics file of version {FORMAT}",
        remedy="recall the scan and let it be reduced again: mapps run recall --requeue",
    )


def _bounded(band: BandDiagnostics) -> BandDiagnostics:
    """Keep as much as medians and pictures need: even steps through the stars, the middle of the piece."""
    stars = band.stars
    if stars.size > MOST_STARS:
        stars = stars[np.arange(MOST_STARS) * stars.size // MOST_STARS]
    if band.image.shape != band.residual.shape or band.image.ndim != 2:
        raise ValueError(f"image {band.image.shape} and residual {band.residual.shape} must be of one shape")
    rows, columns = band.image.shape
    keep_columns = min(columns, 512)
    keep_rows = min(rows, MOST_PIXELS // max(keep_columns, 1))
    y, x = (rows - keep_rows) // 2, (columns - keep_columns) // 2
    piece = np.s_[y : y + keep_rows, x : x + keep_columns]
    return replace(band, stars=stars, image=band.image[piece], residual=band.residual[piece])


def _band_hdus(band: BandDiagnostics) -> list[Any]:
    from astropy.io import fits

    letter = band.band.value.upper()
    if band.chi2_map.shape != (CELLS, CELLS):
        raise ValueError(f"chi2_map {band.chi2_map.shape} must be ({CELLS}, {CELLS})")
    return [
        _table_hdu(band.frames, FRAME_DIAGNOSTIC_DTYPE, f"FRAMES_{letter}"),
        fits.ImageHDU(np.asarray(band.chi2_map, np.float32), name=f"CHI2_{letter}"),
        _table_hdu(band.stars, STAR_DIAGNOSTIC_DTYPE, f"STARS_{letter}"),
        *_profile_hdus(band.profile, letter),
        _table_hdu(band.wells, WELL_DTYPE, f"WELLS_{letter}"),
    ]


def _profile_hdus(profile: LearntTable | None, letter: str) -> list[Any]:
    from astropy.io import fits

    if profile is None:
        return []
    nodes = fits.ImageHDU(np.asarray(profile.nodes, np.float32), name=f"PSF_{letter}")
    nodes.header["FWHMPIX"] = (float(profile.fwhm_pix), "full width at half maximum, pixels")
    nodes.header["NSTARS"] = (int(profile.stars), "stars that it was learnt from")
    return [nodes, fits.ImageHDU(np.asarray(profile.wing, np.float32), name=f"WING_{letter}")]


def _profile(hdus: Any, letter: str) -> LearntTable | None:
    if f"PSF_{letter}" not in hdus:
        return None
    header = hdus[f"PSF_{letter}"].header
    tables = _plane(hdus, f"PSF_{letter}"), _plane(hdus, f"WING_{letter}")
    return LearntTable(*tables, float(header["FWHMPIX"]), int(header["NSTARS"]))


def _pieces(band: BandDiagnostics) -> bytes:
    """Bytes of the extensions of the piece of an image; none if there is no piece."""
    if not band.image.size:
        return b""
    letter = band.band.value.upper()
    # Both have one step, because the residual is looked at in units of the noise of the image.
    step = step_below(plane_noise(band.residual))
    return plane_hdu(band.image, f"IMAGE_{letter}", step) + plane_hdu(band.residual, f"RESID_{letter}", step)


def _mosaic(shown: Pieces, name: str) -> bytes:
    """Bytes of the extension of the pieces of sources."""
    n, three, side, _ = shown.planes.shape
    if (n, three) != (shown.table.size, 3):
        raise ValueError(f"{name}: pieces {shown.planes.shape} of {shown.table.size} sources")
    plane = np.ascontiguousarray(shown.planes.transpose(0, 2, 1, 3).reshape(n * side, 3 * side))
    return plane_hdu(plane, name, step_below(plane_noise(shown.planes[:, 2].reshape(n * side, side))))


def _shown(hdus: Any, name: str, dtype: np.dtype[np.void], plane: str) -> Pieces:
    if name not in hdus:
        return Pieces.none(dtype)
    table, pixels = _table(hdus, name, dtype), _plane(hdus, plane)
    side = pixels.shape[1] // 3
    planes = pixels.reshape(table.size, side, 3, side).transpose(0, 2, 1, 3)
    return Pieces(Band(hdus[name].header["BAND"]), table, np.ascontiguousarray(planes))


def _table_hdu(table: Table, dtype: np.dtype[np.void], name: str) -> Any:
    from astropy.io import fits

    if table.dtype.names != dtype.names:
        raise ValueError(f"{name}: fields {table.dtype.names} must be {dtype.names}")
    return fits.BinTableHDU(table.astype(dtype), name=name)


def _scan(hdus: Any) -> ScanDiagnostics:
    header = hdus[0].header
    if header["DIAGVERS"] != FORMAT:
        raise ValueError(f"version {header['DIAGVERS']}")
    bands = tuple(_band(hdus, band) for band in BANDS if band.value in str(header["BANDS"]))
    shown = [_shown(hdus, *names) for names in _SHOWN]
    return ScanDiagnostics(bands, _table(hdus, "REFS", REFERENCE_DIAGNOSTIC_DTYPE), *shown)


def _band(hdus: Any, band: Band) -> BandDiagnostics:
    letter = band.value.upper()
    cells = _plane(hdus, f"CHI2_{letter}")
    if cells.shape != (CELLS, CELLS):
        raise ValueError(f"CHI2_{letter} has shape {cells.shape}")
    pieces = {}
    if f"IMAGE_{letter}" in hdus:
        pieces = {"image": _plane(hdus, f"IMAGE_{letter}"), "residual": _plane(hdus, f"RESID_{letter}")}
    return BandDiagnostics(
        band,
        frames=_table(hdus, f"FRAMES_{letter}", FRAME_DIAGNOSTIC_DTYPE),
        chi2_map=cells,
        stars=_table(hdus, f"STARS_{letter}", STAR_DIAGNOSTIC_DTYPE),
        profile=_profile(hdus, letter),
        wells=_table(hdus, f"WELLS_{letter}", WELL_DTYPE),
        **pieces,
    )


def _plane(hdus: Any, name: str) -> Plane:
    return np.array(hdus[name].data, np.float32)


def _table(hdus: Any, name: str, dtype: np.dtype[np.void]) -> Table:
    """Rows in the byte order of this machine."""
    stored = hdus[name].data
    table = np.zeros(len(stored), dtype)
    for column in dtype.names or ():
        table[column] = stored[column]
    return table
