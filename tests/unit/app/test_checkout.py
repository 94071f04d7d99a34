"""A checkout that is read without git tells what git tells."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from app import checkout, version

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git makes the checkouts")


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@y", "-C", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "deep" / "er").mkdir(parents=True)
    for number in range(12):
        (folder / "deep" / "er" / ("n" * number + ".py")).write_text(f"x = {number}\n", encoding="utf-8")
    (folder / "link").symlink_to("deep")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


def assert_told(folder, changes=""):
    assert checkout.head_of(folder) == git(folder, "rev-parse", "HEAD")
    assert checkout.changes_of(folder) == changes


def test_a_plain_checkout(repository):
    assert_told(repository)


def test_packed_references(repository):
    git(repository, "pack-refs", "--all")
    assert not (repository / ".git/refs/heads/main").exists()
    assert_told(repository)


def test_a_linked_worktree_with_packed_and_loose_references(repository, tmp_path):
    git(repository, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "topic/deep")
    git(repository, "pack-refs", "--all")
    assert_told(tmp_path / "linked")
    git(tmp_path / "linked", "commit", "-q", "--allow-empty", "-m", "second")
    assert_told(tmp_path / "linked")
    assert checkout.head_of(tmp_path / "linked") != checkout.head_of(repository)


def test_a_detached_head(repository):
    git(repository, "checkout", "-q", "--detach")
    assert_told(repository)


def test_a_submodule(repository, tmp_path):
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(repository), "inner")
    assert (outer / "inner/.git").is_file()
    assert_told(outer / "inner")


def test_a_branch_that_points_to_another(repository):
    git(repository, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    git(repository, "symbolic-ref", "HEAD", "refs/heads/alias")
    assert checkout.head_of(repository) == git(repository, "rev-parse", "HEAD")


@pytest.mark.parametrize("content", ["x = 9\n", "longer than before\n", None])
def test_a_changed_or_missing_file_is_a_change(repository, content):
    path = repository / "deep/er/nnn.py"
    if content is None:
        path.unlink()
    else:
        path.write_text(content, encoding="utf-8")
    assert_told(repository, "+changes")


def test_a_link_to_elsewhere_is_a_change(repository):
    (repository / "link").unlink()
    (repository / "link").symlink_to("deep/er")
    assert_told(repository, "+changes")


def test_what_is_staged_and_not_committed_is_not_called_the_commit(repository):
    (repository / "deep/er/nnn.py").write_text("x = 9\n", encoding="utf-8")
    git(repository, "add", ".")
    assert_told(repository, "+unchecked")


def test_an_untracked_file_is_no_change(repository):
    (repository / "new.py").touch()
    assert_told(repository)


def test_an_index_of_another_version_is_told_as_unchecked(repository):
    git(repository, "update-index", "--index-version", "4")
    assert_told(repository, "+unchecked")


def test_no_commit_yet_and_no_checkout(tmp_path):
    assert checkout.head_of(tmp_path) == ""
    git(tmp_path, "init", "-q")
    assert checkout.head_of(tmp_path) == ""


@pytest.mark.parametrize("path", ["/nowhere", ""])
def test_the_commit_needs_no_program(repository, monkeypatch, path):
    monkeypatch.setattr(version, "ROOT", repository)
    monkeypatch.setenv("PATH", path)
    monkeypatch.setenv("MAPPS_COMMIT", "told by somebody")
    version.git_commit.cache_clear()
    try:
        found = version.git_commit()
    finally:
        version.git_commit.cache_clear()
    monkeypatch.undo()
    assert found == git(repository, "rev-parse", "HEAD")
