"""The services over real HTTP, in a thread of the test, on a database of their own."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import uvicorn

from app.access.application import application
from app.access.limits import Limits
from app.access.readers import Readers
from app.access.services import Services
from app.formats.postage_stamp import write_stamp
from app.instruments.bands import BANDS
from app.settings import get_settings
from tests.conftest import TEMPLATE, Database, create_database, drop_database, make_open_folder
from tests.unit.app.formats.test_postage_stamp import KEYWORDS, plane
from tests.worlds.atlas_files import write_image
from tests.worlds.release import Box, World, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.db.cluster import Cluster

TOKEN = "a token of the tests"  # noqa: S105
BOXES = (Box(10.0, 10.4, 0.0, 1.0), Box(359.8, 360.2, 20.0, 21.0), Box(40.0, 50.0, 88.5, 89.5))
"""Areas of the scans: an ordinary one, across right ascension 0, near the pole."""


@dataclass
class Served:
    """Where the services are, and what stands behind them."""

    address: str
    services: Services
    database: Database
    world: World
    client: httpx.Client

    def query(self, text: str, **parameters: Any) -> httpx.Response:
        values = {"LANG": "ADQL", "QUERY": text, "RESPONSEFORMAT": "csv"} | parameters
        return self.client.post("/tap/sync", data=values)

    def rows(self, text: str, **parameters: Any) -> list[list[str]]:
        answer = self.query(text, **parameters)
        assert answer.status_code == 200, answer.text
        return [line.split(",") for line in answer.text.splitlines()[1:]]


def fill(world: World, folder: Path, count: int = 80, seed: int = 5) -> None:
    """Scans with random sources, an extended source each, and a release."""
    random = np.random.default_rng(seed)
    run = world.run("plane")
    for number, box in enumerate(BOXES, 1):
        world.scan(run, number, box)
        ra = random.uniform(box.west + 0.02, box.east - 0.02, count) % 360
        decl = random.uniform(box.south + 0.02, box.north - 0.02, count)
        bright = random.uniform(9, 16, count)
        grades = random.choice([b"AAA", b"ABU", b"AAE"], count)
        world.sources(
            number, ra, decl, j_m=bright, ph_qual=grades, k_m=np.where(bright > 15, np.nan, bright - 0.7)
        )
        world.extended(number, [ra[0]], [decl[0]])
    image = write_image(folder / "image.fits", CRVAL1=10.2, CRVAL2=0.5)
    world.connection.execute(
        "UPDATE wsdb.atlas_measurement SET url = %s, sha256 = %s WHERE scan_key = %s AND band = 'j'",
        (str(image), hashlib.sha256(image.read_bytes()).hexdigest(), key_of(1)),
    )
    stamp = folder / "stamp.fits"
    stamp.write_bytes(write_stamp([plane(band) for band in BANDS], KEYWORDS))
    world.connection.execute(
        "UPDATE wsdb.postage_stamp SET url = %s, sha256 = %s WHERE scan_key = %s",
        (str(stamp), hashlib.sha256(stamp.read_bytes()).hexdigest(), key_of(1)),
    )
    world.build("first")


@contextmanager
def running(app: Any) -> Iterator[str]:
    """An application on a free port."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen(128)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2, lifespan="on")
        server = uvicorn.Server(config)
        ready = threading.Event()
        begin = server.startup

        async def startup(sockets: Any = None) -> None:
            await begin(sockets)
            ready.set()

        server.startup = startup
        thread = threading.Thread(target=server.run, kwargs={"sockets": [held]}, daemon=True)
        thread.start()
        assert ready.wait(20)
        try:
            yield f"http://127.0.0.1:{held.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)


@contextmanager
def served(cluster: Cluster, **limits: Any) -> Iterator[Served]:
    """Services on a filled database; settings point at it meanwhile."""
    name = f"served_{os.getpid()}_{threading.get_ident() % 10000}_{len(limits)}"
    create_database(cluster, name, TEMPLATE)
    database = Database(name, cluster)
    home = make_open_folder("mapps-served-")
    former = {key: os.environ.pop(key) for key in list(os.environ) if key.startswith("MAPPS_")}
    os.environ |= {"MAPPS_HOME": str(home), "MAPPS_DATABASE_URL": database.url}
    get_settings.cache_clear()
    try:
        with database.connect() as connection:
            world = World(connection)
            fill(world, home)
            services = made(home, **limits)
            with (
                running(application(services)) as address,
                httpx.Client(base_url=address, timeout=60) as client,
            ):
                services.base_url = address
                yield Served(address, services, database, world, client)
    finally:
        for key in ("MAPPS_HOME", "MAPPS_DATABASE_URL"):
            os.environ.pop(key)
        os.environ |= former
        get_settings.cache_clear()
        drop_database(cluster, name)
        shutil.rmtree(home, ignore_errors=True)


def made(home: Path, **limits: Any) -> Services:
    """Services with the limits of tests."""
    wanted = replace(Limits(connections=8, query_seconds=20.0), **limits)
    return Services(limits=wanted, folder=home / "answers", readers=Readers(wanted.connections), token=TOKEN)
