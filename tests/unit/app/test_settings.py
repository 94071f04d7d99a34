from __future__ import annotations

import os
from pathlib import Path

import pytest

from app import settings as module
from app.errors import SettingsError
from app.settings import default_home, get_settings, read_settings


@pytest.fixture(autouse=True)
def _isolated(settings):
    return settings


def test_defaults():
    found = read_settings()
    assert (found.lease_seconds, found.renew_seconds, found.max_attempts) == (120, 30, 3)
    assert found.database_url is None
    assert found.server_account == "postgres"
    assert found.store == str(found.home / "store")


def test_environment_beats_file(monkeypatch):
    Path("mapps.toml").write_text("max_attempts = 5\nlease_seconds = 300\n", encoding="utf-8")
    monkeypatch.setenv("MAPPS_MAX_ATTEMPTS", "7")
    found = read_settings()
    assert (found.max_attempts, found.lease_seconds) == (7, 300)


def test_named_file(monkeypatch, tmp_path):
    path = tmp_path / "other.toml"
    path.write_text('store_url = "memory://s"\n', encoding="utf-8")
    monkeypatch.setenv("MAPPS_CONFIG", str(path))
    assert read_settings().store == "memory://s"


def test_missing_named_file_is_told(monkeypatch):
    monkeypatch.setenv("MAPPS_CONFIG", "/nowhere/mapps.toml")
    with pytest.raises(SettingsError, match="MAPPS_CONFIG names /nowhere"):
        read_settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lease_second = 3\n", "unknown setting 'lease_second'.*nearest is 'lease_seconds'"),
        ("lease_seconds = 60\n", "renew_seconds = 30 is more than a third of lease_seconds = 60"),
        ("lease_seconds = inf\n", "lease_seconds = inf"),
        ("poll_seconds = nan\n", "poll_seconds = nan"),
        (
            "reader_timeout_seconds = 3e6\n",
            "reader_timeout_seconds = 3000000.0: .*less than or equal to 1000000",
        ),
        ("max_attempts = 1000000000000\n", "max_attempts = 1000000000000"),
        ("max_attempts = 0\n", "max_attempts = 0"),
        ("max_attempts = 'many'\n", "max_attempts = 'many'"),
        ("= 3", "not valid TOML"),
    ],
)
def test_what_is_wrong_in_the_file_is_told(text, message):
    Path("mapps.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        read_settings()


def test_unknown_variable_is_refused(monkeypatch):
    monkeypatch.setenv("MAPPS_DATABSE_URL", "postgresql:///x")
    with pytest.raises(SettingsError, match=r"MAPPS_DATABSE_URL.*nearest is MAPPS_DATABASE_URL"):
        read_settings()


def test_settings_are_read_once_and_frozen(monkeypatch):
    first = get_settings()
    monkeypatch.setenv("MAPPS_MAX_ATTEMPTS", "9")
    assert get_settings() is first
    with pytest.raises(ValueError, match="frozen"):
        first.max_attempts = 4  # type: ignore[misc]


def test_home_of_an_ordinary_user_follows_xdg(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/data/home")
    assert default_home() == Path("/data/home/mapps")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert default_home() == Path.home() / ".local/share/mapps"


def test_home_of_root_is_open_to_the_server_account(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_home() == module.ROOT_HOME


PATHS = (
    ("store", "{folder}/store"),
    ("./store", "{folder}/store"),
    ("a/../store", "{folder}/store"),
    ("file://store", "file://{folder}/store"),
    ("local://store", "local://{folder}/store"),
    ("~/store", "{home}/store"),
    ("file://~/store", "file://{home}/store"),
    ("/data/store", "/data/store"),
    ("file:///data/store", "file:///data/store"),
    ("s3://bucket/store", "s3://bucket/store"),
    ("memory://store", "memory://store"),
    ("simplecache::s3://bucket/store", "simplecache::s3://bucket/store"),
)


def written(text, folder, monkeypatch):
    monkeypatch.setenv("HOME", "/home/astro")
    return text.format(folder=folder, home="/home/astro")


@pytest.mark.parametrize(("given", "expected"), PATHS)
def test_a_path_of_the_environment_is_meant_from_the_current_folder(monkeypatch, given, expected):
    expected = written(expected, Path.cwd(), monkeypatch)
    monkeypatch.setenv("MAPPS_STORE_URL", given)
    found = read_settings()
    monkeypatch.chdir("/")
    assert found.store == expected


@pytest.mark.parametrize(("given", "expected"), PATHS)
@pytest.mark.parametrize("named", ["absolute", "relative", "~"])
def test_a_path_of_a_file_is_meant_from_its_folder(monkeypatch, tmp_path, given, expected, named):
    folder = tmp_path / "settings"
    folder.mkdir()
    (folder / "other.toml").write_text(f"store_url = {given!r}\n", encoding="utf-8")
    expected = written(expected, folder, monkeypatch)
    monkeypatch.chdir(tmp_path)
    if named == "~":
        monkeypatch.setenv("HOME", str(tmp_path))
        expected = expected.replace("/home/astro", str(tmp_path))
    name = {
        "absolute": folder / "other.toml",
        "relative": "settings/other.toml",
        "~": "~/settings/other.toml",
    }
    monkeypatch.setenv("MAPPS_CONFIG", str(name[named]))
    assert read_settings().store == expected


@pytest.mark.parametrize("name", ["home", "pg_bin"])
def test_folders_are_absolute_too(monkeypatch, name):
    folder = Path.cwd()
    monkeypatch.setenv(f"MAPPS_{name.upper()}", "data")
    assert getattr(read_settings(), name) == folder / "data"
    monkeypatch.delenv(f"MAPPS_{name.upper()}")
    Path("mapps.toml").write_text(f"{name} = 'data'\n", encoding="utf-8")
    assert getattr(read_settings(), name) == folder / "data"


@pytest.mark.parametrize("empty", ["", "  "])
@pytest.mark.parametrize("name", sorted(module.Settings.model_fields))
def test_empty_is_unset(monkeypatch, name, empty):
    monkeypatch.delenv("MAPPS_HOME")
    plain = read_settings()
    monkeypatch.setenv(f"MAPPS_{name.upper()}", empty)
    monkeypatch.setenv("MAPPS_CONFIG", empty)
    assert read_settings() == plain
    Path("mapps.toml").write_text(f"{name} = {empty!r}\n", encoding="utf-8")
    assert read_settings() == plain


def test_an_empty_variable_leaves_the_file_its_word(monkeypatch):
    Path("mapps.toml").write_text("store_url = 'memory://s'\n", encoding="utf-8")
    monkeypatch.setenv("MAPPS_STORE_URL", "")
    assert read_settings().store == "memory://s"


@pytest.mark.parametrize("name", ["database_url", "store_url"])
def test_values_that_may_be_secret_are_not_repeated(name):
    Path("mapps.toml").write_text(f"{name} = ['postgresql://a:s3cret@h/d']\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=name) as caught:
        read_settings()
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_unknown_home_is_told(monkeypatch):
    monkeypatch.setenv("MAPPS_HOME", "~nobody_of_this_name/data")
    with pytest.raises(SettingsError, match="no home folder"):
        read_settings()


def test_a_process_elsewhere_reads_the_same_settings(monkeypatch, tmp_path):
    Path("mapps.toml").write_text(
        "store_url = 'store'\nmax_attempts = 7\nlease_seconds = 99.5\n", encoding="utf-8"
    )
    monkeypatch.setenv("MAPPS_DATABASE_URL", "postgresql:///other")
    monkeypatch.setenv("MAPPS_RENEW_SECONDS", "7")
    told = read_settings()
    elsewhere = tmp_path / "checkout"
    elsewhere.mkdir()
    (elsewhere / "mapps.toml").write_text("pg_bin = '/wrong'\n", encoding="utf-8")
    monkeypatch.chdir(elsewhere)
    for name, value in told.environment().items():
        monkeypatch.setenv(name, value)
    assert read_settings() == told
