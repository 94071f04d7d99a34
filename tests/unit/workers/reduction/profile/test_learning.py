"""Learning the point-spread function from the stars of a scan, against the profile that painted them."""

from __future__ import annotations

import numpy as np
import pytest

from app.parameters.photometry import PhotometryParameters
from tests.worlds.frame_stack import (
    SIGMA_PIX,
    axis_share,
    blank,
    gaussian_psf,
    lattice,
    lent,
    looks_at_one_field,
    paint,
    stamp_at,
    strip,
)
from workers.reduction.frames.grid import strip_grid
from workers.reduction.photometry.detection import PeakFinder
from workers.reduction.photometry.first_look import first_look
from workers.reduction.photometry.rounds import _learn_again, measure
from workers.reduction.profile.learning import TERM_SCATTER, _follow, learn, smoothed, term_scatter
from workers.reduction.profile.sample import Sample
from workers.reduction.profile.seeing import (
    DEFAULT_SIGMA_PIX,
    frame_widths,
    guessed_psf,
    most_probable_walk,
    smooth_along,
)
from workers.reduction.profile.stars import Stars
from workers.reduction.profile.table import node_offsets_pix, stretched, turbulent_guess
from workers.reduction.registration.sources import FRAME_SOURCE_DTYPE

FRAMES = 24


def widths():
    """Logarithms of the frames' widths: seeing that walks by 1 to 2 % a frame, 13 % in all."""
    rng = np.random.default_rng(21)
    s = 0.07 * np.sin(np.arange(FRAMES) / 4.0) + 0.006 * rng.standard_normal(FRAMES)
    return s - s.mean()


def shapes(s, u, v):
    """Sigmas along x and y: astigmatism that grows with the square of the distance from the middle."""
    return SIGMA_PIX * np.exp(s) * (1.0 + 0.07 * u * u), SIGMA_PIX * np.exp(s) * (1.0 + 0.05 * v * v)


@pytest.fixture(scope="module")
def scan():
    """700 stars of SNR 50 to 600 a look on 24 frames."""
    rng, s = np.random.default_rng(22), widths()
    geometry = strip(FRAMES)
    x, y = rng.uniform(-280, 280, 900), np.sort(rng.uniform(-250, 83.25 * 23 + 250, 900))
    flux = 10 ** rng.uniform(3.1, 4.2, 900)

    def profile(dx, dy, frame, u, v):
        wide, high = shapes(s[frame], u, v)
        return axis_share(dx, wide) * axis_share(dy, high)

    frames = blank(FRAMES, rng=rng)
    paint(frames, geometry, x, y, flux, profile, rng=rng)
    return frames, geometry, (x, y, flux), frame_table(geometry, x, y, flux)


def frame_table(geometry, x, y, flux):
    """What extraction on single frames gives: centroids good to 0.03 pixel."""
    rng, rows = np.random.default_rng(23), []
    for i in range(FRAMES):
        px, py = geometry.to_pixels(np.full(x.size, i), x, y)
        inside = (px > 4) & (py > 4) & (px < 251) & (py < 251)
        one = np.zeros(inside.sum(), FRAME_SOURCE_DTYPE)
        one["frame"], one["flux"], one["snr"] = i, 0.7 * flux[inside], flux[inside] / 25.0
        one["x"] = px[inside] + 0.03 * rng.standard_normal(one.size)
        one["y"] = py[inside] + 0.03 * rng.standard_normal(one.size)
        rows.append(one)
    return np.concatenate(rows)


def looked(frames, geometry, table):
    """Residual frames after the first look."""
    residual = lent(frames, geometry, guessed_psf(frames, table, PhotometryParameters().field_order))
    first_look(residual, PeakFinder(strip_grid(geometry)), PhotometryParameters())
    return residual


@pytest.fixture(scope="module")
def residual(scan):
    frames, geometry, _, table = scan
    return looked(frames, geometry, table)


@pytest.fixture(scope="module")
def learnt(residual):
    return residual.stack


def test_first_widths_follow_the_seeing(scan):
    frames, _, _, table = scan
    log_width, sigma = frame_widths(frames, table)
    assert np.corrcoef(log_width, widths())[0, 1] > 0.9
    assert sigma == pytest.approx(np.hypot(SIGMA_PIX * 1.02, np.sqrt(1 / 12)), rel=0.1)


def test_the_guess_has_the_widths_of_the_frames(scan):
    frames, _, _, table = scan
    log_width, sigma = frame_widths(frames, table)
    guess = guessed_psf(frames, table, 2)
    np.testing.assert_array_equal(guess.log_width, log_width)
    np.testing.assert_array_equal(guess.nodes, turbulent_guess(2.3548 * sigma, FRAMES, 2).nodes)


def test_learnt_widths_are_those_of_the_frames(learnt):
    # Of stars as pixels see them: the box of a pixel does not grow with the seeing.
    true = np.log(np.hypot(SIGMA_PIX * np.exp(widths()), np.sqrt(1 / 12)))
    found = learnt.psf.log_width.astype(float)
    assert np.corrcoef(found, true)[0, 1] > 0.95
    assert np.polyfit(true, found, 1)[0] == pytest.approx(1.0, abs=0.1)


def model_error(psf, u, v, frame):
    """Rms over the 49 pixels and some phases of model less truth, in shares of the peak."""
    grid, rng, errors = np.arange(-3, 4), np.random.default_rng(24), []
    wide, high = shapes(widths()[frame], u, v)
    for fx, fy in rng.uniform(-0.5, 0.5, (25, 2)):
        truth = axis_share(grid[None, :] - fx, wide) * axis_share(grid[:, None] - fy, high)
        model = stamp_at(psf, fx, fy, u=u, v=v, s=float(psf.log_width[frame]))
        errors.append(model - truth)
    return float(np.sqrt(np.mean(np.square(errors)))) / axis_share(0.0, SIGMA_PIX) ** 2


@pytest.mark.parametrize("place", [(0.0, 0.0), (0.9, 0.0), (0.0, -0.9), (-0.8, 0.8), (0.85, 0.85)])
def test_the_model_is_within_half_a_per_cent_of_the_peak(learnt, place):
    narrow, wide = int(np.argmin(widths())), int(np.argmax(widths()))
    for frame in (narrow, FRAMES // 2, wide):
        assert model_error(learnt.psf, *place, frame) < 0.005


def test_learning_on_drawn_frames_keeps_the_model(residual):
    """A second round, with all stars subtracted, must not count corrections twice."""
    residual.draw()
    before = residual.stack
    _learn_again(residual, PhotometryParameters())
    after = residual.stack.psf
    residual.stack = before
    assert after is not before.psf
    assert model_error(after, 0.0, 0.0, FRAMES // 2) < 0.005
    assert model_error(after, 0.8, 0.8, FRAMES // 2) < 0.005


def test_the_stated_error_is_of_the_size_of_the_true_one(learnt):
    peak = learnt.psf.nodes[0].max()
    assert 0.001 * peak < learnt.psf.error[16, 16] < 0.02 * peak


def test_places_in_the_field_do_not_drift(scan, learnt):
    """The table's centre is the star's: fitted places have no trend over the array."""
    (x, y, flux) = scan[2]
    stars = learnt.stars
    from scipy.spatial import cKDTree

    away, near = cKDTree(np.column_stack([x, y])).query(np.column_stack([stars.x_arcsec, stars.y_arcsec]))
    good = (away < 0.5) & stars.converged & (flux[near] > 5e3)
    dx, dy = stars.x_arcsec[good] - x[near[good]], stars.y_arcsec[good] - y[near[good]]
    assert good.sum() > 100
    assert abs(np.median(dx)) < 0.02
    assert abs(np.median(dy)) < 0.02
    assert abs(np.polyfit(x[near[good]] / 256.0, dx, 1)[0]) < 0.02


def test_a_scan_without_stars_keeps_its_guess():
    frames, geometry = blank(3, rng=np.random.default_rng(25)), strip(3)
    none = np.zeros(0, FRAME_SOURCE_DTYPE)
    residual = looked(frames, geometry, none)
    stack = residual.stack
    assert stack.psf.stars == 0
    assert stack.psf.width_pix(0.0) == pytest.approx(2.3548 * DEFAULT_SIGMA_PIX, rel=0.03)
    assert (stack.psf.log_width == 0.0).all()
    stack = measure(residual, PeakFinder(strip_grid(geometry)), PhotometryParameters())
    # White noise: one peak above 4 sigma in 30,000 square arcseconds, none that is clearly a star.
    assert stack.stars.size < 40
    assert (stack.stars.flux_dn < 6.5 * stack.stars.flux_error_dn).all()
    assert np.isfinite(residual.pixels_dn).all()


def test_smoothing_along_the_scan():
    weight = np.full(9, 5.0)
    np.testing.assert_allclose(smooth_along(np.full(9, 0.3), weight, 20.0), 0.3, atol=1e-6)
    value, weight = np.r_[np.zeros(4), 9.0, np.ones(4)], np.r_[np.full(4, 1e6), 0.0, np.full(4, 1e6)]
    assert smooth_along(value, weight, 20.0)[4] == pytest.approx(
        0.5, abs=1e-3
    )  # without stars: its neighbours'
    assert smooth_along(np.array([0.2]), np.array([3.0]), 20.0).tolist() == [0.2]
    assert smooth_along(np.ones(3), np.zeros(3), 20.0).tolist() == [0.0, 0.0, 0.0]
    assert smooth_along(np.zeros(0), np.zeros(0), 20.0).size == 0


def test_widths_are_learnt_from_few_stars():
    """One star in eight, as at the poles: first widths are noise, and a seeing term learnt from noise is too weak."""
    frames, geometry = blank(FRAMES, rng=np.random.default_rng(54)), strip(FRAMES)
    rng = np.random.default_rng(55)
    x, y = rng.uniform(-280, 280, 110), np.sort(rng.uniform(-250, 83.25 * 23 + 250, 110))
    flux = 10 ** rng.uniform(3.1, 4.2, 110)

    def profile(dx, dy, frame, u, v):
        wide, high = shapes(widths()[frame], u, v)
        return axis_share(dx, wide) * axis_share(dy, high)

    paint(frames, geometry, x, y, flux, profile, rng=rng)
    table = frame_table(geometry, x, y, flux)
    found = looked(frames, geometry, table).stack.psf.log_width
    true = np.log(np.hypot(SIGMA_PIX * np.exp(widths()), np.sqrt(1 / 12)))
    slope, level = np.polyfit(true, found, 1)
    assert slope == pytest.approx(1.0, abs=0.2)
    # Learnt together from the start, widths scatter by 0.005 to 0.009; so by 0.002 to 0.0043.
    assert np.std(found - slope * true - level) < 0.0045


def test_the_walk_is_the_minimum_of_what_it_minimises():
    rng = np.random.default_rng(26)
    n, stiffness = 12, 40.0
    root = rng.standard_normal((n, n)) * (np.abs(np.subtract.outer(np.arange(n), np.arange(n))) < 2)
    matrix, right, value = root @ root.T, rng.standard_normal(n), rng.standard_normal(n)
    band = np.array([np.pad(np.diag(matrix, -k), (0, k)) for k in range(4)])
    step = np.diff(np.eye(n), axis=0)
    full = np.linalg.solve(matrix + stiffness * step.T @ step, right - stiffness * step.T @ step @ value)
    np.testing.assert_allclose(most_probable_walk(value, band, right, stiffness), value + full, atol=1e-6)


def test_a_stretched_gaussian_is_known():
    offsets = node_offsets_pix()
    r2 = offsets[:, None] ** 2 + offsets[None, :] ** 2
    for sigma in (0.6, 0.9):
        base = np.exp(-0.5 * r2 / sigma**2) / (2.0 * np.pi * sigma**2)
        true = base * (r2 / sigma**2 - 2.0)
        assert np.abs(stretched(base) - true)[1:-1, 1:-1].max() < 0.06 * np.abs(true).max()


@pytest.mark.parametrize(("weight", "nearer_to_guide"), [(1e3, True), (1e8, False)])
def test_widths_follow_other_bands_where_their_own_stars_say_little(weight, nearer_to_guide):
    rng = np.random.default_rng(27)
    guide = np.cumsum(0.006 * rng.standard_normal(60))
    own = 0.8 * guide + 0.01 * rng.standard_normal(60) + 0.3
    normal, right = np.full((1, 60), weight), np.zeros(60)
    _follow(guide, own, normal, right)
    moved = own + right / normal[0]
    expected = 0.8 * (guide - guide.mean()) + own.mean()
    if nearer_to_guide:
        assert np.std(moved - expected) < 0.3 * np.std(own - expected)
    else:
        np.testing.assert_allclose(moved, own, atol=1e-4)


def test_a_band_without_stars_does_not_ask_the_others():
    normal, right = np.zeros((1, 5)), np.zeros(5)
    _follow(np.arange(5.0), np.zeros(5), normal, right)
    assert not normal.any()
    assert not right.any()


def flank_error(psf):
    """Rms of what a table that should be a Gaussian's has beyond two pixels, in shares of a star."""
    grid, rng, errors = np.arange(-3, 4), np.random.default_rng(25), []
    for fx, fy in rng.uniform(-0.5, 0.5, (40, 2)):
        truth = axis_share(grid[None, :] - fx, SIGMA_PIX) * axis_share(grid[:, None] - fy, SIGMA_PIX)
        far = np.hypot(grid[None, :] - fx, grid[:, None] - fy) > 2.0
        u, v = rng.uniform(-1.0, 1.0, 2)
        errors.append((stamp_at(psf, fx, fy, u=u, v=v, s=0.03) - truth)[far])
    return float(np.sqrt(np.mean(np.square(np.concatenate(errors)))))


def test_few_faint_stars_do_not_write_their_noise_on_the_flanks():
    """Sixty stars whose pixels are known to 1 % of their light, on six frames: a bright star is drawn with the result.

    The noise of a node is 0.25 % of a star, and eight terms share it; a star of 9 mag has 0.3 % of its light in a piece
    that would pass for a star of 15.
    """
    rng, frames = np.random.default_rng(26), 6
    geometry = looks_at_one_field(frames, rng)
    x, y = lattice(60.0, 230.0, rng)
    pixels, psf = blank(frames, rng=rng), gaussian_psf(frames)
    psf.log_width[:] = np.linspace(-0.05, 0.05, frames)
    flux = np.full(x.size, 1000.0)
    paint(pixels, geometry, x, y, flux)
    residual = lent(pixels, geometry, psf, stars=Stars.at(x, y, flux))
    sample = Sample(residual.stack.looks(residual.stack.stars), np.arange(x.size), flux, np.zeros(x.size))
    found = learn(residual.arrays(), psf, sample, wing=False)
    assert x.size < 70
    # Every term for itself at every node, as the data have it, errs by 0.5 %.
    assert flank_error(found) < 0.0012


def test_priors_follow_the_light_of_the_profile():
    psf = turbulent_guess(1.4, frames=1)
    scatter = term_scatter(psf.nodes)
    assert scatter.shape == (33, 33, 8)
    assert (scatter[..., 0] == 1.0).all()
    middle, corner = scatter[16, 16], scatter[4, 4]
    assert middle[3:].tolist() == [TERM_SCATTER] * 5
    assert middle[1] == pytest.approx(1.0)
    # 4 pixels from the star 0.04 % of the light falls into a pixel.
    assert corner[3:].max() < 0.1 * TERM_SCATTER
    assert corner[1] < 0.01
    assert (np.diff(scatter[16, 16:, 5]) <= 1e-12).all()


def test_corrections_are_smoothed_on_the_flanks_alone():
    rng = np.random.default_rng(27)
    change = rng.standard_normal((8, 33, 33))
    even = smoothed(change, everywhere=False)
    offsets = node_offsets_pix()
    radius = np.hypot(offsets[:, None], offsets[None, :])
    np.testing.assert_array_equal(even[:, radius < 1.5], change[:, radius < 1.5])
    assert even[:, radius > 2.5].std() < 0.25
    assert smoothed(change, everywhere=True)[:, radius < 1.5].std() < 0.25
    # What changes slowly is kept.
    slope = np.broadcast_to(offsets[None, :] * 0.01, (8, 33, 33))
    inner = slice(6, 27)
    np.testing.assert_allclose(
        smoothed(slope, everywhere=False)[:, inner, inner], slope[:, inner, inner], atol=1e-6
    )
