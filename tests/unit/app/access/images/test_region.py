"""Regions of cut-outs, as a client writes them."""

from __future__ import annotations

import pytest

from app.access.images.region import regions_of
from app.access.parameters import ParameterError, Parameters


def test_regions_of_cut_outs():
    [circle] = regions_of(Parameters.of([("CIRCLE", "361 2 0.5")]))
    assert (circle.name, circle.ra, circle.decl) == ("CIRCLE 361 2 0.5", 1.0, 2.0)
    assert len(circle.outline[0]) == 72
    [polygon] = regions_of(Parameters.of([("pos", "POLYGON 1 2 3 4 5 6")]))
    ra, decl = polygon.outline
    assert (ra.tolist(), decl.tolist()) == ([1, 3, 5], [2, 4, 6])
    assert (polygon.ra, polygon.decl) == pytest.approx((3.0, 4.0), abs=0.01)


def test_several_regions_stay_in_their_order():
    found = regions_of(
        Parameters.of([("CIRCLE", "1 2 0.5"), ("CIRCLE", "3 4 0.5"), ("POS", "circle 5 6 0.1")])
    )
    assert [region.ra for region in found] == [1.0, 3.0, 5.0]


@pytest.mark.parametrize(
    ("text", "middle", "west"),
    [("1 3 4 6", 2.0, 1.0), ("359 1 4 6", 0.0, 359.0), ("359 361 4 6", 0.0, 359.0)],
)
def test_a_range_is_bounded_by_its_sides(text, middle, west):
    """Declination stays along its sides, as great circles would not; right ascension may go over 0."""
    [region] = regions_of(Parameters.of([("POS", f"range {text}")]))
    assert (region.ra, region.decl) == (middle, 5.0)
    ra, decl = region.outline
    offsets = (ra - west) % 360
    assert (offsets.min(), offsets.max(), decl.min(), decl.max()) == (0.0, 2.0, 4.0, 6.0)
    assert {(0.0, 4.0), (2.0, 4.0), (0.0, 6.0), (2.0, 6.0)} <= set(
        zip(offsets.tolist(), decl.tolist(), strict=True)
    )
    assert ((offsets == 0) | (offsets == 2) | (decl == 4) | (decl == 6)).all()


def test_a_polygon_over_right_ascension_zero_has_its_middle_there():
    [polygon] = regions_of(Parameters.of([("POLYGON", "359 -1 1 -1 1 1 359 1")]))
    assert min(polygon.ra, 360.0 - polygon.ra) < 1e-6
    assert polygon.decl == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CIRCLE", "1 2"), ("CIRCLE", "1 91 0.1"), ("CIRCLE", "1 2 9"), ("CIRCLE", "1 2 nan"), ("CIRCLE", "a b c"),
        ("POLYGON", "1 2 3 4"), ("POLYGON", "1 2 3 4 5"), ("POS", "RANGE 1 2 3"), ("POS", "RANGE 1 2 4 3"),
        ("POS", "RANGE 0 11 0 1"), ("POS", "RANGE 0 1 89 91"), ("POS", "BOX 1 2 3 4"),
    ],
)  # fmt: skip
def test_impossible_regions_are_refused(name, text):
    with pytest.raises(ParameterError):
        regions_of(Parameters.of([(name, text)]))
