"""Libraries of point-spread functions: what is combined, what departs, and that a scan of few stars gains by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.parameters.photometry import PhotometryParameters
from tests.worlds.frame_stack import SIGMA_PIX, axis_share, blank, gaussian_psf, lent, paint, stamp_at, strip
from workers.reduction.frames.grid import strip_grid
from workers.reduction.photometry.detection import PeakFinder
from workers.reduction.photometry.first_look import first_look
from workers.reduction.profile.library import (
    CELL_WIDTH,
    FEWEST_STARS,
    LearntProfile,
    combine_profiles,
    focus_of,
    shared,
    taken_from,
)
from workers.reduction.profile.prior import Prior, most_probable, prior_of
from workers.reduction.profile.table import turbulent_guess

FRAMES = 12


def learnt(sigma=SIGMA_PIX, *, stars=100, night=0, noise=0.0, seed=1):
    """What a scan of Gaussian stars of a width learns, with noise of each node in shares of a star's light."""
    psf = gaussian_psf(1, sigma=sigma)
    nodes = psf.nodes + (noise * np.random.default_rng(seed).standard_normal(psf.nodes.shape)).astype(
        np.float32
    )
    return LearntProfile(nodes, psf.wing, psf.width_pix(0.0), stars, night)


def test_entries_are_means_by_width_and_lose_the_noise():
    scans = [learnt(noise=0.003, seed=k, night=k % 3) for k in range(30)]
    scans += [learnt(0.80, noise=0.003, seed=100 + k, night=k % 3) for k in range(30)]
    library, departures = combine_profiles(scans, 3)
    np.testing.assert_array_equal(library.scans, [30, 30])
    np.testing.assert_array_equal(library.nights, [3, 3])
    np.testing.assert_array_equal(library.stars, [3000, 3000])
    assert (np.diff(library.fwhm_pix) > 0).all()
    for nodes, sigma in zip(library.nodes, (SIGMA_PIX, 0.80), strict=True):
        error = nodes - gaussian_psf(1, sigma=sigma).nodes
        assert np.std(error[0]) == pytest.approx(0.003 / np.sqrt(30), rel=0.2)
    # The noise of single nodes is no difference of images: less than a fifth of it passes for one.
    assert np.median(library.scatter[3]) < 0.0006
    assert (departures < 0.05).all()


def smooth_field(rng, shape, sigma_nodes):
    """Noise of variance 1 whose values are correlated as a Gaussian of sqrt(2) sigma says, by its own Fourier sum."""
    kx, ky = (np.fft.fftfreq(n)[axis] for n, axis in ((64, np.s_[None, :]), (64, np.s_[:, None])))
    transfer = np.exp(-2.0 * (np.pi * sigma_nodes) ** 2 * (kx**2 + ky**2))
    white = rng.standard_normal((*shape[:-2], 64, 64))
    field = np.fft.ifft2(np.fft.fft2(white) * transfer).real[..., :33, :33]
    return field / np.sqrt(np.mean(transfer**2))


def test_the_scatter_is_what_scans_differ_by_beside_the_noise_of_their_nodes():
    rng, scans = np.random.default_rng(7), []
    for k in range(60):
        scan = learnt(noise=0.003, seed=k)
        field = 0.002 * smooth_field(rng, scan.nodes.shape, 2.0)
        scans.append(scan._replace(nodes=(scan.nodes + field).astype(np.float32)))
    library = combine_profiles(scans, 1).library
    assert library.scans.sum() == 60
    # Student's t of 37 % of some 57 degrees of freedom widens it by 5 %.
    assert np.median(library.scatter[3:]) == pytest.approx(0.0021, rel=0.15)
    fewer = combine_profiles(scans[:12], 1).library
    assert np.median(fewer.scatter[3:]) > np.median(library.scatter[3:])


def test_the_order_of_scans_changes_the_rounding_only_and_few_stars_are_no_entry():
    scans = [learnt(noise=0.003, seed=k) for k in range(6)]
    forth, _ = combine_profiles(scans, 1)
    back, _ = combine_profiles(scans[::-1], 1)
    np.testing.assert_allclose(forth.nodes, back.nodes, atol=1e-7)
    few, departures = combine_profiles([learnt(stars=FEWEST_STARS - 1)] * 9, 2)
    assert few.nodes.shape == (0, 8, 33, 33)
    assert np.isnan(departures).all()
    assert combine_profiles([learnt(stars=FEWEST_STARS)], 1)[0].scans.size == 0
    assert combine_profiles([], 1)[0].fwhm_pix.size == 0


def test_a_night_of_another_focus_departs_and_its_own_scans_do_not_hide_it():
    scans = [learnt(noise=0.001, seed=k, night=k % 4) for k in range(20)]
    donut = learnt(night=4)
    offset = np.hypot(*np.meshgrid(np.arange(-16, 17) / 4.0, np.arange(-16, 17) / 4.0))
    ring = np.exp(-0.5 * ((offset - 0.9) / 0.4) ** 2)
    ring *= donut.nodes[0].sum() / ring.sum()
    out_of_focus = donut.nodes.copy()
    out_of_focus[0] = 0.5 * out_of_focus[0] + 0.5 * ring
    scans += [donut._replace(nodes=out_of_focus)] * 5
    _, departures = combine_profiles(scans, 6)
    assert (departures[:4] < 0.02).all()
    assert departures[4] > 0.10
    assert np.isnan(departures[5])  # a night without scans
    # Width alone is no departure: seeing is not the camera's.
    wider = [learnt(SIGMA_PIX * np.exp(0.5 * CELL_WIDTH), night=1)] * 3
    assert combine_profiles([learnt(night=0)] * 3 + wider, 2)[1].max() < 0.02


def test_focus_tells_blur_of_the_optics_from_that_of_the_air():
    sharp, wide = focus_of(learnt().nodes), focus_of(learnt(0.8).nodes)
    assert 0.3 < wide < sharp < 0.8


@pytest.fixture(scope="module")
def library():
    """What ten scans of each of five widths have learnt, to 2 % of the peak."""
    sigmas = SIGMA_PIX * np.exp(0.05 * np.arange(-2, 3))
    scans = [
        learnt(sigma, noise=0.002, seed=10 * n + k, night=k)
        for n, sigma in enumerate(sigmas)
        for k in range(10)
    ]
    made = combine_profiles(scans, 10).library
    assert made.scans.size >= 5
    return made


def model_error(psf):
    """Rms over the 49 pixels of the middle of the field and some phases of model less truth, in shares of the peak."""
    grid, errors = np.arange(-3, 4), []
    for fx, fy in np.random.default_rng(24).uniform(-0.5, 0.5, (25, 2)):
        truth = axis_share(grid[None, :] - fx, SIGMA_PIX) * axis_share(grid[:, None] - fy, SIGMA_PIX)
        errors.append(stamp_at(psf, fx, fy) - truth)
    return float(np.sqrt(np.mean(np.square(errors)))) / axis_share(0.0, SIGMA_PIX) ** 2


def looked(count, library, profile=None):
    """Profile that a scan of few stars learns."""
    rng, geometry = np.random.default_rng(60 + count), strip(FRAMES)
    x, y = rng.uniform(-230, 230, count), np.sort(rng.uniform(-200, 83.25 * 11 + 200, count))
    frames = blank(FRAMES, rng=rng)
    paint(
        frames, geometry, x, y, 10 ** rng.uniform(3.0, 3.5, count), *([profile] if profile else []), rng=rng
    )
    guess = turbulent_guess(1.6, FRAMES)
    residual = lent(frames, geometry, guess, given=library)
    first_look(residual, PeakFinder(strip_grid(geometry)), PhotometryParameters())
    return residual.stack.psf


@pytest.mark.parametrize("count", [6, 25])
def test_a_scan_of_few_stars_is_nearer_to_the_truth_with_a_library(library, count):
    alone, held = looked(count, None), looked(count, library)
    assert 0 < held.stars < count
    assert alone.stars > 0
    assert model_error(held) < 0.65 * model_error(alone)
    assert model_error(held) < 0.003


def test_a_scan_without_a_star_takes_the_entry_of_its_width(library):
    psf = looked(0, library)
    assert psf.stars == 0
    nearest = int(np.argmin(np.abs(np.log(library.fwhm_pix / turbulent_guess(1.6, 1).width_pix(0.0)))))
    np.testing.assert_array_equal(psf.nodes, library.nodes[nearest])
    empty = combine_profiles([], 1).library
    guess = turbulent_guess(1.6, 3)
    assert taken_from(empty, guess) is guess


def test_a_focus_that_the_library_never_saw_is_learnt_from_the_stars(library):
    """Astigmatism of 25 %: the library is trusted less by as much as the stars contradict it."""

    def profile(dx, dy, **_place):
        return axis_share(dx, 1.15 * SIGMA_PIX) * axis_share(dy, 0.92 * SIGMA_PIX)

    alone, held = looked(120, None, profile), looked(120, library, profile)
    true = profile(0.0, 0.0)
    at = [stamp_at(psf, 0.0, 0.0)[3, 3] / true - 1.0 for psf in (alone, held)]
    assert abs(at[1]) < abs(at[0]) + 0.01
    assert np.abs(held.nodes[0] - alone.nodes[0]).max() < 0.03 * alone.nodes[0].max()


def test_the_prior_is_the_entry_that_the_pixels_agree_with(library):
    truth = gaussian_psf(1).nodes.astype(float)
    present = turbulent_guess(1.6, 1).nodes
    normal = np.zeros((33, 33, 8, 8))
    normal[..., np.arange(8), np.arange(8)] = 1e4
    right = np.moveaxis(truth - present, 0, -1) * 1e4
    widest = np.ones_like(right)
    prior = prior_of(library, normal, right, present, widest)
    assert np.abs(prior.nodes[0] - truth[0]).max() < 0.01 * truth[0].max()
    # An entry of ten scans adds a tenth of the variance of one, those beside it take a little of that away again.
    share = (prior.scatter / library.scatter) ** 2
    assert 1.02 < share.min() <= share.max() <= 1.1001
    narrow = prior_of(library, normal, right, present, 1e-6 * widest)
    np.testing.assert_allclose(narrow.scatter, 1e-6)
    # Stars with 3 % more light have the same profile.
    brighter = prior_of(library, normal, right + 0.03 * 1e4 * np.moveaxis(truth, 0, -1), present, widest)
    np.testing.assert_allclose(brighter.nodes[0], 1.03 * prior.nodes[0], atol=1e-3)
    assert prior_of(library, np.zeros_like(normal), np.zeros_like(right), present, widest) is None
    # What the stars contradict is trusted less.
    ring = right + 1e4 * 0.02 * np.moveaxis(
        np.broadcast_to(np.hypot(*np.mgrid[-2:2:33j, -2:2:33j]), truth.shape), 0, -1
    )
    assert prior_of(library, normal, ring, present, widest).scatter[0].min() > 1.8 * prior.scatter[0].min()


def test_a_library_of_unknown_scatter_serves_scans_without_a_star_only():
    """One scan an entry tells nothing of scatter: held to a guess, scans of 30 stars came out worse."""
    single = combine_profiles([learnt(SIGMA_PIX * np.exp(0.05 * n)) for n in range(4)], 1).library
    assert (single.scans == 1).all()
    assert np.isnan(single.scatter).all()
    normal = np.zeros((33, 33, 8, 8))
    normal[..., np.arange(8), np.arange(8)] = 1e4
    right = np.zeros((33, 33, 8))
    assert prior_of(single, normal, right, single.nodes[0], np.ones_like(right)) is None
    taken = taken_from(single, turbulent_guess(1.5, 3))
    assert np.isfinite(taken.error).all()
    assert taken.nodes is not None
    assert taken.nodes.max() == pytest.approx(single.nodes.max(axis=(1, 2, 3))[0], rel=0.2)


def test_an_entry_of_fewer_scans_and_a_farther_one_say_less(library):
    """The nearer of two entries is expected; the variance is that of a scan and of the mean of n of them."""
    single = replace(library, scans=np.ones_like(library.scans))
    truth = gaussian_psf(1, sigma=SIGMA_PIX * np.exp(0.05)).nodes.astype(float)
    normal = np.zeros((33, 33, 8, 8))
    normal[..., np.arange(8), np.arange(8)] = 1e6
    right, present = np.moveaxis(truth, 0, -1) * 1e6, np.zeros((8, 33, 33), np.float32)
    widest = np.ones_like(right)
    many, few = (prior_of(given, normal, right, present, widest) for given in (library, single))
    assert few.scatter[0].min() > many.scatter[0].min()
    apart = [float(np.abs(many.nodes - entry).max()) for entry in library.nodes]
    assert np.argmin(apart) in (3, 4)
    assert min(apart) < 0.01 * truth[0].max()


def test_the_most_probable_table_is_that_of_the_whole_covariance():
    """Against the dense solution: one term, nodes of unlike information, some of none."""
    rng = np.random.default_rng(3)
    scatter = 0.002 * (1.0 + rng.random((1, 33, 33)))
    expected, present = rng.standard_normal((2, 1, 33, 33)) * 0.01
    information = np.where(rng.random((33, 33)) < 0.3, 0.0, 10.0 ** rng.uniform(3.0, 6.0, (33, 33)))
    change = rng.standard_normal((33, 33)) * 0.01
    normal, right = information[..., None, None], (information * change)[..., None]
    got = most_probable(normal, right, present.astype(np.float32), Prior(expected, scatter, np.zeros(49)))
    # Columns of the smoothing, each by itself; differences have its square as covariance.
    smooth = shared(np.eye(1089).reshape(1089, 33, 33)).reshape(1089, 1089).T * 2.0 * np.sqrt(np.pi) * 2.0
    half = scatter.ravel()[:, None] * smooth
    covariance, start = half @ half.T, (expected - present.astype(np.float32)).ravel()
    seen = information.ravel() > 0.0
    noise = np.diag(1.0 / information.ravel()[seen])
    gain = np.linalg.solve(covariance[np.ix_(seen, seen)] + noise, (change.ravel() - start)[seen])
    np.testing.assert_allclose(got.ravel(), start + covariance[:, seen] @ gain, atol=2e-6)


@pytest.mark.parametrize("count", [60, 120])
def test_a_scan_of_many_stars_is_no_worse_with_a_library_that_knows_little(library, count):
    """A prior ten times as wide: what is left is smooth, and not the noise of single nodes."""
    wide = replace(library, scatter=10.0 * library.scatter)
    assert model_error(looked(count, wide)) < 1.05 * model_error(looked(count, None))
    assert model_error(looked(count, library)) < model_error(looked(count, None))
