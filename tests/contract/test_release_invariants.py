"""What must hold of any release (background/survey 10.4), on a crowded field of overlapping scans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from app.columns import PUBLISHED_PSC, Producer
from app.columns.column import names_by
from tests.conftest import Database
from tests.worlds.release import Box, World, fresh_world

ARCSEC = 1 / 3600
STARS = 1500
# Four scans that overlap by two and by three, across right ascension 0, at a declination where it is stretched.
BOXES = [Box(359.9 + 0.08 * i, 360.05 + 0.08 * i, 60.0, 60.3) for i in range(3)] + [
    Box(359.95, 360.15, 60.15, 60.45)
]

GIVEN_BY_THE_RELEASE = frozenset(names_by(PUBLISHED_PSC, Producer.RELEASE))


def _fill(world: World, order: list[int]) -> None:
    run = world.run()
    random = np.random.default_rng(11)
    ra, decl = random.uniform(359.9, 360.25, STARS), random.uniform(60.0, 60.45, STARS)
    # A third of the stars are pairs closer than 3 arcsec, so that some groups are confused.
    third = STARS // 3
    ra[:third] = ra[third : 2 * third] + random.uniform(-3, 3, third) * ARCSEC
    decl[:third] = decl[third : 2 * third] + random.uniform(-3, 3, third) * ARCSEC
    observed = {}
    for key, box in enumerate(BOXES, start=1):
        inside = (ra > box.west) & (ra < box.east) & (decl > box.south) & (decl < box.north)
        seen = inside & (random.random(STARS) < 0.85)
        jitter = random.normal(0, 0.15 * ARCSEC, (2, int(seen.sum())))
        snr = random.uniform(3, 40, int(seen.sum()))
        observed[key] = ((ra[seen] + 2 * jitter[0]) % 360, decl[seen] + jitter[1], snr)
    for key in order:
        world.scan(run, key, BOXES[key - 1])
        ra_seen, decl_seen, snr = observed[key]
        values = {
            f"{band}_{name}": value
            for band in "jhk"
            for name, value in (("snr", snr), ("msig", 1.0857 / snr))
        }
        world.sources(key, ra_seen, decl_seen, **values)


@pytest.fixture(scope="module")
def world(template_database: Database) -> Iterator[World]:
    with fresh_world(template_database.cluster) as world:
        _fill(world, [1, 2, 3, 4])
        world.build()
        yield world


def _columns(world: World, *names: str) -> list[np.ndarray[Any, Any]]:
    rows = world.rows(f"SELECT {', '.join(names)} FROM release.psc ORDER BY pts_key")
    return [np.array(values) for values in zip(*rows, strict=True)]


def _separations(ra: np.ndarray, decl: np.ndarray) -> np.ndarray:
    ra, decl = np.radians(ra), np.radians(decl)
    unit = np.stack([np.cos(decl) * np.cos(ra), np.cos(decl) * np.sin(ra), np.sin(decl)], axis=1)
    chord = np.linalg.norm(unit[:, None] - unit[None], axis=2)
    return np.degrees(2 * np.arcsin(np.minimum(1, chord / 2))) * 3600


def test_the_field_is_worth_testing(world: World) -> None:
    counts = dict(world.rows("SELECT 10 * use_src + dup_src, count(*) FROM release.psc GROUP BY 1"))
    assert set(counts) == {0, 10, 11, 12}
    assert min(counts.values()) > 20
    reasons = dict(world.rows("SELECT reason, count(*) FROM release.verdict GROUP BY 1"))
    assert {"released", "duplicate", "edge", "snr", "unseen_by_winner"} <= set(reasons)


def test_released_and_rejected_are_the_working_database(world: World) -> None:
    assert (
        world.rows(
            "SELECT 1 FROM wsdb.point_measurement AS p FULL JOIN release.verdict AS v USING (run_id, src_id)"
            " LEFT JOIN release.psc AS c USING (run_id, src_id)"
            " WHERE p.ra IS NULL OR v.reason IS NULL OR v.released <> (c.pts_key IS NOT NULL)"
        )
        == []
    )


def test_no_two_rows_of_different_scans_are_closer_than_the_match_radius(world: World) -> None:
    ra, decl, scan = _columns(world, "ra", "decl", "scan_key")
    close = _separations(ra, decl) < 2.0
    assert not (close & (scan[:, None] != scan[None])).any()


def test_neighbours(world: World) -> None:
    ra, decl, key, prox, pxpa, pxcntr = _columns(world, "ra", "decl", "pts_key", "prox", "pxpa", "pxcntr")
    apart = _separations(ra, decl)
    np.fill_diagonal(apart, np.inf)
    np.testing.assert_allclose(prox, apart.min(axis=1), rtol=1e-5)
    np.testing.assert_allclose(apart[np.arange(key.size), pxcntr - 1], apart.min(axis=1), rtol=1e-9)
    # The neighbour of a row may have a nearer one itself, never a farther one.
    assert (prox[pxcntr - 1] <= prox).all()
    east = (np.radians(ra[pxcntr - 1] - ra) + np.pi) % (2 * np.pi) - np.pi
    east *= np.cos(np.radians(decl))
    angle = np.degrees(np.arctan2(east, np.radians(decl[pxcntr - 1] - decl))) % 360
    assert (np.abs((pxpa - angle + 180) % 360 - 180) < 1.0).all()
    assert ((pxpa >= 0) & (pxpa < 360)).all()


def test_names_are_unique_and_truncated(world: World) -> None:
    ra, decl, name = _columns(world, "ra", "decl", "trim(designation)")
    assert len(set(name.tolist())) == name.size
    assert (ra == np.round(ra, 6)).all()
    assert (decl == np.round(decl, 6)).all()
    ra_micro, decl_micro = np.round(ra * 1e6).astype(int), np.round(decl * 1e6).astype(int)
    for r, d, text in zip(ra_micro, decl_micro, name, strict=True):
        seconds, arc = r * 24_000 // 1_000_000, abs(d) * 36_000 // 1_000_000
        wanted = f"{seconds // 360_000:02}{seconds // 6000 % 60:02}{seconds % 6000:04}"
        wanted += f"{'-' if d < 0 else '+'}{arc // 36_000:02}{arc // 600 % 60:02}{arc % 600:03}"
        assert text[:16] == wanted


def test_keys_count_along_the_sky(world: World) -> None:
    key, src_id = _columns(world, "pts_key", "src_id")
    assert key.tolist() == list(range(1, key.size + 1))
    assert (np.diff(src_id) > 0).all()


def test_every_row_obeys_the_rules(world: World) -> None:
    query = (
        "SELECT count(*) FROM release.psc AS c JOIN wsdb.point_measurement AS p USING (run_id, src_id)"
        " WHERE NOT (c.dist_edge_ns > 10 AND c.dist_edge_ew > 10 AND c.rd_flg ~ '[123]'"
        " AND (c.use_src = 1 OR c.dup_src = 0)"
        " AND (c.j_snr >= 7 OR p.j_msig <= 0.1551 OR c.j_snr >= 5 OR p.j_msig <= 0.2171))"
    )
    assert world.rows(query) == [(0,)]
    same = " OR ".join(
        f"c.{column.name} IS DISTINCT FROM p.{column.name}"
        for column in PUBLISHED_PSC
        if column.name not in GIVEN_BY_THE_RELEASE
    )
    query = (
        "SELECT count(*) FROM release.psc AS c JOIN wsdb.point_measurement AS p USING (run_id, src_id)"
        f" WHERE {same}"
    )
    assert world.rows(query) == [(0,)]


def test_images_are_three_a_number(world: World) -> None:
    rows = world.rows("SELECT scan_key, count(*), count(DISTINCT number) FROM release.atlas GROUP BY 1")
    assert [(images, numbers) for _, images, numbers in rows] == [(3, 1)] * len(BOXES)


def test_the_order_of_loading_does_not_matter(world: World, template_database: Database) -> None:
    query = (
        "SELECT scan_key, ra, decl, designation, pts_key, use_src, dup_src, prox, pxcntr FROM release.psc"
        " ORDER BY pts_key"
    )
    with fresh_world(template_database.cluster) as other:
        _fill(other, [3, 1, 4, 2])
        other.build()
        assert other.rows(query) == world.rows(query)
        # Images have hashes of their own in each world.
        hashes = (
            "SELECT product, partition, rows, sha256 FROM release.manifest"
            " WHERE product NOT IN ('atlas', 'stamp', 'img')"
            " ORDER BY 1, 2"
        )
        assert other.rows(hashes) == world.rows(hashes)
