"""Metrics of frames, profile and noise find what was planted, and nothing where nothing is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.worlds.frame_stack import (
    OFFSETS,
    SIGMA_PIX,
    blank,
    gaussian,
    gaussian_psf,
    lattice,
    lent,
    looks_at_one_field,
    paint,
    strip,
)
from workers.reduction.diagnostics import LookFluxes
from workers.reduction.frame_quality import (
    FIT_EXCESS,
    SNR,
    band_quality,
    banding_dn,
    block_noise_ratio,
    clipped_frames,
    frame_chi2,
    jump_metrics,
    longest_stretch,
    predicted_depth_mag,
    profile_metrics,
    quadrant_steps,
    untracked_frames,
)
from workers.reduction.photometry.catalogue import make_catalogue
from workers.reduction.photometry.fit import fit_stars
from workers.reduction.profile.stars import Stars

FRAMES, NOISE = 24, 10.0


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture
def frames(rng):
    """Residual frames of white noise."""
    return (NOISE * rng.standard_normal((FRAMES, 256, 256))).astype(np.float32)


NOISES = np.full(FRAMES, NOISE)


class TestBackground:
    def test_white_noise_has_neither_structure_nor_waves(self, frames):
        assert block_noise_ratio(frames, NOISES) == pytest.approx(1.0, abs=0.03)
        assert banding_dn(frames, NOISES) < 0.15

    @pytest.mark.parametrize("strength", [1.0, 2.0, 5.0])
    def test_structure_of_half_an_arc_minute_is_found(self, frames, rng, strength):
        """Patches of 16 pixels, as airglow leaves them, `strength` times the noise of 8 x 8 pixels."""
        patches = strength * NOISE / 8 * rng.standard_normal((FRAMES, 16, 16))
        frames += np.kron(patches, np.ones((16, 16))).astype(np.float32)
        assert block_noise_ratio(frames, NOISES) == pytest.approx(np.hypot(1.0, strength), rel=0.05)

    @pytest.mark.parametrize("axis", [0, 1])
    @pytest.mark.parametrize("amplitude", [1.0, 3.0])
    def test_bands_are_measured_whatever_their_phase(self, frames, rng, axis, amplitude):
        wave = amplitude * np.cos(2 * np.pi * 23 * np.arange(256) / 256 + rng.uniform(0, 6, (FRAMES, 1)))
        frames += (wave[:, :, None] if axis == 0 else wave[:, None, :]).astype(np.float32)
        assert banding_dn(frames, NOISES) == pytest.approx(amplitude, rel=0.05)

    def test_slow_waves_are_the_background(self, frames):
        frames += 5.0 * np.cos(2 * np.pi * 2 * np.arange(256) / 256).astype(np.float32)
        assert banding_dn(frames, NOISES) < 0.15

    def test_stars_that_are_left_do_not_count(self, frames, rng):
        y, x = rng.integers(0, 256, (2, FRAMES, 60))
        frames[np.arange(FRAMES)[:, None], y, x] += 3000.0
        clipped = clipped_frames(frames, NOISES)
        assert block_noise_ratio(clipped, NOISES) == pytest.approx(1.0, abs=0.1)
        assert banding_dn(clipped, NOISES) < 0.3

    def test_no_frames(self):
        none = np.zeros((0, 256, 256), np.float32), np.zeros(0)
        assert np.isnan(banding_dn(*none))
        assert np.isnan(block_noise_ratio(*none))
        assert jump_metrics(np.zeros((0, 4)), np.zeros(0)) == {}


class TestQuadrants:
    @staticmethod
    def metrics(frames):
        return jump_metrics(quadrant_steps(frames, np.arange(FRAMES), NOISES), NOISES)

    def test_nothing(self, frames):
        found = self.metrics(frames)
        assert found["quadrant_jump_dn"] < 0.4
        assert found["glitch_frames"] == 0.0

    @pytest.mark.parametrize("rows", [slice(None, 128), slice(128, None)])
    @pytest.mark.parametrize("columns", [slice(None, 128), slice(128, None)])
    def test_a_quadrant_that_is_off_on_all_frames(self, frames, rows, columns):
        frames[:, rows, columns] += 4.0
        found = self.metrics(frames)
        # Clipping at 4 sigma takes nothing of a step of 0.4 sigma.
        assert found["quadrant_jump_dn"] == pytest.approx(4.0, abs=0.4)
        assert found["glitch_frames"] == 0.0

    def test_glitches_are_frames_with_a_step_of_their_own(self, frames):
        frames[[3, 17], :128, 128:] += 20.0
        found = self.metrics(frames)
        assert found["glitch_frames"] == 2.0
        assert found["quadrant_jump_dn"] < 0.4


class TestProfile:
    @staticmethod
    def psf(sigma_x, sigma_y, **field):
        made = gaussian_psf(3)
        nodes = made.nodes.copy()
        nodes[0] = gaussian(OFFSETS[None, :], OFFSETS[:, None], sigma_x, sigma_y)
        for term, (wide_x, wide_y) in field.items():
            nodes[{"uu": 5, "uv": 6, "vv": 7}[term]] = (
                gaussian(OFFSETS[None, :], OFFSETS[:, None], wide_x, wide_y) - nodes[0]
            )
        return replace(made, nodes=nodes)

    def test_round_and_the_same_everywhere(self):
        found = profile_metrics(self.psf(0.7, 0.7))
        assert found["elongation_ratio"] == pytest.approx(1.0, abs=1e-4)
        assert found["focus_edge_over_centre"] == pytest.approx(1.0, abs=1e-4)
        assert found["astigmatism_ratio"] == pytest.approx(0.0, abs=1e-4)

    @pytest.mark.parametrize("axes", [(0.7, 0.9), (0.9, 0.7)])
    def test_elongation_is_the_ratio_of_the_axes(self, axes):
        """A pixel adds 1/12 to the second moment of either axis."""
        expected = np.sqrt((0.7**2 + 1 / 12) / (0.9**2 + 1 / 12))
        assert profile_metrics(self.psf(*axes))["elongation_ratio"] == pytest.approx(expected, rel=0.01)

    def test_corners_that_are_out_of_focus(self):
        found = profile_metrics(self.psf(0.6, 0.6, uu=(0.75, 0.75)))
        share = 0.75**2  # of the change at the edge, at three quarters of the way
        inner, edge = 0.6**2 + 1 / 12, 0.75**2 + 1 / 12
        assert found["focus_edge_over_centre"] == pytest.approx(
            np.sqrt((inner + share * (edge - inner)) / inner), rel=0.01
        )
        assert found["astigmatism_ratio"] == pytest.approx(0.0, abs=1e-3)

    def test_corners_that_are_drawn_out_along_one_axis(self):
        found = profile_metrics(self.psf(0.6, 0.6, vv=(0.8, 0.6)))
        inner, edge = 0.6**2 + 1 / 12, 0.8**2 + 1 / 12
        xx = inner + 0.75**2 * (edge - inner)
        assert found["astigmatism_ratio"] == pytest.approx((xx - inner) / (xx + inner), rel=0.03)

    def test_a_guess_tells_nothing(self):
        assert profile_metrics(gaussian_psf(3, stars=0)) == {}


def painted(rng, wrong=(), sigma=0.8, count=FRAMES):
    """Bright stars on a strip; on frames of `wrong` they are wider than the profile says."""
    geometry, psf = strip(count), gaussian_psf(count)
    frames = blank(count, noise=NOISE, rng=rng)
    x = rng.uniform(-200, 200, 40 * count)
    y = np.sort(rng.uniform(-200, 83.25 * (count - 1) + 200, x.size))
    flux = 10 ** rng.uniform(3.3, 4.2, x.size)

    def profile(dx, dy, frame, u, v):
        del u, v
        wide = sigma if frame in wrong else SIGMA_PIX
        return gaussian(dx, dy, wide, wide)

    paint(frames, geometry, x, y, flux, profile, rng=rng)
    residual = lent(frames, geometry, psf, stars=Stars.at(x, y, flux))
    residual.draw()
    return residual


class TestUntrackedSeeing:
    @pytest.mark.parametrize(("wrong", "frames_long"), [((), 0), (range(6, 12), 6), ((2, 4, 9, 10), 2)])
    def test_the_longest_stretch_of_frames_that_do_not_fit(self, rng, wrong, frames_long):
        residual = painted(rng, tuple(wrong))
        stack = residual.stack
        looks = stack.looks(stack.stars, 2.0)
        fluxes = LookFluxes(residual, looks, np.ones(stack.stars.size, bool))
        chi2 = frame_chi2(fluxes, stack.stars, FRAMES)
        marked = untracked_frames(chi2)
        assert np.flatnonzero(marked).tolist() == list(wrong)
        assert longest_stretch(marked, stack.geometry.y_arcsec) == pytest.approx(83.25 * frames_long)

    def test_frames_without_bright_stars_are_unknown(self, rng):
        residual = painted(rng)
        stack = residual.stack
        faint = Stars.at(stack.stars.x_arcsec, stack.stars.y_arcsec, np.full(stack.stars.size, 10.0))
        residual.change(stars=faint)
        fluxes = LookFluxes(residual, stack.looks(faint, 2.0), np.ones(faint.size, bool))
        chi2 = frame_chi2(fluxes, faint, FRAMES)
        assert np.isnan(chi2).all()
        assert not untracked_frames(chi2).any()


def fitting(stars):
    """The same stars with fits that describe their pixels."""
    stars.chi2[:] = 1.0
    stars.converged[:] = True
    return stars


def test_predicted_depth_is_where_repeats_scatter_by_a_tenth():
    """Stars about the limit, fitted again and again with other noise: the scatter at the predicted flux is 1 in 10."""
    rng = np.random.default_rng(17)
    x, y = lattice(20.0, 230.0, rng)
    flux = 10 ** rng.uniform(1.8, 2.9, x.size)
    geometry, psf = looks_at_one_field(6, rng), gaussian_psf(6)
    found, depth = [], []
    for _ in range(12):
        frames = blank(6, noise=NOISE, rng=rng)
        paint(frames, geometry, x, y, flux, rng=rng)
        residual = lent(frames, geometry, psf, stars=Stars.at(x, y, flux))
        stars = Stars.at(x, y, flux)
        fit_stars(
            residual.arrays(),
            psf,
            residual.stack.looks(stars, 2.0),
            stars,
            np.arange(x.size),
            np.zeros(x.size),
        )
        found.append(stars.flux_dn.copy())
        residual.change(stars=fitting(Stars.at(x, y, flux)))
        residual.draw()
        depth.append(predicted_depth_mag(make_catalogue(residual), 20.0))
    predicted = np.mean(depth)
    relative = np.std(found, axis=0, ddof=1) / flux
    near = np.abs(20.0 - 2.5 * np.log10(flux) - predicted) < 0.3
    assert near.sum() > 30
    # Scatter goes as one over the flux about there: brought to the predicted flux by it.
    at_limit = relative[near] * flux[near] / 10 ** (0.4 * (20.0 - predicted))
    # Profile and places are the true ones here, so that fits reach the bound; the prediction expects a little less.
    ideal = 2.5 * np.log10(FIT_EXCESS)
    assert -2.5 * np.log10(np.sqrt(np.mean(at_limit**2)) * SNR) == pytest.approx(ideal, abs=0.03)
    assert np.std(depth) < 0.02


def test_all_metrics_of_a_band_are_there(rng):
    residual = painted(rng)
    stack = residual.stack
    residual.change(psf=replace(stack.psf, stars=100), stars=fitting(stack.stars))
    fluxes = LookFluxes(residual, stack.looks(stack.stars, 2.0), np.ones(stack.stars.size, bool))
    found = band_quality(residual, make_catalogue(residual), fluxes, 20.0)
    assert set(found) == {
        "snr10_predicted_mag", "elongation_ratio", "focus_edge_over_centre", "astigmatism_ratio",
        "untracked_seeing_arcsec", "background_noise_ratio", "banding_dn", "quadrant_jump_dn", "glitch_frames",
    }  # fmt: skip
    assert all(np.isfinite(list(found.values())))
