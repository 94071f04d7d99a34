"""Marks of the few pixels of a row that stand out: set by vector operations, found by words of eight."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Flags, Integers
from workers.reduction.kernels.compiled import KERNEL


class Marks(NamedTuple):
    """Marks of the pixels of a row.

    Attributes
    ----------
    mark : uint8 array (width, rounded up to whole words)
        1 for pixels that stand out, 0 for others; those beyond the row stay 0.
    words : uint64 array
        The same memory.
    columns : int64 array (as long as `mark`)
        What `marked_columns` found.
    """

    mark: Flags
    words: NDArray[np.uint64]
    columns: Integers


@njit(**KERNEL)
def marks_of(width: int) -> Marks:
    """Return marks for a row of some width, none set."""
    mark = np.zeros((width + 7) // 8 * 8, np.uint8)
    return Marks(mark, mark.view(np.uint64), np.empty(mark.size, np.int64))


@njit(**KERNEL, inline="always")
def marked_columns(marks: Marks) -> int:
    """List the marked pixels of a row, ascending, in `marks.columns`; how many there are.

    Eight pixels are tested at once as one uint64: most words are zero.

    Examples
    --------
    >>> marks = marks_of(20)
    >>> marks.mark[[3, 17]] = 1
    >>> marks.columns[: marked_columns(marks)].tolist()
    [3, 17]
    """
    count = 0
    for word in range(marks.words.size):
        if marks.words[word] == 0:
            continue
        for x in range(8 * word, 8 * word + 8):
            if marks.mark[x] != 0:
                marks.columns[count] = x
                count += 1
    return count
