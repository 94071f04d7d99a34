"""Values that a parameter may have: each kind reads plain values of TOML or JSON and says in words what it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol


class NotAllowedError(ValueError):
    """A value is none of those that a parameter may have; the section says which parameter and what it may be."""


class Allowed(Protocol):
    """A set of values."""

    def read(self, value: object) -> Any:
        """Give the value in the parameter's own type.

        Raises
        ------
        NotAllowedError
            Raised if the value is not in the set.
        """

    def __str__(self) -> str: ...


@dataclass(frozen=True)
class Number:
    """Numbers from `low` to `high`, both included; NaN and infinities never."""

    low: float
    high: float

    def read(self, value: object) -> float:
        """Give the number as a float, so that 4 and 4.0 are one value with one hash."""
        # True is an int to Python; no comparison with NaN holds.
        if (
            not isinstance(value, int | float)
            or isinstance(value, bool)
            or not self.low <= value <= self.high
        ):
            raise NotAllowedError(value)
        return float(value)

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Count:
    """Whole numbers from `low` to `high`, both included."""

    low: int
    high: int

    def read(self, value: object) -> int:
        """Give the whole number."""
        if isinstance(value, bool) or not isinstance(value, int) or not self.low <= value <= self.high:
            raise NotAllowedError(value)
        return value

    def __str__(self) -> str:
        return f"a whole number, {self.low} to {self.high}"


@dataclass(frozen=True)
class Choice:
    """Some values, listed: whole numbers or words."""

    options: tuple[int | str, ...]

    def read(self, value: object) -> int | str:
        """Give the value."""
        if isinstance(value, bool) or not isinstance(value, int | str) or value not in self.options:
            raise NotAllowedError(value)
        return value

    def __str__(self) -> str:
        *others, last = map(str, self.options)
        return f"{', '.join(others)} or {last}" if others else last


@dataclass(frozen=True)
class Switch:
    """True or false."""

    def read(self, value: object) -> bool:
        """Give the truth value."""
        if not isinstance(value, bool):
            raise NotAllowedError(value)
        return value

    def __str__(self) -> str:
        return "true or false"


@dataclass(frozen=True)
class Row:
    """A list of fixed length; `names` say what its items are."""

    items: tuple[Allowed, ...]
    names: tuple[str, ...]
    increasing: bool = False

    def read(self, value: object) -> tuple[Any, ...]:
        """Give the items as a tuple."""
        if not isinstance(value, list | tuple) or len(value) != len(self.items):
            raise NotAllowedError(value)
        made = tuple(item.read(part) for item, part in zip(self.items, value, strict=True))
        return _increasing(made, lambda item: item) if self.increasing else made

    def __str__(self) -> str:
        order = ", increasing" if self.increasing else ""
        return f"[{', '.join(self.names)}]: {_together([str(item) for item in self.items])}{order}"


@dataclass(frozen=True)
class Series:
    """A list of items of one kind, at least `shortest` of them; of rows, the first items may have to increase."""

    item: Allowed
    shortest: int = 1
    increasing: bool = False

    def read(self, value: object) -> tuple[Any, ...]:
        """Give the items as a tuple."""
        if not isinstance(value, list | tuple) or len(value) < self.shortest:
            raise NotAllowedError(value)
        made = tuple(self.item.read(part) for part in value)
        return _increasing(made, _first) if self.increasing else made

    def __str__(self) -> str:
        order = ", increasing" if self.increasing else ""
        return f"a list of {self.shortest} or more: {self.item}{order}"


def _first(item: Any) -> Any:
    return item[0] if isinstance(item, tuple) else item


def _increasing(items: tuple[Any, ...], key: Callable[[Any], Any]) -> tuple[Any, ...]:
    values = [key(item) for item in items]
    if any(later <= earlier for earlier, later in pairwise(values)):
        raise NotAllowedError(items)
    return items


def _together(words: list[str]) -> str:
    """Join ranges by commas; equal ones are said once."""
    return f"each {words[0]}" if len(words) > 1 and len(set(words)) == 1 else ", ".join(words)
