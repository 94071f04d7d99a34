"""Columns of a release's property maps: a row a HEALPix cell that a chosen scan covers."""

from __future__ import annotations

from app.columns.column import BY_RELEASE, Column, Kind, expand_bands
from app.columns.scan_information import PUBLISHED_IMAGE

_OPEN = "no image of its scan has the band there, or it was not measured"


def _column(
    name: str, kind: Kind, description: str, unit: str, ucd: str, null: str, text_format: str
) -> Column:
    return Column(
        name, kind, description, unit, ucd, null=null, text_format=text_format, producers=BY_RELEASE, released_null=null
    )  # fmt: skip


PUBLISHED_MAP: tuple[Column, ...] = (
    _column("pixel", Kind.BIGINT, "HEALPix cell, nested, of the order of the release (map_order)", "", "pos.healpix",
            "", "%10d"),
    *expand_bands(
        (
            _column("{b}_frac", Kind.REAL, "{B} share of the cell that the chosen scans cover together", "",
                    "stat.filling;{ucd}", "", "%8.6f"),
            _column("{b}_scans", Kind.SMALLINT, "{B} chosen scans that cover a part of the cell", "",
                    "meta.number;{ucd}", "", "%3d"),
            _column("{b}_depth", Kind.REAL, "{B} magnitude of signal-to-noise ratio 10, calibrated", "mag",
                    "phot.mag;{ucd}", _OPEN, "%6.3f"),
            _column("{b}_seeing", Kind.REAL, "{B} full width at half maximum of stars", "arcsec",
                    "instr.obsty.seeing;{ucd}", _OPEN, "%6.3f"),
            _column("{b}_zp", Kind.REAL, "{B} magnitude of 1 DN, calibrated", "mag", "phot.mag;arith.zp;{ucd}", _OPEN,
                    "%7.4f"),
        )
    ),
    _column("coadd_key", Kind.BIGINT, "Image triple whose values these are: of the scan whose rows are released there",
            "", "meta.id;obs.image", "its scan has no image", "%14d"),
    *(column for column in PUBLISHED_IMAGE if column.name in {"ra", "decl"}),
)  # fmt: skip
"""Columns of release.property_map, in the order of the files."""
