"""Postage stamps over HTTP: the file, its picture, datalink, and the console's page of an image."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from astropy.io import fits
from astropy.io.votable import parse_single_table
from PIL import Image

from app.access.images.stamps import bands_picture, is_stamp
from app.formats.postage_stamp import write_stamp
from app.instruments.bands import BANDS, Band
from tests.unit.app.formats.test_postage_stamp import KEYWORDS, plane
from tests.worlds.release import key_of
from tests.worlds.served import Served, served


@pytest.fixture(scope="module")
def service(template_database: Any) -> Iterator[Served]:
    with served(template_database.cluster) as running:
        yield running


@pytest.fixture
def key(service: Served) -> int:
    return int(service.world.one("SELECT ext_key FROM release.stamp WHERE scan_key = %s", key_of(1)))


def test_a_stamp_is_the_published_file(service: Served, key: int) -> None:
    answer = service.client.get(f"/stamps/first/{key}")
    assert answer.status_code == 200
    assert answer.content == write_stamp([plane(band) for band in BANDS], KEYWORDS)
    name = service.world.one("SELECT trim(designation) FROM release.xsc WHERE ext_key = %s", key)
    assert f"first-{name}.fits" in unquote(answer.headers["content-disposition"])


def test_its_picture_has_the_bands_side_by_side(service: Served, key: int) -> None:
    answer = service.client.get(f"/stamps/first/{key}/preview")
    assert answer.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(answer.content)).size == (4 * (3 * 61 + 2 * 2), 4 * 61)
    assert Image.open(io.BytesIO(bands_picture([plane(Band.K, side=301)]))).size == (301, 301)


@pytest.mark.parametrize("address", ["/stamps/first/99999", "/stamps/none/1", "/stamps/first/x"])
def test_an_unknown_stamp_is_told(service: Served, address: str) -> None:
    answer = service.client.get(address)
    assert answer.status_code in {400, 404}
    assert "no stamp" in answer.text


def test_datalink_leads_to_the_file(service: Served, key: int) -> None:
    answer = service.client.get("/datalink", params={"ID": [f"first/stamp/{key}", "first/stamp/99999"]})
    table = parse_single_table(io.BytesIO(answer.content)).to_table()
    assert table["semantics"].tolist() == ["#this", "#preview", "#this"]
    assert "NotFoundFault" in table["error_message"][2]
    content = service.client.get(str(table["access_url"][0])).content
    with fits.open(io.BytesIO(content)) as hdus:
        assert [hdu.name for hdu in hdus[1:]] == ["J", "H", "KS"]


def test_the_page_of_an_image_shows_its_extended_sources(service: Served, key: int) -> None:
    text = service.client.get("/nights/1999-04-10n/1/plane/1").text
    assert f'src="/stamps/first/{key}/preview"' in text
    assert f'href="/stamps/first/{key}"' in text


def test_identifiers_of_stamps() -> None:
    assert is_stamp("ivo://mapps/stamp?dr1/stamp/3")
    assert not is_stamp("dr1/3/k")
    assert not is_stamp("dr1/stamp/x")
