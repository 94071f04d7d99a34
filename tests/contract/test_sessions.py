"""What a session really is, whatever database, server and operator's options it meets."""

from __future__ import annotations

import json
import os

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.cli import main, output
from app.db import engine, migrate
from app.db.engine import connect_url
from app.db.session import EncodingError, ReadOnlyServerError, SessionError
from app.errors import SchemaError
from app.ingest.reference import load_reference
from app.ingest.reference_stars import Region
from app.ingest.reference_synthetic import synthetic_region
from app.settings import get_settings
from tests.worlds.atlas_files import write_image

ROLES = ("owner", "worker", "operator", "reader")


@pytest.fixture(autouse=True)
def _text_mode():
    output.forget_mode()
    yield
    output.forget_mode()


@pytest.fixture
def admin(database):
    with psycopg.connect(database.cluster.url(database="postgres"), autocommit=True) as connection:
        yield connection


def point_at(monkeypatch, url):
    monkeypatch.setenv("MAPPS_DATABASE_URL", url)
    get_settings.cache_clear()


def setting(connection, name):
    return connection.execute("SELECT current_setting(%s)", (name,)).fetchone()[0]


# ---- options of the operator ----------------------------------------------------------------------------------------


@pytest.fixture(params=["url", "keywords", "url last", "PGOPTIONS", "service", "PGSERVICE", "twice"])
def with_work_mem(request, live_database, monkeypatch, tmp_path):
    """A database URL whose operator wants 77 MB, in every way libpq knows."""
    plain = live_database.url
    keywords = {name: value for name, value in conninfo_to_dict(plain).items() if value}
    option = "options=-c%20work_mem%3D77MB"
    service = tmp_path / "services"
    lines = [f"{name}={value}" for name, value in keywords.items()]
    service.write_text("\n".join(["[survey]", *lines, "options=-c work_mem=77MB", ""]), encoding="utf-8")
    monkeypatch.setenv("PGSERVICEFILE", str(service))
    match request.param:
        case "url":
            point_at(monkeypatch, f"{plain}&{option}")
        case "url last":
            base, _, query = plain.partition("?")
            point_at(monkeypatch, f"{base}?{option}&{query}")
        case "twice":
            point_at(monkeypatch, f"{plain}&options=-c%20work_mem%3D66MB&{option}")
        case "keywords":
            point_at(monkeypatch, make_conninfo("", **keywords, options="-c work_mem=77MB"))
        case "PGOPTIONS":
            monkeypatch.setenv("PGOPTIONS", "--work_mem=77MB")
        case "service":
            point_at(monkeypatch, "service=survey")
        case "PGSERVICE":
            monkeypatch.setenv("PGSERVICE", "survey")
            point_at(monkeypatch, "postgresql://")


@pytest.mark.parametrize("role", [None, *ROLES])
def test_options_of_the_operator_are_kept(with_work_mem, role):
    with engine.connect(role) as connection:
        assert setting(connection, "work_mem") == "77MB"
        assert connection.execute("SELECT current_user").fetchone() == (engine.role_name(role),)
    # What psql is given: a program that knows nothing but the URL.
    with psycopg.connect(engine.verified_url(role)) as connection:
        assert setting(connection, "work_mem") == "77MB"
        assert connection.execute("SELECT current_user").fetchone() == (engine.role_name(role),)


@pytest.mark.parametrize(("given", "expected"), [("7s", "7s"), ("0", "1min")])
def test_a_time_limit_of_the_operator_is_kept_and_none_is_not(live_database, monkeypatch, given, expected):
    point_at(monkeypatch, f"{live_database.url}&options=-c%20statement_timeout%3D{given}")
    with engine.connect("reader") as connection:
        assert setting(connection, "statement_timeout") == expected


def test_a_search_path_of_the_operator_is_added_to(live_database, monkeypatch):
    point_at(monkeypatch, f"{live_database.url}&options=-c%20search_path%3Drelease")
    with engine.connect("reader") as connection:
        assert setting(connection, "search_path") == "release, public"


# ---- defaults of databases and roles --------------------------------------------------------------------------------

DEFAULTS = (
    ("default_transaction_isolation", "repeatable read", "read committed"),
    ("default_transaction_isolation", "serializable", "read committed"),
    ("TimeZone", "Pacific/Chatham", "UTC"),
    ("DateStyle", "German", "ISO, YMD"),
    ("IntervalStyle", "iso_8601", "postgres"),
    ("extra_float_digits", "0", "1"),
    ("bytea_output", "escape", "hex"),
    ("standard_conforming_strings", "off", "on"),
    ("search_path", "nowhere", "public"),
    ("client_encoding", "latin1", "UTF8"),
    ("array_nulls", "off", "on"),
    ("lock_timeout", "1ms", "0"),
)


@pytest.mark.parametrize(("name", "default", "expected"), DEFAULTS)
@pytest.mark.parametrize("role", [None, "worker", "reader"])
def test_defaults_of_the_database_do_not_reach_us(live_database, admin, name, default, expected, role):
    admin.execute(f"ALTER DATABASE \"{live_database.name}\" SET {name} = '{default}'")
    with engine.connect(role) as connection:
        assert setting(connection, name) == expected
        # The settings are the session's: a rollback of the first transaction does not take them back.
        connection.rollback()
        assert setting(connection, name) == expected


@pytest.mark.parametrize("name", ["statement_timeout", "idle_session_timeout"])
def test_time_limits_for_others_do_not_reach_commands_that_write(live_database, admin, monkeypatch, name):
    """A limit of the database would end each publication half way, and the building of indexes after a run."""
    admin.execute(f"ALTER DATABASE \"{live_database.name}\" SET {name} = '3s'")
    for role in (None, "worker", "operator"):
        with engine.connect(role) as connection:
            assert setting(connection, name) == "0"
    with engine.connect("reader") as connection:
        assert setting(connection, name) == {"statement_timeout": "1min", "idle_session_timeout": "3s"}[name]
    point_at(monkeypatch, f"{live_database.url}&options=-c%20{name}%3D7s")
    with engine.connect("worker") as connection:
        assert setting(connection, name) == "7s"


def test_client_encoding_of_the_environment_does_not_reach_us(live_database, monkeypatch):
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    with engine.connect() as connection:
        assert connection.execute("SELECT 'é Ori'").fetchone() == ("é Ori",)


def test_a_reader_who_altered_the_role_changes_nothing_for_commands(live_database, admin):
    try:
        with psycopg.connect(live_database.url_of("reader"), autocommit=True) as reader:
            reader.execute("SET default_transaction_read_only = off")
            reader.execute("ALTER ROLE mapps_reader SET statement_timeout = 0")
            reader.execute("ALTER ROLE mapps_reader SET default_transaction_read_only = off")
        with live_database.connect("reader") as connection:
            assert setting(connection, "statement_timeout") == "1min"
            assert setting(connection, "default_transaction_read_only") == "on"
        assert main.run(["doctor"]) == 3
        migrate.upgrade(live_database.url)
        assert main.run(["doctor"]) == 0
        with psycopg.connect(live_database.url_of("reader")) as connection:
            assert setting(connection, "statement_timeout") == "10min"
    finally:
        admin.execute("ALTER ROLE mapps_reader SET statement_timeout = '10min'")
        admin.execute("ALTER ROLE mapps_reader SET default_transaction_read_only = on")


# ---- roles ----------------------------------------------------------------------------------------------------------


def test_a_login_that_may_not_take_the_role_is_told_what_to_grant(live_database, admin, monkeypatch):
    login = f"stranger_{os.getpid()}"
    admin.execute(f"CREATE ROLE {login}")
    try:
        point_at(monkeypatch, f"{live_database.url}&options=-c%20role%3D{login}")
        with engine.connect() as connection:
            assert connection.execute("SELECT current_user").fetchone() == (login,)
        point_at(monkeypatch, live_database.url_of("reader"))
        with pytest.raises(SessionError, match=r"GRANT mapps_operator TO mapps_reader"):
            engine.connect("operator")
    finally:
        admin.execute(f"DROP ROLE {login}")


def test_missing_roles_are_made_by_migrating(database, settings, monkeypatch):
    monkeypatch.setattr(engine, "role_name", lambda _role: "mapps_absent")
    with pytest.raises(SessionError, match="mapps db migrate"):
        connect_url(database.url, role="absent")


# ---- encodings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "EUC_JP"])
def test_other_encodings_are_refused_by_name(database, admin, settings, monkeypatch, capsys, encoding):
    name = f"enc_{os.getpid()}_{encoding.lower()}"
    admin.execute(
        f"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    )
    try:
        point_at(monkeypatch, database.cluster.url(database=name))
        with pytest.raises(EncodingError, match=f"{name} has encoding {encoding}; expected UTF8"):
            engine.connect()
        assert main.run(["db", "migrate"]) == 3
        assert "error DATABASE_ENCODING" in capsys.readouterr().err
        assert main.run(["doctor"]) == 3
        said = capsys.readouterr()
        assert f"encoding {encoding}" in said.out
        # The remedy is one that works.
        assert "ENCODING 'UTF8' TEMPLATE template0" in said.out
        admin.execute(f"CREATE DATABASE {name}_utf8 ENCODING 'UTF8' TEMPLATE template0")
        point_at(monkeypatch, database.cluster.url(database=f"{name}_utf8"))
        assert main.run(["db", "migrate"]) == 0
    finally:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"DROP DATABASE IF EXISTS {name}_utf8 WITH (FORCE)")


# ---- servers that take no writes ------------------------------------------------------------------------------------


def test_a_read_only_database_is_looked_at_and_not_written(live_database, admin, tmp_path, capsys):
    admin.execute(f'ALTER DATABASE "{live_database.name}" SET default_transaction_read_only = on')
    for role in ("worker", "operator"):
        with pytest.raises(ReadOnlyServerError, match="default_transaction_read_only"):
            engine.connect(role)
    for words in (["run", "list"], ["db", "status"], ["release", "list"]):
        assert main.run(words) == 0, words
    capsys.readouterr()
    write_image(tmp_path / "j0423049.fits")
    for words in (
        ["run", "create", "r", "--kind", "preliminary"],
        ["ingest", "atlas", str(tmp_path)],
        ["db", "migrate"],
    ):
        assert main.run(words) == 3, words
        assert "error DATABASE_READ_ONLY" in capsys.readouterr().err
    assert main.run(["doctor", "--json"]) == 3
    found = {row["check"]: row for row in json.loads(capsys.readouterr().out)}
    assert "read-only" in found["writes"]["found"]
    # The remedy is one that works.
    admin.execute(
        found["writes"]["remedy"].partition(": ")[2].replace(live_database.name, f'"{live_database.name}"')
    )
    output.forget_mode()
    assert main.run(["doctor"]) == 0


def test_a_write_that_meets_a_read_only_server_is_no_bug(live_database, capsys):
    with engine.connect() as connection:
        connection.read_only = True
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction) as caught:
            connection.execute("CREATE TABLE public.x (y integer)")
    assert main.report(caught.value) == 3
    assert "error DATABASE_READ_ONLY" in capsys.readouterr().err


def test_a_standby_is_told_from_a_primary(real_cluster):
    real_cluster.ensure()
    migrate.upgrade(real_cluster.url())
    real_cluster.stop()
    (real_cluster.data / "standby.signal").touch()
    real_cluster.ensure()
    with connect_url(real_cluster.url(), role="reader") as connection:
        assert connection.execute("SELECT count(*) FROM production.run").fetchone() == (0,)
    assert migrate.current(real_cluster.url()) == migrate.head()
    for role in ("worker", "operator"):
        with pytest.raises(ReadOnlyServerError, match="standby"):
            connect_url(real_cluster.url(), role=role)
    with pytest.raises(ReadOnlyServerError, match="promote"):
        migrate.upgrade(real_cluster.url())


# ---- pgSphere elsewhere ---------------------------------------------------------------------------------------------


def test_pgsphere_in_another_schema_is_refused_and_can_be_moved(
    empty_database, settings, monkeypatch, capsys
):
    point_at(monkeypatch, empty_database.url)
    with empty_database.connect(autocommit=True) as connection:
        connection.execute("CREATE SCHEMA extensions")
        for extension in ("pg_sphere", "btree_gist"):
            connection.execute(f"CREATE EXTENSION {extension} SCHEMA extensions")
        with pytest.raises(SchemaError, match="pg_sphere is in schema extensions; expected public"):
            migrate.upgrade(empty_database.url)
        assert main.run(["doctor", "--json"]) == 3
        found = {row["check"]: row for row in json.loads(capsys.readouterr().out)}
        remedy = found["pgSphere of the server"]["remedy"]
        assert remedy.startswith('mapps db psql -c "')
        connection.execute(remedy.split('"')[1])
    # btree_gist may stay where it is: its operator classes are found by type.
    assert migrate.upgrade(empty_database.url) == migrate.head()
    output.forget_mode()
    assert main.run(["doctor"]) == 0


# ---- downgrade ------------------------------------------------------------------------------------------------------


def test_a_downgrade_wants_the_name_and_destroys_no_results(live_database, capsys):
    from tests.worlds.ledger import accept, open_attempt

    assert main.run(["db", "migrate", "--down", "base"]) == 2
    assert f"--database {live_database.name}" in capsys.readouterr().err
    assert main.run(["db", "migrate", "--down", "base", "--database", "another"]) == 2
    with live_database.connect() as connection:
        accept(connection, open_attempt(connection))
    assert main.run(["db", "migrate", "--down", "base", "--database", live_database.name]) == 2
    assert "1 reduced tasks" in capsys.readouterr().err
    assert migrate.current(live_database.url) == migrate.head()
    with live_database.connect() as connection:
        connection.execute("UPDATE production.attempt SET accepted = false")
    assert main.run(["db", "migrate", "--down", "base", "--database", live_database.name]) == 0
    assert migrate.current(live_database.url) is None


# ---- reference stars ------------------------------------------------------------------------------------------------


def test_raw_scans_without_reference_stars_are_told(live_database, capsys):
    from tests.worlds.ledger import open_attempt

    with live_database.connect() as connection:
        # A raw science scan.
        open_attempt(connection)
    assert main.run(["doctor", "--json"]) == 0
    found = {row["check"]: row["found"] for row in json.loads(capsys.readouterr().out)}
    assert "mapps reference load" in found["reference stars"]
    output.forget_mode()
    assert main.run(["run", "create", "r", "--kind", "preliminary"]) == 0
    assert main.run(["run", "queue", "r", "--dry-run"]) == 0
    warned = "mapps: warning: no reference stars" in capsys.readouterr().err
    assert warned
    with live_database.connect() as connection:
        load_reference(connection, synthetic_region(Region(1.0, 2.0, -1.0, 1.0)), "synthetic")
    assert main.run(["run", "queue", "r", "--dry-run"]) == 0
    assert "warning" not in capsys.readouterr().err


# ---- workers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["at the start", "in the middle"])
def test_a_worker_waits_while_the_server_takes_no_writes(live_database, admin, settings, caplog, when):
    from tests.worlds.production import IDENTITY
    from workers.process.stopping import Stopping
    from workers.process.worker import Assignment, Worker

    def read_only(value):
        admin.execute(f'ALTER DATABASE "{live_database.name}" SET default_transaction_read_only = {value}')

    attempts = []

    def opened():
        attempts.append(None)
        if len(attempts) == 3:
            read_only("off")
        connection = live_database.connect("worker", autocommit=True)
        if when == "in the middle" and len(attempts) == 1:
            # A failover: the session goes on, its server takes no writes any more.
            connection.execute("SET default_transaction_read_only = on")
            read_only("on")
        return connection

    if when == "at the start":
        read_only("on")
    assignment = Assignment(until_idle=True)
    worker = Worker(settings, IDENTITY, opened, Stopping(1.0), assignment, steps={})
    assert worker.work().attempts == 0
    assert len(attempts) == 3
    assert "read-only" in caplog.text


def test_a_limit_of_the_operator_that_ends_a_statement_is_named(live_database, monkeypatch, capsys):
    point_at(monkeypatch, f"{live_database.url}&options=-c%20statement_timeout%3D1s")
    with engine.connect("operator") as connection, pytest.raises(psycopg.errors.QueryCanceled) as caught:
        connection.execute("SELECT pg_sleep(20)")
    assert main.report(caught.value) == 3
    told = capsys.readouterr().err
    assert "statement timeout" in told
    assert "MAPPS_DATABASE_URL" in told
