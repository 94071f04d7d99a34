"""Middle lines of scans: how segments are counted, what is beside them, and what turns offsets from scan to scan."""

from __future__ import annotations

import numpy as np
import pytest

from app.arrays import Doubles
from app.sky.directions import unit_vectors
from workers.steps.scan_lines import ScanLines

WIDE = np.array([0.07, -0.07, 0.07, -0.07])


def lines_of(*corners: tuple[Doubles, Doubles]) -> ScanLines:
    return ScanLines.of_corners(
        np.array([ra for ra, _ in corners]), np.array([decl for _, decl in corners]), 12
    )


def box(ra: float, south: float, north: float) -> tuple[Doubles, Doubles]:
    stretch = 1 / np.cos(np.radians(south))
    return (ra + WIDE * stretch) % 360.0, np.array([south, south, north, north])


OVER_THE_POLE = (np.array([34.0, 26.0, 206.0, 214.0]), np.full(4, 89.0))
ACROSS_IT = (np.array([124.0, 116.0, 296.0, 304.0]), np.full(4, 89.0))


def test_segments_are_half_a_degree_and_two_at_least() -> None:
    lines = lines_of(box(10.0, 0.0, 6.0), box(10.0, 20.0, 20.4), box(10.0, 20.0, 21.2), box(10.0, 70.0, 71.2))
    assert lines.count.tolist() == [12, 2, 3, 3]
    assert lines.segments.length_deg == pytest.approx([0.5, 0.2, 0.4, 0.4], abs=0.001)
    assert lines.segments.first.tolist() == [0, 12, 14, 17, 20]


def test_scans_far_from_the_equator_and_beside_0_h_are_directed() -> None:
    lines = lines_of(
        box(10.0, 59.0, 59.9), box(10.0, 59.0, 60.1), box(0.0, -6.0, 0.0), box(359.9, 10.0, 11.0), box(0.5, 10.0, 11.0)
    )  # fmt: skip
    assert lines.directed.tolist() == [False, True, True, True, False]


def test_places_run_from_end_to_end_and_east_is_across() -> None:
    for corners in (box(200.0, -20.0, -19.0), box(0.0, 10.0, 11.0), box(100.0, 80.0, 81.0), OVER_THE_POLE):
        lines = lines_of(corners)
        places = lines.places(np.zeros(4, np.int64), unit_vectors(*corners))
        count = lines.count[0]
        assert places.along == pytest.approx([0.0, 0.0, count, count], abs=0.01 * count)
        assert (places.across[[0, 2]] > 0).all()
        assert places.across[[0, 2]] == pytest.approx(-places.across[[1, 3]], rel=0.02)
    # The middle of a scan over the pole is the pole.
    pole = lines_of(OVER_THE_POLE).places(np.zeros(1, np.int64), unit_vectors([0.0], [90.0]))
    assert pole.along == pytest.approx([lines_of(OVER_THE_POLE).count[0] / 2])
    assert pole.across == pytest.approx([0.0], abs=1e-9)


def test_offsets_of_scans_that_cross_turn_to_each_other() -> None:
    lines = lines_of(OVER_THE_POLE, ACROSS_IT, box(30.0, 59.0, 59.8), box(30.0, 59.5, 60.5))
    random = np.random.default_rng(1)
    for first, second, direction in (
        (0, 1, unit_vectors([77.0, 250.0], [89.97, 89.96])),
        (1, 0, unit_vectors([77.0, 250.0], [89.97, 89.96])),
        (2, 3, unit_vectors([30.05, 29.95], [59.6, 59.7])),
    ):
        scans = np.full((2, 2), [[first], [second]])
        vector = random.standard_normal((2, 3))
        vector -= np.sum(vector * direction, axis=1, keepdims=True) * direction
        turn = lines.turn(scans[0], scans[1], direction)
        assert np.abs(turn) == pytest.approx(np.ones(2))
        seen = lines.seen(scans[0], direction, vector)
        assert np.abs(turn * lines.seen(scans[1], direction, vector) - seen).max() < 1e-12
        if first < 2:
            assert np.abs(np.degrees(np.angle(turn))) == pytest.approx(90.0, abs=0.1)


def test_east_and_north_are_those_of_the_sky() -> None:
    lines = lines_of(box(200.0, -20.0, -19.0))
    direction = unit_vectors([200.0], [-19.5])
    step = np.radians(1.0 / 3600)
    north = (unit_vectors([200.0], [-19.5 + 1 / 3600]) - direction) / step
    east = (unit_vectors([200.0 + 1 / 3600 / np.cos(np.radians(19.5))], [-19.5]) - direction) / step
    scan = np.zeros(1, np.int64)
    assert lines.seen(scan, direction, north) == pytest.approx([1j], abs=1e-5)
    assert lines.seen(scan, direction, east) == pytest.approx([1.0], abs=1e-5)
