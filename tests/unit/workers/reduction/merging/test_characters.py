"""Flags of one character a band."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.frames.products import SOURCE_DTYPE
from workers.reduction.merging.characters import characters_of, text_of


@pytest.mark.parametrize(("name", "text"), [("rd_flg", [b"200", b"021"]), ("ndet", [b"665500", b"000066"])])
def test_there_and_back(name, text):
    rows = np.zeros(2, SOURCE_DTYPE)
    rows[name] = text
    characters = characters_of(rows, name)
    assert characters.shape == (2, len(text[0]))
    assert b"".join(characters[1].tolist()) == text[1]
    assert text_of(characters).tolist() == text
    assert text_of(characters).dtype == SOURCE_DTYPE[name]


def test_characters_are_a_copy():
    rows = np.zeros(1, SOURCE_DTYPE)
    rows["cc_flg"] = b"000"
    characters_of(rows, "cc_flg")[0, 1] = b"D"
    assert rows["cc_flg"][0] == b"000"


def test_short_text_and_no_rows():
    rows = np.zeros(1, SOURCE_DTYPE)
    rows["ph_qual"] = b"A"
    assert characters_of(rows, "ph_qual").tolist() == [[b"A", b"", b""]]
    empty = characters_of(rows[:0], "ph_qual")
    assert empty.shape == (0, 3)
    assert text_of(empty).dtype == np.dtype("S3")
    assert text_of(empty).size == 0
