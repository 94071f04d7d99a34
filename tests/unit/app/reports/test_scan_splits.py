"""Isolated stars and how many of them are split, of scans that were made up."""

from __future__ import annotations

import numpy as np
import pytest

from app.reports.scan_splits import BINS, STARS_DTYPE, draw_splits, split_rate

ARCSEC = 1.0 / 3600.0


def field(places, split=(), blend=()):
    """Stars at (x_scan, y), arcsec; x runs to the west."""
    stars = np.zeros(len(places), STARS_DTYPE)
    x, y = np.array(places, float).reshape(-1, 2).T
    stars["x_scan"], stars["decl"] = x, 20.0 + y * ARCSEC
    stars["ra"] = (0.01 - x * ARCSEC / np.cos(np.radians(20.0))) % 360.0
    stars["split"][list(split)] = True
    stars["blend"][: len(blend)] = blend
    return stars


def test_components_of_a_blend_are_one_isolated_star():
    rate = split_rate(field([(0, 0), (2, 0), (100, 50), (-100, 90)], split=(0, 1), blend=(3, 3)))
    assert (rate.isolated.sum(), rate.split.sum()) == (3, 1)
    assert rate.percent == pytest.approx(100 / 3)


def test_a_star_with_another_one_beside_it_is_not_isolated():
    rate = split_rate(field([(0, 0), (2, 0), (8, 0), (100, 50)], split=(0, 1), blend=(3, 3)))
    assert (rate.isolated.sum(), rate.split.sum()) == (1, 0)


def test_stars_are_counted_where_they_lie_across_the_scan():
    y = 30.0 * np.arange(40)
    places = np.column_stack([np.where(np.arange(40) < 30, 240.0, -240.0), y])
    rate = split_rate(field(places, split=(35,)))
    assert rate.isolated[[0, -1]].tolist() == [10, 30]
    assert rate.split[[0, -1]].tolist() == [1, 0]
    assert rate.isolated.size == BINS


def test_chance_is_that_of_the_density():
    random = np.random.default_rng(1)
    places = np.column_stack([random.uniform(-250, 250, 3000), random.uniform(0, 3000, 3000)])
    assert split_rate(field(places)).chance == pytest.approx(
        3000 / 1.5e6 * np.pi * (4.5**2 - 1.5**2), rel=0.02
    )


def test_pictures_are_drawn_of_isolated_stars_only(tmp_path):
    assert draw_splits(split_rate(field([])), "r", tmp_path / "s.png") is None
    assert np.isnan(split_rate(field([])).percent)
    rate = split_rate(
        field(np.column_stack([np.linspace(-200, 200, 90), 20.0 * np.arange(90)]), split=(3, 50))
    )
    assert draw_splits(rate, "Run r", tmp_path / "s.png").stat().st_size > 10_000
