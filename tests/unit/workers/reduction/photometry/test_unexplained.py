"""Bright peaks that nothing explains are counted; those of rows, saturated stars and known misfits are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.worlds.frame_stack import blank, gaussian_psf, lent, paint, strip
from workers.reduction.frames.grid import strip_grid
from workers.reduction.photometry.detection import PeakFinder
from workers.reduction.photometry.unexplained import count_unexplained, error_share, misfit_dn
from workers.reduction.profile.stars import Stars
from workers.reduction.saturated.stars import Saturated

FRAMES = 8
GEOMETRY = strip(FRAMES)
X, Y = np.array([-80.0, 0.0, 90.0]), np.array([250.0, 300.0, 340.0])


def leftover(**parts):
    """Residual frames with three stars of 4000 DN that were not taken away."""
    rng = np.random.default_rng(7)
    frames = blank(FRAMES, rng=rng)
    paint(frames, GEOMETRY, X, Y, np.full(3, 4000.0), rng=rng)
    return lent(frames, GEOMETRY, gaussian_psf(FRAMES), **parts)


def counted(residual):
    return count_unexplained(residual, PeakFinder(strip_grid(GEOMETRY)))


def test_bright_peaks_without_a_row_are_counted():
    assert counted(leftover()) == 3


def test_a_row_within_two_pixels_explains_a_peak():
    near = Stars.at(X[:1] + 3.0, Y[:1] + 2.0, np.array([10.0]))
    far = Stars.at(X[1:2] + 4.0, Y[1:2] + 2.0, np.array([10.0]))
    assert counted(leftover(stars=near)) == 2
    assert counted(leftover(stars=far)) == 3


def test_a_saturated_star_explains_what_is_in_its_halo():
    fixed = Saturated(Stars.at(X[:1] + 20.0, Y[:1], np.array([10.0])), np.array([25.0]))
    assert counted(leftover(fixed=fixed)) == 2


def test_a_known_misfit_explains_a_peak():
    """A star of 10^5 DN 6" from a peak, whose profile is wrong by 1 % of its centre there: 4,000 DN are 3 sigma."""
    residual = leftover(stars=Stars.at(X[:1] + 6.0, Y[:1], np.array([1e5])))
    assert counted(residual) == 3
    psf = residual.stack.psf
    wrong = np.full_like(psf.error, 0.01 * float(psf.nodes[0].max()))
    residual.change(psf=replace(psf, error=wrong))
    assert counted(residual) == 2
    assert misfit_dn(residual.stack, np.column_stack([X, Y])) == pytest.approx([1000.0, 0.0, 0.0])


def test_the_error_of_a_profile_falls_outwards():
    psf = gaussian_psf(2)
    psf = replace(psf, error=(0.02 * psf.nodes[0]).astype(np.float32))
    share = error_share(psf, np.array([0.0, 1.0, 2.0, 4.0, 6.0]))
    assert share[0] == pytest.approx(0.02, rel=0.1)
    assert (np.diff(share) <= 0.0).all()
    flat = replace(psf, error=np.full_like(psf.error, 0.01))
    far = error_share(flat, np.array([3.9, 4.1, 8.0]))
    assert far[1] < far[0] * 1.0001
    assert far[2] < 0.2 * far[1]
