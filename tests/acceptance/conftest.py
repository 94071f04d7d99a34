"""A small simulated night, taken all the way to a release by the operator's own commands, once a session."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.db.cluster import Cluster
from tests.conftest import TEMPLATE, Database, create_database, drop_database, make_open_folder
from tests.worlds.commands import Commands


@functools.cache
def commands() -> Commands:
    """The server of commands of this process, which ends with it."""
    server = Commands()
    atexit.register(server.close)
    return server


@dataclass(frozen=True)
class Site:
    """A place with its own home and database, where commands are run as a person would type them."""

    home: Path
    database: Database

    def mapps(self, *words: str, status: int = 0, **settings: str) -> str:
        """Standard output of a command; the test fails if it does not end with `status`."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAPPS_")}
        environment |= {"MAPPS_HOME": str(self.home), "MAPPS_DATABASE_URL": self.database.url}
        environment |= settings
        done = commands().run(words, environment)
        assert done.returncode == status, f"mapps {' '.join(words)}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def open_site(cluster: Cluster, name: str) -> Iterator[Site]:
    home = make_open_folder(f"mapps-{name}-")
    create_database(cluster, name, TEMPLATE)
    try:
        yield Site(home, Database(name, cluster))
    finally:
        drop_database(cluster, name)
        shutil.rmtree(home, ignore_errors=True)


def state_of(site: Site) -> list[tuple[object, ...]]:
    """What runs, attempts and files of catalogues a place has, and by which numbers."""
    with site.database.connect("reader") as connection:
        return connection.execute(
            "SELECT r.name, r.state, count(*), max(a.attempt_id), bool_and(a.accepted) FROM production.run AS r"
            " LEFT JOIN production.attempt AS a USING (run_id) GROUP BY 1, 2 ORDER BY 1"
        ).fetchall()


@pytest.fixture
def site(cluster: Cluster, template_database: Database) -> Iterator[Site]:
    """An empty place."""
    assert template_database.name == TEMPLATE
    yield from open_site(cluster, f"site_{os.getpid()}")


def predict_minor_planet(place: Site) -> None:
    """Load the predicted place of a body far from the night's scans: its rows are known to be no minor planets."""
    with place.database.connect() as connection:
        row = connection.execute("SELECT min(jdate) FROM survey.scan WHERE kind = 'sci'").fetchone()
    assert row is not None
    file = place.home / "predicted.csv"
    file.write_text(
        "name,jdate,ra,decl,rate_ra_arcsec_h,rate_decl_arcsec_h,error_arcsec\n"
        f"Ceres,{row[0]:.5f},10.0,80.0,30.0,10.0,1.0\n",
        encoding="utf-8",
    )
    place.mapps("reference", "minor-planets", str(file))


@pytest.fixture(scope="session")
def observed_night(cluster: Cluster, template_database: Database) -> Iterator[Site]:
    """A place where a small night has been observed, reduced as run `first` and released as `first-1`."""
    assert template_database.name == TEMPLATE
    for place in open_site(cluster, f"night_{os.getpid()}"):
        place.mapps(
            "simulate", "night", str(place.home / "raw"), "--seed", "7", "--frames", "16", "--tiles", "2"
        )
        folder = next(iter(sorted((place.home / "raw").rglob("checksums.sha256")))).parent
        place.mapps("reference", "load", "--synthetic", "--night", str(folder))
        place.mapps("ingest", "night", str(folder))
        place.mapps("run", "create", "first", "--kind", "preliminary")
        place.mapps("run", "queue", "first")
        place.mapps("worker", "--processes", "2", "--until-idle")
        predict_minor_planet(place)
        # In the solution of one of the two short scans there is no reference star.
        words = ("release", "build", "first-1", "--run", "first", "--kind", "sampler", "--nominal")
        place.mapps(*words, "--without-reference-stars")
        yield place


@pytest.fixture
def night(observed_night: Site) -> Iterator[Site]:
    """The small night for reading: a test that leaves a run or an attempt behind fails here, not the next one."""
    before = state_of(observed_night)
    yield observed_night
    assert state_of(observed_night) == before, "a test that changes the night takes night_copy"


@pytest.fixture
def night_copy(observed_night: Site, cluster: Cluster) -> Iterator[Site]:
    """The small night at a place of its own, for a test that adds runs, spoils files or recalls attempts."""
    name = f"copy_{os.getpid()}"
    home = make_open_folder(f"mapps-{name}-")
    shutil.copytree(observed_night.home, home, dirs_exist_ok=True)
    create_database(cluster, name, observed_night.database.name)
    try:
        yield Site(home, Database(name, cluster))
    finally:
        drop_database(cluster, name)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def night_images(observed_night: Site, cluster: Cluster) -> Iterator[Site]:
    """A place that has only the Atlas images of the small night: reduced as finished images, run `first`."""
    for place in open_site(cluster, f"images_{os.getpid()}"):
        place.mapps("ingest", "atlas", str(observed_night.home / "store" / "atlas"))
        place.mapps("run", "create", "first", "--kind", "preliminary")
        place.mapps("run", "queue", "first")
        place.mapps("worker", "--processes", "2", "--until-idle")
        yield place
