"""Stamp files: what is written is read, opens elsewhere, and a released one has the release's zero points."""

from __future__ import annotations

import io
from datetime import date

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from app.errors import StoredFileError
from app.formats.atlas_calibrated import ReleasedZeroPoint, with_released_zero_points
from app.formats.postage_stamp import StampKeywords, StampPlane, read_stamp, stamp_side_pix, write_stamp
from app.instruments.bands import BANDS, Band
from app.sky.projection import SinProjection

KEYWORDS = StampKeywords(date(1998, 4, 27), "s", 12, 34, 5 << 40, 187.5, 12.25, "1.2.3")
PROJECTION = SinProjection.from_rotation(187.5, 12.25, 30.25, 29.5, -1 / 3600, 1 / 3600, 0.75)


def plane(band: Band, side: int = 61, error_mag: float | None = 0.01) -> StampPlane:
    random = np.random.default_rng(band.position)
    pixels = random.normal(100.0, 4.0, (side, side)).astype(np.float32)
    pixels[:3] = np.nan
    return StampPlane(band, pixels, PROJECTION, 20.5 - 0.25 * band.position, error_mag, 0.5)


def test_what_is_written_is_read(tmp_path):
    planes = [plane(band) for band in BANDS]
    content = write_stamp(planes, KEYWORDS)
    assert content == write_stamp(planes, KEYWORDS)
    path = tmp_path / "stamp.fits"
    path.write_bytes(content)
    for before, after in zip(planes, read_stamp(path), strict=True):
        assert (after.band, after.zero_point_mag, after.step_dn) == (before.band, before.zero_point_mag, 0.5)
        assert after.zero_point_error_mag == before.zero_point_error_mag
        assert (np.isnan(after.pixels_dn) == np.isnan(before.pixels_dn)).all()
        assert np.nanmax(np.abs(after.pixels_dn - before.pixels_dn)) <= 0.25
        assert np.array(after.projection.matrix_deg) == pytest.approx(
            np.array(PROJECTION.matrix_deg), abs=1e-13
        )


def test_a_stamp_opens_elsewhere_and_says_where_it_is():
    content = write_stamp([plane(Band.J), plane(Band.K, error_mag=None)], KEYWORDS)
    with fits.open(io.BytesIO(content), checksum=True) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "J", "KS"]
        told = {name: hdus[0].header[name] for name in ("BANDS", "SCANNO", "COADDNO", "EXT_ID", "HEMIS")}
        assert told == {"BANDS": "jk", "SCANNO": 12, "COADDNO": 34, "EXT_ID": 5 << 40, "HEMIS": "s"}
        ra, decl = WCS(hdus["KS"].header).pixel_to_world_values(30.25, 29.5)
        assert (float(ra), float(decl)) == pytest.approx((187.5, 12.25), abs=1e-9)
        assert "MZPERR" not in hdus["KS"].header


def test_a_usual_stamp_is_small():
    assert len(write_stamp([plane(band) for band in BANDS], KEYWORDS)) < 40_000


def test_each_band_gets_its_released_zero_point(tmp_path):
    path = tmp_path / "stamp.fits"
    before = write_stamp([plane(band) for band in BANDS], KEYWORDS)
    zero_points = {b.value: ReleasedZeroPoint("dr1", 21.5 + b.position, 0.02, "ab" * 32) for b in BANDS}
    path.write_bytes(with_released_zero_points(before, zero_points))
    assert [found.zero_point_mag for found in read_stamp(path)] == [21.5, 22.5, 23.5]
    with pytest.raises(KeyError):
        with_released_zero_points(before, {"j": zero_points["j"]})


def test_a_damaged_stamp_is_refused(tmp_path):
    path = tmp_path / "stamp.fits"
    content = bytearray(write_stamp([plane(Band.H)], KEYWORDS))
    content[-3000] ^= 4
    path.write_bytes(content)
    with pytest.raises(StoredFileError, match="SUM"):
        read_stamp(path)
    path.write_bytes(content[:5000])
    with pytest.raises(StoredFileError, match="whole postage stamp"):
        read_stamp(path)
    with pytest.raises(StoredFileError):
        read_stamp(tmp_path / "none.fits")


def test_sides_are_odd_and_bounded():
    sides = stamp_side_pix(np.linspace(0.0, 400.0, 900))
    assert (sides % 2 == 1).all()
    assert (np.diff(sides) >= 0).all()
    assert (sides.min(), sides.max()) == (61, 301)
