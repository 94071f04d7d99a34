"""Pictures are written whole or not at all."""

from __future__ import annotations

import contextlib
import resource

import pytest

from app.reports.style import picture, say_nothing_there


def draw(path, words):
    with picture(path, 2.0, 2.0) as figure:
        say_nothing_there(figure.subplots(), words)


def test_the_same_content_gives_the_same_bytes(tmp_path):
    draw(tmp_path / "a.png", "empty")
    draw(tmp_path / "b.png", "empty")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


@contextlib.contextmanager
def narrow():
    """A limit of file sizes stands for a full disk; pytest itself may write its progress to a file, out of it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_without_room_the_former_picture_stays(tmp_path):
    path = tmp_path / "a.png"
    draw(path, "before")
    before = path.read_bytes()
    with narrow(), pytest.raises(OSError, match="File too large"):
        draw(path, "after")
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]
