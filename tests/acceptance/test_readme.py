"""What the README prints works as printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.acceptance.conftest import Site
from tests.worlds.places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", README, flags=re.DOTALL)


def test_there_are_queries_to_try() -> None:
    assert len(QUERIES) >= 5


@pytest.mark.parametrize("number", range(len(QUERIES)))
def test_query_works_for_a_reader(night: Site, number: int) -> None:
    with night.database.connect("reader") as connection:
        cursor = connection.execute(QUERIES[number])
        assert cursor.description
        rows = cursor.fetchall()
    # The first query names a place of the README's own; the others must find something in any release.
    assert rows or number == 0


def test_operators_tour(night: Site, tmp_path: Path) -> None:
    """The commands of the operator's ten minutes that change nothing, on a night that is there."""
    assert "first" in night.mapps("run", "list")
    assert "done" in night.mapps("run", "status", "first")
    assert night.mapps("run", "attempts", "first")
    night.mapps("run", "queue", "first", "--dry-run")
    night.mapps("ingest", "refusals")
    night.mapps("release", "verify", "first-1")
    night.mapps("run", "report", "first", "--output", str(tmp_path / "pictures"))
    assert {path.name for path in (tmp_path / "pictures").glob("*.png")} == {
        "coverage.png", "atlas.png", "counts.png", "errors.png",
    }  # fmt: skip
    night.mapps("release", "export", "first-1", "--format", "parquet", "--output", str(tmp_path / "export"))
    night.mapps("doctor", "--deep")
    night.mapps("run", "hold", "first")
    night.mapps("run", "resume", "first")
