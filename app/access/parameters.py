"""Parameters of the virtual observatory: names in any case, several times, in the address or in a form (DALI 1.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from starlette.datastructures import UploadFile
from starlette.requests import Request

from app.errors import UserError


class ParameterError(UserError):
    """A parameter has an impossible value."""

    code = "PARAMETER"


@dataclass(frozen=True)
class Parameters:
    """Parameters of a request.

    Attributes
    ----------
    values : dict of str to list of str
        Values by name in capitals, in the order in which they came.
    files : dict of str to bytes
        Contents of uploaded parts by their names, as they are written.
    """

    values: dict[str, list[str]]
    files: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]], files: dict[str, bytes] | None = None) -> Parameters:
        """Collect pairs of name and value."""
        values: dict[str, list[str]] = {}
        for name, value in pairs:
            values.setdefault(name.upper(), []).append(value)
        return cls(values, files or {})

    def all(self, name: str) -> list[str]:
        """Every value of a name that is not empty."""
        return [value for value in self.values.get(name, []) if value.strip()]

    def text(self, name: str, default: str = "") -> str:
        """Give the value of a name that may be given once.

        Raises
        ------
        ParameterError
            Raised if it is given with several values.
        """
        found = self.all(name)
        if len(set(found)) > 1:
            raise ParameterError(f"{name} given {len(found)} times", expected="once")
        return found[0] if found else default

    def count(self, name: str) -> int | None:
        """Give a number that is not negative; None where it is not given.

        Raises
        ------
        ParameterError
            Raised for anything else.
        """
        found = self.text(name).strip()
        if not found:
            return None
        if not found.isdigit():
            raise ParameterError(f"{name}={found[:40]}", expected="a whole number, 0 or more")
        return int(found)

    def number(self, name: str, low: float, high: float) -> float:
        """Give a number between limits, which are included.

        Parameters
        ----------
        name : str
            Name of the parameter.
        low, high : float
            Limits.

        Raises
        ------
        ParameterError
            Raised if it is absent, none, or beyond them.
        """
        found = self.text(name).strip()
        try:
            value = float(found)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ParameterError(
                f"{name}={found[:40] or 'absent'}", expected=f"a number from {low:g} to {high:g}"
            )
        return value


async def read_parameters(request: Request) -> Parameters:
    """Read the parameters of a request, from its address and its form."""
    pairs = list(request.query_params.multi_items())
    files: dict[str, bytes] = {}
    if request.method == "POST":
        async with request.form(max_files=20, max_fields=1000, max_part_size=64 * 1024 * 1024) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    files[name] = await value.read()
                else:
                    pairs.append((name, value))
    return Parameters.of(pairs, files)
