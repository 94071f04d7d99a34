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
    assert rows


def test_operators_tour(night_copy: Site, tmp_path: Path) -> None:
    """The commands of the operator's ten minutes that change nothing, on a night that is there."""
    assert "first" in night_copy.mapps("run", "list")
    assert "done" in night_copy.mapps("run", "status", "first")
    assert night_copy.mapps("run", "attempts", "first")
    night_copy.mapps("run", "queue", "first", "--dry-run")
    night_copy.mapps("ingest", "refusals")
    night_copy.mapps("release", "verify", "first-1")
    night_copy.mapps("run", "report", "first", "--output", str(tmp_path / "pictures"))
    assert {path.name for path in (tmp_path / "pictures").glob("*.png")} == {
        "coverage.png", "atlas.png", "counts.png", "errors.png",
    }  # fmt: skip
    night_copy.mapps(
        "release", "export", "first-1", "--format", "parquet", "--output", str(tmp_path / "export")
    )
    night_copy.mapps("doctor", "--deep")
    night_copy.mapps("run", "hold", "first")
    night_copy.mapps("run", "resume", "first")
