"""Columns of extended sources that come from their light in ellipses and circles, and from their models.

Names are those of the published Extended Source Catalogue; what it lacked, the Sersic index, has names of our own.
"""

from __future__ import annotations

from app.columns.column import MEASURED, Calibrated, Column, Kind, expand_bands

_NO_RADIUS = "the radius is not known, or the aperture leaves the data, or has no light"
_NO_MODEL = "the galaxy does not lie on an image of the band"


def _radius(name: str, description: str, null: str) -> Column:
    return Column(name, Kind.REAL, description, "arcsec", "phys.angSize", null, producers=MEASURED)


def _light(name: str, description: str) -> tuple[Column, ...]:
    """Magnitude, uncertainty and confusion flag of a band in an aperture."""
    return (
        Column(
            f"{{b}}_m_{name}",
            Kind.REAL,
            f"{{B}} magnitude in {description}",
            "mag",
            "phot.mag;{ucd}",
            _NO_RADIUS,
            producers=MEASURED,
            calibrated=Calibrated.MAGNITUDE,
        ),
        Column(
            f"{{b}}_msig_{name}",
            Kind.REAL,
            f"{{B}} uncertainty in {description}",
            "mag",
            "stat.error;phot.mag;{ucd}",
            _NO_RADIUS,
            producers=MEASURED,
        ),
        Column(
            f"{{b}}_flg_{name}",
            Kind.SMALLINT,
            f"{{B}} confusion flag in {description}: 0 none, 1 pixels without data, 3 light of a star subtracted, "
            "6 leaves the data, 9 negative light",
            "",
            "meta.code.qual;{ucd}",
            "the radius is not known",
            text_format="%2d",
            producers=MEASURED,
        ),
    )


FIDUCIAL: tuple[tuple[str, str, str], ...] = (
    ("k20fe", "r_k20fe", "the ellipse of the Ks 20 mag/sq arcsec isophote"),
    ("k20fc", "r_k20fc", "the circle of the Ks 20 mag/sq arcsec isophote"),
    ("j21fe", "r_j21fe", "the ellipse of the J 21 mag/sq arcsec isophote"),
    ("j21fc", "r_j21fc", "the circle of the J 21 mag/sq arcsec isophote"),
    ("fe", "r_fe", "the Kron ellipse of Ks"),
    ("fc", "r_fc", "the Kron circle of Ks"),
)
"""Apertures that all bands share: suffix of the magnitudes, name of the radius, and what it is."""

INDIVIDUAL: tuple[tuple[str, str], ...] = (
    ("i20e", "the ellipse of its 20 mag/sq arcsec isophote"),
    ("i20c", "the circle of its 20 mag/sq arcsec isophote"),
    ("i21e", "the ellipse of its 21 mag/sq arcsec isophote"),
    ("i21c", "the circle of its 21 mag/sq arcsec isophote"),
    ("e", "its Kron ellipse"),
    ("c", "its Kron circle"),
)
"""Apertures of each band: suffix of radius and magnitude, and what it is."""

_NO_TOTAL = "neither light nor a limit in the band, or " + _NO_MODEL
_NO_SHARE = "no total, or the ellipse leaves the data"
_SURFACE = "mag.arcsec**-2"


def _measure(name: str, description: str, unit: str, ucd: str, null: str) -> Column:
    """Give a number; magnitudes and surface brightnesses take the zero point of their scan."""
    scale = Calibrated.MAGNITUDE if ucd.startswith("phot.mag") else None
    return Column(name, Kind.REAL, description, unit, ucd, null, producers=MEASURED, calibrated=scale)


_SHAPE = (
    Column(
        "sup_ra",
        Kind.DOUBLE,
        "Right ascension of the model's middle, all bands, ICRS",
        "deg",
        "pos.eq.ra",
        _NO_MODEL,
        text_format="%10.6f",
        producers=MEASURED,
        calibrated=Calibrated.PLACE,
    ),
    Column(
        "sup_dec",
        Kind.DOUBLE,
        "Declination of the model's middle, all bands, ICRS",
        "deg",
        "pos.eq.dec",
        _NO_MODEL,
        text_format="%10.6f",
        producers=MEASURED,
        calibrated=Calibrated.PLACE,
    ),
    _measure(
        "x_coadd",
        "Column of the Atlas image, 0 at the middle of the first",
        "pix",
        "pos.cartesian.x",
        _NO_MODEL,
    ),
    _measure(
        "y_coadd", "Row of the Atlas image, 0 at the middle of the first", "pix", "pos.cartesian.y", _NO_MODEL
    ),
    _radius(
        "sup_r_3sig",
        "Semi-major axis of the 3-sigma isophote, largest of the bands",
        "no isophote in any band",
    ),
    _measure("sup_ba", "Axis ratio of the model, all bands", "", "phys.size.axisRatio", _NO_MODEL),
    _measure("sup_ba_err", "Uncertainty of sup_ba", "", "stat.error;phys.size.axisRatio", _NO_MODEL),
    _measure(
        "sup_phi",
        "Position angle of the model, east of north, -90 to 90, all bands",
        "deg",
        "pos.posAng",
        _NO_MODEL,
    ),
    _measure(
        "sersic_n", "Sersic index of the model: 1 a disc, 4 an r^1/4 bulge", "", "stat.fit.param", _NO_MODEL
    ),
    _measure("sersic_n_err", "Uncertainty of sersic_n", "", "stat.error;stat.fit.param", _NO_MODEL),
    _radius(
        "r_ext",
        "Total radius: semi-major axis that holds nine tenths of the model's light, 10.05 at least",
        _NO_MODEL,
    ),
    Column(
        "n_sub",
        Kind.SMALLINT,
        "Stars within the Ks 20 mag isophote whose light was subtracted",
        "",
        "meta.number",
        "no such isophote",
        text_format="%3d",
        producers=MEASURED,
    ),
)

_OF_A_BAND = tuple(
    _measure(f"{{b}}_{name}", f"{{B}} {description}", unit, f"{ucd};{{ucd}}", null)
    for name, description, unit, ucd, null in (
        (
            "m_ext",
            "total magnitude, of the Sersic model; a limit where msig_ext is 0",
            "mag",
            "phot.mag",
            _NO_TOTAL,
        ),
        (
            "msig_ext",
            "uncertainty of the total, with that of the model's shape; 0 of a limit at 3 sigma",
            "mag",
            "stat.error;phot.mag",
            _NO_TOTAL,
        ),
        (
            "pchi",
            "reduced chi-squared of the model; smoothed as pixels of coadds are, noise alone has 0.2 to 0.4",
            "",
            "stat.fit.chi2",
            _NO_MODEL,
        ),
        (
            "r_eff",
            "semi-major axis of the ellipse that holds half the total light, as observed",
            "arcsec",
            "phys.angSize",
            _NO_SHARE,
        ),
        (
            "mnsurfb_eff",
            "mean surface brightness within the half-light ellipse",
            _SURFACE,
            "phot.mag.sb",
            "no half-light radius",
        ),
        (
            "con_indx",
            "concentration: radius of three quarters of the total light over that of one quarter",
            "",
            "phys.size",
            _NO_SHARE,
        ),
        (
            "peak",
            "surface brightness of the brightest pixel within 5 arcsec",
            _SURFACE,
            "phot.mag.sb",
            "no light",
        ),
        ("5surf", "mean surface brightness within 5 arcsec", _SURFACE, "phot.mag.sb", "no light"),
        ("5sig_ba", "axis ratio of the 5-sigma isophote", "", "phys.size.axisRatio", "no such isophote"),
        (
            "5sig_phi",
            "position angle of the 5-sigma isophote, east of north, -90 to 90",
            "deg",
            "pos.posAng",
            "no such isophote",
        ),
        ("back", "background, a pixel of 1 arcsec", "adu", "instr.background", _NO_MODEL),
        (
            "resid_ann",
            "level of the ring from 80 to 110 arcsec after the background was subtracted",
            "adu",
            "instr.background",
            "no data in the ring",
        ),
    )
)

EXTENDED_PHOTOMETRY: tuple[Column, ...] = (
    *_SHAPE,
    *(
        _radius(radius, f"Radius of {aperture}", "no such isophote, or no Ks")
        for _, radius, aperture in FIDUCIAL
    ),
    *expand_bands(
        (
            *_OF_A_BAND,
            *(
                _radius(f"{{b}}_r_{name}", f"{{B}} radius of {aperture}", "no such isophote")
                for name, aperture in INDIVIDUAL
            ),
            *(column for name, _, aperture in FIDUCIAL for column in _light(name, aperture)),
            *(column for name, aperture in INDIVIDUAL for column in _light(name, aperture)),
        )
    ),
)
"""Columns of wsdb.extended_measurement that galaxies' light in ellipses and their models fill."""
