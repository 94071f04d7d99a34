"""Where galaxies are looked for, and what is asked of them there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from workers.reduction.galaxies.candidates import Seeds
from workers.reduction.galaxies.search import crowding, density_arcmin2, searched_share, sparse


def lattice(step, first, last):
    """Peaks on a lattice of 500" across."""
    x, y = np.meshgrid(np.arange(0.0, 500.0, step), np.arange(first, last, step))
    return Seeds(x.ravel(), y.ravel(), np.ones(x.size))


def test_density_is_counted_across_the_scan():
    seeds = lattice(10.0, 0.0, 1000.0)
    # Both rims of the two arc minutes count: 13 rows of 50 peaks.
    assert density_arcmin2(seeds, np.array([500.0]))[0] == pytest.approx(36.0, rel=0.12)


def test_a_scan_says_which_share_of_it_was_searched(field):
    _, search, *_ = field
    assert searched_share(search) == 1.0
    dense = replace(search, seeds=lattice(12.0, 0.0, 5000.0))
    assert searched_share(dense) == 0.0
    low = search.coadds.grid.first_y_arcsec
    half = low + 0.5 * search.coadds.grid.rows
    both = lattice(12.0, low - 100.0, half), lattice(40.0, half, low + 1.2 * search.coadds.grid.rows)
    joined = Seeds(*(np.concatenate([getattr(part, name) for part in both]) for name in Seeds._fields))
    assert searched_share(replace(search, seeds=joined)) == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize(("step", "wanted"), [(40.0, 0.0), (12.0, 1.0)])
def test_galaxies_must_prove_more_where_stars_are_dense(field, step, wanted):
    _, search, *_ = field
    assert crowding(replace(search, seeds=lattice(step, 0.0, 1500.0)), 700.0) == wanted


def test_stars_are_sparse_below_seven_a_square_arc_minute():
    """Peaks every 24" are 6.3, every 20" are 9."""
    for step, wanted in ((24.0, True), (20.0, False)):
        assert sparse(lattice(step, 0.0, 1500.0), np.array([700.0])).tolist() == [wanted]
