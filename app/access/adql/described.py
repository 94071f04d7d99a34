"""Where the columns of an answer come from: units, UCDs and meanings follow through subqueries and arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope

from app.access.adql.tables import Relation
from app.columns.public_table import PublicColumn

_KEEPING = (
    exp.Min,
    exp.Max,
    exp.Avg,
    exp.Sum,
    exp.Abs,
    exp.Neg,
    exp.Round,
    exp.Trunc,
    exp.Ceil,
    exp.Floor,
    exp.Cast,
)
"""What leaves the unit of its argument as it is."""


def describe(tree: exp.Expr, relations: Mapping[str, Relation]) -> tuple[PublicColumn, ...]:
    """Describe the columns of a qualified query.

    Parameters
    ----------
    tree : expression
        A query whose columns all name their tables.
    relations : mapping of str to Relation
        Tables by the names that they have in the tree.

    Returns
    -------
    tuple of PublicColumn
        With an empty type where it follows from an expression: the database tells.
    """
    scope = build_scope(tree)
    return (
        tuple(_named(projection, scope, relations) for projection in _leftmost(tree).selects) if scope else ()
    )


def _leftmost(tree: exp.Expr) -> exp.Select:
    while not isinstance(tree, exp.Select):
        tree = tree.this
    return tree


def _scope_of(scope: Scope) -> Scope:
    """Give the scope of the first SELECT of a union."""
    while scope.set_operation_scopes:
        scope = scope.set_operation_scopes[0]
    return scope


def _named(node: exp.Expr, scope: Scope, relations: Mapping[str, Relation]) -> PublicColumn:
    return replace(unit_of(node.unalias(), _scope_of(scope), relations), name=node.alias_or_name or "col")


def unit_of(  # noqa: PLR0911 - a return for each kind of expression
    node: exp.Expr, scope: Scope, relations: Mapping[str, Relation]
) -> PublicColumn:
    """Describe an expression.

    Parameters
    ----------
    node : expression
        Column, function or arithmetic.
    scope : Scope
        The SELECT that it stands in.
    relations : mapping of str to Relation
        Tables by the names that they have in the tree.
    """
    unknown = PublicColumn("", "", "")
    if isinstance(node, exp.Column):
        return _source(node, scope, relations) or unknown
    if isinstance(node, exp.Paren):
        return unit_of(node.this, scope, relations)
    if isinstance(node, exp.Count):
        return replace(unknown, ucd="meta.number")
    if isinstance(node, exp.Anonymous) and str(node.this).lower() == "distance":
        return replace(unknown, ucd="pos.angDistance", unit="deg")
    if isinstance(node, exp.Anonymous) and str(node.this).lower() == "in_unit":
        value, unit = node.expressions
        return replace(unit_of(value, scope, relations), datatype="", unit=str(unit.this))
    if isinstance(node, exp.Coalesce):
        return replace(unit_of(node.this, scope, relations), datatype="")
    if isinstance(node, _KEEPING):
        inner = unit_of(node.this, scope, relations)
        return PublicColumn("", "", inner.description, unit=inner.unit, ucd=inner.ucd)
    if isinstance(node, exp.Add | exp.Sub):
        units = [unit_of(side, scope, relations).unit for side in (node.this, node.expression)]
        return replace(unknown, unit=units[0] if units[0] == units[1] else "")
    return unknown


def _source(node: exp.Column, scope: Scope, relations: Mapping[str, Relation]) -> PublicColumn | None:
    source = scope.sources.get(node.table)
    if isinstance(source, exp.Table):
        relation = relations.get(source.name)
        return relation.columns.get(node.name) if relation else None
    if isinstance(source, Scope):
        inner = _scope_of(source)
        projections = {p.alias_or_name: p for p in getattr(inner.expression, "selects", [])}
        found = projections.get(node.name)
        return unit_of(found.unalias(), inner, relations) if found is not None else None
    return None
