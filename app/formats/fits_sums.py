"""CHECKSUM and DATASUM of FITS units: FITS standard 4.0, section 4.4.2.7 and appendix J."""

from __future__ import annotations

import numpy as np

_ALL = 0xFFFFFFFF
_PUNCTUATION = frozenset(b":;<=>?@[\\]^_`")


def ones_sum(content: bytes | bytearray | memoryview) -> int:
    """Sum of 32-bit words with end-around carry, as CHECKSUM and DATASUM count.

    Parameters
    ----------
    content : bytes
        Whole blocks.

    Examples
    --------
    >>> ones_sum(bytes.fromhex("ffffffff00000002"))
    2
    """
    return folded(int(np.frombuffer(content, ">u4").sum(dtype=np.uint64)))


def folded(total: int) -> int:
    """Bring a sum to 32 bits by end-around carry.

    Parameters
    ----------
    total : int
        Sum of whatever size, not negative.
    """
    while total >> 32:
        total = (total & _ALL) + (total >> 32)
    return total


def encoded_sum(total: int) -> str:
    """Sixteen letters and digits that, in the place of as many zeros, bring the sum of a unit to all bits.

    Parameters
    ----------
    total : int
        Sum over the unit with CHECKSUM = '0000000000000000'.

    Examples
    --------
    >>> encoded_sum(0xFFFFFFFF)
    '0000000000000000'
    """
    letters = np.zeros((4, 4), np.int64)
    for place, byte in enumerate((~total & _ALL).to_bytes(4, "big")):
        part, left = divmod(byte, 4)
        four = [part + 48 + left, part + 48, part + 48, part + 48]
        # Pairs move apart, sum kept, until all four are letters or digits.
        while any(letter in _PUNCTUATION for letter in four):
            for first in (0, 2):
                if four[first] in _PUNCTUATION or four[first + 1] in _PUNCTUATION:
                    four[first] += 1
                    four[first + 1] -= 1
        letters[:, place] = four
    # The value begins in the last byte of a word: the letters are rotated by one.
    return bytes(np.roll(letters.ravel(), 1).astype(np.uint8)).decode("ascii")
