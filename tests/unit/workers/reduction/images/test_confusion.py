"""cc_flg c by brightness and distance of neighbours."""

import numpy as np
import pytest

from app.parameters.extraction import ExtractionParameters
from workers.reduction.images.confusion import confused

PARAMETERS = ExtractionParameters()


def pair(distance_arcsec, brighter_mag, ra=120.0, decl=-40.0):
    """Flags of a star of 13 mag and of its neighbour."""
    ra_deg = np.array([ra, ra + distance_arcsec / 3600.0 / np.cos(np.radians(decl))])
    return confused(ra_deg, np.full(2, decl), np.array([13.0, 13.0 - brighter_mag]), PARAMETERS).tolist()


@pytest.mark.parametrize(
    ("distance", "brighter", "flags"),
    [
        (4.0, 0.0, [True, True]),
        (5.0, 0.0, [False, False]),
        (8.0, 2.0, [False, False]),
        (8.0, 2.4, [True, False]),
        (20.0, 5.0, [False, False]),
        (20.0, 6.0, [True, False]),
        (3.0, -1.5, [True, True]),
        (3.0, -2.0, [False, True]),
    ],
)
def test_a_neighbour_confuses_by_the_published_rule(distance, brighter, flags):
    assert pair(distance, brighter) == flags


def test_the_rule_holds_across_right_ascension_zero_and_at_the_pole():
    assert pair(4.0, 0.0, ra=359.9999, decl=0.0) == [True, True]
    ra, decl = np.array([0.0, 180.0]), np.full(2, 90.0 - 2.0 / 3600.0)
    assert confused(ra, decl, np.full(2, 12.0), PARAMETERS).tolist() == [True, True]


def test_many_stars_agree_with_all_pairs():
    rng = np.random.default_rng(6)
    x, y, magnitude = rng.uniform(0, 200, 300), rng.uniform(0, 200, 300), rng.uniform(8, 17, 300)
    found = confused(x / 3600.0, y / 3600.0, magnitude, PARAMETERS)
    r = np.hypot(x[:, None] - x, y[:, None] - y)
    np.fill_diagonal(r, np.inf)
    expected = (magnitude[:, None] - magnitude > 9.0 * np.log10(r / 4.6)).any(axis=1)
    assert (found != expected).sum() == 0
    assert 0.1 < found.mean() < 0.9


def test_unknown_magnitudes_and_short_lists_are_not_confused():
    decl = np.array([0.0, 1.0]) / 3600.0
    assert confused(np.zeros(2), decl, np.array([12.0, np.nan]), PARAMETERS).tolist() == [False, False]
    assert confused(np.zeros(0), np.zeros(0), np.zeros(0), PARAMETERS).size == 0
    assert confused(np.zeros(2), decl, np.array([12.0, 12.0]), PARAMETERS).tolist() == [True, True]


def test_distance_and_slope_are_parameters():
    decl = np.array([0.0, 6.0]) / 3600.0
    wider = ExtractionParameters(confusion_arcsec=7.0)
    steeper = ExtractionParameters(confusion_slope_mag=20.0)
    magnitude = np.array([12.0, 12.0])
    assert confused(np.zeros(2), decl, magnitude, wider).all()
    assert not confused(np.zeros(2), decl, magnitude, steeper).any()
