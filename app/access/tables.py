"""Tables and releases as the database has them now."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from psycopg.rows import dict_row

from app.access.adql.tables import Relation, Tables
from app.access.adql.translate import Translation, translate
from app.access.readers import Connection
from app.columns.public_table import PublicColumn
from app.db.statements import statement


@dataclass(frozen=True)
class ReleaseFact:
    """What an answer says of a release.

    Attributes
    ----------
    name, identifier : str
        Its name, and that name as part of names of tables.
    published_at : datetime
        When it was closed.
    code_version, code_commit : str
        Code that built it.
    manifest_sha256 : str
        Hash over the hashes of its products.
    scans : int
        Scans that it was drawn from.
    """

    name: str
    published_at: datetime
    code_version: str
    code_commit: str
    identifier: str
    manifest_sha256: str | None
    scans: int


MOST_TRANSLATIONS = 500
"""Queries whose translation is kept: a translation takes 5 ms."""
LONGEST_KEPT = 4000
"""Characters of a query whose translation is kept."""


@dataclass(frozen=True)
class Published:
    """Tables and releases at a time; `state` tells whether they are still the same."""

    tables: Tables
    releases: dict[str, ReleaseFact]
    types: dict[int, str]
    state: Any
    _translated: dict[str, Translation] = field(default_factory=dict)

    def translate(self, query: str) -> Translation:
        """Translate a query without uploads; the answer is kept for who asks the same again."""
        if len(query) > LONGEST_KEPT:
            return translate(query, self.tables)
        if query not in self._translated:
            if len(self._translated) >= MOST_TRANSLATIONS:
                self._translated.clear()
            self._translated[query] = translate(query, self.tables)
        return self._translated[query]


def relations_of(rows: Iterable[dict[str, Any]]) -> Iterable[Relation]:
    """Make tables of the rows of access/tables, which are in their order."""
    for name, columns in groupby(rows, key=lambda row: row["table_name"]):
        listed = list(columns)
        described = [
            PublicColumn(
                row["column_name"].strip('"'), row["datatype"], row["description"] or "", row["arraysize"] or "",
                row["xtype"] or "", row["unit"] or "", row["ucd"] or "", row["utype"] or "", bool(row["indexed"]),
                bool(row["principal"]), bool(row["std"]),
            )
            for row in listed
        ]  # fmt: skip
        relation = tuple(listed[0]["relation"].split("."))
        yield Relation(name, relation, {c.name: c for c in described}, listed[0]["release"] or "")


FRESH_SECONDS = 1.0
"""A release is seen so long after it was published, at most. [s]"""


class PublishedTables:
    """The tables of the service, read again when a release was published."""

    def __init__(self) -> None:
        self._known: Published | None = None
        self._looked = 0.0

    async def read(self, connection: Connection) -> Published:
        """Give the tables as they were within the last second; one short query when nothing has changed."""
        now = time.monotonic()
        if self._known is not None and now - self._looked < FRESH_SECONDS:
            return self._known
        cursor = await connection.execute(statement("access/newest"))
        state = await cursor.fetchone()
        if self._known is None or self._known.state != state:
            rows = connection.cursor(row_factory=dict_row)
            await rows.execute(statement("access/tables"))
            tables = Tables(relations_of(await rows.fetchall()))
            await rows.execute(statement("access/releases"))
            releases = {row["name"]: ReleaseFact(**row) for row in await rows.fetchall()}
            types = await (await connection.execute(statement("access/types"))).fetchall()
            self._known = Published(tables, releases, {int(oid): name for oid, name in types}, state)
        self._looked = now
        return self._known
