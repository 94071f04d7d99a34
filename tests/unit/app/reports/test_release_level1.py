"""The Level 1 table: figures of known noise, what is met, and what was not measured."""

from __future__ import annotations

import numpy as np
import pytest

from app.reports.release_level1 import NOT_MEASURED, array_of, level1_table, spread

NOTHING = np.zeros((0, 6)), np.zeros((0, 8)), np.zeros(0)


def table(scans=NOTHING[0], repeats=NOTHING[1], optical=NOTHING[2], derived=None):
    return {line.item: line for line in level1_table(scans, repeats, optical, derived or {})}


def test_nothing_is_claimed_that_was_not_measured():
    for line in table().values():
        assert (line.found, line.met) == (NOT_MEASURED, None)


def test_depth_and_uniformity_of_scans():
    scans = np.array([[15.9, 15.2, np.nan, 0.01, 0.02, 0.015], [15.7, 15.2, np.nan, 0.01, 0.05, 0.015]])
    found = table(scans=scans)
    assert found["sensitivity J: SNR 10"].found == "50.0 % of 2 scans, median 15.80"
    assert found["sensitivity J: SNR 10"].met is False
    assert found["sensitivity H: SNR 10"].met is True
    assert found["sensitivity Ks: SNR 10"].met is None
    uniformity = found["uniformity: largest error of a zero point"]
    assert (uniformity.found, uniformity.met) == ("0.050 mag", False)


def test_precision_and_places_of_repeats_with_known_noise():
    random = np.random.default_rng(8)
    size, sigma, place = 20_000, 0.03, 0.1
    repeats = np.empty((size, 8))
    repeats[:, :3] = random.uniform(8, 16, (size, 3))
    repeats[:, 3:6] = random.normal(0, sigma * 2**0.5, (size, 3))
    # What is faint counts for nothing, however bad.
    repeats[repeats[:, 0] > 13, 3] *= 20
    repeats[:, 6:] = random.normal(0, place * 2**0.5, (size, 2))
    optical = np.hypot(*random.normal(0, place, (2, size)))
    found = table(repeats=repeats, optical=optical)
    for band in ("J", "H", "Ks"):
        line = found[f"precision {band}, 9 to 13 mag"]
        assert float(line.found.split()[0]) == pytest.approx(sigma, rel=0.04)
        assert line.met is True
    for item in ("astrometry: repeats, one axis", "astrometry: reference stars, one axis"):
        assert float(found[item].found.split()[0]) == pytest.approx(place, rel=0.03)
        assert found[item].met is True


def test_the_worst_band_of_completeness_counts():
    derived = {("completeness", "j"): 0.995, ("completeness", "k"): 0.985, ("reliability", "j"): 0.9999}
    found = table(derived=derived)
    assert (found["completeness of points, worst band"].found, found["completeness of points, worst band"].met) == (
        "0.9850", False,
    )  # fmt: skip
    assert found["reliability of points, worst band"].met is True


def test_arrays_and_spreads():
    assert array_of([], 3).shape == (0, 3)
    assert np.isnan(array_of([(1, None, 2.5)], 3)[0, 1])
    assert np.isnan(spread(np.arange(9.0)))
    assert spread(np.r_[np.zeros(6), np.ones(6), np.nan]) == pytest.approx(0.7413)
