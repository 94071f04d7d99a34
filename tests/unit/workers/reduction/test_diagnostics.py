"""What a reduction tells of itself: looks, frames, the focal plane, and reference stars."""

from __future__ import annotations

import numpy as np
import pytest

from app.columns.diagnostics import CELLS
from tests.worlds.frame_stack import blank, gaussian_psf, lattice, lent, looks_at_one_field, paint, stamp_at
from workers.reduction.diagnostics import BRIGHT_SNR, LookFluxes, chi2_map, reference_table
from workers.reduction.frames.products import SOURCE_DTYPE
from workers.reduction.frames.uscan import UScan
from workers.reduction.profile.stars import Stars
from workers.reduction.registration.rounds import ReferenceStars

FRAMES, GAIN, NOISE = 6, 8.0, 10.0
DIMMED, SHARE = 2, 0.8  # a frame behind a cloud


@pytest.fixture(scope="module")
def residual():
    """Stars on a lattice, drawn with the light that they have without the cloud."""
    rng = np.random.default_rng(91)
    x, y = lattice(24.0, 220.0, rng)
    flux = 10 ** rng.uniform(2.3, 4.2, x.size)
    geometry, psf = looks_at_one_field(FRAMES, rng), gaussian_psf(FRAMES)
    frames = blank(FRAMES, noise=NOISE, gain=GAIN, rng=rng)
    sky = frames.pixels_dn.copy()
    paint(frames, geometry, x, y, flux)
    light = frames.pixels_dn - sky
    light[DIMMED] *= SHARE
    light += rng.standard_normal(light.shape) * np.sqrt(np.maximum(light, 0.0) / GAIN)
    frames.pixels_dn[:] = sky + light
    made = lent(frames, geometry, psf, stars=Stars.at(x, y, flux))
    made.draw()
    return made


@pytest.fixture(scope="module")
def stack(residual):
    return residual.stack


@pytest.fixture(scope="module")
def fluxes(residual, stack):
    looks = stack.looks(stack.stars, 2.0)
    return LookFluxes(residual, looks, np.ones(stack.stars.size, bool)), looks


def by_numpy(residual, looks, k):
    """Weighted fit of one star's light to the pixels of one look, and chi-squared of what the drawn star leaves."""
    stack = residual.stack
    i, x0, y0 = looks.frame[k], looks.x_pix[k], looks.y_pix[k]
    star = np.searchsorted(looks.start, k, side="right") - 1
    jx, jy = int(np.floor(x0 + 0.5)), int(np.floor(y0 + 0.5))
    u, v = ((p - 127.5) / 128.0 for p in (x0, y0))
    share = stamp_at(stack.psf, x0 - jx, y0 - jy, u=u, v=v)
    y, x = np.mgrid[jy - 3 : jy + 4, jx - 3 : jx + 4]
    use = (x - x0) ** 2 + (y - y0) ** 2 <= 6.3
    t, rest = share[use], residual.pixels_dn[i, y, x][use].astype(float)
    model = stack.stars.flux_dn[star] * t
    weight = 1.0 / (NOISE**2 + np.maximum(model, 0.0) / GAIN)
    squares = (weight * t * t).sum()
    return (
        (weight * t * (rest + model)).sum() / squares,
        1.0 / np.sqrt(squares),
        (weight * rest**2).mean(),
    )


def test_a_look_is_the_fit_of_one_number(residual, stack, fluxes):
    found, looks = fluxes
    for k in np.linspace(0, looks.frame.size - 1, 40).astype(int):
        flux, error, chi2 = by_numpy(residual, looks, k)
        assert found.flux_dn[k] == pytest.approx(flux, rel=1e-4)
        assert found.error_dn[k] == pytest.approx(error, rel=1e-4)
        assert found.chi2[k] == pytest.approx(chi2, rel=1e-3)


def test_errors_hold_and_chi_squared_is_one_on_clear_frames(stack, fluxes):
    found, _ = fluxes
    clear = found.frame != DIMMED
    pull = (found.flux_dn - stack.stars.flux_dn[found.star]) / found.error_dn
    assert np.std(pull[clear]) == pytest.approx(1.0, abs=0.1)
    assert np.median(found.chi2[clear]) == pytest.approx(1.0, abs=0.1)
    bright = stack.stars.flux_dn[found.star] > 3000.0
    assert np.median(found.chi2[~clear & bright]) > 3.0


def test_a_cloud_dims_its_frame(stack, fluxes):
    found, _ = fluxes
    transparency, stars = found.transparency(stack.stars, FRAMES)
    expected = np.where(np.arange(FRAMES) == DIMMED, SHARE, 1.0)
    np.testing.assert_allclose(transparency, expected, atol=0.01)
    assert (stars > 20).all()


def test_looks_that_nobody_asked_for_are_unknown(residual, stack):
    looks, noise = stack.looks(stack.stars, 2.0), BRIGHT_SNR * NOISE
    found = LookFluxes(residual, looks, np.zeros(stack.stars.size, bool))
    # Bright stars tell the transparency of frames whether they are asked for or not.
    bright = stack.stars.flux_dn[found.star] > noise
    assert np.isfinite(found.flux_dn[bright]).all()
    for values in (found.flux_dn, found.error_dn, found.chi2):
        np.testing.assert_array_equal(np.isnan(values), ~bright)


def test_flagged_looks_have_no_flux(residual, stack):
    looks = stack.looks(stack.stars, 2.0)
    x, y = round(float(looks.x_pix[0])), round(float(looks.y_pix[0]))
    frame, before = looks.frame[0], stack.frames.flags.copy()
    stack.frames.flags[frame, y - 1 : y + 4, x - 3 : x + 4] = 1
    found = LookFluxes(residual, looks, np.ones(stack.stars.size, bool))
    stack.frames.flags[:] = before
    assert np.isnan(found.flux_dn[0])
    assert np.isnan(found.chi2[0])
    assert np.isfinite(found.flux_dn[1:]).mean() > 0.99


def test_cells_of_the_focal_plane_hold_the_medians_of_bright_stars(stack, fluxes):
    found, looks = fluxes
    snr = np.where(np.arange(stack.stars.size) % 2 == 0, 50.0, 5.0)
    plane = chi2_map(found, looks, snr, 256)
    assert plane.shape == (CELLS, CELLS)
    column, row = (np.floor((p + 0.5) * CELLS / 256).astype(int) for p in (looks.x_pix, looks.y_pix))
    used = (snr[found.star] > BRIGHT_SNR) & np.isfinite(found.chi2)
    for j in range(CELLS):
        for i in range(CELLS):
            values = found.chi2[used & (column == i) & (row == j)].astype(np.float32)
            expected = np.median(values) if values.size else np.nan
            np.testing.assert_equal(plane[j, i], expected)
    assert np.isnan(chi2_map(found, looks, np.zeros(stack.stars.size), 256)).all()


def sources_at(uscan, x, y):
    rows = np.zeros(len(x), SOURCE_DTYPE)
    rows["ra"], rows["decl"] = uscan.to_sky(np.array(x), np.array(y))
    return rows


def test_reference_stars_with_exactly_one_source():
    uscan = UScan.through(np.full(9, 150.0), 20.0 + np.arange(9) * 83.25 / 3600.0)
    ra, decl = uscan.to_sky(np.array([0.0, 50.0, -80.0]), np.array([400.0, 100.0, 200.0]))
    reference = ReferenceStars(ra, decl, np.array([11.0, 12.0, 13.0]), np.full(3, 0.02))
    # The first has one source, the second two, the third one that is too far away.
    rows = sources_at(uscan, [0.2, 50.1, 50.9, -78.0], [399.9, 100.0, 100.3, 200.0])
    found = reference_table(rows, reference, uscan, 60.0)
    assert found["magnitude"].tolist() == [11.0]
    assert found["y_arcsec"] == pytest.approx(340.0, abs=1e-3)
    assert found["dx_arcsec"] == pytest.approx(0.2, abs=1e-4)
    assert found["dy_arcsec"] == pytest.approx(-0.1, abs=1e-4)
    more = sources_at(uscan, [0.2, 50.1], [399.9, 100.0])
    assert reference_table(more, reference, uscan, 0.0)["magnitude"].tolist() == [
        12.0,
        11.0,
    ]  # along the scan
    assert reference_table(rows[:0], reference, uscan, 0.0).size == 0
    assert reference_table(rows, ReferenceStars.none(), uscan, 0.0).size == 0
