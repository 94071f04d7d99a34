"""The sky of a release: drawn by the command, served as tiles, shown by the console."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.access.hips.build import folder_of
from app.access.hips.tiles import DEEPEST, tile_name
from app.cli.main import run as mapps
from app.cli.output import forget_mode
from app.sky.healpix import pixel_number
from tests.worlds.pictured import CENTRES, RELEASE, add_pictured, star_places
from tests.worlds.served import Served, served


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


@pytest.mark.parametrize(
    "name",
    [
        "state.json", "j/../state.json", "j/..%2Fstate.json", "j/Norder9/Dir0/Npix0.png", "j/Norder9/Dir0/Npix0.exe",
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
