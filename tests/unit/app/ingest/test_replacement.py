"""Which files an operator means by the names of those that take the place of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.ingest.replacement import ReplaceError, named_files

NAMES = ("h0423003.fits", "j0423003.fits", "k0423003.fits")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "980427s"
    made.mkdir()
    return made


def test_names_and_paths_into_the_folder_are_the_same(folder):
    wanted = frozenset({folder / "j0423003.fits"})
    for given in (
        "j0423003.fits",
        Path("j0423003.fits"),
        "980427s/j0423003.fits",
        str(folder / "j0423003.fits"),
    ):
        assert named_files(folder, NAMES, [given]) == wanted
    assert named_files(folder, NAMES, ["j0423003.fits", "980427s/j0423003.fits"]) == wanted
    assert named_files(folder, NAMES, []) == frozenset()


@pytest.mark.parametrize(
    "given", ["j0423004.fits", "j0423003", "980428s/j0423003.fits", "/j0423003.fits", ".", ""]
)
def test_other_files_are_refused(folder, given):
    with pytest.raises(ReplaceError) as raised:
        named_files(folder, NAMES, ["k0423003.fits", given])
    assert f"the name of a raw file in {folder}" in str(raised.value)
    assert "mapps ingest files --night 980427s" in str(raised.value)
