"""ADQL to SQL in five steps: parse, admit, name everything in full, describe the columns, spell the geometry."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope
from sqlglot.schema import MappingSchema

from app.access.adql import geometry
from app.access.adql.admission import admit
from app.access.adql.described import describe, unit_of
from app.access.adql.errors import QueryError
from app.access.adql.parse import Adql, parse_query
from app.access.adql.tables import Relation, Tables
from app.access.adql.vocabulary import DECODERS
from app.columns.public_table import PublicColumn

_PLACE = "public"
"""Schema of all tables while names are looked up: those of people have one part or two."""
_TYPES = {"short": "smallint", "int": "int", "long": "bigint", "float": "real", "double": "double precision"}
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)


@dataclass(frozen=True)
class Translation:
    """A query for the database.

    Attributes
    ----------
    sql : str
        One SELECT of PostgreSQL.
    columns : tuple of PublicColumn
        Its columns; types are empty where the database tells them.
    tables : tuple of Relation
        Tables that it reads.
    merged : bool
        Whether rows of several SELECTs are put together, which may change types.
    """

    sql: str
    columns: tuple[PublicColumn, ...]
    tables: tuple[Relation, ...]
    merged: bool = False

    @property
    def releases(self) -> tuple[str, ...]:
        """Names of the releases that it reads, each once."""
        return tuple(dict.fromkeys(table.release for table in self.tables if table.release))


def translate(text: str, tables: Tables) -> Translation:
    """Translate a query.

    Parameters
    ----------
    text : str
        ADQL 2.1.
    tables : Tables
        What it may name.

    Raises
    ------
    QueryError
        Raised with the first thing that is wrong: its place, a part that is not allowed, a name that is not known.
    """
    tree = parse_query(text)
    admit(tree)
    _look_at_units(tree)
    try:
        relations = _bind(tree, tables)
        tree = _qualified(tree, relations)
        # What a name stands for is known only now: that of a table in place of a column would be its whole row.
        admit(tree)
        columns = describe(tree, relations)
        merged = tree.find(exp.SetOperation) is not None
        _convert_units(tree, relations)
        tree = _spelt(tree, relations)
        sql = tree.sql(dialect="postgres", comments=False)
    except RecursionError as error:
        raise QueryError("the query is nested too deeply", expected="fewer brackets") from error
    return Translation(sql, columns, tuple(relations.values()), merged)


def _name(node: exp.Expr | None) -> str:
    return str(node.name).lower() if node is not None else ""


def _bind(tree: exp.Expr, tables: Tables) -> dict[str, Relation]:
    """Give every table the key of its relation, and an alias: the name by which its columns are called."""
    common = {_name(cte.args["alias"]) for cte in tree.find_all(exp.CTE)}
    relations: dict[str, Relation] = {}
    for node in list(tree.find_all(exp.Table)):
        schema, name = _name(node.args.get("db")), _name(node)
        if not schema and name in common:
            continue
        relation = tables.find(f"{schema}.{name}" if schema else name)
        key = relation.name.replace(".", "__")
        relations[key] = relation
        if not node.alias:
            node.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
        node.set("this", exp.to_identifier(key, quoted=True))
        node.set("db", exp.to_identifier(_PLACE, quoted=True))
    given = {node.alias for node in tree.find_all(exp.Alias)} | {
        column.name for node in tree.find_all(exp.TableAlias) for column in node.args.get("columns") or ()
    }
    known = {column for relation in relations.values() for column in relation.columns}
    for column in tree.find_all(exp.Column):
        column.set("db", None)
        _fold(column, known, given)
    return relations


def _fold(column: exp.Column, known: set[str], given: set[str]) -> None:
    """Let a name between quotes be that of a column in other letters: "RA" of a table that was uploaded with it.

    All columns have small letters here. Names that the query itself gives are left as they stand.
    """
    name, lowered = column.name, column.name.lower()
    if name not in known and name not in given and lowered in known:
        column.set("this", exp.to_identifier(lowered, quoted=True))


def _qualified(tree: exp.Expr, relations: dict[str, Relation]) -> exp.Expr:
    shapes = {
        key: {name: _TYPES.get(column.datatype, "text") for name, column in relation.columns.items()}
        for key, relation in relations.items()
    }
    # A schema without any table has no depth to look names up by.
    schema = MappingSchema({_PLACE: shapes or {"none": {"none": "int"}}}, dialect="postgres", normalize=False)
    try:
        return qualify(tree, schema=schema, dialect=Adql, validate_qualify_columns=True)
    except SqlglotError as error:
        raise _unknown(str(error), relations) from error


def _unknown(message: str, relations: dict[str, Relation]) -> QueryError:
    found = re.search(r"[Cc]olumn '?\"?([^'\"]+?)\"?'? could not be resolved", message) or re.search(
        r"Unknown column: (.+)", message
    )
    first = message.splitlines()[0]
    if not found:
        return QueryError(re.sub(r"\x1b\[[0-9;]*m", "", first))
    name = found[1].split(".")[-1]
    known = [column for relation in relations.values() for column in relation.columns]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    place = re.search(r"Line:? (\d+), Col:? (\d+)", message)
    return QueryError(
        f"there is no column {name!r}" + (f" (line {place[1]}, column {place[2]})" if place else ""),
        expected=f"a column of {', '.join(r.name for r in relations.values()) or 'the subquery'}"
        + (f", perhaps {near[0]}" if near else ""),
    )


def _look_at_units(tree: exp.Expr) -> None:
    for node in tree.find_all(exp.Anonymous):
        if str(node.this).lower() == "in_unit" and not (
            len(node.expressions) == 2 and isinstance(node.expressions[1], exp.Literal)
        ):
            raise QueryError("IN_UNIT", expected="IN_UNIT(column, 'unit')")


def _convert_units(tree: exp.Expr, relations: dict[str, Relation]) -> None:
    """IN_UNIT(expression, 'unit') becomes a product with a number."""
    if not any(str(node.this).lower() == "in_unit" for node in tree.find_all(exp.Anonymous)):
        return
    root = build_scope(tree)
    for scope in list(root.traverse()) if root else []:
        for node in [n for n in scope.find_all(exp.Anonymous) if str(n.this).lower() == "in_unit"]:
            value, wanted = node.expressions
            unit = unit_of(value, scope, relations).unit
            factor = exp.Literal.number(repr(_factor(unit, str(wanted.this))))
            node.replace(exp.Paren(this=exp.Mul(this=exp.Paren(this=value.copy()), expression=factor)))


def _factor(unit: str, wanted: str) -> float:
    from astropy import units

    try:
        return float(units.Unit(unit, format="vounit").to(units.Unit(wanted, format="vounit")))
    except (ValueError, units.UnitConversionError) as error:
        raise QueryError(f"no conversion from {unit or 'no unit'!r} to {wanted!r}") from error


def _spelt(tree: exp.Expr, relations: dict[str, Relation]) -> exp.Expr:
    """Replace tables, functions and comparisons from the leaves to the root."""
    for node in reversed(list(tree.walk(bfs=False))):
        made = _spell(node, relations)
        if made is node:
            continue
        if node is tree:
            tree = made
        else:
            node.replace(made)
    return tree


def _spell(node: exp.Expr, relations: dict[str, Relation]) -> exp.Expr:
    if isinstance(node, exp.Table) and node.name in relations and node.args.get("db"):
        *schema, name = relations[node.name].relation
        node.set("this", exp.to_identifier(name, quoted=True))
        node.set("db", exp.to_identifier(schema[0], quoted=True) if schema else None)
    elif isinstance(node, exp.Anonymous):
        return _function(node)
    elif isinstance(node, exp.Contains):
        return geometry.condition(exp.ArrayContainedBy, node.this, node.expression)
    elif isinstance(node, _COMPARISONS):
        return geometry.compare(node)
    elif type(node) in _ARITHMETIC:
        return _ARITHMETIC[type(node)](node)
    return node


def _function(node: exp.Anonymous) -> exp.Expr:
    name = str(node.this).lower()
    arguments = list(node.expressions)
    if name in geometry.FUNCTIONS:
        return geometry.FUNCTIONS[name](arguments)
    if name in DECODERS:
        return geometry.call(f"wsdb.{name}", *arguments)
    if name == "square" and len(arguments) == 1:
        return geometry.call("power", _double(arguments[0]), exp.Literal.number("2"))
    return node


def _double(node: exp.Expr) -> exp.Expr:
    return exp.Cast(this=node.copy(), to=exp.DataType.build("double precision", dialect="postgres"))


def _decimal(node: exp.Expr) -> exp.Expr:
    return exp.Cast(this=node.copy(), to=exp.DataType.build("decimal", dialect="postgres"))


def _rounded(name: str) -> Callable[[exp.Expr], exp.Expr]:
    def made(node: exp.Expr) -> exp.Expr:
        decimals = node.args.get("decimals")
        if decimals is None:
            return geometry.call(name, node.this)
        # PostgreSQL rounds to decimals for numeric alone.
        return _double(geometry.call(name, _decimal(node.this), decimals.copy()))

    return made


def _logarithm(node: exp.Expr) -> exp.Expr:
    if node.expression is None:
        return geometry.call("ln", _double(node.this))
    if node.this.name != "10":
        raise QueryError("LOG with two arguments", expected="LOG, the natural one, or LOG10")
    return geometry.call("log", _double(node.expression))


def _modulo(node: exp.Expr) -> exp.Expr:
    return _double(geometry.call("mod", _decimal(node.this), _decimal(node.expression)))


_ARITHMETIC: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.Round: _rounded("round"),
    exp.Trunc: _rounded("trunc"),
    exp.Log: _logarithm,
    exp.Mod: _modulo,
}
"""Functions that PostgreSQL has by another name or for other types."""
