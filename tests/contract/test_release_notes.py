"""Release notes: one page that needs nothing else, made from the release, with everything escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from app.cli import output
from app.cli.main import run as mapps
from app.errors import UnknownNameError
from app.reports.release_notes import draw_counts, draw_scans, write_release_notes
from tests.conftest import Database
from tests.worlds.release import Box, World, key_of
from tests.worlds.solutions import ZeroPoint, adopt, make_solution

ARCSEC = 1 / 3600


class _Page(HTMLParser):
    """Tags in balance, texts of cells, and whatever the page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"src", "href"} and not (value or "").startswith("data:"):
                self.fetched.append(value or "")
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"td", "th"}:
            self.cells.append(data.strip())


@pytest.fixture
def world(live_database: Database) -> Iterator[World]:
    with live_database.connect() as connection:
        world = World(connection)
        run = world.run("a<b&c")
        attempt = world.scan(run, 1, Box(359.9, 360.1, 0.0, 1.0))
        world.scan(run, 2, Box(360.05, 360.25, 0.0, 1.0))
        world.scan(run, 3, Box(359.9, 360.1, 0.0, 1.0), tile=1, noise=5.0)
        random = np.random.default_rng(2)
        decl = random.uniform(0.1, 0.9, 60)
        for number in (1, 2):
            world.sources(
                number, (0.06 + random.normal(0, 0.1 * ARCSEC, 60)) % 360, decl + random.normal(0, 0.1 * ARCSEC, 60),
                j_m=12 + random.normal(0, 0.02, 60),
            )  # fmt: skip
        for band in "jhk":
            world.insert(
                "quality", "metric", "attempt_id", attempt_id=attempt, name="snr10_predicted_mag", band=band, value=16.0
            )  # fmt: skip
        zero = {key_of(number): ZeroPoint(0.05, error_mag=0.01) for number in (1, 2)}
        adopt(connection, run, make_solution(connection, run, attempt, zero))
        world.build()
        yield world
    output.forget_mode()


def test_the_page_stands_by_itself_and_says_what_is_there(world: World, tmp_path: Path) -> None:
    path = write_release_notes(world.connection, "first", tmp_path / "notes" / "first.html")
    text = path.read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert page.open == []
    assert page.fetched == []
    assert text.count("data:image/png;base64,") == 3
    assert "a&lt;b&amp;c" in text
    assert "a<b" not in text
    cells = page.cells
    assert cells[cells.index("point sources") + 1] == "60"
    assert cells[cells.index("scans") + 1] == "2"
    precision = cells[cells.index("precision J, 9 to 13 mag") + 3]
    assert float(precision.split()[0]) == pytest.approx(0.02, rel=0.4)
    assert cells[cells.index("sensitivity J: SNR 10") + 3] == "100.0 % of 1 scans, median 16.05"
    assert cells[cells.index("duplicate") + 1] == "60"
    hashes = dict(world.rows("SELECT product, trim(sha256) FROM release.manifest WHERE partition = 'all'"))
    assert set(hashes.values()) <= set(cells)
    line = cells[cells.index("square degrees") + 5 :]
    # Two boxes that overlap: 0.35 square degrees, and the edges of cells.
    assert (line[0], float(line[1])) == ("J", pytest.approx(0.35, abs=0.01))
    assert line[2:6] == ["16.05 mag", "16.05 mag", "16.05 mag", "2.67 arcsec"]
    assert "nominal scale" not in text
    again = write_release_notes(world.connection, "first", tmp_path / "again.html")
    assert again.read_bytes() == path.read_bytes()


def test_magnitudes_without_a_solution_are_told(database: Database, tmp_path: Path) -> None:
    with database.connect() as connection:
        world = World(connection)
        world.scan(world.run(), 1, Box(10.0, 10.2, 0.0, 1.0))
        world.build()
        text = write_release_notes(connection, "first", tmp_path / "x.html").read_text(encoding="utf-8")
        assert "nominal scale" in text
        assert re.search(r"<td>H</td>.*?not measured", text, re.DOTALL)
        assert re.search(r"precision J.*?not measured", text, re.DOTALL)
        with pytest.raises(UnknownNameError):
            write_release_notes(connection, "second", tmp_path / "x.html")


def test_pictures_of_nothing(tmp_path: Path) -> None:
    draw_scans(np.zeros((0, 15)), 8, "grade", tmp_path / "a.png")
    draw_scans(
        np.array([[359.9, 0, 0.1, 0, 0.1, 1, 359.9, 1, *[np.nan] * 7]]), 8, "grade", tmp_path / "b.png"
    )
    draw_counts([], tmp_path / "c.png")
    assert all((tmp_path / name).stat().st_size > 1000 for name in ("a.png", "b.png", "c.png"))


def test_the_command(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert mapps(["release", "notes", "first", "--output", str(tmp_path / "n.html")]) == 0
    assert "n.html" in capsys.readouterr().out
    assert (tmp_path / "n.html").exists()
    assert mapps(["release", "notes", "second"]) == 2
