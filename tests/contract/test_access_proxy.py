"""Behind nginx of the distribution, configured as docs/access.md says. Skipped where nginx is not installed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from astropy.io.votable import parse_single_table
from astropy.table import Table

from tests.worlds.nginx import in_front_of, nginx
from tests.worlds.served import TOKEN, Served, served

pytestmark = pytest.mark.skipif(nginx() is None, reason="nginx is not installed: apt-get install nginx-light")


@pytest.fixture(scope="module")
def service(template_database: Any) -> Iterator[Served]:
    with served(template_database.cluster) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(service: Served) -> Iterator[str]:
    with in_front_of(service.address) as address:
        former, service.services.base_url = service.services.base_url, address
        yield address
        service.services.base_url = former


@pytest.fixture
def client(proxy: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=proxy, timeout=60) as made:
        yield made


def test_addresses_are_those_of_the_proxy(client: httpx.Client, proxy: str) -> None:
    text = client.get("/tap/capabilities").text
    assert f"{proxy}/tap" in text
    links = client.get("/datalink", params={"ID": "first/1/j"}).text
    assert f"{proxy}/soda/sync" in links


def test_an_operator_works_through_it(client: httpx.Client, proxy: str, service: Served) -> None:
    headers = {"origin": proxy}
    assert client.post("/login", data={"person": "Ada", "token": TOKEN}, headers=headers).status_code == 303
    shown = client.post("/act/hold", data={"run": "plane"}, headers=headers)
    assert shown.status_code == 200
    assert "Run plane is held" in shown.text
    refused = client.post("/act/hold", data={"run": "plane"}, headers={"origin": "http://elsewhere.example"})
    assert refused.status_code == 403


def test_events_come_at_once(client: httpx.Client) -> None:
    """Nothing is kept back until a buffer is full: the first event is there while the answer goes on."""
    with client.stream("GET", "/events", params={"page": "/runs/plane"}) as stream:
        assert next(line for line in stream.iter_lines() if line) == "event: page"


def test_a_large_upload_passes(client: httpx.Client) -> None:
    """More than the megabyte that nginx lets pass unless told otherwise."""
    table = Table({"name": np.array([f"{i:030d}" for i in range(60_000)]), "x": np.arange(60_000.0)})
    content = io.BytesIO()
    table.write(content, format="votable")
    assert content.tell() > 2_000_000
    answer = client.post(
        "/tap/sync",
        data={
            "LANG": "ADQL",
            "QUERY": "SELECT COUNT(*) AS n, SUM(x) AS s FROM TAP_UPLOAD.mine",
            "UPLOAD": "mine,param:t",
        },
        files={"t": ("t.xml", content.getvalue())},
    )
    row = parse_single_table(io.BytesIO(answer.content)).to_table(use_names_over_ids=True)[0]
    assert (row["n"], row["s"]) == (60_000, 60_000 * 59_999 / 2)


def test_figures_are_not_for_everybody(client: httpx.Client) -> None:
    assert client.get("/metrics").status_code == 403


def test_nobody_speaks_for_another(client: httpx.Client) -> None:
    """The proxy says who asks; what a client says of itself is not believed."""
    headers = {"x-forwarded-for": "203.0.113.9"}
    made = client.post(
        "/tap/async", data={"LANG": "ADQL", "QUERY": "SELECT TOP 1 ra FROM fp_psc"}, headers=headers
    )
    key = made.headers["location"].rpartition("/")[2]
    assert key in client.get("/tap/async").text
    client.delete(f"/tap/async/{key}")
