"""Candidates that are asked twice: a galaxy beside a star, and one beside stars that no peak shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.worlds.frame_stack import blank, gaussian_psf, lent, paint, strip
from tests.worlds.galaxy_stack import search_of, sersic_points
from workers.reduction.frames.grid import strip_grid
from workers.reduction.galaxies.bright_stars import BrightStars
from workers.reduction.galaxies.candidates import Seeds
from workers.reduction.galaxies.find import find_galaxies
from workers.reduction.galaxies.second_look import Candidate
from workers.reduction.galaxies.surroundings import OWN_ARCSEC

FRAMES, LIGHT = 14, 3e4
NOBODY = BrightStars(np.zeros((0, 2)), np.zeros(0), np.zeros(0), np.zeros(2))  # no star of a scan saturates
PLACE = (20.4, 500.3)


def searched(*stars, galaxy=LIGHT):
    """The search of a galaxy and of stars (x and y from it, light); what the profile is worth, and the star's peak."""
    rng = np.random.default_rng(31)
    geometry, frames, psf = strip(FRAMES), blank(FRAMES, rng=rng), gaussian_psf(FRAMES)
    for dx, dy, light in stars:
        paint(
            frames, geometry, np.array([PLACE[0] + dx]), np.array([PLACE[1] + dy]), np.array([light]), rng=rng
        )
    if galaxy:
        dx, dy = sersic_points(1.0, 5.0, 0.8, 40.0)
        paint(frames, geometry, PLACE[0] + dx, PLACE[1] + dy, np.full(dx.size, galaxy / dx.size), rng=None)
    search, _ = search_of(lent(frames, geometry, psf), strip_grid(geometry))
    search = replace(search, stars=NOBODY)
    return search, search.profiles.mean(search.sum_weights())


def peaks(search, *rows):
    """The search with other peaks: x and y from the galaxy, light."""
    table = np.array(rows, np.float64).reshape(-1, 3)
    order = np.argsort(table[:, 1])
    x, y, light = table[order].T
    return replace(search, seeds=Seeds(x + PLACE[0], y + PLACE[1], light))


def away(galaxy):
    return float(np.hypot(galaxy.shape.x_arcsec - PLACE[0], galaxy.shape.y_arcsec - PLACE[1]))


def test_a_galaxy_beside_the_star_of_its_only_peak_is_found():
    search, mean = searched((4.0, 1.0, 6e4))
    search = peaks(search, (4.0, 1.0, 6e4))
    place = PLACE[0] + 4.0, PLACE[1] + 1.0
    assert Candidate(search, mean, place, []).galaxy() is None
    galaxy = Candidate(search, mean, place, []).found(6e4)
    assert away(galaxy) < 0.6
    assert galaxy.flux_dn[Band.J] == pytest.approx(LIGHT, rel=0.25)
    assert Candidate(replace(search, stars=None), mean, place, []).found(6e4) is None


def test_stars_alone_are_no_galaxy():
    for stars in ([(0.0, 0.0, 6e4)], [(0.0, 0.0, 6e4), (3.0, 0.5, 3e4)], [(0.0, 0.0, 6e4), (2.2, -1.0, 5e4)]):
        search, mean = searched(*stars, galaxy=0.0)
        search = peaks(search, (0.0, 0.0, 6e4))
        assert Candidate(search, mean, PLACE, []).found(6e4) is None


def dense(search, *rows):
    """The search with these peaks, and so many far ones as a crowd has."""
    far = [(x, y, 1.0) for x in (-200.0, 200.0) for y in np.linspace(-110.0, 110.0, 130)]
    return peaks(search, *rows, *far)


SEEN, UNSEEN = [(12.0, 0.0, 2e4), (-12.0, 0.0, 2e4)], [(9.0, 0.5, 2e4), (-9.0, 0.5, 2e4)]


def test_pairs_of_which_one_star_has_a_peak_do_not_hide_a_galaxy():
    search, mean = searched(*SEEN, *UNSEEN, galaxy=1.2e4)
    own = (0.0, 0.0, 1.2e3)
    crowded, sparse = dense(search, own, *SEEN), peaks(search, own, *SEEN)
    assert Candidate(crowded, mean, PLACE, []).galaxy() is None
    galaxy = Candidate(crowded, mean, PLACE, []).found(own[2])
    assert away(galaxy) < 0.2
    assert galaxy.flux_dn[Band.J] == pytest.approx(1.2e4, rel=0.1)
    told = np.array(galaxy.unseen) - (*PLACE, 0.0)
    for star in UNSEEN:
        assert np.hypot(*(told[:, :2] - star[:2]).T).min() < 0.7
    # Arms and knots of galaxies are no stars where these are rare.
    assert not Candidate(sparse, mean, PLACE, [])._is_dense()


def test_stars_that_no_peak_shows_are_fitted_beside_it_in_the_end_too():
    search, _ = searched(*SEEN, *UNSEEN, galaxy=1.2e4)
    galaxies = find_galaxies(dense(search, (0.0, 0.0, 1.2e3), *SEEN))
    (galaxy,) = [g for g in galaxies if away(g) < 3.0]
    assert away(galaxy) < 0.2
    assert galaxy.flux_dn[Band.J] == pytest.approx(1.2e4, rel=0.1)


def test_a_star_counts_once():
    search, mean = searched()
    look = Candidate(peaks(search, (8.0, 0.0, 4e4), (0.0, OWN_ARCSEC - 1.0, 2e4)), mean, PLACE, [])
    assert look._peaks(26, None)[1].tolist() == [4e4]
    look.extra = np.array([[8.2, 0.1, 3e4], [0.0, 1.5, 2e4]])
    assert look._peaks(26, None)[1].tolist() == [4e4, 2e4]
