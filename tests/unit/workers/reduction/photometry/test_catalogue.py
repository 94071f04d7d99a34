"""Default magnitudes and their errors in the catalogue of a band."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.photometry.catalogue import (
    DETECTION_DTYPE,
    FLOOR_MAG,
    _draw_to_apertures,
    _fill_flags,
    _neighbours,
)
from workers.reduction.profile.stars import Stars

COUNT = 600
ERROR = 0.012


def band(seed=1, error=ERROR):
    """Table and stars: two thirds of SNR 500, the others of SNR 15; a profile that is wrong by `error`."""
    rng = np.random.default_rng(seed)
    stars = Stars.at(rng.uniform(-250, 250, COUNT), 40.0 * np.arange(COUNT), np.full(COUNT, 1e4))
    stars.converged[:] = True
    table = np.zeros(COUNT, DETECTION_DTYPE)
    sigma = np.where(np.arange(COUNT) % 3 < 2, 1.0857 / 500, 1.0857 / 15)
    table["msig_psf"] = table["msig"] = sigma
    table["msig_stdap"] = 1.6 * sigma
    table["m_psf"] = table["m"] = 14.0 + rng.normal(0.0, error, COUNT)
    table["m_stdap"] = 14.0 + rng.normal(0.0, 1.2 * sigma)
    # What the profile is wrong by is in chi-squared of the bright ones.
    stars.chi2[:] = 1.0 + (0.3 * error / sigma) ** 2
    return table, stars


def test_bright_single_stars_have_the_magnitude_of_their_aperture():
    table, stars = band()
    error = _draw_to_apertures(table, stars, np.ones(COUNT, np.bool_))
    assert error == pytest.approx(ERROR, rel=0.15)
    bright = table["msig_psf"] < 0.01
    assert np.std(table["m"][bright]) < 0.4 * np.std(table["m_psf"][bright])
    assert np.abs(table["m"] - table["m_psf"])[~bright].max() < 0.1 * table["msig_psf"][~bright].min() + 0.02
    # The profile's own magnitudes stay what the fits gave.
    assert np.std(table["m_psf"][bright]) == pytest.approx(ERROR, rel=0.15)


def test_the_corrected_error_is_that_of_the_default_magnitude():
    table, stars = band(seed=2)
    _draw_to_apertures(table, stars, np.ones(COUNT, np.bool_))
    bright = table["msig_psf"] < 0.01
    actual, quoted = np.std(table["m"][bright]), np.median(table["cmsig"][bright])
    assert FLOOR_MAG < quoted < 0.8 * ERROR
    assert actual < quoted
    assert (table["cmsig"] >= np.hypot(table["msig_psf"], FLOOR_MAG) - 1e-12).all()


def test_stars_of_a_group_keep_their_fits_and_the_error_of_the_profile():
    table, stars = band(seed=3)
    single = np.arange(COUNT) % 2 == 0
    _draw_to_apertures(table, stars, single)
    np.testing.assert_array_equal(table["m"][~single], table["m_psf"][~single])
    bright = (table["msig_psf"] < 0.01) & ~single
    assert np.median(table["cmsig"][bright]) > ERROR * 0.85


def test_without_an_error_of_the_profile_nothing_changes():
    table, stars = band(seed=4, error=0.0)
    table["m_psf"] = table["m_stdap"]
    assert _draw_to_apertures(table, stars, np.ones(COUNT, np.bool_)) == 0.0
    np.testing.assert_array_equal(table["m"], table["m_psf"])
    np.testing.assert_allclose(table["cmsig"], np.hypot(table["msig_psf"], FLOOR_MAG))


def test_a_fit_that_failed_has_the_aperture_whatever_it_was_drawn_to():
    table, stars = band(seed=5)
    stars.converged[::7] = False
    table["m_stdap"][::14] = np.nan
    neighbours = _neighbours(stars)
    _draw_to_apertures(table, stars, ~neighbours[0] & ~neighbours[1])
    _fill_flags(table, stars, neighbours)
    assert (table["rd_flg"][7::14] == b"4").all()
    np.testing.assert_array_equal(table["m"][7::14], table["m_stdap"][7::14])
    assert (table["rd_flg"][::14] == b"9").all()
    assert np.isnan(table["m"][::14]).all()
    assert (np.delete(table["rd_flg"], np.arange(0, COUNT, 7)) == b"2").all()


def test_an_aperture_below_three_sigma_is_no_measurement():
    """J 25.8 +- 2203 mag was listed so; a failed fit over an aperture that sees nothing is a band that saw nothing."""
    table, stars = band(seed=6)
    stars.converged[:5] = False
    table["measured"][:] = 6
    table["msig_stdap"][:5] = 1.0857 / 2.9, 1.0857 / 3.1, 2203.0, np.nan, np.nan
    table["m_stdap"][3:5] = np.nan  # no light, and no pixels
    table["measured"][4] = 0
    _fill_flags(table, stars, _neighbours(stars))
    assert b"".join(table["rd_flg"][:6].tolist()) == b"040092"
    assert table["m"][1] == table["m_stdap"][1]


def test_a_faint_fit_that_settled_is_kept():
    table, stars = band(seed=7)
    table["measured"][:], table["msig_stdap"][:5] = 6, 2.0
    _fill_flags(table, stars, _neighbours(stars))
    assert (table["rd_flg"] == b"2").all()
