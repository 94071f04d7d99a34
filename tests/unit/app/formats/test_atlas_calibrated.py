"""An exported image says the release's zero point, keeps its pixels, and its checksums hold."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits

from app.formats.atlas import AtlasCompression, read_atlas, write_atlas
from app.formats.atlas_calibrated import ReleasedZeroPoint, with_released_zero_point
from app.formats.fits_units import UnitError
from tests.unit.app.formats.test_atlas import KEYWORDS
from tests.unit.app.formats.test_atlas import planes as atlas_planes

ZERO_POINT = ReleasedZeroPoint("dr1", float(np.float32(20.4873)), float(np.float32(0.0042)), "1f" * 32)


def atlas(compression=AtlasCompression.RICE):
    buffer = io.BytesIO()
    write_atlas(buffer, atlas_planes(), KEYWORDS, compression)
    return buffer.getvalue()


def header_of(content):
    with fits.open(io.BytesIO(content)) as hdus:
        return next(hdu.header for hdu in hdus if "MAGZP" in hdu.header)


@pytest.mark.parametrize("compression", AtlasCompression)
def test_the_header_has_the_calibrated_zero_point(compression, tmp_path):
    before = atlas(compression)
    after = with_released_zero_point(before, ZERO_POINT)
    old, header = header_of(before), header_of(after)
    assert header["MAGZP"] == 20.4873
    assert header["MZPERR"] == 0.0042
    assert header["MAGZPNOM"] == old["MAGZP"]
    assert header["RELEASE"] == "dr1"
    assert header["SOLUTION"] == "1f" * 8
    assert "calibrated" in header.comments["MAGZP"]
    assert "nominal" not in header.comments["MAGZP"]
    path = tmp_path / "hi0490009.fits"
    path.write_bytes(before)
    plain = read_atlas(path)
    path.write_bytes(after)
    found = read_atlas(path)
    assert found.pixels_dn.tobytes() == plain.pixels_dn.tobytes()
    assert (
        replace(
            found.facts,
            zero_point_mag=plain.facts.zero_point_mag,
            zero_point_error_mag=plain.facts.zero_point_error_mag,
        )
        == plain.facts
    )
    assert found.facts.zero_point_mag == 20.4873


@pytest.mark.parametrize("compression", AtlasCompression)
def test_the_library_confirms_the_checksums(compression):
    content = with_released_zero_point(atlas(compression), ZERO_POINT)
    assert len(content) % 2880 == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with fits.open(io.BytesIO(content), checksum=True, disable_image_compression=True) as hdus:
            hdus.verify("exception")
            for hdu in hdus:
                assert hdu.verify_checksum() == 1
                assert hdu.verify_datasum() == 1
                assert hdu.header.count("CHECKSUM") == hdu.header.count("DATASUM") == 1


def test_the_same_again_changes_only_what_is_measured():
    """An exported image that is exported by another release has each card once."""
    once = with_released_zero_point(atlas(), ZERO_POINT)
    assert with_released_zero_point(atlas(), ZERO_POINT) == once
    twice = header_of(with_released_zero_point(once, replace(ZERO_POINT, release="dr2")))
    cards = ("MAGZP", "MZPERR", "MAGZPNOM", "RELEASE", "SOLUTION")
    assert [twice.count(name) for name in cards] == [1] * len(cards)
    assert twice["RELEASE"] == "dr2"


def test_without_a_solution_the_zero_point_stays_as_it_was():
    before = atlas()
    header, old = (
        header_of(with_released_zero_point(before, replace(ZERO_POINT, solution=None))),
        header_of(before),
    )
    for name in ("MAGZP", "MZPERR"):
        assert (header[name], header.comments[name]) == (old[name], old.comments[name])
    assert header["RELEASE"] == "dr1"
    assert "not calibrate" in header.comments["RELEASE"]
    assert "MAGZPNOM" not in header


def test_an_unknown_error_is_left_out():
    header = header_of(with_released_zero_point(atlas(), replace(ZERO_POINT, zero_point_error_mag=None)))
    assert "MZPERR" not in header
    assert header["MAGZP"] == 20.4873


def test_what_is_no_fits_file_is_refused():
    with pytest.raises(UnitError):
        with_released_zero_point(b"not a FITS file", ZERO_POINT)
