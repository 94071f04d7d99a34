"""Pictures of property maps: how fine they are, and cells across right ascension 0, 180 degrees and the poles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.reports.map_picture import (
    MOST_CELLS,
    MOST_FIELDS,
    PANELS,
    cell_corners,
    draw_maps,
    fields_of,
    shown_order,
)
from app.sky.healpix import pixel_number


def test_pictures_have_as_many_cells_as_they_can_show() -> None:
    for cells in (0, 1, MOST_CELLS, MOST_CELLS + 1, 10**6, 50_331_648):
        shown = shown_order(11, cells)
        assert cells / 4 ** (11 - shown) <= MOST_CELLS
        assert shown == 11 or cells / 4 ** (10 - shown) > MOST_CELLS


@pytest.mark.parametrize("ra", [0.0, 45.0, 180.0, 359.99])
def test_cells_lie_around_the_first_one(ra: float) -> None:
    offsets = np.array([0.0, 0.1, -0.1, 0.2, -0.2])
    cells = pixel_number((ra + offsets) % 360, np.full(5, 10.0), 11)
    corners = cell_corners(cells, 11)
    np.testing.assert_allclose((corners[..., 0].mean(axis=1) - ra + 180) % 360 - 180, offsets, atol=0.03)
    assert np.ptp(corners[..., 0]) < 0.5
    # A cell of this order is 1.7 arc minutes wide.
    assert np.ptp(corners[..., 1], axis=1).max() < 0.06


def test_cells_at_the_other_side_of_the_sky_are_whole() -> None:
    corners = cell_corners(pixel_number([10.0, 189.9, 190.1], [0.0, 0.0, 0.0], 5), 5)
    assert np.ptp(corners[..., 0], axis=1).max() < 4.0


def test_cells_at_a_pole_are_not_drawn_across_the_sky() -> None:
    corners = cell_corners(pixel_number([10.0], [89.99], 5), 5)
    assert np.isfinite(corners).all()
    assert np.ptp(corners[..., 0]) <= 90.0


def test_maps_are_drawn_also_of_nothing_and_of_what_is_unknown(tmp_path: Path) -> None:
    cells = np.full((3, 1 + len(PANELS)), np.nan)
    cells[:, 0] = pixel_number([0.0, 0.1, 359.9], [0.0, 0.0, 0.0], 11)
    cells[:, 1] = 1.0
    cells[0, 2] = 15.9
    for name, drawn in (("nothing", cells[:0]), ("some", cells), ("again", cells)):
        draw_maps(drawn, 11, tmp_path / f"{name}.png")
    sizes = {name: (tmp_path / f"{name}.png").read_bytes() for name in ("nothing", "some", "again")}
    assert sizes["some"] == sizes["again"]
    assert len(sizes["some"]) > len(sizes["nothing"]) > 1000


def test_fields_that_are_far_apart_are_told_apart() -> None:
    """Across right ascension 0 and over a pole cells lie together."""
    ra = np.array([359.9, 0.1, 10.0, 190.0, 228.0, 229.0, 230.0, 231.0])
    decl = np.array([0.0, 0.0, 89.5, 89.5, -40.0, -40.0, -40.0, -40.0])
    cells = pixel_number(ra, decl, 11)
    found = [sorted(field.tolist()) for field in fields_of(cells, 11)]
    assert found[0] == [4, 5, 6, 7]
    assert sorted(found[1:]) == [[0, 1], [2, 3]]
    assert [field.tolist() for field in fields_of(cells >> 12, 5)] == [list(range(8))]


@pytest.mark.parametrize("centres", [(0.0,), (0.0, 90.0), (0.0, 60.0, 120.0, 200.0, 300.0)])
def test_each_field_is_drawn_large_with_colours_in_common(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, centres: tuple[float, ...]
) -> None:
    drawn = []

    def kept(_figure: object, _axes: object, corners: np.ndarray, values: np.ndarray, words: tuple) -> None:
        drawn.append((np.ptp(corners[..., 0]), values.size, words[2]))

    monkeypatch.setattr("app.reports.map_picture._draw_panel", kept)
    ra = np.concatenate([centre + np.array([0.0, 0.05, 0.1]) for centre in centres])
    cells = np.full((ra.size, 1 + len(PANELS)), 0.5)
    cells[:, 0] = pixel_number(ra, np.zeros(ra.size), 11)
    cells[:, 2] = np.linspace(15.0, 16.0, ra.size)
    draw_maps(cells, 11, tmp_path / "maps.png")
    fields = min(len(centres), MOST_FIELDS)
    assert len(drawn) == fields * len(PANELS)
    assert all(width < 0.3 and size == 3 for width, size, _ in drawn)
    assert len({limits for *_, limits in drawn[fields : 2 * fields]}) == 1
    assert {limits for *_, limits in drawn[:fields]} == {(0.0, 1.0)}
