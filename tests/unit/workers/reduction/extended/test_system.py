"""A neighbour's light in a galaxy's ellipse makes the magnitude of the system."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.columns.records import unknown_rows
from app.instruments.bands import Band
from tests.unit.workers.reduction.extended.test_apertures import band_light, galaxy
from tests.unit.workers.reduction.extended.test_growth import LIGHT
from workers.reduction.extended.apertures import fill_light
from workers.reduction.extended.system import light_of_others
from workers.reduction.frames.products import EXTENDED_DTYPE


def moved(x_arcsec, flux):
    made = galaxy(flux)
    return replace(made, shape=replace(made.shape, x_arcsec=made.shape.x_arcsec + x_arcsec))


def filled(galaxies):
    out = unknown_rows(EXTENDED_DTYPE, len(galaxies))
    fill_light(out, galaxies, {band: [band_light(band) for _ in galaxies] for band in (Band.J, Band.K)})
    return out[0]


def test_alone_a_galaxy_is_its_system():
    row = filled([galaxy(LIGHT), moved(500.0, LIGHT)])
    assert row["sys_flg"] == 0
    assert row["k_m_sys"] == row["k_m_k20fe"]
    assert row["k_msig_sys"] == row["k_msig_k20fe"]


def test_a_neighbour_inside_adds_its_light():
    row = filled([galaxy(LIGHT), moved(6.0, 0.25 * LIGHT)])
    assert row["sys_flg"] == 1
    gain = 10 ** (-0.4 * (row["j_m_sys"] - row["j_m_k20fe"])) - 1.0
    assert 0.15 < gain < 0.3
    assert row["j_msig_sys"] < row["j_msig_k20fe"]


def test_light_in_a_large_ellipse_is_nearly_all_of_it():
    others = light_of_others([galaxy(1.0), moved(10.0, 500.0), moved(4000.0, 9e9)], 0, 60.0)
    assert others[Band.K] == pytest.approx(500.0, rel=0.2)


def test_without_an_isophote_there_is_no_system():
    out = unknown_rows(EXTENDED_DTYPE, 1)
    fill_light(out, [galaxy(LIGHT)], {Band.J: [band_light(Band.J)]})
    assert np.isnan(out["r_k20fe"][0])
    assert np.isnan(out["j_m_sys"][0])
