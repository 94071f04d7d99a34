"""Vectors, angles and galactic coordinates against astropy."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sky.directions import direction, from_galactic, separation_deg, spherical, unit_vectors
from app.sky.galactic import galactic

LONGITUDES, LATITUDES = st.floats(0.0, 359.999), st.floats(-90.0, 90.0)


def scattered(count=500):
    random = np.random.default_rng(3)
    return random.uniform(0.0, 360.0, count), np.degrees(np.arcsin(random.uniform(-1.0, 1.0, count)))


def test_vectors_and_back():
    longitude, latitude = scattered()
    vectors = unit_vectors(longitude, latitude)
    assert np.allclose(np.linalg.norm(vectors, axis=-1), 1.0, atol=1e-15)
    assert np.allclose(spherical(5.0 * vectors), (longitude, latitude), atol=1e-12)
    assert direction(unit_vectors(123.0, 45.0)) == pytest.approx((123.0, 45.0))


def test_shapes_are_broadcast():
    assert unit_vectors(10.0, 20.0).shape == (3,)
    assert unit_vectors(np.zeros((4, 1)), np.zeros(5)).shape == (4, 5, 3)


@settings(max_examples=60, deadline=None)
@given(st.tuples(LONGITUDES, LATITUDES), st.tuples(LONGITUDES, LATITUDES))
def test_separation_is_that_of_astropy(first, second):
    wanted = SkyCoord(*first, unit="deg").separation(SkyCoord(*second, unit="deg")).to_value(units.deg)
    assert separation_deg(first, second) == pytest.approx(wanted, abs=1e-11)
    assert separation_deg(second, first) == separation_deg(first, second)


def test_small_angles_keep_their_digits():
    assert separation_deg((10.0, 0.0), (10.0, 1e-9)) == pytest.approx(1e-9, rel=1e-6)


def test_galactic_coordinates_agree_with_astropy_to_a_fortieth_of_an_arc_second():
    ra, decl = scattered()
    wanted = SkyCoord(ra, decl, unit="deg", frame="icrs").galactic
    found = SkyCoord(*galactic(ra, decl), unit="deg", frame="galactic")
    assert found.separation(wanted).to_value(units.arcsec).max() < 0.026
    assert np.allclose(galactic(*from_galactic(*galactic(ra, decl))), galactic(ra, decl), atol=1e-9)
