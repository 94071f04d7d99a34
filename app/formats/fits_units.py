"""Header and data units of a FITS file: walked, bounded and checked before any library looks at them.

A library finds the next unit by the size that the header before it tells, allocates what NAXIS promises, and passes
over checksums unless asked. So each header is judged here first: where it ends, how large its data are, whether
CHECKSUM and DATASUM agree with the bytes (FITS standard 4.0, section 4.4.2.7 and appendix J). A sparse image of 40 GB
or a gzip file of 3.5 MB that unpacks to as many gigabytes costs no more than its first header.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from app.formats.fits_sums import ones_sum

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BLOCK_BYTES = 2880
MOST_BYTES = 2**29
"""Bytes of a file, unpacked: an Atlas image has 2 MB, the largest square that is allowed (8192 pixels) 256 MB."""
MOST_SIDE_PIX = 8192
"""Largest side of an image: 16 times the survey's width; a larger header is more likely damaged than true."""
_MOST_HEADER_BLOCKS = 1000
_CARD_BYTES = 80
_PIECE_BYTES = 2**20
_CARD = re.compile(rb"^([A-Z0-9_-]{1,8}) *= *('(?:[^']|'')*'|[^/]*)")
_PACKINGS = {
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstandard",
    b"\x1f\x9d": "compress (.Z)",
    b"\x1f\xa0": "compress (.Z)",
    b"PK\x03\x04": "zip",
    b"7z\xbc\xaf\x27\x1c": "7-zip",
    b"\x04\x22\x4d\x18": "lz4",
    b"]\x00\x00": "lzma",
}


class UnitError(Exception):
    """What is wrong with a unit.

    Parameters
    ----------
    keyword : str
        Keyword of a card, or `file`, `header`.
    found, expected, remedy : str
        As in `MappsError`.
    """

    def __init__(self, keyword: str, found: str, expected: str, remedy: str = "") -> None:
        super().__init__(f"{keyword}: found {found}; expected {expected}")
        self.keyword, self.found, self.expected, self.remedy = keyword, found, expected, remedy


@dataclass(frozen=True)
class Unit:
    """A header and where its data are.

    Attributes
    ----------
    number : int
        0 for the primary one.
    values : dict of str to bytes
        Value of the first card of each keyword as it is written, quotes included.
    start, data_start, data_bytes : int
        Place of the header and of the data in the unpacked file; size of the data without filling.
    """

    number: int
    values: dict[str, bytes]
    start: int
    data_start: int
    data_bytes: int

    @property
    def end(self) -> int:
        """Place of the next unit."""
        return self.data_start + -(-self.data_bytes // BLOCK_BYTES) * BLOCK_BYTES

    @property
    def sides(self) -> tuple[int, ...]:
        """Sides of the image that the unit holds, packed or not, pixels, as NAXISn counts; () if it holds none."""
        prefix = "Z" if self.values.get("ZIMAGE", b"").strip() == b"T" else ""
        kind = self.text("XTENSION")
        if not prefix and kind not in {"", "IMAGE"}:
            return ()
        axes = self.whole(f"{prefix}NAXIS")
        return tuple(self.whole(f"{prefix}NAXIS{axis}") for axis in range(1, axes + 1))

    def whole(self, keyword: str, missing: int | None = None) -> int:
        """Whole number of a card.

        Parameters
        ----------
        keyword : str
            Name of the card.
        missing : int, optional
            Taken if there is no such card.

        Raises
        ------
        UnitError
            Raised if the card is missing, or is no whole number.
        """
        text = self.values.get(keyword)
        if text is None and missing is not None:
            return missing
        try:
            return int((text or b"").strip().decode("ascii"))
        except ValueError:
            found = "nothing" if text is None else repr(text.decode("latin-1").strip())
            raise UnitError(keyword, f"{found} in HDU {self.number}", "a whole number") from None

    def text(self, keyword: str) -> str:
        """Text of a card, without quotes and blanks; empty if there is no such card."""
        return self.values.get(keyword, b"").strip().strip(b"'").decode("latin-1").strip()


class _Source:
    """Bytes of a file, unpacked as they are asked for, never more than allowed."""

    def __init__(self, stream: IO[bytes], most_bytes: int) -> None:
        self._stream, self._most = stream, most_bytes
        self.content = bytearray()

    @property
    def length(self) -> int:
        """Bytes that are known to be there."""
        return len(self.content)

    def part(self, start: int, end: int) -> bytes:
        """Bytes between two places, as far as the file goes; `reach` was asked for them before."""
        return bytes(self.content[start:end])

    def reach(self, end: int) -> bool:
        """Read on until `end` bytes are there; False if the file ends before."""
        if end > self._most:
            raise UnitError("file", f"more than {self._most} bytes", f"at most {self._most}")
        while len(self.content) < end:
            piece = self._stream.read(min(end - len(self.content), _PIECE_BYTES))
            if not piece:
                return False
            self.content += piece
        return True


class _PlainFile(_Source):
    """A plain file, of which only the parts that are asked for are read."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(stream, 0)
        self._size = stream.seek(0, io.SEEK_END)

    @property
    def length(self) -> int:
        """Bytes of the file."""
        return self._size

    def reach(self, end: int) -> bool:
        """Whether the file has so many bytes."""
        return end <= self._size

    def part(self, start: int, end: int) -> bytes:
        """Bytes between two places."""
        self._stream.seek(start)
        return self._stream.read(end - start)


def check_units(path: Path, until: Callable[[Unit], bool] | None = None) -> list[Unit]:
    """Check the units of a plain file as `read_units` does; data are read only where a unit has checksums.

    Parameters
    ----------
    path : Path
        A plain file.
    until : callable, optional
        Ends the check before the data of the first unit of which it is true.

    Raises
    ------
    UnitError, OSError
        Raised as by `read_units`.
    """
    with path.open("rb") as stream:
        _refuse_packing(stream.read(8))
        return _walk(_PlainFile(stream), until)


def read_units(path: Path, until: Callable[[Unit], bool] | None = None) -> tuple[bytes, list[Unit]]:
    """Unpack a FITS file and check its units.

    Parameters
    ----------
    path : Path
        A plain or gzip file.
    until : callable, optional
        Ends reading with the header of the first unit of which it is true, before its data; without it all units are
        read and their checksums compared.

    Returns
    -------
    content : bytes
        The unpacked file as far as it was read, without what may fill up its end.
    units : list of Unit
        In the order of the file.

    Raises
    ------
    UnitError
        Raised if the file is not FITS, packed otherwise, larger than allowed, cut short, has something behind its last
        unit, or does not agree with its own checksums.
    OSError
        Raised if the file cannot be read.
    """
    with path.open("rb") as raw:
        magic = raw.read(8)
        raw.seek(0)
        _refuse_packing(magic)
        packed = magic[:2] == b"\x1f\x8b"
        # GzipFile is no IO[bytes] to the type checker, though it has its methods.
        stream = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if packed else raw
        source = _Source(stream, MOST_BYTES)
        try:
            units = _walk(source, until)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise UnitError("file", f"a damaged gzip file ({error})", "a whole FITS file") from error
    return bytes(source.content[: units[-1].data_start if until else units[-1].end]), units


def units_of(content: bytes) -> list[Unit]:
    """Units of a file in memory, sizes and checksums looked at as `read_units` does.

    Parameters
    ----------
    content : bytes
        A whole plain file.

    Raises
    ------
    UnitError
        Raised as by `read_units`.
    """
    return _walk(_Source(io.BytesIO(content), MOST_BYTES), None)


def _refuse_packing(magic: bytes) -> None:
    for start, name in _PACKINGS.items():
        if magic.startswith(start):
            raise UnitError(
                "file", f"{name} compression", "a plain, gzip (.gz) or tile-compressed (.fz) file"
            )


def _walk(source: _Source, until: Callable[[Unit], bool] | None) -> list[Unit]:
    units: list[Unit] = []
    start = 0
    while source.reach(start + 1):
        if units and not _starts_unit(source, start):
            _check_rest(source, start, len(units))
            break
        unit = _read_header(source, start, len(units))
        _check_size(unit)
        units.append(unit)
        if until is not None and until(unit):
            return units
        if not source.reach(unit.end):
            found = f"{source.length} bytes, cut short in the data of HDU {unit.number}"
            raise UnitError("file", found, f"a whole FITS file: {unit.end} bytes by its headers")
        _check_sums(source, unit)
        start = unit.end
    if not units:
        raise UnitError("file", "no bytes", "a whole FITS file")
    return units


def _starts_unit(source: _Source, start: int) -> bool:
    source.reach(start + 8)
    return source.part(start, start + 8) == b"XTENSION"


def _check_rest(source: _Source, start: int, units: int) -> None:
    """Refuse what follows the last unit, unless it only fills up the last block of a tape."""
    while source.reach(source.length + _PIECE_BYTES):
        pass
    rest = source.part(start, min(source.length, start + MOST_BYTES))
    if rest.strip(b"\0 "):
        found = f"{len(rest)} bytes behind the last of {units} whole HDUs that are no HDU"
        raise UnitError("file", found, "the end of the file", "cut them off, or copy the file again")


def _read_header(source: _Source, start: int, number: int) -> Unit:
    values: dict[str, bytes] = {}
    if number == 0 and (not source.reach(30) or source.part(0, 9) != b"SIMPLE  ="):
        raise UnitError("file", repr(source.part(0, 9))[1:], "a FITS file, which begins with 'SIMPLE  ='")
    for block in range(_MOST_HEADER_BLOCKS):
        place = start + block * BLOCK_BYTES
        if not source.reach(place + BLOCK_BYTES):
            break
        cards = source.part(place, place + BLOCK_BYTES)
        for at in range(0, BLOCK_BYTES, _CARD_BYTES):
            card = cards[at : at + _CARD_BYTES]
            if card.rstrip() == b"END":
                return _unit_of(number, values, start, place + BLOCK_BYTES)
            match = _CARD.match(card)
            if match is not None:
                values.setdefault(match[1].decode("ascii"), match[2])
    before = f"; the {number} before it are whole" if number else ""
    raise UnitError("header", f"no END card in the header of HDU {number}{before}", "a whole FITS file")


def _unit_of(number: int, values: dict[str, bytes], start: int, data_start: int) -> Unit:
    """Judge the cards that tell the size of the data."""
    unit = Unit(number, values, start, data_start, 0)
    if number == 0 and values.get("SIMPLE", b"").strip() != b"T":
        raise UnitError("SIMPLE", repr(unit.text("SIMPLE")), "T, a file of the FITS standard")
    bits, axes = unit.whole("BITPIX"), unit.whole("NAXIS")
    if bits not in {8, 16, 32, 64, -32, -64} or not 0 <= axes <= 999:
        raise UnitError("BITPIX", f"{bits}, NAXIS {axes} in HDU {number}", "8, 16, 32, 64, -32 or -64")
    sides = [unit.whole(f"NAXIS{axis}") for axis in range(1, axes + 1)]
    groups, parameters = unit.whole("GCOUNT", 1), unit.whole("PCOUNT", 0)
    if min([*sides, groups, parameters]) < 0:
        raise UnitError("header", f"HDU {number} of a size below nothing", "a whole FITS file")
    if unit.text("GROUPS") == "T":
        raise UnitError("GROUPS", "T", "an image, not random groups")
    pixels = 1 if axes else 0
    for side in sides:
        pixels *= side
    return Unit(number, values, start, data_start, abs(bits) // 8 * groups * (parameters + pixels))


def _check_size(unit: Unit) -> None:
    sides = unit.sides
    if not sides:
        return
    name = "ZNAXIS" if "ZIMAGE" in unit.values else "NAXIS"
    for axis, side in enumerate(sides, start=1):
        if side > MOST_SIDE_PIX:
            raise UnitError(
                f"{name}{axis}", f"{side} pixels in HDU {unit.number}", f"at most {MOST_SIDE_PIX} pixels"
            )
    # Packed pixels are judged by what they unpack to, and their tiles must not be larger than the image.
    unpacked = abs(unit.whole(f"{name[:-5]}BITPIX")) // 8
    for axis, side in enumerate(sides, start=1):
        unpacked *= side
        if name == "ZNAXIS" and not 0 < unit.whole(f"ZTILE{axis}", side or 1) <= MOST_SIDE_PIX:
            raise UnitError(f"ZTILE{axis}", unit.text(f"ZTILE{axis}"), "a side within the image")
    if unpacked > MOST_BYTES:
        raise UnitError(name, f"{unpacked} bytes of pixels in HDU {unit.number}", f"at most {MOST_BYTES}")


def _check_sums(source: _Source, unit: Unit) -> None:
    """Compare a unit with its own checksums; an empty card says that its writer knew none."""
    told_data, told_all = unit.text("DATASUM"), unit.text("CHECKSUM")
    if not told_data and not told_all:
        return
    data = ones_sum(source.part(unit.data_start, unit.end))
    header = ones_sum(source.part(unit.start, unit.data_start))
    place = f"HDU {unit.number}"
    if told_data:
        if not told_data.isdigit():
            raise UnitError("DATASUM", repr(told_data), "a whole number")
        # Of no data and of zeros alone the sum is 0 or all bits, which are the same number.
        if (int(told_data) - data) % 0xFFFFFFFF:
            raise UnitError("DATASUM", f"{data}, the sum over the data of {place}", f"{told_data}", _REMEDY)
    if told_all.strip("0") and (header + data) % 0xFFFFFFFF:
        raise UnitError("CHECKSUM", f"a sum of {header + data:#x} over {place}", "0xffffffff", _REMEDY)


_REMEDY = "copy the file again; if it was edited on purpose, write its checksums anew"
