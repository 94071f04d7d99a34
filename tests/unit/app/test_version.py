from __future__ import annotations

import re

import pytest

from app import version


@pytest.fixture(autouse=True)
def _fresh():
    version.git_commit.cache_clear()
    yield
    version.git_commit.cache_clear()


def test_describe():
    assert re.fullmatch(
        r"mapps \d+\.\d+\.\d+ \(commit ([0-9a-f]{40}(\+changes)?|unknown)\)", version.describe()
    )


def test_commit_without_git(monkeypatch, tmp_path):
    monkeypatch.setattr(version, "ROOT", tmp_path)
    monkeypatch.setattr(version, "COMMIT_FILE", tmp_path / "COMMIT")
    monkeypatch.delenv("MAPPS_COMMIT", raising=False)
    assert version.git_commit() == "unknown"
    version.git_commit.cache_clear()
    (tmp_path / "COMMIT").write_text("abc\n", encoding="ascii")
    assert version.git_commit() == "abc"
    version.git_commit.cache_clear()
    monkeypatch.setenv("MAPPS_COMMIT", "def")
    assert version.git_commit() == "def"
