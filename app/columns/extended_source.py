"""Columns of wsdb.extended_measurement, names as in the published Extended Source Catalogue."""

from __future__ import annotations

from dataclasses import replace

from app.columns.column import (
    BY_PUBLICATION,
    BY_STEP,
    MEASURED,
    ROUNDED,
    Calibrated,
    Column,
    Kind,
    expand_bands,
)
from app.columns.extended_absent import ABSENT_OF_BANDS, EXTENDED_ABSENT
from app.columns.extended_facts import EXTENDED_FACTS
from app.columns.extended_photometry import EXTENDED_PHOTOMETRY
from app.columns.extended_ridge import RIDGE_SCORES
from app.columns.extended_structure import EXTENDED_STRUCTURE
from app.columns.point_source import POINT_SOURCE

APERTURE_RADII_ARCSEC: tuple[int, ...] = (5, 7, 10, 15, 20, 25, 30, 40, 50, 60, 70)
"""Radii of the fixed circular apertures (published XSC)."""

_UNMEASURED = "not measured in this band"

_APERTURES = tuple(
    column
    for radius in APERTURE_RADII_ARCSEC
    for column in (
        Column(
            f"{{b}}_m_{radius}",
            Kind.REAL,
            f"{{B}} magnitude in a circle of {radius} arcsec",
            "mag",
            "phot.mag;{ucd}",
            "does not fit or negative flux",
            producers=MEASURED,
            calibrated=Calibrated.MAGNITUDE,
        ),
        Column(
            f"{{b}}_msig_{radius}",
            Kind.REAL,
            f"{{B}} uncertainty in a circle of {radius} arcsec",
            "mag",
            "stat.error;phot.mag;{ucd}",
            "does not fit or negative flux",
            producers=MEASURED,
        ),
        Column(
            f"{{b}}_flg_{radius}",
            Kind.SMALLINT,
            f"{{B}} confusion flag in a circle of {radius} arcsec, as in the isophotal ellipses",
            "",
            "meta.code.qual;{ucd}",
            "not measured in this band",
            text_format="%2d",
            producers=MEASURED,
        ),
    )
)

_OF_THE_SCAN = {"glon", "glat", "jdate", "hemis", "date", "scan", "id"}
"""Columns that extended sources have as point sources do."""

_COLUMNS = (
    Column(
        "ext_id", Kind.BIGINT, "Unique in a run, made as src_id", ucd="meta.id;meta.main", producers=BY_STEP
    ),
    Column(
        "attempt_id", Kind.BIGINT, "Attempt that made the row", ucd="meta.id.part", producers=BY_PUBLICATION
    ),
    Column(
        "src_id",
        Kind.BIGINT,
        "The same object among the point sources",
        ucd="meta.id.cross",
        null="no point-source row",
        producers=BY_STEP,
    ),
    Column(
        "ra",
        Kind.DOUBLE,
        "Right ascension, ICRS",
        "deg",
        "pos.eq.ra;meta.main",
        text_format="%10.6f",
        producers=ROUNDED,
        calibrated=Calibrated.PLACE,
    ),
    Column(
        "decl",
        Kind.DOUBLE,
        "Declination, ICRS",
        "deg",
        "pos.eq.dec;meta.main",
        text_format="%10.6f",
        producers=ROUNDED,
        calibrated=Calibrated.PLACE,
    ),
    Column(
        "coadd_key",
        Kind.BIGINT,
        "Key of the Atlas image triple",
        ucd="meta.id.part",
        text_format="%11d",
        producers=BY_STEP,
    ),
    Column("run_id", Kind.INTEGER, "Processing run", ucd="meta.id.part", producers=BY_PUBLICATION),
    Column(
        "scan_key", Kind.INTEGER, "Key of the scan", ucd="meta.id.part", text_format="%8d", producers=BY_STEP
    ),
    Column(
        "x_scan",
        Kind.REAL,
        "Cross-scan position in the U-scan system",
        "arcsec",
        "pos.cartesian.x;instr.det",
        "no point source of the scan within 10 arcmin",
        text_format="%6.1f",
        producers=BY_STEP,
    ),
    Column(
        "r_3sig",
        Kind.REAL,
        "Semi-major axis of the 3-sigma isophote in Ks",
        "arcsec",
        "phys.angSize.smajAxis",
        "not measured in Ks",
        producers=MEASURED,
    ),
    *expand_bands(
        (
            Column(
                "{b}_ba",
                Kind.REAL,
                "{B} axis ratio",
                "",
                "phys.size.axisRatio;{ucd}",
                _UNMEASURED,
                producers=MEASURED,
            ),
            Column(
                "{b}_phi",
                Kind.REAL,
                "{B} position angle, east of north, -90 to 90",
                "deg",
                "pos.posAng;{ucd}",
                _UNMEASURED,
                producers=MEASURED,
            ),
            *_APERTURES,
        )
    ),
    *EXTENDED_PHOTOMETRY,
    *EXTENDED_STRUCTURE,
    *(column for column in POINT_SOURCE if column.name in _OF_THE_SCAN),
    *EXTENDED_FACTS,
    *EXTENDED_ABSENT,
    *expand_bands((*RIDGE_SCORES, *ABSENT_OF_BANDS)),
    Column(
        "coadd",
        Kind.SMALLINT,
        "Atlas image number in the scan",
        ucd="meta.id;obs.image",
        text_format="%4d",
        producers=MEASURED,
    ),
)

# Formats of the published text; rows of the database keep all digits.
_FORMATS_BY_UNIT = {"mag": "%6.3f", "mag.arcsec**-2": "%6.2f", "arcsec": "%6.1f", "deg": "%3.0f"}
_FORMATS_BY_NAME = {
    "r_ext": "%7.2f", "r_eff": "%6.2f", "ba": "%5.3f", "5sig_ba": "%5.3f", "x_coadd": "%6.1f", "y_coadd": "%6.1f",
    "pchi": "%6.3f", "con_indx": "%5.2f", "back": "%6.1f", "resid_ann": "%7.3f", "d_area": "%3.0f",
    "perc_darea": "%3.0f", "bisym_rat": "%5.3f", "bisym_chi": "%6.3f",
}  # fmt: skip


def _with_format(column: Column) -> Column:
    """Give a number that has no format of its own the one of the published text."""
    if column.kind is not Kind.REAL or column.text_format != "%s":
        return column
    name = column.name.removeprefix("sup_")
    if column.band is not None:
        name = name.removeprefix(f"{column.band.value}_")
    return replace(
        column, text_format=_FORMATS_BY_NAME.get(name, _FORMATS_BY_UNIT.get(column.unit, column.text_format))
    )


EXTENDED_SOURCE: tuple[Column, ...] = tuple(
    sorted(map(_with_format, _COLUMNS), key=lambda column: -column.kind.wire_bytes)
)
"""Columns of wsdb.extended_measurement in table order: wide types before narrow ones, so that rows have no gaps."""
