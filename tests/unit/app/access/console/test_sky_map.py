"""Maps of a release: patches across right ascension 0, classes of depth, equal areas."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from app.access.console.sky_map import MOST_SCANS, hammer, shade_of, sky_map


def scan(west, south, depth=15.8, number=1, width=0.15, height=1.0):
    east = (west + width) % 360
    return {
        "scan_key": number, "date": date(1999, 4, 10), "hemis": "n", "scan": number, "tile": 7, "j": depth, "h": None,
        "k": None, "ra_1": east, "dec_1": south, "ra_2": west, "dec_2": south, "ra_3": east, "dec_3": south + height,
        "ra_4": west, "dec_4": south + height,
    }  # fmt: skip


def corners(shape):
    return np.array([[float(v) for v in pair.split(",")] for pair in shape.points.split()])


def test_a_patch_across_right_ascension_0_is_one():
    drawn = sky_map([scan(359.9, 0.0), scan(0.02, 0.0, number=2)], [], "j")
    (patch,) = drawn.patches
    first, second = (corners(shape) for shape in patch.shapes)
    assert patch.width < 200
    # East is left: the scan at the larger right ascension is drawn left of the other.
    assert second[:, 0].mean() < first[:, 0].mean()
    assert second[:, 1].mean() == pytest.approx(first[:, 1].mean())
    assert patch.shapes[0].ra == pytest.approx(359.975)


def test_north_is_up():
    low, high = (
        corners(s)[:, 1].mean()
        for s in sky_map([scan(10, 0.0), scan(10, 1.0, number=2)], [], "j").patches[0].shapes
    )
    assert high < low


def test_patches_that_lie_apart_are_drawn_apart():
    assert len(sky_map([scan(10, 0.0), scan(200, 40.0, number=2)], [], "j").patches) == 2


def test_depths_have_classes_and_words():
    drawn = sky_map(
        [scan(10, 0.0, 15.0), scan(10, 1.0, 16.0, number=2), scan(10, 2.0, None, number=3)], [], "j"
    )
    assert drawn.edges_mag == (15.0, 15.2, 15.4, 15.6, 15.8, 16.0)
    assert [shape.shade for shape in drawn.patches[0].shapes] == [0, 4, None]
    assert "SNR 10 at 16.00 mag" in drawn.patches[0].shapes[1].words
    assert "not measured" in drawn.patches[0].shapes[2].words


def test_a_band_without_depths_is_drawn_without_classes():
    drawn = sky_map([scan(10, 0.0)], [], "h")
    assert drawn.edges_mag == ()
    assert drawn.patches[0].shapes[0].shade is None


@pytest.mark.parametrize(("depth", "shade"), [(14.0, 0), (15.2, 1), (99.0, 4), (None, None)])
def test_classes_are_half_open(depth, shade):
    assert shade_of(depth, (15.0, 15.2, 15.4, 15.6, 15.8, 16.0)) == shade


def cell(number, depth, share=1.0):
    return {
        "cell": number,
        "j_frac": share,
        "h_frac": 0.0,
        "k_frac": share,
        "j": depth,
        "h": None,
        "k": depth,
    }


def test_cells_of_the_sky_say_how_much_is_covered_and_how_deep():
    drawn = sky_map([], [cell(0, 15.0), cell(1, 15.95, 0.004), cell(2, None, 0.5)], "j")
    assert [shown.shade for shown in drawn.cells] == [0, 4, None]
    assert [shown.words for shown in drawn.cells] == [
        "100 % covered, SNR 10 at 15.00 mag", "0.4 % covered, SNR 10 at 15.95 mag", "50 % covered",
    ]  # fmt: skip


def test_cells_lie_where_healpix_has_them():
    """Cell 0 of order 5 begins the first base pixel, whose southern corner is at right ascension 45, declination 0."""
    (shown,) = sky_map([], [cell(0, 15.0)], "k").cells
    assert (shown.ra, shown.decl) == (pytest.approx(45.0), pytest.approx(1.19, abs=0.01))
    x, y = hammer(np.array([shown.ra]), np.array([shown.decl]))
    assert shown.points == f"{x[0]:.4f},{y[0]:.4f}"


def test_cells_without_the_band_are_not_drawn():
    assert sky_map([], [cell(0, 15.0)], "h").cells == ()


def test_many_scans_are_drawn_as_cells_alone():
    rows = [scan(i % 300, 0.0, number=i) for i in range(MOST_SCANS + 1)]
    drawn = sky_map(rows, [cell(number, 15.8) for number in range(120)], "j")
    assert drawn.patches == ()
    assert len(drawn.cells) == 120
    assert drawn.scans == MOST_SCANS + 1


def test_no_scan_is_an_empty_map():
    drawn = sky_map([], [], "j")
    assert (drawn.patches, drawn.cells) == ((), ())


def test_the_projection_has_equal_areas():
    """A small cell covers the same area of the page wherever it is on the sky."""
    side = 0.01
    areas = []
    for ra, decl in ((0.0, 0.0), (100.0, 60.0), (200.0, -85.0), (179.0, 30.0)):
        width = side / np.cos(np.radians(decl))
        x, y = hammer(np.array([ra, ra + width, ra]), np.array([decl, decl, decl + side]))
        areas.append(abs((x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0])))
    assert np.ptp(areas) / np.mean(areas) < 0.01
