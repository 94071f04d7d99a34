"""Conditions on scans: a small language that is read into a tree and judged row by row, and never becomes SQL.

    photometric and grade >= 3
    (hemis = n or night < 1999-06-01) and not cld and tile in (1, 2, 3)

Words are the facts of a scan (`FACTS`), compared with numbers, dates, letters, `true` and `false` by
`=`, `!=`, `<`, `<=`, `>`, `>=` and `in (...)`, and joined by `and`, `or`, `not` and parentheses. A fact that is true or
false stands by itself. An unknown fact makes a comparison unknown, as in SQL, and only what is true selects a scan.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.errors import UserError

FACTS: dict[str, type] = {
    "photometric": bool,
    "grade": int,
    "hemis": str,
    "night": date,
    "scan": int,
    "tile": int,
    "kind": str,
    "entry": str,
    "images": int,
    "sources": int,
    "hgl": bool,
    "cld": bool,
    "xph": bool,
    "anom": bool,
}
"""What a condition may ask of a scan, with the type of its values."""

_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
_TOKEN = re.compile(
    r"\s*(?:(?P<date>\d{4}-\d\d-\d\d)|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]+)|'(?P<text>[^']*)'"
    r"|(?P<sign><=|>=|!=|=|<|>|\(|\)|,))"
)
_RESERVED = frozenset({"and", "or", "not", "in", "true", "false"})
_DEEPEST = 50


class ConditionError(UserError):
    """A condition cannot be read."""

    code = "CONDITION"


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


@dataclass(frozen=True)
class Condition:
    """A condition as it was read.

    Attributes
    ----------
    text : str
        The condition in one spelling: single blanks, lower case of words.
    judge : callable
        Takes the facts of a scan by name and gives True, False, or None for unknown.
    names : frozenset of str
        Facts that it asks for.
    """

    text: str
    judge: Callable[[Mapping[str, Any]], bool | None]
    names: frozenset[str]

    def selects(self, facts: Mapping[str, Any]) -> bool:
        """Tell whether the condition is true of a scan; unknown is not true.

        Parameters
        ----------
        facts : mapping of str
            Values by the names of `FACTS`; None for unknown.
        """
        return self.judge(facts) is True


def read_condition(text: str) -> Condition:
    """Read a condition.

    Parameters
    ----------
    text : str
        Words of the language above.

    Raises
    ------
    ConditionError
        Raised if the text is no condition; the message shows where reading ended.

    Examples
    --------
    >>> condition = read_condition("photometric and grade >= 3")
    >>> condition.selects({"photometric": True, "grade": 5})
    True
    >>> condition.selects({"photometric": True, "grade": None})
    False
    """
    return _Reader(text).condition()


class _Reader:
    """Reads tokens by recursive descent: `or` binds least, then `and`, then `not`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0
        self._names: set[str] = set()

    def condition(self) -> Condition:
        judge = self._either()
        if self._at < len(self._tokens):
            raise self._wrong("and, or, or the end")
        words = [f"'{token.text}'" if token.kind == "text" else token.text for token in self._tokens]
        return Condition(_spelt(words), judge, frozenset(self._names))

    def _either(self) -> Callable[[Mapping[str, Any]], bool | None]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ConditionError(f"condition nested deeper than {_DEEPEST} levels", expected="a simpler one")
        parts = [self._both()]
        while self._takes("or"):
            parts.append(self._both())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else lambda facts: _any(part(facts) for part in parts)

    def _both(self) -> Callable[[Mapping[str, Any]], bool | None]:
        parts = [self._single()]
        while self._takes("and"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else lambda facts: _all(part(facts) for part in parts)

    def _single(self) -> Callable[[Mapping[str, Any]], bool | None]:
        negations = 0
        while self._takes("not"):
            negations += 1
        judge = self._comparison() if not self._takes("(") else self._closed(self._either())
        if negations % 2 == 0:
            return judge
        return lambda facts: None if (value := judge(facts)) is None else not value

    def _closed(
        self, judge: Callable[[Mapping[str, Any]], bool | None]
    ) -> Callable[[Mapping[str, Any]], bool | None]:
        if not self._takes(")"):
            raise self._wrong(")")
        return judge

    def _comparison(self) -> Callable[[Mapping[str, Any]], bool | None]:
        name = self._fact()
        if self._takes("in"):
            values = self._list(name)
            return lambda facts: None if (value := facts.get(name)) is None else value in values
        sign = self._peek()
        if sign is not None and sign.text in _SIGNS:
            self._at += 1
            compare, wanted = _SIGNS[sign.text], self._value(name)
            return lambda facts: None if (value := facts.get(name)) is None else compare(value, wanted)
        if FACTS[name] is not bool:
            raise self._wrong(f"a comparison of {name}, such as {name} = ...")
        return lambda facts: facts.get(name)

    def _fact(self) -> str:
        token = self._peek()
        if token is None or token.kind != "word" or token.text not in FACTS:
            raise self._wrong(f"one of {', '.join(FACTS)}")
        self._at += 1
        self._names.add(token.text)
        return token.text

    def _list(self, name: str) -> tuple[Any, ...]:
        if not self._takes("("):
            raise self._wrong("( after in")
        values = [self._value(name)]
        while self._takes(","):
            values.append(self._value(name))
        if not self._takes(")"):
            raise self._wrong(", or )")
        return tuple(values)

    def _value(self, name: str) -> Any:
        token, kind = self._peek(), FACTS[name]
        value = None if token is None else _value_of(token, kind)
        if value is None:
            raise self._wrong(_EXPECTED[kind])
        self._at += 1
        return value

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _takes(self, text: str) -> bool:
        token = self._peek()
        if token is None or token.kind == "text" or token.text != text:
            return False
        self._at += 1
        return True

    def _wrong(self, expected: str) -> ConditionError:
        token = self._peek()
        found = "the end" if token is None else repr(token.text)
        return ConditionError(f"condition {self._text!r}: {found} at word {self._at + 1}", expected=expected)


_EXPECTED: dict[type, str] = {
    bool: "true or false",
    int: "a number",
    str: "a word",
    date: "a date such as 1999-04-10",
}


def _value_of(token: _Token, kind: type) -> Any:
    if kind is bool and token.text in {"true", "false"}:
        return token.text == "true"
    if kind is int and token.kind == "number":
        return float(token.text)
    if kind is str and (token.kind == "text" or (token.kind == "word" and token.text not in _RESERVED)):
        return token.text
    if kind is date and token.kind == "date":
        try:
            return date.fromisoformat(token.text)
        except ValueError:
            return None
    return None


def _tokens(text: str) -> tuple[_Token, ...]:
    found, at = [], 0
    stripped = text.rstrip()
    while at < len(stripped):
        match = _TOKEN.match(stripped, at)
        if match is None or match.lastgroup is None:
            raise ConditionError(f"condition {text!r}: {stripped[at:].strip()[:20]!r} is no word of it")
        word = match.group(match.lastgroup)
        found.append(_Token(match.lastgroup, word.lower() if match.lastgroup == "word" else word))
        at = match.end()
    return tuple(found)


def _spelt(words: list[str]) -> str:
    return " ".join(words).replace("( ", "(").replace(" )", ")").replace(" ,", ",")


def _all(values: Any) -> bool | None:
    """Conjunction of three values: false if any is, else unknown if any is."""
    known = list(values)
    if any(value is False for value in known):
        return False
    return None if any(value is None for value in known) else True


def _any(values: Any) -> bool | None:
    """Disjunction of three values: true if any is, else unknown if any is."""
    known = list(values)
    if any(value is True for value in known):
        return True
    return None if any(value is None for value in known) else False
