"""Notebooks of docs/notebooks/ run from top to bottom on a service, and are kept without what they printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.worlds.pictured import add_pictured
from tests.worlds.places import ROOT
from tests.worlds.served import Served, served

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def service(template_database: Any) -> Iterator[Served]:
    with served(template_database.cluster) as running:
        add_pictured(running.world, running.services.folder.parent)
        yield running


def cells(path: Any) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))["cells"])


def test_there_are_some() -> None:
    assert [path.name for path in NOTEBOOKS] == ["release.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_nothing_is_kept_of_what_was_printed(path: Any) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    for cell in notebook["cells"]:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None


# pyvo and requests leave the closing of connections to the collector.
@pytest.mark.usefixtures("closed_pyvo")
@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed:ResourceWarning"
)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_runs(service: Served, path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    sources = [cell["source"] for cell in cells(path) if cell["cell_type"] == "code"]
    assert any("http://127.0.0.1:8080" in source for source in sources)
    for source in sources:
        exec(source.replace("http://127.0.0.1:8080", service.address), names)  # noqa: S102 - our own pages
    assert len(names["matched"]) == 20
    assert len(names["cone"]) >= 1
    assert "#cutout" in capsys.readouterr().out
