"""Schema survey: what was observed, and which files hold it."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    CHAR,
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Computed,
    Date,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)

from app import keys
from app.db.pgsphere import SPolygonType
from app.models.base import METADATA, Json, Moment, one_of, optional, required

_DAY = f"(date - DATE '{keys.FIRST_SURVEY_DAY.isoformat()}' + 1)"
"""Survey day number, from the date alone."""


class TileKind(StrEnum):
    """What a tile is for."""

    SURVEY = "survey"
    GAP_FILL = "gap_fill"
    CALIBRATION = "calibration"
    UNASSIGNED = "unassigned"


class ScanKind(StrEnum):
    """Scan types of the observatory (background/survey 1.8)."""

    SCIENCE = "sci"
    CALIBRATION = "cal"
    DARK = "dar"
    FLAT = "flt"
    TEST = "tst"


class Entry(StrEnum):
    """Where the reduction of a scan begins."""

    RAW = "raw"
    ATLAS = "atlas"


class FileKind(StrEnum):
    """What an ingested file holds."""

    SCAN = "scan"
    DARK = "dark"
    FLAT = "flat"
    ATLAS = "atlas"


SITE = Table(
    "site",
    METADATA,
    required("hemis", CHAR(1), "Observatory letter: n or s", primary_key=True),
    required("name", Text, "Name of the observatory"),
    required("longitude_deg", Double, "Longitude, degrees east"),
    required("latitude_deg", Double, "Latitude, degrees north"),
    schema="survey",
    comment="The survey's telescopes",
)

TILE = Table(
    "tile",
    METADATA,
    required(
        "tile",
        Integer,
        "Tile number (strip id); negative where the files name none",
        primary_key=True,
        autoincrement=False,
    ),
    required("hemis", CHAR(1), "Observatory that owns the tile", ForeignKey("survey.site.hemis")),
    required("kind", Text, "survey, gap_fill, calibration or unassigned"),
    required("ra", Double, "Right ascension of the centre, ICRS degrees"),
    required("decl", Double, "Declination of the centre, ICRS degrees"),
    optional("footprint", SPolygonType(), "Planned area; null until known"),
    one_of("kind", TileKind),
    Index("ix_tile_footprint", "footprint", postgresql_using="gist"),
    schema="survey",
    comment="Planned strips of sky; a tile may be scanned many times",
)

NIGHT = Table(
    "night",
    METADATA,
    required(
        "night_id",
        Integer,
        "Key: survey day number, hemisphere (1 bit: south)",
        Computed(f"({_DAY} << 1) | (hemis = 's')::integer", persisted=True),
        primary_key=True,
        autoincrement=False,
    ),
    required("hemis", CHAR(1), "Observatory", ForeignKey("survey.site.hemis")),
    required("date", Date, "Observation reference date: UT date at sunrise"),
    required("day_number", Integer, "Survey day number, day 1 = 1997 March 1 UT"),
    optional(
        "block",
        Text,
        "Hardware block: the stable period of the camera. The cameras of the night's raw files, or the name that an"
        " operator gave; null of a night without raw files",
    ),
    required("block_named", Boolean, "Whether an operator named the block", server_default=text("false")),
    required("ingested_at", Moment, "When the night was first ingested", server_default=func.now()),
    UniqueConstraint("date", "hemis"),
    CheckConstraint(f"{_DAY} BETWEEN 1 AND {keys.LAST_DAY}", name="date_has_key"),
    schema="survey",
    comment="One night at one observatory",
)

SCAN = Table(
    "scan",
    METADATA,
    required(
        "scan_key",
        Integer,
        "Key: night_id, number in the night (10 bits); 25 bits of src_id",
        Computed(f"(night_id << {keys.SCAN_BITS}) | scan", persisted=True),
        primary_key=True,
        autoincrement=False,
    ),
    required("night_id", Integer, "Night", ForeignKey("survey.night.night_id")),
    required("scan", SmallInteger, "Number in the night, 1 to 999"),
    required("kind", Text, "sci, cal, dar, flt or tst"),
    required("entry", Text, "Whether the reduction starts from raw frames or from finished Atlas images"),
    optional("tile", Integer, "Tile; null for darks and flats", ForeignKey("survey.tile.tile")),
    optional("direction", CHAR(1), "n or s; null where unknown"),
    optional("started_at", Moment, "UTC of the first frame; null where the files carry no time"),
    optional("jdate", Double, "Julian date of the first frame; null where the files carry no time"),
    optional("airmass", REAL, "Airmass at the start; null where unknown"),
    optional(
        "frames_expected", SmallInteger, "Frames the scan should have; null for Atlas images without it"
    ),
    optional("frames_present", SmallInteger, "Frames that are there; null for Atlas images"),
    optional("ra", Double, "Right ascension of the centre, ICRS degrees; null for darks and flats"),
    optional("decl", Double, "Declination of the centre, ICRS degrees; null for darks and flats"),
    *(
        optional(
            f"planned_{axis}_{corner}",
            Double,
            f"{axis} of the {place} corner of the planned area, ICRS degrees; null for darks and flats",
        )
        for corner, place in (
            (1, "south-eastern"),
            (2, "south-western"),
            (3, "north-eastern"),
            (4, "north-western"),
        )
        for axis in ("ra", "dec")
    ),
    optional(
        "planned_footprint",
        SPolygonType(),
        "Area by commanded positions or headers, great circles; null for darks and flats. Observed: wsdb.scan_coverage",
    ),
    required("header", Json, "Scan keywords as found"),
    required("ingested_at", Moment, "When the scan was ingested", server_default=func.now()),
    UniqueConstraint("night_id", "scan"),
    CheckConstraint(f"scan BETWEEN 1 AND {keys.LAST_SCAN}", name="scan_in_night"),
    CheckConstraint("direction IN ('n', 's')", name="direction_known"),
    one_of("kind", ScanKind),
    one_of("entry", Entry),
    Index("ix_scan_planned_footprint", "planned_footprint", postgresql_using="gist"),
    Index("ix_scan_tile", "tile"),
    schema="survey",
    comment="One sweep of the telescope over a tile or a calibration field",
)

RAW_FILE = Table(
    "raw_file",
    METADATA,
    required("raw_file_id", BigInteger, "Key", Identity(always=True), primary_key=True),
    required("night_id", Integer, "Night", ForeignKey("survey.night.night_id")),
    required("scan_key", Integer, "Scan", ForeignKey("survey.scan.scan_key")),
    required("kind", Text, "scan, dark, flat or atlas"),
    required("band", CHAR(1), "j, h or k"),
    optional("image_number", SmallInteger, "Atlas image number in the scan; null for raw files"),
    required("url", Text, "Where the file is"),
    required("sha256", CHAR(64), "SHA-256 of the file, hexadecimal"),
    required("size_bytes", BigInteger, "Size of the file"),
    required("header", Json, "Keywords as found"),
    optional("footprint", SPolygonType(), "Area of an Atlas image; null for raw files"),
    required("ingested_at", Moment, "When the file was ingested", server_default=func.now()),
    UniqueConstraint("sha256"),
    UniqueConstraint("scan_key", "band", "image_number", postgresql_nulls_not_distinct=True),
    one_of("kind", FileKind),
    one_of("band", ("j", "h", "k")),
    schema="survey",
    comment="Every ingested file, by content",
)

FRAME = Table(
    "frame",
    METADATA,
    required("scan_key", Integer, "Scan", ForeignKey("survey.scan.scan_key", ondelete="CASCADE")),
    required("band", CHAR(1), "j, h or k"),
    required("frame", SmallInteger, "Number in the scan, from 1"),
    required("mjd", Double, "Modified Julian date, UTC, of the middle of the exposure"),
    optional(
        "ra",
        Double,
        "Commanded right ascension of the frame centre, ICRS degrees; null with the shutter closed",
    ),
    optional(
        "decl",
        Double,
        "Commanded declination of the frame centre, ICRS degrees; null with the shutter closed",
    ),
    optional("airmass", REAL, "Airmass; null with the shutter closed"),
    required("missing", Boolean, "Whether the camera timed out and the frame is a dummy"),
    PrimaryKeyConstraint("scan_key", "band", "frame"),
    schema="survey",
    comment="The FRAMES tables of raw scans",
)

REFUSAL = Table(
    "refusal", METADATA,
    required("refusal_id", BigInteger, "Key", Identity(always=True), primary_key=True),
    required("path", Text, "File that was refused"),
    required("code", Text, "Stable error code"),
    optional("keyword", Text, "Keyword or part of the file; null where the whole file is meant"),
    required("found", Text, "What was found"),
    required("expected", Text, "What was expected"),
    required("refused_at", Moment, "When", server_default=func.now()),
    schema="survey", comment="What ingest refused, and why",
)  # fmt: skip
