import numpy as np
import pytest

from workers.reduction.merging import merge
from workers.reduction.merging.duplicates import keep_duplicates_once
from workers.reduction.merging.places import Places, weighted

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
    assert keep_duplicates_once(ra, decl, image, edge, 1.5).tolist() == [1, 2]
    edge = np.array([30.0, 30.0, 5.0])
    assert keep_duplicates_once(ra, decl, image, edge, 1.5).tolist() == [0, 2]


def test_pairs_within_one_image_stay():
    ra, decl = np.array([10.0, 10.0]), np.array([5.0, 5.0 + ARCSEC])
    kept = keep_duplicates_once(ra, decl, np.array([1, 1]), np.array([9.0, 9.0]), 1.5)
    assert kept.tolist() == [0, 1]


def _leaning(offsets, sigma_along=0.3, sigma_across=0.03, angle_deg=30.0):
    """Places whose error is long along a direction from east to north."""
    places = _places(offsets)
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    along, across = sigma_along**2, sigma_across**2
    n = places.size
    return Places(
        places.ra_deg,
        places.decl_deg,
        np.full(n, np.sqrt(c * c * along + s * s * across)),
        np.full(n, np.sqrt(s * s * along + c * c * across)),
        np.full(n, s * c * (along - across)),
    )


def test_a_pair_may_lie_along_the_error_ellipse_but_not_across_it():
    c, s = np.cos(np.radians(30.0)), np.sin(np.radians(30.0))
    here = _leaning([(0, 0)])
    for (east, north), rows in (((0.8 * c, 0.8 * s), 1), ((-0.8 * s, 0.8 * c), 2), ((0.8 * c, -0.8 * s), 2)):
        merged = merge.merge_bands((here, _leaning([(east, north)]), NOTHING), RADII, 25.0)
        assert merged.rows.shape[0] == rows


def test_chi_squared_is_that_of_both_covariances():
    """0.5" along: variance 2 x 0.3^2; 0.1" across: 2 x 0.03^2."""
    c, s = np.cos(np.radians(30.0)), np.sin(np.radians(30.0))
    there = _leaning([(0.5 * c - 0.1 * s, 0.5 * s + 0.1 * c)])
    _, _, chi2 = merge.candidate_pairs(_leaning([(0, 0)]), there, 2.0, 25.0)
    assert chi2 == pytest.approx([0.25 / 0.18 + 0.01 / 0.0018], rel=1e-3)


def test_correlated_places_are_weighed_by_matrices():
    first, second = _leaning([(0, 0)]), _leaning([(0.2, 0.1)], angle_deg=100.0)
    mean = weighted(first, second, np.array([0]), np.array([0]))

    def matrix(one):
        ee, nn, en = (float(part[0]) for part in one.matrices())
        return np.array([[ee, en], [en, nn]])

    inverse = np.linalg.inv(matrix(first)), np.linalg.inv(matrix(second))
    covariance = np.linalg.inv(inverse[0] + inverse[1])
    place = covariance @ inverse[1] @ np.array([0.2, 0.1])
    east = (mean.ra_deg[0] - 10.0) * np.cos(np.radians(60.0)) / ARCSEC
    north = (mean.decl_deg[0] - 60.0) / ARCSEC
    assert [east, north] == pytest.approx(place, abs=1e-5)
    np.testing.assert_allclose(matrix(mean), covariance, rtol=1e-6, atol=1e-12)
    # Ellipses that cross fix a place far better than either.
    assert np.sqrt(np.linalg.eigvalsh(covariance)[1]) < 0.05


def test_merged_places_scatter_as_their_covariance_says():
    rng = np.random.default_rng(9)
    n = 4000
    bands, truth = [], np.column_stack([40.0 * (np.arange(n) % 60), 40.0 * (np.arange(n) // 60)])
    for angle in (20.0, 75.0, 140.0):
        one = _leaning(truth[:1], 0.25, 0.05, angle)
        ee, nn, en = (float(part[0]) for part in one.matrices())
        shift = rng.multivariate_normal([0.0, 0.0], [[ee, en], [en, nn]], n)
        bands.append(_leaning(truth + shift, 0.25, 0.05, angle))
    merged = merge.merge_bands(tuple(bands), RADII, 25.0)
    full = (merged.rows >= 0).all(axis=1)
    assert full.mean() > 0.999
    row = merged.rows[full, 0]
    # Offsets lie in a plane only near the middle: places are compared with where the truth would be.
    true = _places(truth[row])
    east = (merged.places.ra_deg[full] - true.ra_deg) * np.cos(np.radians(60.0)) / ARCSEC
    north = (merged.places.decl_deg[full] - true.decl_deg) / ARCSEC
    ee, nn, en = (part[full] for part in merged.places.matrices())
    chi2 = (nn * east**2 + ee * north**2 - 2.0 * en * east * north) / (ee * nn - en**2)
    assert chi2.mean() == pytest.approx(2.0, abs=0.12)
    assert np.mean(chi2 > 9.21) == pytest.approx(0.01, abs=0.006)
