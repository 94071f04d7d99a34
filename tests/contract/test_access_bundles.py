"""Many cut-outs in one job, and how often a client may ask."""

from __future__ import annotations

import csv
import io
import tarfile
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from astropy.io import fits

from app.keys import coadd_key
from tests.worlds.pictured import CENTRES, RELEASE, add_pictured, star_places
from tests.worlds.release import key_of
from tests.worlds.served import Served, served

NAME = f"{RELEASE}/{coadd_key(key_of(31), 1)}/j"


@pytest.fixture(scope="module")
def service(template_database: Any) -> Iterator[Served]:
    with served(
        template_database.cluster, cutouts_of_job=40, client_requests_minute=20, client_at_once=2
    ) as running:
        add_pictured(running.world, running.services.folder.parent)
        yield running


def cut(service: Served, **parameters: Any) -> tuple[dict[str, bytes], list[dict[str, str]], str]:
    """Run a job of cut-outs; its files, its list, and its address."""
    made = service.client.post("/soda/async", data=parameters | {"PHASE": "RUN"})
    assert made.status_code == 303, made.text
    address = made.headers["location"]
    assert "/soda/async/" in address
    for phase in ("QUEUED", "EXECUTING"):
        document = service.client.get(address, params={"WAIT": "30", "PHASE": phase}).text
    assert "<uws:phase>COMPLETED</uws:phase>" in document, document
    answer = service.client.get(f"{address}/results/result")
    assert answer.headers["content-type"] == "application/x-tar"
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        files = {entry.name: archive.extractfile(entry).read() for entry in archive.getmembers()}  # type: ignore[union-attr]
    rows = list(csv.DictReader(io.StringIO(files.pop("cutouts.csv").decode())))
    return files, rows, address


def test_positions_of_an_image_come_as_one_file(service: Served) -> None:
    """Each cut-out is the one that /soda/sync gives."""
    circles = [f"{ra} {decl} 0.004" for ra, decl in zip(*star_places(31), strict=True)]
    files, rows, address = cut(service, ID=NAME, CIRCLE=circles)
    assert len(files) == len(rows) == 16
    for row, circle in zip(rows, circles, strict=True):
        assert row["region"] == f"CIRCLE {circle}"
        alone = service.client.get("/soda/sync", params={"ID": NAME, "CIRCLE": circle})
        with (
            fits.open(io.BytesIO(alone.content)) as first,
            fits.open(io.BytesIO(files[row["file"]])) as second,
        ):
            assert (first[0].data == second[0].data).all()
            assert first[0].header["CRPIX1"] == second[0].header["CRPIX1"]
    service.client.delete(address)


def test_without_an_image_all_that_have_the_place_are_cut(service: Served) -> None:
    ra, decl = CENTRES[33]
    files, rows, _ = cut(
        service, CIRCLE=[f"{ra} {decl} 0.003", "10.2 0.5 0.003"], POLYGON="150.029 2 150.031 2 150.03 2.002"
    )
    assert len(files) == 3 + 6, "three bands, and two scans in three bands"
    missing = [row for row in rows if not row["file"]]
    assert [(row["number"], row["why_not"].split(":")[0]) for row in missing] == [("2", "OUTSIDE")]
    only, _, _ = cut(service, CIRCLE=f"{ra} {decl} 0.003", BAND="k", COLLECTION=RELEASE)
    assert [name.endswith("-k.fits") for name in only] == [True]


def test_the_same_job_gives_the_same_bytes(service: Served) -> None:
    ra, decl = CENTRES[31]
    first, second = (cut(service, ID=NAME, POS=f"CIRCLE {ra} {decl} 0.01")[2] for _ in range(2))
    assert (
        service.client.get(f"{first}/results/result").content
        == service.client.get(f"{second}/results/result").content
    )


def test_what_cannot_be_cut_is_told_in_the_list(service: Served) -> None:
    """A place beyond the image and an image whose file is gone: the rest is there."""
    ra, decl = CENTRES[31]
    gone = f"first/{coadd_key(key_of(1), 1)}/k"
    files, rows, _ = cut(service, ID=[NAME, gone, "first/1/j"], CIRCLE=[f"{ra} {decl} 0.003", "100 1 0.003"])
    assert len(files) == 1
    assert len(rows) == 6
    assert {row["why_not"].split(":")[0] for row in rows} == {"", "OUTSIDE", "STORED_FILE", "UNKNOWN_IMAGE"}


@pytest.mark.parametrize(
    "form",
    [
        {"CIRCLE": "1 2"},
        {"POS": "RANGE 1 2 4 3"},
        {"CIRCLE": "1 2 3", "QUERY": "SELECT 1"},
        {"CIRCLE": "1 2 9"},
    ],
)
def test_wrong_regions_are_refused_at_once(service: Served, form: dict[str, str]) -> None:
    answer = service.client.post("/soda/async", data=form)
    assert answer.status_code == 400
    assert 'value="ERROR"' in answer.text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"CIRCLE": ["1 2 0.1"] * 41}, "at most 40 a job"), ({"ID": NAME}, "QUERY"),
        ({"CIRCLE": "150 2 0.1", "BAND": "x"}, "j, h or k"),
    ],
)  # fmt: skip
def test_jobs_that_ask_for_too_much_end_with_a_reason(
    service: Served, form: dict[str, Any], said: str
) -> None:
    made = service.client.post("/soda/async", data=form | {"PHASE": "RUN"})
    for phase in ("QUEUED", "EXECUTING"):
        document = service.client.get(made.headers["location"], params={"WAIT": "30", "PHASE": phase}).text
    assert "<uws:phase>ERROR</uws:phase>" in document
    assert said in document


def test_lists_of_queries_and_of_cut_outs_are_two(service: Served) -> None:
    _, _, address = cut(service, ID=NAME, CIRCLE=f"{CENTRES[31][0]} {CENTRES[31][1]} 0.003")
    key = address.rpartition("/")[2]
    assert key in service.client.get("/soda/async").text
    assert key not in service.client.get("/tap/async").text


# -- rates ----------------------------------------------------------------------------------------------------------


def stranger(number: int) -> dict[str, str]:
    """Headers of a client that a proxy speaks for."""
    return {"x-forwarded-for": f"203.0.113.{number}"}


def test_a_client_that_asks_too_often_is_told_when_to_come_again(service: Served) -> None:
    statuses = [service.client.get("/datalink", headers=stranger(1)).status_code for _ in range(40)]
    assert statuses[:20] == [200] * 20
    assert statuses[-1] == 429
    refused = service.client.get("/tap/sync", headers=stranger(1))
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 4
    assert 'value="ERROR"' in refused.text
    assert "20 requests a minute" in refused.text
    for address in ("/", "/health", "/static/console.css", "/nights"):
        assert service.client.get(address, headers=stranger(1)).status_code == 200, address
    assert service.client.get("/datalink", headers=stranger(2)).status_code == 200
    assert 'route="rate",status="429"' in service.client.get("/metrics").text


def test_this_machine_is_not_counted(service: Served) -> None:
    answers = {service.client.get("/datalink").status_code for _ in range(40)}
    assert answers == {200}


def test_what_a_client_asks_at_once_is_answered_in_turn(service: Served) -> None:
    """Two at a time: the others wait, and none is refused."""
    found: list[int] = []

    def ask() -> None:
        with httpx.Client(base_url=service.address, timeout=60, headers=stranger(3)) as client:
            query = {"LANG": "ADQL", "QUERY": "SELECT COUNT(*) AS n FROM fp_psc", "RESPONSEFORMAT": "csv"}
            found.append(client.post("/tap/sync", data=query).status_code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * 8
