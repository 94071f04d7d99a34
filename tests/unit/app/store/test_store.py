from __future__ import annotations

import errno
import hashlib
import os
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InputError, StoredFileError, StoreError
from app.store import Store, content_hash, free_bytes, is_outside
from app.store.placing import PART

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


def test_same_content_twice_is_one_file_that_counts_as_new(store):
    first = store.local_path(store.put(b"hello", "atlas").name)
    os.utime(first, (1e9, 1e9))
    before = first.stat()
    store.put(b"hello", "atlas")
    assert first.stat().st_mtime > before.st_mtime
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


def test_flipped_bit_is_written_again(store):
    """Existence and size say nothing: a new run published a right checksum over a wrong file."""
    stored = store.put(b"hello", "atlas")
    path = store.local_path(stored.name)
    path.chmod(0o644)
    path.write_bytes(b"hellp")
    assert store.digest(stored.name) != stored.sha256
    store.put(b"hello", "atlas")
    assert store.digest(stored.name) == stored.sha256
    assert path.stat().st_mode & 0o777 == 0o444


def test_file_of_another_account_is_replaced(store, monkeypatch):
    """Only the owner may give a file a new date."""

    def refuse(path):
        raise PermissionError(errno.EPERM, "not the owner")

    first = store.local_path(store.put(b"hello", "atlas").name)
    before = first.stat().st_ino
    monkeypatch.setattr(os, "utime", refuse)
    store.put(b"hello", "atlas")
    assert first.stat().st_ino != before
    assert parts_left(store) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_refused_write_leaves_nothing(store, monkeypatch, number):
    def refuse(handle):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StoreError, match=os.strerror(number)) as caught:
        store.put(b"hello", "atlas")
    assert caught.value.exit_status == 3
    assert caught.value.needed_bytes == 5
    assert list(store.names()) == []
    assert parts_left(store) == []


def test_missing_file_is_told(store):
    store.put(b"hello", "atlas")
    for ask in (store.read, store.local_path, store.digest, store.path_of):
        with pytest.raises(StoredFileError, match=r"atlas/ab/cd is gone .* mapps store repair atlas/ab/cd"):
            ask("atlas/ab/cd")
    assert not store.exists("atlas/ab/cd")


def test_store_without_any_file_of_a_kind_is_away(store):
    store.put(b"hello", "atlas")
    for ask in (store.read, store.local_path):
        with pytest.raises(StoreError, match="holds no calibration files at all") as caught:
            ask("calibration/ab/cd")
        assert caught.value.needed_bytes == 0


def test_rows_name_files_of_the_store_or_outside(store, tmp_path):
    stored = store.put(b"hello", "atlas", ".fits")
    assert content_hash(stored.name) == stored.sha256
    assert store.path_of(stored.name) == store.local_path(stored.name)
    assert str(store.path_of("file:///data/j.fits")) == str(store.path_of("/data/j.fits")) == "/data/j.fits"
    assert is_outside("s3://archive/j.fits")


def test_moved_store_holds_the_same_names(store, tmp_path):
    name = store.put(b"hello", "atlas").name
    (tmp_path / "store").rename(tmp_path / "elsewhere")
    assert Store(str(tmp_path / "elsewhere")).read(name) == b"hello"


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "atlas/../../x", ""])
def test_names_cannot_leave_the_store(store, name):
    with pytest.raises(InputError):
        store.read(name)


def test_kind_and_suffix_are_plain(store):
    with pytest.raises(ValueError, match="plain"):
        store.put(b"", "../x")
    with pytest.raises(ValueError, match="plain"):
        store.put(b"", "x", "/../y")


def test_only_old_files_are_removed(store):
    now = datetime.now(UTC)
    name = store.put(b"b", "atlas", ".fits").name
    assert not store.remove(name, before=now - timedelta(hours=1))
    assert store.exists(name)
    assert parts_left(store) == []
    assert store.remove(name, before=now + timedelta(hours=1))
    assert not store.exists(name)
    assert store.modified_at(name) is None
    assert not store.remove(name, before=now + timedelta(hours=1))


def test_unfinished_files_are_no_names(store):
    kept = store.put(b"a", "atlas", ".fits")
    (store.local_path(kept.name).parent / f"tmpabc{PART}").write_bytes(b"unfinished")
    assert list(store.names()) == [kept.name]
    assert [name.rpartition("/")[2] for name in store.unfinished()] == [f"tmpabc{PART}"]


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
    cached = store.local_path(stored.name)
    cached.chmod(0o644)
    cached.write_bytes(b"hellp")
    assert store.local_path(stored.name).read_bytes() == b"hello"
    assert not store.remove(stored.name, before=datetime.now(UTC) - timedelta(days=1))
    assert store.remove(stored.name, before=datetime.now(UTC) + timedelta(days=1))
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
