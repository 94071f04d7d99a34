"""Columns of wsdb.point_source.

Names of the published Point Source Catalogue are kept (All-Sky explanatory supplement, II.2.a); the others are what
the survey kept to itself. Wide columns stand first, so that rows carry no alignment padding.
"""

from __future__ import annotations

from app.columns.column import Column, Kind, expand_bands
from app.columns.photometry import PHOTOMETRY, UNMEASURED

_RELEASE = "given by a release, not by a reduction"
_LATER = "this version does not compute it yet"

_KEYS = (
    Column(
        "src_id",
        Kind.BIGINT,
        "Unique in a run: HEALPix order 12 nested (28 bits), scan_key (20), sequence (15)",
        ucd="meta.id;meta.main",
    ),
    Column(
        "attempt_id",
        Kind.BIGINT,
        "Attempt that made the row; leads to run, scan, raw files and calibrations",
        ucd="meta.id.part",
    ),
    Column("ra", Kind.DOUBLE, "Right ascension, ICRS", "deg", "pos.eq.ra;meta.main", text_format="%10.6f"),
    Column("decl", Kind.DOUBLE, "Declination, ICRS", "deg", "pos.eq.dec;meta.main", text_format="%10.6f"),
    Column(
        "jdate",
        Kind.DOUBLE,
        "Julian date of the measurement, UTC, good to 30 s",
        "d",
        "time.epoch",
        "the input has no time",
        text_format="%12.4f",
    ),
    *expand_bands(
        (
            Column(
                "{b}_ra",
                Kind.DOUBLE,
                "Right ascension of the {B} detection alone",
                "deg",
                "pos.eq.ra;{ucd}",
                UNMEASURED,
            ),
            Column(
                "{b}_decl",
                Kind.DOUBLE,
                "Declination of the {B} detection alone",
                "deg",
                "pos.eq.dec;{ucd}",
                UNMEASURED,
            ),
        )
    ),
    Column("run_id", Kind.INTEGER, "Processing run", ucd="meta.id.part"),
    Column("scan_key", Kind.INTEGER, "Key of the scan (survey.scan)", ucd="meta.id.part", text_format="%5d"),
    Column("id", Kind.INTEGER, "Number of the source within the scan", ucd="meta.id.part"),
    Column(
        "coadd_key",
        Kind.INTEGER,
        "Key of the Atlas image triple the source stands on (wsdb.atlas_image)",
        ucd="meta.id.part",
        text_format="%7d",
    ),
    Column(
        "dist_edge_ns",
        Kind.INTEGER,
        "Distance to the nearest north or south edge of the scan",
        "arcsec",
        "pos.angDistance",
        text_format="%5d",
    ),
    Column(
        "dist_edge_ew",
        Kind.INTEGER,
        "Distance to the nearest east or west edge of the scan",
        "arcsec",
        "pos.angDistance",
        text_format="%3d",
    ),
    Column(
        "ext_key",
        Kind.INTEGER,
        "Key of the same object among the extended sources",
        ucd="meta.id.cross",
        null=_RELEASE,
        text_format="%10d",
    ),
    Column("pts_key", Kind.INTEGER, "Key in a release", ucd="meta.id", null=_RELEASE, text_format="%10d"),
    Column(
        "pxcntr",
        Kind.INTEGER,
        "pts_key of the nearest released neighbour",
        ucd="meta.id.cross",
        null=_RELEASE,
        text_format="%10d",
    ),
    Column(
        "date",
        Kind.DATE,
        "Observation reference date: UT date at sunrise of the night",
        ucd="time.epoch;obs",
        text_format="%10s",
    ),
)

_POSITION = (
    Column(
        "err_maj",
        Kind.REAL,
        "Semi-major axis of the 1-sigma error ellipse",
        "arcsec",
        "stat.error;pos.eq",
        text_format="%4.2f",
    ),
    Column(
        "err_min",
        Kind.REAL,
        "Semi-minor axis of the 1-sigma error ellipse",
        "arcsec",
        "stat.error;pos.eq",
        text_format="%4.2f",
    ),
    Column(
        "glon",
        Kind.REAL,
        "Galactic longitude, rounded to 0.001",
        "deg",
        "pos.galactic.lon",
        text_format="%7.3f",
    ),
    Column(
        "glat",
        Kind.REAL,
        "Galactic latitude, rounded to 0.001",
        "deg",
        "pos.galactic.lat",
        text_format="%7.3f",
    ),
    Column(
        "x_scan",
        Kind.REAL,
        "Cross-scan position in the U-scan system",
        "arcsec",
        "pos.cartesian.x;instr.det",
        text_format="%6.1f",
    ),
    Column(
        "y_scan", Kind.REAL, "In-scan position in the U-scan system", "arcsec", "pos.cartesian.y;instr.det"
    ),
    Column(
        "prox",
        Kind.REAL,
        "Distance to the nearest released neighbour",
        "arcsec",
        "pos.angDistance",
        _RELEASE,
        text_format="%5.1f",
    ),
    Column(
        "dist_opt",
        Kind.REAL,
        "Distance to the associated optical source",
        "arcsec",
        "pos.angDistance",
        "no optical association",
        text_format="%3.1f",
    ),
    Column(
        "b_m_opt",
        Kind.REAL,
        "Blue magnitude of the optical source",
        "mag",
        "phot.mag;em.opt.B",
        "no optical association or magnitude",
        text_format="%4.1f",
    ),
    Column(
        "vr_m_opt",
        Kind.REAL,
        "V (Tycho-2) or red magnitude of the optical source",
        "mag",
        "phot.mag;em.opt.V",
        "no optical association or magnitude",
        text_format="%4.1f",
    ),
)

_SMALL = (
    Column("scan", Kind.SMALLINT, "Scan number in the night", ucd="obs.field", text_format="%3d"),
    Column("coadd", Kind.SMALLINT, "Atlas image number in the scan", ucd="obs.image", text_format="%4d"),
    Column(
        "err_ang",
        Kind.SMALLINT,
        "Position angle of the error ellipse, east of north",
        "deg",
        "pos.posAng",
        text_format="%3d",
    ),
    Column(
        "pxpa",
        Kind.SMALLINT,
        "Position angle of the nearest released neighbour",
        "deg",
        "pos.posAng",
        _RELEASE,
        text_format="%3d",
    ),
    Column(
        "gal_contam",
        Kind.SMALLINT,
        "Contamination by an extended source: 0 none, 1 is one, 2 inside one",
        ucd="meta.code",
        null=_RELEASE,
        text_format="%1d",
    ),
    Column(
        "mp_flg",
        Kind.SMALLINT,
        "1 where associated with a solar-system object",
        ucd="meta.code",
        null=_LATER,
        text_format="%1d",
    ),
    Column(
        "dup_src",
        Kind.SMALLINT,
        "Duplicate-source flag of a release",
        ucd="meta.code",
        null=_RELEASE,
        text_format="%1d",
    ),
    Column(
        "use_src",
        Kind.SMALLINT,
        "Use-source flag of a release",
        ucd="meta.code",
        null=_RELEASE,
        text_format="%1d",
    ),
    Column(
        "phi_opt",
        Kind.SMALLINT,
        "Position angle to the optical source, east of north",
        "deg",
        "pos.posAng",
        "no optical association",
        text_format="%3d",
    ),
    Column(
        "nopt_mchs",
        Kind.SMALLINT,
        "Optical sources within 5 arcsec",
        ucd="meta.number",
        null=_LATER,
        text_format="%2d",
    ),
)

_TEXT = (
    Column(
        "designation",
        Kind.CHAR,
        "Sexagesimal name made from the truncated position",
        ucd="meta.id",
        null=_RELEASE,
        length=17,
        text_format="%17s",
    ),
    Column(
        "ph_qual",
        Kind.CHAR,
        "Photometric quality, one letter a band",
        ucd="meta.code.qual;phot",
        length=3,
        text_format="%3s",
    ),
    Column(
        "rd_flg",
        Kind.CHAR,
        "Origin of the default magnitude, one digit a band",
        ucd="meta.code",
        length=3,
        text_format="%3s",
    ),
    Column("bl_flg", Kind.CHAR, "Blend flag, one digit a band", ucd="meta.code", length=3, text_format="%3s"),
    Column(
        "cc_flg",
        Kind.CHAR,
        "Contamination and confusion; capitals mean the row is an artefact",
        ucd="meta.code",
        length=3,
        text_format="%3s",
    ),
    Column(
        "ndet", Kind.CHAR, "Frame statistics NjMjNhMhNkMk", ucd="meta.number", length=6, text_format="%6s"
    ),
    Column(
        "cnf_flg",
        Kind.CHAR,
        "Candidate matches the band merger met: JH JK HJ HK KJ KH",
        ucd="meta.code",
        length=6,
    ),
    Column(
        "hemis",
        Kind.CHAR,
        "Observatory: n Mt. Hopkins, s Cerro Tololo",
        ucd="meta.id;instr.tel",
        length=1,
        text_format="%1s",
    ),
    Column(
        "dist_edge_flg",
        Kind.CHAR,
        "Which edges are nearest: n or s, then e or w",
        ucd="meta.code",
        length=2,
        text_format="%2s",
    ),
    Column(
        "a",
        Kind.CHAR,
        "Optical association: 0 none, T Tycho-2, U USNO-A2.0",
        ucd="meta.code",
        null=_LATER,
        length=1,
        text_format="%1s",
    ),
)

POINT_SOURCE: tuple[Column, ...] = (*_KEYS, *_POSITION, *PHOTOMETRY, *_SMALL, *_TEXT)
"""Columns of wsdb.point_source in table order."""
