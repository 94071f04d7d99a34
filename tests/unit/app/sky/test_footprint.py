"""Footprints against geometry done the slow way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sky.coverage import bounding_corners, common_corners, middle_of
from app.sky.directions import separation_deg, unit_vectors
from app.sky.footprint import Corners, _signed_distances, contains, edge_distances
from app.sky.projection import SinProjection
from app.sky.shapes import SPolygon

ARCSEC = 1.0 / 3600.0
# Places where naive geometry breaks: equator, RA 0, high declination, both sides of a pole.
CENTRES = [(10.0, 0.0), (0.0, 30.0), (359.99, -45.0), (200.0, 85.0), (77.0, 89.0), (300.0, -89.5)]


def box(ra: float, decl: float, width: float = 512.0, height: float = 1024.0, turn: float = 0.0):
    """Corners, once around, of an image-like box."""
    plane = SinProjection.from_rotation(ra, decl, 0.0, 0.0, -ARCSEC, ARCSEC, turn)
    x = np.array([0.5, -0.5, -0.5, 0.5]) * width
    y = np.array([-0.5, -0.5, 0.5, 0.5]) * height
    return [tuple(map(float, corner)) for corner in np.transpose(plane.to_sky(x, y))]


def plane_of(centre: tuple[float, float]) -> SinProjection:
    return SinProjection(*centre, 0.0, 0.0, ((-ARCSEC, 0.0), (0.0, ARCSEC)))


def brute_distance(point, first, second) -> float:
    """Least angle between a point and densely sampled points of the great circle through two others."""
    a, b, p = (unit_vectors(*position) for position in (first, second, point))
    across = b - (a @ b) * a
    across /= np.linalg.norm(across)
    best, span = 0.0, np.pi
    for _ in range(6):
        angles = best + np.linspace(-span, span, 2001)
        circle = np.cos(angles)[:, None] * a + np.sin(angles)[:, None] * across
        best = float(angles[np.argmax(circle @ p)])
        span /= 500.0
    nearest = np.cos(best) * a + np.sin(best) * across
    return float(np.arctan2(np.linalg.norm(np.cross(nearest, p)), nearest @ p) / np.radians(ARCSEC))


@pytest.mark.parametrize("centre", CENTRES)
def test_edge_distances_are_those_to_great_circles(centre):
    corners = bounding_corners([box(*centre)])
    rng = np.random.default_rng(4)
    plane = plane_of(centre)
    ra, decl = plane.to_sky(rng.uniform(-250.0, 250.0, 8), rng.uniform(-500.0, 500.0, 8))
    ns, ew, flags = edge_distances(ra, decl, corners)
    for i, point in enumerate(zip(ra, decl, strict=True)):
        edges = {
            "s": brute_distance(point, corners.south_west, corners.south_east),
            "n": brute_distance(point, corners.north_west, corners.north_east),
            "e": brute_distance(point, corners.south_east, corners.north_east),
            "w": brute_distance(point, corners.south_west, corners.north_west),
        }
        flag = "".join((min("ns", key=edges.__getitem__), min("ew", key=edges.__getitem__)))
        assert flags[i].decode() == flag
        assert 0.0 <= min(edges["n"], edges["s"]) - ns[i] < 1.0 + 1e-3
        assert 0.0 <= min(edges["e"], edges["w"]) - ew[i] < 1.0 + 1e-3


@pytest.mark.parametrize("centre", CENTRES)
def test_outside_is_negative(centre):
    corners = bounding_corners([box(*centre)])
    plane = plane_of(centre)
    # 20 arcsec beyond the west, east, south and north edge; x runs to the west
    ra, decl = plane.to_sky([276.0, -276.0, 0.0, 0.0], [0.0, 0.0, -532.0, 532.0])
    ns, ew, flags = edge_distances(ra, decl, corners)
    assert list(contains(corners, ra, decl)) == [False] * 4
    assert [flag.decode() for flag in flags[:2]] == [flags[0].decode()[0] + "w", flags[1].decode()[0] + "e"]
    assert [flag.decode()[0] for flag in flags[2:]] == ["s", "n"]
    assert list(ew[:2]) == [-20, -20] or list(ew[:2]) == [-21, -21]
    assert all(value in {-20, -21} for value in ns[2:])


def test_types_and_empty_input():
    corners = bounding_corners([box(0.0, 0.0)])
    ns, ew, flags = edge_distances(np.zeros(0), np.zeros(0), corners)
    assert (ns.dtype, ew.dtype, flags.dtype) == (np.int32, np.int32, np.dtype("S2"))
    assert ns.shape == ew.shape == flags.shape == (0,)


def test_distances_at_a_flag_shape():
    corners = bounding_corners([box(0.0, 0.0)])
    ns, ew, flags = edge_distances([0.01, 359.99], [0.1, -0.1], corners)
    assert [flag.decode() for flag in flags] == ["ne", "sw"]
    assert list(ns) == [152, 152]
    assert list(ew) == [220, 220]


def test_corners_are_found_whichever_way_an_image_lies():
    for turn in (0.0, 3.0, 90.0, 180.0, -90.0):
        corners = bounding_corners([box(0.0, 20.0, 500.0, 500.0, turn)])
        west, east = corners.south_west, corners.south_east
        assert west[0] > 350.0
        assert east[0] < 10.0
        assert corners.north_east[1] > corners.south_east[1]
        assert corners.north_west[1] > corners.south_west[1]


@pytest.mark.parametrize("centre", CENTRES)
def test_one_image_is_its_own_area(centre):
    image = box(*centre)
    corners = bounding_corners([image])
    for corner in corners.as_tuple():
        assert min(separation_deg(corner, other) for other in image) < 1e-3 * ARCSEC


def test_polygon_goes_once_around():
    corners = bounding_corners([box(0.0, 0.0)])
    area = SPolygon.through(corners.around())
    assert area.positions == corners.around()
    # Once around, counterclockwise seen from outside: every corner turns to the same side.
    vectors = unit_vectors(*np.transpose(area.positions))
    turns = [
        np.linalg.det([vectors[i], vectors[(i + 1) % 4], vectors[(i + 2) % 4]]) for i in range(len(vectors))
    ]
    assert min(turns) > 0.0


def test_missing_corner_is_refused():
    with pytest.raises(ValueError, match="south-west"):
        Corners((1.0, 1.0), (None, None), (1.0, 2.0), (0.0, 2.0))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no area"):
        Corners((1.0, 1.0), (0.0, 1.0), (1.0, float("nan")), (0.0, 2.0))


@settings(max_examples=40, deadline=None)
@given(
    ra=st.floats(0.0, 359.999),
    decl=st.floats(-88.0, 88.0),
    images=st.integers(1, 6),
    shift=st.floats(-3.0, 3.0),
)
def test_bounding_holds_every_image(ra, decl, images, shift):
    tall = [
        box((ra + i * shift * ARCSEC) % 360.0, min(decl + i * 970.0 * ARCSEC, 89.9)) for i in range(images)
    ]
    corners = bounding_corners(tall)
    points = np.array(tall).reshape(-1, 2)
    assert contains(corners, points[:, 0], points[:, 1]).all()
    # The area is not much larger than the images: 970 arcsec apart, 1024 high.
    assert (
        separation_deg(corners.south_west, corners.north_west) * 3600.0 < 1024.0 + 970.0 * (images - 1) + 60.0
    )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-5.0, 5.0), st.floats(-30.0, 30.0), st.floats(-0.2, 0.2)), min_size=2, max_size=3
    ),
    st.sampled_from(CENTRES),
)
def test_common_area_lies_inside_every_band(offsets, centre):
    plane = plane_of(centre)
    bands = {}
    for letter, (dx, dy, turn) in zip("jhk", offsets, strict=False):
        ra, decl = (float(value) for value in plane.to_sky(dx, dy))
        bands[letter] = [box(ra, decl, turn=turn)]
    common = common_corners(bands)
    assert common is not None
    ra, decl = np.transpose(common.as_tuple())
    for images in bands.values():
        band = bounding_corners(images)
        ns, ew, _ = edge_distances(ra, decl, band)
        # Corners of the inner area lie on edges of the outer ones: rounded down, -1 stands for that.
        assert (ns >= -1).all()
        assert (ew >= -1).all()


def test_common_area_is_the_smaller_band():
    large, small = box(0.0, 10.0), box(0.0, 10.0, 400.0, 900.0)
    common = common_corners({"j": [large], "k": [small]})
    assert common is not None
    for corner in common.as_tuple():
        assert min(separation_deg(corner, other) for other in small) < 1e-3 * ARCSEC


def test_bands_apart_share_nothing():
    assert common_corners({"j": [box(0.0, 10.0)], "k": [box(0.0, 11.0)]}) is None
    assert common_corners({"j": [box(0.0, 10.0)], "k": [box(1.0, 10.0)]}) is None


def test_six_degree_scan_of_many_frames():
    frames = [box(0.0, -30.0 + i * 83.25 * ARCSEC, 512.0, 512.0) for i in range(260)]
    corners = bounding_corners(frames)
    assert separation_deg(corners.south_west, corners.north_west) * 3600.0 == pytest.approx(
        259 * 83.25 + 512, abs=1
    )
    # Great circles through the corners bow by less than half an arc second over 6 degrees.
    assert separation_deg(corners.south_west, corners.south_east) * 3600.0 == pytest.approx(512.0, abs=1.0)
    assert corners.centre[1] == pytest.approx(-30.0 + 259 / 2 * 83.25 * ARCSEC, abs=ARCSEC)


def test_middle_across_right_ascension_zero():
    ra, decl = middle_of([box(0.0, 0.0)])
    assert min(ra, 360.0 - ra) < 1e-9
    assert decl == pytest.approx(0.0, abs=1e-9)


def test_columns_count_from_the_south_east() -> None:
    corners = Corners((1.0, 2.0), (3.0, 4.0), (5.0, 6.0), (7.0, 8.0))
    assert corners.columns() == {
        "ra_1": 1.0, "dec_1": 2.0, "ra_2": 3.0, "dec_2": 4.0, "ra_3": 5.0, "dec_3": 6.0, "ra_4": 7.0, "dec_4": 8.0,
    }  # fmt: skip


@pytest.mark.parametrize(("slack", "outside"), [(0.0, 0.0), (0.5, 0.5), (1.0, 0.8), (5.0, 0.8)])
def test_ragged_ends_lie_outside_by_the_slack_at_most(slack: float, outside: float) -> None:
    """Every other image lies 1.6" farther east: a side in their middle leaves 0.8" of these outside."""
    images = [box(150.0 + 1.6 * ARCSEC * (i % 2), i * 970 * ARCSEC) for i in range(9)]
    corners = bounding_corners(images, slack)
    assert corners == common_corners({"j": images}, slack)
    corner = np.array([image[j] for image in images for j in range(4)])
    south, east, north, west = np.moveaxis(_signed_distances(*corner.T, corners), -1, 0)
    # Great circles of sides and meridians of images differ by 0.1" over 2.4 degrees.
    assert east.min() == pytest.approx(-outside, abs=0.1)
    assert west.min() == pytest.approx(-outside, abs=0.1)
    assert [south.min(), north.min()] == pytest.approx([0.0, 0.0], abs=0.01)
