"""ADQL text to a tree, by sqlglot's PostgreSQL with TOP and without its own way to write a cast."""

from __future__ import annotations

from typing import ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from app.access.adql.errors import QueryError

LONGEST_QUERY = 1_000_000
"""Characters: a list of 50,000 names still fits."""


class Adql(Postgres):
    """The tokens of ADQL; everything else is refused by `app.access.adql.admission`."""

    class Tokenizer(Postgres.Tokenizer):
        """TOP is a word, a double colon is none."""

        KEYWORDS: ClassVar[dict[str, TokenType]] = {
            word: token for word, token in Postgres.Tokenizer.KEYWORDS.items() if word != "::"
        } | {"TOP": TokenType.TOP}


def parse_query(text: str) -> exp.Expr:
    """Parse a text that holds exactly one statement.

    Raises
    ------
    QueryError
        Raised if it is empty, too long, holds several statements or none that can be read; the place is told.
    """
    if len(text) > LONGEST_QUERY:
        raise QueryError(
            f"a query of {len(text)} characters",
            expected=f"at most {LONGEST_QUERY}",
            remedy="send long lists as a table, by UPLOAD",
        )
    try:
        # Editors put a mark in front of a file, which is no part of the query.
        plain = text.strip().removeprefix("\ufeff").rstrip(";")
        statements = [tree for tree in sqlglot.parse(plain, dialect=Adql) if tree is not None]
    except SqlglotError as error:
        raise QueryError(f"the query cannot be read: {_place(error)}", expected="ADQL 2.1") from error
    except RecursionError as error:
        raise QueryError("the query is nested too deeply", expected="fewer brackets") from error
    if len(statements) != 1:
        raise QueryError(f"{len(statements)} statements", expected="one query")
    return statements[0]


def _place(error: SqlglotError) -> str:
    found = getattr(error, "errors", None)
    if not found:
        return str(error).splitlines()[0]
    first = found[0]
    near = f"{str(first['start_context'])[-30:]}{first['highlight']}{str(first['end_context'])[:20]}".strip()
    return f"line {first['line']}, column {first['col']}: near {near!r}"
