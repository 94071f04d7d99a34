"""RICE-coded tiles back to pixels, damage noticed: 2.4 ns a pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from app.arrays import Counts, Integers
from app.formats.rice import BLOCK, KERNEL, PART, UNSIGNED_ZERO, Bytes

_State = tuple[Any, Any, Any, Any]
"""State of a decoder: the former pixel, the word of bits at hand, how many bits, the place of the next byte."""


@intrinsic
def _intrinsic_leading_zeros(_context: Any, word: Any) -> Any:
    """Count the zero bits above the highest set bit of 64; 64 of a zero."""
    if word != types.uint64:
        return None

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


_leading_zeros: Any = _intrinsic_leading_zeros


@njit(**PART)
def _unsigned(pixel: Any) -> Any:
    """Give the unsigned pixel of a signed one, of which only the lowest 16 bits count."""
    return np.uint16((pixel + np.uint64(UNSIGNED_ZERO)) & np.uint64(65535))


@njit(**PART)
def _joined(first: Any, second: Any, third: Any, fourth: Any) -> Any:
    """Join four bytes to the lowest 32 bits of a word."""
    high = (np.uint64(first) << np.uint64(24)) | (np.uint64(second) << np.uint64(16))
    return high | (np.uint64(third) << np.uint64(8)) | np.uint64(fourth)


@njit(**KERNEL)
def _fill_bytes(
    coded: Bytes, position: int, end: int, word: np.uint64, held: int
) -> tuple[np.uint64, int, int]:
    """Take bytes of the code into the word, as long as there are any and the word has room."""
    while held <= 56 and position < end:
        word |= np.uint64(coded[position]) << np.uint64(56 - held)
        position += 1
        held += 8
    return word, held, position


@njit(**KERNEL)
def _long_run(
    coded: Bytes, position: int, end: int, word: np.uint64, held: Any
) -> tuple[np.uint64, np.uint64, int, int]:
    """Take a run of zeros longer than 16 and the bit that ends it; `held` is -1 if the code ends before."""
    unary: Any = 0
    while True:
        word, held, position = _fill_bytes(coded, position, end, word, held)
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
    word, held, position = _fill_bytes(coded, position, end, word, held)
    return np.uint64(unary), word, held, position


@njit(**PART)
def _take_codes(
    coded: Bytes, end: int, state: _State, split: int, out: Counts, begin: int, last: int
) -> _State:
    """Decode the pixels of a block; gives the state after them, with a negative `held` if the code ends before."""
    former, word, held, position = state
    plain = split == 14
    bits = np.uint64(16 if plain else split)
    # Two shifts, because one by 64 (of no split bits) is undefined.
    down = np.uint64(63) - bits
    for i in range(begin, last):
        if held <= 32:
            if position + 4 <= end:
                at = np.uint64(position)
                second, third, fourth = at + np.uint64(1), at + np.uint64(2), at + np.uint64(3)
                four = _joined(coded[at], coded[second], coded[third], coded[fourth])
                word |= four << np.uint64(32 - held)
                position += 4
                held += 32
            else:
                word, held, position = _fill_bytes(coded, position, end, word, held)
        unary = np.uint64(0)
        if not plain:
            unary = _leading_zeros(word)
            if unary > np.uint64(16):
                unary, word, held, position = _long_run(coded, position, end, word, held)
            else:
                word <<= unary + np.uint64(1)
                held -= np.int64(unary) + 1
        code = (unary << bits) | ((word >> np.uint64(1)) >> down)
        word <<= bits
        held -= np.int64(bits)
        if held < 0:
            break
        former += (code >> np.uint64(1)) ^ (np.uint64(0) - (code & np.uint64(1)))
        out[i] = _unsigned(former)
    return former, word, held, position


@njit(**KERNEL)
def decode_tile(coded: Bytes, start: int, end: int, out: Counts) -> bool:
    """Decode a tile of 16-bit integers to unsigned ones: their offset (BZERO 32768) is added.

    Parameters
    ----------
    coded : uint8 (n,)
        Code of some tiles.
    start, end : int
        Half-open range of the tile's code.
    out : uint16 (pixels,), written
        The pixels.

    Returns
    -------
    bool
        False if the code ends too early, goes on too long or says what no coder writes; `out` is undefined then.
    """
    position = np.int64(start)
    # The next bits are the highest of the word; `held` of them are of the code, zeros follow.
    word = np.uint64(0)
    held: Any = 0
    if end - start < 2:
        return False
    former = (np.uint64(coded[start]) << np.uint64(8)) | np.uint64(coded[start + 1])
    position += 2
    for begin in range(0, out.shape[0], BLOCK):
        last = min(begin + BLOCK, out.shape[0])
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
            out[begin:last] = _unsigned(former)
            continue
        state = (former, word, held, position)
        former, word, held, position = _take_codes(coded, end, state, split, out, begin, last)
        if held < 0:
            return False
    # The coder fills up the last byte with zeros and writes no more.
    return bool(position == end and held < 8 and word == np.uint64(0))


@njit(**KERNEL)
def decode_cube(coded: Bytes, starts: Integers, ends: Integers, out: Counts) -> int:
    """Decode one tile for each row of `out`.

    Parameters
    ----------
    coded : uint8 (n,)
        Code of all tiles.
    starts, ends : int64 (tiles,)
        Half-open range of each tile's code.
    out : uint16 (tiles, pixels), written
        The pixels.

    Returns
    -------
    int
        Number of sound tiles before the first that is not.
    """
    for i in range(out.shape[0]):
        if not decode_tile(coded, starts[i], ends[i], out[i]):
            return i
    return int(out.shape[0])


def warm_decoder() -> None:
    """Compile every kernel of the decoder with every type that it meets."""
    coded = np.zeros(8, np.uint8)
    decode_cube(coded, np.zeros(1, np.int64), np.full(1, 3), np.empty((1, 64), np.uint16))
