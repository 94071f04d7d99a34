"""Each galaxy has one point-source entry, and the frames get its light back."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.worlds.frame_stack import blank, gaussian_psf, lent, strip
from workers.reduction.frames.grid import strip_grid
from workers.reduction.galaxies.drawing import draw_galaxies, subtract_patches
from workers.reduction.galaxies.light import GalaxyLight
from workers.reduction.galaxies.local_profile import local_profiles
from workers.reduction.galaxies.values import Galaxy, Shape
from workers.reduction.photometry.nuclei import add_nuclei, take_out_nuclei
from workers.reduction.profile.stars import Stars


@pytest.fixture
def loan():
    """Two galaxies of known models on white noise, their light taken away, and a star elsewhere."""
    rng = np.random.default_rng(7)
    geometry, frames, psf = strip(12), blank(12, rng=rng), gaussian_psf(12)
    shapes = [Shape(x, y, np.log(3.0), 0.2, 0.0, 0.0) for x, y in ((-50.3, 400.2), (80.1, 300.6))]
    galaxies = [
        Galaxy(shape, {Band.J: flux}, {Band.J: 1.0}, {Band.J: 1.0}, 0.1, 0.1, 9.0, 0)
        for shape, flux in zip(shapes, (3e4, 10.0), strict=True)
    ]
    residual = lent(
        frames, geometry, psf, stars=Stars.at(np.array([0.0]), np.array([350.0]), np.array([500.0]))
    )
    profiles = local_profiles({Band.J: (psf, geometry, frames.usable)}, strip_grid(geometry))
    patches = draw_galaxies(galaxies, Band.J, residual.stack.band, profiles)
    residual.change(galaxies=GalaxyLight.of(galaxies, Band.J, patches))
    subtract_patches(frames.arrays(), patches, back=True)
    residual.restore_background()
    return residual, patches


def test_a_bright_galaxy_has_one_nucleus_and_a_faint_one_none(loan):
    residual, _ = loan
    add_nuclei(residual, 3.0)
    stars = residual.stack.stars
    assert stars.size == 2
    assert stars.y_arcsec.tolist() == sorted(stars.y_arcsec)
    nucleus = int(np.argmin(np.abs(stars.y_arcsec - 400.2)))
    assert np.hypot(stars.x_arcsec[nucleus] + 50.3, stars.y_arcsec[nucleus] - 400.2) < 0.2
    # A star takes the light within its own image.
    assert 0.15 * 3e4 < stars.flux_dn[nucleus] < 0.7 * 3e4
    assert residual.stack.galaxies.shapes == ()


def test_frames_keep_the_galaxy_less_its_nucleus(loan):
    residual, patches = loan
    before = residual.pixels_dn.copy()
    add_nuclei(residual, 3.0)
    stars = residual.stack.stars
    residual.give_light_back(stars.taken(stars.y_arcsec > 380.0))
    subtract_patches(residual.arrays(), patches)
    assert residual.pixels_dn == pytest.approx(before, abs=0.05)


def test_nuclei_are_taken_out_again(loan):
    residual, _ = loan
    stack, before = residual.stack, residual.pixels_dn.copy()
    nuclei = add_nuclei(residual, 3.0)
    assert nuclei.size == 1
    assert np.abs(residual.pixels_dn - before).max() > 50.0
    take_out_nuclei(residual, nuclei, stack)
    assert residual.pixels_dn == pytest.approx(before, abs=0.05)
    assert residual.stack.galaxies is stack.galaxies
    assert residual.stack.stars is stack.stars


def test_without_galaxies_nothing_changes(loan):
    residual, _ = loan
    residual.change(galaxies=GalaxyLight())
    before = residual.pixels_dn.copy()
    assert add_nuclei(residual, 3.0).size == 0
    assert (residual.pixels_dn == before).all()
    assert residual.stack.stars.size == 1
