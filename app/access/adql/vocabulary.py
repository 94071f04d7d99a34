"""What a query may be made of: kinds of nodes with their parts, functions, types. Nothing else passes."""

from __future__ import annotations

from sqlglot import exp

from app.columns.flags import FLAGS
from app.instruments.bands import BANDS

_BINARY = frozenset({"this", "expression"})
_UNARY = frozenset({"this"})

NODES: dict[type[exp.Expr], frozenset[str]] = {
    exp.Select: frozenset({
        "with", "with_", "expressions", "distinct", "from", "from_", "joins", "where", "group", "having",
        "order", "limit",
        "offset",
    }),
    exp.Union: frozenset({"with", "with_", "this", "expression", "distinct", "order", "limit", "offset"}),
    exp.Except: frozenset({"with", "with_", "this", "expression", "distinct", "order", "limit", "offset"}),
    exp.Intersect: frozenset({"with", "with_", "this", "expression", "distinct", "order", "limit", "offset"}),
    exp.With: frozenset({"expressions"}),
    exp.CTE: frozenset({"this", "alias"}),
    exp.Subquery: frozenset({"this", "alias"}),
    exp.From: _UNARY,
    exp.Table: frozenset({"this", "db", "alias", "joins"}),
    exp.TableAlias: frozenset({"this", "columns"}),
    exp.Join: frozenset({"this", "on", "using", "side", "kind"}),
    exp.Where: _UNARY, exp.Having: _UNARY,
    exp.Group: frozenset({"expressions"}),
    exp.Order: frozenset({"expressions"}),
    exp.Ordered: frozenset({"this", "desc", "nulls_first"}),
    exp.Limit: frozenset({"expression"}), exp.Offset: frozenset({"expression"}),
    exp.Distinct: frozenset({"expressions"}),
    exp.Star: frozenset(),
    exp.Column: frozenset({"this", "table", "db"}),
    exp.Identifier: frozenset({"this", "quoted"}),
    exp.Alias: frozenset({"this", "alias"}),
    exp.Literal: frozenset({"this", "is_string"}),
    exp.Boolean: _UNARY, exp.Null: frozenset(), exp.Paren: _UNARY, exp.Neg: _UNARY, exp.Not: _UNARY,
    exp.And: _BINARY, exp.Or: _BINARY, exp.EQ: _BINARY, exp.NEQ: _BINARY, exp.LT: _BINARY, exp.LTE: _BINARY,
    exp.GT: _BINARY, exp.GTE: _BINARY, exp.Is: frozenset({"this", "expression", "negate"}),
    exp.Add: _BINARY, exp.Sub: _BINARY, exp.Mul: _BINARY,
    exp.Div: frozenset({"this", "expression", "typed", "safe"}),
    exp.Mod: _BINARY, exp.DPipe: frozenset({"this", "expression", "safe"}),
    exp.Like: frozenset({"this", "expression", "negate"}), exp.ILike: frozenset({"this", "expression", "negate"}),
    exp.Between: frozenset({"this", "low", "high"}),
    exp.In: frozenset({"this", "expressions", "query"}),
    exp.Exists: _UNARY,
    exp.Tuple: frozenset({"expressions"}),
    exp.Case: frozenset({"this", "ifs", "default"}), exp.If: frozenset({"this", "true"}),
    exp.Coalesce: frozenset({"this", "expressions"}),
    exp.Cast: frozenset({"this", "to"}),
    exp.DataType: frozenset({"this", "expressions", "nested"}), exp.DataTypeParam: _UNARY,
    exp.Count: frozenset({"this", "big_int"}),
    exp.Sum: _UNARY, exp.Avg: _UNARY, exp.Min: _UNARY, exp.Max: _UNARY,
    exp.Abs: _UNARY, exp.Acos: _UNARY, exp.Asin: _UNARY, exp.Atan: _UNARY, exp.Cos: _UNARY, exp.Sin: _UNARY,
    exp.Tan: _UNARY, exp.Cot: _UNARY, exp.Sqrt: _UNARY, exp.Exp: _UNARY, exp.Degrees: _UNARY, exp.Radians: _UNARY,
    exp.Sign: _UNARY, exp.Upper: _UNARY, exp.Lower: _UNARY, exp.Pi: frozenset(), exp.Rand: frozenset(),
    exp.Ceil: _UNARY, exp.Floor: _UNARY, exp.Length: _UNARY,
    exp.Atan2: _BINARY, exp.Pow: _BINARY, exp.Log: _BINARY,
    exp.Round: frozenset({"this", "decimals"}), exp.Trunc: frozenset({"this", "decimals"}),
    exp.Substring: frozenset({"this", "start", "length"}),
    exp.Contains: _BINARY,
    exp.Anonymous: frozenset({"this", "expressions"}),
}  # fmt: skip
"""Kinds of nodes, each with the parts that it may have."""

GEOMETRY = frozenset({
    "point", "circle", "polygon", "box", "distance", "intersects", "area", "centroid", "coord1", "coord2", "coordsys",
})  # fmt: skip
"""Functions of ADQL that sqlglot has no kind of node for."""
DECODERS = frozenset(
    [f"{band}_{flag}" for band in BANDS for flag in FLAGS]
    + [f"{flag}_meaning" for flag in FLAGS]
    + [f"{band}_frames_{word}" for band in BANDS for word in ("detected", "measurable")]
)
"""Functions of our own, of schema wsdb: what a flag says of a band."""
FUNCTIONS = GEOMETRY | DECODERS | {"square", "in_unit"}

TYPES = frozenset({
    exp.DataType.Type.INT, exp.DataType.Type.SMALLINT, exp.DataType.Type.BIGINT, exp.DataType.Type.FLOAT,
    exp.DataType.Type.DOUBLE, exp.DataType.Type.CHAR, exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT,
    exp.DataType.Type.TIMESTAMP, exp.DataType.Type.DATE,
})  # fmt: skip
"""Types that a value may be cast to."""
