"""Darks, flats, masks, calibration of frames, their backgrounds and sky offset."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import Band
from app.instruments.cameras import detector_of
from app.parameters.reduction import ReductionParameters
from tests.worlds.small_scan import SKY_DN, make_calibration, make_scan
from workers.reduction.calibration.calibrate import calibrate, calibrate_read1, calibrated_frames
from workers.reduction.calibration.darks import DarkError, combine_darks
from workers.reduction.calibration.flats import FlatError
from workers.reduction.calibration.frame_background import measure_background
from workers.reduction.calibration.masks import calibrate_night
from workers.reduction.calibration.sky_offset import blocks
from workers.reduction.frames.mesh import background_row
from workers.reduction.frames.values import FrameSetError, PixelFlag


def dark_and_flat_frames(frames=16, seed=3):
    """Reads of a detector with known response, 60 dead, 60 hot and 60 noisy pixels."""
    rng = np.random.default_rng(seed)
    shape = (256, 256)
    flat = 1.0 + 0.05 * np.sin(np.mgrid[:256, :256][0] / 40) + 0.02 * rng.standard_normal(shape)
    flat /= np.median(flat)
    dark, pedestal = 8.0 + 2.0 * rng.standard_normal(shape), 1800 + 20 * rng.standard_normal(shape)
    bad = rng.choice(65536, 180, replace=False)
    flat.ravel()[bad[:60]] = 0.02
    dark.ravel()[bad[60:120]] += 900.0
    noise = np.full(shape, 5.3)
    noise.ravel()[bad[120:]] *= 6

    def reads(light):
        one = pedestal + noise * rng.standard_normal((frames, *shape))
        late = light[:, None, None] * flat + dark
        late = late + rng.standard_normal((frames, *shape)) * np.sqrt(np.maximum(late, 0) / 8.5)
        two = pedestal + late + noise * rng.standard_normal((frames, *shape))
        return np.rint(one).astype(np.uint16), np.rint(two).astype(np.uint16)

    return flat, dark, bad, reads(np.zeros(frames)), reads(np.geomspace(10_000, 1_000, frames))


@pytest.fixture(scope="module")
def night():
    flat, dark, bad, darks, flats = dark_and_flat_frames()
    return flat, dark, bad, calibrate_night(detector_of("sim-s-1", Band.J), darks, flats)


def test_flat_and_dark_are_recovered(night):
    flat, dark, _, found = night
    good = ~found.mask
    assert np.std((found.flat - flat)[good]) < 0.004
    assert abs(np.mean((found.flat - flat)[good])) < 5e-4
    assert np.median(found.flat[good]) == pytest.approx(1.0, abs=1e-3)
    assert np.std((found.dark_difference_dn - dark)[good]) < 2.2  # 7.5 DN / 4 frames^2
    assert abs(np.mean((found.dark_difference_dn - dark)[good])) < 0.05


def test_every_bad_pixel_and_few_others_are_masked(night):
    *_, bad, found = night
    assert found.mask.ravel()[bad].mean() > 0.98
    assert found.mask.sum() - found.mask.ravel()[bad].sum() < 20
    assert found.metrics["poor_response_pixels"] >= 60


def test_a_cosmic_ray_does_not_touch_the_dark():
    *_, (read1, read2), _ = dark_and_flat_frames(8)
    clean = combine_darks(read1, read2)
    read2[3, 100, 100] += 5000
    struck = combine_darks(read1, read2)
    assert abs(struck.difference_dn[100, 100] - clean.difference_dn[100, 100]) < 8.0


def test_missing_frames_are_left_out_of_darks():
    *_, (read1, read2), _ = dark_and_flat_frames(6)
    read1[2] = read2[2] = 0
    assert combine_darks(read1, read2).frames == 5
    with pytest.raises(DarkError, match="2 dark frames"):
        combine_darks(read1[:3], read2[:3])


def test_twilight_that_does_not_change_is_no_flat():
    *_, darks, (read1, read2) = dark_and_flat_frames(8)
    with pytest.raises(FlatError, match="levels"):
        calibrate_night(
            detector_of("sim-s-1", Band.J), darks, (read1[:1].repeat(6, 0), read2[:1].repeat(6, 0))
        )


def test_without_twilight_the_response_is_one():
    *_, darks, _ = dark_and_flat_frames(6)
    found = calibrate_night(detector_of("sim-s-1", Band.J), darks, None)
    assert (found.flat == 1.0).all()
    assert found.metrics["flat_frames"] == 0.0


def test_calibration_gives_light_and_flags():
    scan = make_scan(frames=3, count=0, missing=(1,), seed=5)
    raw, calibration = scan.raw[Band.J], scan.calibration[Band.J]
    raw.read2_dn[0, 20, 30] = 18_000
    pixels, flags = calibrate(raw, calibration)
    good = ~calibration.mask
    good[20, 30] = False
    assert pixels[0][good].mean() == pytest.approx(SKY_DN, abs=0.3)
    assert flags[0, 20, 30] & PixelFlag.SATURATED
    assert pixels[0, 20, 30] == 0.0
    assert (flags[0][calibration.mask] & PixelFlag.BAD).all()
    assert (flags[1] & PixelFlag.MISSING).all()
    assert (flags[2][good] == 0).all()
    first = calibrate_read1(raw, calibration, np.array([0]))
    assert np.nanmean(first) == pytest.approx(SKY_DN * 0.051 / 1.3, abs=0.3)
    assert np.isnan(first[0][calibration.mask]).all()


@pytest.mark.parametrize("read", ["read1_dn", "read2_dn"])
def test_a_frame_with_one_read_of_zeros_is_missing(read):
    """Read_2 less nothing is Read_2 with all its pedestal."""
    scan = make_scan(frames=2, count=5)
    raw = scan.raw[Band.J]
    getattr(raw, read)[1] = 0
    pixels, flags = calibrate(raw, scan.calibration[Band.J])
    assert not (flags[0] & PixelFlag.MISSING).any()
    assert (flags[1] & PixelFlag.MISSING).all()
    assert not pixels[1].any()


@pytest.mark.parametrize("read", [0, 1])
def test_a_dark_with_one_read_of_zeros_does_not_count(read):
    reads = np.full((2, 5, 256, 256), 1800, np.uint16)
    reads[1] += 9
    reads[read, 2] = 0
    darks = combine_darks(*reads)
    assert darks.frames == 4
    assert np.ptp(darks.read1_dn) == np.ptp(darks.difference_dn) == 0.0


def test_a_frame_of_zeros_is_missing_even_if_nobody_says_so():
    scan = make_scan(frames=2, count=0)
    raw = scan.raw[Band.J]
    raw.read1_dn[1] = raw.read2_dn[1] = 0
    _, flags = calibrate(raw, scan.calibration[Band.J])
    assert (flags[1] & PixelFlag.MISSING).all()


def test_calibration_of_another_band_is_refused():
    scan = make_scan(frames=2, count=0)
    other = make_calibration(Band.H, np.random.default_rng(0))
    with pytest.raises(FrameSetError, match="same camera"):
        calibrate(scan.raw[Band.J], other)


def frames_with_faint_stars(frames=8, seed=2):
    """As many stars as at latitude 20, down to far below the noise."""
    scan = make_scan(frames=frames, count=700, seed=seed, bright=(2.0, 4.0), sky_change=0.05)
    pixels, flags = calibrate(scan.raw[Band.J], scan.calibration[Band.J])
    return scan, pixels, flags


def background(mesh):
    out = np.empty((256, 256), np.float32)
    for y in range(256):
        background_row(mesh, y, 256, out[y])
    return out


def test_masked_background_is_within_a_tenth_of_the_noise():
    _, pixels, flags = frames_with_faint_stars()
    mesh, noise, patterns = measure_background(pixels, flags, passes=2, sky_offset=False)
    assert patterns == []
    yy, xx = np.mgrid[:256, :256] / 256
    biases = []
    for i in range(8):
        truth = SKY_DN * (1 + 0.05 * (np.sin(i / 2.0) + 0.5 * np.cos(i / 3.0) * xx + 0.3 * yy))
        biases.append((background(mesh[i]) - truth).mean() / noise[i])
    assert abs(np.mean(biases)) < 0.1
    assert np.abs(biases).max() < 0.2
    assert noise == pytest.approx(np.full(8, 10.5), rel=0.1)


def test_background_survives_a_frame_without_pixels():
    pixels, flags = np.zeros((2, 256, 256), np.float32), np.zeros((2, 256, 256), np.uint8)
    pixels += np.random.default_rng(1).normal(100, 5, pixels.shape).astype(np.float32)
    flags[0] = PixelFlag.MISSING
    flags[1, :64, :64] = PixelFlag.BAD
    mesh, noise, _ = measure_background(pixels, flags, passes=2, sky_offset=False)
    assert noise[0] == 0.0
    assert (mesh[0] == 0.0).all()
    assert np.isfinite(mesh).all()
    assert mesh[1, 0, 0] == pytest.approx(100, abs=1.0)  # the frame's mean stands in


def test_sky_offset_finds_a_pattern_and_leaves_stars():
    scan, pixels, flags = frames_with_faint_stars(frames=12)
    pattern = 6.0 * np.random.default_rng(9).standard_normal((256, 256)).astype(np.float32)
    pixels += np.where(flags == 0, pattern, 0)
    before = pixels.copy()
    _, _, (found,) = measure_background(pixels, flags, passes=1, sky_offset=True)
    np.testing.assert_array_equal(pixels, np.where(flags == 0, before - found, before))
    good = ~scan.calibration[Band.J].mask
    assert np.corrcoef(found[good], pattern[good])[0, 1] > 0.85
    assert np.std((found - pattern)[good]) < 1.2 * 12.1 / np.sqrt(12)


def test_calibrated_frames_tell_of_their_background():
    scan = make_scan(frames=9, count=50)
    raw, calibration = scan.raw[Band.J], scan.calibration[Band.J]
    frames, metrics = calibrated_frames(raw, calibration, ReductionParameters())
    assert (metrics["frames"], metrics["frames_used"]) == (9.0, 9.0)
    assert metrics["frame_background_dn"] == pytest.approx(SKY_DN, rel=0.02)
    assert metrics["frame_noise_dn"] == np.median(frames.noise_dn)
    assert metrics["sky_offset_scatter_dn"] > 0.0
    plain, without = calibrated_frames(raw, calibration, ReductionParameters(sky_offset=False))
    assert "sky_offset_scatter_dn" not in without
    np.testing.assert_array_equal(plain.pixels_dn, calibrate(raw, calibration)[0])


def test_blocks_of_the_sky_offset():
    assert blocks(5) == []
    assert blocks(24) == [(0, 24)]
    assert blocks(83) == [(0, 83)]
    assert len(blocks(273)) == 6
    assert min(b - a for a, b in blocks(273)) >= 42
    assert blocks(273)[-1][1] == 273
