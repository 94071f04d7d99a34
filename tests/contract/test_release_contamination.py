"""gal_contam: which point rows are the entry of a large galaxy, and which lie in its light."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.conftest import Database
from tests.worlds.release import Box, fresh_world

ARCSEC = 1 / 3600
RADIUS, RATIO, ANGLE = 20.0, 0.5, 30.0
# A tenth beyond the isophote counts: 22" along the major axis and 11" across it; pairs just inside and just outside.
AROUND = {
    "along, in": (21.8, ANGLE, 2),
    "along, out": (22.2, ANGLE, 0),
    "back, in": (21.8, ANGLE + 180.0, 2),
    "across, in": (10.9, ANGLE + 90.0, 2),
    "across, out": (11.1, ANGLE + 90.0, 0),
    "across and back, out": (11.1, ANGLE - 90.0, 0),
    "mirrored": (15.0, -ANGLE, 0),
}
PLACES = {
    "equator": (10.1, 0.5),
    "over RA 0": (0.0, 0.5),
    "far north": (10.1, 80.0),
    "far south": (10.1, -80.0),
}


def _offset(ra: float, decl: float, distance_arcsec: float, angle_deg: float) -> tuple[float, float]:
    """The place at a distance and position angle (north over east) from another."""
    north = distance_arcsec * np.cos(np.radians(angle_deg)) * ARCSEC
    east = distance_arcsec * np.sin(np.radians(angle_deg)) * ARCSEC
    return (ra + east / np.cos(np.radians(decl + north))) % 360.0, decl + north


@pytest.fixture(scope="module", params=list(PLACES))
def contamination(request: pytest.FixtureRequest, template_database: Database) -> Iterator[dict[str, int]]:
    """gal_contam of each row of a release with one large galaxy, a small one and a poor one, by name."""
    ra, decl = PLACES[request.param]
    wide = 0.3 / np.cos(np.radians(decl))
    with fresh_world(template_database.cluster) as world:
        world.scan(world.run(), 1, Box(ra - wide, ra + wide, decl - 0.4, decl + 0.4))
        keys = {"galaxy": world.sources(1, ra, decl)}
        for name, (distance, angle, _) in AROUND.items():
            keys[name] = world.sources(1, *_offset(ra, decl, distance, angle))
        for name, north in (("small", 0.1), ("unmeasured", -0.1)):
            keys[name] = world.sources(1, ra, decl + north)
            keys[f"beside {name}"] = world.sources(1, *_offset(ra, decl + north, 5.0, 0.0))
        world.extended(1, ra, decl, r_3sig=RADIUS, k_ba=RATIO, k_phi=ANGLE)
        world.extended(1, ra, decl + 0.1, r_3sig=9.9)
        world.extended(1, ra, decl - 0.1, r_3sig=np.nan)
        world.build()
        found = dict(world.rows("SELECT src_id, gal_contam FROM release.psc"))
        yield {name: found[int(src_id[0])] for name, src_id in keys.items()}


def test_the_entry_of_a_galaxy_is_one_and_its_knots_are_two(contamination: dict[str, int]) -> None:
    wanted = {name: flag for name, (_, _, flag) in AROUND.items()}
    assert {name: contamination[name] for name in wanted} == wanted
    assert contamination["galaxy"] == 1


def test_small_and_unmeasured_galaxies_contaminate_nothing(contamination: dict[str, int]) -> None:
    for name in ("small", "beside small", "unmeasured", "beside unmeasured"):
        assert contamination[name] == 0, name


@pytest.mark.parametrize(("shape", "inside"), [
    ({"k_ba": np.nan, "k_phi": np.nan, "h_ba": RATIO, "h_phi": ANGLE}, 2),
    ({"k_ba": np.nan, "k_phi": np.nan, "j_ba": RATIO, "j_phi": ANGLE}, 2),
    ({"k_ba": np.nan, "k_phi": np.nan}, 3),
])  # fmt: skip
def test_the_shape_comes_from_the_next_band_that_has_one(
    template_database: Database, shape: dict[str, float], inside: int
) -> None:
    with fresh_world(template_database.cluster) as world:
        world.scan(world.run(), 1, Box(10.0, 10.2, 0.0, 1.0))
        for distance, angle in ((0.0, 0.0), (15.0, ANGLE), (15.0, ANGLE + 90.0)):
            world.sources(1, *_offset(10.1, 0.5, distance, angle))
        world.extended(1, 10.1, 0.5, r_3sig=RADIUS, **shape)
        world.build()
        # Without any shape the galaxy is round.
        assert world.rows("SELECT count(*) FROM release.psc WHERE gal_contam > 0") == [(inside,)]


def test_of_two_galaxies_a_row_that_is_one_itself_stays_one(template_database: Database) -> None:
    with fresh_world(template_database.cluster) as world:
        world.scan(world.run(), 1, Box(10.0, 10.2, 0.0, 1.0))
        places = [_offset(10.1, 0.5, distance, 0.0) for distance in (0.0, 15.0)]
        for place in places:
            world.sources(1, *place)
        world.extended(1, *zip(*places, strict=True), r_3sig=RADIUS, k_ba=1.0)
        world.build()
        assert world.rows("SELECT gal_contam FROM release.psc") == [(1,), (1,)]
