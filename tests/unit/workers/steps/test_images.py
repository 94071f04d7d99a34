"""Ingested Atlas images on their way into the reduction."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from app.formats.atlas_facts import AtlasFileError
from app.instruments.bands import Band
from tests.worlds.atlas_files import write_pixels
from workers.reduction.images.noise import robust_sigma
from workers.steps.images import load_image
from workers.steps.scan_facts import ScanFile

SKY = np.random.default_rng(5).normal(73.2, 0.56, (200, 160)).astype(np.float32)


def loaded(path, pixels, number=9):
    write_pixels(path, pixels.astype(np.float32))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return load_image(ScanFile(1, "atlas", Band.J, number, str(path), digest))


@pytest.mark.parametrize("step", [0.5, 0.75, 1.0, 1.4])
def test_noise_of_rounded_pixels_is_never_nothing_or_a_whole_step(tmp_path, step):
    """Of whole DN a scatter from medians is 0: no star of the band was measured."""
    image, content = loaded(tmp_path / "a.fits", np.round(SKY / step) * step)
    expected = np.sqrt(0.56**2 + 2.0 * step**2 / 12.0)
    assert robust_sigma(image.pixels_dn) == pytest.approx(expected, rel=0.1)
    assert np.abs(image.pixels_dn - content.pixels_dn).max() <= 0.5 * step + 1e-4


def test_bands_and_images_are_spread_differently(tmp_path):
    coarse = np.round(SKY)
    first, _ = loaded(tmp_path / "a.fits", coarse)
    again, _ = loaded(tmp_path / "a.fits", coarse)
    other, _ = loaded(tmp_path / "a.fits", coarse, number=10)
    np.testing.assert_array_equal(first.pixels_dn, again.pixels_dn)
    assert np.abs(first.pixels_dn - other.pixels_dn).max() > 0.5


def test_fine_pixels_are_left_as_they_are(tmp_path):
    image, content = loaded(tmp_path / "a.fits", np.round(SKY * 8) / 8)
    assert image.pixels_dn is content.pixels_dn


def test_noise_that_cannot_be_measured_is_an_input_fault(tmp_path):
    with pytest.raises(AtlasFileError, match="steps of 3 DN without noise"):
        loaded(tmp_path / "a.fits", np.round(SKY / 3) * 3)


def test_a_filled_frame_has_no_data_for_the_reduction(tmp_path):
    image, _ = loaded(tmp_path / "a.fits", np.pad(SKY, 20, constant_values=-999.0))
    assert np.isnan(image.pixels_dn).sum() == 240 * 200 - SKY.size
