"""Columns of wsdb.point_source that hold what one band measured."""

from __future__ import annotations

from app.columns.column import Column, Kind, expand_bands

UNMEASURED = "not measured in this band"

PHOTOMETRY = expand_bands(
    (
        Column(
            "{b}_m",
            Kind.REAL,
            "{B} default magnitude, or 95 percent upper limit where ph_qual is U",
            "mag",
            "phot.mag;{ucd}",
            "ph_qual X, or outside the coverage",
            text_format="%6.3f",
        ),
        Column(
            "{b}_msig",
            Kind.REAL,
            "{B} uncorrected measurement uncertainty",
            "mag",
            "stat.error;phot.mag;{ucd}",
            "upper limit or no measurement",
        ),
        Column(
            "{b}_cmsig",
            Kind.REAL,
            "{B} corrected measurement uncertainty",
            "mag",
            "stat.error;phot.mag;{ucd}",
            "upper limit or no measurement",
            text_format="%5.3f",
        ),
        Column(
            "{b}_msigcom",
            Kind.REAL,
            "{B} total uncertainty with zero point and flat field",
            "mag",
            "stat.error;phot.mag;{ucd}",
            "upper limit or no measurement",
            text_format="%5.3f",
        ),
        Column(
            "{b}_snr",
            Kind.REAL,
            "{B} scan signal-to-noise ratio",
            "",
            "stat.snr;{ucd}",
            "upper limit or no measurement",
            text_format="%10.1f",
        ),
        Column(
            "{b}_psfchi",
            Kind.REAL,
            "{B} reduced chi-squared of the profile fit",
            "",
            "stat.fit.chi2;{ucd}",
            "no profile fit",
            text_format="%5.2f",
        ),
        Column(
            "{b}_m_psf",
            Kind.REAL,
            "{B} profile-fit magnitude on the aperture scale",
            "mag",
            "phot.mag;{ucd}",
            "no profile fit",
        ),
        Column(
            "{b}_msig_psf",
            Kind.REAL,
            "{B} uncertainty of the profile-fit magnitude",
            "mag",
            "stat.error;phot.mag;{ucd}",
            "no profile fit",
        ),
        Column(
            "{b}_m_stdap",
            Kind.REAL,
            "{B} standard aperture magnitude, 4 arcsec, curve-of-growth corrected",
            "mag",
            "phot.mag;{ucd}",
            "negative flux or off the coverage",
            text_format="%6.3f",
        ),
        Column(
            "{b}_msig_stdap",
            Kind.REAL,
            "{B} uncertainty of the standard aperture magnitude",
            "mag",
            "stat.error;phot.mag;{ucd}",
            "negative flux or off the coverage",
            text_format="%6.3f",
        ),
        Column(
            "{b}_growth",
            Kind.REAL,
            "{B} curve-of-growth correction applied",
            "mag",
            "phot.mag;arith.diff",
            UNMEASURED,
        ),
        Column(
            "{b}_m_r1",
            Kind.REAL,
            "{B} Read_1 aperture magnitude",
            "mag",
            "phot.mag;{ucd}",
            "not measured on Read_1 frames; always for sources from Atlas images",
        ),
        Column(
            "{b}_msig_r1",
            Kind.REAL,
            "{B} uncertainty of the Read_1 magnitude",
            "mag",
            "stat.error;phot.mag;{ucd}",
            "not measured on Read_1 frames",
        ),
        Column("{b}_sky_dn", Kind.REAL, "{B} local background", "adu", "instr.skyLevel;{ucd}", UNMEASURED),
    )
)
