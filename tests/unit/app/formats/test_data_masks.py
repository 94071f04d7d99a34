"""Masks and weights beside an image: what they call no data is none, what is not understood is named."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from app.formats.atlas_facts import AtlasFileError
from app.formats.atlas_reader import read_atlas
from tests.worlds.atlas_files import CARDS

VALUES = np.random.default_rng(5).normal(73.0, 1.0, (60, 48)).astype(np.float32)
BAD = np.random.default_rng(6).random(VALUES.shape) < 0.1


def read(tmp_path, *planes):
    hdus = [fits.PrimaryHDU(VALUES, fits.Header(CARDS)), *planes]
    fits.HDUList(hdus).writeto(tmp_path / "a.fits")
    return read_atlas(tmp_path / "a.fits")


@pytest.mark.parametrize("name", ["MASK", "BPM", "DQ", "bad_mask", "FLAGS", ""])
@pytest.mark.parametrize("packed", [False, True])
def test_pixels_that_a_mask_calls_bad_are_no_data(tmp_path, name, packed):
    kind = fits.CompImageHDU if packed else fits.ImageHDU
    content = read(tmp_path, kind(BAD.astype(np.uint8), name=name))
    np.testing.assert_array_equal(np.isnan(content.pixels_dn), BAD)
    assert content.unused_masks == ()


@pytest.mark.parametrize("name", ["WEIGHT", "WHT", "COVERAGE", "EXPOSURE", "IVAR", "CONFIDENCE"])
@pytest.mark.parametrize("nothing", [0.0, np.nan])
def test_pixels_of_no_weight_are_no_data(tmp_path, name, nothing):
    content = read(tmp_path, fits.ImageHDU(np.where(BAD, nothing, 2.5).astype(np.float32), name=name))
    np.testing.assert_array_equal(np.isnan(content.pixels_dn), BAD)


def test_several_planes_count_together(tmp_path):
    mask = np.zeros(VALUES.shape, np.int16)
    mask[30] = 1
    content = read(
        tmp_path, fits.ImageHDU(mask, name="MASK"), fits.ImageHDU((~BAD).astype("f4"), name="WEIGHT")
    )
    np.testing.assert_array_equal(np.isnan(content.pixels_dn), BAD | (mask == 1))


@pytest.mark.parametrize(
    "plane",
    [
        fits.ImageHDU(BAD.astype(np.int32) * 32, name="DQ"),
        fits.ImageHDU(np.arange(VALUES.size, dtype=np.int32).reshape(VALUES.shape), name="DQ"),
        fits.ImageHDU(BAD[:30].astype(np.uint8), name="DQ"),
    ],
    ids=["one bit", "many values", "another shape"],
)
def test_masks_that_are_not_understood_are_named(tmp_path, plane):
    content = read(tmp_path, plane)
    assert content.unused_masks == ("DQ",)
    assert np.isfinite(content.pixels_dn).all()


@pytest.mark.parametrize("name", ["UNCERT", "ERR", "BACKGROUND", "SKY"])
def test_other_planes_say_nothing_about_data(tmp_path, name):
    content = read(tmp_path, fits.ImageHDU(BAD.astype(np.float32), name=name))
    assert np.isfinite(content.pixels_dn).all()
    assert content.unused_masks == ()


@pytest.mark.parametrize("name", ["MASK", "WEIGHT"])
def test_a_plane_of_the_other_sense_is_refused(tmp_path, name):
    """Where 1 marks good pixels, most of the image would be lost."""
    good = ~BAD if name == "MASK" else BAD
    with pytest.raises(AtlasFileError, match=r"\d\d% of the pixels without data") as caught:
        read(tmp_path, fits.ImageHDU(good.astype(np.uint8), name=name))
    assert caught.value.keyword == name
