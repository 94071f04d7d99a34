"""Which queries are admitted: by a list of what is allowed, node by node. The reader's role is the second barrier."""

from __future__ import annotations

import re

from sqlglot import exp

from app.access.adql.errors import QueryError
from app.access.adql.vocabulary import FUNCTIONS, NODES, TYPES

_NUMBER = re.compile(r"\d*\.?\d+([eE][+-]?\d+)?|\d+\.([eE][+-]?\d+)?")
MOST_NODES = 400_000
_QUERIES = (exp.Select, exp.Union, exp.Except, exp.Intersect)


def admit(tree: exp.Expr) -> None:
    """Let a tree pass that is made of allowed nodes alone.

    Raises
    ------
    QueryError
        Raised with the first part that is not allowed.
    """
    if not isinstance(tree, _QUERIES):
        raise QueryError(f"a statement {_word(tree)}", expected="SELECT")
    for count, node in enumerate(tree.walk()):
        if count > MOST_NODES:
            raise QueryError("a query of too many parts", remedy="send long lists as a table, by UPLOAD")
        _admit_node(node)


def _admit_node(node: exp.Expr) -> None:
    parts = NODES.get(type(node))
    if parts is None:
        raise QueryError(f"{_word(node)} is not part of ADQL as this service understands it: {_text(node)}")
    extra = [
        name for name, value in node.args.items() if name not in parts and value not in (None, False, [], "")
    ]
    if extra == ["method"] and isinstance(node, exp.Join):
        raise QueryError("NATURAL JOIN", expected="JOIN ... USING (column, ...), which says what is compared")
    if extra:
        raise QueryError(f"{_word(node)} with {extra[0].upper()} is not part of ADQL: {_text(node)}")
    if isinstance(node, exp.Anonymous):
        name = str(node.this).lower()
        if name not in FUNCTIONS:
            raise QueryError(
                f"there is no function {name!r}", remedy="functions are listed in /tap/capabilities"
            )
    elif isinstance(node, exp.DataType) and node.this not in TYPES:
        raise QueryError(f"no cast to {_text(node)}", expected="a type of ADQL")
    elif isinstance(node, exp.Literal) and not node.is_string and not _NUMBER.fullmatch(str(node.this)):
        raise QueryError(f"{node.this!r} is no number")
    elif isinstance(node, exp.Literal | exp.Identifier) and "\0" in str(node.this):
        raise QueryError("a text with a zero byte")
    elif isinstance(node, exp.Limit | exp.Offset) and not _is_count(node.expression):
        raise QueryError(f"{_word(node)} {_text(node.expression)}", expected="a number of rows")
    elif isinstance(node, exp.Join):
        _admit_join(node)


def _is_count(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and str(node.this).isdigit()


def _admit_join(node: exp.Join) -> None:
    kind, side = str(node.args.get("kind") or "").upper(), str(node.args.get("side") or "").upper()
    if not (node.args.get("on") or node.args.get("using")) and (side or kind not in {"", "CROSS"}):
        raise QueryError("a JOIN without a condition", expected="ON or USING")
    if kind not in {"", "INNER", "OUTER", "CROSS"} or side not in {"", "LEFT", "RIGHT", "FULL"}:
        raise QueryError(f"{side} {kind} JOIN".strip(), expected="INNER, LEFT, RIGHT, FULL or CROSS JOIN")


def _word(node: exp.Expr) -> str:
    return type(node).__name__.upper()


def _text(node: exp.Expr | None) -> str:
    # The tree was refused: that it cannot be written either must not hide why.
    try:
        return node.sql(dialect="postgres", comments=False)[:80] if node is not None else ""
    except Exception:  # noqa: BLE001
        return ""
