"""Small galaxies that fit pairs of stars, and pairs: each is told from the other; and a galaxy beside a border."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.worlds.frame_stack import blank, gaussian_psf, lent, paint, strip
from tests.worlds.galaxy_stack import search_of, sersic_points
from workers.reduction.frames.grid import strip_grid
from workers.reduction.galaxies.find import find_galaxies
from workers.reduction.galaxies.instead import MOST_MISFIT, MOST_SNR, galaxies_instead
from workers.reduction.galaxies.local_profile import gaussian_misfit

FRAMES = 14
LIGHT_DN, SEPARATION_ARCSEC = 9000.0, 2.0
RADIUS_ARCSEC, AXIS_RATIO = 1.8, 0.4
PLACES = np.column_stack([np.linspace(-180.0, 180.0, 8), np.full(8, 400.0)])
ROWS_APART_ARCSEC = 120.0
BORDER_ARCSEC = 14.0


@pytest.fixture(scope="module")
def field():
    """The search of a field with a row of flat galaxies, one of equal pairs, and a galaxy beside the border."""
    rng = np.random.default_rng(20)
    geometry, frames, psf = strip(FRAMES), blank(FRAMES, rng=rng), gaussian_psf(FRAMES)
    dx, dy = sersic_points(1.0, RADIUS_ARCSEC, AXIS_RATIO, 0.0)
    for x, y in PLACES:
        paint(frames, geometry, x + dx, y + dy, np.full(dx.size, LIGHT_DN / dx.size), rng=rng)
        pair = np.array([-0.5, 0.5]) * SEPARATION_ARCSEC
        paint(
            frames, geometry, x + pair, np.full(2, y + ROWS_APART_ARCSEC), np.full(2, LIGHT_DN / 2), rng=rng
        )
    grid = strip_grid(geometry)
    edge = grid.first_x_arcsec + BORDER_ARCSEC, 700.0
    dx, dy = sersic_points(1.0, 3.0, 0.7, 30.0)
    paint(frames, geometry, edge[0] + dx, edge[1] + dy, np.full(dx.size, 4 * LIGHT_DN / dx.size), rng=rng)
    search, _ = search_of(lent(frames, geometry, psf), grid)
    return search, edge


def groups_at(places):
    offset = 0.5 * SEPARATION_ARCSEC * np.array([[-1.0, 0.0], [1.0, 0.0]])
    return [np.column_stack([place + offset, np.full(2, LIGHT_DN / 2)]) for place in places]


def test_a_galaxy_describes_a_galaxy_better_and_a_pair_of_stars_worse(field):
    search, _ = field
    apart = np.array([0.0, ROWS_APART_ARCSEC])
    groups = groups_at(np.concatenate([PLACES, PLACES + apart]))
    found = galaxies_instead(search, (), groups, np.full(len(groups), 50.0))
    assert found.tolist() == [True] * len(PLACES) + [False] * len(PLACES)


def test_bright_groups_are_stars(field):
    search, _ = field
    assert not galaxies_instead(search, (), groups_at(PLACES), np.full(len(PLACES), MOST_SNR)).any()


def test_out_of_focus_groups_are_stars(field):
    """The models' Gaussians do not describe a ring of light: what a galaxy gains is their error."""
    search, _ = field
    assert 0.0 < search.profiles.misfit[Band.J] < MOST_MISFIT
    blurred = replace(search.profiles, misfit={Band.J: 0.01, Band.H: 1.01 * MOST_MISFIT})
    groups, snr = groups_at(PLACES), np.full(len(PLACES), 50.0)
    assert not galaxies_instead(replace(search, profiles=blurred), (), groups, snr).any()


def test_a_ring_of_light_is_no_sum_of_gaussians():
    star = gaussian_psf(1)
    wide, narrow = (gaussian_psf(1, sigma=sigma).nodes[0] for sigma in (0.9, 0.5))
    ring = star.nodes.copy()
    ring[0] = 1.3 * wide - 0.3 * narrow
    assert gaussian_misfit(star) < 0.05
    assert gaussian_misfit(replace(star, nodes=ring)) > MOST_MISFIT


def test_without_groups_nothing_is_asked(field):
    search, _ = field
    assert galaxies_instead(search, (), [], np.zeros(0)).size == 0


def test_a_galaxy_beside_the_border_is_found(field):
    """Its pixels are there; of the ring of the sky, 14" to 22" wide, a half is."""
    search, edge = field
    away = [np.hypot(g.shape.x_arcsec - edge[0], g.shape.y_arcsec - edge[1]) for g in find_galaxies(search)]
    assert min(away) < 1.0
