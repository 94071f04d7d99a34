"""Fixtures for everybody: one PostgreSQL a session, a fresh database and isolated settings a test."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings as hypothesis_settings

from app.db import migrate
from app.db.cluster import Cluster
from app.db.engine import connect_url
from app.errors import ClusterError
from app.settings import Settings, get_settings
from tests.worlds.grouping import Grouping, GroupScheduling
from tests.worlds.places import SHARED

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from sqlalchemy import Engine

# No test asserts a time: hypothesis would, 0.2 s an example, and the first one of a kernel compiles it.
hypothesis_settings.register_profile("mapps", deadline=None)
hypothesis_settings.load_profile("mapps")
TEMPLATE = "mapps_template"
_numbers = itertools.count(1)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what needs PostgreSQL: with `-m "not database"` all runs that needs no server."""
    if {"cluster", "durable_server", "real_cluster"} & set(getattr(item, "fixturenames", ())):
        item.add_marker("database")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a browser unless it is asked for, and put groups of tests in the order of `grouping`.

    `make browser-test` asks, or the file by its name. Within a rank the order stays the random one.
    """
    asked = "browser" in (config.option.markexpr or "") or any("test_browser" in word for word in config.args)
    left = [] if asked else [item for item in items if item.get_closest_marker("browser")]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if not item.get_closest_marker("browser")]
    grouping = Grouping(config.rootpath)
    items.sort(key=lambda item: grouping.rank(grouping.group(item.nodeid)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    """Several processes take whole groups."""
    return GroupScheduling(config, log)


@dataclass(frozen=True)
class Database:
    """One database of the session's cluster."""

    name: str
    cluster: Cluster

    @property
    def url(self) -> str:
        return self.url_of(None)

    def url_of(self, role: str | None) -> str:
        login = "mapps_owner" if role is None else f"mapps_{role}"
        return self.cluster.url(login, self.name)

    def connect(self, role: str | None = None, **kw: Any) -> psycopg.Connection[Any]:
        return connect_url(self.url_of(role), role=role, **kw)

    def engine(self, role: str | None = None) -> Engine:
        from app.db.engine import engine_url

        return engine_url(self.url_of(role), role=role)


def make_open_folder(prefix: str, place: Path = Path("/tmp")) -> Path:
    """A temporary folder that the server account may traverse: pytest's tmp_path is 0700 all the way."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    folder.chmod(0o755)
    return folder


def memory_place() -> Path:
    """Where the session's server lies: in memory if there is room, since a copy of the template is 1,200 files.

    A database of a test takes 0.02 s to make in memory and 0.45 s on the disk of a small virtual machine. A whole
    session needs 0.5 GB; containers often have 64 MB there, and use the disk.
    """
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 3e9
    return memory if roomy else Path("/tmp")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A private server for the whole session, with fsync off."""
    home = make_open_folder("mapps-test-", memory_place())
    pg_bin = os.environ.get("MAPPS_PG_BIN")
    server = Cluster(home, durable=False, pg_bin=Path(pg_bin) if pg_bin else None)
    try:
        server.ensure()
    except ClusterError as error:
        shutil.rmtree(home, ignore_errors=True)
        pytest.fail(f"no PostgreSQL for the tests: {error}", pytrace=False)
    yield server
    server.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def real_cluster() -> Iterator[Cluster]:
    """A server of its own, as operators run it: fsync on, not yet made. For tests that kill it."""
    home = make_open_folder("mapps-fault-")
    server = Cluster(home)
    yield server
    server.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def template_database(cluster: Cluster) -> Database:
    """The database that is migrated once and copied for each test."""
    template = Database(TEMPLATE, cluster)
    create_database(cluster, TEMPLATE)
    migrate.upgrade(template.url)
    return template


def create_database(cluster: Cluster, name: str, template: str = "template1") -> None:
    """A copy of a database. Copies of files are seven times faster than copies through the log, the default of 15."""
    with connect_url(cluster.url(database="postgres"), autocommit=True) as admin:
        strategy = "STRATEGY FILE_COPY" if admin.info.server_version >= 150000 else ""
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {strategy}')


def drop_database(cluster: Cluster, name: str) -> None:
    with connect_url(cluster.url(database="postgres"), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def empty_database(cluster: Cluster) -> Iterator[Database]:
    """A database without any migration."""
    name = f"empty_{os.getpid()}_{next(_numbers)}"
    create_database(cluster, name)
    yield Database(name, cluster)
    drop_database(cluster, name)


@pytest.fixture
def database(template_database: Database) -> Iterator[Database]:
    """A fresh, migrated database; the settings do not point at it, see `live_database`."""
    server = template_database.cluster
    name = f"test_{os.getpid()}_{next(_numbers)}"
    create_database(server, name, TEMPLATE)
    yield Database(name, server)
    drop_database(server, name)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of a fresh MAPPS_HOME; nothing of the caller's environment or mapps.toml leaks in."""
    home = make_open_folder("mapps-home-")
    for variable in [name for name in os.environ if name.startswith("MAPPS_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("MAPPS_HOME", str(home))
    monkeypatch.chdir(home)
    get_settings.cache_clear()
    yield get_settings()
    get_settings.cache_clear()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def live_database(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """A fresh database that commands and `app.db.engine` find through MAPPS_DATABASE_URL."""
    monkeypatch.setenv("MAPPS_DATABASE_URL", database.url)
    get_settings.cache_clear()
    yield database
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder `../shared/data` with real images and catalogue rows."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip(f"real data are not here: no folder {folder}")
    return folder
