from __future__ import annotations

import errno
import hashlib
import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InputError, StoreError
from app.store import Store, free_bytes

HELLO = hashlib.sha256(b"hello").hexdigest()


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path / "store"))


def parts_left(store):
    return list(store._local.rglob("*.part"))


def test_name_comes_from_content(store):
    stored = store.put(b"hello", "atlas", ".fits")
    assert stored.name == f"atlas/{HELLO[:2]}/{HELLO[2:]}.fits"
    assert (stored.sha256, stored.size) == (HELLO, 5)
    assert store.read(stored.name) == b"hello"
    assert store.local_path(stored.name).read_bytes() == b"hello"


def test_same_content_twice_is_one_untouched_file(store):
    first = store.local_path(store.put(b"hello", "atlas").name)
    before = first.stat()
    store.put(b"hello", "atlas")
    assert first.stat().st_mtime_ns == before.st_mtime_ns
    assert first.stat().st_ino == before.st_ino
    assert first.stat().st_mode & 0o777 == 0o444


def test_a_file_is_stored_like_its_bytes(store, tmp_path):
    source = tmp_path / "in.dat"
    source.write_bytes(b"x" * 3_000_000)
    assert store.put(source, "raw") == store.put(b"x" * 3_000_000, "raw")


def test_torn_copy_is_written_again(store):
    stored = store.put(b"hello", "atlas")
    path = store.local_path(stored.name)
    path.chmod(0o644)
    path.write_bytes(b"he")
    store.put(b"hello", "atlas")
    assert store.read(stored.name) == b"hello"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_refused_write_leaves_nothing(store, monkeypatch, number):
    def refuse(handle):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StoreError, match=os.strerror(number)) as caught:
        store.put(b"hello", "atlas")
    assert caught.value.exit_status == 3
    assert list(store.names()) == []
    assert parts_left(store) == []


def test_missing_file_is_told(store):
    for ask in (store.read, store.local_path):
        with pytest.raises(StoreError, match="cannot read atlas/ab/cd"):
            ask("atlas/ab/cd")
    assert not store.exists("atlas/ab/cd")


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "atlas/../../x", ""])
def test_names_cannot_leave_the_store(store, name):
    with pytest.raises(InputError):
        store.read(name)


def test_kind_and_suffix_are_plain(store):
    with pytest.raises(ValueError, match="plain"):
        store.put(b"", "../x")
    with pytest.raises(ValueError, match="plain"):
        store.put(b"", "x", "/../y")


def test_sweep_lists_orphans_and_removes_none(store):
    kept, orphan = store.put(b"a", "atlas", ".fits"), store.put(b"b", "atlas", ".fits")
    (store.local_path(kept.name).parent / "tmpabc.part").write_bytes(b"unfinished")
    assert store.sweep({kept.name}) == [orphan.name]
    store.remove(orphan.name)
    assert store.sweep({kept.name}) == []
    assert store.exists(kept.name)


def test_check_leaves_nothing(store):
    store.check()
    assert list(store.names()) == []


def test_remote_store(settings):
    store = Store("memory://mapps-test")
    stored = store.put(b"hello", "atlas", ".fits")
    assert store.read(stored.name) == b"hello"
    assert store.local_path(stored.name).read_bytes() == b"hello"
    assert list(store.names()) == [stored.name]
    assert free_bytes("memory://mapps-test") is None
    store.remove(stored.name)
    assert not store.exists(stored.name)


def test_unknown_protocol_is_told():
    with pytest.raises(StoreError, match="cannot be used"):
        Store("nonsense://x")


def test_many_writers_of_one_content(store):
    content = os.urandom(2_000_000)
    threads = [threading.Thread(target=store.put, args=(content, "atlas")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (name,) = store.names()
    assert store.read(name) == content
    assert parts_left(store) == []


@given(st.binary(max_size=200))
def test_round_trip(content):
    store = Store("memory://mapps-round")
    assert store.read(store.put(content, "probe").name) == content
