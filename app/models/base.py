"""Metadata, naming rules and small helpers shared by the table modules."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import CHAR, CheckConstraint, Column, Date, Integer, MetaData, SmallInteger
from sqlalchemy.dialects.postgresql import BIGINT, DOUBLE_PRECISION, JSONB, REAL, TIMESTAMP
from sqlalchemy.types import TypeEngine

from app import columns as registry

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

SCHEMAS: dict[str, str] = {
    "survey": "What was observed: sites, tiles, nights, scans, frames and raw files",
    "calibration": "Darks, flats, masks and zero points, each with its span of validity",
    "production": "Pipelines, runs, tasks and attempts: who does what, exactly once",
    "wsdb": "The Working Source Database: one row per extraction of every run",
    "quality": "Metrics and grades of scans",
    "release": "Immutable products selected from the working database by SQL",
    "reference": "Reference stars for astrometry",
    "catalogue": "Views of released catalogues by the names of releases, and what their columns mean",
    "ivoa": "Views that standards of the virtual observatory name",
    "tap_schema": "Tables about tables (IVOA TAP)",
    "access": "Queries of people that are answered later",
}
"""Database schemas with their comments."""

Moment = TIMESTAMP(timezone=True)
"""Times are UTC and timezone aware."""

Json = JSONB(none_as_null=True)
"""JSON documents."""


def required(name: str, kind: Any, comment: str, *arguments: Any, **options: Any) -> Column[Any]:
    """Build a NOT NULL column.

    Parameters
    ----------
    name : str
        Name in SQL.
    kind : type
        Type of SQLAlchemy.
    comment : str
        Meaning, as it stands in the database.
    arguments, options
        Further arguments of `sqlalchemy.Column`: keys, identities, defaults.
    """
    return Column(name, kind, *arguments, nullable=False, comment=comment, **options)


def optional(name: str, kind: Any, comment: str, *arguments: Any, **options: Any) -> Column[Any]:
    """Build a column that may be NULL.

    Parameters
    ----------
    name : str
        Name in SQL.
    kind : type
        Type of SQLAlchemy.
    comment : str
        Meaning, as it stands in the database, and when the value is NULL.
    arguments, options
        Further arguments of `sqlalchemy.Column`: keys, identities, defaults.
    """
    return Column(name, kind, *arguments, nullable=True, comment=comment, **options)


def one_of(column: str, values: type[StrEnum] | Iterable[str]) -> CheckConstraint:
    """Check constraint that limits a text column to the values of an enumeration."""
    names = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({names})", name=f"{column}_known")


_TYPES: dict[registry.Kind, TypeEngine[Any]] = {
    registry.Kind.BIGINT: BIGINT(),
    registry.Kind.INTEGER: Integer(),
    registry.Kind.SMALLINT: SmallInteger(),
    registry.Kind.DOUBLE: DOUBLE_PRECISION(),
    registry.Kind.REAL: REAL(),
    registry.Kind.DATE: Date(),
}


def registered(column: registry.Column) -> Column[Any]:
    """Table column made from the registry: its type, its null rule and its comment."""
    kind: TypeEngine[Any] = CHAR(column.length) if column.kind is registry.Kind.CHAR else _TYPES[column.kind]
    return Column(column.name, kind, nullable=column.nullable, comment=column.comment, autoincrement=False)


__all__ = ["METADATA", "SCHEMAS", "Json", "Moment", "one_of", "optional", "registered", "required"]
