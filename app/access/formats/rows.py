"""Rows as COPY sends them in its text format: counted, cut at the limit, taken apart."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

TEXT = "FORMAT text, NULL ''"
"""Options of COPY of the text formats: a null and an empty text are alike."""

_ESCAPES = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v", b"\\": b"\\"}
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)


def unescape(text: bytes) -> bytes:
    r"""Undo the escapes of COPY.

    Examples
    --------
    >>> unescape(rb"a\tb\\c")
    b'a\tb\\c'
    """
    if b"\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), text)


class Cut:
    """Lets as many rows through as are wanted, and remembers whether there were more.

    Parameters
    ----------
    most : int
        Rows that are wanted.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.rows = 0
        self.overflow = False

    def take(self, block: bytes) -> bytes:
        """Count the rows of a block, each of which ends with a line end, and cut what is beyond the limit."""
        count = block.count(b"\n")
        if self.rows + count > self.most:
            self.overflow = True
            lines = block.split(b"\n")[: self.most - self.rows]
            block = b"".join(line + b"\n" for line in lines)
            count = len(lines)
        self.rows += count
        return block

    async def blocks(self, source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Cut a stream of blocks."""
        async for block in source:
            if wanted := self.take(block):
                yield wanted


def fields(block: bytes) -> Iterator[list[bytes]]:
    """Rows of a block as lists of values, without escapes."""
    for line in block.split(b"\n")[:-1]:
        yield [unescape(value) for value in line.split(b"\t")]
