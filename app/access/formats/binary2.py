"""VOTable with BINARY2, which is nearly what binary COPY sends: both are big-endian, lengths go and null bits come.

Numbers of a fixed size follow each other; a text of varying length keeps its four bytes of length. A compiled loop
makes a gigabyte in seconds.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.access.answer import Answer
from app.access.formats.rows import Cut
from app.access.formats.votable import head, provenance, tail
from app.columns.public_table import PublicColumn
from app.kernel_place import use_kernel_place

use_kernel_place(Path(__file__).parent / "__pycache__")

OPTIONS = "FORMAT binary"
"""Options of COPY."""
_HEADER_BYTES = 19
_SIZES = {"short": 2, "int": 4, "long": 8, "float": 4, "double": 8}
_LINE = 57 * 1024
"""Bytes between line ends of base64, a multiple of three."""
Bytes = NDArray[np.uint8]


@njit(cache=True)
def length_at(given: Bytes, place: int) -> int:  # pragma: no cover - compiled
    """Read four bytes as a number without a sign: a null is 4294967295."""
    length = 0
    for byte in range(4):
        length = (length << 8) | int(given[place + byte])
    return length


@njit(cache=True)
def copy_rows(
    given: Bytes, sizes: NDArray[np.int64], is_float: NDArray[np.bool_], made: Bytes
) -> tuple[int, int, int]:  # pragma: no cover - compiled
    """Turn rows of binary COPY into rows of BINARY2.

    Parameters
    ----------
    given : uint8 array
        Whole rows.
    sizes : int64 array (columns,)
        Bytes of a value; 0 for a text of varying length, less than 0 for one of that many characters.
    is_float : bool array (columns,)
        Whether a null is written as NaN.
    made : uint8 array
        Where rows go.

    Returns
    -------
    (int, int, int)
        Bytes that were read, bytes that were written, rows.
    """
    columns = sizes.size
    mask_bytes = (columns + 7) // 8
    place, out, rows = 0, 0, 0
    while place + 2 <= given.size:
        # A trailer of -1 in place of the number of columns ends the stream.
        if given[place] == 255 and given[place + 1] == 255:
            break
        place += 2
        mask = out
        for byte in range(mask_bytes):
            made[out + byte] = 0
        out += mask_bytes
        for column in range(columns):
            length = length_at(given, place)
            place += 4
            null = length == 0xFFFFFFFF
            if null:
                made[mask + column // 8] |= np.uint8(128 >> (column % 8))
                length = 0
            size = int(sizes[column])
            if size == 0:
                for byte in range(4):
                    made[out + byte] = (length >> (24 - 8 * byte)) & 255
                out += 4
                size = length
            elif size < 0:
                size = -size
            for byte in range(size):
                made[out + byte] = given[place + byte] if byte < length else 0
            if null and is_float[column]:
                made[out] = 127
                made[out + 1] = 192 if size == 4 else 248
            out += size
            place += length
        rows += 1
    return place, out, rows


def sizes_of(columns: tuple[PublicColumn, ...]) -> NDArray[np.int64]:
    """Give the bytes of each column as `copy_rows` takes them."""

    def size(column: PublicColumn) -> int:
        if column.datatype in _SIZES:
            return _SIZES[column.datatype]
        return -int(column.arraysize) if column.arraysize.isdigit() else 0

    return np.array([size(column) for column in columns], np.int64)


class Rows:
    """Turns a stream of binary COPY into rows of BINARY2.

    Parameters
    ----------
    columns : tuple of PublicColumn
        Columns of the rows.
    """

    def __init__(self, columns: tuple[PublicColumn, ...]) -> None:
        self._sizes = sizes_of(columns)
        self._floats = np.array([column.datatype in {"float", "double"} for column in columns])
        self._begun = False

    def of(self, block: bytes) -> tuple[bytes, int]:
        """Give the rows of a block, which holds whole ones, and their number."""
        if not self._begun:
            # Signature, flags and an extension without content.
            block, self._begun = block[_HEADER_BYTES:], True
        given = np.frombuffer(block, np.uint8)
        # Texts of a fixed length may be longer than what is sent; a row has two bytes for its number of columns.
        fixed = int(np.abs(self._sizes).sum()) + self._sizes.size
        room = given.size + (given.size // (2 + 4 * self._sizes.size) + 1) * (fixed + 8)
        made = np.empty(room, np.uint8)
        _, size, rows = copy_rows(given, self._sizes, self._floats, made)
        return made[:size].tobytes(), int(rows)


def warm() -> None:
    """Compile the loop, or take it from where compiled code is kept, before somebody waits for it."""
    Rows((PublicColumn("x", "int", ""),)).of(bytes(_HEADER_BYTES) + b"\xff\xff")


def in_lines(content: bytes) -> bytes:
    """Write bytes as base64 with line ends."""
    return b"".join(
        base64.b64encode(content[at : at + _LINE]) + b"\n" for at in range(0, len(content), _LINE)
    )


async def write(answer: Answer, cut: Cut) -> AsyncGenerator[bytes, None]:
    """Write an answer as VOTable with BINARY2."""
    yield head(answer.columns, provenance(answer)) + b'<DATA><BINARY2><STREAM encoding="base64">\n'
    rows, kept = Rows(answer.columns), b""
    async for block in answer.blocks(OPTIONS, dates_as_text=True):
        made, count = rows.of(block)
        if cut.rows + count > cut.most:
            cut.overflow = True
            made = first_rows(made, answer.columns, cut.most - cut.rows)
            count = cut.most - cut.rows
        cut.rows += count
        kept += made
        whole = len(kept) - len(kept) % _LINE
        if whole:
            yield in_lines(kept[:whole])
            kept = kept[whole:]
    yield in_lines(kept) + b"</STREAM></BINARY2></DATA>\n" + tail(cut)


def first_rows(made: bytes, columns: tuple[PublicColumn, ...], wanted: int) -> bytes:
    """Give the first rows of some: those beyond the limit are left out.

    Parameters
    ----------
    made : bytes
        Rows of BINARY2.
    columns : tuple of PublicColumn
        Their columns.
    wanted : int
        Number of rows.
    """
    sizes = sizes_of(columns).tolist()
    place = 0
    for _ in range(wanted):
        place += (len(sizes) + 7) // 8
        for size in sizes:
            if size == 0:
                place += 4 + int.from_bytes(made[place : place + 4], "big")
            else:
                place += abs(size)
    return made[:place]
