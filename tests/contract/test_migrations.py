"""Migrations: up, down and up again; models, registry and database agree."""

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text

from app.cli import main
from app.columns import EXTENDED_SOURCE, POINT_SOURCE, PUBLISHED_PSC
from app.db import doctor, migrate
from app.db.engine import engine_url
from app.models import METADATA, SCHEMAS
from app.settings import get_settings
from app.tools import first_tables

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


def test_upgrade_again_changes_nothing(database):
    with_partitions(database.url)
    before = tables(database.url)
    assert migrate.upgrade(database.url) == migrate.head()
    assert tables(database.url) == before


def test_models_and_database_agree(database):
    check(database.url)


CATALOGUE = """
SELECT 'column', table_schema || '.' || table_name || '.' || column_name,
       concat_ws(' ', ordinal_position, data_type, udt_name, character_maximum_length, is_nullable, column_default,
                 is_identity, identity_generation, identity_minimum, identity_maximum)
FROM information_schema.columns WHERE table_schema = ANY (:schemas)
UNION ALL
SELECT 'constraint', conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace::regnamespace::text = ANY (:schemas)
UNION ALL
SELECT 'index', schemaname || '.' || indexname, indexdef FROM pg_indexes WHERE schemaname = ANY (:schemas)
UNION ALL
SELECT 'comment', c.oid::regclass || coalesce('.' || a.attname, ''), d.description
FROM pg_description AS d JOIN pg_class AS c ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid
LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0
WHERE c.relnamespace::regnamespace::text = ANY (:schemas)
UNION ALL
SELECT 'options', c.oid::regclass::text, concat_ws(' ', c.relkind, c.reloptions, pg_get_partkeydef(c.oid))
FROM pg_class AS c WHERE c.relkind IN ('r', 'p') AND c.relnamespace::regnamespace::text = ANY (:schemas)
"""


def catalogue(connection):
    """Everything that a table is, from the server's catalogues; views are made by scripts, whatever the migrations."""
    found = connection.execute(text(CATALOGUE), {"schemas": list(SCHEMAS)}).all()
    tables = {name for kind, name, _ in found if kind == "options"}
    return {
        (k, n, d)
        for k, n, d in found
        if k not in {"column", "comment"} or ".".join(n.split(".")[:2]) in tables
    }


def test_migrations_make_exactly_the_tables_of_the_models(database, empty_database):
    """Checks, indexes, defaults and storage options too, which autogenerate does not compare."""
    with engine_url(empty_database.url).begin() as connection:
        for name in ("pg_sphere", "btree_gist"):
            connection.execute(text(f"CREATE EXTENSION {name}"))
        for schema in SCHEMAS:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        METADATA.create_all(connection)
        wanted = catalogue(connection)
    with engine_url(database.url).connect() as connection:
        found = catalogue(connection)
    assert len(wanted) > 1000
    assert (found - wanted, wanted - found) == (set(), set())


def test_first_version_is_written_from_the_models():
    """As long as nothing was released; from the first release on, remove this test: the file is frozen."""
    assert first_tables.FILE.read_text(encoding="utf-8") == first_tables.render(), (
        "write it anew: python -m app.tools.first_tables"
    )


def test_migrations_are_short_and_frozen():
    """They never import the models: what they make must not change with them."""
    for path in sorted(migrate.MIGRATIONS.glob("versions/*.py")):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) < 400
        assert not [line for line in lines if "app.models" in line], path.name


# -- databases of before the first release --------------------------------------------------------------------------


@pytest.fixture(params=["0003", "r0001"])
def former_database(template_database, empty_database, request):
    """What the code of before left behind: its roles (here the template's), its revision, and a table with a row."""
    with empty_database.connect() as connection:
        connection.execute("CREATE TABLE public.alembic_version (version_num varchar(32) PRIMARY KEY)")
        connection.execute("INSERT INTO public.alembic_version VALUES (%s)", (request.param,))
        connection.execute("CREATE SCHEMA production")
        connection.execute("CREATE TABLE production.run (name text)")
        connection.execute("INSERT INTO production.run VALUES ('years of work')")
        connection.execute("GRANT USAGE ON SCHEMA production TO mapps_reader")
        connection.execute("GRANT SELECT ON production.run TO mapps_reader")
    return empty_database


@pytest.mark.parametrize(
    "act",
    [
        migrate.upgrade,
        migrate.require_current,
        lambda url: migrate.downgrade(url, "base"),
        lambda url: migrate.upgrade(url, "r0002"),
    ],
    ids=["upgrade", "require", "downgrade", "to a revision"],
)
def test_a_database_of_the_former_layout_is_refused_and_left_alone(former_database, act):
    revision = migrate.current(former_database.url)
    assert revision in migrate.FORMER_REVISIONS
    with pytest.raises(
        migrate.FormerLayoutError, match=rf"revision {revision}.*release export.*MAPPS_HOME"
    ) as refused:
        act(former_database.url)
    assert (refused.value.code, refused.value.exit_status) == ("FORMER_LAYOUT", 3)
    assert migrate.current(former_database.url) == revision
    with former_database.connect() as connection:
        assert connection.execute("SELECT name FROM production.run").fetchall() == [("years of work",)]


@pytest.mark.parametrize("words", ["db start", "db migrate", "db migrate --down base", "worker", "run list"])
def test_commands_refuse_the_former_layout(former_database, settings, monkeypatch, capsys, words):
    monkeypatch.setenv("MAPPS_DATABASE_URL", former_database.url)
    get_settings.cache_clear()
    assert main.run(words.split()) == 3
    told = capsys.readouterr().err
    assert "FORMER_LAYOUT" in told
    assert "pg_dump" in told


def test_the_doctor_says_the_same(former_database, settings, monkeypatch):
    monkeypatch.setenv("MAPPS_DATABASE_URL", former_database.url)
    get_settings.cache_clear()
    finding = doctor.check_schema()
    assert not finding.ok
    assert "before the first release" in finding.found
    assert finding.remedy == migrate.FORMER_REMEDY


def test_new_revisions_are_told_from_former_ones():
    """A revision of today that was called like one of before would be refused for ever."""
    scripts = ScriptDirectory.from_config(migrate._config())
    revisions = {script.revision for script in scripts.walk_revisions()}
    assert revisions & migrate.FORMER_REVISIONS == set()
    assert all(revision.startswith("r") for revision in revisions)


def test_they_agree_also_when_partitions_exist(database):
    with_partitions(database.url)
    check(database.url)


def test_everything_is_commented(database):
    with engine_url(database.url).connect() as connection:
        assert connection.execute(UNCOMMENTED, {"schemas": list(SCHEMAS)}).scalars().all() == []


@pytest.mark.parametrize(
    ("table", "registry"),
    [("wsdb.point_measurement", POINT_SOURCE), ("wsdb.extended_measurement", EXTENDED_SOURCE)],
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
        WHERE attrelid = 'wsdb.point_measurement'::regclass AND attnum > 0 ORDER BY attnum"""
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
