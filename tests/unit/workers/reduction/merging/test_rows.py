"""Detections and merged rows of a stack: flags, uncertainties, error ellipses and limits."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from app.instruments.bands import Band
from app.parameters.photometry import PhotometryParameters
from tests.worlds.frame_stack import blank, gaussian_psf, lattice, lent, looks_at_one_field, paint, strip
from workers.reduction.frames.grid import strip_grid
from workers.reduction.frames.scan_grid import ScanGrid
from workers.reduction.frames.uscan import UScan
from workers.reduction.merging.characters import characters_of
from workers.reduction.merging.rows import fill_limits, merge_catalogues, widen_ellipses
from workers.reduction.photometry.catalogue import DETECTION_DTYPE, make_catalogue
from workers.reduction.photometry.growth import Growth
from workers.reduction.photometry.rounds import sweep
from workers.reduction.profile.stars import Stars

PARAMETERS = PhotometryParameters()
FRAMES = 10
ZERO_POINT = 20.0
ZERO_POINT_ERROR = 0.07


def residual_of(x, y, flux, *, frames=6, geometry=None, seed=61, gain=1e9):
    """Residual frames of a stack whose stars are known and drawn."""
    rng = np.random.default_rng(seed)
    where = looks_at_one_field(frames, rng) if geometry is None else geometry
    pixels, psf = blank(frames, gain=gain, rng=rng), gaussian_psf(frames)
    paint(pixels, where, x, y, flux, rng=rng)
    residual = lent(pixels, where, psf, stars=Stars.at(x, y, flux.copy()))
    residual.draw()
    return residual


def fitted(residual):
    sweep(residual, residual.stack.stars.flux_dn.copy())
    return residual


@pytest.fixture(scope="module")
def field():
    x, y = lattice(20.0, 220.0, np.random.default_rng(62))
    flux = 10 ** np.random.default_rng(63).uniform(2.0, 4.3, x.size)
    residual = fitted(residual_of(x, y, flux, gain=8.0))
    return residual.stack, flux, make_catalogue(residual)


def test_magnitudes_are_the_light_of_the_stars(field):
    _, flux, catalogue = field
    table, good = catalogue.table, flux > 2000.0
    for name, limit in (("m", 0.004), ("m_psf", 0.004), ("m_stdap", 0.006)):
        assert np.median((table[name] + 2.5 * np.log10(flux))[good]) == pytest.approx(0.0, abs=limit)
    assert catalogue.normalisation.bright_mag == pytest.approx(0.0, abs=0.005)
    assert table["sky_dn"] == pytest.approx(400.0, abs=8.0)  # the mesh of `blank`
    assert np.median(table["sky_dn"]) == pytest.approx(400.0, abs=0.3)


def test_uncertainties_cover_the_errors(field):
    _, flux, catalogue = field
    table = catalogue.table
    error = table["m"] + 2.5 * np.log10(flux)
    faint = (table["snr"] > 12) & (table["snr"] < 60)
    assert (error / table["cmsig"])[faint].std() == pytest.approx(1.0, abs=0.12)
    assert (table["cmsig"] >= 0.004).all()
    assert (table["cmsig"] >= table["msig"]).all()
    assert np.median(table["snr"] * catalogue.bound.flux_dn / flux) == pytest.approx(1.0, abs=0.05)


def test_flags_of_isolated_stars(field):
    table = field[2].table
    assert (table["rd_flg"] == b"2").mean() > 0.99
    assert (table["bl_flg"] == b"1").mean() > 0.99
    assert not table["confused"].any()
    assert (table["seen"] <= table["measured"]).all()


def test_what_was_not_fitted_falls_back_on_apertures_and_then_on_nothing():
    x, y = np.array([-100.0, 0.0, 100.0, 100.0]), np.array([-100.0, 0.0, 0.0, 100.0])
    residual = fitted(residual_of(x, y, np.full(4, 3000.0)))
    stack = residual.stack
    stack.stars.converged[1] = False  # a fit without an end, good pixels
    px, py = stack.geometry.to_pixels(np.zeros(1, int), x[2:3], y[2:3])
    stack.frames.flags[:, round(py[0]) - 5 : round(py[0]) + 6, round(px[0]) - 5 : round(px[0]) + 6] = 1
    stack.stars.converged[2] = False
    table = make_catalogue(residual).table
    assert table["rd_flg"].tolist() == [b"2", b"4", b"9", b"2"]
    assert table["m"][1] == table["m_stdap"][1]
    assert table["cmsig"][1] == pytest.approx(np.hypot(table["msig_stdap"][1], 0.004))
    assert np.isnan(table["m"][2])
    assert table["measured"].tolist()[2] == 0
    assert table["bl_flg"].tolist() == [b"1"] * 4


def test_blends_and_confusion():
    """Equal stars 4" apart; a star of 1 % beside a bright one; one in the light of a ten times brighter one."""
    x = np.array([-100.0, -96.0, 0.0, 4.9, 100.0, 101.8, 150.0])
    y = np.array([0.0, 0.0, 50.0, 50.0, 100.0, 100.0, 150.0])
    flux = np.array([3000.0, 3000.0, 50000.0, 450.0, 30000.0, 3000.0, 3000.0])
    residual = residual_of(x, y, flux)  # not fitted: these flags rest on places and light alone
    stack = residual.stack
    stack.stars.converged[:] = True
    stack.stars.flux_error_dn[:] = 15.0
    stack.stars.chi2[:] = 1.0
    table = make_catalogue(residual).table
    assert b"".join(table["bl_flg"].tolist()) == b"2212221"
    assert table["confused"].tolist() == [False, False, False, False, False, True, False]


def scan_grid(decl=10.0):
    """Geometry of a scan in its own U-scan system, and its grid."""
    geometry = strip(FRAMES)
    uscan = UScan.through(np.full(FRAMES, 120.0), decl + np.arange(FRAMES) * 83.25 / 3600)
    grid = strip_grid(geometry)
    numbers = tuple(range(1, len(list(grid.windows())) + 1))
    zero = {band: np.full(len(numbers), ZERO_POINT) for band in Band}
    error = {band: np.full(len(numbers), ZERO_POINT_ERROR) for band in Band}
    return geometry, ScanGrid(uscan, grid, numbers, zero, error)


@cache
def some_catalogue():
    """Of one star: what merging does not look at comes from it."""
    return make_catalogue(residual_of(np.zeros(1), np.zeros(1), np.full(1, 3000.0)))


def catalogue_of(**columns):
    n = len(columns["x"])
    table = np.zeros(n, DETECTION_DTYPE)
    table["m"], table["cmsig"], table["snr"], table["psfchi"] = -8.0, 0.03, 40.0, 1.0
    table["rd_flg"], table["bl_flg"], table["seen"], table["measured"] = b"2", b"1", 6, 6
    table["var_x"] = table["var_y"] = 0.01
    for name, values in columns.items():
        table[name] = values
    growth = Growth(0.0, 0.0, np.zeros(12), np.zeros(12), 0)
    return replace(some_catalogue(), table=table, growth=growth)


@pytest.mark.parametrize("decl", [10.0, 89.4])
def test_error_ellipses_are_covariances_turned_to_the_sky(decl):
    """Against the scatter of sampled places, beside the pole too, where north is not up."""
    _, where = scan_grid(decl)
    x, y = np.array([-200.0, 150.0, 220.0]), np.array([100.0, 400.0, 600.0])
    xx, yy, xy = np.array([0.04, 0.01, 0.02]), np.array([0.01, 0.05, 0.02]), np.array([0.012, -0.015, 0.015])
    rows, _ = merge_catalogues(
        {Band.J: catalogue_of(x=x, y=y, var_x=xx, var_y=yy, cov_xy=xy)}, where, PARAMETERS
    )
    rng = np.random.default_rng(64)
    for k in range(3):
        matrix = np.array([[xx[k], xy[k]], [xy[k], yy[k]]])
        # The floor of a band and the common error of the reference frame: the same in all directions.
        matrix += np.eye(2) * (0.03**2 + 0.02**2)
        dx, dy = rng.multivariate_normal(np.zeros(2), matrix, 40000).T
        ra, decls = where.uscan.to_sky(x[k] + dx, y[k] + dy)
        ra0, decl0 = where.uscan.to_sky(x[k], y[k])
        east = (ra - ra0) * np.cos(np.radians(decl0)) * 3600
        values, axes = np.linalg.eigh(np.cov(np.array([east, (decls - decl0) * 3600])))
        row = rows[np.argmin(np.hypot(rows["ra"] - ra0, rows["decl"] - decl0))]
        assert row["err_maj"] == pytest.approx(np.sqrt(values[1]), rel=0.02)
        assert row["err_min"] == pytest.approx(np.sqrt(values[0]), rel=0.02)
        angle = np.degrees(np.arctan2(axes[0, 1], axes[1, 1]))  # from north through east
        assert abs((row["err_ang"] - angle + 90.0) % 180.0 - 90.0) < 3.0


def test_bands_of_one_star_are_one_row():
    _, where = scan_grid()
    x, y = np.array([-100.0, 0.0, 120.0]), np.array([100.0, 300.0, 600.0])
    j = catalogue_of(x=x, y=y, m=np.array([-8.0, -7.0, -6.0]))
    h = catalogue_of(x=x[:2] + 0.05, y=y[:2] - 0.05, m=np.array([-8.5, -7.5]), seen=5)
    outside = catalogue_of(x=np.array([900.0, 120.1]), y=np.array([0.0, 600.1]))
    rows, merged = merge_catalogues({Band.J: j, Band.H: h, Band.K: outside}, where, PARAMETERS)
    rows = rows[np.argsort(rows["decl"])]
    assert merged.rows.shape == (3, 3)
    assert rows["rd_flg"].tolist() == [b"220", b"220", b"202"]
    assert rows["ndet"].tolist() == [b"665600", b"665600", b"660066"]
    assert rows["bl_flg"].tolist() == [b"110", b"110", b"101"]
    assert rows["cc_flg"].tolist() == [b"000"] * 3
    assert rows["j_m"].tolist() == [12.0, 13.0, 14.0]
    assert np.isnan(rows["k_m"][:2]).all()
    assert rows["err_maj"][0] < rows["err_maj"][2] + 1e-6
    found = where.uscan.from_sky(rows["ra"], rows["decl"])
    assert np.abs(found[0] - x).max() < 0.06
    assert rows["j_msigcom"] == pytest.approx(np.sqrt(0.03**2 + ZERO_POINT_ERROR**2 + 0.005**2), rel=1e-5)
    assert merge_catalogues({Band.J: catalogue_of(x=[], y=[])}, where, PARAMETERS)[0].size == 0


def test_what_a_band_did_not_measure_is_no_row_of_it():
    """A fit that failed over an aperture of noise: the row of the other band gets a limit, alone it is no row."""
    _, where = scan_grid()
    x, y = np.array([-100.0, 0.0, 120.0]), np.array([100.0, 300.0, 600.0])
    j = catalogue_of(x=x[:2], y=y[:2])
    h = catalogue_of(x=x, y=y, rd_flg=[b"2", b"0", b"0"])
    rows, merged = merge_catalogues({Band.J: j, Band.H: h}, where, PARAMETERS)
    assert rows["rd_flg"].tolist() == [b"220", b"200"]
    assert merged.rows[:, 1].tolist() == [0, -1]


def limits(flux):
    """Rows with J only on a Ks sky that holds stars of some flux there; the rows and the aperture's noise."""
    geometry, where = scan_grid()
    rng = np.random.default_rng(65)
    x, y = rng.uniform(-200, 200, 250), np.sort(rng.uniform(250, 500, 250))
    residual = residual_of(x, y, np.full(250, flux), frames=FRAMES, geometry=geometry)
    residual.change(stars=Stars.none())
    j, k = catalogue_of(x=x, y=y), catalogue_of(x=[], y=[])
    k = replace(k, growth=Growth(-0.02, 0.0, np.zeros(12), np.zeros(12), 0))
    rows, merged = merge_catalogues({Band.J: j, Band.K: k}, where, PARAMETERS)
    before = rows.copy()
    fill_limits(rows, merged, Band.K, residual, k, where, PARAMETERS)
    r = np.hypot(*np.mgrid[-3:4, -3:4])
    weight = np.clip(2.5 - r, 0.0, 1.0)
    # Six looks; the ring's mean of some 80 pixels, every second one.
    sigma = 10.0 * np.sqrt((weight**2).sum() + weight.sum() ** 2 / 80.0) / np.sqrt(6.0)
    return rows, before, sigma


def test_limits_of_empty_sky():
    rows, before, sigma = limits(1e-6)
    light = 10 ** (-0.4 * (rows["k_m"].astype(float) - ZERO_POINT + 0.02))
    # Where the aperture is negative: twice its noise; else that on top of what it holds, half a normal distribution.
    assert np.quantile(light, 0.02) == pytest.approx(2.0 * sigma, rel=0.15)
    assert np.mean(light < 2.05 * np.quantile(light, 0.02) / 2.0) == pytest.approx(0.5, abs=0.12)
    assert np.quantile(light, 0.95) == pytest.approx((2.0 + 1.64) * sigma, rel=0.2)
    assert {text[2:] for text in rows["ph_qual"].tolist()} == {b"U"}
    assert {text[2:] for text in rows["rd_flg"].tolist()} <= {b"0", b"6"}
    assert np.median(characters_of(rows, "ndet")[:, 5].astype(int)) >= 5
    assert rows["k_growth"] == pytest.approx(-0.02)
    for name in ("j_m", "h_m", "ra", "k_snr"):
        np.testing.assert_array_equal(rows[name], before[name])


def test_a_star_in_the_aperture_raises_its_limit():
    rows, _, sigma = limits(150.0)
    light = 10 ** (-0.4 * (rows["k_m"].astype(float) - ZERO_POINT + 0.02))
    held = 150.0 * gaussian_psf(1).aperture_share(2.0)
    assert np.median(light) == pytest.approx(held + 2.0 * sigma, rel=0.1)
    assert (light > 150.0).mean() > 0.9  # a 95 % limit


def test_bands_without_looks_have_no_limit():
    geometry, where = scan_grid()
    none = np.zeros(0)
    residual = residual_of(none, none, none, frames=FRAMES, geometry=geometry)
    residual.stack.frames.flags[:] = 16
    residual.stack.frames.noise_dn[:] = 0.0
    j, k = catalogue_of(x=[0.0], y=[300.0]), catalogue_of(x=[], y=[])
    rows, merged = merge_catalogues({Band.J: j, Band.K: k}, where, PARAMETERS)
    fill_limits(rows, merged, Band.K, residual, k, where, PARAMETERS)
    assert np.isnan(rows["k_m"][0])
    assert rows["rd_flg"][0] == b"200"
    assert rows["ph_qual"][0][2:] in {b" ", b""}
    assert rows["ndet"][0] == b"660000"


def test_ellipses_carry_what_the_registration_does_not_know():
    _, where = scan_grid()
    x, y = np.array([-100.0, 0.0, 120.0]), np.array([100.0, 300.0, 600.0])
    rows, _ = merge_catalogues({Band.J: catalogue_of(x=x, y=y)}, where, PARAMETERS)
    common = PARAMETERS.reference_error_arcsec
    for well_held in (0.0, common):
        same = rows.copy()
        widen_ellipses(same, common, well_held)
        np.testing.assert_allclose(same["err_maj"], rows["err_maj"], rtol=1e-6)
    wide = rows.copy()
    widen_ellipses(wide, common, 2.0)
    for name in ("err_maj", "err_min"):
        own = np.sqrt(rows[name].astype(float) ** 2 - common**2)
        np.testing.assert_allclose(wide[name], np.hypot(own, 2.0), rtol=1e-6)
    assert wide["err_ang"].tolist() == rows["err_ang"].tolist()
