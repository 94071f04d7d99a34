from __future__ import annotations

import pytest

from app.cli import main
from app.db import doctor, migrate
from app.db.engine import connect_url
from app.db.statements import statement
from app.errors import SchemaError
from app.models import SCHEMAS
from app.settings import get_settings


def test_up_and_down(empty_database):
    assert migrate.current(empty_database.url) is None
    with pytest.raises(SchemaError, match=r"at revision none.*mapps db migrate"):
        migrate.require_current(empty_database.url)
    assert migrate.upgrade(empty_database.url) == migrate.head()
    migrate.require_current(empty_database.url)
    assert migrate.upgrade(empty_database.url) == migrate.head()
    assert migrate.downgrade(empty_database.url, "base") is None


def test_code_without_migrations(monkeypatch, tmp_path, empty_database):
    monkeypatch.setattr(migrate, "MIGRATIONS", tmp_path)
    assert migrate.head() is None
    assert migrate.upgrade(empty_database.url) is None
    with pytest.raises(SchemaError):
        migrate.downgrade(empty_database.url, "base")


FOREIGN = {
    "a schema of such a name": ("CREATE SCHEMA survey", "schemas that mapps did not make: survey"),
    "another program's revision": (
        "CREATE TABLE public.alembic_version AS SELECT 'deadbeef'::varchar(32) AS version_num",
        "revision deadbeef, which this code does not know",
    ),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_database_of_another_program_is_left_alone(empty_database, settings, monkeypatch, capsys, kind):
    made, told = FOREIGN[kind]
    with connect_url(empty_database.url, autocommit=True) as connection:
        connection.execute(made)
    monkeypatch.setenv("MAPPS_DATABASE_URL", empty_database.url)
    get_settings.cache_clear()
    assert main.run(["db", "migrate"]) == 3
    assert told in capsys.readouterr().err
    finding = doctor.check_schema()
    assert not finding.ok
    assert told in finding.found
    assert "CREATE DATABASE" in finding.remedy


def test_the_names_of_schemas_are_those_of_the_models():
    text = str(statement("db/foreign_schemas"))
    assert all(f"'{name}'" in text for name in SCHEMAS)
    assert text.count("'") == 2 * len(SCHEMAS)
