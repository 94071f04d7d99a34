"""Migrations: up, down and up again; models, registry and database agree."""

import pytest
from alembic import command
from sqlalchemy import text

from app.columns import EXTENDED_SOURCE, POINT_SOURCE, PUBLISHED_PSC
from app.db import migrate
from app.db.engine import engine_url
from app.models import METADATA, SCHEMAS

UNCOMMENTED = text(
    """
    SELECT n.nspname || '.' || c.relname || coalesce('.' || a.attname, '')
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind <> 'S'
    WHERE n.nspname = ANY (:schemas) AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND NOT c.relispartition
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND deptype IN ('i', 'e'))
      AND (obj_description(c.oid, 'pg_class') IS NULL
           OR (a.attnum IS NOT NULL AND col_description(c.oid, a.attnum) IS NULL))
    UNION ALL
    SELECT 'function ' || p.oid::regprocedure::text
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = ANY (:schemas) AND obj_description(p.oid, 'pg_proc') IS NULL
    UNION ALL
    SELECT 'schema ' || nspname FROM pg_namespace
    WHERE nspname = ANY (:schemas) AND obj_description(oid, 'pg_namespace') IS NULL
    """
)


def check(url):
    """Run autogenerate, which raises on any difference."""
    engine = engine_url(url)
    with engine.begin() as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.check(config)


def tables(url):
    with engine_url(url).connect() as connection:
        query = text(
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = ANY (:s)"
        )
        return connection.execute(query, {"s": list(SCHEMAS)}).scalar()


def with_partitions(url):
    with engine_url(url).begin() as connection:
        connection.execute(text("SELECT wsdb.create_run_partitions(1, 12), wsdb.create_run_partitions(2, 1)"))
        connection.execute(text("SELECT wsdb.seal_run(1)"))
        connection.execute(text("SELECT release.create_partitions(1)"))


def test_up_down_up(empty_database):
    url = empty_database.url
    assert migrate.upgrade(url) == migrate.head()
    before = tables(url)
    with_partitions(url)
    assert migrate.downgrade(url, "base") is None
    assert tables(url) == 0
    assert migrate.upgrade(url) == migrate.head()
    assert tables(url) == before


def test_each_step_goes_back_and_forth(database):
    url, before = database.url, tables(database.url)
    with_partitions(url)
    whole = tables(url)
    assert migrate.downgrade(url, "0001") == "0001"
    assert tables(url) < whole
    assert migrate.upgrade(url) == migrate.head()
    assert tables(url) == whole > before
    check(url)


def test_upgrade_again_changes_nothing(database):
    with_partitions(database.url)
    before = tables(database.url)
    assert migrate.upgrade(database.url) == migrate.head()
    assert tables(database.url) == before


def test_models_and_database_agree(database):
    check(database.url)


def test_they_agree_also_when_partitions_exist(database):
    with_partitions(database.url)
    check(database.url)


def test_everything_is_commented(database):
    with engine_url(database.url).connect() as connection:
        assert connection.execute(UNCOMMENTED, {"schemas": list(SCHEMAS)}).scalars().all() == []


@pytest.mark.parametrize(
    ("table", "registry"), [("wsdb.point_source", POINT_SOURCE), ("wsdb.extended_source", EXTENDED_SOURCE)]
)
def test_registry_is_the_table(database, table, registry):
    query = """SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull, col_description(attrelid, attnum)
        FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""
    with database.connect() as connection:
        found = connection.execute(query, (table,)).fetchall()
    assert found == [(c.name, c.postgres_type, c.nullable, c.comment) for c in registry]


def test_release_has_the_published_columns_in_order(database):
    query = "SELECT attname FROM pg_attribute WHERE attrelid = 'release.psc'::regclass AND attnum > 0 ORDER BY attnum"
    with database.connect() as connection:
        found = [name for (name,) in connection.execute(query)]
    assert found == ["release_id", "run_id", "src_id", *(column.name for column in PUBLISHED_PSC)]
    assert len(PUBLISHED_PSC) == 60


def test_source_rows_carry_no_padding(database):
    """Wide columns first: 1.3e9 rows would pay for every byte of alignment."""
    query = """SELECT attname, attalign FROM pg_attribute
        WHERE attrelid = 'wsdb.point_source'::regclass AND attnum > 0 ORDER BY attnum"""
    with database.connect() as connection:
        alignment = "".join(align for _, align in connection.execute(query))
    assert alignment.count("d") + alignment.count("i") + alignment.count("s") == len(POINT_SOURCE)
    fixed = alignment[: alignment.rindex("s") + 1]
    assert fixed == "".join(sorted(fixed, key="dis".index))


def test_every_foreign_key_has_an_index_or_a_reason():
    """Keys whose referenced rows are deleted need one; survey and production rows are kept for ever but for frames."""
    cascading = [
        key.parent.table.fullname + "." + key.parent.name
        for table in METADATA.tables.values()
        for key in table.foreign_keys
        if key.ondelete == "CASCADE"
    ]
    assert sorted(cascading) == [
        "production.task_dependency.task_id",
        "production.task_dependency.upstream_task_id",
        "survey.frame.scan_key",
    ]
