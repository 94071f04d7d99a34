"""Patches: the three kinds of the survey, derived columns, replay, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.cli import output
from app.cli.main import run as mapps
from app.models.release import PatchAction, PatchedProduct
from app.releases.explain import explain
from app.releases.patches import (
    IdlePatchError,
    Patch,
    PatchFileError,
    parse_patches,
    patches_of,
    write_patches,
)
from app.releases.verify import require_equal, verify_release
from tests.conftest import Database
from tests.worlds.release import Box, World

ARCSEC = 1 / 3600
BAD_FITS = {f"{band}_psfchi": 30.0 for band in "jhk"}


@pytest.fixture
def world(live_database: Database) -> Iterator[tuple[World, dict[str, int]]]:
    """Stars of which each has something that people changed in 2002 (background/survey 5.2)."""
    with live_database.connect() as connection:
        world = World(connection)
        run = world.run()
        world.scan(run, 1, Box(10.0, 10.2, 0.0, 1.0))
        world.scan(run, 2, Box(10.15, 10.35, 0.0, 1.0))
        world.scan(run, 3, Box(10.0, 10.2, 0.0, 1.0), tile=1, noise=5.0)
        keys = {
            "hot pixel": world.sources(1, 10.05, 0.5, rd_flg=b"020", ndet=b"006600"),
            "its neighbour": world.sources(1, 10.05, 0.5 + 10 * ARCSEC),
            "far": world.sources(1, 10.05, 0.5 + 40 * ARCSEC),
            "close double": world.sources(1, 10.08, 0.5, **BAD_FITS),
            "winner": world.sources(1, 10.16, 0.5),
            "loser": world.sources(2, 10.16, 0.5),
            "edge": world.sources(1, 10.001, 0.5),
            "worse scan": world.sources(3, 10.12, 0.5),
        }
        connection.commit()
        yield world, {name: int(values[0]) for name, values in keys.items()}
    output.forget_mode()


def patch(
    keys: dict[str, int], removed: str | None = None, restored: str | None = None, run: str = "run"
) -> Patch:
    action = (
        PatchAction.REPLACE
        if removed and restored
        else PatchAction.DELETE
        if removed
        else PatchAction.RESTORE
    )
    return Patch(
        action,
        run,
        keys[removed] if removed else None,
        keys[restored] if restored else None,
        "ann",
        "as in 2002",
    )


def test_rows_are_taken_out_and_put_back_and_neighbours_follow(world: tuple[World, dict[str, int]]) -> None:
    fixture, keys = world
    fixture.build("plain")
    fixture.build("mended", patches=[patch(keys, "hot pixel"), patch(keys, restored="close double")])
    query = "SELECT src_id, prox FROM release.psc JOIN release.release USING (release_id) WHERE name = %s"
    plain, mended = dict(fixture.rows(query, "plain")), dict(fixture.rows(query, "mended"))
    assert mended.keys() - plain.keys() == {keys["close double"]}
    assert plain.keys() - mended.keys() == {keys["hot pixel"]}
    neighbour = keys["its neighbour"]
    assert (plain[neighbour], mended[neighbour]) == (pytest.approx(10, abs=2e-3), pytest.approx(30, abs=2e-3))
    verdicts = fixture.verdicts()
    assert (verdicts[keys["hot pixel"]], verdicts[keys["close double"]]) == ("patch", "released")
    (found,) = explain(fixture.connection, "mended", src_id=keys["hot pixel"])
    assert found.sentence == "A patch of the release takes it out."
    (found,) = explain(fixture.connection, "mended", src_id=keys["close double"])
    assert {rule.rule for rule in found.rules if rule.outcome == "failed"} == {"chi_squared"}
    require_equal("mended", verify_release(fixture.connection, "mended"))
    assert fixture.rows(
        "SELECT count(*) FROM wsdb.point_measurement AS p LEFT JOIN release.verdict AS v ON v.release_id = 2"
        " AND v.run_id = p.run_id AND v.src_id = p.src_id WHERE v.src_id IS NULL"
    ) == [(0,)]


def test_a_row_takes_the_place_of_another(world: tuple[World, dict[str, int]]) -> None:
    fixture, keys = world
    fixture.build("a", patches=[patch(keys, "hot pixel", "close double")])
    assert (fixture.verdicts()[keys["hot pixel"]], fixture.verdicts()[keys["close double"]]) == (
        "patch",
        "released",
    )


def test_who_lost_to_a_deleted_row_stays_out(world: tuple[World, dict[str, int]]) -> None:
    fixture, keys = world
    fixture.build("a", patches=[patch(keys, "winner")])
    assert (fixture.verdicts()[keys["winner"]], fixture.verdicts()[keys["loser"]]) == ("patch", "duplicate")


@pytest.mark.parametrize(
    ("removed", "restored", "run", "said"),
    [
        ("close double", None, "run", "'chi_squared'"),
        ("loser", None, "run", "'duplicate'"),
        (None, "edge", "run", "'edge'"),
        (None, "worse scan", "run", "'scan'"),
        (None, "loser", "run", "'duplicate'"),
        (None, "nobody", "run", "'no such extraction'"),
        ("hot pixel", "edge", "run", "to go is 'patch', the row to come 'edge'"),
        ("hot pixel", None, "other", "run 'other'; expected a parent run"),
    ],
)
def test_patches_that_do_nothing_are_refused(
    world: tuple[World, dict[str, int]], removed: str | None, restored: str | None, run: str, said: str
) -> None:
    fixture, keys = world
    with pytest.raises(IdlePatchError, match=said):
        fixture.build("a", patches=[patch(keys | {"nobody": 5}, removed, restored, run)])
    assert fixture.rows("SELECT count(*) FROM release.release") == [(0,)]


def test_patches_are_written_down_and_replayed(
    world: tuple[World, dict[str, int]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fixture, keys = world
    given = [patch(keys, "hot pixel"), patch(keys, restored="close double")]
    fixture.build("first", patches=given)
    assert list(patches_of(fixture.connection, "first")) == given
    fixture.connection.commit()
    assert mapps(["release", "patches", "first"]) == 0
    file = tmp_path / "first.csv"
    file.write_text(capsys.readouterr().out)
    words = ["release", "build", "second", "--run", "run", "--nominal", "--patch", str(file)]
    assert mapps(words) == 0
    hashes = fixture.rows(
        "SELECT product, partition, count(DISTINCT sha256), count(*) FROM release.manifest GROUP BY 1, 2"
    )
    assert {row[2:] for row in hashes} == {(1, 2)}
    with pytest.raises(Exception, match="never changes"):
        fixture.connection.execute("UPDATE release.patch SET reason = 'another'")


@pytest.fixture
def galaxies(world: tuple[World, dict[str, int]]) -> tuple[World, dict[str, int]]:
    """Extended sources besides: two scans that see one, a noisy one, one at the edge, one of a worse scan."""
    fixture, _ = world
    places = {
        "piece": (1, 10.07, 0.3, {}),
        "whole": (1, 10.07, 0.3 + 20 * ARCSEC, {"k_msig_7": 0.9}),
        "winner": (1, 10.16, 0.2, {}),
        "loser": (2, 10.16, 0.2, {}),
        "edge": (1, 10.0015, 0.3, {}),
        "worse scan": (3, 10.12, 0.3, {}),
    }
    keys = {
        name: int(fixture.extended(scan, ra, decl, **values)[0])
        for name, (scan, ra, decl, values) in places.items()
    }
    fixture.connection.commit()
    return fixture, keys


def extended_patch(keys: dict[str, int], removed: str | None = None, restored: str | None = None) -> Patch:
    return replace(patch(keys, removed, restored), product=PatchedProduct.EXTENDED)


def extended_verdicts(fixture: World) -> dict[int, str]:
    return dict(
        fixture.rows(
            "SELECT ext_id, trim(reason) FROM release.extended_verdict"
            " WHERE release_id = (SELECT max(release_id) FROM release.release)"
        )
    )


def test_extended_rows_are_deleted_restored_and_replaced(galaxies: tuple[World, dict[str, int]]) -> None:
    fixture, keys = galaxies
    fixture.build("plain")
    assert extended_verdicts(fixture)[keys["whole"]] == "snr"
    fixture.build("deleted", patches=[extended_patch(keys, "winner")])
    verdicts = extended_verdicts(fixture)
    # Who lost to it stays out.
    assert (verdicts[keys["winner"]], verdicts[keys["loser"]]) == ("patch", "duplicate")
    fixture.build("restored", patches=[extended_patch(keys, restored="whole")])
    assert extended_verdicts(fixture)[keys["whole"]] == "released"
    fixture.build("replaced", patches=[extended_patch(keys, "piece", "whole")])
    verdicts = extended_verdicts(fixture)
    assert (verdicts[keys["piece"]], verdicts[keys["whole"]]) == ("patch", "released")
    query = "SELECT ext_id, ext_key FROM release.xsc JOIN release.release USING (release_id) WHERE name = %s"
    plain, replaced = dict(fixture.rows(query, "plain")), dict(fixture.rows(query, "replaced"))
    assert plain.keys() ^ replaced.keys() == {keys["piece"], keys["whole"]}
    # Keys are made anew, along the sky.
    assert [replaced[key] for key in sorted(replaced)] == list(range(1, len(replaced) + 1))
    require_equal("replaced", verify_release(fixture.connection, "replaced"))
    fixture.connection.commit()
    for check in ("release_rules", "release_extended_verdicts_match", "release_extended_verdicts_complete"):
        text = (Path(__file__).parents[2] / "sql/checks" / f"{check}.sql").read_text(encoding="utf-8")
        assert fixture.rows(text) == []
    (found,) = explain(fixture.connection, "replaced", src_id=keys["piece"])
    assert found.sentence == "It fails the rule: no patch takes it out."


@pytest.mark.parametrize(
    ("removed", "restored", "said"),
    [
        ("whole", None, "'snr'"),
        ("loser", None, "'duplicate'"),
        (None, "edge", "'edge'"),
        (None, "worse scan", "'scan'"),
        (None, "loser", "'duplicate'"),
        (None, "nobody", "'no such extraction'"),
    ],
)
def test_patches_of_extended_rows_that_do_nothing_are_refused(
    galaxies: tuple[World, dict[str, int]], removed: str | None, restored: str | None, said: str
) -> None:
    fixture, keys = galaxies
    with pytest.raises(IdlePatchError, match=said):
        fixture.build("a", patches=[extended_patch(keys | {"nobody": 5}, removed, restored)])


def test_patches_of_extended_rows_are_replayed_from_their_file(
    galaxies: tuple[World, dict[str, int]],
) -> None:
    fixture, keys = galaxies
    given = [extended_patch(keys, "piece", "whole")]
    fixture.build("first", patches=given)
    text = write_patches(patches_of(fixture.connection, "first"))
    fixture.connection.commit()
    assert list(parse_patches(text)) == given
    with pytest.raises(PatchFileError, match="product 'img'"):
        parse_patches(text.replace(",xsc", ",img"))
    # Files of before have points alone.
    old = "action,run,removed_src_id,restored_src_id,person,reason\ndelete,run,5,,ann,a glint\n"
    assert [item.product for item in parse_patches(old)] == [PatchedProduct.POINTS]
