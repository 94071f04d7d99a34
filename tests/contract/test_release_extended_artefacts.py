"""Extended sources that stars of other scans, and listed ones, leave or touch: judged by their point sources."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from app.ingest.bright_stars import BrightStar, load_bright_stars
from app.models.release import PatchAction, PatchedProduct
from app.parameters.sections import ParameterSet
from app.releases.explain import explain
from app.releases.patches import Patch
from tests.conftest import Database
from tests.worlds.release import Box, World, fresh_world

ARCSEC = 1 / 3600
SCAN, OTHER = Box(10.0, 10.14, -0.6, 0.9), Box(10.126, 10.266, -0.6, 0.9)
STAR_RA = 10.135  # in both scans, extracted in the first
STAR: dict[str, Any] = {
    "rd_flg": b"333", "ph_qual": b"AAA", "j_m": 5.0, "h_m": 4.6, "k_m": 4.4,
    **{f"{band}_psfchi": np.nan for band in "jhk"},
}  # fmt: skip
FAINT = {"j_m": 16.5, "h_m": 16.1, "k_m": 15.9}
MISFIT = {f"{band}_psfchi": 20.0 for band in "jhk"}
# East and north of the row from the star, arcsec; its point source; what becomes of it; its letter if it is marked.
CASES: dict[str, tuple[float, float, dict[str, Any] | None, str, str | None]] = {
    "on a spike": (0.0, 30.0, FAINT, "artefact", "D"),
    "its point source is no candidate": (0.0, 30.0, FAINT | MISFIT, "artefact", "D"),
    "without a point source": (0.0, 30.0, None, "released", None),
    "beside the spike": (6.0, 30.0, FAINT, "released", "c"),
    "between the spikes": (40.0, 40.0, FAINT, "released", None),
    "a bright galaxy on the spike": (0.0, 30.0, {"j_m": 11.0, "h_m": 10.6, "k_m": 10.4}, "released", None),
    "a galaxy that the spike touches": (0.0, 55.0, {"j_m": 14.5, "h_m": 14.1, "k_m": 13.9}, "released", "d"),
    "deep in the halo": (12.0, 12.0, {"j_m": 17.5, "h_m": 17.0, "k_m": 16.8, **MISFIT}, "artefact", "C"),
}


def _declination(number: int) -> float:
    return -0.5 + 0.075 * number


@pytest.fixture(scope="module")
def world(template_database: Database) -> Iterator[tuple[World, dict[str, int]]]:
    """A scan with a bright star for each case, and its neighbour with the galaxy of each case."""
    with fresh_world(template_database.cluster) as world:
        run = world.run(parameters=ParameterSet().as_dict())
        world.scan(run, 1, SCAN)
        world.scan(run, 2, OTHER)
        keys = {}
        for number, (name, (east, north, values, _, _)) in enumerate(CASES.items()):
            decl = _declination(number)
            ra = STAR_RA + east * ARCSEC
            world.sources(1, STAR_RA, decl, **STAR)
            if values is not None:
                world.sources(2, ra, decl + north * ARCSEC, **values)
            keys[name] = int(world.extended(2, ra, decl + north * ARCSEC)[0])
        # A star that both scans extracted: each has judged its own rows.
        decl = _declination(len(CASES))
        for scan in (1, 2):
            world.sources(scan, STAR_RA, decl, **STAR)
        world.sources(2, STAR_RA, decl + 30 * ARCSEC, **FAINT)
        keys["judged itself"] = int(world.extended(2, STAR_RA, decl + 30 * ARCSEC)[0])
        # A star beyond the edge of the second scan, from a list.
        world.connection.commit()
        beyond = BrightStar("beyond", 10.266 + 20 * ARCSEC, 0.85, 1.4, 1.0, 0.8)
        load_bright_stars(world.connection, [beyond])
        world.sources(2, beyond.ra - 40 * ARCSEC, beyond.decl, **FAINT)
        keys["listed"] = int(world.extended(2, beyond.ra - 40 * ARCSEC, beyond.decl)[0])
        world.build("first")
        yield world, keys


def _verdict(world: World, release: str, key: int) -> str:
    query = (
        "SELECT trim(reason) FROM release.extended_verdict JOIN release.release USING (release_id)"
        " WHERE name = %s AND ext_id = %s"
    )
    return str(world.rows(query, release, key)[0][0])


def _marks(world: World, release: str) -> dict[int, tuple[str, bool]]:
    query = (
        "SELECT f.ext_id, f.cc_flg, f.removed FROM release.extended_artefact AS f"
        " JOIN release.release USING (release_id) WHERE name = %s"
    )
    return {key: (letter, removed) for key, letter, removed in world.rows(query, release)}


@pytest.mark.parametrize("name", CASES)
def test_extended_sources_beside_a_star_of_another_scan(
    world: tuple[World, dict[str, int]], name: str
) -> None:
    fixture, keys = world
    *_, reason, letter = CASES[name]
    assert _verdict(fixture, "first", keys[name]) == reason
    expected = None if letter is None else (letter, reason == "artefact")
    assert _marks(fixture, "first").get(keys[name]) == expected
    released = fixture.rows("SELECT cc_flg FROM release.xsc WHERE release_id = 1 AND ext_id = %s", keys[name])
    assert released == ([] if reason == "artefact" else [(letter or "0",)])


def test_a_scan_that_has_the_star_has_judged_itself(world: tuple[World, dict[str, int]]) -> None:
    fixture, keys = world
    assert _verdict(fixture, "first", keys["judged itself"]) == "released"
    assert keys["judged itself"] not in _marks(fixture, "first")


def test_listed_stars_need_no_row(world: tuple[World, dict[str, int]]) -> None:
    fixture, keys = world
    assert _marks(fixture, "first")[keys["listed"]] == ("D", True)
    query = (
        "SELECT parent_name, parent_src_id, distance_arcsec FROM release.extended_artefact WHERE ext_id = %s"
    )
    assert fixture.rows(query, keys["listed"])[0] == ("beyond", None, pytest.approx(40.0, abs=0.01))


def test_verdicts_tell_the_rule_and_stay_consistent(world: tuple[World, dict[str, int]]) -> None:
    fixture, keys = world
    # A point source may have the number of an extended one.
    *_, found = explain(fixture.connection, "first", src_id=keys["on a spike"])
    fixture.connection.commit()
    assert found.facts["ext_id"] == keys["on a spike"]
    assert found.sentence.startswith("A bright star of another scan, or of the list, explains it")
    assert '30.0" away' in found.sentence
    assert {rule.rule for rule in found.rules if rule.outcome == "failed"} == {"artefact"}
    for check in sorted((Path(__file__).parents[2] / "sql/checks").glob("*extended*.sql")):
        assert fixture.rows(check.read_text(encoding="utf-8").replace("%", "%%")) == [], check.stem


def test_published_marks_do_not_change(world: tuple[World, dict[str, int]]) -> None:
    fixture, _ = world
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        fixture.connection.execute("DELETE FROM release.extended_artefact")
    fixture.connection.rollback()


def test_a_patch_puts_an_artefact_back(world: tuple[World, dict[str, int]]) -> None:
    fixture, keys = world
    key = keys["on a spike"]
    back = Patch(
        PatchAction.RESTORE, "run", None, key, "ann", "seen in the optical", product=PatchedProduct.EXTENDED
    )
    fixture.build("mended", patches=[back])
    assert _verdict(fixture, "mended", key) == "released"
    assert key not in _marks(fixture, "mended")
    assert _verdict(fixture, "mended", keys["deep in the halo"]) == "artefact"


def test_without_rules_nothing_is_marked(template_database: Database) -> None:
    with fresh_world(template_database.cluster) as world:
        world.scan(world.run(), 1, SCAN)
        world.connection.commit()
        load_bright_stars(world.connection, [BrightStar("new", 10.05, 0.4, 5.0, 4.6, 4.4)])
        world.sources(1, 10.05, 0.4 + 40 * ARCSEC, **FAINT)
        key = int(world.extended(1, 10.05, 0.4 + 40 * ARCSEC)[0])
        world.build("first")
        assert _marks(world, "first") == {}
        assert _verdict(world, "first", key) == "released"
