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
