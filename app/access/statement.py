"""The statements around a translated query: what its columns are, and its rows as COPY sends them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.columns.public_table import PublicColumn

_TEXT = "to_char({}, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS')"
_DATATYPES = {"int2": "short", "int4": "int", "int8": "long", "float4": "float", "float8": "double"}
_SHOWN: dict[str, tuple[str, str, str]] = {
    "numeric": ("{}::double precision", "double", ""),
    "bool": ("{}::integer", "int", ""),
    "date": ("{}", "char", "timestamp"),
    "timestamp": (_TEXT, "char", "timestamp"),
    "timestamptz": (_TEXT, "char", "timestamp"),
    "spoly": ("catalogue.region_text({})", "char", "adql:REGION"),
    "scircle": ("catalogue.region_text({})", "char", "adql:REGION"),
    "spoint": ("catalogue.region_text({})", "char", "adql:REGION"),
    "text": ("{}", "char", ""),
    "varchar": ("{}", "char", ""),
    "bpchar": ("{}", "char", ""),
}
"""How a type of the database is sent: expression, type of VOTable, type of DALI."""


@dataclass(frozen=True)
class Inner:
    """A query inside the statements that are made around it.

    Attributes
    ----------
    sql : str
        One SELECT of the database.
    uploads : str
        The list of uploaded tables that stands before it; empty without any.
    """

    sql: str
    uploads: str = ""

    def _around(self, head: str, columns: str, tail: str) -> str:
        return f"{self.uploads}SELECT {head} FROM ({self.sql}) AS answer{columns}{tail}"  # noqa: S608 - of the translator

    def description(self) -> str:
        """Give a statement without rows, whose columns are those of the query."""
        return self._around("*", "", " LIMIT 0")

    def rows(self, expressions: Sequence[str], most: int, options: str) -> str:
        """Give the COPY of the rows, one more than wanted so that a cut is seen.

        Parameters
        ----------
        expressions : sequence of str
            Columns as they are sent, from `shown`.
        most : int
            Rows that are wanted.
        options : str
            Options of COPY.
        """
        names = ", ".join(f"c{number}" for number in range(1, len(expressions) + 1))
        inner = self._around(", ".join(expressions), f" ({names})", f" LIMIT {int(most) + 1}")
        return f"COPY ({inner}) TO STDOUT ({options})"


_KINDS = {datatype: kind for kind, datatype in _DATATYPES.items()}


def kind_of(column: PublicColumn) -> str:
    """Give the type of the database that a column of the registry has."""
    if column.datatype != "char":
        return _KINDS[column.datatype]
    by_meaning = {"timestamp": "date", "adql:REGION": "spoly"}
    return by_meaning.get(column.xtype, "bpchar" if column.arraysize.isdigit() else "text")


def shown(described: PublicColumn, kind: str, number: int) -> tuple[str, PublicColumn]:
    """Say how a column is sent, and describe it as it is sent.

    Parameters
    ----------
    described : PublicColumn
        What the translation knows of the column.
    kind : str
        Type of the database; empty for one that has no form of its own.
    number : int
        Place of the column, from 1.
    """
    name = f"c{number}"
    if kind in _DATATYPES:
        return name, replace(described, datatype=_DATATYPES[kind], arraysize="", xtype="")
    form, datatype, xtype = _SHOWN.get(kind, ("{}::text", "char", ""))
    size = "" if datatype != "char" else "*"
    # Only a column itself has a fixed length, not what was made of it.
    if kind == "bpchar" and described.arraysize:
        size = described.arraysize
    if kind == "date":
        size = "10"
    if kind in {"text", "varchar", "bpchar"}:
        xtype = described.xtype
    return form.format(name), replace(described, datatype=datatype, arraysize=size, xtype=xtype)
