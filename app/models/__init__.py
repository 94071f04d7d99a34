"""SQLAlchemy tables, one module a database schema, and the column registry."""

from app.models import (
    access,
    adopted,
    artefacts,
    astrometry,
    calibration,
    final,
    minor_planets,
    objects,
    production,
    quality,
    reference,
    release,
    solution,
    survey,
    variability,
    wsdb,
)
from app.models.base import METADATA, SCHEMAS

__all__ = [
    "METADATA",
    "SCHEMAS",
    "access",
    "adopted",
    "artefacts",
    "astrometry",
    "calibration",
    "final",
    "minor_planets",
    "objects",
    "production",
    "quality",
    "reference",
    "release",
    "solution",
    "survey",
    "variability",
    "wsdb",
]
