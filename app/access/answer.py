"""A query that runs: its columns are known, its rows come block by block."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

import psycopg

from app.access.adql.errors import QueryError
from app.access.adql.translate import Translation, translate
from app.access.readers import Connection
from app.access.statement import Inner, kind_of, shown
from app.access.tables import Published, ReleaseFact
from app.access.uploads import Upload, uploads_clause
from app.columns.public_table import PublicColumn
from app.db.statements import statement

BLOCK_BYTES = 256 * 1024


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes
    ----------
    query : str
        ADQL.
    most_rows : int
        Rows of the answer at most.
    seconds : float
        Longest duration of the query. [s]
    base_url : str
        Where the service is reached by.
    uploads : sequence of Upload
        Tables that came along.
    ucds : mapping of str to str
        UCDs that the answer has by other words, for clients of an older standard.
    """

    query: str
    most_rows: int
    seconds: float
    base_url: str = ""
    uploads: Sequence[Upload] = ()
    ucds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """A query whose columns are known; rows can be taken once.

    Attributes
    ----------
    columns : tuple of PublicColumn
        Columns as they are sent.
    releases : tuple of ReleaseFact
        Releases that it reads.
    most_rows : int
        Rows at most: one more is sent when there are more.
    """

    columns: tuple[PublicColumn, ...]
    releases: tuple[ReleaseFact, ...]
    most_rows: int
    query: str
    _connection: Connection = field(repr=False)
    _inner: Inner = field(repr=False)
    _expressions: tuple[str, ...] = field(repr=False)

    async def blocks(self, options: str, *, dates_as_text: bool = False) -> AsyncIterator[bytes]:
        """Rows as COPY sends them, whole ones, in blocks.

        Parameters
        ----------
        options : str
            Options of COPY.
        dates_as_text : bool
            Whether dates are written out, which COPY does by itself in its text formats.
        """
        expressions = [
            f"{sent}::text" if dates_as_text and column.xtype == "timestamp" else sent
            for sent, column in zip(self._expressions, self.columns, strict=True)
        ]
        text = self._inner.rows(expressions, self.most_rows, options).encode()
        block: list[bytes] = []
        size = 0
        async with self._connection.cursor() as cursor, cursor.copy(text) as copy:
            while row := await copy.read():
                block.append(bytes(row))
                size += len(row)
                if size >= BLOCK_BYTES:
                    yield b"".join(block)
                    block, size = [], 0
        if block:
            yield b"".join(block)


@asynccontextmanager
async def running(connection: Connection, published: Published, request: Request) -> AsyncIterator[Answer]:
    """Begin to answer a query, in a session that cannot write.

    Parameters
    ----------
    connection : Connection
        Reader's.
    published : Published
        Tables of the service.
    request : Request
        Query, limits and uploads.

    Raises
    ------
    QueryError
        Raised if the query cannot be answered as it was put.
    """
    if request.uploads:
        tables = published.tables.with_uploads(upload.relation for upload in request.uploads)
        translation = translate(request.query, tables)
    else:
        translation = published.translate(request.query)
    inner = Inner(translation.sql, uploads_clause(request.uploads, connection))
    with _readable():
        await _settle(connection, request)
        kinds = known_kinds(translation, uploads=bool(request.uploads))
        types = kinds or await _types(connection, inner, published.types)
        made = [shown(c, t, n) for n, (c, t) in enumerate(zip(translation.columns, types, strict=True), 1)]
        yield Answer(
            columns=tuple(
                replace(column, ucd=request.ucds.get(column.ucd, column.ucd)) for _, column in made
            ),
            releases=tuple(published.releases[name] for name in translation.releases),
            most_rows=request.most_rows,
            query=request.query,
            _connection=connection,
            _inner=inner,
            _expressions=tuple(expression for expression, _ in made),
        )


_SETTLED: WeakKeyDictionary[Connection, tuple[str, float]] = WeakKeyDictionary()
"""What each session was last told."""


async def _settle(connection: Connection, request: Request) -> None:
    """Tell a session where the service is, and the time limit, unless it knows."""
    wanted = (request.base_url, request.seconds)
    if _SETTLED.get(connection) != wanted:
        values = {"base_url": request.base_url, "timeout_ms": str(int(request.seconds * 1000))}
        await connection.execute(statement("access/prepare"), values)
        _SETTLED[connection] = wanted


def known_kinds(translation: Translation, *, uploads: bool) -> list[str]:
    """Give the types of the columns where the registry tells them all; none where the database must be asked.

    Parameters
    ----------
    translation : Translation
        The query.
    uploads : bool
        Whether tables came along, whose types are not ours.
    """
    columns = translation.columns
    if uploads or translation.merged or not all(column.datatype for column in columns):
        return []
    return [kind_of(column) for column in columns]


async def _types(connection: Connection, inner: Inner, known: Mapping[int, str]) -> list[str]:
    cursor = await connection.execute(inner.description().encode())
    return [known.get(column.type_code, "") for column in cursor.description or ()]


class _readable:  # noqa: N801 - used like a function
    """Turn what the server says of a query into an error that a person can read."""

    def __enter__(self) -> None:
        """Watch what follows."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Translate errors of the server."""
        if isinstance(error, psycopg.errors.QueryCanceled):
            raise QueryError(
                "the query took longer than its limit",
                expected="a smaller question, or one that an index answers (positions, designation, keys)",
                remedy="send it as a job (/tap/async), which may take longer",
            ) from error
        if isinstance(
            error, psycopg.errors.DataError | psycopg.errors.ProgrammingError | psycopg.errors.InternalError
        ):
            primary = error.diag.message_primary or str(error).splitlines()[0]
            raise QueryError(f"the database refuses the query: {primary}") from error
