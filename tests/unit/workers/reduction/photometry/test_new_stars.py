"""Which peaks are stars of their own."""

from __future__ import annotations

import numpy as np

from app.parameters.photometry import PhotometryParameters
from workers.reduction.photometry.detection import Peaks
from workers.reduction.photometry.new_stars import new_stars
from workers.reduction.profile.stars import Stars
from workers.reduction.saturated.stars import Saturated

PARAMETERS = PhotometryParameters()


def stars(*rows):
    """Stars of rows of x, y, flux."""
    return Stars.at(*np.array(rows, np.float64).reshape(-1, 3).T)


def fresh(*rows, known=(), fixed=None):
    """Places along x of the peaks that are stars of their own."""
    x, y, flux = np.array(rows, np.float64).T
    peaks = Peaks(x, y, flux, flux / 10.0)
    return new_stars(peaks, stars(*known), fixed or Saturated.none(), PARAMETERS).x_arcsec.tolist()


def test_without_known_stars_every_peak_is_a_star():
    assert fresh((0.0, 0.0, 5.0), (1.0, 0.0, 9.0)) == [0.0, 1.0]


def test_a_peak_on_a_known_star_is_none():
    assert fresh((1.1, 0.0, 100.0), (1.3, 0.0, 100.0), known=[(0.0, 0.0, 100.0)]) == [1.3]


def test_a_peak_that_a_misfit_would_explain_is_none():
    """A hundredth of what the model of a bright neighbour may err by, and a hundred times that."""
    limit = PARAMETERS.model_share * 1e6
    assert fresh((2.0, 0.0, 0.01 * limit), known=[(0.0, 0.0, 1e6)]) == []
    assert fresh((2.0, 0.0, 100.0 * limit), known=[(0.0, 0.0, 1e6)]) == [2.0]
    assert fresh((30.0, 0.0, 0.01 * limit), known=[(0.0, 0.0, 1e6)]) == [30.0]


def test_no_peak_within_the_reach_of_a_saturated_star_is_one():
    fixed = Saturated(stars((0.0, 0.0, 1.0)), np.array([10.0]))
    assert fresh((9.0, 0.0, 1e5), (11.0, 0.0, 1e5), fixed=fixed) == [11.0]


def test_halos_surround_a_sample_or_do_not():
    fixed = Saturated(stars((0.0, 0.0, 1.0)), np.array([5.0]))
    assert fixed.surround(np.array([[29.0, 0.0], [0.0, -20.0]]))
    assert not fixed.surround(np.array([[29.0, 0.0], [31.0, 0.0]]))
    assert not Saturated.none().surround(np.zeros((1, 2)))
    assert Saturated.none().surround(np.zeros((0, 2)))
