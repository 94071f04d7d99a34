"""The overlaps of scans as `sql/steps/overlaps.sql` draws them, beside brute force over the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from app.db.statements import statement
from app.parameters.solution import SolutionParameters
from tests.conftest import Database
from tests.worlds.release import Box, World, fresh_world, key_of
from tests.worlds.star_pairs import SharedStars, shared_stars

ARCSEC = 1 / 3600
STARS = 2500
# Three that overlap by pairs across right ascension 0, where it is stretched, and one that overlaps none.
BOXES = [Box(359.9 + 0.1 * i, 360.05 + 0.1 * i, 60.0, 60.3) for i in range(3)] + [Box(20.0, 20.2, 60.0, 60.3)]
OFFSETS = {1: 0.0, 2: 0.031, 3: -0.022, 4: 0.1}
DEPTH = {1: 15.6, 2: 15.1, 3: 15.4, 4: 15.4}
"""Magnitudes of SNR 20; the second scan is shallow."""
PARAMETERS = SolutionParameters()


def measured(random: np.random.Generator, number: int, magnitude: np.ndarray) -> dict[str, Any]:
    """Measurements of stars on a scan: noise and signal of its depth, a tenth spoilt in one way or another."""
    values: dict[str, Any] = {}
    size = magnitude.size
    for band, colour in zip("jhk", (0.0, -0.5, -0.6), strict=True):
        noise = 1 / 20 * 10 ** (0.4 * (magnitude - DEPTH[number]))
        seen = magnitude + random.normal(0, np.hypot(noise, 0.01))
        values[f"{band}_m"] = seen + colour - OFFSETS[number]
        values[f"{band}_snr"] = 20 * 10 ** (-0.4 * (seen - DEPTH[number]))
        values[f"{band}_psfchi"] = random.uniform(0.8, 1.55, size)
    values["x_scan"] = random.uniform(-256, 256, size)
    for name, usual, other in (
        ("rd_flg", b"222", b"242"),
        ("bl_flg", b"111", b"112"),
        ("cc_flg", b"000", b"s00"),
    ):
        values[name] = np.where(random.random(size) < 0.03, other, usual)
    return values


@pytest.fixture(scope="module")
def world(template_database: Database) -> Iterator[World]:
    with fresh_world(template_database.cluster) as world:
        random = np.random.default_rng(5)
        run = world.run()
        ra = np.append(random.uniform(359.9, 360.25, STARS), random.uniform(20.0, 20.2, 50))
        decl = random.uniform(60.0, 60.3, ra.size)
        magnitude = 16.0 + np.log10(random.uniform(1e-4, 1, ra.size)) / 0.4
        for number, box in enumerate(BOXES, start=1):
            world.scan(run, number, box)
            inside = (ra > box.west) & (ra < box.east) & (decl > box.south) & (decl < box.north)
            place = random.normal(0, 0.2 * ARCSEC, (2, int(inside.sum())))
            values = measured(random, number, magnitude[inside])
            world.sources(number, (ra[inside] + 2 * place[0]) % 360, decl[inside] + place[1], **values)
        galaxy = world.points[run, 1][0][-40:]
        world.extended(1, galaxy["ra"], galaxy["decl"])
        world.connection.commit()
        yield world


def found(world: World, **changed: Any) -> list[SharedStars]:
    """Rows of the statement for all scans of the world."""
    values = {
        "run_id": world.runs["run"],
        "attempt_ids": [attempt for _, attempt, _ in world.scans.values()],
        "scan_keys": [key_of(number) for number in world.scans],
        **{name: getattr(PARAMETERS, f"overlap_{name}") for name in ("snr", "psfchi", "edge_arcsec")},
        **{name: getattr(PARAMETERS, f"overlap_{name}") for name in ("match_arcsec", "least_stars")},
    } | changed
    rows = world.connection.execute(statement("steps/overlaps"), values).fetchall()
    world.connection.commit()
    return [SharedStars(*row) for row in rows]


def test_the_statement_finds_what_brute_force_finds(world: World) -> None:
    rows = np.concatenate([part for parts in world.points.values() for part in parts])
    extended = np.array([src_id for (src_id,) in world.rows("SELECT src_id FROM wsdb.extended_source")])
    expected = shared_stars(rows, PARAMETERS, extended)
    drawn = found(world)
    assert [row[:4] for row in drawn] == [row[:4] for row in expected]
    # Two pairs of scans; the third has no stars in common.
    assert [(row.scan_a, row.scan_b, row.band) for row in drawn] == [
        (key_of(a), key_of(b), band) for a, b in ((1, 2), (2, 3)) for band in "hjk"
    ]
    for row, wanted in zip(drawn, expected, strict=True):
        assert row[4:10] == pytest.approx(wanted[4:10], abs=2e-5)
        assert row.kept_back == wanted.kept_back > 0
        assert row.held_out_mag == pytest.approx(wanted.held_out_mag, abs=1e-9)
    assert shared_stars(rows, PARAMETERS) != expected


def test_medians_are_the_differences_of_zero_points(world: World) -> None:
    """The second scan is shallower by half a magnitude: chosen by their own signal its faint stars would be bright."""
    for row in found(world):
        a, b = row.scan_a & 1023, row.scan_b & 1023
        true = OFFSETS[b] - OFFSETS[a]
        assert row.delta_mag == pytest.approx(true, abs=4 * row.scatter_mag / np.sqrt(row.stars))
        assert 0.01 < row.scatter_mag < 0.06
        assert row.held_out_mag == pytest.approx(true, abs=5 * row.scatter_mag / np.sqrt(row.kept_back))


def test_the_order_of_scans_and_rows_does_not_matter(world: World) -> None:
    turned = {
        "attempt_ids": [attempt for _, attempt, _ in reversed(world.scans.values())],
        "scan_keys": [key_of(number) for number in reversed(world.scans)],
    }
    expected = found(world)
    assert found(world, **turned) == expected
    world.connection.execute("SET enable_hashjoin = off")
    world.connection.execute("SET enable_sort = on")
    try:
        assert found(world) == expected
    finally:
        world.connection.execute("RESET ALL")


@pytest.mark.parametrize(
    ("name", "value"), [("snr", 40.0), ("psfchi", 1.2), ("edge_arcsec", 100.0), ("match_arcsec", 0.2)]
)
def test_every_limit_leaves_stars_out(world: World, name: str, value: float) -> None:
    usual, less = (sum(row.stars for row in rows) for rows in (found(world), found(world, **{name: value})))
    assert less < 0.9 * usual


def test_few_stars_and_scans_left_out_make_no_row(world: World) -> None:
    assert found(world, least_stars=10_000) == []
    assert found(world, attempt_ids=[world.scans[1][1]], scan_keys=[key_of(1)]) == []
