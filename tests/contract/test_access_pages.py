"""Pages of the console that show data: images with sources, explanations, fields, queries, maps, reports of nights."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from PIL import Image

from app.keys import coadd_key
from tests.worlds.release import Box, key_of
from tests.worlds.served import TOKEN, Served, served

NIGHT = "/nights/1999-04-10n"
IMAGE = f"{NIGHT}/1/plane/1"
FIELD_SCANS = (21, 22, 23)


@pytest.fixture(scope="module")
def service(template_database: Any) -> Iterator[Served]:
    with served(template_database.cluster) as running:
        world = running.world
        for at, number in enumerate(FIELD_SCANS):
            world.scan(world.runs["plane"], number, Box(200.0, 200.2, 10.0, 11.0), tile=900, kind="cal")
            world.sources(
                number, [200.1, 200.15], [10.5, 10.6], j_m=[12.0 + 0.1 * at, 13.0], h_m=[11.5, 12.5]
            )
            world.connection.execute(
                "UPDATE survey.scan SET started_at = %s WHERE scan_key = %s",
                (datetime(1999, 4, 10, 4, tzinfo=UTC) + timedelta(minutes=10 * at), key_of(number)),
            )
        world.connection.commit()
        yield running


@pytest.fixture
def browser(service: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.address, timeout=30, headers={"origin": service.address}) as client:
        yield client


def page(service: Served, address: str, status: int = 200) -> str:
    answer = service.client.get(address)
    assert answer.status_code == status, answer.text
    return answer.text


def test_a_scan_shows_its_images_and_says_why_diagnostics_are_missing(service: Served) -> None:
    text = page(service, f"{NIGHT}/1")
    assert f'href="{IMAGE}"' in text
    assert f"/pictures/plane/{coadd_key(key_of(1), 1)}/j" in text
    assert "kept no diagnostics" in text


def test_sources_stand_where_the_image_has_them(service: Served) -> None:
    """The circle of a source lies on the pixel that the file's projection gives it; rows run down the page."""
    from app.formats.atlas_reader import read_atlas_facts

    text = page(service, IMAGE)
    drawn = re.findall(r'src_id=(\d+)" tabindex="-1"><circle class="\w+" cx="([-\d.]+)" cy="([-\d.]+)"', text)
    rows = service.world.rows(
        "SELECT p.src_id, p.ra, p.decl, i.url, i.height_pix FROM wsdb.point_measurement AS p"
        " JOIN wsdb.atlas_measurement AS i USING (run_id, coadd_key) WHERE i.band = 'j' AND p.scan_key = %s",
        key_of(1),
    )
    assert {int(key) for key, _, _ in drawn} == {row[0] for row in rows}
    places = {row[0]: row for row in rows}
    for key, x, y in drawn[:10]:
        _, ra, decl, path, height = places[int(key)]
        right_x, right_y = read_atlas_facts(path).projection.to_pixels([ra], [decl])
        assert float(x) == pytest.approx(right_x[0] + 0.5, abs=0.06)
        assert float(y) == pytest.approx(height - 0.5 - right_y[0], abs=0.06)


def test_a_click_gives_the_place_and_asks_the_release(service: Served) -> None:
    """The middle of the picture is the reference pixel of the file, whose place its header says."""
    service.world.connection.execute(
        "UPDATE wsdb.atlas_measurement SET width_pix = 80, height_pix = 120 WHERE scan_key = %s", (key_of(1),)
    )
    service.world.connection.commit()
    text = page(service, f"{IMAGE}?band=j&x=0.5&y=0.5")
    assert "RA 10.200000, Dec +0.500000 deg" in text
    (link,) = re.findall(r'href="(/releases/first/explain\?ra=[^"]+)"', text)
    assert "below depth" in page(service, link.replace("&amp;", "&")).lower()
    for nonsense in ("?x=2&y=0", "?x=a&y=b", "?x=0.5"):
        assert "Why is this place" not in page(service, IMAGE + nonsense)


def test_a_band_whose_file_is_gone_is_told_on_the_page(service: Served) -> None:
    text = page(service, f"{IMAGE}?band=k")
    assert '<p class="bad">' in text
    assert "<circle" not in text


def test_a_picture_has_every_pixel(service: Served) -> None:
    answer = service.client.get(f"/pictures/plane/{coadd_key(key_of(1), 1)}/j")
    assert Image.open(io.BytesIO(answer.content)).size == (80, 120)
    for address, status in (
        ("/pictures/plane/1/j", 404),
        ("/pictures/plane/x/j", 400),
        ("/pictures/none/1/j", 404),
    ):
        assert service.client.get(address).status_code == status


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{NIGHT}/1/plane/9", 404), (f"{NIGHT}/1/elsewhere/1", 404), (f"{NIGHT}/x", 400), (f"{NIGHT}/1/plane/x", 400),
        ("/fields/plane/12345", 404), ("/fields/plane/x", 400), ("/releases/first?band=x", 400),
        ("/releases/none/explain", 404), ("/releases/first/explain?ra=x&dec=1", 400),
        ("/releases/first/explain?ra=1", 400), ("/releases/first/explain?src_id=x", 400),
        ("/releases/first/explain?src_id=12", 404), ("/releases/first/explain?ra=1&dec=95", 400),
        ("/releases/none/sky", 404), ("/jobs/none", 404), ("/nights/1990-01-01n/report", 404),
    ],
)  # fmt: skip
def test_what_is_not_there_is_told(service: Served, address: str, status: int) -> None:
    assert page(service, address, status).count("<h1>") == 1


def test_an_explanation_by_place_by_name_and_by_key(service: Served) -> None:
    designation, ra, decl = service.world.rows(
        "SELECT designation, ra, decl FROM release.psc ORDER BY pts_key LIMIT 1"
    )[0]
    by_place = page(service, f"/releases/first/explain?ra={ra}&dec={decl}")
    assert "<strong>Released.</strong>" in by_place
    (key,) = set(re.findall(r"explain\?src_id=(\d+)", by_place))
    for asked in (f"designation={designation.strip()}".replace("+", "%2B"), f"src_id={key}"):
        text = page(service, f"/releases/first/explain?{asked}")
        assert "It passed every rule." in text
        assert text.count("<tr><td>") >= 8


def test_maps_have_every_scan_with_a_way_to_explain_it(service: Served) -> None:
    text = page(service, "/releases/first")
    links = re.findall(r'href="(/releases/first/explain\?[^"]+)"><polygon', text)
    assert len(links) == 3
    assert "scan 2 of 1999-04-10n" in text
    assert "Released" in page(service, links[0].replace("&amp;", "&").replace("radius=30", "radius=600"))


def test_fields_and_their_light_curves(service: Served) -> None:
    assert 'href="/fields/plane/900">900</a></td><td>yes</td>' in page(service, "/fields").replace("\n", "")
    text = page(service, "/fields/plane/900")
    assert text.count('<td class="number">3</td>') == 2, "two stars, three scans each"
    # J of the first star rises by 0.1 mag from scan to scan, the second is constant.
    assert '<td class="number">100</td>' in text
    assert text.count("data-chart=") == 3


def test_reports_of_nights_are_pages(service: Served) -> None:
    answer = service.client.get(f"{NIGHT}/report?run=plane")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<html" in answer.text


def test_a_query_of_a_person(service: Served, browser: httpx.Client) -> None:
    made = browser.post(
        "/jobs", data={"query": "SELECT TOP 3 ra FROM fp_psc", "format": "csv", "label": "three"}
    )
    assert made.status_code == 303, made.text
    address = made.headers["location"]
    service.client.get(f"/tap/async/{address.rpartition('/')[2]}", params={"WAIT": "20"})
    service.client.get(
        f"/tap/async/{address.rpartition('/')[2]}", params={"WAIT": "20", "PHASE": "EXECUTING"}
    )
    text = page(service, address)
    assert "3 rows" in text
    assert "three" in page(service, "/jobs")
    (result,) = re.findall(r'href="(/tap/async/[^"]+/results/result)"', text)
    assert len(service.client.get(result).text.splitlines()) == 4
    assert browser.post(address, data={"action": "nothing"}).status_code == 400
    assert browser.post(address, data={"action": "delete"}).headers["location"].startswith("/jobs?done=")
    assert service.client.get(address).status_code == 404


def test_a_query_can_be_ended(service: Served, browser: httpx.Client) -> None:
    slow = "SELECT COUNT(*) AS n FROM fp_psc AS a, fp_psc AS b, fp_psc AS c, fp_psc AS d"
    address = browser.post("/jobs", data={"query": slow, "format": "csv"}).headers["location"]
    assert 'value="abort"' in page(service, address)
    browser.post(address, data={"action": "abort"})
    text = page(service, address)
    assert "Query: aborted" in text
    assert 'http-equiv="refresh"' not in text
    browser.post(address, data={"action": "delete"})


def test_queries_of_all_are_for_operators_and_without_keys(service: Served, browser: httpx.Client) -> None:
    address = browser.post("/jobs", data={"query": "SELECT TOP 1 ra FROM fp_psc", "format": "csv"}).headers[
        "location"
    ]
    assert "Those of all clients" not in page(service, "/jobs")
    browser.post("/login", data={"person": "Ada", "token": TOKEN})
    text = browser.get("/jobs").text
    assert "Those of all clients" in text
    assert address.rpartition("/")[2] not in text.partition("Those of all clients")[2]
    browser.post(address, data={"action": "delete"})


@pytest.mark.parametrize(
    ("form", "status"),
    [({"query": ""}, 400), ({"query": "SELECT 1", "format": "xls"}, 400)],
)
def test_a_wrong_query_is_told(browser: httpx.Client, form: dict[str, str], status: int) -> None:
    assert browser.post("/jobs", data=form).status_code == status


@pytest.mark.parametrize("address", ["/jobs", "/jobs/x"])
def test_other_places_ask_nothing(service: Served, address: str) -> None:
    form = {"query": "SELECT 1", "action": "delete"}
    for headers in ({"origin": "http://elsewhere.example"}, {}):
        assert service.client.post(address, data=form, headers=headers).status_code == 403


def test_the_sky_is_there_without_tiles(service: Served) -> None:
    answer = service.client.get("/releases/first/sky")
    assert "wasm-unsafe-eval" in answer.headers["content-security-policy"]
    assert "mapps release hips first" in answer.text
    assert answer.text.count("/preview") == 3
