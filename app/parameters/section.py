"""A section of the parameter set: a frozen class whose fields declare what they may be.

Every way to make a section checks its values: a call in the code, an override of a file (`changed`), the stored set of
a run (`stored`). A value of a section is therefore always one that the code has a method for.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields, replace
from typing import Any, ClassVar, Self

from app.errors import UserError
from app.parameters.allowed import Allowed, Choice, Count, NotAllowedError, Number, Row, Series, Switch

_KEY = "declaration"
_NEW_RUN = "create a run with this version of the code: mapps run create"


class ParametersError(UserError):
    """The parameter set names something unknown, lacks something, or has an impossible value."""

    code = "PARAMETERS"


@dataclass(frozen=True)
class Declaration:
    """What is said of a parameter besides its default.

    Attributes
    ----------
    allowed : Allowed
        Its values.
    unit : str
        Unit of its numbers; blank for pure numbers and switches.
    meaning : str
        What the value steers, in a sentence.
    """

    allowed: Allowed
    unit: str
    meaning: str

    @property
    def range(self) -> str:
        """Say in words what is allowed, with the unit."""
        return f"{self.allowed} ({self.unit})" if self.unit else str(self.allowed)


def declared(allowed: Allowed, unit: str, meaning: str) -> dict[str, Declaration]:
    """Metadata of a field of a section, for `dataclasses.field`.

    Parameters
    ----------
    allowed : Allowed
        Values that the parameter may have.
    unit : str
        Unit of its numbers, blank for pure numbers.
    meaning : str
        A sentence.
    """
    return {_KEY: Declaration(allowed, unit, meaning)}


def number(low: float, high: float, unit: str, meaning: str) -> dict[str, Declaration]:
    """Metadata of a parameter that is a number.

    Parameters
    ----------
    low, high : float
        Smallest and largest value, both allowed, in the unit.
    unit : str
        Blank for a pure number.
    meaning : str
        A sentence.
    """
    return declared(Number(low, high), unit, meaning)


def count(low: int, high: int, meaning: str) -> dict[str, Declaration]:
    """Metadata of a parameter that is a whole number.

    Parameters
    ----------
    low, high : int
        Smallest and largest value, both allowed.
    meaning : str
        A sentence.
    """
    return declared(Count(low, high), "", meaning)


def choice(options: tuple[int | str, ...], meaning: str) -> dict[str, Declaration]:
    """Metadata of a parameter with few, listed values."""
    return declared(Choice(options), "", meaning)


def switch(meaning: str) -> dict[str, Declaration]:
    """Metadata of a parameter that is true or false."""
    return declared(Switch(), "", meaning)


def triple(low: float, high: float, unit: str, meaning: str) -> dict[str, Declaration]:
    """Metadata of a parameter with a number for each of J, H and Ks.

    Parameters
    ----------
    low, high : float
        Smallest and largest value, both allowed, in the unit.
    unit : str
        Blank for pure numbers.
    meaning : str
        A sentence.
    """
    return declared(Row((Number(low, high),) * 3, ("J", "H", "Ks")), unit, meaning)


def curve(
    first: tuple[str, Number], second: tuple[str, Number], unit: str, meaning: str
) -> dict[str, Declaration]:
    """Metadata of a parameter that is a curve: pairs with straight lines between.

    Parameters
    ----------
    first : (str, Number)
        What the curve depends on, which increases from pair to pair, and its range.
    second : (str, Number)
        What the curve gives, and its range.
    unit : str
        Units of both, as "arcsec, mag".
    meaning : str
        A sentence.
    """
    pair = Row((first[1], second[1]), (first[0], second[0]))
    return declared(Series(pair, increasing=True), unit, meaning)


@dataclass(frozen=True)
class Section:
    """Base of the sections; its subclasses are frozen dataclasses whose fields are `declared` or sections themselves.

    Attributes
    ----------
    SECTION : str
        Name of the section in parameter files; blank for the whole set.
    """

    SECTION: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Check every value and bring it to its type: lists become tuples, whole numbers floats where a float is due.

        Raises
        ------
        ParametersError
            Raised if a value is not allowed; it names section, parameter and what is allowed.
        """
        for item in fields(self):
            object.__setattr__(self, item.name, self._read(item, getattr(self, item.name)))

    @classmethod
    def _read(cls, item: Field[Any], value: object) -> Any:
        kind = _section_of(item)
        if kind is not None:
            if not isinstance(value, kind):
                raise ParametersError(
                    f"{_place(cls.SECTION, item.name)} = {value!r}", expected="a section of names and values"
                )
            return value
        declaration = declaration_of(item)
        try:
            return declaration.allowed.read(value)
        except NotAllowedError:
            raise ParametersError(
                f"{_place(cls.SECTION, item.name)} = {value!r}", expected=declaration.range
            ) from None

    def changed(self, values: Mapping[str, object]) -> Self:
        """Give the same section with some values replaced, as an override says them.

        Parameters
        ----------
        values : mapping
            Plain values by parameter; for a section within this one a mapping of the same kind.

        Raises
        ------
        ParametersError
            Raised if a name is unknown or a value is not allowed.
        """
        self._refuse_unknown(values)
        made = {}
        for name, value in values.items():
            before = getattr(self, name)
            made[name] = (
                before.changed(value) if isinstance(before, Section) and isinstance(value, Mapping) else value
            )
        return replace(self, **made)

    @classmethod
    def stored(cls, values: Mapping[str, object]) -> Self:
        """Make a section of what was stored of it: every parameter must be there, and no other.

        Parameters
        ----------
        values : mapping
            What `as_dict` gave, after a way through JSON.

        Raises
        ------
        ParametersError
            Raised if a name is unknown, a parameter is missing or a value is not allowed.
        """
        cls._refuse_unknown(values, _NEW_RUN)
        made = {}
        for item in fields(cls):
            if item.name not in values:
                raise ParametersError(
                    f"{_title(cls.SECTION)} lacks {item.name}",
                    expected="every parameter of this version of the code",
                    remedy=_NEW_RUN,
                )
            value, kind = values[item.name], _section_of(item)
            made[item.name] = kind.stored(value) if kind and isinstance(value, Mapping) else value
        return cls(**made)

    def as_dict(self) -> dict[str, Any]:
        """Give plain values for JSON; `stored` makes the same section of them."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def _refuse_unknown(cls, values: Mapping[str, object], remedy: str = "") -> None:
        known = [item.name for item in fields(cls)]
        for name in values:
            if name not in known:
                [nearest] = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
                raise ParametersError(
                    f"unknown parameter {_place(cls.SECTION, name)}",
                    expected=f"a name of this version of the code, the nearest is {nearest}",
                    remedy=remedy,
                )


def declaration_of(item: Field[Any]) -> Declaration:
    """Give what a field of a section declares."""
    found: Declaration = item.metadata[_KEY]
    return found


def _section_of(item: Field[Any]) -> type[Section] | None:
    return type(item.default) if isinstance(item.default, Section) else None


def _title(section: str) -> str:
    return f"section [{section}]" if section else "the parameter set"


def _place(section: str, name: str) -> str:
    """Place of a parameter as a file says it; names of the whole set are sections."""
    return f"[{section}] {name}" if section else f"[{name}]"


def _plain(value: Any) -> Any:
    if isinstance(value, Section):
        return value.as_dict()
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
