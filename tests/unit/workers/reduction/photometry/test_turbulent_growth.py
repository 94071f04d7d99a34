"""Light within circles of a blurred, turbulent image: against an image made by a Fourier transform of a plane."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.photometry.turbulent_growth import (
    BLUR_PIX,
    SEEING_PIX,
    USUAL_BLUR_PIX,
    light_within,
    most_probable_share,
)

RADII = (1.5, 2.0, 2.5, 3.5)
MEASURED = (1.5, 2.5, 3.5)
SIDE, STEP_PIX = 1024, 0.1


def image_sums(seeing_pix, blur_pix, radii=RADII):
    """Shares of the light in soft-edged circles, without any symmetry."""
    frequency = np.fft.fftfreq(SIDE, STEP_PIX)
    along, across = np.meshgrid(frequency, frequency)
    length = np.hypot(along, across)
    # Fried's parameter: a full width of 0.976 lambda / r0.
    transfer = np.exp(-3.44 * (length * seeing_pix / 0.976) ** (5 / 3)) * np.sinc(along) * np.sinc(across)
    transfer *= np.exp(-2 * (np.pi * length * blur_pix / 2.3548) ** 2)
    image = np.fft.fftshift(np.fft.ifft2(transfer).real)
    offset = (np.arange(SIDE) - SIDE // 2) * STEP_PIX
    radius = np.hypot(offset[:, None], offset[None, :])
    return np.array([float((image * np.clip(r + 0.5 - radius, 0.0, 1.0)).sum()) for r in radii])


@pytest.mark.parametrize(("seeing", "blur"), [(10, 0), (18, 10), (24, 14), (32, 24)])
def test_shares_are_those_of_the_image(seeing, blur):
    wanted = image_sums(SEEING_PIX[seeing], BLUR_PIX[blur])
    np.testing.assert_allclose(light_within(RADII)[seeing, blur], wanted, atol=0.0007)


def test_worse_images_hold_less_light_within():
    share = light_within(RADII)
    assert (np.diff(share, axis=0) < 0).all()
    assert (np.diff(share[:, 1:], axis=1) < 0).all()
    assert (np.diff(share, axis=2) > 0).all()
    assert share.max() < 1.0005


@pytest.mark.parametrize("seeing", [12, 20, 28])
def test_well_measured_ratios_give_the_share(seeing):
    """Whatever the blur is: good data overrule what is known beforehand."""
    for blur in (2, 10, 16):
        true = light_within((2.0, *MEASURED))[seeing, blur]
        found = most_probable_share(MEASURED, 2.0, true[1:] / true[0], np.full(3, 0.0003))
        assert found == pytest.approx(true[0], abs=0.0015)


def test_noise_of_the_outer_ring_hardly_matters():
    """At noise of a short scan the share scatters by less than the ring does, and has no bias worth the name."""
    rng = np.random.default_rng(2)
    seeing = int(np.argmin(np.abs(SEEING_PIX - 0.6)))
    blur = int(np.argmin(np.abs(BLUR_PIX - USUAL_BLUR_PIX)))
    true = light_within((2.0, *MEASURED))[seeing, blur]
    error = np.array([0.0012, 0.0015, 0.0024])
    found = np.array(
        [
            most_probable_share(MEASURED, 2.0, true[1:] / true[0] + rng.normal(0.0, error), error)
            for _ in range(300)
        ]
    )
    magnitude = 1.0857 * (found / true[0] - 1.0)
    assert np.std(magnitude) < 0.0024
    assert abs(np.mean(magnitude)) < 0.0007


def test_without_knowledge_the_usual_image_is_taken():
    usual = light_within((2.0, *MEASURED))[:, int(np.argmin(np.abs(BLUR_PIX - USUAL_BLUR_PIX))), 0]
    found = most_probable_share(MEASURED, 2.0, np.ones(3), np.full(3, 100.0))
    assert usual.min() < found < usual.max()
