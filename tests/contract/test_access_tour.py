"""What README.md and docs/access.md show in Python works as printed, on a service that runs; and the command itself."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.access.limits import Limits
from tests.conftest import Database
from tests.worlds.places import ROOT
from tests.worlds.served import Served, served

PAGES = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/access.md")}
BLOCKS = [
    (name, block)
    for name, text in PAGES.items()
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
]


@pytest.fixture(scope="module")
def service(template_database: Any) -> Iterator[Served]:
    with served(template_database.cluster) as running:
        yield running


def test_there_is_something_to_try() -> None:
    assert [name for name, _ in BLOCKS] == ["README.md"] + ["docs/access.md"] * 4


# pyvo leaves the closing of its connections to the collector.
@pytest.mark.usefixtures("closed_pyvo")
@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed:ResourceWarning"
)
@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_tour(service: Served, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    block = BLOCKS[number][1]
    assert "http://127.0.0.1:8080" in block
    exec(block.replace("http://127.0.0.1:8080", service.address), {})  # noqa: S102 - our own pages
    assert capsys.readouterr().out


def test_the_query_for_stilts_works(service: Served) -> None:
    [(address, query)] = re.findall(r'stilts tapquery tapurl=(\S+) adql="([^"]+)"', PAGES["README.md"])
    assert address == "http://127.0.0.1:8080/tap"
    rows = service.rows(query)
    assert 0 < len(rows) <= 20
    assert {len(row) for row in rows} == {4}


def test_addresses_of_the_page_are_there(service: Served) -> None:
    table = PAGES["docs/access.md"].partition("| address |")[2].partition("\n\n")[0]
    for address in re.findall(r"`(/[a-z0-9/]*)`", table):
        if address != "/preview":
            status = service.client.get({"/tap": "/tap/capabilities"}.get(address, address)).status_code
            assert status in {200, 400}, address


def test_limits_of_the_page_are_those_of_the_service() -> None:
    limits, text = Limits(), PAGES["docs/access.md"]
    for words in (
        f"{limits.default_rows:,} and {limits.most_rows:,}",
        f"{limits.query_seconds:.0f} s, {limits.job_seconds:,.0f} s",
        f"{limits.request_bytes // 1_000_000} MB; {limits.upload_rows:,}",
        f"{limits.connections}; {limits.jobs_at_once}",
        f"{limits.jobs_of_client}, {limits.job_days:.0f} days",
        f"{limits.cutouts_of_job:,}",
        f"{limits.client_requests_minute:,}; {limits.client_at_once}",
    ):  # fmt: skip
        assert f"| {words} |" in text, words


def test_the_command_serves_and_ends(live_database: Database, tmp_path: Any) -> None:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "app.cli.main", "serve", "--port", str(port)]
    with subprocess.Popen(words, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert f"http://127.0.0.1:{port}/" in process.stdout.readline()
            with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as client:
                assert client.get(f"http://127.0.0.1:{port}/health").json()["status"] == "ok"
                assert "none yet" in client.get(f"http://127.0.0.1:{port}/").text
                told = client.get(
                    f"http://127.0.0.1:{port}/tap/sync",
                    params={"QUERY": "SELECT ra FROM fp_psc", "LANG": "ADQL"},
                )
                assert "there is no table" in told.text
        finally:
            process.terminate()
        # uvicorn ends by the signal again, once it has shut down.
        assert process.wait(20) in {0, -signal.SIGTERM}
