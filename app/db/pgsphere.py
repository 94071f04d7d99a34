"""pgSphere types for psycopg and SQLAlchemy.

Angles are degrees in Python and radians in pgSphere; text is written with the suffix ``d`` and read back as radians
with 15 significant digits (round trip within 3.4e-13 degrees; pgSphere takes angles below 1e-9 rad, 0.2
milliarcsec, for zero). It has no binary send or receive functions, so a table with such a column cannot be the
target of a binary COPY: source tables keep ``ra`` and ``decl`` as doubles and index the expression
``spoint(radians(ra), radians(decl))``.
"""

from __future__ import annotations

import re
from math import degrees
from typing import Any, ClassVar

from psycopg import Connection
from psycopg.adapt import Dumper, Loader
from psycopg.pq import Format
from psycopg.types import TypeInfo
from sqlalchemy.dialects.postgresql import base as postgresql_dialect
from sqlalchemy.types import UserDefinedType

from app.errors import OperatorError
from app.sky.shapes import SBox, SCircle, Shape, SPoint, SPolygon

_NUMBER = re.compile(rb"[-+]?[0-9][-+0-9.eE]*")


class PgSphereMissingError(OperatorError):
    """The database has no pg_sphere extension."""

    code = "PGSPHERE_MISSING"


def _point_text(point: SPoint) -> str:
    return f"({point.ra_deg!r}d,{point.decl_deg!r}d)"


def to_text(shape: Shape) -> str:
    """Write a shape as pgSphere reads it, in degrees."""
    match shape:
        case SPoint():
            return _point_text(shape)
        case SCircle(centre, radius_deg):
            return f"<{_point_text(centre)},{radius_deg!r}d>"
        case SPolygon(corners):
            return "{" + ",".join(map(_point_text, corners)) + "}"
        case SBox(south_west, north_east):
            return f"({_point_text(south_west)},{_point_text(north_east)})"


def from_text(name: str, data: bytes) -> Shape:
    """Shape of pgSphere type `name` from its output text (radians)."""
    numbers = [degrees(float(number)) for number in _NUMBER.findall(data)]
    points = [SPoint(ra, decl) for ra, decl in zip(numbers[::2], numbers[1::2], strict=False)]
    match name:
        case "spoint":
            return points[0]
        case "scircle":
            return SCircle(points[0], numbers[2])
        case "sbox":
            return SBox(points[0], points[1])
        case _:
            return SPolygon(tuple(points))


_SHAPES: dict[str, type[Any]] = {"spoint": SPoint, "scircle": SCircle, "spoly": SPolygon, "sbox": SBox}


class _ShapeDumper(Dumper):
    format = Format.TEXT

    def dump(self, obj: Any) -> bytes:
        return to_text(obj).encode("ascii")


class _ShapeLoader(Loader):
    format = Format.TEXT
    shape_name: ClassVar[str] = "spoly"

    def load(self, data: bytes | bytearray | memoryview) -> Shape:
        return from_text(self.shape_name, bytes(data))


def register(connection: Connection[Any]) -> None:
    """Teach one psycopg connection to send and receive SPoint, SCircle, SPolygon and SBox.

    The numbers (oids) of types differ between databases, so every connection learns its own.

    Raises
    ------
    PgSphereMissingError
        Raised if the extension is not in the database.
    """
    for name, shape in _SHAPES.items():
        info = TypeInfo.fetch(connection, name)
        if info is None:
            found = f"database {connection.info.dbname!r} has no type {name!r}"
            raise PgSphereMissingError(
                found, expected="extension pg_sphere 1.4 or later", remedy="run: mapps db migrate"
            )
        info.register(connection)
        connection.adapters.register_dumper(
            shape, type(f"{shape.__name__}Dumper", (_ShapeDumper,), {"oid": info.oid})
        )
        connection.adapters.register_loader(
            info.oid, type(f"{shape.__name__}Loader", (_ShapeLoader,), {"shape_name": name})
        )


class _SphereType(UserDefinedType[Any]):
    """Base of the SQLAlchemy column types: they name the type in DDL; queries are SQL of `sql/`."""

    cache_ok = True
    name: ClassVar[str] = "spoly"

    def get_col_spec(self, **_: Any) -> str:
        return self.name


class SPointType(_SphereType):
    """Column type of a direction."""

    cache_ok = True
    name = "spoint"


class SCircleType(_SphereType):
    """Column type of a circle."""

    cache_ok = True
    name = "scircle"


class SPolygonType(_SphereType):
    """Column type of a polygon; index with ``postgresql_using="gist"``."""

    cache_ok = True
    name = "spoly"


class SBoxType(_SphereType):
    """Column type of a coordinate box."""

    cache_ok = True
    name = "sbox"


# Reflection (and so alembic's comparison) finds the types by name here.
postgresql_dialect.ischema_names.update(
    {"spoint": SPointType, "scircle": SCircleType, "spoly": SPolygonType, "sbox": SBoxType}
)
