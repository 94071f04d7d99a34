"""The writer of the lists of hashed columns: adds, replaces only the newest, and is up to date."""

from __future__ import annotations

from app.columns.hash_versions import FILE, NEWEST, VERSIONS, HashedColumns, read_versions
from app.tools.hash_versions import columns_of_today, main, render, revised

OLD = HashedColumns({"psc": ("ra", "decl")}, {"metrics": ("name",)})


def test_the_file_is_up_to_date():
    assert VERSIONS[NEWEST] == columns_of_today(), (
        "run: python -m app.tools.hash_versions, with --add once a version of mapps was released;"
        " then python -m app.columns.sql"
    )
    assert FILE.read_text(encoding="utf-8") == render(VERSIONS)


def test_what_is_written_is_read_back(tmp_path):
    path = tmp_path / "versions.json"
    path.write_text(render({1: OLD, 2: columns_of_today()}))
    assert read_versions(path) == {1: OLD, 2: columns_of_today()}


def test_a_version_is_added_only_for_other_columns():
    today = columns_of_today()
    assert revised({1: OLD}, add=True) == {1: OLD, 2: today}
    assert revised({1: OLD, 2: today}, add=True) == {1: OLD, 2: today}
    assert revised({1: today}, add=False) == {1: today}


def test_only_the_newest_is_written_anew():
    today = columns_of_today()
    assert revised({1: OLD, 2: OLD}, add=False) == {1: OLD, 2: today}
    assert revised({}, add=False) == revised({}, add=True) == {1: today}


def test_the_command(tmp_path):
    path = tmp_path / "versions.json"
    path.write_text(render({1: OLD}))
    main(["--add"], path)
    assert list(read_versions(path)) == [1, 2]
    main([], path)
    assert read_versions(path) == {1: OLD, 2: columns_of_today()}


def test_places_and_keys_of_files_are_no_content():
    output = columns_of_today().output
    assert "sha256" in output["atlas_images"]
    assert not {"url", "raw_file_id"} & set().union(*output.values())
