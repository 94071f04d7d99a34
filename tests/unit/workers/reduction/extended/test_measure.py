"""Galaxies among stars: found once, and their light within circles."""

from __future__ import annotations

import numpy as np
import pytest

from app.columns.records import unknown_rows
from app.instruments.bands import Band
from tests.worlds.frame_stack import blank, gaussian_psf, lent, paint, strip
from tests.worlds.galaxy_stack import search_of
from workers.reduction.extended.measure import measure_extended
from workers.reduction.frames.grid import strip_grid
from workers.reduction.frames.products import EXTENDED_DTYPE, EXTENDED_RADII_ARCSEC
from workers.reduction.frames.scan_grid import ScanGrid
from workers.reduction.frames.uscan import UScan
from workers.reduction.galaxies.drawing import draw_galaxies
from workers.reduction.galaxies.find import find_galaxies
from workers.reduction.galaxies.light import GalaxyLight
from workers.reduction.profile.stars import Stars

FRAMES = 12
LENGTH_PIX = 2.0  # of the exponential: 4"
GALAXIES = np.array([[-80.4, 330.3, 1.2e5], [95.7, 520.6, 8e4]])
ZERO_POINT = 20.0
# Columns of a band that need no other band and no model.
OWN = {f"{kind}_{radius}" for kind in ("m", "msig", "flg") for radius in EXTENDED_RADII_ARCSEC}
OWN |= {
    "d_area",
    "perc_darea",
    "bisym_rat",
    "bisym_chi",
    "ba",
    "phi",
    "5sig_ba",
    "5sig_phi",
    "peak",
    "resid_ann",
    "back",
    "sky_dn",
}


def exponential(dx, dy, **_):
    """A round galaxy, sampled four times a pixel each way; all its light is 1."""
    total = 0.0
    for sx in (-0.375, -0.125, 0.125, 0.375):
        for sy in (-0.375, -0.125, 0.125, 0.375):
            total = total + np.exp(-np.hypot(dx + sx, dy + sy) / LENGTH_PIX) / 16.0
    return total / (2.0 * np.pi * LENGTH_PIX**2)


@pytest.fixture(scope="module")
def measured():
    rng = np.random.default_rng(81)
    geometry, frames, psf = strip(FRAMES), blank(FRAMES, rng=rng), gaussian_psf(FRAMES)
    x, y = rng.uniform(-240, 240, 120), rng.uniform(100, 800, 120)
    away = np.min([np.hypot(x - gx, y - gy) for gx, gy, _ in GALAXIES], axis=0)
    order = np.argsort(y)
    x, y = x[order][away[order] > 45], y[order][away[order] > 45]
    flux = 10 ** rng.uniform(2.5, 4.0, x.size)
    paint(frames, geometry, x, y, flux, rng=rng)
    paint(frames, geometry, *GALAXIES.T, exponential, half=26, rng=rng)
    residual = lent(frames, geometry, psf)
    grid = strip_grid(geometry)
    search, _ = search_of(residual, grid)
    galaxies = find_galaxies(search)
    away = np.min([np.hypot(x - gx, y - gy) for gx, gy, _ in GALAXIES], axis=0)
    patches = draw_galaxies(galaxies, Band.J, residual.stack.band, search.profiles)
    known = Stars.at(x[away > 8], y[away > 8], flux[away > 8])
    residual.change(stars=known, galaxies=GalaxyLight.of(galaxies, Band.J, patches))
    uscan = UScan.through(np.full(FRAMES, 120.0), 10.0 + np.arange(FRAMES) * 83.25 / 3600)
    where = ScanGrid(uscan, grid, (1,), dict.fromkeys((Band.J, Band.K), np.array([ZERO_POINT])), {})
    residual.pixels_dn[:] = 1e3  # of another band, before the memory was lent again
    rows = unknown_rows(EXTENDED_DTYPE, len(galaxies))
    measure_extended(rows, galaxies, Band.J, residual, where)
    return rows, where, (galaxies, residual)


def test_each_galaxy_is_found_once_and_no_star(measured):
    rows, where, _ = measured
    x, y = where.uscan.from_sky(rows["ra"], rows["decl"])
    assert rows.size == 2
    for gx, gy, _ in GALAXIES:
        assert np.hypot(x - gx, y - gy).min() < 0.5


def within(radius_arcsec):
    """Light of the exponential within a circle."""
    r = 0.5 * radius_arcsec / LENGTH_PIX
    return 1.0 - (1.0 + r) * np.exp(-r)


def test_light_within_ten_arcseconds_is_that_of_the_galaxy(measured):
    rows, where, _ = measured
    x, y = where.uscan.from_sky(rows["ra"], rows["decl"])
    for gx, gy, flux in GALAXIES:
        row = rows[np.argmin(np.hypot(x - gx, y - gy))]
        for radius, limit in ((7, 0.05), (10, 0.03), (15, 0.03), (25, 0.04)):
            found = 10 ** (-0.4 * (row[f"j_m_{radius}"] - ZERO_POINT))
            assert found == pytest.approx(flux * within(radius), rel=limit)
        assert row["j_ba"] > 0.85
        assert row["j_r_3sig"] > 8.0
        assert row["coadd"] == 1
        assert row["j_sky_dn"] == pytest.approx(100.0, rel=0.01)


def test_a_band_that_was_not_measured_is_unknown(measured):
    rows, *_ = measured
    for name in rows.dtype.names:
        unknown = np.isnan(rows[name]) if rows.dtype[name].kind == "f" else np.zeros(rows.size, bool)
        own = name in {"ra", "decl", "sup_ra", "sup_dec", "x_coadd", "y_coadd", "x", "y", "j_r_3sig"} or (
            name[:2] == "j_" and name[2:] in OWN
        )
        assert unknown.all() == (not own and rows.dtype[name].kind == "f"), name


def test_the_published_axis_is_that_of_ks(measured):
    """The same frames as Ks: what was the axis of J is r_3sig, and J keeps its own."""
    rows, where, (galaxies, residual) = measured
    again = rows.copy()
    measure_extended(again, galaxies, Band.K, residual, where)
    assert (again["r_3sig"] == rows["j_r_3sig"]).all()
    assert (again["j_r_3sig"] == rows["j_r_3sig"]).all()
    assert (again["k_m_10"] == rows["j_m_10"]).all()


def test_frames_that_lack_all_stars_already_tell_the_same(measured):
    rows, where, (galaxies, residual) = measured
    again, stars = rows.copy(), residual.stack.stars
    residual.draw()
    measure_extended(again, galaxies, Band.J, residual, where, drawn=np.ones(stars.size, np.bool_))
    for name in ("j_m_10", "j_m_25", "j_ba", "j_r_3sig"):
        assert again[name] == pytest.approx(rows[name], abs=2e-3)


def test_uncertainties_grow_with_the_circle(measured):
    rows, *_ = measured
    sigma = np.array([rows[f"j_msig_{radius}"] for radius in EXTENDED_RADII_ARCSEC[:5]])
    assert (sigma[:5] > 0.0).all()
    assert (np.diff(sigma[2:], axis=0) > 0.0).all()
    assert (sigma < 0.1).all()


def test_nothing_extended_leaves_nothing_to_measure(measured):
    _, where, _ = measured
    empty = np.zeros(0, EXTENDED_DTYPE)
    measure_extended(empty, [], Band.J, None, where)
    assert empty.size == 0
