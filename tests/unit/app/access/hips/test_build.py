"""Parts of the sky: every cell that an image reaches is among those near its middle."""

from __future__ import annotations

import numpy as np

from app.access.hips.build import _CELL_RADIUS_DEG, cells_near
from app.access.hips.survey import CELL_ORDER
from app.access.hips.tiles import DEEPEST, tiles_of
from app.sky.directions import unit_vectors
from app.sky.healpix import pixel_centres
from app.sky.projection import SinProjection

ATLAS = (1024, 512)


def test_cells_that_images_reach_are_near_their_middles():
    """At corners of cells, poles, right ascension 0 and anywhere: the tiles of an Atlas image, turned as it may be."""
    random = np.random.default_rng(8)
    ra, decl = pixel_centres(np.arange(0, 12 << 2 * (CELL_ORDER + 1), 97), CELL_ORDER + 1)
    ra = np.concatenate([ra, [0.0, 359.99, 10.0, 200.0, 45.0, 90.0, 135.0], random.uniform(0, 360, 60)])
    decl = np.concatenate(
        [
            decl,
            [0.0, 41.8, 89.99, -90.0, 0.0, 41.81, -41.81],
            np.degrees(np.arcsin(random.uniform(-1, 1, 60))),
        ]
    )
    near = cells_near(ra, decl)
    several = 0
    for place, turn in enumerate(random.uniform(0, 360, ra.size)):
        middle = (float(ra[place]), float(decl[place]), (ATLAS[1] - 1) / 2, (ATLAS[0] - 1) / 2)
        projection = SinProjection.from_rotation(*middle, -1.0 / 3600, 1.0 / 3600, float(turn))
        cells = {tile >> 2 * (DEEPEST - CELL_ORDER) for tile in tiles_of(projection, ATLAS)}
        assert cells <= set(near[place].tolist())
        several += len(cells) > 1
    assert several > 5


def test_what_is_near_a_cell_is_within_the_radius_that_is_asked_for():
    """Of all cells: a place whose ring reaches the cell is found by its distance from the middle of the cell."""
    random = np.random.default_rng(9)
    ra, decl = random.uniform(0, 360, 4000), np.degrees(np.arcsin(random.uniform(-1, 1, 4000)))
    near = cells_near(ra, decl)
    middles = unit_vectors(*pixel_centres(np.arange(12 << 2 * CELL_ORDER), CELL_ORDER))
    away = np.einsum("nkj,nj->nk", middles[near], unit_vectors(ra, decl))
    assert np.degrees(np.arccos(away.min())) < _CELL_RADIUS_DEG
