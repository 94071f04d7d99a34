"""What a release publishes: columns of its catalogues, in the order in which people get them."""

from __future__ import annotations

from app.columns.column import BY_RELEASE, Column, Kind, Producer
from app.columns.extended_source import EXTENDED_SOURCE
from app.columns.point_source import POINT_SOURCE

PUBLISHED_ORDER: tuple[str, ...] = (
    "ra", "decl", "err_maj", "err_min", "err_ang", "designation",
    "j_m", "j_cmsig", "j_msigcom", "j_snr",
    "h_m", "h_cmsig", "h_msigcom", "h_snr",
    "k_m", "k_cmsig", "k_msigcom", "k_snr",
    "ph_qual", "rd_flg", "bl_flg", "cc_flg", "ndet",
    "prox", "pxpa", "pxcntr", "gal_contam", "mp_flg", "pts_key", "hemis", "date", "scan",
    "glon", "glat", "x_scan", "jdate",
    "j_psfchi", "h_psfchi", "k_psfchi",
    "j_m_stdap", "j_msig_stdap", "h_m_stdap", "h_msig_stdap", "k_m_stdap", "k_msig_stdap",
    "dist_edge_ns", "dist_edge_ew", "dist_edge_flg", "dup_src", "use_src",
    "a", "dist_opt", "phi_opt", "b_m_opt", "vr_m_opt", "nopt_mchs",
    "ext_key", "scan_key", "coadd_key", "coadd",
)  # fmt: skip

_BY_NAME = {column.name: column for column in POINT_SOURCE}

PUBLISHED_PSC: tuple[Column, ...] = tuple(_BY_NAME[name] for name in PUBLISHED_ORDER)
"""The 60 columns of the published Point Source Catalogue, in the order of its bulk files."""

PUBLISHED_XSC: tuple[Column, ...] = (
    Column(
        "ext_key",
        Kind.INTEGER,
        "Key in the release",
        ucd="meta.id",
        text_format="%10d",
        producers=BY_RELEASE,
    ),
    _BY_NAME["designation"],
    _BY_NAME["dup_src"],
    _BY_NAME["use_src"],
    *(column for column in EXTENDED_SOURCE if Producer.PUBLICATION not in column.producers),
)
"""Columns of the Extended Source Catalogue: key, name, overlap flags, and the working database's."""

PUBLISHED_ATLAS: tuple[Column, ...] = (
    Column("coadd_key", Kind.BIGINT, "Key of the image triple", ucd="meta.id;meta.main"),
    Column("scan_key", Kind.INTEGER, "Key of the scan", ucd="meta.id.part"),
    Column("band", Kind.CHAR, "j, h or k", ucd="instr.bandpass", length=1),
    Column("number", Kind.SMALLINT, "Image number in the scan", ucd="meta.id;obs.image"),
    Column(
        "ra",
        Kind.DOUBLE,
        "Right ascension of the centre, ICRS",
        "deg",
        "pos.eq.ra;meta.main",
        text_format="%10.6f",
    ),
    Column(
        "decl",
        Kind.DOUBLE,
        "Declination of the centre, ICRS",
        "deg",
        "pos.eq.dec;meta.main",
        text_format="%10.6f",
    ),
    Column(
        "zero_point_mag",
        Kind.REAL,
        "Magnitude of 1 DN, calibrated: MAGZP in the header of the file is nominal",
        "mag",
        "phot.mag;arith.zp",
    ),
    Column(
        "zero_point_error_mag",
        Kind.REAL,
        "Error of the zero point",
        "mag",
        "stat.error;phot.mag;arith.zp",
        "the error is unknown",
    ),
    Column("sha256", Kind.CHAR, "SHA-256 of the file", ucd="meta.checksum", length=64),
    Column(
        "url", Kind.CHAR, "FITS file: name in the store, or path of an ingested image", ucd="meta.ref.url"
    ),
)
"""Columns of the Atlas list. Text without a length (the URL) gets that of its longest value at export."""

PUBLISHED_STAMP: tuple[Column, ...] = (
    Column("ext_key", Kind.INTEGER, "Extended source in the release", ucd="meta.id;meta.main", text_format="%10d"),
    Column("ext_id", Kind.BIGINT, "The same source in the working database", ucd="meta.id"),
    Column("coadd_key", Kind.BIGINT, "Key of the Atlas image triple that it was cut from", ucd="meta.id.part"),
    Column("scan_key", Kind.INTEGER, "Key of the scan", ucd="meta.id.part", text_format="%8d"),
    Column("ra", Kind.DOUBLE, "Right ascension of the middle, ICRS", "deg", "pos.eq.ra;meta.main",
           text_format="%10.6f"),
    Column("decl", Kind.DOUBLE, "Declination of the middle, ICRS", "deg", "pos.eq.dec;meta.main",
           text_format="%10.6f"),
    Column("side_pix", Kind.SMALLINT, "Columns and rows", "pix", "meta.number", text_format="%4d"),
    Column("bands", Kind.CHAR, "Bands that it has: jhk, or fewer", ucd="instr.bandpass"),
    Column("sha256", Kind.CHAR, "SHA-256 of the file", ucd="meta.checksum", length=64),
    Column("url", Kind.CHAR, "FITS file with a plane a band: name in the store", ucd="meta.ref.url"),
)  # fmt: skip
"""Columns of the list of postage stamps; those of text without a length as in the Atlas list."""
