"""Grey losses of the bands together."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.solution.clouds import grey_loss


def test_the_mean_of_three_bands_finds_what_one_can_not() -> None:
    rng = np.random.default_rng(1)
    true = np.where(np.arange(2000) % 50 == 0, 0.02, 0.0)
    losses = true + rng.normal(0, 1, (3, 2000)) * np.array([[0.008], [0.004], [0.004]])
    loss, error = grey_loss(losses)
    assert np.std(loss - true) == pytest.approx(np.median(error), rel=0.15)
    assert np.std(loss - true) < 0.003


def test_a_missing_band_is_left_out() -> None:
    losses = np.array(
        [[0.0, 0.001, -0.001, np.nan], [0.0, 0.001, -0.001, 0.05], [0.001, -0.001, 0.0, np.nan]]
    )
    loss, error = grey_loss(losses)
    assert loss[3] == pytest.approx(0.05)
    assert error[3] > error[0]


def test_no_band_no_loss() -> None:
    loss, error = grey_loss(np.full((3, 2), np.nan))
    assert np.isnan(loss).all()
    assert np.isnan(error).all()
