"""A release names the photometric solutions that its magnitudes were made by, and is refused without them."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from astropy.io import fits

from app.errors import StoredFileError
from app.formats.atlas import write_atlas
from app.instruments.bands import Band
from app.releases.catalogue import release_facts
from app.releases.explain import explain
from app.releases.export import export_release
from app.releases.fitness import (
    STRICT,
    Allowances,
    EmptyReleaseError,
    RetiredSolutionError,
    UncalibratedError,
    nothing_released,
)
from app.releases.products import PRODUCTS, read_chunks, with_lengths
from app.releases.verify import verify_release
from app.settings import get_settings
from app.store.store import Store
from tests.conftest import Database
from tests.unit.app.formats.test_atlas import KEYWORDS
from tests.unit.app.formats.test_atlas import planes as atlas_planes
from tests.worlds.release import GOOD, Box, World, fresh_world, key_of
from tests.worlds.solutions import ZeroPoint, adopt, make_solution

NOMINAL = Allowances(nominal=True)
TOTALS = {f"{b}_msigcom": float(np.hypot(0.021, 0.1)) for b in "jhk"}
X_SCAN = 128.0
SHIFT = ZeroPoint(0.06, 0.012, -0.008, 0.004)
OTHER = ZeroPoint(-0.03, 0.0, 0.0, 0.02)
HASHES = (
    "SELECT product, partition, rows, sha256 FROM release.manifest JOIN release.release USING (release_id)"
    " WHERE name = %s ORDER BY 1, 2"
)


@pytest.fixture
def world(template_database: Database) -> Iterator[World]:
    """A run with two scans of two tiles, a star of each on the nominal scale, and a galaxy."""
    with fresh_world(template_database.cluster) as made:
        run = made.run()
        for number in (1, 2):
            west = 10.0 + number
            made.scan(run, number, Box(west, west + 0.2, 0.0, 1.0))
            made.sources(number, west + 0.1, 0.5, x_scan=X_SCAN, **TOTALS)
        made.extended(1, 11.1, 0.8)
        made.connection.commit()
        yield made


def solve(world: World, zero_point: ZeroPoint, *numbers: int, **options: Any) -> int:
    """Make a solution of these scans, both unless told, and let the night adopt it."""
    run_id, attempt, _ = world.scans[1]
    keys = {key_of(number): zero_point for number in numbers or (1, 2)}
    solution = make_solution(world.connection, run_id, attempt, keys, **options)
    adopt(world.connection, run_id, solution)
    world.connection.commit()
    return solution


def test_magnitudes_are_calibrated_and_the_solution_is_named(world: World) -> None:
    solution = solve(world, SHIFT)
    summary = world.build(allow=STRICT)
    wanted = {"atlas": 6, "psc": 2, "xsc": 1, "stamp": 1, "scn": 2, "img": 2}
    assert {name: summary.products[name] for name in wanted} == wanted
    wanted = SHIFT.at(X_SCAN)
    assert abs(wanted) > 0.05, "nominal magnitudes would do"
    for j, k, aperture, total, own in world.rows(
        "SELECT j_m, k_m, j_m_stdap, j_msigcom, j_cmsig FROM release.psc"
    ):
        assert j == pytest.approx(GOOD["j_m"] + wanted, abs=2e-6)
        assert k == pytest.approx(GOOD["k_m"] + wanted, abs=2e-6)
        assert aperture == pytest.approx(GOOD["j_m_stdap"] + wanted, abs=2e-6)
        assert total == pytest.approx(np.hypot(own, SHIFT.error_mag), rel=1e-4)
    assert world.rows("SELECT k_m_7 FROM release.xsc") == [
        (pytest.approx(13.0 + SHIFT.offset_mag, abs=2e-6),)
    ]
    named = world.rows("SELECT night_id, solution_id FROM release.solution")
    assert named == [(key_of(1) >> 10, solution)]
    [shown] = release_facts(world.connection, "first").solutions
    assert (shown["solution_id"], shown["state"], shown["run"]) == (solution, "accepted", "run")


def test_the_atlas_list_has_calibrated_zero_points_with_their_errors(world: World) -> None:
    solve(world, SHIFT)
    world.build(allow=STRICT)
    product = with_lengths(world.connection, PRODUCTS["atlas"], 1)
    atlas = np.concatenate(list(read_chunks(world.connection, product, 1)))
    assert atlas.size == 6
    np.testing.assert_allclose(atlas["zero_point_mag"], 20.0 + SHIFT.offset_mag, atol=2e-6)
    np.testing.assert_allclose(atlas["zero_point_error_mag"], SHIFT.error_mag, rtol=1e-6)


def _with_files(world: World, store: Store) -> None:
    """Give every image of the world a file of its own, whose header has the nominal zero point."""
    for image_id, band in world.rows("SELECT image_id, band FROM wsdb.atlas_measurement ORDER BY 1"):
        buffer = io.BytesIO()
        image = replace(atlas_planes(peak=4000.0 + image_id), band=Band(band), zero_point_mag=20.0)
        write_atlas(buffer, image, KEYWORDS)
        stored = store.put(buffer.getvalue(), "atlas", ".fits")
        world.connection.execute(
            "UPDATE wsdb.atlas_measurement SET url = %s, sha256 = %s WHERE image_id = %s",
            (stored.name, stored.sha256, image_id),
        )
    world.connection.commit()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("MAPPS_STORE_URL", str(tmp_path / "store"))
    get_settings.cache_clear()
    yield Store()
    get_settings.cache_clear()


def _exported(world: World, output: Path) -> dict[str, bytes]:
    """Files of the export of the Atlas images of release `first`, by their names in the manifest."""
    files = export_release(world.connection, "first", "images", output)
    world.connection.commit()
    manifest = json.loads((output / "first.images.manifest.json").read_text())["files"]
    assert [file["sha256"] for file in manifest] == [file.sha256 for file in files]
    return {file["file"]: (output / file["file"]).read_bytes() for file in manifest}


def test_exported_images_have_the_calibrated_zero_point(world: World, store: Store, tmp_path: Path) -> None:
    _with_files(world, store)
    solution = solve(world, SHIFT)
    world.build(allow=STRICT)
    [digest] = world.rows("SELECT content_hash FROM calibration.solution WHERE solution_id = %s", solution)[0]
    listed = world.rows("SELECT coadd_key, band, url, sha256 FROM release.atlas ORDER BY 1, 2")
    files = _exported(world, tmp_path / "out")
    assert list(files) == [f"first.images/first-{key}-{band}.fits" for key, band, _, _ in listed]
    for content, (_, _, url, sha256) in zip(files.values(), listed, strict=True):
        with fits.open(io.BytesIO(content), checksum=True) as hdus:
            header = hdus["ATLAS"].header
            assert header["MAGZP"] == pytest.approx(20.0 + SHIFT.offset_mag, abs=2e-6)
            assert header["MZPERR"] == pytest.approx(SHIFT.error_mag, rel=1e-6)
            assert (header["MAGZPNOM"], header["RELEASE"]) == (20.0, "first")
            assert header["SOLUTION"] == digest[:16]
            assert "calibrated" in header.comments["MAGZP"]
        # The file of the store stays as it was published.
        assert hashlib.sha256(store.path_of(url).read_bytes()).hexdigest() == sha256
    assert _exported(world, tmp_path / "again") == files


def test_exported_images_of_a_nominal_release_claim_no_calibration(
    world: World, store: Store, tmp_path: Path
) -> None:
    _with_files(world, store)
    world.build(allow=NOMINAL)
    for content in _exported(world, tmp_path / "out").values():
        with fits.open(io.BytesIO(content), checksum=True) as hdus:
            header = hdus["ATLAS"].header
            assert (header["MAGZP"], header["RELEASE"]) == (20.0, "first")
            assert "nominal" in header.comments["MAGZP"]
            assert "SOLUTION" not in header


def test_an_image_that_was_changed_since_is_refused(world: World, store: Store, tmp_path: Path) -> None:
    _with_files(world, store)
    world.build(allow=NOMINAL)
    [(url,)] = world.rows("SELECT url FROM release.atlas ORDER BY coadd_key, band LIMIT 1")
    with store.path_of(url).open("ab") as stream:
        stream.write(bytes(2880))
    with pytest.raises(StoredFileError, match="SHA-256"):
        _exported(world, tmp_path / "out")


def test_a_release_stays_as_it_was_drawn(world: World) -> None:
    first = solve(world, SHIFT)
    [source] = world.rows("SELECT src_id FROM wsdb.point_source WHERE scan_key = %s", key_of(1))
    world.build("first", allow=STRICT)
    again = solve(world, OTHER)
    world.build("second", allow=STRICT)
    assert all(part.equal for name in ("first", "second") for part in verify_release(world.connection, name))
    drawn = dict(world.rows("SELECT release_id, min(j_m) FROM release.psc GROUP BY 1"))
    assert drawn[1] == pytest.approx(GOOD["j_m"] + SHIFT.at(X_SCAN), abs=2e-6)
    assert drawn[2] == pytest.approx(GOOD["j_m"] + OTHER.offset_mag, abs=2e-6)
    for name, solution, magnitude in (("first", first, drawn[1]), ("second", again, drawn[2])):
        [told] = explain(world.connection, name, src_id=source[0])
        assert told.facts["solution_id"] == solution
        assert told.facts["j_m"] == pytest.approx(magnitude, abs=2e-6)
    world.connection.commit()
    for change in ("UPDATE release.solution SET solution_id = 1", "DELETE FROM release.solution"):
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="never changes"):
            world.connection.execute(change)
        world.connection.rollback()


def test_the_same_zero_points_under_another_key_give_the_same_hashes(world: World) -> None:
    solve(world, SHIFT, content="a" * 64)
    world.build("first", allow=STRICT)
    solve(world, SHIFT, content="a" * 64)
    world.build("again", allow=STRICT)
    solve(world, OTHER, content="b" * 64)
    world.build("other", allow=STRICT)
    hashes = {name: world.rows(HASHES, name) for name in ("first", "again", "other")}
    assert hashes["first"] == hashes["again"]
    assert hashes["first"] != hashes["other"]
    assert [row[0] for row in world.rows("SELECT solution_id FROM release.solution ORDER BY release_id")] == [
        1,
        2,
        3,
    ]
    contents = world.rows("SELECT content_hash FROM release.solution ORDER BY release_id")
    assert contents == [("a" * 64,), ("a" * 64,), ("b" * 64,)]


def test_a_scan_without_a_solution_is_refused_unless_told(world: World) -> None:
    with pytest.raises(UncalibratedError, match="2 of 1999-04-10 n in run 'run'") as refusal:
        world.build(allow=STRICT)
    assert "--nominal" in refusal.value.remedy
    solve(world, SHIFT, 1)
    with pytest.raises(UncalibratedError, match="1 of 1999-04-10 n"):
        world.build(allow=STRICT)
    assert world.rows("SELECT count(*) FROM release.release") == [(0,)]
    world.build(allow=NOMINAL)
    found = dict(world.rows("SELECT scan_key, j_m FROM release.psc"))
    assert found[key_of(1)] == pytest.approx(GOOD["j_m"] + SHIFT.at(X_SCAN), abs=2e-6)
    assert found[key_of(2)] == pytest.approx(GOOD["j_m"], abs=2e-6)


def test_a_band_without_a_zero_point_is_refused(world: World) -> None:
    solution = solve(world, SHIFT, bands="jk")
    with pytest.raises(UncalibratedError, match=f"solution {solution} lacks a band"):
        world.build(allow=STRICT)
    world.connection.execute("DELETE FROM wsdb.atlas_measurement WHERE band = 'h'")
    world.build(allow=STRICT)


def test_finished_images_have_zero_points_of_their_own(world: World) -> None:
    world.connection.execute("UPDATE survey.scan SET entry = 'atlas'")
    world.build(allow=STRICT)
    assert world.rows("SELECT count(*) FROM release.solution") == [(0,)]


@pytest.mark.parametrize("allow", [STRICT, NOMINAL])
def test_a_retired_solution_is_refused_by_name(world: World, allow: Allowances) -> None:
    solution = solve(world, SHIFT)
    world.connection.execute(
        "UPDATE calibration.solution SET state = 'retired', retired_because = 'set 3 was recalled'"
    )
    with pytest.raises(
        RetiredSolutionError, match=f"solution {solution},.* 1999-04-10 n.*set 3 was recalled"
    ):
        world.build(allow=allow)
    solve(world, OTHER)
    world.build(allow=allow)


@pytest.mark.parametrize("allow", [STRICT, NOMINAL])
def test_a_draft_is_refused(world: World, allow: Allowances) -> None:
    solution = solve(world, SHIFT, state="draft")
    with pytest.raises(UncalibratedError, match=f"solution {solution} is a draft") as refusal:
        world.build(allow=allow)
    assert "--nominal" not in refusal.value.remedy


def test_only_selected_scans_need_one(world: World) -> None:
    world.scan(world.runs["run"], 3, Box(11.0, 11.2, 0.0, 1.0), tile=1, noise=5.0)
    solve(world, SHIFT)
    assert world.build(allow=STRICT).scans == 3


def test_brightness_limits_are_on_the_calibrated_scale(world: World) -> None:
    # J 14.49 is bright (< 14.5) and must be seen on frames; calibrated, 14.55, it need not.
    values = {"j_m": 14.49, "h_m": 14.9, "k_m": 14.9, "ndet": b"060000", "x_scan": X_SCAN}
    [source] = world.sources(1, 11.05, 0.3, **values, **TOTALS)
    world.connection.execute(
        "UPDATE wsdb.point_measurement SET ndet = '060606' WHERE src_id = %s", (int(source),)
    )
    world.build("nominal", allow=NOMINAL)
    assert world.verdicts()[int(source)] == "frames"
    solve(world, SHIFT)
    world.build("calibrated", allow=STRICT)
    assert world.verdicts()[int(source)] == "released"


def test_an_empty_release_says_why() -> None:
    error = nothing_released(4, 0, {"has no reference stars": 4})
    assert isinstance(error, EmptyReleaseError)
    assert "0 of 4 scans" in str(error)
    assert "mapps reference load" in error.remedy
    assert "--allow-empty" in nothing_released(0, 0, {}).remedy
