"""Columns come and go, published releases verify: content hashes are made of the columns of their version."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from app.columns import hash_versions
from app.columns import sql as generated
from app.columns.hash_versions import NEWEST, VERSIONS, HashedColumns, HashVersionError
from app.releases.verify import require_equal, verify_release
from tests.conftest import Database
from tests.worlds.release import Box, World, fresh_world

NEXT = NEWEST + 1


@pytest.fixture
def world(template_database: Database) -> Iterator[World]:
    """A release of the newest version."""
    with fresh_world(template_database.cluster) as world:
        world.scan(world.run(), 1, Box(10.0, 10.2, 0.0, 1.0))
        world.sources(1, [10.1, 10.12], [0.5, 0.6])
        world.extended(1, 10.1, 0.5)
        world.build("old")
        yield world


@pytest.fixture
def column_added(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same database after an upgrade that gave each product a column more, and their hashes a version."""
    former = VERSIONS[NEWEST]
    # The list of minor planets is a view.
    release = {
        product: names if product == "mp_mch" else (*names, "quality_class")
        for product, names in former.release.items()
    }
    monkeypatch.setitem(VERSIONS, NEXT, HashedColumns(release, former.output))
    monkeypatch.setattr(hash_versions, "NEWEST", NEXT)
    monkeypatch.setattr("app.releases.build.NEWEST", NEXT)
    for product in release.keys() - {"mp_mch"}:
        world.connection.execute(f"ALTER TABLE release.{product} ADD COLUMN quality_class smallint")
    world.connection.execute(generated.render()["23_release_content.sql"])
    world.connection.commit()
    return world


def manifest(world: World, name: str) -> list[tuple[Any, ...]]:
    return world.rows(
        "SELECT product, partition, rows, sha256 FROM release.manifest JOIN release.release USING (release_id)"
        " WHERE name = %s ORDER BY 1, 2",
        name,
    )


def wrong(world: World, name: str, change: str) -> set[str]:
    """Products of a release that differ after a change behind the guards, which is taken back."""
    world.connection.execute("SET session_replication_role = 'replica'")
    world.connection.execute(change)
    found = {check.product for check in verify_release(world.connection, name) if not check.equal}
    world.connection.rollback()
    return found


def test_a_release_keeps_the_version_of_its_hashes(column_added: World) -> None:
    column_added.build("new")
    found = column_added.rows("SELECT name, hash_version FROM release.release ORDER BY 1")
    assert found == [("new", NEXT), ("old", NEWEST)]
    # What is hashed differs, what is released does not.
    old, new = manifest(column_added, "old"), manifest(column_added, "new")
    assert [line[:3] for line in old] == [line[:3] for line in new]
    assert not {line[3] for line in old if line[0] != "mp_mch"} & {line[3] for line in new}


@pytest.mark.parametrize("name", ["old", "new"])
def test_both_verify_and_a_changed_value_is_found(column_added: World, name: str) -> None:
    column_added.build("new")
    require_equal(name, verify_release(column_added.connection, name))
    column_added.connection.commit()
    of_release = f"release_id = (SELECT release_id FROM release.release WHERE name = '{name}')"
    assert wrong(column_added, name, f"UPDATE release.psc SET j_m = j_m + 0.001 WHERE {of_release}") == {
        "psc"
    }
    assert wrong(column_added, name, f"UPDATE release.xsc SET ra = ra + 1e-6 WHERE {of_release}") == {"xsc"}
    assert wrong(column_added, name, f"UPDATE release.atlas SET url = 'x' WHERE {of_release}") == {"atlas"}
    assert wrong(column_added, name, f"UPDATE release.parent_run SET name = 'x' WHERE {of_release}") == {
        "psc", "xsc", "atlas", "stamp", "scn", "img", "property_map",
    }  # fmt: skip


def test_the_new_column_counts_in_new_releases_only(column_added: World) -> None:
    column_added.build("new")
    change = "UPDATE release.psc SET quality_class = 3"
    assert wrong(column_added, "old", change) == set()
    assert wrong(column_added, "new", change) == {"psc"}


def test_a_release_of_a_newer_mapps_is_refused_and_not_called_altered(world: World) -> None:
    world.connection.execute("SET session_replication_role = 'replica'")
    world.connection.execute("UPDATE release.release SET hash_version = %s", (NEXT,))
    with pytest.raises(HashVersionError, match=f"version {NEXT}"):
        verify_release(world.connection, "old")
    world.connection.rollback()


def test_hashes_know_nothing_of_the_keys_of_runs(world: World, template_database: Database) -> None:
    """The same rows in a database whose runs and releases have other numbers."""
    with fresh_world(template_database.cluster) as other:
        for name in ("abandoned", "given-up"):
            other.run(name)
            other.connection.commit()
        del other.runs["abandoned"], other.runs["given-up"]
        other.connection.execute("SELECT setval('release.release_release_id_seq', 41)")
        other.scan(other.run(), 1, Box(10.0, 10.2, 0.0, 1.0))
        other.sources(1, [10.1, 10.12], [0.5, 0.6])
        other.extended(1, 10.1, 0.5)
        other.build("old")
        assert other.rows("SELECT DISTINCT release_id, run_id FROM release.psc") == [(42, 3)]
        # The world gives every image and stamp a hash of its own.
        same = [line for line in manifest(world, "old") if line[0] not in {"atlas", "stamp", "img"}]
        assert [line for line in manifest(other, "old") if line[0] not in {"atlas", "stamp", "img"}] == same
        assert len(same) > 3


@pytest.mark.parametrize(
    ("version", "row"), [(1, r"convert_to({}::text || E'\n', 'UTF8')"), (2, "record_send({})")]
)
def test_rows_are_hashed_as_their_version_says(
    world: World, monkeypatch: pytest.MonkeyPatch, version: int, row: str
) -> None:
    """Releases of the version that hashed text are made and verified too; the hash is made anew from its definition."""
    monkeypatch.setattr("app.releases.build.NEWEST", version)
    world.build("of-version")
    require_equal("of-version", verify_release(world.connection, "of-version"))
    columns = ", ".join(
        "parent.name" if name == hash_versions.RUN else f"t.{name}"
        for name in VERSIONS[version].release["psc"]
    )
    rows = world.rows(
        f"SELECT {row.format(f'ROW({columns})')} FROM release.psc AS t"
        " JOIN release.release USING (release_id) JOIN release.parent_run AS parent USING (release_id, run_id)"
        " WHERE release.name = 'of-version' ORDER BY t.pts_key"
    )
    assert len(rows) == 2
    block = hashlib.sha256(b"".join(bytes(content) for (content,) in rows)).hexdigest()
    published = {line[:2]: line[3] for line in manifest(world, "of-version")}
    assert published["psc", "all"] == hashlib.sha256(block.encode()).hexdigest()


def test_lists_are_values() -> None:
    lists = VERSIONS[NEWEST]
    assert replace(lists) == lists
    assert lists != HashedColumns({}, lists.output)
