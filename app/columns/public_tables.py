"""Every table that people query over HTTP: catalogues of releases, scans, images, and the tables about tables."""

from __future__ import annotations

from dataclasses import replace

from app.columns.column import Column, Kind, Producer
from app.columns.observation_core import OBSCORE
from app.columns.point_keys import POINT_KEYS
from app.columns.point_source import POINT_SOURCE
from app.columns.property_map import PUBLISHED_MAP
from app.columns.public_table import PublicColumn, PublicTable, public_column
from app.columns.published import PUBLISHED_ATLAS, PUBLISHED_PSC, PUBLISHED_XSC
from app.columns.tap_tables import TAP_TABLES

_INDEXED = frozenset({"ra", "decl", "designation", "pts_key", "src_id", "ext_key", "coadd_key"})
_SOURCE = next(column for column in POINT_KEYS if column.name == "src_id")


def _described(column: Column, main: str) -> PublicColumn:
    shown = public_column(column.released if column.producers else column, indexed=column.name in _INDEXED)
    if column.name == main:
        return replace(shown, ucd="meta.id;meta.main")
    return replace(shown, ucd="meta.id") if shown.ucd == "meta.id;meta.main" else shown


# Columns that no version fills are there for programs that name them; they are no part of a short selection.
def _catalogue(columns: tuple[Column, ...], main: str) -> tuple[PublicColumn, ...]:
    unfilled = {c.name for c in columns if not c.producers and Producer.RELEASE not in c.producers}
    return tuple(replace(_described(c, main), principal=c.name not in unfilled) for c in columns)


def _with_dec(columns: tuple[PublicColumn, ...]) -> tuple[PublicColumn, ...]:
    """Call the declination `dec`, as 2MASS and the queries of its users do."""
    return tuple(replace(c, name="dec") if c.name == "decl" else c for c in columns)


_POINTS = (*_catalogue(PUBLISHED_PSC, "designation"), _described(_SOURCE, ""))
_EXTENDED = _catalogue(PUBLISHED_XSC, "designation")
_FOOTPRINT = PublicColumn(
    "s_region",
    "char",
    "Area of the image, ICRS",
    "*",
    "adql:REGION",
    ucd="pos.outline;obs.field",
    indexed=True,
)
_SCAN = (
    Column("scan_key", Kind.INTEGER, "Key of the scan", ucd="meta.id;meta.main"),
    Column(
        "date", Kind.DATE, "Observation reference date: UT date at sunrise of the night", ucd="time.epoch"
    ),
    Column(
        "hemis", Kind.CHAR, "Observatory: n Mt. Hopkins, s Cerro Tololo", ucd="meta.id;instr.tel", length=1
    ),
    Column("scan", Kind.SMALLINT, "Scan number in the night", ucd="meta.id;obs.field"),
    Column("kind", Kind.CHAR, "sci or cal: survey tile or calibration field", ucd="meta.code.class"),
    Column("tile", Kind.INTEGER, "Tile", ucd="meta.id;obs.field", null="the scan belongs to none"),
    Column("direction", Kind.CHAR, "n or s", ucd="meta.code", length=1, null="unknown"),
    Column(
        "jdate", Kind.DOUBLE, "Julian date of the first frame", "d", "time.start", "the files carry no time"
    ),
    Column("ra", Kind.DOUBLE, "Right ascension of the centre, ICRS", "deg", "pos.eq.ra;meta.main"),
    Column("decl", Kind.DOUBLE, "Declination of the centre, ICRS", "deg", "pos.eq.dec;meta.main"),
    Column("airmass", Kind.REAL, "Airmass at the start", ucd="obs.airMass", null="unknown"),
)

_MEASURED = (
    "ph_qual",
    "rd_flg",
    "bl_flg",
    "cc_flg",
    "j_m",
    "j_msigcom",
    "h_m",
    "h_msigcom",
    "k_m",
    "k_msigcom",
    "scan_key",
)
_REJECTED = (
    *(_described(c, "") for c in POINT_SOURCE if c.name in {"ra", "decl"}),
    PublicColumn(
        "rel",
        "char",
        "Reliability letter of the published table. Null: this version gives none",
        "*",
        principal=False,
    ),
    PublicColumn(
        "reason", "char", "First rule that kept the row out of the newest release", "*", ucd="meta.code"
    ),
    *(replace(_described(c, ""), indexed=False) for c in POINT_SOURCE if c.name in _MEASURED),
    replace(_described(_SOURCE, "src_id"), indexed=False),
)

_MAP = tuple(
    replace(c, indexed=c.name in {"pixel", "ra", "decl"}) for c in _catalogue(PUBLISHED_MAP, "pixel")
)

PSC = PublicTable("psc", "Point Source Catalogue", _POINTS)
XSC = PublicTable("xsc", "Extended Source Catalogue", _EXTENDED)
ATLAS = PublicTable("atlas", "Atlas images", (*_catalogue(PUBLISHED_ATLAS, "coadd_key"), _FOOTPRINT))
PROPERTY_MAP = PublicTable("property_map", "Property maps", _MAP)
FP_PSC = PublicTable("fp_psc", "Point Source Catalogue of the newest release, with dec", _with_dec(_POINTS))
FP_XSC = PublicTable(
    "fp_xsc", "Extended Source Catalogue of the newest release, with dec", _with_dec(_EXTENDED)
)
REJECTED = PublicTable(
    "pt_src_rej", "Point sources that the newest release left out, with why", _with_dec(_REJECTED)
)
SCAN = PublicTable("scan", "Scans of the sky that were ingested", _catalogue(_SCAN, "scan_key"))

RELEASED = (PSC, XSC, ATLAS, PROPERTY_MAP)
"""Tables that every release has one of."""
PUBLIC_TABLES: tuple[PublicTable, ...] = (*RELEASED, FP_PSC, FP_XSC, REJECTED, SCAN, OBSCORE, *TAP_TABLES)
"""All lists of columns; `app.columns.tap_schema` says which tables have them."""
