"""Apertures of galaxies that all bands share, their flags, totals and shapes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.columns.records import unknown_rows
from app.instruments.bands import Band
from tests.unit.workers.reduction.extended.test_growth import LENGTH, LIGHT, disc
from workers.reduction.extended.apertures import fill_light, fill_models, total_radii
from workers.reduction.extended.band_light import BandLight
from workers.reduction.extended.growth import growth_of
from workers.reduction.extended.shape import position_angle_deg
from workers.reduction.frames.products import EXTENDED_DTYPE
from workers.reduction.galaxies.values import Galaxy, Shape

ZERO_POINT = {Band.J: 21.0, Band.K: 20.0}


def band_light(band, part=None, stars=(), level=3.0):
    part = part or disc()
    growth = growth_of(part, level, 1.0, 0.0, 80.0)
    radii = np.array(stars, np.float64)
    return BandLight(growth, growth, radii, radii, 2.0, 0.01, ZERO_POINT[band], level)


def galaxy(flux):
    shape = Shape(10.0, 20.0, np.log(1.678 * LENGTH), np.log(1.25), 0.0, np.log(1.1))
    fluxes = dict.fromkeys(Band, flux)
    return Galaxy(shape, fluxes, dict.fromkeys(Band, 200.0), dict.fromkeys(Band, 0.3), 0.1, 0.02, 30.0, 1)


@pytest.fixture(scope="module")
def row():
    out = unknown_rows(EXTENDED_DTYPE, 1)
    light = {band: [band_light(band, stars=(12.0, 60.0))] for band in (Band.J, Band.K)}
    fill_light(out, [galaxy(LIGHT)], light)
    out["r_3sig"] = 15.0
    fill_models(out, [galaxy(LIGHT)])
    return out[0]


def isophote(zero_point, level_mag):
    return LENGTH * np.log(LIGHT / (2.0 * np.pi * LENGTH**2) / 10 ** (0.4 * (zero_point - level_mag)))


def test_bands_share_the_isophotes_of_ks_and_j(row):
    assert row["r_k20fe"] == pytest.approx(isophote(20.0, 20.0), abs=0.2)
    assert row["r_j21fc"] == pytest.approx(isophote(21.0, 21.0), abs=0.2)
    assert row["k_r_i20e"] == row["r_k20fe"]
    assert row["j_r_i21c"] == row["r_j21fc"]
    assert row["j_r_i20e"] < row["k_r_i20e"]
    radius = row["r_k20fe"] / LENGTH
    within = LIGHT * (1.0 - (1.0 + radius) * np.exp(-radius))
    for band in (Band.J, Band.K):
        value = row[f"{band.value}_m_k20fe"]
        assert value == pytest.approx(ZERO_POINT[band] - 2.5 * np.log10(within), abs=0.01)
    assert row["h_m_k20fe"] != row["h_m_k20fe"]


def test_kron_apertures_hold_nearly_all_light(row):
    assert row["r_fe"] == pytest.approx(2.5 * 2.0 * LENGTH, rel=0.05)
    assert row["k_m_fe"] == pytest.approx(20.0 - 2.5 * np.log10(0.96 * LIGHT), abs=0.03)
    assert row["k_m_e"] == row["k_m_fe"]


def test_totals_are_those_of_the_model(row):
    assert row["j_m_ext"] == pytest.approx(21.0 - 10.0)
    assert row["j_msig_ext"] == pytest.approx(1.0857 * 0.02)
    assert row["k_r_eff"] == pytest.approx(1.678 * LENGTH, abs=0.05)
    assert row["k_con_indx"] == pytest.approx(2.693 / 0.961, rel=0.02)
    assert row["k_mnsurfb_eff"] == pytest.approx(
        20.0 - 2.5 * np.log10(0.5 * LIGHT / (np.pi * 6.71**2)), abs=0.02
    )
    assert row["k_pchi"] == np.float32(0.3)


def test_flags_tell_of_stars_holes_edges_and_negative_light(row):
    assert row["k_flg_k20fe"] == 3
    assert row["n_sub"] == 1
    assert band_light(Band.K).aperture(10.0, circular=True)[2] == 0
    holed = disc()
    holed.usable[85:92, 95:104] = False
    assert band_light(Band.K, holed).aperture(10.0, circular=False)[2] == 1
    cut = disc()
    cut.usable[:, :80] = False
    value, error, flag = band_light(Band.K, cut).aperture(30.0, circular=True)
    assert flag == 6
    assert np.isnan([value, error]).all()
    assert band_light(Band.K, level=1e3).aperture(10.0, circular=True)[2] == 9


def test_models_tell_of_shapes(row):
    assert row["sup_ba"] == pytest.approx(0.8)
    # The major axis lies along x, east and west.
    assert row["sup_phi"] == pytest.approx(90.0)
    assert row["sersic_n"] == pytest.approx(1.1)
    assert row["half_light_arcsec"] == pytest.approx(1.678 * LENGTH / np.sqrt(0.8))
    # Nine tenths of a disc lie within 3.89 scale lengths; this one's index is 1.1.
    assert row["r_ext"] == pytest.approx(3.89 * LENGTH / np.sqrt(0.8), rel=0.08)
    assert row["sup_r_3sig"] == 15.0


def test_a_galaxy_without_light_in_a_band_has_no_total():
    out = unknown_rows(EXTENDED_DTYPE, 1)
    fill_light(out, [galaxy(-5.0)], {Band.J: [band_light(Band.J)]})
    assert out["j_msig_ext"][0] == 0.0
    assert np.isnan(out["j_r_eff"][0])
    assert np.isnan(out["r_k20fe"][0])
    assert out["n_sub"][0] == np.iinfo(np.int16).min


def test_a_band_without_light_has_a_limit_as_published():
    """An uncertainty of 0 is a limit (H of 00403343+0049079 in the published catalogue)."""
    out, dark = unknown_rows(EXTENDED_DTYPE, 1), galaxy(LIGHT)
    dark.flux_dn[Band.J] = -50.0
    fill_light(out, [dark], {band: [band_light(band)] for band in (Band.J, Band.K)})
    assert out["j_msig_ext"][0] == 0.0
    assert out["j_m_ext"][0] == pytest.approx(21.0 - 2.5 * np.log10(3.0 * 200.0))
    assert out["k_msig_ext"][0] > 0.0
    assert np.isnan(out["h_m_ext"][0])


def test_small_galaxies_have_the_published_floors():
    out = unknown_rows(EXTENDED_DTYPE, 1)
    small = galaxy(LIGHT)
    small = replace(small, shape=Shape(10.0, 20.0, np.log(1.5), np.log(1.25), 0.0, 0.0))
    fill_models(out, [small])
    assert out["r_ext"][0] == np.float32(10.05)
    assert out["half_light_arcsec"][0] < 2.0


@pytest.mark.parametrize("turn_deg", [0.0, 20.0, 70.0, 91.0, 135.0, 179.0])
def test_angles_run_as_the_published_ones_do(turn_deg):
    """Above -90 and up to 90 degrees; a quarter turn from the angle to the west."""
    angle = position_angle_deg(turn_deg)
    assert -90.0 < angle <= 90.0
    assert (angle - (turn_deg - 90.0)) % 180.0 == pytest.approx(0.0)


def test_nine_tenths_of_the_light_of_discs_and_bulges():
    """By the incomplete gamma function 2.318 half-light radii of a disc; wings of bulges end before their 5.55."""
    assert total_radii(0.0) == pytest.approx(2.318, rel=0.02)
    assert 3.0 < total_radii(np.log(4.0)) < 5.55
