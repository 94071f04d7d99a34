"""Exports that are killed: the same call goes on, leaves nothing half-made, and ends with the bytes of the others."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.db.engine import connect_url
from app.formats.atlas import write_atlas
from app.formats.postage_stamp import write_stamp
from app.instruments.bands import BANDS, Band
from app.releases import export as exports
from app.releases import hats_export
from app.releases.export import ExportFormat, export_release
from app.releases.export_journal import Journal
from app.releases.hats_export import HatsOptions
from app.settings import get_settings
from app.store.store import Store
from tests.conftest import Database
from tests.unit.app.formats.test_atlas import KEYWORDS
from tests.unit.app.formats.test_atlas import planes as atlas_planes
from tests.unit.app.formats.test_postage_stamp import KEYWORDS as STAMP_KEYWORDS
from tests.unit.app.formats.test_postage_stamp import plane
from tests.worlds.release import Box, World, fresh_world

KILLED = 9
SMALL = HatsOptions(most_rows=60)


class Site(World):
    """A release with files for its images and stamps."""

    @property
    def url(self) -> str:
        info = self.connection.info
        return f"postgresql://mapps_operator@/{info.dbname}?host={info.host}&port={info.port}"

    def fill(self, store: Store) -> None:
        run = self.run()
        self.scan(run, 1, Box(44.7, 45.3, 41.5, 42.1))
        random = np.random.default_rng(3)
        self.sources(1, random.uniform(44.8, 45.2, 150), random.uniform(41.6, 42.0, 150))
        self.extended(1, [45.01, 44.95, 45.05], [41.81, 41.75, 41.85])
        for image_id, band in self.rows("SELECT image_id, band FROM wsdb.atlas_measurement"):
            buffer = io.BytesIO()
            write_atlas(
                buffer,
                replace(atlas_planes(peak=4e3 + image_id), band=Band(band), zero_point_mag=20.0),
                KEYWORDS,
            )
            self.place(
                "atlas_measurement", "image_id", image_id, store.put(buffer.getvalue(), "atlas", ".fits")
            )
        for (stamp_id,) in self.rows("SELECT stamp_id FROM wsdb.postage_stamp"):
            content = write_stamp([plane(band, 11 + 2 * int(stamp_id)) for band in BANDS], STAMP_KEYWORDS)
            self.place("postage_stamp", "stamp_id", stamp_id, store.put(content, "stamps", ".fits"))
        self.build()

    def place(self, table: str, key: str, value: int, stored: Any) -> None:
        self.connection.execute(
            f"UPDATE wsdb.{table} SET url = %s, sha256 = %s WHERE {key} = %s",
            (stored.name, stored.sha256, value),
        )


@pytest.fixture(scope="module")
def site(template_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch, fresh_world(template_database.cluster) as world:
        patch.setenv("MAPPS_STORE_URL", str(tmp_path_factory.mktemp("store")))
        get_settings.cache_clear()
        patch.setattr(hats_export, "HatsOptions", lambda: SMALL)
        made = Site(world.connection)
        made.fill(Store())
        yield made
    get_settings.cache_clear()


STEPS = ("read_chunks", "read_ranges", "replace", "add")
"""Before rows are read, before a file gets its name, before it is noted."""


def export_with_a_death(
    url: str, kind: ExportFormat, output: Path, death: int, counted: tuple[str, ...] = STEPS
) -> int:
    """Export by a process of its own that is gone at a step, without any last word; its exit status."""
    with warnings.catch_warnings():
        # Newer Pythons warn where other threads are: the process uses nothing that these could hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    try:
        steps = iter(range(1, death))

        def stepped(function: Callable[..., Any]) -> Callable[..., Any]:
            def step(*given: Any, **words: Any) -> Any:
                if next(steps, None) is None:
                    os._exit(KILLED)
                return function(*given, **words)

            return step

        for owner in (exports, hats_export, Path, Journal):
            for name in set(counted) & vars(owner).keys():
                setattr(owner, name, stepped(vars(owner)[name]))
        with connect_url(url) as connection:
            export_release(connection, "first", kind, output)
        os._exit(0)
    except BaseException:  # noqa: BLE001
        os._exit(1)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def times(folder: Path) -> dict[str, int]:
    """When files that have their names were written; a collection has its name when it is whole."""
    return {
        path.relative_to(folder).as_posix().replace(".hats.part/", ".hats/"): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in {".part", ".begun", ".json"}
    }


@pytest.mark.parametrize("kind", list(ExportFormat))
def test_an_export_that_is_killed_again_and_again_ends_as_an_undisturbed_one(
    site: Site, tmp_path: Path, kind: ExportFormat
) -> None:
    export_release(site.connection, "first", kind, tmp_path / "whole")
    site.connection.commit()
    # A file, or a cell with its margin, takes up to four steps: every process but the first gets on by one at least.
    output, kills = tmp_path / "killed", 0
    noted: dict[str, int] = {}
    while (status := export_with_a_death(site.url, kind, output, 5 + kills % 3 if kills else 3)) == KILLED:
        kills += 1
        assert kills < 40
        kept = {name: time for name, time in times(output).items() if noted.get(name) == time}
        # All that is written again is what was whole and not noted yet: a file, or a margin whose cell was missing.
        assert len(noted) - len(kept) <= 1
        noted = times(output)
    assert status == 0
    assert kills > 0
    assert contents(output) == contents(tmp_path / "whole")


def test_a_collection_that_was_whole_when_the_process_was_killed_is_not_written_again(
    site: Site, tmp_path: Path
) -> None:
    export_release(site.connection, "first", "hats", tmp_path / "whole")
    site.connection.commit()
    only = ("add",)
    assert export_with_a_death(site.url, ExportFormat.HATS, tmp_path / "killed", 1, only) == KILLED
    written = {
        name: time for name, time in times(tmp_path / "killed").items() if name.startswith("first.psc")
    }
    assert "first.psc.hats/collection.properties" in written
    assert export_with_a_death(site.url, ExportFormat.HATS, tmp_path / "killed", 2, only) == KILLED
    export_release(site.connection, "first", "hats", tmp_path / "killed")
    site.connection.commit()
    assert written.items() <= times(tmp_path / "killed").items()
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


def test_a_file_that_was_changed_after_the_kill_is_made_anew(site: Site, tmp_path: Path) -> None:
    export_release(site.connection, "first", "fits", tmp_path / "whole")
    site.connection.commit()
    assert export_with_a_death(site.url, ExportFormat.FITS, tmp_path / "killed", 8) == KILLED
    assert (tmp_path / "killed" / "first.fits.begun").exists()
    (tmp_path / "killed" / "first.psc.fits").write_bytes(b"something else")
    export_release(site.connection, "first", "fits", tmp_path / "killed")
    site.connection.commit()
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
