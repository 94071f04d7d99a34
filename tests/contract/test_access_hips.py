"""The sky of a release: drawn by the command, served as tiles, shown by the console."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.access.hips.build import folder_of
from app.access.hips.survey import MissingTilesError
from app.access.hips.tiles import DEEPEST, tile_name
from app.cli.main import run as mapps
from app.cli.output import forget_mode
from app.production import protocol
from app.production.protocol import Failure, Family
from app.production.publishing import publish
from app.settings import get_settings
from app.sky.healpix import pixel_number
from tests.worlds.pictured import CENTRES, RELEASE, add_pictured, star_places
from tests.worlds.production import IDENTITY
from tests.worlds.served import Served, served
from tests.worlds.working import step_context
from workers.steps.registry import STEPS


@pytest.fixture(scope="module")
def service(template_database: Any) -> Iterator[Served]:
    with served(template_database.cluster) as running:
        add_pictured(running.world, running.services.folder.parent)
        yield running


def command(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> Any:
    capsys.readouterr()
    forget_mode()
    found = mapps(["release", "hips", *words, "--json"])
    told = capsys.readouterr()
    forget_mode()
    assert found == status, told.err
    return json.loads(told.out) if not status else told.err


@pytest.fixture
def drawn(service: Served, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What the command says; the first of them draws."""
    return dict(command(capsys, RELEASE))


def test_the_command_draws_once(
    service: Served, drawn: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert drawn["images"] == 9
    again = command(capsys, RELEASE)
    assert (again["made"], again["ancestors"]) == (0, 0)
    assert again["tiles"] == drawn["tiles"] > 3


def test_wrong_releases_are_refused(service: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no release" in command(capsys, "nowhere", status=2)
    # Most images of this release have no file: nothing is drawn as if they were not there.
    assert "STORED_FILE: s3:/x/1" in command(capsys, "first", status=3)
    assert not (folder_of("first") / "j" / "properties").exists()


def test_tiles_are_served(service: Served, drawn: dict[str, Any]) -> None:
    ra, decl = (places[0] for places in star_places(31))
    tile = int(pixel_number([ra], [decl], DEEPEST)[0])
    for survey, mode in (("colour", "RGBA"), ("j", "LA"), ("k", "LA")):
        answer = service.client.get(f"/hips/{RELEASE}/{survey}/{tile_name(DEEPEST, tile, 'png')}")
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["access-control-allow-origin"] == "*"
        image = Image.open(io.BytesIO(answer.content))
        assert (image.size, image.mode) == ((512, 512), mode)
        opacity = np.asarray(image)[..., -1]
        assert 0.1 < (opacity == 255).mean() < 1.0
    assert service.client.get(f"/hips/{RELEASE}/j/{tile_name(DEEPEST, tile, 'fits')}").status_code == 200
    for order in range(DEEPEST):
        name = tile_name(order, tile >> 2 * (DEEPEST - order), "png")
        assert service.client.get(f"/hips/{RELEASE}/colour/{name}").status_code == 200, name


def test_coverage_is_that_of_the_release(service: Served, drawn: dict[str, Any]) -> None:
    from mocpy import MOC

    for survey in ("j", "colour"):
        content = service.client.get(f"/hips/{RELEASE}/{survey}/Moc.fits").content
        path = service.services.folder.parent / "moc.fits"
        path.write_bytes(content)
        moc = MOC.load(str(path), format="fits")
        for ra, decl in CENTRES.values():
            assert moc.contains_lonlat(ra * np.ones(1) * _deg(), decl * np.ones(1) * _deg())[0]
        assert not moc.contains_lonlat(np.ones(1) * _deg(), np.ones(1) * _deg())[0]


def _deg() -> Any:
    import astropy.units as u

    return u.deg


def test_the_list_has_every_survey_with_its_address(service: Served, drawn: dict[str, Any]) -> None:
    text = service.client.get("/hips/list").text
    addresses = [line.partition("= ")[2] for line in text.splitlines() if line.startswith("hips_service_url")]
    assert len(addresses) == 4
    for address in addresses:
        assert service.client.get(f"{address}/properties").text in text


def perform_all(service: Served, run: str) -> list[str]:
    """Do the tasks of a run as a worker does; the kinds and parts, in their order."""
    done = []
    with service.database.connect("worker", autocommit=True) as worker:
        while (held := protocol.claim(worker, IDENTITY, 60.0, run)) is not None:
            try:
                publish(worker, held, STEPS[held.kind](held, step_context(service.database, held)))
            except MissingTilesError as error:
                protocol.fail(worker, held, Failure(Family.INPUT, error.code, str(error)), 1.0)
            done.append(f"{held.kind} {held.subject}")
    return done


def tasks_of(service: Served) -> list[Any]:
    found = service.world.rows("SELECT task_id, kind, state FROM production.task ORDER BY task_id")
    service.world.connection.rollback()
    return found


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_workers_draw_the_same_tiles_as_tasks(
    service: Served, drawn: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Two parts of the sky and the whole: queued, claimed, done, described; the very files that the command draws."""
    at_once = folder_of(RELEASE)
    monkeypatch.setenv("MAPPS_HIPS", str(tmp_path))
    get_settings.cache_clear()
    try:
        assert folder_of(RELEASE) == tmp_path / RELEASE
        before = tasks_of(service)
        assert command(capsys, RELEASE, "--queue", "--dry-run")["dry_run"] is True
        assert tasks_of(service) == before
        told = command(capsys, RELEASE, "--queue")
        run = f"sky-{RELEASE}"
        assert told["run"] == run
        parts = [task["part"] for task in told["tasks"] if task["kind"] == "sky_tiles"]
        assert len(parts) >= 2
        assert [
            (task["state"], task["part"]) for task in told["tasks"] if task["kind"] == "sky_overview"
        ] == [("waiting", "whole run")]
        done = perform_all(service, run)
        assert sorted(done[:-1]) == sorted(f"sky_tiles {part}" for part in parts)
        assert done[-1] == f"sky_overview run {run}"
        assert files_of(tmp_path / RELEASE) == files_of(at_once)
        again = command(capsys, RELEASE)
        assert (again["made"], again["ancestors"], again["tiles"]) == (0, 0, drawn["tiles"])

        # What is gone is drawn anew, and nothing else, when it is queued again.
        lost = next((tmp_path / RELEASE / "cells").iterdir())
        shutil.rmtree(lost)
        assert {task["state"] for task in command(capsys, RELEASE, "--queue")["tasks"]} == {
            "ready",
            "waiting",
        }
        assert len(perform_all(service, run)) == len(done)
        assert files_of(tmp_path / RELEASE) == files_of(at_once)
        page = service.client.get(f"/runs/{run}").text
        assert "sky_tiles" in page
        assert "sky_overview" in page
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()


def test_a_worker_of_another_folder_is_found_out(
    service: Served, drawn: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Parts that lie on another host are no parts: the whole is not drawn as if they were empty."""
    told = command(capsys, RELEASE, "--queue")
    with service.database.connect("worker", autocommit=True) as worker:
        for _ in range(sum(task["kind"] == "sky_tiles" for task in told["tasks"])):
            held = protocol.claim(worker, IDENTITY, 60.0, told["run"])
            assert held is not None
            publish(worker, held, STEPS[held.kind](held, step_context(service.database, held)))
    monkeypatch.setenv("MAPPS_HIPS", str(tmp_path))
    get_settings.cache_clear()
    try:
        assert perform_all(service, told["run"]) == [f"sky_overview run {told['run']}"]
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
    failed = service.world.rows(
        "SELECT t.state, t.reason FROM production.task AS t JOIN production.run AS r USING (run_id)"
        " WHERE r.name = %s AND t.kind = 'sky_overview'", told["run"],
    )  # fmt: skip
    service.world.connection.rollback()
    page = service.client.get(f"/runs/{told['run']}").text
    assert "1 failed: sky_overview" in page
    assert "MAPPS_HIPS" in page
    [(state, reason)] = failed
    assert state == "failed"
    assert "are not in" in reason
    assert {task["state"] for task in command(capsys, RELEASE, "--queue")["tasks"]} == {"ready", "waiting"}
    perform_all(service, told["run"])


def test_a_run_that_draws_takes_no_scans(
    service: Served, drawn: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    run = command(capsys, RELEASE, "--queue")["run"]
    assert "draws the sky of a release" in words_of(capsys, "run", "queue", run)
    assert "draws the sky of a release" in words_of(capsys, "calibration", "solve", "--global", run)
    assert "draws the sky of a release" in words_of(
        capsys, "release", "build", "other", "--kind", "sampler", "--run", run
    )
    assert "--band" in words_of(capsys, "release", "hips", RELEASE, "--queue", "--band", "j")
    assert "--dry-run" in words_of(capsys, "release", "hips", RELEASE, "--dry-run")
    assert "there is no release" in words_of(capsys, "release", "hips", "nowhere", "--queue")
    perform_all(service, run)


def words_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    forget_mode()
    assert mapps(list(words)) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    [
        "state.json", "cells/0/state.json",
         "j/../state.json", "j/..%2Fstate.json", "j/Norder9/Dir0/Npix0.png", "j/Norder9/Dir0/Npix0.exe",
        "x/properties",
        "j/index.html", "j/%2e%2e/%2e%2e/%2e%2e/mapps.toml", "j/", "j/properties.part",
    ],
)  # fmt: skip
def test_nothing_else_is_served(service: Served, drawn: dict[str, Any], name: str) -> None:
    assert (folder_of(RELEASE) / "state.json").is_file()
    assert service.client.get(f"/hips/{RELEASE}/{name}", follow_redirects=True).status_code == 404
    assert service.client.get(f"/hips/../hips/..%2F{RELEASE}/j/properties").status_code == 404


def test_the_page_of_the_sky_names_what_there_is(service: Served, drawn: dict[str, Any]) -> None:
    text = service.client.get(f"/releases/{RELEASE}/sky").text
    assert 'data-surveys="colour j h k"' in text
    assert "mapps release hips" not in text
    assert 'data-surveys=""' in service.client.get("/releases/first/sky").text
    assert 'value="12.50000"' in service.client.get(f"/releases/{RELEASE}/sky?ra=12.5&dec=1&fov=0.2").text
    assert service.client.get(f"/releases/{RELEASE}/sky?ra=x").status_code == 400
