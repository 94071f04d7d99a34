"""Columns of a release's tables of scans and of Atlas images: names as in the published Scan Information Table."""

from __future__ import annotations

from app.columns.column import BY_RELEASE, Column, Kind, expand_bands

_UNKNOWN = "the files do not tell"
_UNGRADED = "it has no frozen grade"
_UNMEASURED = "the scan was reduced without it"


def _column(
    name: str, kind: Kind, description: str, unit: str = "", ucd: str = "meta.number", null: str = "",
    length: int = 0, text_format: str = "%s",
) -> Column:  # fmt: skip
    return Column(
        name, kind, description, unit, ucd, null=null, length=length, text_format=text_format, producers=BY_RELEASE,
        released_null=null,
    )  # fmt: skip


_CENTRE = tuple(
    _column(
        name,
        Kind.DOUBLE,
        f"{word} of the centre, ICRS",
        "deg",
        f"pos.eq.{axis};meta.main",
        text_format="%10.6f",
    )
    for name, word, axis in (("ra", "Right ascension", "ra"), ("decl", "Declination", "dec"))
)


def _corners(null: str = "") -> tuple[Column, ...]:
    places = ((1, "south-eastern"), (2, "south-western"), (3, "north-eastern"), (4, "north-western"))
    return tuple(
        _column(
            f"{axis}_{corner}", Kind.DOUBLE, f"{word} of the {place} corner of what all bands cover, ICRS", "deg", ucd,
            null, text_format="%10.6f",
        )
        for corner, place in places
        for axis, word, ucd in (
            ("ra", "Right ascension", "pos.eq.ra;obs.field"), ("dec", "Declination", "pos.eq.dec;obs.field"),
        )
    )  # fmt: skip


PUBLISHED_SCAN: tuple[Column, ...] = (
    _column("scan_key", Kind.INTEGER, "Key of the scan", ucd="meta.id;meta.main", text_format="%8d"),
    _column("hemis", Kind.CHAR, "Observatory: n Mt. Hopkins, s Cerro Tololo", ucd="meta.id;instr.tel", length=1),
    _column("date", Kind.DATE, "UT date at sunrise of the night", ucd="time.epoch"),
    _column("scan", Kind.SMALLINT, "Number in the night", ucd="meta.number;obs.field", text_format="%3d"),
    _column("tile", Kind.INTEGER, "Tile", ucd="meta.id", null="it belongs to none", text_format="%8d"),
    *_CENTRE,
    *_corners("its coverage was not measured"),
    _column("sd", Kind.CHAR, "Direction of the scan, n or s", ucd="meta.code", null=_UNKNOWN, length=1),
    _column("qual", Kind.SMALLINT, "Grade, 0 to 10", ucd="meta.code.qual", null=_UNGRADED, text_format="%2d"),
    *(
        _column(name, Kind.SMALLINT, meaning, ucd="meta.code", null=_UNGRADED, text_format="%1d")
        for name, meaning in (
            ("hgl", "1: electronic glitch of single H frames"), ("cld", "1: cloud"),
            ("xph", "1: another photometric problem"), ("anom", "1: unusual problem seen in the images"),
        )
    ),
    _column("ut", Kind.DOUBLE, "UT at the start", "h", "time.start", _UNKNOWN, text_format="%9.6f"),
    _column("jdate", Kind.DOUBLE, "Julian date at the start", "d", "time.start", _UNKNOWN, text_format="%12.4f"),
    _column("airm", Kind.REAL, "Airmass at the start", "", "obs.airMass", _UNKNOWN, text_format="%5.3f"),
    _column("zd", Kind.REAL, "Zenith distance of the airmass", "deg", "pos.az.zd", _UNKNOWN, text_format="%6.2f"),
    _column("ha", Kind.DOUBLE, "Hour angle of the centre at start", "h", "pos.posAng", _UNKNOWN, text_format="%7.3f"),
    *expand_bands(
        (
            _column("{b}_zp_ap", Kind.REAL, "{B} zero point over the nominal one, of its solution", "mag",
                    "phot.mag;arith.zp;{ucd}", "magnitudes are nominal", text_format="%6.3f"),
            _column("{b}_zperr_ap", Kind.REAL, "{B} error of the zero point", "mag", "stat.error;phot.mag;{ucd}",
                    "magnitudes are nominal", text_format="%6.3f"),
            _column("{b}_n_snr10", Kind.INTEGER, "{B} point sources of signal-to-noise ratio above 10",
                    ucd="meta.number;{ucd}", text_format="%7d"),
            _column("{b}_shape_avg", Kind.REAL, "{B} mean seeing shape of the Atlas images", "",
                    "instr.obsty.seeing;{ucd}", _UNMEASURED, text_format="%6.3f"),
            _column("{b}_shape_rms", Kind.REAL, "{B} scatter of the seeing shape over the Atlas images", "",
                    "stat.stdev;instr.obsty.seeing;{ucd}", _UNMEASURED, text_format="%6.3f"),
            _column("{b}_2mrat", Kind.REAL, "{B} ratio of the second moments of stars", "", "phys.size.axisRatio;{ucd}",
                    _UNMEASURED, text_format="%6.3f"),
            _column("{b}_msnr10", Kind.REAL, "{B} magnitude of signal-to-noise ratio 10, calibrated", "mag",
                    "phot.mag;{ucd}", _UNMEASURED, text_format="%6.3f"),
        )
    ),
    _column("n_ext", Kind.INTEGER, "Extended sources extracted", text_format="%6d"),
    _column("images", Kind.SMALLINT, "Atlas images, all bands", text_format="%3d"),
)  # fmt: skip
"""Columns of release.scn, a row a chosen scan, in published order as far as the files of mapps tell them."""

PUBLISHED_IMAGE: tuple[Column, ...] = (
    _column("coadd_key", Kind.BIGINT, "Key of the image triple", ucd="meta.id;meta.main"),
    _column("scan_key", Kind.INTEGER, "Key of the scan", ucd="meta.id.part", text_format="%8d"),
    _column("hemis", Kind.CHAR, "Observatory: n Mt. Hopkins, s Cerro Tololo", ucd="meta.id;instr.tel", length=1),
    _column("date", Kind.DATE, "UT date at sunrise of the night", ucd="time.epoch"),
    _column("scan", Kind.SMALLINT, "Number of the scan in the night", ucd="meta.number;obs.field", text_format="%3d"),
    _column("coadd", Kind.SMALLINT, "Image number in the scan", ucd="meta.number;obs.image", text_format="%4d"),
    *_CENTRE,
    _column("width_pix", Kind.SMALLINT, "Columns", "pix", "meta.number", text_format="%4d"),
    _column("height_pix", Kind.SMALLINT, "Rows", "pix", "meta.number", text_format="%4d"),
    *expand_bands(
        (
            _column("{b}_zp", Kind.REAL, "{B} magnitude of 1 DN, calibrated", "mag", "phot.mag;arith.zp;{ucd}",
                    "there is no image of the band", text_format="%7.4f"),
            _column("{b}_zperr", Kind.REAL, "{B} error of the zero point", "mag", "stat.error;phot.mag;{ucd}",
                    "there is no image of the band, or the error is unknown", text_format="%7.4f"),
            _column("{b}_shape", Kind.REAL, "{B} seeing shape", "", "instr.obsty.seeing;{ucd}", "not measured",
                    text_format="%6.3f"),
            _column("{b}_sky", Kind.REAL, "{B} median background", "adu", "instr.background;{ucd}",
                    "there is no image of the band, or it is empty", text_format="%9.3f"),
            _column("{b}_sky_sigma", Kind.REAL, "{B} noise of the background in a pixel", "adu",
                    "stat.stdev;instr.background;{ucd}", "there is no image of the band, or it is empty",
                    text_format="%9.4f"),
            _column("{b}_sha256", Kind.CHAR, "{B} SHA-256 of the file", "", "meta.checksum",
                    "there is no image of the band", length=64),
        )
    ),
)  # fmt: skip
"""Columns of release.img, a row an image triple."""
