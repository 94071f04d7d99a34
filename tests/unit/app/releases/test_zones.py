"""Zones cover the sky, hold about as many rows each, and their margins hold what lies near."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from app.keys import SCAN_KEY_BITS, SEQUENCE_BITS
from app.releases.zones import ROWS_A_ZONE, ZonesError, cut_zones
from app.sky.directions import spherical, unit_vectors
from app.sky.healpix import pixel_number, source_identifiers

SKY = [(pixel, 100) for pixel in range(0, 12 << 16, 7)]


@pytest.mark.parametrize("zones", [1, 2, 7, 48, 331])
def test_zones_cover_the_sky_once_with_equal_shares(zones: int) -> None:
    cut = cut_zones(SKY, zones)
    assert len(cut) == zones
    assert cut[0].first == 0
    assert cut[-1].beyond == 12 << 16
    assert all(zone.beyond == after.first for zone, after in pairwise(cut))
    assert sum(zone.rows for zone in cut) == sum(rows for _, rows in SKY)
    assert max(zone.rows for zone in cut) - min(zone.rows for zone in cut) <= 200
    assert [zone.number for zone in cut] == list(range(zones))


def test_as_many_zones_as_the_rows_ask_for() -> None:
    assert len(cut_zones([])) == 1
    assert len(cut_zones([(5, 1000)])) == 1
    assert len(cut_zones([(pixel, ROWS_A_ZONE // 10) for pixel in range(50)])) == 5
    # A pixel is never cut.
    assert len(cut_zones([(5, 10 * ROWS_A_ZONE), (6, 1)])) == 2
    with pytest.raises(ZonesError, match="0 zones"):
        cut_zones([], 0)


def test_the_whole_sky_has_no_margin() -> None:
    (whole,) = cut_zones(SKY, 1)
    assert whole.margin == []
    assert whole.keys == (0, 12 << 59)


@pytest.mark.parametrize(
    ("ra", "decl"), [(0.0, 0.0), (45.0, 41.8), (0.0, 89.99), (180.0, -89.99), (315.0, -41.9), (10.0, 66.0)]
)
def test_what_lies_within_100_arcsec_is_in_the_zone_or_its_margin(ra: float, decl: float) -> None:
    """Around places where pixels meet or are squeezed: poles, corners of base cells, right ascension 0."""
    random = np.random.default_rng(3)
    centre = unit_vectors([ra], [decl])
    places = centre + random.normal(0, np.radians(0.4), (4000, 3))
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    near = places + np.radians(99.9 / 3600) * _across(places, random)
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    keys = source_identifiers(*spherical(places), scan_key=1)
    others = pixel_number(*spherical(near)) << (SCAN_KEY_BITS + SEQUENCE_BITS)
    pixels, counts = np.unique(pixel_number(*spherical(places), 8), return_counts=True)
    zones = cut_zones(list(zip(pixels.tolist(), counts.tolist(), strict=True)), 7)
    assert len(zones) > 2
    for zone in zones:
        low, high = zone.keys
        core = (keys >= low) & (keys < high)
        ranges = [zone.keys, *zone.margin]
        held = np.zeros(keys.size, np.bool_)
        for first, beyond in ranges:
            held |= (others >= first) & (others < beyond)
        assert held[core].all()
        # The margin is no more than it must be: what lies ten times as far is not in it.
        assert sum(beyond - first for first, beyond in zone.margin) < (12 << 59) * 0.001


def _across(places: np.ndarray, random: np.random.Generator) -> np.ndarray:
    sideways = np.cross(places, random.normal(0, 1, places.shape))
    return np.asarray(sideways / np.linalg.norm(sideways, axis=1, keepdims=True))


def test_axes_are_at_right_angles_and_in_the_middle_of_the_rows() -> None:
    for zone in cut_zones(SKY, 12):
        east, north = np.array(zone.axes)
        assert east @ north == pytest.approx(0.0, abs=1e-15)
        assert east @ east == pytest.approx(1.0)
        assert north @ north == pytest.approx(1.0)
        assert zone.first <= zone.middle < zone.beyond
