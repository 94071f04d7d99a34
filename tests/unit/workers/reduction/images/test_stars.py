"""Lists of stars: copies, choice, joining."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from workers.reduction.images.stars import Stars


def some_stars(n, start=0.0):
    return Stars.at(start + np.arange(n), 10.0 + np.arange(n), 100.0 + np.arange(n))


def test_unfitted_stars_know_their_places_and_no_errors():
    stars = some_stars(3)
    assert stars.x_seed.tolist() == stars.x.tolist() == [0.0, 1.0, 2.0]
    assert stars.y_seed.tolist() == stars.y.tolist()
    for name in ("flux_error", "x_error", "y_error", "chi2", "flux_sigma"):
        assert np.isnan(getattr(stars, name)).all()
    assert not stars.pixels.any()
    assert not stars.saturated.any()
    assert (stars.group == 1).all()


def test_no_array_is_shared():
    """A fit writes into the arrays in place: the seeds must stay, and each error must have memory of its own."""
    x = np.arange(3.0)
    stars = Stars.at(x, x, x)
    for field in fields(Stars):
        getattr(stars, field.name)[0] = 1
    assert x.tolist() == [0.0, 1.0, 2.0]
    stars = Stars.at(x, x, x)
    stars.x[:] = 9.0
    stars.flux_error[:] = 4.0
    assert stars.x_seed.tolist() == [0.0, 1.0, 2.0]
    assert np.isnan(stars.flux_sigma).all()
    assert np.isnan(stars.chi2).all()


@pytest.mark.parametrize("index", [np.array([2, 0]), np.array([True, False, True])])
def test_chosen_stars_keep_all_their_columns(index):
    stars = some_stars(3)
    stars.saturated[2], stars.group[0], stars.chi2[2] = True, 4, 7.0
    chosen = stars.take(index)
    for field in fields(Stars):
        np.testing.assert_array_equal(getattr(chosen, field.name), getattr(stars, field.name)[index])
    chosen.flux[:] = 0.0
    assert stars.flux.tolist() == [100.0, 101.0, 102.0]


def test_joined_lists_come_one_after_the_other():
    joined = some_stars(2).join(some_stars(1, 50.0))
    assert joined.x.tolist() == [0.0, 1.0, 50.0]
    assert {getattr(joined, field.name).size for field in fields(Stars)} == {3}
    assert {getattr(joined, f.name).dtype for f in fields(Stars)} >= {np.dtype(bool), np.dtype("i8")}
    assert some_stars(0).join(some_stars(0)).x.size == 0
