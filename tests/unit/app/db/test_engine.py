from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.db import engine as module
from app.errors import DatabaseUnavailableError, SettingsError, UnknownNameError
from app.settings import get_settings


def test_session(live_database):
    with module.connect() as connection:
        row = connection.execute(
            "SELECT current_setting('TimeZone'), current_setting('application_name'), current_user"
        ).fetchone()
    assert row == ("UTC", "mapps", "mapps_owner")


@pytest.mark.parametrize("role", ["owner", "worker", "operator", "reader", "mapps_reader"])
def test_role_on_a_configured_server(live_database, role):
    with module.connect(role) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (module.role_name(role),)


@pytest.mark.parametrize("role", ["worker", "operator", "reader"])
def test_role_is_a_login_of_the_private_cluster(database, role):
    with database.connect(role) as connection:
        assert connection.execute("SELECT session_user").fetchone() == (f"mapps_{role}",)


def test_reader_has_a_time_limit(live_database):
    with module.connect("reader") as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("1min",)


def test_sqlalchemy_engine_connects_the_same_way(live_database):
    with module.engine("reader").connect() as connection:
        assert connection.exec_driver_sql("SELECT current_user").scalar() == "mapps_reader"


def test_unknown_role():
    with pytest.raises(UnknownNameError, match="owner, worker, operator, reader"):
        module.role_name("admin")


def test_server_that_is_not_there(settings, monkeypatch):
    with pytest.raises(DatabaseUnavailableError, match="mapps db start"):
        module.connect()
    monkeypatch.setenv("MAPPS_DATABASE_URL", "postgresql://u@/d?host=/nonexistent")
    get_settings.cache_clear()
    with pytest.raises(DatabaseUnavailableError, match=r"No such file.*check MAPPS_DATABASE_URL"):
        module.connect()


def test_nonsense_url(settings, monkeypatch):
    monkeypatch.setenv("MAPPS_DATABASE_URL", "postgresql://u@[::1/d")
    get_settings.cache_clear()
    with pytest.raises(SettingsError, match="not a libpq URL"):
        module.connect()


def test_keyword_form_takes_a_role(live_database, monkeypatch):
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    keywords = make_conninfo(**conninfo_to_dict(live_database.url))
    monkeypatch.setenv("MAPPS_DATABASE_URL", keywords)
    get_settings.cache_clear()
    with module.connect("reader") as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("mapps_reader",)


def test_a_worker_that_stops_in_a_transaction_does_not_hold_its_locks_for_ever(live_database):
    with module.connect("worker") as connection:
        assert connection.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("10min",)


def test_another_linux_user_is_told_whose_server_it_is(settings, monkeypatch):
    owner = SimpleNamespace(owner=lambda: "ann")
    monkeypatch.setattr(module, "private_cluster", lambda: owner)
    monkeypatch.setattr(module.getpass, "getuser", lambda: "ben")
    remedy = module._remedy('FATAL:  Peer authentication failed for user "mapps_owner"')
    assert "run mapps as ann or root" in remedy
    assert remedy.endswith("mapps db allow-reader ben")
    # A server of one's own choice is nobody's private one.
    monkeypatch.setenv("MAPPS_DATABASE_URL", "postgresql://elsewhere/x")
    get_settings.cache_clear()
    assert "check MAPPS_DATABASE_URL" in module._remedy("Peer authentication failed")
