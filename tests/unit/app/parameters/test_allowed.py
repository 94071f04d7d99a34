"""Kinds of values of a parameter: what each takes, in which type it gives it, and what it says of itself."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.parameters.allowed import Choice, Count, NotAllowedError, Number, Row, Series, Switch

PAIR = Row((Number(0.0, 10.0), Number(-1.0, 1.0)), ("x", "y"))
PAIRS = Series(PAIR, increasing=True)


@pytest.mark.parametrize(
    ("allowed", "value", "read"),
    [
        (Number(0.0, 2.0), 2, 2.0),
        (Number(0.0, 2.0), 0.0, 0.0),
        (Count(1, 8), 8, 8),
        (Choice((2, 4)), 4, 4),
        (Choice(("j", "h")), "h", "h"),
        (Switch(), False, False),
        (PAIR, [1, 0.5], (1.0, 0.5)),
        (PAIRS, [[1, 0], [2, 0]], ((1.0, 0.0), (2.0, 0.0))),
        (Series(Number(0, 9), shortest=0), [], ()),
        (Row((Number(0, 9), Number(0, 9)), ("in", "out"), increasing=True), (1, 2), (1.0, 2.0)),
    ],
)
def test_what_is_allowed_comes_in_the_type_of_the_parameter(allowed, value, read):
    found = allowed.read(value)
    assert found == read
    assert repr(found) == repr(read)  # 2 and 2.0 are equal and have other JSON


@pytest.mark.parametrize(
    ("allowed", "value"),
    [
        (Number(0.0, 2.0), -1e-9),
        (Number(0.0, 2.0), 2.000001),
        (Number(0.0, 2.0), math.nan),
        (Number(0.0, 2.0), math.inf),
        (Number(0.0, 2.0), "1"),
        (Number(0.0, 2.0), True),
        (Number(0.0, 2.0), None),
        (Count(1, 8), 0),
        (Count(1, 8), 2.0),
        (Count(1, 8), True),
        (Choice((2, 4)), 3),
        (Choice((1, 2)), True),
        (Choice((2, 4)), 2.0),
        (Choice(("j", "h")), "J"),
        (Switch(), 1),
        (Switch(), "true"),
        (PAIR, [1]),
        (PAIR, [1, 2]),
        (PAIR, "12"),
        (PAIR, {"x": 1, "y": 0}),
        (PAIRS, []),
        (PAIRS, [[2, 0], [1, 0]]),
        (PAIRS, [[1, 0], [1, 0.5]]),
        (PAIRS, [1, 2]),
        (Series(Number(0, 9), increasing=True), [3, 3]),
        (Row((Number(0, 9), Number(0, 9)), ("in", "out"), increasing=True), [2, 1]),
    ],
)
def test_everything_else_is_not(allowed, value):
    with pytest.raises(NotAllowedError):
        allowed.read(value)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_number_is_read_exactly_if_it_lies_in_the_range(value):
    allowed = Number(-3.0, 1e3)
    if -3.0 <= value <= 1e3:
        assert allowed.read(value) == value
    else:
        with pytest.raises(NotAllowedError):
            allowed.read(value)


@pytest.mark.parametrize(
    ("allowed", "words"),
    [
        (Number(1e-6, 0.5), "1e-06 to 0.5"),
        (Count(1, 8), "a whole number, 1 to 8"),
        (Choice((2, 4)), "2 or 4"),
        (Choice(("j", "h", "k")), "j, h or k"),
        (Switch(), "true or false"),
        (PAIR, "[x, y]: 0 to 10, -1 to 1"),
        (Row((Number(0, 9),) * 3, ("J", "H", "Ks")), "[J, H, Ks]: each 0 to 9"),
        (PAIRS, "a list of 1 or more: [x, y]: 0 to 10, -1 to 1, increasing"),
    ],
)
def test_ranges_in_words(allowed, words):
    assert str(allowed) == words
