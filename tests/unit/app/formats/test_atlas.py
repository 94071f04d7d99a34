"""Atlas FITS files: round trip, damage, the peculiarities of real headers."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from app.formats.atlas import (
    AtlasCompression,
    AtlasFileError,
    AtlasKeywords,
    read_atlas,
    read_atlas_facts,
    write_atlas,
)
from app.formats.atlas_facts import image_number_of_centre
from app.formats.atlas_names import parse_atlas_name
from app.instruments.bands import Band
from app.sky.projection import SinProjection

# Cards of real headers: aJ_asky_001022s0620186 and its like; values unchanged.
REAL_CARDS = [
    ("BLOCKED", True),
    ("ORDATE", "001022"),
    ("DAYNUM", "1332"),
    ("FN_PRFX", "j1332062"),
    ("TYPE", "sci"),
    ("SCANNO", 62),
    ("SCANDIR", "s"),
    ("STRIP_ID", 303105),
    ("POSITNID", "s060056"),
    ("CTYPE1", "RA---SIN"),
    ("CTYPE2", "DEC--SIN"),
    ("CRPIX1", 256.5),
    ("CRPIX2", 512.5),
    ("CRVAL1", 14.17),
    ("CRVAL2", -10.03),
    ("CROTA2", -0.002373286897),
    ("CDELT1", -0.0002777777845),
    ("CDELT2", 0.0002777777845),
    ("USXREF", -256.5),
    ("USYREF", -15726.0),
    ("DYFS", -82.30149078),
    ("MAGZP", 21.0034),
    ("SEESH", 0.93),
    ("NUMFRMS", 274),
    ("TELNAME", "CTIO"),
    ("FILTER", "j"),
    ("UT_DATE", "001022"),
    ("UT", "04:08:48.54"),
    ("AMASS_FC", 1.171),
    ("EQUINOX", 2000.0),
]


@dataclass(frozen=True)
class Planes:
    """The structural twin of the reduction's AtlasImage: `app` may not import it."""

    band: Band
    number: int
    pixels_dn: np.ndarray
    projection: SinProjection
    zero_point_mag: float
    seeing_shape: float | None
    coverage: np.ndarray | None
    uncertainty_dn: np.ndarray | None


KEYWORDS = AtlasKeywords(
    night_date=date(1998, 4, 27),
    hemisphere="s",
    scan=49,
    direction="n",
    code_version="0.1.0",
    tile=308049,
    position_id="s121722",
    start=datetime(1998, 4, 27, 5, 6, 7, 890000, UTC),
    airmass=1.061,
    zero_point_error_mag=0.011,
    sky_dn=100.0,
    sky_sigma_dn=0.9,
    uscan_x_arcsec=-256.5,
    uscan_y_arcsec=156.0,
    frame_step_x_arcsec=-0.3,
    frame_step_y_arcsec=82.3,
    frame_count=273,
)


def planes(shape=(140, 96), *, peak=4000.0) -> Planes:
    rng = np.random.default_rng(5)
    pixels = rng.normal(100.0, 0.9, shape).astype(np.float32)
    pixels[40, 50] += peak
    pixels[:3] = np.nan
    coverage = np.full(shape, 6.03, np.float32)
    coverage[:3] = 0.0
    projection = SinProjection.from_rotation(260.74, -14.36, 47.5, 69.5, -1 / 3600, 1 / 3600, 0.0131)
    return Planes(Band.H, 9, pixels, projection, 20.41, 0.97, coverage, np.sqrt(pixels / 100.0))


def real_file(path, *, drop=(), change=None, data=None, name="aJ_asky_001022s0620186.fits"):
    """A file with a real header; `change` replaces or adds cards."""
    header = fits.Header([(k, v) for k, v in REAL_CARDS if k not in drop])
    header.update(change or {})
    if data is None:
        data = np.full((1024, 512), 73.0, np.float32)
    fits.PrimaryHDU(data, header).writeto(path / name)
    return path / name


@pytest.mark.parametrize("compression", AtlasCompression)
def test_what_is_written_is_read(tmp_path, compression):
    image = planes()
    write_atlas(tmp_path / "hi0490009.fits", image, KEYWORDS, compression)
    found = read_atlas(tmp_path / "hi0490009.fits")
    facts = found.facts
    tolerance = 0.9 / 8 if compression is AtlasCompression.RICE else 0.0
    np.testing.assert_array_equal(np.isnan(found.pixels_dn), np.isnan(image.pixels_dn))
    assert np.nanmax(np.abs(found.pixels_dn - image.pixels_dn)) <= tolerance
    assert np.abs(found.coverage - image.coverage).max() <= 1 / 128
    assert np.nanmax(np.abs(found.uncertainty_dn - image.uncertainty_dn)) <= 0.9 / 32
    assert (facts.band, facts.shape, facts.image_number, facts.scan) == (Band.H, (140, 96), 9, 49)
    assert (facts.night_date, facts.hemisphere, facts.direction) == (date(1998, 4, 27), "s", "n")
    assert facts.start == KEYWORDS.start
    assert (facts.tile, facts.position_id, facts.frame_count) == (308049, "s121722", 273)
    assert (facts.zero_point_mag, facts.zero_point_error_mag, facts.seeing_shape) == (20.41, 0.011, 0.97)
    assert (facts.uscan_x_arcsec, facts.uscan_y_arcsec, facts.airmass) == (-256.5, 156.0, 1.061)
    x, y = np.array([0.0, 95.0]), np.array([0.0, 139.0])
    np.testing.assert_allclose(facts.projection.to_sky(x, y), image.projection.to_sky(x, y), atol=1e-11)
    assert read_atlas_facts(tmp_path / "hi0490009.fits") == facts


def test_storing_as_integers_changes_photometry_by_less_than_a_tenth_of_its_error(tmp_path):
    """Sums over 4" apertures: 50 pixels of rounding error step / sqrt(12) against 50 pixels of noise."""
    image = planes((1024, 512))
    write_atlas(tmp_path / "a.fits", image, KEYWORDS)
    difference = (read_atlas(tmp_path / "a.fits").pixels_dn - image.pixels_dn)[4:1020, :504]
    sums = difference.reshape(127, 8, 63, 8).sum((1, 3))
    assert sums.std() < 0.1 * 0.9 * 8
    assert abs(sums.mean()) < 0.01 * 0.9 * 8


def test_same_content_same_bytes():
    buffers = [io.BytesIO(), io.BytesIO()]
    for buffer in buffers:
        write_atlas(buffer, planes(), KEYWORDS)
    assert buffers[0].getvalue() == buffers[1].getvalue()


def test_range_beyond_sixteen_bits_is_kept(tmp_path):
    write_atlas(tmp_path / "a.fits", planes(peak=30_000.0), KEYWORDS)
    assert read_atlas(tmp_path / "a.fits").pixels_dn[40, 50] == pytest.approx(30_100.0, abs=4.0)


def test_all_nan_plane_and_missing_planes(tmp_path):
    image = planes()
    empty = Planes(
        image.band, 1, np.full((8, 8), np.nan, np.float32), image.projection, 20.0, None, None, None
    )
    write_atlas(tmp_path / "a.fits", empty, KEYWORDS)
    found = read_atlas(tmp_path / "a.fits")
    assert np.isnan(found.pixels_dn).all()
    assert found.coverage is None
    assert found.uncertainty_dn is None
    assert found.facts.seeing_shape is None


def test_real_header_is_understood(tmp_path):
    facts = read_atlas_facts(real_file(tmp_path))
    assert (facts.band, facts.image_number, facts.scan, facts.hemisphere) == (Band.J, 186, 62, "s")
    assert facts.night_date == date(2000, 10, 22)
    assert facts.start == datetime(2000, 10, 22, 4, 8, 48, 540000, UTC)
    assert facts.airmass == 1.171
    assert facts.require_zero_point() == 21.0034


def test_file_name_speaks_where_the_header_is_silent(tmp_path):
    drop = ("ORDATE", "DAYNUM", "FN_PRFX", "SCANNO", "TELNAME", "FILTER", "MAGZP", "USYREF", "STRIP_ID")
    facts = read_atlas_facts(real_file(tmp_path, drop=drop))
    assert (facts.band, facts.scan, facts.hemisphere, facts.night_date) == (
        Band.J,
        62,
        "s",
        date(2000, 10, 22),
    )
    assert facts.tile is None
    with pytest.raises(AtlasFileError, match=r"MAGZP: found nothing"):
        facts.require_zero_point()


def test_image_number_from_the_u_scan_position(tmp_path):
    assert read_atlas_facts(real_file(tmp_path, name="x.fits")).image_number == 186
    # USYREF + 512.5 of real images and the number in their names
    for centre, number in ((6488.5, 80), (7458.5, 92), (-15213.5, 186), (-16183.5, 198)):
        assert image_number_of_centre(centre, 82.3) == number
    assert read_atlas_facts(real_file(tmp_path, name="y.fits", drop=("USYREF",))).image_number is None


@pytest.mark.parametrize("first", [0, 87, 600])
@pytest.mark.parametrize("origin", [None, "2MASS"])
def test_image_number_of_a_part_of_an_image(tmp_path, first, origin):
    """CRPIX2 and NAXIS2 change by a cut, USYREF does not: the number must not depend on where the cut was made."""
    change = {"CRPIX2": 512.5 - first} | ({"ORIGIN": origin} if origin else {})
    data = np.random.default_rng(1).normal(73, 1, (300, 512)).astype(np.float32)
    facts = read_atlas_facts(real_file(tmp_path, name="x.fits", data=data, change=change))
    assert facts.image_number == (186 if origin else None)


def test_image_number_of_a_part_cut_from_the_sides_only(tmp_path):
    data = np.random.default_rng(1).normal(73, 1, (1024, 100)).astype(np.float32)
    facts = read_atlas_facts(real_file(tmp_path, name="x.fits", data=data, change={"CRPIX1": -30.5}))
    assert facts.image_number == 186


def test_gzip_and_foreign_rice(tmp_path):
    plain = real_file(tmp_path)
    packed = tmp_path / "aJ_asky_001022s0620187.fits.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_atlas(packed).facts.image_number == 187
    rice = tmp_path / "rice.fits"
    noise = np.random.default_rng(1).normal(73, 1, (64, 512)).astype(np.float32)
    header = fits.Header(REAL_CARDS)
    fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(noise, header, compression_type="RICE_1")]).writeto(
        rice
    )
    found = read_atlas(rice)
    assert found.pixels_dn.dtype == np.float32
    assert np.abs(found.pixels_dn - noise).max() < 0.2


def test_blank_of_integers_becomes_nan(tmp_path):
    counts = np.full((20, 30), 700, np.int32)
    counts[3, 4] = -(2**31)
    path = real_file(tmp_path, data=counts, change={"BLANK": -(2**31)})
    pixels = read_atlas(path).pixels_dn
    assert np.isnan(pixels[3, 4])
    assert np.nansum(pixels) == 700 * 599


@pytest.mark.parametrize(
    ("change", "drop", "keyword"),
    [
        ({"CTYPE1": "RA---TAN"}, (), "CTYPE1"),
        ({"CTYPE2": "DEC--SIN-SIP"}, (), "CTYPE2"),
        ({}, ("CTYPE1",), "CTYPE1"),
        ({}, ("CRVAL2",), "CRVAL2"),
        ({}, ("CDELT1",), "CDELT1"),
        ({"CDELT1": 0.0}, (), "CDELT1"),
        ({"CRVAL2": 91.0}, (), "CRVAL2"),
        ({"EQUINOX": 1950.0}, (), "EQUINOX"),
        ({"EPOCH": 1950.0}, ("EQUINOX",), "EPOCH"),
        ({"PV2_1": 0.1}, (), "PV2_1"),
        ({"FILTER": "z"}, (), "FILTER"),
        ({"FILTER": "h"}, (), "FILTER"),
        ({"MAGZP": "bright"}, (), "MAGZP"),
        ({"MAGZP": 0.0}, (), "MAGZP"),
        ({"ORDATE": "981345"}, (), "ORDATE"),
        ({"UT": "25 o'clock"}, (), "UT_DATE"),
        ({"SCANNO": 1.5}, (), "SCANNO"),
        ({"SCANDIR": "up"}, (), "SCANDIR"),
        ({"HEMIS": "n"}, (), "HEMIS"),
        ({"MAGZP": float("1e300")}, (), "MAGZP"),
    ],
)
def test_impossible_header_is_refused_by_keyword(tmp_path, change, drop, keyword):
    path = real_file(tmp_path, change=change, drop=drop, name="image.fits")
    with pytest.raises(AtlasFileError) as caught:
        read_atlas_facts(path)
    assert caught.value.keyword == keyword
    assert str(caught.value).startswith(f"image.fits: {keyword}: found ")
    assert caught.value.expected
    assert caught.value.code == "ATLAS_FILE"


def test_no_band_anywhere(tmp_path):
    with pytest.raises(AtlasFileError, match="file name"):
        read_atlas_facts(real_file(tmp_path, drop=("FILTER", "FN_PRFX"), name="image.fits"))


@pytest.mark.parametrize("cut", [0, 100, 2880, 9000, 500_000])
@pytest.mark.parametrize("packed", [False, True])
def test_truncated_file(tmp_path, cut, packed):
    noise = np.random.default_rng(2).normal(73, 1, (1024, 512)).astype(np.float32)
    whole = real_file(tmp_path, data=noise).read_bytes()
    path = tmp_path / ("cut.fits.gz" if packed else "cut.fits")
    path.write_bytes((gzip.compress(whole, 1) if packed else whole)[:cut])
    with pytest.raises(AtlasFileError, match=r"cut\.fits"):
        read_atlas(path)


def test_truncated_compressed_extension(tmp_path):
    write_atlas(tmp_path / "a.fits", planes((512, 512)), KEYWORDS)
    whole = (tmp_path / "a.fits").read_bytes()
    for cut in (len(whole) // 8, len(whole) // 3):
        (tmp_path / "cut.fits").write_bytes(whole[:cut])
        with pytest.raises(AtlasFileError):
            read_atlas(tmp_path / "cut.fits")


def test_damaged_compressed_pixels(tmp_path):
    path = tmp_path / "hi0490009.fits"
    write_atlas(path, planes(), KEYWORDS)
    with fits.open(path, disable_image_compression=True) as hdus:
        start = hdus[1].fileinfo()["datLoc"] + hdus[1].data.dtype.itemsize * len(hdus[1].data)
    content = bytearray(path.read_bytes())
    # Zeros only: the decompressor never finds the end of its first number.
    content[start + 4 : start + 4000] = b"\x00" * 3996
    # Without its checksums, which tell of the damage before.
    path.write_bytes(content.replace(b"CHECKSUM=", b"CHECKSUN=").replace(b"DATASUM =", b"DATASUN ="))
    with pytest.raises(AtlasFileError, match=r"hi0490009\.fits: file:.*decompression"):
        read_atlas(path)


@pytest.mark.parametrize("data", [np.zeros(5, np.float32), np.zeros((2, 3, 4), np.float32), np.zeros((0, 4))])
def test_wrong_dimensions(tmp_path, data):
    header = fits.Header(REAL_CARDS)
    hdu = fits.PrimaryHDU(header=header) if data.size == 0 else fits.PrimaryHDU(data, header)
    hdu.writeto(tmp_path / "a.fits")
    with pytest.raises(AtlasFileError) as caught:
        read_atlas(tmp_path / "a.fits")
    assert caught.value.keyword == "NAXIS"


def test_not_a_fits_file_and_no_file(tmp_path):
    (tmp_path / "a.fits").write_text("hello")
    for name in ("a.fits", "none.fits"):
        with pytest.raises(AtlasFileError) as caught:
            read_atlas(tmp_path / name)
        assert caught.value.keyword == "file"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("aK_asky_990502s1350080.fits.gz", (Band.K, date(1999, 5, 2), "s", 135, 80)),
        ("twomass_990810s_scan049_J_south.fits.gz", (Band.J, date(1999, 8, 10), "s", 49, None)),
        ("ji0490009.fits", (Band.J, None, None, 49, 9)),
        ("h000427n1010126.fits", (Band.H, date(2000, 4, 27), "n", 101, 126)),
        ("ji0070186_ra50.00_dec-19.97_asec300.000.fits", (Band.J, None, None, 7, 186)),
        ("ji0070186.fits?center=50,-20&size=300arcsec", (Band.J, None, None, 7, 186)),
        ("cutout_ki0070186.fits", (Band.K, None, None, 7, 186)),
        ("aH_asky_990502s1350080_cut.fits", (Band.H, date(1999, 5, 2), "s", 135, 80)),
        ("k000427n1010126_part2.fits", (Band.K, date(2000, 4, 27), "n", 101, 126)),
        ("ji00701867.fits", (None, None, None, None, None)),
        ("bji0070186.fits", (None, None, None, None, None)),
        ("image.fits", (None, None, None, None, None)),
        ("aJ_asky_999999s0620186.fits", (None, None, None, None, None)),
    ],
)
def test_names(name, expected):
    found = parse_atlas_name(name)
    assert (found.band, found.night_date, found.hemisphere, found.scan, found.image) == expected


@given(st.sampled_from(list(Band)), st.integers(1, 999), st.integers(1, 9999))
def test_names_of_the_survey_are_read(band, scan, image):
    found = parse_atlas_name(f"{band.value}i{scan:03d}{image:04d}.fits")
    assert (found.band, found.scan, found.image) == (band, scan, image)
