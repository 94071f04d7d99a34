"""Cells around cells, and margins, against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from app.sky.cell_margins import ring_cells, within_margin
from app.sky.directions import unit_vectors
from app.sky.healpix import pixel_centres, pixel_number

# In an equatorial cell, at a corner where three base cells meet, at both poles.
CELLS = [(100, 3), (63, 3), (4 * 255, 5), (0, 2), (4**5 - 1, 5), (11 * 4**4, 4)]


@pytest.mark.parametrize(("pixel", "order"), CELLS)
def test_ring_is_what_surrounds_a_cell(pixel: int, order: int) -> None:
    """A step from any point just outside of the cell leads into the ring."""
    fine = order + 3
    ring = ring_cells(pixel, order, fine)
    assert (np.diff(ring) > 0).all()
    assert (ring >> 2 * (fine - order) != pixel).all()
    inner = (pixel << 6) + np.arange(64)
    ra, decl = pixel_centres(inner, fine)
    reach = np.degrees(np.sqrt(np.pi / 3) / (1 << fine))
    random = np.random.default_rng(1)
    near = unit_vectors(np.repeat(ra, 200), np.repeat(decl, 200)) + np.radians(0.9 * reach) * random.normal(
        0, 0.5, (64 * 200, 3)
    )
    places = (
        np.degrees(np.arctan2(near[:, 1], near[:, 0])),
        np.degrees(np.arctan2(near[:, 2], np.hypot(*near[:, :2].T))),
    )
    cells = pixel_number(*places, fine)
    close = np.linalg.norm(near[:, None] - unit_vectors(ra, decl)[None], axis=-1).min(axis=1) < np.radians(
        0.5 * reach
    )
    outside = cells[close & (cells >> 6 != pixel)]
    assert set(outside.tolist()) <= set(ring.tolist())
    # No more than the rim: 4 x 8 cells and 4 corners.
    assert ring.size <= 4 * 8 + 4


@pytest.mark.parametrize(("pixel", "order"), [(100, 3), (0, 2), (4**5 - 1, 5)])
def test_margin_against_brute_force(pixel: int, order: int) -> None:
    """Every place within the margin is told, none beyond 1.3 times it (and the lattice)."""
    margin = 30.0
    fine = 12
    rim = ring_cells(pixel, order, fine)
    ra, decl = pixel_centres(rim, fine)
    random = np.random.default_rng(2)
    chosen = random.choice(rim.size, 120)
    ra = ra[chosen] + random.normal(0, 20 / 3600, 120) / np.cos(np.radians(decl[chosen]))
    decl = np.clip(decl[chosen] + random.normal(0, 20 / 3600, 120), -90, 90)
    outside = pixel_number(ra, decl, order) != pixel
    ra, decl = ra[outside], decl[outside]
    found = within_margin(ra, decl, pixel, order, margin)
    for place, told in zip(zip(ra, decl, strict=True), found, strict=True):
        near = _touches(place, pixel, order, 0.99 * margin)
        far = _touches(place, pixel, order, 1.36 * margin)
        assert told or not near
        assert far or not told
    assert 0 < found.sum() < found.size


def _touches(place: tuple[float, float], pixel: int, order: int, radius_arcsec: float) -> bool:
    """Whether a disc around a place has points in a cell, by a lattice of 1.5 arcsec."""
    steps = np.arange(-radius_arcsec, radius_arcsec + 1.5, 1.5)
    x, y = (grid.ravel() for grid in np.meshgrid(steps, steps))
    disc = np.hypot(x, y) <= radius_arcsec
    centre = unit_vectors(*place)
    east = np.array([-np.sin(np.radians(place[0])), np.cos(np.radians(place[0])), 0.0])
    north = np.cross(centre, east)
    points = centre + np.radians(x[disc, None] / 3600) * east + np.radians(y[disc, None] / 3600) * north
    ra = np.degrees(np.arctan2(points[:, 1], points[:, 0]))
    decl = np.degrees(np.arctan2(points[:, 2], np.hypot(points[:, 0], points[:, 1])))
    return bool((pixel_number(ra, decl, order) == pixel).any())


def test_margins_wider_than_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="margin of 300"):
        within_margin([0.0], [0.0], 0, 9, 300.0)
