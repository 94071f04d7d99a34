"""The journal of an export: files that are whole and unchanged are known, and nothing of another export."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from app.releases.export_journal import ExportedFile, Journal, content_of, hashed

ORIGIN = {"release": "first"}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / "a.fits").write_bytes(b"stars")
    Journal(tmp_path / "x.begun", ORIGIN).add("psc", tmp_path / "a.fits", 5)
    return tmp_path


def test_what_was_noted_is_known(written: Path) -> None:
    known = Journal(written / "x.begun", ORIGIN).finished("psc", written / "a.fits")
    sha256 = hashlib.sha256(b"stars").hexdigest()
    assert known == ExportedFile("psc", written / "a.fits", 5, 5, sha256)


def test_what_is_gone_changed_or_never_noted_is_not(written: Path) -> None:
    (written / "b.fits").write_bytes(b"more")
    assert Journal(written / "x.begun", ORIGIN).finished("xsc", written / "b.fits") is None
    (written / "a.fits").write_bytes(b"STARS")
    assert Journal(written / "x.begun", ORIGIN).finished("psc", written / "a.fits") is None
    (written / "a.fits").unlink()
    assert Journal(written / "x.begun", ORIGIN).finished("psc", written / "a.fits") is None


def test_another_export_begins_anew(written: Path) -> None:
    assert Journal(written / "x.begun", {"release": "second"}).finished("psc", written / "a.fits") is None
    assert Journal(written / "x.begun", ORIGIN).finished("psc", written / "a.fits") is None


@pytest.mark.parametrize("cut", [1, 3, 20, 60])
def test_a_line_that_was_cut_by_the_kill_is_not_taken(written: Path, cut: int) -> None:
    text = (written / "x.begun").read_bytes()
    (written / "b.fits").write_bytes(b"more")
    Journal(written / "x.begun", ORIGIN).add("xsc", written / "b.fits", 4)
    line = (written / "x.begun").read_bytes()[len(text) :]
    (written / "x.begun").write_bytes(text + line[:cut])
    journal = Journal(written / "x.begun", ORIGIN)
    assert journal.finished("xsc", written / "b.fits") is None
    assert journal.finished("psc", written / "a.fits") is not None
    journal.add("xsc", written / "b.fits", 4)
    assert Journal(written / "x.begun", ORIGIN).finished("xsc", written / "b.fits") is not None
    journal.close()
    assert not (written / "x.begun").exists()


def test_a_folder_is_the_list_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "c" / "d").mkdir(parents=True)
    (tmp_path / "c" / "z").write_bytes(b"12")
    (tmp_path / "c" / "d" / "y").write_bytes(b"345")
    assert [path.name for path in content_of(tmp_path / "c")] == ["y", "z"]
    lines = f"{hashlib.sha256(b'345').hexdigest()}  d/y\n{hashlib.sha256(b'12').hexdigest()}  z\n"
    assert hashed(tmp_path / "c") == (5, hashlib.sha256(lines.encode()).hexdigest())
    journal = Journal(tmp_path / "x.begun", ORIGIN)
    journal.add("psc", tmp_path / "c", 2)
    (tmp_path / "c" / "z").write_bytes(b"21")
    assert Journal(tmp_path / "x.begun", ORIGIN).finished("psc", tmp_path / "c") is None
