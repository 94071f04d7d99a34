"""Versions of content hashes: old lists stay as they are, the newest is that of the registry."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

import pytest

from app.columns.hash_versions import (
    NEWEST,
    VERSIONS,
    HashVersionError,
    hashed_columns,
    read_versions,
)

# SHA-256 of the lists of every version but the newest, which follows the registry until it gets a successor.
PINNED: dict[int, str] = {1: "ad7aa9d282bd35ac0ddbd8cfc4b72e86edc20fecfe3ad699408ca203f141e330"}


def test_lists_of_old_versions_never_change():
    assert set(PINNED) == set(VERSIONS) - {NEWEST}, "whoever adds a version pins the one before"
    for version, digest in PINNED.items():
        lists = json.dumps(asdict(VERSIONS[version]), sort_keys=True)
        assert hashlib.sha256(lists.encode()).hexdigest() == digest


def test_versions_count_from_1():
    assert list(VERSIONS) == list(range(1, NEWEST + 1))


def test_an_unknown_version_is_refused():
    assert hashed_columns(NEWEST) is VERSIONS[NEWEST]
    for version in (0, NEWEST + 1):
        with pytest.raises(HashVersionError, match=f"version {version}") as caught:
            hashed_columns(version)
        assert caught.value.code == "HASH_VERSION"
        assert caught.value.remedy


def test_versions_are_read_in_their_order(tmp_path):
    path = tmp_path / "versions.json"
    lists = {"release": {"psc": ["b", "a"]}, "output": {"metrics": ["value"]}}
    path.write_text(json.dumps({"10": lists, "9": lists, "1": lists}))
    found = read_versions(path)
    assert list(found) == [1, 9, 10]
    assert found[9].release == {"psc": ("b", "a")}
    assert found[9].output == {"metrics": ("value",)}
