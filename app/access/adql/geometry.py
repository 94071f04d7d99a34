"""Geometry of ADQL as pgSphere has it, spelt so that the positional indexes are used."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from app.access.adql.errors import QueryError

FRAMES = frozenset({"", "ICRS", "J2000", "FK5", "ICRS GEOCENTER", "UNKNOWNFRAME"})
"""Names of frames that stand for our positions: FK5 at J2000 lies within 0.05 arcsec of ICRS."""
CONDITION, SEPARATION = "condition", "separation"
_SQUARE_DEGREES = (180 / 3.141592653589793) ** 2


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """Call a function of the database."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def without_frame(arguments: list[exp.Expr], name: str) -> list[exp.Expr]:
    """Take the name of a frame off the arguments.

    Raises
    ------
    QueryError
        Raised for a frame in which no positions are kept.
    """
    if arguments and isinstance(arguments[0], exp.Literal) and arguments[0].is_string:
        frame = str(arguments[0].this).strip().upper()
        if frame not in FRAMES:
            raise QueryError(
                f"{name.upper()} in the frame {frame!r}",
                expected="'ICRS' or no frame at all",
                remedy="glon and glat are columns of their own",
            )
        return arguments[1:]
    return arguments


def _counted(arguments: list[exp.Expr], name: str, *counts: int) -> list[exp.Expr]:
    if len(arguments) not in counts:
        raise QueryError(
            f"{name.upper()} with {len(arguments)} arguments", expected=" or ".join(map(str, counts))
        )
    return arguments


def _radians(value: exp.Expr) -> exp.Expr:
    return call("radians", value)


def point(arguments: list[exp.Expr]) -> exp.Expr:
    """POINT(ra, decl), degrees."""
    ra, decl = _counted(without_frame(arguments, "point"), "point", 2)
    return call("spoint", _radians(ra), _radians(decl))


def circle(arguments: list[exp.Expr]) -> exp.Expr:
    """CIRCLE(ra, decl, radius) or CIRCLE(point, radius), degrees."""
    rest = _counted(without_frame(arguments, "circle"), "circle", 2, 3)
    centre = rest[0] if len(rest) == 2 else point(rest[:2])
    return call("scircle", centre, _radians(rest[-1]))


def _coordinates(vertex: exp.Expr) -> list[exp.Expr]:
    """Degrees of a vertex that POINT has made already."""
    if isinstance(vertex, exp.Anonymous) and vertex.this == "spoint":
        return [angle.expressions[0].copy() for angle in vertex.expressions]
    return [vertex]


def _polygon(coordinates: list[exp.Expr]) -> exp.Expr:
    # Integers among them would make the array one of numeric.
    doubles = [
        exp.Cast(this=value, to=exp.DataType.build("double precision", dialect="postgres"))
        for value in coordinates
    ]
    return call("spoly_deg", exp.Array(expressions=doubles))


def polygon(arguments: list[exp.Expr]) -> exp.Expr:
    """POLYGON of coordinates or points: at least three vertices, joined by great circles."""
    coordinates = [c for vertex in without_frame(arguments, "polygon") for c in _coordinates(vertex)]
    if len(coordinates) < 6 or len(coordinates) % 2:
        raise QueryError(
            f"POLYGON with {len(coordinates)} coordinates", expected="two for each of three vertices or more"
        )
    return _polygon(coordinates)


def box(arguments: list[exp.Expr]) -> exp.Expr:
    """BOX(ra, decl, width, height): the polygon of its corners, as ADQL 2.1 says."""
    rest = _counted(without_frame(arguments, "box"), "box", 3, 4)
    if len(rest) == 3:
        rest = [*_coordinates(rest[0]), *rest[1:]]
    ra, decl, width, height = _counted(rest, "box", 4)

    def corner(centre: exp.Expr, sizes: tuple[exp.Expr, str]) -> exp.Expr:
        size, sign = sizes
        half = exp.Div(this=exp.Paren(this=size.copy()), expression=exp.Literal.number("2.0"))
        kind = exp.Sub if sign == "-" else exp.Add
        return exp.Paren(this=kind(this=exp.Paren(this=centre.copy()), expression=half))

    order = (("-", "-"), ("+", "-"), ("+", "+"), ("-", "+"))
    return _polygon([c for x, y in order for c in (corner(ra, (width, x)), corner(decl, (height, y)))])


def distance(arguments: list[exp.Expr]) -> exp.Expr:
    """DISTANCE(point, point) or DISTANCE(ra, decl, ra, decl), degrees."""
    rest = _counted(arguments, "distance", 2, 4)
    first, second = rest if len(rest) == 2 else (point(rest[:2]), point(rest[2:]))
    made = call("degrees", exp.Distance(this=first, expression=second))
    made.meta[SEPARATION] = (first, second)
    return made


def area(arguments: list[exp.Expr]) -> exp.Expr:
    """AREA of a region, square degrees."""
    (region,) = _counted(arguments, "area", 1)
    return exp.Paren(
        this=exp.Mul(this=call("area", region), expression=exp.Literal.number(repr(_SQUARE_DEGREES)))
    )


def _coordinate(function: str) -> Callable[[list[exp.Expr]], exp.Expr]:
    def made(arguments: list[exp.Expr]) -> exp.Expr:
        (place,) = _counted(arguments, "coord1 and coord2", 1)
        return call("degrees", call(function, place))

    return made


def centroid(arguments: list[exp.Expr]) -> exp.Expr:
    """CENTROID of a circle."""
    (region,) = _counted(arguments, "centroid", 1)
    if not (isinstance(region, exp.Anonymous) and region.this == "scircle"):
        raise QueryError("CENTROID of a region that is no CIRCLE", expected="CIRCLE")
    centre: exp.Expr = region.expressions[0].copy()
    return centre


def coordsys(arguments: list[exp.Expr]) -> exp.Expr:
    """COORDSYS: all geometry is ICRS."""
    _counted(arguments, "coordsys", 1)
    return exp.Literal.string("ICRS")


def _is_wide(region: exp.Expr) -> bool:
    """Whether a region is a circle of more than 90 degrees, which pgSphere has not."""
    if not (isinstance(region, exp.Anonymous) and region.this == "scircle"):
        return False
    return _exceeds_90(region.expressions[1].expressions[0])


def _exceeds_90(radius: exp.Expr) -> bool:
    return isinstance(radius, exp.Literal) and not radius.is_string and float(radius.this) > 90


def condition(kind: type[exp.Binary], first: exp.Expr, second: exp.Expr) -> exp.Expr:
    """CONTAINS or INTERSECTS as a number; what compares it with 1 or 0 takes the condition itself.

    Parameters
    ----------
    kind : type
        Operator of pgSphere.
    first, second : expression
        Regions or points.
    """
    test: exp.Expr = kind(this=first, expression=second)
    if kind is exp.ArrayContainedBy and _is_wide(second):
        apart = call("degrees", exp.Distance(this=first, expression=second.expressions[0]))
        test = exp.LTE(this=apart, expression=second.expressions[1].expressions[0].copy())
    made = exp.Cast(this=exp.Paren(this=test), to=exp.DataType.build("int"))
    made.meta[CONDITION] = test
    return made


def intersects(arguments: list[exp.Expr]) -> exp.Expr:
    """INTERSECTS(region, region); a point is in a region."""
    first, second = _counted(arguments, "intersects", 2)
    for place, region in ((first, second), (second, first)):
        if isinstance(place, exp.Anonymous) and place.this == "spoint":
            return condition(exp.ArrayContainedBy, place, region)
    return condition(exp.ArrayOverlaps, first, second)


FUNCTIONS: dict[str, Callable[[list[exp.Expr]], exp.Expr]] = {
    "point": point,
    "circle": circle,
    "polygon": polygon,
    "box": box,
    "distance": distance,
    "area": area,
    "centroid": centroid,
    "coordsys": coordsys,
    "coord1": _coordinate("long"),
    "coord2": _coordinate("lat"),
    "intersects": intersects,
}
"""What makes each function of geometry, from arguments that are made already."""


def compare(node: exp.Expr) -> exp.Expr:
    """Spell a comparison with CONTAINS, INTERSECTS or DISTANCE so that an index answers it."""
    left, right = node.this, node.expression
    for test, number in ((left, right), (right, left)):
        if CONDITION in test.meta and isinstance(number, exp.Literal) and isinstance(node, exp.EQ | exp.NEQ):
            wanted = (str(number.this) in {"1", "1.0"}) == isinstance(node, exp.EQ)
            if str(number.this) in {"0", "1"}:
                itself: exp.Expr = test.meta[CONDITION]
                return itself if wanted else exp.Not(this=exp.Paren(this=itself))
    within = (exp.LT, exp.LTE)
    for separation, limit, kinds in ((left, right, within), (right, left, (exp.GT, exp.GTE))):
        if SEPARATION in separation.meta and isinstance(node, kinds) and not _exceeds_90(limit):
            first, second = separation.meta[SEPARATION]
            near = call("spoint_dwithin", first.copy(), second.copy(), _radians(limit.copy()))
            return exp.Paren(this=exp.And(this=near, expression=node.copy()))
    return node
