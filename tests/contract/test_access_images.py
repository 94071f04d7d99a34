"""Images over HTTP: found, described, taken whole, seen, and cut, as pyvo and people do."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import pyvo
from astropy.io import fits
from astropy.io.votable import parse
from astropy.wcs import WCS

from app.keys import coadd_key
from tests.worlds.release import key_of
from tests.worlds.served import Served, served

NAME = f"first/{coadd_key(key_of(1), 1)}/j"

# pyvo leaves the closing of its connections to the collector.
pytestmark = [
    pytest.mark.usefixtures("closed_pyvo"),
    pytest.mark.filterwarnings(
        "ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed:ResourceWarning"
    ),
]


@pytest.fixture(scope="module")
def service(template_database: Any) -> Iterator[Served]:
    with served(template_database.cluster) as running:
        yield running


def found(service: Served, **parameters: Any) -> set[str]:
    """Identifiers of a search, without their authority."""
    answer = service.client.get("/sia2/query", params=parameters | {"RESPONSEFORMAT": "csv"})
    assert answer.status_code == 200, answer.text
    return {line.split(",")[4].rpartition("?")[2] for line in answer.text.splitlines()[1:]}


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        ({}, 9), ({"POS": "CIRCLE 10.2 0.5 0.01"}, 3), ({"POS": "CIRCLE 200 0.5 0.01"}, 0),
        ({"POS": "CIRCLE 0 20.5 0.01"}, 3),
        ({"POS": "POLYGON 10.1 0.4 10.3 0.4 10.2 0.6"}, 3), ({"POS": "RANGE 9 11 0 1"}, 3),
        ({"POS": "RANGE -Inf +Inf -Inf +Inf"}, 9),
        # An image that lies across right ascension 0, from either side of it.
        ({"POS": "RANGE 359.7 359.9 20 21"}, 3), ({"POS": "RANGE 0.1 5 20 21"}, 3),
        ({"POS": "RANGE 359.9 0.1 20 21"}, 3),
        ({"POS": "RANGE 359 361 20 21"}, 3), ({"POS": "RANGE 1 359 20 21"}, 0),
        ({"FORMAT": "image/fits"}, 9), ({"FORMAT": "application/fits", "BAND": "1.2e-6"}, 3),
        ({"FORMAT": "application/x-votable+xml;content=datalink"}, 9), ({"FORMAT": "image/jpeg"}, 0),
        ({"POS": ["CIRCLE 10.2 0.5 0.01", "CIRCLE 0 20.5 0.01"]}, 6), ({"BAND": "1.2e-6"}, 3),
        ({"BAND": "1.2e-6 1.7e-6"}, 6),
        ({"BAND": "1e-6 +Inf", "POS": "CIRCLE 10.2 0.5 0.01"}, 3), ({"BAND": "5e-6"}, 0), ({"TIME": "51000 52000"}, 0),
        ({"COLLECTION": "first"}, 9), ({"COLLECTION": "it's none"}, 0), ({"INSTRUMENT": "J"}, 3),
        ({"CALIB": "2"}, 9), ({"DPTYPE": "cube"}, 0),
        ({"ID": f"ivo://mapps/atlas?{NAME}"}, 1), ({"FOV": "0.5 2"}, 9), ({"FOV": "5 6"}, 0), ({"EXPTIME": "7 8"}, 9),
        ({"POL": "I"}, 0), ({"MAXREC": "2"}, 2),
    ],
)  # fmt: skip
def test_searches(service: Served, parameters: dict[str, Any], count: int) -> None:
    assert len(found(service, **parameters)) == count


@pytest.mark.parametrize(
    "parameters",
    [{"POS": "BOX 1 2 3 4"}, {"POS": "CIRCLE 1 2"}, {"POS": "CIRCLE a b c"}, {"BAND": "2 1"},
    {"BAND": "red"}, {"CALIB": "x"},
     {"TIME": "1 2 3"}, {"POS": "POLYGON 1 2 3 4"}],
)  # fmt: skip
def test_wrong_searches_are_told(service: Served, parameters: dict[str, str]) -> None:
    answer = service.client.get("/sia2/query", params=parameters)
    assert answer.status_code == 400
    assert 'value="ERROR"' in answer.text


def test_pyvo_goes_from_a_search_to_pixels(service: Served) -> None:
    images = pyvo.dal.sia2.SIA2Service(f"{service.address}/sia2/query").search(
        pos=(10.2, 0.5, 0.01), band=1.2e-6
    )
    assert len(images) == 1
    links = images[0].getdatalink()
    assert [str(link.semantics) for link in links] == ["#this", "#preview", "#cutout", "#auxiliary"]
    content = next(links.bysemantics("#this", include_narrower=False)).getdataset().read()
    with fits.open(io.BytesIO(content)) as hdus:
        assert hdus[0].data.shape == (120, 80)


def test_links_of_several_and_of_none(service: Served) -> None:
    answer = service.client.get("/datalink", params={"ID": [NAME, "first/1/j", "nonsense"]})
    document = parse(io.BytesIO(answer.content), verify="exception")
    table = document.get_first_table().to_table(use_names_over_ids=True)
    assert list(table["semantics"]) == ["#this", "#preview", "#cutout", "#auxiliary", "#this", "#this"]
    assert [text.startswith("NotFoundFault") for text in table["error_message"]] == [False] * 4 + [True] * 2
    assert "datalink" in answer.headers["content-type"]
    assert document.resources[1].utype == "adhoc:service"
    assert service.client.get("/datalink").status_code == 200


def whole(service: Served) -> tuple[np.ndarray, WCS]:
    content = service.client.get(f"/images/{NAME}").content
    with fits.open(io.BytesIO(content)) as hdus:
        return np.array(hdus[0].data, np.float32), WCS(hdus[0].header)


@pytest.mark.parametrize("region", [{"CIRCLE": "10.2 0.5 0.003"}, {"POS": "CIRCLE 10.2 0.5 0.003"}])
def test_a_cut_out_has_the_pixels_and_the_places_of_the_image(
    service: Served, region: dict[str, str]
) -> None:
    answer = service.client.get("/soda/sync", params={"ID": f"ivo://mapps/atlas?{NAME}"} | region)
    assert answer.status_code == 200, answer.text
    pixels, projection = whole(service)
    with fits.open(io.BytesIO(answer.content), checksum=True) as hdus:
        part, place, header = hdus[0].data, WCS(hdus[0].header), hdus[0].header
        assert part.shape == (22, 22)
        assert header["MAGZP"] == pytest.approx(20.0)
        assert header["RELEASE"] == "first"
        x, y = projection.wcs_world2pix(*place.wcs_pix2world(0.0, 0.0, 0), 0)
        column, row = round(float(x)), round(float(y))
        assert (float(x), float(y)) == pytest.approx((column, row), abs=1e-6)
        np.testing.assert_array_equal(part, pixels[row : row + 22, column : column + 22])


def test_a_polygon_and_the_edge(service: Served) -> None:
    polygon = service.client.get(
        "/soda/sync", params={"ID": NAME, "POLYGON": "10.198 0.498 10.202 0.498 10.202 0.5"}
    )
    with fits.open(io.BytesIO(polygon.content)) as hdus:
        assert hdus[0].data.shape[1] > hdus[0].data.shape[0]
    ranged = service.client.get("/soda/sync", params={"ID": NAME, "POS": "RANGE 10.198 10.202 0.498 0.499"})
    with fits.open(io.BytesIO(ranged.content)) as hdus:
        assert hdus[0].data.shape[1] > 2 * hdus[0].data.shape[0]
    everything = service.client.get("/soda/sync", params={"ID": NAME, "CIRCLE": "10.2 0.5 1"})
    with fits.open(io.BytesIO(everything.content)) as hdus:
        assert hdus[0].data.shape == (120, 80)


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"ID": NAME}, 400), ({"ID": NAME, "CIRCLE": "50 0.5 0.01"}, 400), ({"ID": NAME, "CIRCLE": "10.2 0.5 0"}, 400),
        ({"ID": NAME, "CIRCLE": ["10.2 0.5 0.1", "10.3 0.5 0.1"]}, 400), ({"ID": NAME, "POS": "RANGE 1 2 3 4"}, 400),
        ({"ID": "first/1/j", "CIRCLE": "10.2 0.5 0.01"}, 404), ({"CIRCLE": "10.2 0.5 0.01"}, 404),
        ({"ID": NAME, "CIRCLE": "190 0 1"}, 400),
    ],
)  # fmt: skip
def test_wrong_cut_outs_are_told(service: Served, parameters: dict[str, Any], status: int) -> None:
    answer = service.client.get("/soda/sync", params=parameters)
    assert answer.status_code == status
    assert 'value="ERROR"' in answer.text


def test_a_picture(service: Served) -> None:
    from PIL import Image

    answer = service.client.get(f"/images/{NAME}/preview")
    assert Image.open(io.BytesIO(answer.content)).size == (80, 120)
    assert "immutable" in answer.headers["cache-control"]


def test_an_image_has_the_zero_point_of_its_release(service: Served) -> None:
    published = service.client.get(f"/images/{NAME}", params={"header": "nominal"}).content
    answer = service.client.get(f"/images/{NAME}")
    assert answer.headers["content-disposition"].endswith('.fits"')
    with (
        fits.open(io.BytesIO(answer.content), checksum=True) as hdus,
        fits.open(io.BytesIO(published)) as before,
    ):
        [header] = [hdu.header for hdu in hdus if "MAGZP" in hdu.header]
        assert header["RELEASE"] == "first"
        assert all("RELEASE" not in hdu.header for hdu in before)
        np.testing.assert_array_equal(hdus[0].data, before[0].data)
    refused = service.client.get(f"/images/{NAME}", params={"header": "mine"})
    assert refused.status_code == 400
    assert 'value="ERROR"' in refused.text


def test_an_image_whose_file_is_gone_is_told(service: Served) -> None:
    answer = service.client.get(f"/images/{NAME[:-1]}k")
    assert answer.status_code == 503
    assert 'value="ERROR"' in answer.text
    assert service.client.get("/images/first/1/j").status_code == 404
