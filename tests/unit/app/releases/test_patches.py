"""Patch files: what is read, written again, and refused."""

from __future__ import annotations

import pytest

from app.models.release import PatchAction
from app.releases.patches import COLUMNS, Patch, PatchFileError, parse_patches, read_patches, write_patches

HEAD = ",".join(COLUMNS) + "\n"
PATCHES = (
    Patch(PatchAction.DELETE, "plane", 12, None, "ann", "a glint"),
    Patch(PatchAction.RESTORE, "plane", None, 13, "bob", 'a close double, "blue", real'),
    Patch(PatchAction.REPLACE, "pole", 14, 15, "ann", "the other apparition is complete"),
)


def test_what_is_written_reads_the_same(tmp_path):
    path = tmp_path / "patches.csv"
    path.write_text(write_patches(PATCHES), encoding="utf-8")
    assert read_patches(path) == PATCHES
    assert write_patches(read_patches(path)) == write_patches(PATCHES)
    assert parse_patches(HEAD) == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("remove,plane,1,,ann,why", "action 'remove'"),
        ("delete,plane,1,2,ann,why", "removed_src_id alone"),
        ("restore,plane,1,,ann,why", "restored_src_id alone"),
        ("replace,plane,1,,ann,why", "removed_src_id and restored_src_id"),
        ("delete,plane,x,,ann,why", "'x'; expected a src_id"),
        ("delete,plane,1,,,why", "line 2: no person"),
        ("delete,plane,1,,ann,  ", "line 2: no reason"),
        ("delete,,1,,ann,why", "line 2: no run"),
        ("delete,plane", "no person|no removed|no run|keys"),
    ],
)
def test_lines_that_are_refused(line, said):
    with pytest.raises(PatchFileError, match=said):
        parse_patches(HEAD + line + "\n")


def test_files_that_are_refused(tmp_path):
    with pytest.raises(PatchFileError, match="no column restored_src_id, reason"):
        parse_patches("action,run,removed_src_id,person\n")
    with pytest.raises(PatchFileError, match="absent"):
        read_patches(tmp_path / "absent.csv")
