"""Transparency of frames from looks at stars, and what counts as a cloud."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.measure_scan import _clouds
from workers.reduction.photometry.transparency import frame_transparency


def looks(clear, stars=300, error=0.03, seed=1, wrong=0):
    """Looks at stars of six frames each, means over what each star was seen on."""
    random = np.random.default_rng(seed)
    frames = clear.size
    first = np.sort(random.integers(-5, frames, stars))
    star = np.repeat(np.arange(stars), 6)
    frame = (first[:, None] + np.arange(6)).ravel()
    on = (frame >= 0) & (frame < frames)
    star, frame = star[on], frame[on]
    flux = clear[frame] * (1.0 + error * random.standard_normal(frame.size))
    flux[random.choice(flux.size, wrong, replace=False)] *= 1.5
    mean = np.bincount(star, flux, stars) / np.maximum(np.bincount(star, minlength=stars), 1)
    return star, frame, flux / mean[star], np.full(star.size, error), frames


def test_a_cloud_longer_than_a_star_is_seen_has_its_whole_depth():
    time = np.arange(60)
    clear = 1.0 - 0.3 * np.exp(-0.5 * ((time - 30) / 8.0) ** 2)
    found, count = frame_transparency(*looks(clear, 1500, 0.01))
    assert count.min() > 20
    assert np.abs(found / np.median(found) - clear / np.median(clear)).max() < 0.06
    assert found.min() / np.median(found) == pytest.approx(clear.min() / np.median(clear), abs=0.04)


def test_hits_and_variables_do_not_count():
    found, _ = frame_transparency(*looks(np.ones(40), 800, 0.02, wrong=150))
    assert found.std() < 0.01


def test_nothing_is_told_where_nothing_is_known():
    none = np.zeros(0, np.int64)
    found, count = frame_transparency(none, none, np.zeros(0), np.zeros(0), 7)
    assert np.isnan(found).all()
    assert not count.any()
    found, _ = frame_transparency(*looks(np.ones(20), 40, 0.5))
    assert np.isnan(found).all()
    found, _ = frame_transparency(*looks(np.ones(1), 30, 0.01))
    assert found.tolist() == [1.0]


def test_light_that_is_not_above_zero_is_left_out():
    star, frame, ratio, error, frames = looks(np.ones(12), 200, 0.02)
    ratio[::17] = -0.5
    found, _ = frame_transparency(star, frame, ratio, error, frames)
    assert np.isfinite(found).all()
    assert found.std() < 0.02


def scan(frames, depth=0.0, slope=0.0, noise=0.006, seed=2):
    time = np.arange(frames)
    random = np.random.default_rng(seed)
    light = (
        1.0 - depth * np.exp(-0.5 * ((time - frames / 2) / (0.1 * frames)) ** 2) + slope * (time - frames / 2)
    )
    return [(light + noise * random.standard_normal(frames)).astype(np.float32) for _ in range(3)]


@pytest.mark.parametrize("frames", [14, 40, 273])
def test_clouds_are_told_from_clear_sky_and_steady_slopes(frames):
    assert _clouds(scan(frames)) == {"clouds": 0.0}
    assert _clouds(scan(frames, slope=2e-4)) == {"clouds": 0.0}
    assert _clouds(scan(frames, slope=-2e-4)) == {"clouds": 0.0}
    assert _clouds(scan(frames, depth=0.15)) == {"clouds": 1.0}


def test_one_band_that_disagrees_is_outvoted_and_frames_without_stars_are_passed_over():
    clear = scan(40)
    clear[1] = scan(40, depth=0.4)[0]
    clear[0][3:7] = clear[1][3:7] = clear[2][3:7] = np.nan
    assert _clouds(clear) == {"clouds": 0.0}
    assert _clouds([np.full(40, np.nan, np.float32)]) == {}
    assert _clouds(scan(4)) == {}


def noisy(frames, depth, noise, seed):
    """Bands with errors of their own that last some frames, as where stars are few."""
    random = np.random.default_rng(seed)
    window = np.ones(6) / np.sqrt(6.0)
    clear = scan(frames, depth=depth, noise=0.0)
    return [
        (plane * (1 + noise * np.convolve(random.standard_normal(frames + 5), window, mode="valid"))).astype(
            np.float32
        )
        for plane in clear
    ]


def test_what_bands_disagree_by_is_no_cloud():
    assert sum(_clouds(noisy(32, 0.0, 0.035, seed))["clouds"] for seed in range(40)) <= 1
    # A cloud of four tenths is seen through the same noise, and one of a seventh through less.
    assert sum(_clouds(noisy(32, 0.4, 0.035, seed))["clouds"] for seed in range(40)) >= 36
    assert sum(_clouds(noisy(32, 0.14, 0.01, seed))["clouds"] for seed in range(40)) >= 39


def test_a_single_band_is_judged_by_its_own_change():
    assert _clouds(scan(40, depth=0.15)[:1]) == {"clouds": 1.0}
    assert _clouds(scan(40)[:1]) == {"clouds": 0.0}
