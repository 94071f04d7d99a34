"""Marked pixels of a row are found, all of them and no others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.reduction.kernels.marks import marked_columns, marks_of


@given(st.integers(1, 300), st.data())
def test_marks_are_those_that_were_set(width, data):
    chosen = sorted(data.draw(st.sets(st.integers(0, width - 1))))
    marks = marks_of(width)
    marks.mark[chosen] = 1
    assert marks.columns[: marked_columns(marks)].tolist() == chosen


@pytest.mark.parametrize("width", [1, 7, 8, 9, 255, 256])
def test_every_pixel_of_a_row_may_stand_out(width):
    marks = marks_of(width)
    marks.mark[:width] = 1
    assert marks.columns[: marked_columns(marks)].tolist() == list(range(width))


def test_rows_follow_one_another():
    """A row overwrites the marks of the one before; columns beyond the count are left over from it."""
    marks = marks_of(20)
    marks.mark[:20] = 1
    assert marked_columns(marks) == 20
    marks.mark[:20] = 0
    marks.mark[13] = 1
    assert marked_columns(marks) == 1
    assert marks.columns[0] == 13


def test_marks_and_words_share_memory():
    marks = marks_of(10)
    assert marks.mark.size == 16
    assert np.shares_memory(marks.mark, marks.words)
    assert not marks.mark.any()
