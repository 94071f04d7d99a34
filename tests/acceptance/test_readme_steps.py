"""The operator's steps of the README, typed word for word, work and give true places."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg
import pytest
from scipy.spatial import cKDTree

from app.observatory.truth import read_table
from app.sky.directions import unit_vectors
from tests.acceptance.conftest import commands
from tests.conftest import make_open_folder
from tests.worlds.commands import Commands, Done
from tests.worlds.places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATOR = README.partition("## Ten minutes as an operator")[2].partition("\n## ")[0]
STEPS = [
    re.split(r"\s+# ", line.strip())[0]
    for line in re.findall(r"^    (mapps .*)$", OPERATOR, flags=re.MULTILINE)
]
PLACEHOLDER = re.compile(r"\b[A-Z][A-Z0-9]{3,}\b")  # FOLDER, SHA256
ARCSEC = np.radians(1.0 / 3600.0)


@dataclass(frozen=True)
class Tour:
    """A place of its own where the README's steps are typed: folder, home, and what each step said."""

    folder: Path
    environment: dict[str, str]
    told: dict[str, str]
    served: Commands | None = None

    def type(self, line: str) -> tuple[int, str]:
        """Type a line into a shell, or give its words to the server of commands; its exit status and what it said."""
        done: Done | subprocess.CompletedProcess[str]
        if self.served is not None:
            done = self.served.run(tuple(shlex.split(line)[1:]), self.environment, self.folder)
        else:
            done = subprocess.run(
                ["bash", "-c", line], env=self.environment, cwd=self.folder, capture_output=True, text=True,
                check=False, timeout=500,
            )  # fmt: skip
        self.told[line] = done.stdout + done.stderr
        return done.returncode, self.told[line]

    def offsets_arcsec(self, query: str) -> np.ndarray:
        """Distance of rows (ra, decl) from the true place of the nearest star, within 8 arcsec."""
        url = self.type("mapps db url --role reader")[1].strip()
        with psycopg.connect(url) as connection:
            places = np.array(connection.execute(query.encode()).fetchall(), float)
        [truth] = (self.folder / "raw").glob("*truth*.fits*")
        stars = read_table(truth, "SOURCES")
        distance, _ = cKDTree(unit_vectors(stars["ra"], stars["decl"])).query(unit_vectors(*places.T))
        return np.asarray(distance[distance < 8.0 * ARCSEC] / ARCSEC)


def open_tour(served: Commands | None = None) -> Iterator[Tour]:
    folder = make_open_folder("mapps-readme-")
    programs = folder / "bin"
    programs.mkdir()
    (programs / "mapps").write_text(
        f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m app.cli.main "$@"\n', encoding="utf-8"
    )
    (programs / "mapps").chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAPPS_")}
    environment |= {"PATH": f"{programs}:{os.environ['PATH']}", "MAPPS_HOME": str(folder / "home")}
    tour = Tour(folder, environment, {}, served)
    try:
        yield tour
    finally:
        tour.type("mapps db stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def followed() -> Iterator[Tour]:
    """The operator's steps, word for word, each of which must end well."""
    for tour in open_tour():
        for line in STEPS:
            if not PLACEHOLDER.search(line):
                status, told = tour.type(line)
                assert status == 0, f"{line}\n{told}"
        yield tour


@pytest.mark.slow
def test_the_steps_begin_with_a_night_and_its_reference_stars() -> None:
    starts = [" ".join(line.split()[:3]) for line in STEPS]
    order = [
        "mapps db start",
        "mapps simulate night",
        "mapps reference load",
        "mapps ingest night",
        "mapps run create",
    ]
    assert [start for start in starts if start in order] == order
    assert sum(bool(PLACEHOLDER.search(line)) for line in STEPS) == 1, (
        "only the recall of a file wants a value"
    )


@pytest.mark.slow
def test_the_steps_word_for_word_give_places_within_a_tenth_of_an_arcsecond(followed: Tour) -> None:
    offset = followed.offsets_arcsec(
        "SELECT ra, decl FROM release.psc WHERE j_m < 14 AND ph_qual ~ '^[AB]' AND bl_flg = '111'"
    )
    assert offset.size > 50
    assert np.median(offset) < 0.1
    assert np.mean(offset < 0.3) > 0.9
    for told in followed.told.values():
        assert "reference stars are loaded, positions" not in told
    assert "released: " in followed.told[_step("mapps release explain")]


@pytest.mark.slow
def test_without_reference_stars_every_step_says_so() -> None:
    # What a shell makes of the steps is seen by the other test.
    for tour in open_tour(commands()):
        # Nothing is taken in yet, or nothing of positions is said.
        silent = ("mapps db start", "mapps simulate", "mapps ingest refusals")
        lines = [line for line in STEPS if not line.startswith("mapps reference")]
        for line in lines[: lines.index(_step("mapps release build"))]:
            small = line.replace("simulate night raw --tiles 2", "simulate night raw --tiles 1 --frames 14")
            status, told = tour.type(small)
            assert status == 0, f"{small}\n{told}"
            told_of = "reference stars" in told
            assert told_of or line.startswith(silent), line
        assert "reference stars" in tour.type("mapps doctor")[1]
        status, told = tour.type(_step("mapps release build"))
        assert (status, "EMPTY_RELEASE" in told, "--without-reference-stars" in told) == (2, True, True), told
        assert tour.type("mapps release build told --run first --without-reference-stars --nominal")[0] == 0
        offset = tour.offsets_arcsec("SELECT ra, decl FROM release.psc WHERE j_m < 14")
        url = tour.type("mapps db url --role reader")[1].strip()
        with psycopg.connect(url) as connection:
            least = connection.execute("SELECT min(err_maj) FROM release.psc").fetchone()
        assert least
        assert least[0] >= 2.0
        assert np.median(offset) < 3.0 * least[0]


def _step(start: str) -> str:
    [line] = [line for line in STEPS if line.startswith(start)]
    return line
