"""Regions of images as rows and columns, searches as queries, identifiers as parts."""

from __future__ import annotations

import numpy as np
import pytest

from app.access.images.cutout import OutsideError, box_of, circle_outline, numbers, stretched
from app.access.images.image import UnknownImageError, split_name
from app.access.images.links import links_document
from app.access.images.region import regions_of
from app.access.images.sia2 import position, query_of
from app.access.parameters import ParameterError, Parameters
from app.sky.projection import SinProjection

PROJECTION = SinProjection.from_rotation(10.0, 60.0, 50.0, 40.0, -1 / 3600, 1 / 3600)


@pytest.mark.parametrize("decl", [-90.0, -30.0, 0.0, 89.9])
def test_a_circle_is_everywhere_as_far(decl):
    ra, around = circle_outline(200.0, decl, 0.5)
    a, b = np.radians(around), np.radians(decl)
    apart = np.arccos(
        np.clip(np.sin(a) * np.sin(b) + np.cos(a) * np.cos(b) * np.cos(np.radians(ra - 200.0)), -1, 1)
    )
    assert np.degrees(apart) == pytest.approx(0.5, abs=1e-6)


def test_a_box_holds_the_pixels_of_a_circle():
    rows, columns = box_of(PROJECTION, (80, 100), circle_outline(10.0, 60.0, 5 / 3600))
    assert (rows, columns) == (slice(35, 46), slice(45, 56))
    assert box_of(PROJECTION, (80, 100), circle_outline(10.0, 60.0, 1.0)) == (slice(0, 80), slice(0, 100))


@pytest.mark.parametrize("place", [(11.0, 60.0), (190.0, -60.0)])
def test_outside_is_told(place):
    with pytest.raises(OutsideError):
        box_of(PROJECTION, (80, 100), circle_outline(*place, 5 / 3600))


def test_shades():
    pixels = np.random.default_rng(3).normal(100, 2, (20, 30)).astype(np.float32)
    pixels[2, 3], pixels[5, 5] = 5000, np.nan
    shades = stretched(pixels)
    assert shades.shape == (20, 30)
    assert shades[17, 3] == 255
    assert 50 < np.median(shades) < 90
    assert not stretched(np.full((2, 2), np.nan, np.float32)).any()


@pytest.mark.parametrize("text", ["", "1 2", "1 2 x", "1 2 nan", "1 2 3 4"])
def test_numbers(text):
    assert numbers("1 2 3", "CIRCLE", (3,)) == [1.0, 2.0, 3.0]
    with pytest.raises(ParameterError):
        numbers(text, "CIRCLE", (3,))


@pytest.mark.parametrize(
    "name", ["", "first/1", "first/x/j", "first/1/q", "../first/1/j", "ivo://other?first/1/j", "First/1/j"]
)
def test_identifiers(name):
    assert split_name("first/12/k") == split_name("ivo://mapps/atlas?first/12/k") == ("first", 12, "k")
    with pytest.raises(UnknownImageError):
        split_name(name)


def test_regions_of_cut_outs():
    (circle,) = regions_of(Parameters.of([("CIRCLE", "361 2 0.5")]))
    assert (circle.name, circle.ra, circle.decl) == ("CIRCLE 361 2 0.5", 1.0, 2.0)
    assert len(circle.outline[0]) == 72
    first, second = regions_of(Parameters.of([("pos", "POLYGON 1 2 3 4 5 6"), ("polygon", "359 0 1 0 0 1")]))
    ra, decl = second.outline
    assert first.ra == 0.0, "360 is 0"
    assert first.decl == pytest.approx(1 / 3, abs=1e-4)
    assert (ra.tolist(), decl.tolist()) == ([1, 3, 5], [2, 4, 6])


def test_a_search_as_a_query():
    text = query_of(
        Parameters.of(
            [("POS", "CIRCLE 1 2 3"), ("POS", "CIRCLE 4 5 6"), ("BAND", "1e-6 2e-6"), ("TARGET", "it's")]
        )
    )
    assert (
        "((1 = INTERSECTS(CIRCLE(1.0, 2.0, 3.0), s_region)) OR (1 = INTERSECTS(CIRCLE(4.0, 5.0, 6.0), s_region)))"
        in text
    )
    assert "((em_max >= 1e-06 AND em_min <= 2e-06))" in text
    assert "target_name = 'it''s'" in text
    assert query_of(Parameters.of([])) == "SELECT * FROM ivoa.obscore ORDER BY obs_publisher_did"
    assert "POLYGON(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)" in position("polygon 1 2 3 4 5 6")


def test_links_are_escaped():
    text = links_document([("a&b", "", "", "<", "", "", "", "")], "http://x").decode()
    assert "<TD>a&amp;b</TD>" in text
    assert 'name="ID"' in text
    assert 'ID="ID"' in text
