"""Flags of one character a band: columns of text as arrays of characters, and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.arrays import Table


def characters_of(rows: Table, name: str) -> NDArray[np.bytes_]:
    """Characters of a flag column as an array that can be changed.

    Parameters
    ----------
    rows : structured array (n,)
        With the column.
    name : str
        Of the column; its text is ASCII of one width.

    Returns
    -------
    bytes array (n, width) of one character
        A copy; b"" where the text is shorter.

    Examples
    --------
    >>> rows = np.array([(b"200",), (b"21",)], [("rd_flg", "S3")])
    >>> characters_of(rows, "rd_flg").tolist()
    [[b'2', b'0', b'0'], [b'2', b'1', b'']]
    """
    width = rows.dtype[name].itemsize
    return np.ascontiguousarray(rows[name]).view("S1").reshape(-1, width).copy()


def text_of(characters: NDArray[np.bytes_]) -> NDArray[np.bytes_]:
    """Join characters into the text of a column; inverse of `characters_of`.

    Parameters
    ----------
    characters : bytes array (n, width) of one character
        One row a row of the table.

    Returns
    -------
    bytes array (n,) of `width` characters

    Examples
    --------
    >>> text_of(np.array([[b"2", b"0", b"0"], [b"2", b"1", b""]])).tolist()
    [b'200', b'21']
    """
    kind = np.dtype(f"S{characters.shape[1]}")
    return np.ascontiguousarray(characters).view(kind)[:, 0] if characters.size else np.zeros(0, kind)
