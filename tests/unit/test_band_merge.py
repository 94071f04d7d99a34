import numpy as np
import pytest

from workers.reduction import merge
from workers.reduction.merge import Places

ARCSEC = 1.0 / 3600.0


def _places(offsets, sigma=0.1, ra=10.0, decl=60.0):
    east, north = np.array(offsets, float).reshape(-1, 2).T
    return Places(
        ra + east * ARCSEC / np.cos(np.radians(decl)),
        decl + north * ARCSEC,
        np.full(east.size, sigma),
        np.full(east.size, sigma),
    )


NOTHING = _places([])
RADII = (2.0, 2.0, 2.0)


def test_one_star_in_three_bands_is_one_row():
    merged = merge.merge_bands((_places([(0, 0)]), _places([(0.1, 0)]), _places([(0, 0.1)])), RADII, 25.0)
    assert merged.rows.tolist() == [[0, 0, 0]]
    assert merged.candidates.tolist() == [[1] * 6]


def test_bands_may_be_missing():
    merged = merge.merge_bands(
        (NOTHING, _places([(0, 0), (30, 0)]), _places([(30.1, 0), (60, 0)])), RADII, 25.0
    )
    assert merged.rows.tolist() == [[-1, 0, -1], [-1, 1, 0], [-1, -1, 1]]
    assert merge.merge_bands((NOTHING, NOTHING, NOTHING), RADII, 25.0).rows.shape == (0, 3)


def test_the_closer_of_two_candidates_wins_and_both_are_counted():
    j, h = _places([(0, 0)]), _places([(0.4, 0), (0.1, 0)])
    merged = merge.merge_bands((j, h, NOTHING), RADII, 25.0)
    assert merged.rows.tolist() == [[0, 1, -1], [-1, 0, -1]]
    assert merged.candidates[0].tolist() == [2, 0, 1, 0, 0, 0]


def test_each_detection_is_used_once():
    rng = np.random.default_rng(4)
    bands = tuple(_places(rng.uniform(0, 20, (n, 2)), 0.3) for n in (60, 80, 70))
    merged = merge.merge_bands(bands, RADII, 25.0)
    for band in range(3):
        used = merged.rows[:, band][merged.rows[:, band] >= 0]
        assert sorted(used) == list(range(bands[band].size))


def test_a_pair_must_fit_its_errors():
    near, far = _places([(0, 0)], 0.1), _places([(1.0, 0)], 0.1)
    assert merge.merge_bands((near, far, NOTHING), RADII, 25.0).rows.shape[0] == 2
    loose = _places([(1.0, 0)], 0.4)
    assert merge.merge_bands((near, loose, NOTHING), RADII, 25.0).rows.shape[0] == 1


def test_the_position_is_the_weighted_mean():
    j, h = _places([(0, 0)], 0.1), _places([(0.3, 0)], 0.2)
    merged = merge.merge_bands((j, h, NOTHING), RADII, 25.0)
    east = (merged.places.ra_deg[0] - 10.0) * np.cos(np.radians(60.0)) / ARCSEC
    assert east == pytest.approx(0.3 * 0.01 / 0.05, rel=1e-4)
    assert merged.places.east_sigma[0] == pytest.approx((1 / 0.01 + 1 / 0.04) ** -0.5)


def test_right_ascension_may_pass_zero():
    j = _places([(-0.1, 0)], ra=0.0, decl=0.0)
    h = _places([(0.1, 0)], ra=0.0, decl=0.0)
    merged = merge.merge_bands((Places(j.ra_deg % 360, *list(vars(j).values())[1:]), h, NOTHING), RADII, 25.0)
    assert merged.rows.shape[0] == 1
    assert min(merged.places.ra_deg[0], 360.0 - merged.places.ra_deg[0]) < 1e-6


def test_the_radius_shrinks_with_density():
    assert merge.match_radius(0.0, 0.02, 2.0) == 2.0
    assert merge.match_radius(1e-4, 0.02, 2.0) == 2.0
    assert merge.match_radius(5e-3, 0.02, 2.0) == pytest.approx(np.sqrt(0.0202 / np.pi / 5e-3), rel=1e-3)
    assert merge.match_radius(1.0, 0.02, 2.0) == 1.0


def test_a_source_in_two_images_is_kept_where_it_lies_deeper():
    ra, decl = np.array([10.0, 10.0 + 0.2 * ARCSEC, 10.1]), np.array([5.0, 5.0, 5.0])
    image, edge = np.array([1, 2, 2]), np.array([20.0, 30.0, 5.0])
    assert merge.keep_duplicates_once(ra, decl, image, edge, 1.5).tolist() == [1, 2]
    edge = np.array([30.0, 30.0, 5.0])
    assert merge.keep_duplicates_once(ra, decl, image, edge, 1.5).tolist() == [0, 2]


def test_pairs_within_one_image_stay():
    ra, decl = np.array([10.0, 10.0]), np.array([5.0, 5.0 + ARCSEC])
    kept = merge.keep_duplicates_once(ra, decl, np.array([1, 1]), np.array([9.0, 9.0]), 1.5)
    assert kept.tolist() == [0, 1]
