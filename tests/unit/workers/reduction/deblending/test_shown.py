"""Pairs that are shown: one star leaves a residual where two leave noise."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import BANDS, Band
from tests.unit.workers.reduction.deblending.band_field import BandField, alike
from workers.reduction.deblending.deblend import deblend
from workers.reduction.deblending.shown import MOST_PAIRS, SIDE_PIX, ShownPairs, chosen_pairs, pair_pieces
from workers.reduction.deblending.values import SiteStars
from workers.reduction.frames.uscan import UScan

USCAN = UScan.through(np.full(9, 120.0), np.linspace(10.0, 10.2, 9))


@pytest.fixture(scope="module")
def pieces():
    field = BandField(2.4, alike(4000.0, 2500.0))
    for band in BANDS:
        field.found_both(band)
    memory = field.memory()
    result = deblend(field.stacks, memory)
    with memory.lend(result.stacks[Band.J]) as residual:
        residual.draw()
        before = residual.pixels_dn.copy()
        made = pair_pieces(residual, result.shown, Band.J, USCAN, 20.0)
        # Who is next in the stay finds the frames as they were.
        np.testing.assert_allclose(residual.pixels_dn, before, atol=0.01)
    return made, result


def test_a_few_pairs_are_shown_from_the_least_fall_to_the_largest(pieces):
    made, result = pieces
    assert made.table.size == MOST_PAIRS
    assert (np.diff(made.table["fall"]) >= 0.0).all()
    falls = result.stacks[Band.J].stars.fall
    assert made.table["fall"][[0, -1]] == pytest.approx([np.nanmin(falls), np.nanmax(falls)], rel=1e-5)
    assert made.planes.shape == (MOST_PAIRS, 3, SIDE_PIX, SIDE_PIX)


def test_two_stars_leave_noise_where_one_does_not(pieces):
    made, _ = pieces
    image, with_one, with_two = made.planes.transpose(1, 0, 2, 3)
    middle = np.s_[:, 8:17, 8:17]
    noise = with_two[:, :6].std()
    assert with_two[middle].std() < 1.5 * noise
    assert with_one[middle].std() > 5.0 * noise
    assert image[middle].sum(axis=(1, 2)) == pytest.approx(6500.0, rel=0.2)
    assert (made.table["chi2_one"] > 2.0 * made.table["chi2_two"]).all()
    assert made.table["chi2_two"] == pytest.approx(1.0, abs=0.3)


def test_the_table_tells_both_stars(pieces):
    made, _ = pieces
    row = made.table
    assert row["separation_arcsec"] == pytest.approx(2.4, abs=0.1)
    assert row["magnitude_1"] == pytest.approx(20.0 - 2.5 * np.log10(4000.0), abs=0.05)
    assert row["magnitude_2"] == pytest.approx(20.0 - 2.5 * np.log10(2500.0), abs=0.05)
    apart = np.hypot(row["x_1_pix"] - row["x_2_pix"], row["y_1_pix"] - row["y_2_pix"])
    assert apart == pytest.approx(row["separation_arcsec"], abs=1e-3)
    image = made.planes[:, 0]
    for n in range(row.size):
        x, y = np.rint([row["x_1_pix"][n], row["y_1_pix"][n]]).astype(int)
        assert image[n, y, x] > 0.7 * image[n].max()


def test_nothing_is_shown_where_nothing_is_split():
    assert chosen_pairs(SiteStars.of(30), 10, 0).size == 0
    assert pair_pieces(None, ShownPairs.none(), Band.J, USCAN, 20.0).table.size == 0
