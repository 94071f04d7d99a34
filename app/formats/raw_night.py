"""Raw files: one FITS file a scan and band, with both reads of every frame.

Layout, in this order, the quick parts first:

* primary: keywords of the scan (`raw_header`), no data;
* FRAMES: one row a frame (`FRAME_DTYPE`);
* READ1, READ2: uint16 cubes (n, ny, nx) of the camera's size, DN, RICE-compressed without loss, one tile a frame.

Array axes: x (last) runs to the west, y to the north, as in the survey's frames and Atlas images. A missing
frame is legal: its row has `missing` set and its pixels are 0 in both reads. A frame with zeros alone in either read
is read as missing, whatever its row says.

Tile and method were measured on 48 frames of noise around a pedestal (write s, read s, size / uint16 size):
RICE by frame 0.06, 0.03, 0.43; RICE by row 0.32, 0.20, 0.45; GZIP_2 by frame 0.12 to 2.7, 0.09, 0.44 to 0.50.

The same content gives the same bytes: no creation dates, fixed order of keywords.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from app.arrays import Bools, Counts, Table
from app.errors import InputError
from app.formats.fits_units import UnitError, check_units
from app.formats.hdu_chain import broken_link
from app.formats.library_warnings import library_warnings
from app.formats.raw_contradictions import contradictions
from app.formats.raw_header import Problem, RawScanHeader, ScanType, fill_header, parse_header
from app.formats.raw_names import file_name, parse_file_name, survey_day_number
from app.formats.raw_tiles import decoded_cube
from app.instruments.cameras import camera_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from astropy.io import fits

__all__ = [
    "FRAME_DTYPE",
    "Problem",
    "RawScan",
    "RawScanHeader",
    "ScanType",
    "file_name",
    "inspect_raw_scan",
    "parse_file_name",
    "read_raw_header",
    "read_raw_scan",
    "survey_day_number",
    "validate",
    "write_raw_scan",
]


FRAME_DTYPE = np.dtype(
    [
        ("number", "i4"),  # 1 to n in the order of time
        ("mjd", "f8"),  # UTC, middle of the Read_1 to Read_2 exposure, days
        ("ra_deg", "f8"),  # commanded ICRS position of the focal-plane centre, NaN if the shutter is closed
        ("decl_deg", "f8"),
        ("airmass", "f4"),  # NaN if the shutter is closed
        ("missing", "?"),  # a frame that the camera never delivered: both reads are 0
    ]
)
_UNITS = {"mjd": "d", "ra_deg": "deg", "decl_deg": "deg"}


@dataclass(frozen=True)
class RawScan:
    """One band of one scan as the observatory delivered it.

    Attributes
    ----------
    header : RawScanHeader
        Keywords of the scan.
    frames : structured array of FRAME_DTYPE, (n,)
        One row for each frame, in the order of time.
    read1_dn, read2_dn : uint16 arrays (n, ny, nx)
        Non-destructive reads 51 ms and 1.351 s after reset, DN above the electronics' zero.
    """

    header: RawScanHeader
    frames: Table
    read1_dn: Counts
    read2_dn: Counts


def write_raw_scan(path: Path, scan: RawScan) -> None:
    """Write a raw file; the file appears whole or not at all.

    Parameters
    ----------
    path : Path
        Target; its name must be the scan's own (`scan.header.file_name`).
    scan : RawScan
        Content of the file.

    Raises
    ------
    InputError
        Raised if the name, the shapes or the types do not agree with the header.
    """
    from astropy.io import fits

    header = scan.header
    shape = (header.frame_count, *_frame_shape(header, scan.read1_dn.shape[1:]))
    if path.name != header.file_name:
        raise InputError(f"{path}: file name {path.name}", expected=header.file_name)
    if scan.frames.dtype != FRAME_DTYPE or scan.frames.shape != shape[:1]:
        raise InputError(f"{path}: frames {scan.frames.shape}", expected=f"FRAME_DTYPE, {shape[:1]}")
    for name, cube in (("READ1", scan.read1_dn), ("READ2", scan.read2_dn)):
        if cube.dtype != np.uint16 or cube.shape != shape:
            raise InputError(f"{path}: {name} {cube.dtype} {cube.shape}", expected=f"uint16 {shape}")
    primary = fits.PrimaryHDU()
    fill_header(primary.header, header)
    table = fits.BinTableHDU(scan.frames, name="FRAMES")
    for number, column in enumerate(FRAME_DTYPE.names or (), start=1):
        if column in _UNITS:
            table.header.set(f"TUNIT{number}", _UNITS[column], after=f"TFORM{number}")
    hdus = [primary, table]
    for name, cube in (("READ1", scan.read1_dn), ("READ2", scan.read2_dn)):
        image = fits.CompImageHDU(cube, name=name, compression_type="RICE_1", tile_shape=(1, *shape[1:]))
        image.header["BUNIT"] = "DN"
        hdus.append(image)
    partial = path.with_name(path.name + ".part")
    fits.HDUList(hdus).writeto(partial, overwrite=True)
    partial.replace(path)


def _frame_shape(header: RawScanHeader, found: tuple[int, ...]) -> tuple[int, ...]:
    """Rows and columns of the camera's frames; as found where nobody knows it, which `camera_problems` tells."""
    try:
        return camera_of(header.camera).detector(header.band).shape
    except InputError:
        return found


def _stored_shape(hdus: fits.HDUList) -> tuple[int, ...]:
    try:
        return tuple(hdus["READ1"].shape[1:])
    except Exception:  # noqa: BLE001 - damaged headers raise exceptions of many families; `_read_cube` tells of them
        return ()


def read_raw_scan(path: Path) -> RawScan:
    """Read a raw file whole.

    Raises
    ------
    InputError
        Raised if the file has a fault that `validate` looks for; the message gives the first problem, and how many
        there are.
    """
    scan, problems = inspect_raw_scan(path)
    if scan is None:
        raise _as_error(problems)
    return scan


def read_raw_header(path: Path) -> tuple[RawScanHeader, Table]:
    """Read the keywords and the FRAMES table only, in milliseconds: the pixels are not touched.

    Raises
    ------
    InputError
        Raised if the file cannot be read or its keywords or table are wrong.
    """
    problems: list[Problem] = []
    with _opened(path, problems, header_only=True) as hdus:
        header, frames = _inspect_light(hdus, path.name, problems) if hdus is not None else (None, None)
    if header is None or frames is None or problems:
        raise _as_error(problems)
    return header, frames


def validate(path: Path) -> list[Problem]:
    """All faults of a raw file; an empty list if the file is sound.

    These are: an unreadable or truncated file, missing or contradictory keywords, bad dates, missing extensions, a
    wrong shape or type, a frame table that disagrees with the cubes, times that run backwards, pixels that cannot be
    decompressed, missing frames that are not blank. Damaged content raises nothing.
    """
    return inspect_raw_scan(path)[1]


def _as_error(problems: list[Problem]) -> InputError:
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return InputError(f"{first.file}: {first.keyword}: {first.found}{more}", expected=first.expected)


@contextmanager
def _opened(path: Path, problems: list[Problem], *, header_only: bool = False) -> Iterator[Any]:
    """Open a FITS file; yields None and notes a problem if the file cannot be opened."""
    from astropy.io import fits

    # Sizes and checksums are looked at before the library takes memory for what a header promises.
    with library_warnings(*([".*truncated.*"] if header_only else [])):
        try:
            check_units(path, (lambda unit: bool(unit.sides)) if header_only else None)
            hdus = fits.open(path, memmap=False)
        except UnitError as error:
            problems.append(Problem(path.name, error.keyword, error.found, error.expected))
            yield None
            return
        except Exception as error:  # noqa: BLE001 - astropy meets damaged headers with exceptions of many families
            problems.append(Problem(path.name, "file", str(error), "a readable FITS file"))
            yield None
            return
        with hdus:
            broken = _broken_link(hdus)
            if broken:
                problems.append(Problem(path.name, "header", broken, "a whole FITS file"))
            yield None if broken else hdus


def _broken_link(hdus: fits.HDUList) -> str:
    try:
        return broken_link(hdus)
    except Exception as error:  # noqa: BLE001 - astropy meets damaged headers with exceptions of many families
        return f"unreadable ({error})"


def _inspect_light(
    hdus: fits.HDUList, file: str, problems: list[Problem]
) -> tuple[RawScanHeader | None, Table | None]:
    """Read keywords and frame table; a part that cannot be read is None, with its problem noted."""
    try:
        header, found = parse_header(hdus[0].header, file)
        found += contradictions(hdus, file)
    except Exception as error:  # noqa: BLE001 - astropy meets damaged cards with exceptions of many families
        problems.append(Problem(file, "primary header", f"unreadable ({error})", "keywords of a raw scan"))
        return None, None
    problems.extend(found)
    if header is not None:
        _check_name(header, file, problems)
    try:
        table = hdus["FRAMES"].data  # a FITS_rec, whose fields come converted (logical T, F to bool)
    except KeyError:
        problems.append(Problem(file, "FRAMES", "no such extension", "a table of frames"))
        return header, None
    except Exception as error:  # noqa: BLE001 - as above, for table data
        problems.append(Problem(file, "FRAMES", f"unreadable ({error})", "a table of frames"))
        return header, None
    if table is None:
        problems.append(Problem(file, "FRAMES", "no data", "a table of frames"))
        return header, None
    return header, _check_frames(table, header, file, problems)


def _check_name(header: RawScanHeader, file: str, problems: list[Problem]) -> None:
    if file != header.file_name:
        problems.append(
            Problem(file, "FN_PRFX", header.file_name.removesuffix(".fits"), file.removesuffix(".fits"))
        )


def _check_frames(
    table: Any, header: RawScanHeader | None, file: str, problems: list[Problem]
) -> Table | None:
    """Bring the frame table to FRAME_DTYPE, checked against the header."""
    names = FRAME_DTYPE.names or ()
    absent = [name for name in names if name not in (table.dtype.names or ())]
    if absent:
        problems.append(Problem(file, "FRAMES", f"no column {', '.join(absent)}", ", ".join(names)))
        return None
    frames = np.zeros(table.shape, FRAME_DTYPE)
    try:
        for name in names:
            frames[name] = table[name]
    except (ValueError, TypeError) as error:
        problems.append(Problem(file, "FRAMES", f"columns of another type ({error})", str(FRAME_DTYPE)))
        return None
    if header is None:
        return frames
    if frames.size != header.frame_count:
        problems.append(Problem(file, "FRAMES", f"{frames.size} rows", f"{header.frame_count} by NUMFRMS"))
        return None
    if not np.array_equal(frames["number"], np.arange(1, frames.size + 1)):
        problems.append(Problem(file, "FRAMES.number", "numbers out of order", f"1 to {frames.size}"))
    mjd = frames["mjd"]
    start = header.start.timestamp() / 86400.0 + 40587.0  # MJD of 1970-01-01
    if not np.all(np.isfinite(mjd)) or np.any(np.diff(mjd) <= 0.0):
        problems.append(Problem(file, "FRAMES.mjd", "times that do not increase", "finite, increasing MJD"))
    elif not start <= mjd[0] < mjd[-1] + 1e-9 < start + 1.0:
        problems.append(
            Problem(file, "FRAMES.mjd", f"{mjd[0]:.5f}", f"{start:.5f} (UT_DATE, UT) or up to a day later")
        )
    if header.scan_type.on_sky:
        _check_pointing(frames, file, problems)
    return frames


def _check_pointing(frames: Table, file: str, problems: list[Problem]) -> None:
    """Note frames of a scan on the sky that do not say where they were taken."""
    if not (np.all(np.isfinite(frames["ra_deg"])) and np.all(np.abs(frames["decl_deg"]) <= 90)):
        problems.append(
            Problem(file, "FRAMES.decl_deg", "not a number or out of range", "a position for every frame")
        )
    if not np.all((frames["airmass"] >= 1.0) & (frames["airmass"] <= 40.0)):
        # Zero points of images depend on the airmass: a NaN would go into every magnitude.
        problems.append(
            Problem(file, "FRAMES.airmass", "not a number or out of range", "1 to 40 for every frame")
        )


def _read_cube(
    hdus: fits.HDUList, name: str, wanted: tuple[int, ...], path: Path, problems: list[Problem]
) -> Counts | None:
    """One read's cube, or None with a problem noted."""
    file, expected = path.name, f"uint16 {wanted}"
    try:
        hdu = hdus[name]
        shape, data = tuple(hdu.shape), None
        if shape == wanted:
            data = decoded_cube(hdu, path)
            data = hdu.data if data is None else data
    except KeyError:
        problems.append(Problem(file, name, "no such extension", expected))
        return None
    except Exception as error:  # noqa: BLE001 - damaged tiles raise exceptions of many families
        problems.append(Problem(file, name, f"cannot be decompressed ({error})", expected))
        return None
    if data is None:
        problems.append(Problem(file, name, f"shape {shape}", expected))
        return None
    if data.dtype != np.uint16:
        problems.append(Problem(file, name, f"type {data.dtype}", expected))
        return None
    return np.ascontiguousarray(data, np.uint16)


def inspect_raw_scan(path: Path) -> tuple[RawScan | None, list[Problem]]:
    """Read a file whole and list all its faults, as `validate` does.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    RawScan or None
        None if the file has any fault. Frames with zeros alone in either read count as missing, whatever their row
        says.
    list of Problem
        Faults, in the order in which they were found.
    """
    problems: list[Problem] = []
    with _opened(path, problems) as hdus:
        if hdus is None:
            return None, problems
        header, frames = _inspect_light(hdus, path.name, problems)
        if header is None or frames is None:
            return None, problems
        _check_size(hdus, path, problems)
        shape = (header.frame_count, *_frame_shape(header, _stored_shape(hdus)))
        read1 = _read_cube(hdus, "READ1", shape, path, problems)
        read2 = _read_cube(hdus, "READ2", shape, path, problems)
    if read1 is None or read2 is None:
        return None, problems
    problems.extend(
        Problem(path.name, "FRAMES.missing", f"frame {number} has pixels", "0 in both reads")
        for number in frames["number"][frames["missing"]]
        if read1[number - 1].any() or read2[number - 1].any()
    )
    frames["missing"] |= ~(_lit(read1) & _lit(read2))
    return (None if problems else RawScan(header, frames, read1, read2)), problems


def _lit(cube: Counts) -> Bools:
    """Table in which any pixel is above 0: the pedestal is some 1800 DN, so a frame of zeros never was."""
    # The first row nearly always has such a pixel.
    return np.array([frame[0].any() or frame.any() for frame in cube], np.bool_)


def _check_size(hdus: fits.HDUList, path: Path, problems: list[Problem]) -> None:
    """Note a file that is shorter than its headers promise, because it was cut on the way."""
    try:
        info = hdus[-1].fileinfo()
        end = info["datLoc"] + info["datSpan"]
    except Exception as error:  # noqa: BLE001 - a header cut in two raises exceptions of many families
        problems.append(Problem(path.name, "file", f"unreadable ({error})", "a whole FITS file"))
        return
    if path.stat().st_size < end:
        problems.append(
            Problem(path.name, "file", f"{path.stat().st_size} bytes", f"{end} bytes by its headers")
        )
