"""What a folder holds: every file is read, refused or named; links are followed once, loops end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.errors import InputError
from app.ingest.file_names import name_fault, printable
from app.ingest.fits_folder import existing_folder, fits_files, is_fits_name, look_through

FITS = b"SIMPLE  =                    T"


def files(*paths, content=FITS):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def names(paths, folder):
    return [str(path.relative_to(folder)) for path in paths]


class TestLinks:
    def test_a_linked_folder_is_entered(self, tmp_path):
        files(tmp_path / "a" / "j.fits", tmp_path / "disk" / "deep" / "h.fits")
        (tmp_path / "a" / "night").symlink_to(tmp_path / "disk")
        assert names(fits_files(tmp_path / "a"), tmp_path / "a") == ["j.fits", "night/deep/h.fits"]

    def test_links_within_links(self, tmp_path):
        files(tmp_path / "disk1" / "j.fits", tmp_path / "disk2" / "h.fits")
        (tmp_path / "disk1" / "on").symlink_to(tmp_path / "disk2")
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "x").symlink_to(tmp_path / "disk1")
        assert names(fits_files(tmp_path / "a"), tmp_path / "a") == ["x/j.fits", "x/on/h.fits"]

    def test_each_folder_once_and_under_its_own_name(self, tmp_path):
        files(tmp_path / "z" / "j.fits")
        for name in ("a", "b"):
            (tmp_path / name).symlink_to(tmp_path / "z")
        assert names(fits_files(tmp_path), tmp_path) == ["z/j.fits"]

    def test_loops_end(self, tmp_path):
        files(tmp_path / "a" / "j.fits")
        (tmp_path / "a" / "up").symlink_to(tmp_path)
        (tmp_path / "a" / "self").symlink_to(".")
        (tmp_path / "round").symlink_to("round")
        content = look_through(tmp_path)
        assert names(content.fits, tmp_path) == ["a/j.fits"]
        assert names(content.dead_links, tmp_path) == ["round"]

    def test_dead_links_are_named_and_those_of_fits_names_are_read_and_refused(self, tmp_path):
        files(tmp_path / "j.fits")
        (tmp_path / "disk").symlink_to("/nowhere")
        (tmp_path / "h.fits").symlink_to("/nowhere/h.fits")
        content = look_through(tmp_path)
        assert names(content.fits, tmp_path) == ["h.fits", "j.fits"]
        assert content.remarks(tmp_path) == ["left alone (links that lead nowhere): disk"]

    def test_a_linked_file_and_a_linked_start(self, tmp_path):
        files(tmp_path / "disk" / "j.fits")
        (tmp_path / "start").symlink_to("disk")
        (tmp_path / "disk" / "h.fits").symlink_to("j.fits")
        assert names(fits_files(tmp_path / "start"), tmp_path / "start") == ["h.fits", "j.fits"]


class TestOtherFiles:
    @pytest.mark.parametrize(
        "name",
        [
            "h.fits.bz2",
            "k.fits.xz",
            "k.FIT.Z",
            "j.fts.zst",
            "j.fits.gz.part",
            "j.fits.zip",
            "j.fits.lz4",
            "j.fits.gz.gz",
        ],
    )
    def test_other_packings_are_refused(self, tmp_path, name):
        files(tmp_path / name, content=b"BZh")
        assert names(look_through(tmp_path).packed, tmp_path) == [name]

    @pytest.mark.parametrize(
        "name", ["j.tmp", "ji0070186.fits?center=1,2", "j.fits~", ".j.fits.Ab3", "image", "j.bak"]
    )
    def test_fits_content_of_another_name_is_named(self, tmp_path, name):
        files(tmp_path / "good.fits", tmp_path / name)
        content = look_through(tmp_path)
        assert names(content.unnamed, tmp_path) == [name]
        assert content.remarks(tmp_path) == [f"left alone (FITS content, but no name of a FITS file): {name}"]

    def test_all_others_are_named_too(self, tmp_path):
        files(tmp_path / "j.fits")
        files(tmp_path / "all.tar", tmp_path / "b" / "readme.txt", tmp_path / "._j.fits", content=b"x")
        (remark,) = look_through(tmp_path).remarks(tmp_path)
        assert remark == "left alone (no FITS file by name): ._j.fits, all.tar, b/readme.txt"

    def test_many_others_are_counted(self, tmp_path):
        files(tmp_path / "j.fits")
        files(*(tmp_path / f"{number:02d}.txt" for number in range(33)), content=b"x")
        assert look_through(tmp_path).remarks(tmp_path)[0].endswith("19.txt and 13 more")

    def test_a_pipe_is_not_opened(self, tmp_path):
        files(tmp_path / "j.fits")
        os.mkfifo(tmp_path / "pipe")
        assert names(look_through(tmp_path).others, tmp_path) == ["pipe"]

    def test_nothing_but_others_is_an_error_that_names_them(self, tmp_path):
        (tmp_path / "disk").symlink_to("/nowhere")
        with pytest.raises(InputError, match=r"no FITS file.*links that lead nowhere.: disk"):
            look_through(tmp_path)


BAD = {
    "a\x1b[31m.fits": r"a\x1b[31m.fits",
    "a\nb.fits": r"a\nb.fits",
    "a\x7f.fits": r"a\x7f.fits",
    "a\x85.fits": r"a\x85.fits",
    "a\u202e.fits": r"a\u202e.fits",
    "a\u2028.fits": r"a\u2028.fits",
    "caf\udce9.fits": r"caf\xe9.fits",
}


@pytest.mark.parametrize("name", BAD)
def test_names_that_cannot_be_shown(name):
    assert name_fault(Path("/night") / name, "UTF8")
    assert printable(name) == BAD[name]
    assert is_fits_name(name)


@pytest.mark.parametrize(
    "name", ["a b.fits", "ü.fits", "д.fits", "日.fits", "a\u00a0b.fits", "[red].fits", "🌌.fits"]
)
def test_names_that_can(name):
    assert name_fault(Path("/night") / name, "UTF8") == ""
    assert printable(name) == name


def test_names_that_the_database_does_not_have():
    assert "LATIN1" in name_fault(Path("/д.fits"), "LATIN1")
    assert name_fault(Path("/ü.fits"), "LATIN1") == ""
    assert name_fault(Path("/ü.fits"), "MULE_INTERNAL") == ""


def test_a_folder_whose_name_cannot_be_stored(tmp_path):
    folder = tmp_path / "caf\udce9"
    folder.mkdir()
    with pytest.raises(InputError, match=r"caf\\xe9 has a name that is no UTF-8"):
        existing_folder(folder)
