"""Which fits of a sample serve to learn from."""

from __future__ import annotations

import numpy as np

from workers.reduction.profile.sample import settled
from workers.reduction.profile.stars import Stars


def test_fits_that_settled_serve_and_later_those_that_fit_well():
    stars = Stars.at(np.arange(6.0), np.zeros(6), np.full(6, 100.0))
    stars.converged[:] = [True, True, False, True, True, True]
    stars.chi2[:] = [1.0, 1.1, 1.0, 1.0, 9.0, 9.0]
    chosen = np.array([0, 1, 2, 3, 4])
    assert settled(stars, chosen, fitted_before=False).tolist() == [0, 1, 3, 4]
    # Of the sample alone is the median, 1.0; the fifth is a galaxy or a pair.
    assert settled(stars, chosen, fitted_before=True).tolist() == [0, 1, 3]
    assert settled(stars, chosen[:0], fitted_before=False).size == 0
