"""Overlap duplicates: real and virtual apparitions, confused groups, close pairs within a scan (background/survey 5.4).

All cases lie in one release, far from each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.conftest import Database
from tests.worlds.release import Box, fresh_world

ARCSEC = 1 / 3600
# Scan 1 ends at 10.20, scan 2 begins at 10.15: a position at 10.16 is 144 arcsec inside the one, 36 inside the other.
# A third scan has 10.175 in its middle, but only north of declination 2.
WEST, EAST, MIDDLE = Box(10.0, 10.2, 0.0, 4.0), Box(10.15, 10.35, 0.0, 4.0), Box(10.1, 10.25, 2.0, 4.0)
AT_ZERO = Box(359.9, 360.1, 0.0, 1.0), Box(359.9667, 360.1667, 0.0, 1.0)
AT_POLE = Box(100.0, 130.0, 89.2, 89.9), Box(110.0, 140.0, 89.2, 89.9)
WITH_GAP = Box(50.0, 50.2, 0.0, 1.0), Box(50.15, 50.35, 0.0, 1.0)
UNSEEN = Box(50.0, 50.4, 0.45, 0.54)

# name: (scan, ra, decl, verdict, use_src, dup_src, other values); flags are None where the row is not released.
CASES: dict[str, list[tuple[int, float, float, str, int | None, int | None, dict[str, Any]]]] = {
    "the one farther from its edges wins": [
        (1, 10.16, 0.1, "released", 1, 1, {}),
        (2, 10.16, 0.1 + ARCSEC, "duplicate", None, None, {}),
    ],
    "also in the other scan": [
        (1, 10.19, 0.15, "duplicate", None, None, {}),
        (2, 10.19, 0.15 - 1.9 * ARCSEC, "released", 1, 1, {}),
    ],
    # Each was looked for by the other scan: the one that the geometry prefers has use_src 1, both are released.
    "two arcsec apart is another object": [
        (1, 10.16, 0.2, "released", 1, 0, {}),
        (2, 10.16, 0.2 + 2.01 * ARCSEC, "released", 0, 0, {}),
    ],
    "unseen by the better scan": [(1, 10.19, 0.25, "released", 0, 0, {})],
    "unseen by the worse scan": [(1, 10.16, 0.3, "released", 1, 0, {})],
    "in no overlap": [(1, 10.05, 0.35, "released", 1, 0, {})],
    "in the border of the other scan": [(1, 10.15 + 9 * ARCSEC, 0.4, "released", 1, 0, {"dist_edge_ew": 12})],
    "in its area": [(1, 10.15 + 15 * ARCSEC, 0.42, "released", 0, 0, {"dist_edge_ew": 12})],
    "a close pair in one scan": [
        (1, 10.05, 0.45, "released", 1, 0, {}),
        (1, 10.05, 0.45 + 1.2 * ARCSEC, "released", 1, 0, {}),
    ],
    "a confused group keeps all rows of the winning scan": [
        (1, 10.16, 0.5, "released", 1, 2, {}),
        (1, 10.16, 0.5 + 1.2 * ARCSEC, "released", 1, 2, {}),
        (2, 10.16, 0.5 + 0.6 * ARCSEC, "duplicate", None, None, {}),
    ],
    "the confused group the other way round": [
        (1, 10.19, 0.55, "duplicate", None, None, {}),
        (1, 10.19, 0.55 + 1.2 * ARCSEC, "duplicate", None, None, {}),
        (2, 10.19, 0.55 + 0.6 * ARCSEC, "released", 1, 2, {}),
    ],
    "equal distances go to the smaller scan": [
        (1, 10.175, 0.6, "released", 1, 1, {"dist_edge_ew": 90}),
        (2, 10.175, 0.6, "duplicate", None, None, {"dist_edge_ew": 90}),
    ],
    # The better-placed apparition is an artefact: the other one is the only real one, and the place was looked at.
    "rejected apparitions take no part": [
        (1, 10.19, 0.65, "released", 0, 0, {}),
        (2, 10.19, 0.65, "artefact", None, None, {"cc_flg": b"DDD"}),
    ],
    "a chain over three scans is one group": [
        (1, 10.175, 2.1, "duplicate", None, None, {}),
        (2, 10.175, 2.1 + 3 * ARCSEC, "duplicate", None, None, {}),
        (3, 10.175, 2.1 + 1.5 * ARCSEC, "released", 1, 1, {}),
    ],
    # By the published rule no apparition is released.
    "seen twice but not by the best scan": [
        (1, 10.175, 2.2, "unseen_by_winner", None, None, {}),
        (2, 10.175, 2.2, "unseen_by_winner", None, None, {}),
    ],
    "in a gap of its images nobody looked": [(4, 50.19, 0.5, "released", 1, 0, {})],
    "beside the gap somebody did": [(4, 50.19, 0.55, "released", 0, 0, {})],
    "across right ascension 0": [
        (6, 1e-7, 0.5, "released", 1, 1, {}),
        (7, 360 - 0.9 * ARCSEC, 0.5, "duplicate", None, None, {}),
    ],
    "near the pole": [
        (8, 115.0, 89.5, "released", 1, 1, {}),
        (9, 115.0 - 0.9 * ARCSEC / np.cos(np.radians(89.5)), 89.5, "duplicate", None, None, {}),
    ],
}


@pytest.fixture(scope="module")
def found(template_database: Database) -> Iterator[dict[str, list[tuple[Any, ...]]]]:
    """Verdict, use_src and dup_src of every row of every case."""
    with fresh_world(template_database.cluster) as world:
        run = world.run()
        boxes = (WEST, EAST, MIDDLE, *WITH_GAP, *AT_ZERO, *AT_POLE)
        for key, box in enumerate(boxes, start=1):
            world.scan(run, key, box, hole=UNSEEN if key == 5 else None)
        keys = {
            name: [int(world.sources(scan, ra, decl, **values)[0]) for scan, ra, decl, *_, values in rows]
            for name, rows in CASES.items()
        }
        world.build()
        rows = world.rows(
            "SELECT v.src_id, v.reason, p.use_src, p.dup_src, v.winner_src_id FROM release.verdict AS v"
            " LEFT JOIN release.psc AS p USING (release_id, run_id, src_id)"
        )
        by_key = {row[0]: row for row in rows}
        assert len(by_key) == sum(map(len, CASES.values()))
        yield {name: [by_key[key] for key in of_case] for name, of_case in keys.items()}


@pytest.mark.parametrize("case", CASES)
def test_case(found: dict[str, list[tuple[Any, ...]]], case: str) -> None:
    assert [row[1:4] for row in found[case]] == [row[3:6] for row in CASES[case]]


def test_losers_name_the_winner(found: dict[str, list[tuple[Any, ...]]]) -> None:
    for rows in found.values():
        released = [row[0] for row in rows if row[1] == "released"]
        for _, reason, _, _, winner in rows:
            assert (winner in released) if reason == "duplicate" else winner is None
