"""Saturated stars that frames saw beyond the images."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import BANDS, Band
from workers.reduction.artefacts.beyond import stars_beyond
from workers.reduction.artefacts.field import Field
from workers.reduction.frames.uscan import UScan
from workers.reduction.profile.stars import Stars
from workers.reduction.saturated.read1_stars import Read1Stars
from workers.reduction.saturated.stars import Saturated

USCAN = UScan.through(np.full(40, 150.0), 20.0 + np.arange(40) * 83.25 / 3600.0)
X, Y = np.array([10.0, -30.0, 200.0]), np.array([-150.0, 900.0, 3400.0])
STARS = Read1Stars(X, Y, np.full(3, 0.05), np.full(3, 4.0), {band: np.zeros(3, bool) for band in BANDS})


def measured(*numbers, light=1e6):
    """Some of the stars as a band has them."""
    index = np.array(numbers, int)
    return Saturated(Stars.at(X[index], Y[index], np.full(index.size, light)), np.full(index.size, 5.0))


def test_rows_of_stars_without_one():
    parts = {Band.J: measured(0, 1, 2), Band.H: measured(1, 2, light=4e5), Band.K: measured(2, light=0.0)}
    zero_points = {Band.J: 20.0, Band.H: 19.5, Band.K: 19.0}
    rows = stars_beyond(STARS, np.array([0, 2]), parts, zero_points, USCAN)
    assert rows["rd_flg"].tolist() == [b"100", b"110"]
    np.testing.assert_allclose(rows["j_m"], 5.0, atol=1e-6)
    assert rows["h_m"][1] == pytest.approx(19.5 - 2.5 * np.log10(4e5))
    # A band without light of it, for Read_1 told none, knows no magnitude.
    assert np.isnan(rows["k_m"]).all()
    assert np.isnan(rows["h_m"][0])
    np.testing.assert_allclose(np.column_stack(USCAN.from_sky(rows["ra"], rows["decl"])),
                               np.column_stack([X, Y])[[0, 2]], atol=1e-6)  # fmt: skip


def test_they_are_parents_in_the_bands_that_know_them():
    rows = stars_beyond(STARS, np.array([0, 2]), {Band.J: measured(0, 1, 2)}, {Band.J: 20.0}, USCAN)
    field = Field.of(rows, np.ones(2, bool), USCAN)
    assert field.parents(Band.J.position, 8.5).tolist() == [0, 1]
    assert field.parents(Band.H.position, 8.5).size == 0


def test_scans_without_such_stars():
    none = stars_beyond(STARS, np.zeros(0, np.int64), {Band.J: measured(0)}, {Band.J: 20.0}, USCAN)
    assert none.size == 0
    field = Field.of(none, np.zeros(0, bool), USCAN)
    assert field.followed_by(field) is field
