"""The SIN projection against astropy.wcs, and its own inverse."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sky.pixels import array_to_fits
from app.sky.projection import SinProjection

ARCSEC = 1.0 / 3600.0


def wcs_of(projection: SinProjection) -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---SIN", "DEC--SIN"]
    wcs.wcs.crval = [projection.ra_deg, projection.decl_deg]
    wcs.wcs.crpix = [array_to_fits(projection.x_pix), array_to_fits(projection.y_pix)]
    wcs.wcs.cd = np.array(projection.matrix_deg)
    return wcs


@pytest.mark.parametrize("decl", [-89.9, -45.0, 0.0, 30.0, 89.5])
@pytest.mark.parametrize("rotation", [0.0, 0.6, -170.0])
def test_agrees_with_astropy(decl, rotation):
    projection = SinProjection.from_rotation(359.8, decl, 255.5, 511.5, -ARCSEC, ARCSEC, rotation)
    x, y = np.random.default_rng(1).uniform(-600.0, 1200.0, (2, 200))
    ra, decl_found = projection.to_sky(x, y)
    wanted_ra, wanted_decl = wcs_of(projection).wcs_pix2world(x, y, 0)
    assert np.abs((ra - wanted_ra + 180.0) % 360.0 - 180.0).max() < 1e-9 / np.cos(np.radians(abs(decl)))
    assert np.abs(decl_found - wanted_decl).max() < 1e-9
    assert np.allclose(projection.to_pixels(ra, decl_found), (x, y), atol=1e-6)


def test_rotation_follows_the_survey_s_header():
    """CDELT1 < 0, CDELT2 > 0 and CROTA2, the way real headers say it, mean what astropy makes of them."""
    projection = SinProjection.from_rotation(150.0, 20.0, 0.0, 0.0, -ARCSEC, ARCSEC, 12.0)
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---SIN", "DEC--SIN"], [150.0, 20.0], [1.0, 1.0]
    wcs.wcs.cdelt, wcs.wcs.crota = [-ARCSEC, ARCSEC], [0.0, 12.0]
    assert np.allclose(projection.to_sky(100.0, 900.0), wcs.wcs_pix2world(100.0, 900.0, 0), atol=1e-10)
    assert projection.scale_arcsec == pytest.approx(1.0)


@settings(max_examples=50, deadline=None)
@given(
    ra=st.floats(0.0, 359.9),
    decl=st.floats(-89.9, 89.9),
    turn=st.floats(-180.0, 180.0),
    x=st.floats(-9e3, 9e3),
)
def test_pixels_come_back(ra, decl, turn, x):
    projection = SinProjection.from_rotation(ra, decl, 3.0, -7.0, -2 * ARCSEC, 2 * ARCSEC, turn)
    assert np.allclose(projection.to_pixels(*projection.to_sky(x, -0.5 * x)), (x, -0.5 * x), atol=1e-6)


def test_far_side_of_the_sky_has_no_pixel():
    projection = SinProjection.from_rotation(0.0, 0.0, 0.0, 0.0, -ARCSEC, ARCSEC)
    x, y = projection.to_pixels([89.0, 91.0, 180.0], [0.0, 0.0, 0.0])
    assert np.isfinite(x).tolist() == np.isfinite(y).tolist() == [True, False, False]
