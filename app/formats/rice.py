"""RICE_1 of FITS as compiled kernels: pixels to coded tiles and back, bit for bit as the library does it.

The code is that of the FITS standard (4.0, 10.4.1) with blocks of 32 pixels: the first pixel as it is, then for each
block the number of split bits and the differences of neighbours, folded to be positive. astropy's own coder takes
7.6 ns a pixel to write and 5.2 to read, after numpy has made the integers in 7.0; a scan has 108 million each way. One
kernel for both takes a quarter of that. No fast-math here: rounding must be that of the plain operations.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from app.arrays import Singles

BLOCK = 32
"""Pixels of a block, keyword ZVAL1."""

_KERNEL: dict[str, Any] = {"cache": True, "error_model": "numpy", "nogil": True}

Bytes = NDArray[np.uint8]


@intrinsic
def _intrinsic_leading_zeros(_context: Any, word: Any) -> Any:
    """Zero bits above the highest set one of 64; 64 of zero."""
    if word != types.uint64:
        return None

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


_leading_zeros: Any = _intrinsic_leading_zeros


def room(pixels: int, width: int) -> int:
    """Bytes that the code of a tile of integers of `width` bytes never exceeds.

    A block of n pixels takes at most 8n * width + 7 bits. With f split bits the sum of its differences is below
    2n * 2^f + 1.5n + 1, so that the unary parts take 2n + (1.5n + 1) / 2^f bits; f + 1 bits a pixel and 5 of f itself
    come besides, and f is at most 13 of 16 bits or 24 of 32.
    """
    return (width + 1) * pixels + 2 * (pixels // BLOCK + 1) + 16


@njit(**_KERNEL)
def round_pixels(
    pixels: Singles, first: int, last: int, zero: np.float32, step: np.float32, blank: int, out: NDArray[Any]
) -> bool:
    """Integers of rows `first` to `last`: (pixel - zero) / step, blank if not finite.

    False if there is one that 16 bits cannot hold and `out` has no more; what is beyond 32 bits is cut off.
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


@njit(**_KERNEL)
def encode_tile(counts: NDArray[Any], size: int, out: Bytes, start: int, width: int) -> int:
    """Code a tile of `size` integers of `width` bytes (2, 4) to `out` from `start`; gives its end."""
    identifier_bits = 4 if width == 2 else 5
    most_split = 14 if width == 2 else 25
    pixel_bits = 8 * width
    mask = np.uint64((1 << pixel_bits) - 1)
    sign = np.uint64(pixel_bits - 1)
    folded = np.empty(BLOCK, np.uint64)
    position: Any = np.uint64(start)
    # Bits not written yet are the lowest `filled` of the word, always fewer than 32 between two codes.
    word = np.uint64(counts[0]) & mask
    filled: Any = pixel_bits
    former = word
    for begin in range(0, size, BLOCK):
        length = min(BLOCK, size - begin)
        total = np.uint64(0)
        for j in range(length):
            value = np.uint64(counts[begin + j])
            difference = (value - former) & mask
            former = value
            # 0, -1, 1, -2 become 0, 1, 2, 3; the difference wraps at the width, its double does not.
            negative = np.uint64(0) - (difference >> sign)
            code = ((difference << np.uint64(1)) ^ negative) & mask
            folded[j] = code
            total += code
        split = 0
        mean: Any = np.int64(total) - length // 2 - 1
        mean = max(mean, 0) // length
        rest = mean >> 1
        while rest > 0:
            rest >>= 1
            split += 1
        if filled >= 32:
            filled -= 32
            position = _put(out, position, word >> np.uint64(filled))
        plain = split >= most_split
        identifier = most_split + 1 if plain else 0 if total == 0 else split + 1
        word = (word << np.uint64(identifier_bits)) | np.uint64(identifier)
        filled += identifier_bits
        if identifier == 0:
            continue
        shift = np.uint64(pixel_bits if plain else split)
        low = (np.uint64(1) << shift) - np.uint64(1)
        one = np.uint64(0) if plain else np.uint64(1) << shift
        extra = 0 if plain else 1
        for j in range(length):
            # Without a branch, which would be guessed wrongly at every fifth pixel: what is written too early is
            # written over by the next.
            _put(out, position, word >> np.uint64(filled & 31))
            position += np.uint64((filled >> 5) << 2)
            filled &= 31
            code = folded[j]
            unary: Any = np.int64(code >> shift)
            bits = unary + np.int64(shift) + extra
            if bits > 32:
                # A rare long run of zeros, written by itself.
                while unary > 0:
                    run = min(unary, 16)
                    word <<= np.uint64(run)
                    filled += run
                    unary -= run
                    if filled >= 32:
                        filled -= 32
                        position = _put(out, position, word >> np.uint64(filled))
                bits = np.int64(shift) + extra
            word = (word << np.uint64(bits)) | one | (code & low)
            filled += bits
    while filled >= 8:
        filled -= 8
        out[position] = np.uint8((word >> np.uint64(filled)) & np.uint64(255))
        position += np.uint64(1)
    if filled > 0:
        out[position] = np.uint8((word << np.uint64(8 - filled)) & np.uint64(255))
        position += np.uint64(1)
    return int(np.int64(position))


@njit(inline="always", **_KERNEL)
def _put(out: Bytes, position: np.uint64, word: np.uint64) -> np.uint64:
    """Write the lowest 32 bits, the highest byte first."""
    out[position] = np.uint8((word >> np.uint64(24)) & np.uint64(255))
    out[position + np.uint64(1)] = np.uint8((word >> np.uint64(16)) & np.uint64(255))
    out[position + np.uint64(2)] = np.uint8((word >> np.uint64(8)) & np.uint64(255))
    out[position + np.uint64(3)] = np.uint8(word & np.uint64(255))
    return position + np.uint64(4)


@njit(**_KERNEL)
def encode_plane(
    pixels: Singles,
    zero: np.float32,
    step: np.float32,
    blank: int,
    counts: NDArray[Any],
    out: Bytes,
    ends: NDArray[np.int64],
) -> bool:
    """Code a plane in tiles of as many whole rows as `counts` has room for, one after the other.

    `counts` is of the type of the stored integers and of a whole number of rows; the end of tile i in `out` goes to
    `ends[i]`. False if there is a pixel that integers of 16 bits cannot hold.
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


@njit(**_KERNEL)
def decode_tile(coded: Bytes, start: int, end: int, out: NDArray[np.uint16]) -> bool:
    """Pixels of a tile of 16-bit integers with the offset of unsigned ones (BZERO 32768) added.

    False if the code ends too early, goes on too long or says what no coder writes; `out` is undefined then.
    """
    size = out.shape[0]
    position = np.int64(start)
    # The next bits are the highest of the word; `held` of them are of the code, zeros follow.
    word = np.uint64(0)
    held: Any = 0
    if end - start < 2:
        return False
    former = (np.uint64(coded[start]) << np.uint64(8)) | np.uint64(coded[start + 1])
    position += 2
    for begin in range(0, size, BLOCK):
        length = min(BLOCK, size - begin)
        while held <= 32 and position < end:
            word |= np.uint64(coded[position]) << np.uint64(56 - held)
            position += 1
            held += 8
        split = np.int64(word >> np.uint64(60)) - 1
        word <<= np.uint64(4)
        held -= 4
        if held < 0 or split > 14:
            return False
        if split < 0:
            pixel = np.uint16((former + np.uint64(32768)) & np.uint64(65535))
            for j in range(length):
                out[begin + j] = pixel
            continue
        plain = split == 14
        bits = np.uint64(16 if plain else split)
        # Two shifts, because one by 64 (of no split bits) is undefined.
        down = np.uint64(63) - bits
        for j in range(length):
            if held <= 32:
                if position + 4 <= end:
                    at = np.uint64(position)
                    four = (
                        (np.uint64(coded[at]) << np.uint64(24))
                        | (np.uint64(coded[at + np.uint64(1)]) << np.uint64(16))
                        | (np.uint64(coded[at + np.uint64(2)]) << np.uint64(8))
                        | np.uint64(coded[at + np.uint64(3)])
                    )
                    word |= four << np.uint64(32 - held)
                    position += 4
                    held += 32
                else:
                    while held <= 56 and position < end:
                        word |= np.uint64(coded[position]) << np.uint64(56 - held)
                        position += 1
                        held += 8
            unary = np.uint64(0)
            if not plain:
                if word == np.uint64(0) or _leading_zeros(word) > np.uint64(16):
                    unary, word, held, position = _long_run(coded, position, end, word, held)
                    if held < 0:
                        return False
                else:
                    unary = _leading_zeros(word)
                    word <<= unary + np.uint64(1)
                    held -= np.int64(unary) + 1
            code = (unary << bits) | ((word >> np.uint64(1)) >> down)
            word <<= bits
            held -= np.int64(bits)
            if held < 0:
                return False
            difference = (code >> np.uint64(1)) ^ (np.uint64(0) - (code & np.uint64(1)))
            former += difference
            out[begin + j] = np.uint16((former + np.uint64(32768)) & np.uint64(65535))
    # The coder fills up the last byte with zeros and writes no more.
    return bool(position == end and held < 8 and word == np.uint64(0))


@njit(**_KERNEL)
def _long_run(
    coded: Bytes, position: int, end: int, word: np.uint64, held: Any
) -> tuple[np.uint64, np.uint64, int, int]:
    """Take a run of zeros longer than 16 and the one that ends it; `held` is -1 if the code ends before."""
    unary: Any = 0
    while True:
        while held <= 56 and position < end:
            word |= np.uint64(coded[position]) << np.uint64(56 - held)
            position += 1
            held += 8
        zeros = np.int64(_leading_zeros(word))
        if zeros < held:
            break
        # All bits at hand are zeros. The longest run of a sound code is 65535.
        unary += held
        word = np.uint64(0)
        held = 0
        if position >= end or unary > 65535:
            return np.uint64(0), word, -1, position
    unary += zeros
    word = (word << np.uint64(zeros)) << np.uint64(1)
    held -= zeros + 1
    while held <= 56 and position < end:
        word |= np.uint64(coded[position]) << np.uint64(56 - held)
        position += 1
        held += 8
    return np.uint64(unary), word, held, position


@njit(**_KERNEL)
def decode_cube(
    coded: Bytes, starts: NDArray[np.int64], ends: NDArray[np.int64], out: NDArray[np.uint16]
) -> int:
    """Decode one tile a row of `out`; gives the number of sound tiles before the first that is not."""
    for i in range(out.shape[0]):
        if not decode_tile(coded, starts[i], ends[i], out[i]):
            return i
    return int(out.shape[0])


def warm_rice() -> None:
    """Compile every kernel with every type that it meets."""
    pixels = np.arange(64, dtype=np.float32).reshape(2, 32)
    coded, ends = np.empty(room(64, 4), np.uint8), np.zeros(1, np.int64)
    for kind in (np.int32, np.int16):
        blank = int(np.iinfo(kind).min)
        encode_plane(pixels, np.float32(0.0), np.float32(1.0), blank, np.empty(64, kind), coded, ends)
    decode_cube(coded, np.zeros(1, np.int64), ends, np.empty((1, 64), np.uint16))
