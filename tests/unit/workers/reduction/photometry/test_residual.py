"""Residual frames are lent to one band at a time, and hold nothing of a band that had them before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.worlds.frame_stack import band_of, blank, gaussian_psf, paint, strip
from workers.reduction.photometry.residual import ResidualError, ResidualMemory
from workers.reduction.photometry.stack import BandStack
from workers.reduction.profile.stars import Stars

FRAMES = 4
SHAPE = (FRAMES, 256, 256)


def stack_of(band=Band.J, *, seed=1, flux=5e3):
    rng, geometry = np.random.default_rng(seed), strip(FRAMES)
    frames = blank(FRAMES, rng=rng)
    frames = replace(frames, detector=replace(frames.detector, band=band))
    x, y = rng.uniform(-200, 200, 40), np.sort(rng.uniform(-100, 350, 40))
    paint(frames, geometry, x, y, np.full(40, flux))
    return BandStack(band_of(frames, geometry), gaussian_psf(FRAMES), Stars.at(x, y, np.full(40, flux)))


def test_a_second_borrower_is_refused_while_the_first_has_them():
    memory, first, second = ResidualMemory(SHAPE), stack_of(Band.J), stack_of(Band.K)
    with memory.lend(first) as residual:
        residual.restore()
        with pytest.raises(ResidualError, match="wanted for Ks while J has them"), memory.lend(second):
            pass
        # The refusal took nothing from the first.
        assert np.isfinite(residual.pixels_dn).all()
        residual.draw()
        assert residual.pixels_dn.std() == pytest.approx(10.0, rel=0.02)
    with memory.lend(second) as residual:
        assert residual.stack is second


@pytest.mark.parametrize("use", ["arrays", "restore", "draw", "relevel"])
def test_nothing_reads_them_after_they_were_given_back(use):
    """The memory is the next band's then: read on, it made colours wrong by 3 mag."""
    memory = ResidualMemory(SHAPE)
    with memory.lend(stack_of(Band.J)) as kept:
        kept.restore()
    with memory.lend(stack_of(Band.K, seed=2)) as other:
        other.restore()
        before = other.pixels_dn.copy()
        with pytest.raises(ResidualError, match="J after they were given back"):
            getattr(kept, use)()
        np.testing.assert_array_equal(other.pixels_dn, before)


def test_they_come_back_after_an_error():
    memory = ResidualMemory(SHAPE)
    with pytest.raises(ZeroDivisionError), memory.lend(stack_of()):
        raise ZeroDivisionError
    with memory.lend(stack_of(Band.H)) as residual:
        residual.restore()


def test_frames_of_another_shape_are_refused():
    with (
        pytest.raises(ResidualError, match="expected"),
        ResidualMemory((FRAMES + 1, 256, 256)).lend(stack_of()),
    ):
        pass


def test_what_a_band_gets_does_not_depend_on_who_had_them_before():
    memory, mine, others = ResidualMemory(SHAPE), stack_of(Band.J), stack_of(Band.K, seed=2, flux=3e4)
    drawn = []
    for _ in range(2):
        with memory.lend(mine) as residual:
            residual.draw()
            drawn.append(residual.pixels_dn.copy())
        with memory.lend(others) as residual:
            residual.restore()
    np.testing.assert_array_equal(drawn[0], drawn[1])


def test_arrays_pair_the_pixels_with_flags_and_noise_of_their_band():
    memory = ResidualMemory(SHAPE)
    for band in (Band.J, Band.K):
        stack = stack_of(band)
        with memory.lend(stack) as residual:
            arrays = residual.arrays()
            assert arrays.flags is stack.frames.flags
            assert arrays.noise_dn is stack.frames.noise_dn
            assert arrays.pixels_dn is residual.pixels_dn
            assert arrays.inverse_gain == 1.0 / stack.frames.detector.gain


def test_a_new_background_leaves_the_borrower_as_it_was():
    memory, stack = ResidualMemory(SHAPE), stack_of()
    mesh, noise = stack.frames.mesh_dn.copy(), stack.frames.noise_dn.copy()
    stack.frames.pixels_dn[1] += 3.0
    with memory.lend(stack) as residual:
        residual.draw()
        residual.relevel()
        assert residual.stack.frames.mesh_dn[1].mean() == pytest.approx(403.0, abs=0.4)
        assert residual.stack.geometry is stack.geometry
    np.testing.assert_array_equal(stack.frames.mesh_dn, mesh)
    np.testing.assert_array_equal(stack.frames.noise_dn, noise)
