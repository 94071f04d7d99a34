import numpy as np
import pytest

from workers.reduction.images import psf as psf_module


def test_a_model_profile_has_its_width_and_unit_sum():
    for fwhm in (2.4, 2.9, 3.6):
        psf = psf_module.moffat(fwhm, (100, 100))
        assert psf.fwhm_pix == pytest.approx(fwhm, rel=0.03)
        assert psf.tables[0].sum() / psf.oversampling**2 == pytest.approx(1.0, abs=1e-5)
        assert psf.learnt_from == 0


def test_the_reach_grows_with_flux_within_its_limits():
    psf = psf_module.moffat(2.9, (100, 100))
    reach = psf.reach(np.array([1.0, 1e3, 1e5, 1e8]), 1.0)
    assert np.all(np.diff(reach) >= 0)
    assert reach[0] == 6.0
    assert reach[-1] == psf_module.RADIUS_PIX


def test_light_within_circles_grows_to_all_of_it():
    psf = psf_module.moffat(2.9, (100, 100))
    shares = [psf.enclosed(radius) for radius in (0.5, 1.45, 3.0, 6.0, 16.0)]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0, abs=1e-4)
    # A Moffat profile of beta 3 has 1 - (1 + (r / alpha)^2)^-2 within r, but for what lies beyond the table.
    alpha = 2.9 / 2.0 / np.sqrt(2.0 ** (1.0 / 3.0) - 1.0)
    assert shares[2] == pytest.approx(1.0 - (1.0 + (3.0 / alpha) ** 2) ** -2, abs=0.01)


def test_tables_are_drawn_at_the_middles_of_their_cells():
    shape = (128, 192)  # 2 x 3 cells
    middle = psf_module.moffat(2.9, shape).coefficients[0]
    slope = 0.1 * (psf_module.moffat(3.3, shape).coefficients[0] - middle)
    psf = psf_module.build(np.stack([middle, slope, 0 * slope]), 1, shape, 7)
    assert psf.tables.shape[0] == 6
    assert psf.learnt_from == 7
    weights = psf_module.terms(np.array([31.5, 95.5, 159.5]), np.full(3, 31.5), 1, shape)[:, 1]
    peak = middle.shape[0] // 2
    wanted = (psf.coefficients[0] + weights[:, None, None] * psf.coefficients[1])[:, peak, peak]
    np.testing.assert_allclose(psf.tables[:3, peak, peak], wanted, rtol=1e-6)


def test_places_beyond_the_edge_have_the_nearest_cell():
    psf = psf_module.moffat(2.9, (128, 192))
    x, y = np.array([-50.0, 0.0, 63.4, 63.6, 191.0, 500.0]), np.array([-9.0, 63.4, 63.6, 100.0, 127.0, 999.0])
    assert psf.cells(x, y).tolist() == [0, 0, 3, 4, 5, 5]


def test_a_part_of_a_strip_has_the_cells_of_its_rows():
    from dataclasses import replace

    psf = psf_module.moffat(2.9, (256, 64))
    upper = replace(psf, first_row=128)
    x, y = np.full(3, 30.0), np.array([0.0, 60.0, 120.0])
    assert upper.cells(x, y).tolist() == psf.cells(x, y + 128.0).tolist() == [2, 2, 3]


def test_only_the_first_term_holds_light():
    rng = np.random.default_rng(2)
    first = psf_module.moffat(2.9, (100, 100)).coefficients[0]
    terms = np.stack([3.0 * first, *(0.1 * rng.random((2, *first.shape)))])
    psf = psf_module.build(terms, 1, (100, 100), 0)
    sums = psf.coefficients.sum(axis=(1, 2)) / psf.oversampling**2
    np.testing.assert_allclose(sums, [1.0, 0.0, 0.0], atol=1e-9)


def test_the_stamp_samples_whole_pixels():
    psf = psf_module.moffat(2.9, (100, 100))
    stamp = psf.stamp(5)
    middle = psf.coefficients.shape[1] // 2
    assert stamp.shape == (11, 11)
    assert stamp[5, 7] == pytest.approx(psf.coefficients[0, middle, middle + 2 * psf.oversampling])
    assert psf.stamp(16).sum() == pytest.approx(1.0, abs=2e-3)
