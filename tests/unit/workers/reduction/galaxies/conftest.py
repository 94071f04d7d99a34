"""One field of galaxies, stars and pairs of stars, searched once."""

from __future__ import annotations

import numpy as np
import pytest

from app.parameters.galaxy_classifier import Forest, GalaxyClassifier
from tests.worlds.frame_stack import blank, gaussian_psf, lent, paint, strip
from tests.worlds.galaxy_stack import search_of, sersic_points
from workers.reduction.frames.grid import strip_grid
from workers.reduction.galaxies.evidence import FEATURES
from workers.reduction.galaxies.find import find_galaxies

FRAMES = 14
# x, y (U-scan arcsec), light (DN), half-light semi-major axis (arcsec), axis ratio, angle from +x to +y, Sersic index.
TRUE = np.array(
    [
        [-120.3, 320.4, 6e4, 4.0, 0.5, 30.0, 1.0],
        [20.6, 430.2, 4e4, 5.0, 0.8, 120.0, 1.0],
        [130.2, 560.7, 9e4, 5.0, 0.6, 75.0, 4.0],
        [-60.8, 700.1, 2e4, 3.0, 0.7, 0.0, 1.0],
    ]
)
PAIR_ARCSEC = 2.6


@pytest.fixture(scope="session")
def field():
    """The loan of a band, its search, and the galaxies that were found."""
    rng = np.random.default_rng(83)
    geometry, frames, psf = strip(FRAMES), blank(FRAMES, rng=rng), gaussian_psf(FRAMES)
    x, y = rng.uniform(-240, 240, 150), rng.uniform(100, 1000, 150)
    flux = 10 ** rng.uniform(2.7, 4.3, x.size)
    away = np.min([np.hypot(x - row[0], y - row[1]) for row in TRUE], axis=0)
    x, y, flux = x[away > 25], y[away > 25], flux[away > 25]
    # Every third star has an equal partner.
    turn = rng.uniform(0, 2 * np.pi, x[::3].size)
    x = np.concatenate([x, x[::3] + PAIR_ARCSEC * np.cos(turn)])
    y = np.concatenate([y, y[::3] + PAIR_ARCSEC * np.sin(turn)])
    flux = np.concatenate([flux, flux[::3]])
    order = np.argsort(y)
    paint(frames, geometry, x[order], y[order], flux[order], rng=rng)
    for gx, gy, light, radius, ratio, angle, index in TRUE:
        dx, dy = sersic_points(index, radius, ratio, angle)
        paint(frames, geometry, gx + dx, gy + dy, np.full(dx.size, light / dx.size), rng=None)
    residual = lent(frames, geometry, psf)
    search, peaks = search_of(residual, strip_grid(geometry))
    return residual, search, peaks, find_galaxies(search)


@pytest.fixture(scope="session")
def keep_all():
    """A classifier without trees, which takes every candidate for a galaxy."""
    none, leaf = np.zeros(0, np.int64), np.zeros(0, np.float64)
    forest = Forest(none, none, none, none, leaf, 9.0, 1.0, 0.0)
    return GalaxyClassifier(FEATURES, forest, forest, 3.0, "")
