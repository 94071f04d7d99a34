"""Artefacts across scans: what stars of other scans, and listed ones, leave; the second test of cc_flg."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg.types.json import Jsonb

from app.cli.main import run as mapps
from app.errors import ConflictError
from app.ingest.bright_stars import (
    COLUMNS,
    BrightStar,
    BrightStarError,
    load_bright_stars,
    read_bright_stars,
)
from app.models.release import PatchAction
from app.parameters.artefacts import ArtefactRules
from app.parameters.sections import ParameterSet
from app.releases.diff import diff_releases
from app.releases.explain import explain
from app.releases.patches import IdlePatchError, Patch
from tests.conftest import Database
from tests.worlds.release import Box, World, fresh_world
from workers.reduction.artefacts.halo import faintest_real
from workers.reduction.artefacts.marks import along
from workers.reduction.frames.uscan import UScan

ARCSEC = 1 / 3600
SCAN, OTHER = Box(10.0, 10.14, -0.6, 0.9), Box(10.126, 10.266, -0.6, 0.9)
STAR_RA = 10.135  # in both scans, extracted in the first
STAR: dict[str, Any] = {
    "rd_flg": b"333", "ph_qual": b"AAA", "j_m": 5.0, "h_m": 4.6, "k_m": 4.4,
    **{f"{band}_psfchi": np.nan for band in "jhk"},
}  # fmt: skip
FAINT = {"j_m": 16.5, "h_m": 16.1, "k_m": 15.9}
POOR = {f"{band}_psfchi": 5.0 for band in "jhk"}
# East and north of the row from the star, arcsec; its values; what becomes of it; its cc_flg if it is marked.
CASES: dict[str, tuple[float, float, dict[str, Any], str, str | None]] = {
    "on the northern spike": (0.0, 30.0, FAINT, "artefact", "DDD"),
    "on the eastern spikes": (30.0, 0.0, FAINT, "artefact", "DDD"),
    "within its width": (2.2, 30.0, FAINT, "artefact", "DDD"),
    "beside the spike": (2.6, 30.0, {}, "released", None),
    "between the spikes": (25.0, 25.0, {}, "released", None),
    "beyond the spike": (0.0, 69.0, {}, "released", None),
    "at the end of the spike": (0.0, 58.0, FAINT, "artefact", "DDD"),
    "a bright star on the spike": (0.0, 30.0, {"j_m": 11.0, "h_m": 10.6, "k_m": 10.4}, "released", None),
    "a star that the spike touches": (0.0, 30.0, {"j_m": 14.5, "h_m": 14.1, "k_m": 13.9}, "released", "ddd"),
    "a star of several bands not faint enough": (0.0, 30.0, {}, "released", "ddd"),
    "one band, as bright": (0.0, 30.0, {"rd_flg": b"200", "ndet": b"660000"}, "artefact", "D00"),
    "a star that one band shows": (0.0, 30.0, {"j_m": 16.2, "h_m": 10.6, "k_m": 10.4}, "released", "c00"),
    "deep in the halo": (12.0, 12.0, {"j_m": 17.5, "h_m": 17.0, "k_m": 16.8, **POOR}, "artefact", "CCC"),
    "touched by the halo": (12.0, 12.0, {}, "released", "ccc"),
    "touched, and a band persists": (12.0, 12.0, {"cc_flg": b"p0s"}, "released", "pcc"),
    "a band that is not detected": (
        0.0,
        30.0,
        {"rd_flg": b"202", "ndet": b"660066", **FAINT},
        "artefact",
        "D0D",
    ),
}


def _declination(number: int) -> float:
    return -0.5 + 0.075 * number


@pytest.fixture(scope="module")
def world(template_database: Database) -> Iterator[tuple[World, dict[str, int]]]:
    """A scan with a bright star for each case, and its neighbour with the row of each case."""
    with fresh_world(template_database.cluster) as world:
        run = world.run(parameters=ParameterSet().as_dict())
        world.scan(run, 1, SCAN)
        world.scan(run, 2, OTHER)
        keys = {}
        for number, (name, (east, north, values, _, _)) in enumerate(CASES.items()):
            decl = _declination(number)
            world.sources(1, STAR_RA, decl, **STAR)
            keys[name] = int(world.sources(2, STAR_RA + east * ARCSEC, decl + north * ARCSEC, **values)[0])
        # A star that both scans extracted: each has judged its own rows.
        decl = _declination(len(CASES))
        for scan in (1, 2):
            world.sources(scan, STAR_RA, decl, **STAR)
        keys["judged itself"] = int(world.sources(2, STAR_RA, decl + 30 * ARCSEC, **FAINT)[0])
        # A piece of a star beside the edge is not the star.
        decl = _declination(len(CASES) + 1)
        world.sources(1, STAR_RA, decl, **STAR)
        world.sources(2, STAR_RA, decl, j_m=9.0, h_m=8.6, k_m=8.4)
        keys["beside a piece"] = int(world.sources(2, STAR_RA, decl + 30 * ARCSEC, **FAINT)[0])
        # A star that the second scan did not see, beyond its edge, from a list.
        world.connection.commit()
        beyond = BrightStar("beyond", 10.266 + 20 * ARCSEC, 0.85, None, 1.0, 0.8)
        assert load_bright_stars(world.connection, [beyond]) == 1
        keys["listed"] = int(world.sources(2, beyond.ra - 40 * ARCSEC, beyond.decl)[0])
        keys["listed, H and Ks"] = int(
            world.sources(2, beyond.ra - 50 * ARCSEC, beyond.decl, rd_flg=b"022", ndet=b"006666")[0]
        )
        world.build("first")
        yield world, keys


def _verdict(world: World, release: str, key: int) -> str:
    query = (
        "SELECT trim(reason) FROM release.verdict JOIN release.release USING (release_id)"
        " WHERE name = %s AND src_id = %s"
    )
    return str(world.rows(query, release, key)[0][0])


def _marks(world: World, release: str) -> dict[int, tuple[str, bool]]:
    return {
        key: (letters, removed)
        for key, letters, removed in world.rows(
            "SELECT f.src_id, f.cc_flg, f.removed FROM release.artefact AS f JOIN release.release USING (release_id)"
            " WHERE name = %s",
            release,
        )
    }


@pytest.mark.parametrize("name", CASES)
def test_rows_beside_a_star_of_another_scan(world: tuple[World, dict[str, int]], name: str) -> None:
    fixture, keys = world
    *_, reason, letters = CASES[name]
    assert _verdict(fixture, "first", keys[name]) == reason
    expected = None if letters is None else (letters, reason == "artefact")
    assert _marks(fixture, "first").get(keys[name]) == expected
    released = fixture.rows("SELECT cc_flg FROM release.psc WHERE release_id = 1 AND src_id = %s", keys[name])
    before = CASES[name][2].get("cc_flg", b"000").decode()
    assert released == ([] if reason == "artefact" else [(letters or before,)])


def test_a_scan_that_has_the_star_has_judged_itself(world: tuple[World, dict[str, int]]) -> None:
    fixture, keys = world
    assert _verdict(fixture, "first", keys["judged itself"]) == "released"
    assert keys["judged itself"] not in _marks(fixture, "first")


def test_a_piece_of_the_star_is_not_the_star(world: tuple[World, dict[str, int]]) -> None:
    fixture, keys = world
    assert _marks(fixture, "first")[keys["beside a piece"]] == ("DDD", True)


def test_listed_stars_need_no_row(world: tuple[World, dict[str, int]]) -> None:
    fixture, keys = world
    # Of J nothing is known: what the row shows in J no spike explains.
    assert _marks(fixture, "first")[keys["listed"]] == ("0cc", False)
    assert _marks(fixture, "first")[keys["listed, H and Ks"]] == ("0DD", True)
    rows = fixture.rows(
        "SELECT parent_name, parent_src_id, distance_arcsec FROM release.artefact WHERE release_id = 1 AND src_id = %s",
        keys["listed"],
    )
    assert rows == [("beyond", None, pytest.approx(40.0, abs=0.01))]


def test_stars_themselves_stay(world: tuple[World, dict[str, int]]) -> None:
    fixture, _ = world
    query = "SELECT count(*) FROM release.psc WHERE release_id = 1 AND rd_flg = '333' AND cc_flg = '000'"
    # The apparition of the first scan is nearer to its edge: the one star that both have counts once.
    assert fixture.rows(query) == [(len(CASES) + 1,)]


def test_verdicts_tell_the_rule_and_stay_consistent(world: tuple[World, dict[str, int]]) -> None:
    fixture, keys = world
    (found,) = explain(fixture.connection, "first", src_id=keys["on the northern spike"])
    fixture.connection.commit()
    assert {rule.rule for rule in found.rules if rule.outcome == "failed"} == {"artefact"}
    assert found.sentence.startswith("A bright star of another scan, or of the list, explains it")
    for check in ("release_rules", "release_verdicts_match", "release_verdicts_complete"):
        text = (Path(__file__).parents[2] / "sql/checks" / f"{check}.sql").read_text(encoding="utf-8")
        assert fixture.rows(text) == []


def test_another_list_is_the_cause_of_its_differences(template_database: Database) -> None:
    with fresh_world(template_database.cluster) as world:
        world.scan(world.run(parameters=ParameterSet().as_dict()), 1, SCAN)
        world.sources(1, [10.05, 10.05], [0.4 + 40 * ARCSEC, 0.4 + 45 * ARCSEC], **FAINT)
        world.sources(1, 10.05, 0.4 + 50 * ARCSEC, j_m=16.5, h_m=8.0, k_m=8.0)
        world.build("without")
        load_bright_stars(world.connection, [BrightStar("new", 10.05, 0.4, 5.0, 4.6, 4.4)])
        world.build("with")
        hashes = world.rows("SELECT bright_star_hash IS NOT NULL FROM release.release ORDER BY release_id")
        assert hashes == [(False,), (True,)]
        found = diff_releases(world.connection, "without", "with", examples=0)
        world.connection.commit()
        # Two rows are gone, one has another letter; its neighbours went with the others.
        assert set(found.points.causes) == {
            ("only A", "reference catalogue", 2),
            ("changed", "reference catalogue", 1),
        }


def test_published_marks_do_not_change(world: tuple[World, dict[str, int]]) -> None:
    fixture, _ = world
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        fixture.connection.execute("DELETE FROM release.artefact")
    fixture.connection.rollback()


def test_a_patch_puts_an_artefact_back(world: tuple[World, dict[str, int]]) -> None:
    fixture, keys = world
    back = Patch(
        PatchAction.RESTORE, "run", None, keys["on the northern spike"], "ann", "seen in the optical"
    )
    out = Patch(PatchAction.DELETE, "run", keys["on the northern spike"], None, "ann", "a spike")
    with pytest.raises(IdlePatchError, match="the row is 'artefact'"):
        fixture.build("idle", patches=[out])
    fixture.build("mended", patches=[back])
    assert _verdict(fixture, "mended", keys["on the northern spike"]) == "released"
    assert keys["on the northern spike"] not in _marks(fixture, "mended")


def test_spikes_follow_the_north_of_the_scan_that_shows_them(template_database: Database) -> None:
    """Near a pole the meridian of a star stands askew to the frames: by 4 degrees here, 4 arcsec a minute out."""
    box = Box(96.0, 104.0, 88.9, 89.1)
    uscan = UScan.through(np.array([100.0]), np.array([89.0]))
    with fresh_world(template_database.cluster) as world:
        run = world.run(parameters=ParameterSet().as_dict())
        world.scan(run, 1, box)
        star = BrightStar("askew", 103.0, 89.0, 3.0, 2.6, 2.4)
        world.connection.commit()
        load_bright_stars(world.connection, [star])
        x, y = uscan.from_sky(np.array([star.ra]), np.array([star.decl]))
        places = [uscan.to_sky(x + dx, y + dy) for dx, dy in ((0.0, 90.0), (0.0, -90.0), (90.0, 0.0))]
        along_scan = [world.sources(1, ra, decl)[0] for ra, decl in places]
        meridian = world.sources(1, star.ra, star.decl + 90 * ARCSEC)[0]
        world.build("pole")
        assert [world.verdicts()[int(key)] for key in along_scan] == ["artefact"] * 3
        assert world.verdicts()[int(meridian)] == "released"


def test_relations_are_those_of_the_reduction(world: tuple[World, dict[str, int]]) -> None:
    fixture, _ = world
    rules = ArtefactRules()
    values = np.array([0.5, 2.0, 7.3, 25.0, 49.0, 300.0])
    query = "SELECT release.along(%s, v, %s::boolean) FROM unnest(%s::float8[]) AS v"
    got = [row[0] for row in fixture.rows(query, Jsonb(rules.halo.relation), "yes", values.tolist())]
    assert got == pytest.approx(faintest_real(values).tolist())
    got = [row[0] for row in fixture.rows(query, Jsonb(rules.spike.depth_mag), "no", values.tolist())]
    assert got == pytest.approx(along(rules.spike.depth_mag, values).tolist())
    query = "SELECT release.halo_reach(%s, release.along(%s, 17.0, true))"
    assert fixture.rows(query, *[Jsonb(rules.halo.relation)] * 2) == [(pytest.approx(17.0),)]


LINE = "alp Ori,88.79,7.41,-3.0,-4.0,-4.4"


def listed(path: Path, *lines: str) -> Path:
    path.write_text("\n".join((",".join(COLUMNS), *lines)) + "\n", encoding="utf-8")
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    expected = BrightStar("alp Ori", 88.79, 7.41, -3.0, -4.0, -4.4)
    assert read_bright_stars(listed(tmp_path / "b.csv", LINE, "x,1,2,,,4.5")) == (
        expected,
        BrightStar("x", 1.0, 2.0, None, None, 4.5),
    )


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((LINE.replace("88.79", "x"),), "line 2: ra 'x'"),
        ((LINE.replace("7.41", "99"),), "line 2: decl 99"),
        ((LINE.replace("-3.0", "nan"),), "line 2: j_mag nan"),
        ((LINE.replace("alp Ori", " "),), "line 2: no name"),
        (("x,1,2,,,",), r"line 2: magnitudes \[\]"),
        (("x,1,2,9,9,9",), r"line 2: magnitudes \[9.0, 9.0, 9.0\]"),
        ((LINE, LINE), "alp Ori twice"),
        ((), "no star"),
    ],
)
def test_faults_of_files_are_named(tmp_path: Path, lines: tuple[str, ...], told: str) -> None:
    with pytest.raises(BrightStarError, match=told):
        read_bright_stars(listed(tmp_path / "b.csv", *lines))


def test_the_command_and_changes_of_the_list(
    live_database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = listed(tmp_path / "b.csv", LINE)
    for told in ("1 very bright stars loaded, 0 stood there", "0 very bright stars loaded, 1 stood there"):
        assert mapps(["reference", "load", "--bright-stars", str(path)]) == 0
        assert told in capsys.readouterr().out
    assert mapps(["reference", "load", "--bright-stars", str(path), "--synthetic"]) == 2
    (star,) = read_bright_stars(path)
    with live_database.connect() as connection:
        with pytest.raises(ConflictError, match="alp Ori stands"):
            load_bright_stars(connection, [replace(star, h_mag=None)])
        assert load_bright_stars(connection, [replace(star, h_mag=None)], replace=True) == 1
        assert connection.execute("SELECT h_mag FROM reference.bright_star").fetchall() == [(None,)]
