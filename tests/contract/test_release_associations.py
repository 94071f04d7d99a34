"""Optical associations: nearest star, counts, direction from the optical source, proper motion, no catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.conftest import Database
from tests.worlds.release import Box, World, fresh_world

ARCSEC = 1 / 3600
# The night of the world is 1999-04-10.
YEARS_SINCE_1991_25 = 1999.270 - 1991.25
DECL = 60.0
STRETCH = 1 / np.cos(np.radians(DECL))

# name: place of the source (RA offset in arcsec on the sky, north in arcsec) and stars around it
# (east, north, epoch, pm_ra, pm_decl in mas a year, B, V); then a, dist_opt, phi_opt, b, v, nopt_mchs.
CASES: dict[str, tuple[list[tuple[float, ...]], tuple[Any, ...]]] = {
    "none": ([], ("0", None, None, None, None, 0)),
    "too far": ([(0, 5.05, 2000, 0, 0, 11.5, 10.9)], ("0", None, None, None, None, 0)),
    "just near enough": ([(0, 4.95, 2000, 0, 0, 11.5, 10.9)], ("T", 4.95, 180, 11.5, 10.9, 1)),
    "from the star to the source": ([(2.0, 0, 2000, 0, 0, 11.5, 10.9)], ("T", 2.0, 270, 11.5, 10.9, 1)),
    "the nearest of two": (
        [(0, -3, 2000, 0, 0, 12, 11), (1, 0, 2000, 0, 0, 9, 8)], ("T", 1.0, 270, 9.0, 8.0, 2),
    ),
    "without B": ([(0, -1, 2000, 0, 0, np.nan, 8)], ("T", 1.0, 0, None, 8.0, 1)),
    "moved here": (
        [(0, -1000e-3 * YEARS_SINCE_1991_25, 1991.25, 0, 1000, 9, 8)], ("T", 0.0, None, 9.0, 8.0, 1),
    ),
    "moved here in right ascension": (
        [(-2000e-3 * YEARS_SINCE_1991_25 - 1, 0, 1991.25, 2000, 0, 9, 8)], ("T", 1.0, 90, 9.0, 8.0, 1),
    ),
    "moved away": ([(0, 0, 1991.25, 0, 1000, 9, 8)], ("0", None, None, None, None, 0)),
}  # fmt: skip


@pytest.fixture(scope="module")
def rows(template_database: Database) -> Iterator[dict[str, tuple[Any, ...]]]:
    with fresh_world(template_database.cluster) as world:
        world.scan(world.run(), 1, Box(359.9, 360.3, 59.5, 60.5))
        catalogue = world.insert(
            "reference", "catalogue", "catalogue_id", name="tycho2", source="test", content_hash="c" * 64, stars=9,
            state="current",
        )  # fmt: skip
        keys, star = {}, 0
        for number, (name, (stars, _)) in enumerate(CASES.items()):
            # The second source lies across right ascension 0 from its star.
            ra, decl = (359.99 + 0.02 * number) % 360, DECL
            keys[name] = int(world.sources(1, ra, decl)[0])
            for east, north, epoch, pm_ra, pm_decl, blue, visual in stars:
                star += 1
                world.insert(
                    "reference", "star", "star_id", star_id=star, catalogue_id=catalogue,
                    ra=(ra + east * ARCSEC * STRETCH) % 360, decl=decl + north * ARCSEC, epoch_year=epoch,
                    pm_ra_mas_yr=pm_ra, pm_decl_mas_yr=pm_decl, bt_mag=None if np.isnan(blue) else blue, vt_mag=visual,
                )  # fmt: skip
        world.build()
        found = {
            row[0]: row[1:]
            for row in world.rows(
                "SELECT src_id, a, dist_opt, phi_opt, b_m_opt, vr_m_opt, nopt_mchs FROM release.psc"
            )
        }
        assert world.rows("SELECT optical_catalogue, trim(optical_hash) FROM release.release") == [
            ("tycho2", "c" * 64)
        ]
        yield {name: found[key] for name, key in keys.items()}


@pytest.mark.parametrize("case", CASES)
def test_case(rows: dict[str, tuple[Any, ...]], case: str) -> None:
    wanted, found = CASES[case][1], rows[case]
    for name, value, right in zip(("a", "dist", "phi", "b", "v", "n"), found, wanted, strict=True):
        if case == "moved here" and name == "phi":
            continue
        assert value == (pytest.approx(right, abs=0.02) if isinstance(right, float) else right), (name, found)


def test_without_a_catalogue_nobody_looked(database: Database) -> None:
    with database.connect() as connection:
        world = World(connection)
        world.scan(world.run(), 1, Box(10.0, 10.2, 0.0, 1.0))
        world.sources(1, 10.1, 0.5)
        world.build()
        assert world.rows("SELECT a, nopt_mchs, dist_opt FROM release.psc") == [(None, None, None)]
        assert world.rows("SELECT optical_catalogue FROM release.release") == [(None,)]
