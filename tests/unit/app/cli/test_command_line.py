from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import psycopg
import pytest

from app.cli import main, output
from app.errors import InputError, StoreError, TokenLostError
from tests.worlds.places import ROOT


@pytest.fixture(autouse=True)
def _text_mode(settings):
    output.forget_mode()
    yield
    output.forget_mode()


def mapps(*words):
    # Another folder than the checkout's: mapps must not depend on where it is called.
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "app.cli.main", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)


def test_help_reads_like_a_manual(capsys):
    assert main.run(["--help"]) == 0
    text = capsys.readouterr().out
    for needed in ("A typical session", "Exit codes", "Environment", "MAPPS_HOME", "doctor", "70   a bug"):
        assert needed in text


def test_every_setting_is_in_the_manual():
    from app.cli.manual import EPILOG
    from app.settings import Settings

    assert [name for name in Settings.model_fields if f"MAPPS_{name.upper()}" not in EPILOG] == []


def test_help_imports_no_heavy_library():
    code = "import sys; from app.cli.main import run; run(['--help']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    for heavy in ("numpy", "sqlalchemy", "psycopg", "pydantic", "astropy"):
        assert f"'{heavy}'" not in done.stdout


@pytest.mark.parametrize("noun", [n.name for n in main.NOUNS if find_spec(n.module)])
def test_every_noun_explains_itself(noun, capsys):
    assert main.run([noun, "--help"]) == 0
    assert "Usage: mapps " + noun in capsys.readouterr().out


def test_misspelt_noun_is_a_usage_error(capsys):
    assert main.run(["dbb"]) == 2
    assert "Did you mean 'db'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", ["--bogus", "bogus", "db bogus", "db url --bogus", "run create", "worker -n 0"]
)
def test_wrong_usage_is_told_in_one_line_with_a_code(words, capsys):
    assert main.run(words.split()) == 2
    told = capsys.readouterr().err
    assert told.startswith("mapps: error USAGE: ")
    assert "see: mapps" in told
    assert told.count("\n") == 1


def test_a_noun_without_a_verb_shows_its_help(capsys):
    assert main.run(["db"]) == 2
    told = capsys.readouterr()
    assert "Say what runs and where; exit code 3 when" in told.out + told.err
    assert "error" not in told.err


def test_version(capsys):
    assert main.run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("mapps 0.")


@pytest.mark.parametrize(
    ("error", "status", "start"),
    [
        (InputError("x.fits: no NAXIS"), 2, "mapps: error INPUT: x.fits: no NAXIS"),
        (StoreError("disk full"), 3, "mapps: error STORE: disk full"),
        (TokenLostError("taken over"), 70, "mapps: error TOKEN_LOST: taken over"),
        (
            psycopg.OperationalError("server closed"),
            3,
            "mapps: error DATABASE_UNAVAILABLE: the database stopped",
        ),
        (
            psycopg.errors.DeadlockDetected("deadlock detected"),
            3,
            "mapps: error TRANSIENT: another command was in the way: deadlock detected",
        ),
        (
            psycopg.errors.SerializationFailure("could not serialize"),
            3,
            "mapps: error TRANSIENT: another command was in the way: could not serialize",
        ),
        (
            PermissionError(13, "Permission denied", "/x"),
            3,
            "mapps: error FILE_SYSTEM: /x: Permission denied",
        ),
        (OSError(28, "No space left on device"), 3, "mapps: error FILE_SYSTEM: No space left on device"),
        (
            OSError(116, "Stale file handle", "/nfs/x"),
            3,
            "mapps: error FILE_SYSTEM: /nfs/x: Stale file handle",
        ),
        (OSError("Not enough space on disk: requested 9"), 3, "mapps: error FILE_SYSTEM: No space left"),
        (KeyboardInterrupt(), 130, "mapps: interrupted"),
    ],
)
def test_errors_become_a_line_and_a_status(error, status, start, capsys):
    assert main.report(error) == status
    told = capsys.readouterr().err
    assert told.startswith(start)
    assert "Traceback" not in told


def test_bug_shows_its_traceback(capsys):
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 // 0
    assert main.report(caught.value) == 70
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "error BUG: ZeroDivisionError" in told


def test_database_that_is_down(capsys):
    assert main.run(["db", "url"]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert "start it: mapps db start" in told.err
    assert main.run(["db", "status", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["state"] == "not made yet"


def test_unknown_setting_stops_every_command():
    os.environ["MAPPS_STORE_ULR"] = "x"
    try:
        done = mapps("db", "url")
    finally:
        del os.environ["MAPPS_STORE_ULR"]
    assert done.returncode == 2
    assert done.stderr.startswith("mapps: error SETTINGS: unknown environment variable MAPPS_STORE_ULR")


def test_db_commands_on_a_configured_server(live_database, capsys):
    assert main.run(["db", "url"]) == 0
    assert capsys.readouterr().out == live_database.url + "\n"
    assert main.run(["db", "start", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "running"
    assert main.run(["db", "status"]) == 0
    output.forget_mode()
    assert main.run(["db", "stop"]) == 2
    assert "not ours to stop" in capsys.readouterr().err


def test_db_url_of_a_role_works_in_psycopg(live_database, capsys):
    assert main.run(["db", "url", "--role", "reader"]) == 0
    with psycopg.connect(capsys.readouterr().out.strip()) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("mapps_reader",)
    assert main.run(["db", "url", "--role", "nobody"]) == 2


def test_psql_hands_its_arguments_on(live_database):
    done = mapps("db", "psql", "-Atc", "SELECT current_database()")
    assert done.stdout.strip() == live_database.name


def test_unmigrated_database_is_told(empty_database, monkeypatch, capsys):
    from app.settings import get_settings

    monkeypatch.setenv("MAPPS_DATABASE_URL", empty_database.url)
    get_settings.cache_clear()
    with empty_database.connect() as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute("SELECT * FROM production.run")
    assert main.report(caught.value) == 3
    assert "mapps db migrate" in capsys.readouterr().err
