"""Cards of an extension that are written in the primary header."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from app.formats.atlas_cards import with_inherited
from app.formats.atlas_facts import AtlasFileError
from app.formats.atlas_reader import read_atlas, read_atlas_facts
from tests.worlds.atlas_files import CARDS

PIXELS = np.random.default_rng(5).normal(73.0, 1.0, (60, 48)).astype(np.float32)
SHARED = ("FILTER", "MAGZP", "ORDATE", "SCANNO")


def parted_file(path, *, inherit, **further):
    """A file whose image is an extension, and whose primary header has what the whole file shares."""
    own = {name: value for name, value in CARDS.items() if name not in SHARED}
    primary = fits.PrimaryHDU(
        header=fits.Header({name: CARDS[name] for name in SHARED if name in CARDS} | further)
    )
    extension = fits.ImageHDU(PIXELS, fits.Header(own))
    if inherit is not None:
        extension.header["INHERIT"] = inherit
    fits.HDUList([primary, extension]).writeto(path)
    return path


def test_inherited_cards_count(tmp_path):
    path = parted_file(tmp_path / "a.fits", inherit=True)
    for facts in (read_atlas(path).facts, read_atlas_facts(path)):
        assert facts.zero_point_mag == CARDS["MAGZP"]
        assert facts.shape == PIXELS.shape


@pytest.mark.parametrize("read", [read_atlas, read_atlas_facts])
@pytest.mark.parametrize(("keyword", "value"), [("RADECSYS", "FK4"), ("CD1_2", 1.0e-4), ("LONPOLE", 0.0)])
def test_world_coordinates_too(tmp_path, read, keyword, value):
    path = parted_file(tmp_path / "a.fits", inherit=True, **{keyword: value})
    with pytest.raises(AtlasFileError) as caught:
        read(path)
    assert caught.value.keyword in {keyword, "CDELT1", "CROTA2"}


@pytest.mark.parametrize("inherit", [None, False])
def test_without_inherit_they_do_not(tmp_path, inherit):
    assert read_atlas(parted_file(tmp_path / "a.fits", inherit=inherit)).facts.zero_point_mag is None


def test_own_cards_stand_before_those_of_the_same_name():
    header = fits.Header({"INHERIT": True, "MAGZP": 20.0, "NAXIS": 2})
    primary = fits.Header({"MAGZP": 21.0, "FILTER": "h", "NAXIS": 0, "BSCALE": 2.0, "CHECKSUM": "x"})
    merged = with_inherited(header, primary)
    assert dict(merged) == dict(header) | {"FILTER": "h"}
    assert "FILTER" not in header
