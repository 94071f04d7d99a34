"""Pixels to RICE-coded tiles, bit for bit as the library codes them: 2.0 ns a pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Integers, Singles
from app.formats.rice import BLOCK, KERNEL, PART, Bytes


def room(pixels: int, width: int) -> int:
    """Bytes that the code of a tile never exceeds.

    A block of n pixels takes at most 8n * width + 7 bits. With f split bits the sum of its differences is below
    2n * 2^f + 1.5n + 1, so that the unary parts take 2n + (1.5n + 1) / 2^f bits; f + 1 bits a pixel and 5 for f itself
    come on top, and f is at most 13 of 16 bits or 24 of 32.

    Parameters
    ----------
    pixels : int
        Integers of the tile.
    width : int
        Bytes of an integer, 2 or 4.

    Examples
    --------
    >>> room(64, 2)
    214
    """
    return (width + 1) * pixels + 2 * (pixels // BLOCK + 1) + 16


@njit(**KERNEL)
def round_pixels(
    pixels: Singles, first: int, last: int, zero: np.float32, step: np.float32, blank: int, out: NDArray[Any]
) -> bool:
    """Integers of some rows of a plane: (pixel - zero) / step, blank if the pixel is not finite.

    Parameters
    ----------
    pixels : float32 (ny, nx)
        The plane.
    first, last : int
        Half-open range of rows.
    zero, step : float32
        Value of the integer 0, and of a step of 1.
    blank : int
        Integer of pixels that are not finite, the smallest of its type.
    out : int16 or int32 (at least (last - first) * nx,), written
        The integers, row after row; those beyond 32 bits are cut off.

    Returns
    -------
    bool
        False if a pixel needs more than the 16 bits that `out` has.
    """
    columns = pixels.shape[1]
    most = np.float64(-(blank + 1))
    limit = np.float32(32767.0)
    beyond = np.int32(0)
    for y in range(first, last):
        start = (y - first) * columns
        for x in range(columns):
            value = pixels[y, x]
            finite = value - value == np.float32(0.0)
            count = np.rint((value - zero) / step)
            if out.itemsize == 2:
                out[start + x] = np.int32(count) if finite else np.int32(blank)
                beyond |= np.int32(finite and abs(count) > limit)
            else:
                out[start + x] = min(max(np.float64(count), -most), most) if finite else blank
    return bool(beyond == 0)


@njit(**PART)
def _fold(counts: NDArray[Any], begin: int, former: np.uint64, pixel_bits: int, folded: Any) -> Any:
    """Fold the differences of a block's pixels to be positive; gives the last pixel and the sum of the codes."""
    mask = np.uint64((1 << pixel_bits) - 1)
    sign = np.uint64(pixel_bits - 1)
    total = np.uint64(0)
    for j in range(folded.size):
        value = np.uint64(counts[begin + j])
        difference = (value - former) & mask
        former = value
        # 0, -1, 1, -2 become 0, 1, 2, 3; the difference wraps at the width, its double does not.
        negative = np.uint64(0) - (difference >> sign)
        code = ((difference << np.uint64(1)) ^ negative) & mask
        folded[j] = code
        total += code
    return former, total


@njit(**PART)
def _split_bits(total: np.uint64, length: int) -> int:
    """Low bits of each code that are written as they are: the binary logarithm of half the mean code."""
    split = 0
    mean: Any = np.int64(total) - length // 2 - 1
    mean = max(mean, 0) // length
    rest = mean >> 1
    while rest > 0:
        rest >>= 1
        split += 1
    return split


@njit(**PART)
def _put(out: Bytes, position: Any, word: Any) -> Any:
    """Write the lowest 32 bits of a word, the highest byte first; gives the place after them."""
    out[position] = np.uint8((word >> np.uint64(24)) & np.uint64(255))
    out[position + np.uint64(1)] = np.uint8((word >> np.uint64(16)) & np.uint64(255))
    out[position + np.uint64(2)] = np.uint8((word >> np.uint64(8)) & np.uint64(255))
    out[position + np.uint64(3)] = np.uint8(word & np.uint64(255))
    return position + np.uint64(4)


@njit(**PART)
def _put_zeros(out: Bytes, position: Any, word: Any, filled: Any, unary: Any) -> Any:
    """Write a run of zeros too long for a single word, in pieces of 16."""
    while unary > 0:
        run = min(unary, 16)
        word <<= np.uint64(run)
        filled += run
        unary -= run
        if filled >= 32:
            filled -= 32
            position = _put(out, position, word >> np.uint64(filled))
    return position, word, filled


@njit(**PART)
def _put_codes(out: Bytes, position: Any, word: Any, filled: Any, folded: Any, shift: Any, plain: Any) -> Any:
    """Write the codes of a block: the high part in unary unless `plain`, then `shift` low bits."""
    low = (np.uint64(1) << shift) - np.uint64(1)
    stop = np.uint64(0) if plain else np.uint64(1) << shift
    extra = 0 if plain else 1
    for j in range(folded.size):
        # The word is written whether it is full or not, because a branch would be guessed wrongly at every fifth
        # pixel: bytes that are written too early are written over by the next pixel.
        _put(out, position, word >> np.uint64(filled & 31))
        position += np.uint64((filled >> 5) << 2)
        filled &= 31
        code = folded[j]
        unary: Any = np.int64(code >> shift)
        bits = unary + np.int64(shift) + extra
        if bits > 32:
            position, word, filled = _put_zeros(out, position, word, filled, unary)
            bits = np.int64(shift) + extra
        word = (word << np.uint64(bits)) | stop | (code & low)
        filled += bits
    return position, word, filled


@njit(**PART)
def _put_rest(out: Bytes, position: Any, word: Any, filled: Any) -> Any:
    """Write the bits that are left, the last byte filled up with zeros; gives the end."""
    while filled >= 8:
        filled -= 8
        out[position] = np.uint8((word >> np.uint64(filled)) & np.uint64(255))
        position += np.uint64(1)
    if filled > 0:
        out[position] = np.uint8((word << np.uint64(8 - filled)) & np.uint64(255))
        position += np.uint64(1)
    return position


@njit(**KERNEL)
def encode_tile(counts: NDArray[Any], size: int, out: Bytes, start: int, width: int) -> int:
    """Code a tile of integers.

    Parameters
    ----------
    counts : int16 or int32 (at least size,)
        The integers.
    size : int
        How many of them make the tile, one or more.
    out : uint8 (at least start + room(size, width),), written
        Gets the code.
    start : int
        Where in `out` the code begins.
    width : int
        Bytes of an integer, 2 or 4.

    Returns
    -------
    int
        Where in `out` the code ends.
    """
    identifier_bits = 4 if width == 2 else 5
    most_split = 14 if width == 2 else 25
    pixel_bits = 8 * width
    folded = np.empty(BLOCK, np.uint64)
    position: Any = np.uint64(start)
    # Bits not written yet are the lowest `filled` of the word, always fewer than 32 between two codes.
    word = np.uint64(counts[0]) & np.uint64((1 << pixel_bits) - 1)
    filled: Any = pixel_bits
    former = word
    for begin in range(0, size, BLOCK):
        length = min(BLOCK, size - begin)
        former, total = _fold(counts, begin, former, pixel_bits, folded[:length])
        split = _split_bits(total, length)
        if filled >= 32:
            filled -= 32
            position = _put(out, position, word >> np.uint64(filled))
        plain = split >= most_split
        identifier = most_split + 1 if plain else 0 if total == 0 else split + 1
        word = (word << np.uint64(identifier_bits)) | np.uint64(identifier)
        filled += identifier_bits
        if identifier > 0:
            shift = np.uint64(pixel_bits if plain else split)
            position, word, filled = _put_codes(out, position, word, filled, folded[:length], shift, plain)
    return int(np.int64(_put_rest(out, position, word, filled)))


@njit(**KERNEL)
def encode_plane(
    pixels: Singles,
    zero: np.float32,
    step: np.float32,
    blank: int,
    counts: NDArray[Any],
    out: Bytes,
    ends: Integers,
) -> bool:
    """Code a plane in tiles of whole rows, one after the other.

    Parameters
    ----------
    pixels : float32 (ny, nx)
        The plane; pixels without data are not finite.
    zero, step : float32
        Value of the integer 0, and of a step of 1.
    blank : int
        Integer of pixels that are not finite, the smallest of its type.
    counts : int16 or int32 (rows of a tile * nx,), written
        Room for the integers of a tile: its size and type decide those of the tiles.
    out : uint8 (at least tiles * room(counts.size, counts.itemsize),), written
        Gets the code of all tiles.
    ends : int64 (tiles,), written
        Where in `out` each tile's code ends.

    Returns
    -------
    bool
        False if a pixel needs more than the 16 bits of `counts`; `out` is of no use then.
    """
    rows, columns = pixels.shape
    tile_rows = counts.size // columns
    end = 0
    for tile in range(ends.size):
        first = tile * tile_rows
        last = min(first + tile_rows, rows)
        if not round_pixels(pixels, first, last, zero, step, blank, counts):
            return False
        end = encode_tile(counts, (last - first) * columns, out, end, counts.itemsize)
        ends[tile] = end
    return True


def warm_encoder() -> None:
    """Compile every kernel of the encoder with every type that it meets."""
    pixels = np.arange(64, dtype=np.float32).reshape(2, 32)
    coded, ends = np.empty(room(64, 4), np.uint8), np.zeros(1, np.int64)
    for kind in (np.int32, np.int16):
        blank = int(np.iinfo(kind).min)
        encode_plane(pixels, np.float32(0.0), np.float32(1.0), blank, np.empty(64, kind), coded, ends)
