"""Tables and columns that a query may name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from app.access.adql.errors import QueryError
from app.columns.public_table import PublicColumn


@dataclass(frozen=True)
class Relation:
    """A table as people name it.

    Attributes
    ----------
    name : str
        Name in FROM, lower case.
    relation : tuple of str
        Schema and name in the database; the name alone for what the statement itself brings along.
    columns : mapping of str to PublicColumn
        Columns by name, in the order of a star.
    release : str
        Name of the release; empty where it is of none.
    """

    name: str
    relation: tuple[str, ...]
    columns: Mapping[str, PublicColumn]
    release: str = ""


class Tables:
    """All tables of a service at a time.

    Parameters
    ----------
    relations : iterable of Relation
        The tables.
    """

    def __init__(self, relations: Iterable[Relation]) -> None:
        self._relations = {relation.name: relation for relation in relations}

    def __iter__(self) -> Iterator[Relation]:
        """Give the tables in their order."""
        return iter(self._relations.values())

    def find(self, name: str) -> Relation:
        """Give the table of a name.

        Raises
        ------
        QueryError
            Raised if there is none, with the nearest name.
        """
        found = self._relations.get(name) or self._relations.get(f"catalogue.{name}")
        if found is None:
            near = difflib.get_close_matches(name, self._relations, n=1, cutoff=0.5)
            raise QueryError(
                f"there is no table {name!r}",
                expected=f"a table of TAP_SCHEMA.tables{f', perhaps {near[0]}' if near else ''}",
                remedy="tap_schema.tables lists them",
            )
        return found

    def with_uploads(self, uploads: Iterable[Relation]) -> Tables:
        """Give the same tables and those that a request brought along."""
        return Tables((*self._relations.values(), *uploads))


def upload(name: str, columns: Iterable[PublicColumn]) -> Relation:
    """Describe an uploaded table: ``TAP_UPLOAD.name`` in a query, a name of one part in the statement."""
    lowered = {column.name.lower(): replace(column, name=column.name.lower()) for column in columns}
    return Relation(f"tap_upload.{name.lower()}", (f"tap_upload_{name.lower()}",), lowered)
