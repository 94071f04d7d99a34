"""What each role may and may not do, on a private server and on one where nobody is superuser."""

import os

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from app.columns import POINT_SOURCE
from app.db import migrate
from app.db.copy import SourceTable, copy_rows
from app.db.doctor import READER_SETTINGS
from app.db.engine import connect_url
from app.db.statements import statement
from tests.worlds.ledger import accept, open_attempt, sky_rows


@pytest.fixture
def attempt(database):
    with database.connect() as connection:
        return open_attempt(connection)


def refused(database, role, command):
    """Whether the command is refused for want of a right (and not for another reason)."""
    with database.connect(role) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.commit()
        try:
            connection.execute(command)
        except InsufficientPrivilege:
            return True
        finally:
            connection.rollback()
    return False


def test_reader_reads_everything(database, attempt):
    with database.connect() as connection:
        copy_rows(connection, SourceTable.POINT, POINT_SOURCE, sky_rows(attempt, 1.0, 2.0))
    with database.connect("reader") as connection:
        schemas = "('survey', 'calibration', 'production', 'wsdb', 'quality', 'release', 'reference')"
        query = f"SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN {schemas}"
        tables = [name for (name,) in connection.execute(query)]
        query = f"SELECT format('%I.%I', schemaname, viewname) FROM pg_views WHERE schemaname IN {schemas}"
        tables += [name for (name,) in connection.execute(query)]
        assert len(tables) > 30
        for table in tables:
            connection.execute(f"SELECT * FROM {table} LIMIT 1")
        assert connection.execute("SELECT count(*) FROM wsdb.point_measurement").fetchone() == (1,)


def test_reader_is_read_only_and_hurried(database):
    with database.connect("reader") as connection:
        assert connection.execute("SHOW default_transaction_read_only").fetchone() == ("on",)
        timeout = connection.execute(
            "SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'"
        ).fetchone()[0]
        assert 0 < timeout <= 600_000
    with psycopg.connect(database.url_of("reader")) as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("10min",)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("CREATE TABLE wsdb.mine (x integer)")


READER_MAY_NOT = (
    "INSERT INTO survey.night (hemis, date, day_number) VALUES ('n', '1999-01-01', 1)",
    "UPDATE production.task SET priority = 1",
    "DELETE FROM wsdb.point_measurement",
    "TRUNCATE wsdb.point_measurement",
    "CREATE TABLE public.mine (x integer)",
    "SELECT wsdb.create_run_partitions(99, 1)",
    "SELECT wsdb.seal_run(1)",
    "SELECT release.create_partitions(99)",
    "SELECT release.publish(1)",
    "COPY survey.night TO PROGRAM 'true'",
    "COPY survey.night TO '/tmp/night'",
    "SET ROLE mapps_operator",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_advisory_lock(1, 2)",
    "SELECT pg_advisory_xact_lock_shared(1836213612)",
    "SELECT pg_try_advisory_lock(1)",
    "SELECT pg_try_advisory_xact_lock(1)",
    "SELECT lo_create(0)",
    "SELECT lo_creat(-1)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000))",
    "SELECT pg_reload_conf()",
    "SET temp_file_limit = -1",
    "ALTER ROLE mapps_reader SET temp_file_limit = -1",
    "ALTER ROLE mapps_worker SET statement_timeout = 0",
)


def test_reader_changes_nothing(database, attempt):
    assert [command for command in READER_MAY_NOT if not refused(database, "reader", command)] == []


def test_reader_makes_no_temporary_tables(empty_database):
    """Rights to a database are its own: a copy of a template has those of a new one."""
    migrate.upgrade(empty_database.url)
    assert refused(empty_database, "reader", "CREATE TEMPORARY TABLE mine (x integer)")
    for role in ("worker", "operator"):
        assert not refused(empty_database, role, "CREATE TEMPORARY TABLE mine (x integer)")


def test_reader_has_limits_that_migrating_sets_back(database):
    wanted = {
        "temp_file_limit=20GB",
        "work_mem=64MB",
        "idle_session_timeout=12h",
        "idle_in_transaction_session_timeout=10min",
        "statement_timeout=10min",
        "default_transaction_read_only=on",
    }
    query = "SELECT rolconfig, rolconnlimit FROM pg_roles WHERE rolname = 'mapps_reader'"
    with database.connect(autocommit=True) as connection:
        connection.execute("ALTER ROLE mapps_reader RESET ALL")
        connection.execute("ALTER ROLE mapps_reader CONNECTION LIMIT -1")
        migrate.upgrade(database.url)
        found, limit = connection.execute(query).fetchone()
    assert set(found) == wanted
    assert limit == 50


def test_reader_alters_its_own_role_by_no_accident(database):
    """PostgreSQL lets a role alter itself; a session that is read-only does not, and migrating sets it back."""
    with database.connect("reader") as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("ALTER ROLE mapps_reader SET statement_timeout = 0")


def test_reader_settings_of_one_database_are_set_back(database):
    """They go before those of the role, which look untouched."""
    alter = f'ALTER ROLE mapps_reader IN DATABASE "{database.name}"'
    wanted = statement("db/reader_settings")
    with database.connect("reader", autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(f"{alter} SET statement_timeout = 0")
    with database.connect(autocommit=True) as connection:
        assert "statement_timeout=0" in connection.execute(wanted, (list(READER_SETTINGS),)).fetchone()[0]
        migrate.upgrade(database.url)
        assert connection.execute(wanted, (list(READER_SETTINGS),)).fetchone() is None
    with psycopg.connect(database.url_of("reader")) as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("10min",)


def test_reader_fills_no_disk(database):
    """One query filled the disk with its temporary files; here the limit is 1 MB."""
    with database.connect(autocommit=True) as owner:
        owner.execute(f"ALTER ROLE mapps_reader IN DATABASE \"{database.name}\" SET temp_file_limit = '1MB'")
        owner.execute(f"ALTER ROLE mapps_reader IN DATABASE \"{database.name}\" SET work_mem = '64kB'")
    with (
        psycopg.connect(database.url_of("reader")) as connection,
        pytest.raises(psycopg.errors.ConfigurationLimitExceeded, match="temporary file size exceeds"),
    ):
        connection.execute("SELECT * FROM generate_series(1, 1000000) AS n ORDER BY md5(n::text)")


def test_workers_log_in_as_workers(database):
    """Not as the owner, who is superuser and only gave the role away for a while."""
    with database.connect("worker") as connection:
        row = connection.execute(
            "SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == ("mapps_worker", False)


def test_those_who_work_may_lock(database):
    for role in ("worker", "operator"):
        with database.connect(role) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(1)")


def release_attempt(connection, attempt, state, *, selected):
    release = connection.execute(
        "INSERT INTO release.release (name, kind, state, parameters, code_version, code_commit, hash_version)"
        " VALUES ('x', 'sampler', 'building', '{}', '1', 'c', 1) RETURNING release_id"
    ).fetchone()[0]
    connection.execute(
        "INSERT INTO release.scan (release_id, run_id, scan_key, attempt_id, selected, rank, reason)"
        " VALUES (%s, %s, %s, %s, %s, 1, '')",
        (release, attempt.run_id, attempt.scan_key, attempt.attempt_id, selected),
    )
    connection.execute("UPDATE release.release SET state = %s", (state,))


@pytest.mark.parametrize(
    ("state", "selected"), [("published", True), ("published", False), ("building", True)]
)
def test_worker_deletes_no_released_rows(database, attempt, state, selected):
    """Rows of scans that a release considered and did not choose may give way."""
    with database.connect() as connection:
        other = open_attempt(connection)
        for each in (attempt, other):
            copy_rows(connection, SourceTable.POINT, POINT_SOURCE, sky_rows(each, [1.0, 2.0], [3.0, 4.0]))
            accept(connection, each)
        release_attempt(connection, attempt, state, selected=selected)
    delete = "DELETE FROM wsdb.point_measurement WHERE attempt_id = %s"
    with database.connect("worker") as connection:
        assert connection.execute(delete, (other.attempt_id,)).rowcount == 2
        if state == "building" or not selected:
            assert connection.execute(delete, (attempt.attempt_id,)).rowcount == 2
            return
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="release x was drawn"):
            connection.execute(delete, (attempt.attempt_id,))
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM wsdb.point_measurement").fetchone() == (4,)


def test_worker_publishes(database, attempt):
    with database.connect("worker") as connection:
        copy_rows(connection, SourceTable.POINT, POINT_SOURCE, sky_rows(attempt, [1.0, 2.0], [3.0, 4.0]))
        accept(connection, attempt)
        connection.execute("INSERT INTO quality.metric VALUES (%s, 'trails', 'j', 1)", (attempt.attempt_id,))
        connection.execute("DELETE FROM wsdb.point_measurement WHERE attempt_id = %s", (attempt.attempt_id,))


WORKER_MAY_NOT = (
    "INSERT INTO release.parent_run VALUES (1, 1, 'x')",
    "UPDATE release.release SET name = 'x'",
    "DELETE FROM release.psc",
    "SELECT release.create_partitions(99)",
    "SELECT release.publish(1)",
    "SELECT wsdb.create_run_partitions(99, 1)",
    "UPDATE wsdb.point_measurement SET j_m = 1",
    "TRUNCATE wsdb.point_measurement",
    "UPDATE wsdb.scan_coverage SET coverage = '{}'",
    "UPDATE production.run SET state = 'held'",
    "DELETE FROM production.attempt",
    "DELETE FROM production.task",
    "INSERT INTO production.task DEFAULT VALUES",
    "UPDATE calibration.product SET sha256 = 'x'",
    "UPDATE calibration.zero_point SET zero_point_mag = 0",
    "DELETE FROM survey.scan",
    "UPDATE quality.grade SET score = 10",
)


def test_worker_keeps_to_its_work(database, attempt):
    assert [command for command in WORKER_MAY_NOT if not refused(database, "worker", command)] == []


OPERATOR_MAY_NOT = (
    "DELETE FROM wsdb.point_measurement",
    "UPDATE wsdb.point_measurement SET j_m = 1",
    "DELETE FROM wsdb.extended_measurement",
    "DELETE FROM wsdb.atlas_measurement",
    "DELETE FROM wsdb.postage_stamp",
    "DELETE FROM wsdb.scan_coverage",
    "INSERT INTO wsdb.scan_coverage DEFAULT VALUES",
    "TRUNCATE wsdb.point_measurement",
    "DELETE FROM calibration.product",
    "UPDATE calibration.product SET url = 'x'",
    "DROP TABLE wsdb.point_measurement",
    "ALTER TABLE wsdb.point_measurement ADD x integer",
    "CREATE TABLE wsdb.mine (x integer)",
)


def test_operator_cannot_lose_data(database, attempt):
    assert [command for command in OPERATOR_MAY_NOT if not refused(database, "operator", command)] == []


OPERATOR_MAY = (
    "INSERT INTO survey.night (hemis, date, day_number) VALUES ('n', '1999-01-01', 1)",
    "UPDATE production.run SET state = 'held'",
    "UPDATE calibration.product SET retired_at = now()",
    "SELECT wsdb.create_run_partitions(99, 12)",
    "SELECT wsdb.seal_run(%(run)s)",
    "SELECT release.create_partitions(99)",
)


def test_operator_operates(database, attempt):
    with database.connect("operator") as connection:
        for command in OPERATOR_MAY:
            connection.execute(command, {"run": attempt.run_id})


@pytest.mark.parametrize("rights", ["CREATEROLE", "NOCREATEROLE"])
def test_server_without_superuser(empty_database, rights):
    """Another server: the account that migrates owns the database and is no superuser."""
    account = f"plain_{os.getpid()}_{rights.lower()}"
    notices = []
    with empty_database.connect(autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {account} NOSUPERUSER {rights}")
        try:
            admin.execute("CREATE EXTENSION pg_sphere")
            admin.execute("CREATE EXTENSION btree_gist")
            admin.execute(f'ALTER DATABASE "{empty_database.name}" OWNER TO {account}')
            url = f"{empty_database.url}&options=-c%20role%3D{account}"
            for _ in range(2):
                assert migrate.upgrade(url) == migrate.head()
            with connect_url(url) as connection:
                connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
                assert connection.execute("SELECT current_user").fetchone() == (account,)
                connection.execute((migrate.MIGRATIONS.parent / "sql/schema/hand/20_roles.sql").read_text())
                attempt = open_attempt(connection)
            with empty_database.connect("worker") as connection:
                assert (
                    copy_rows(connection, SourceTable.POINT, POINT_SOURCE, sky_rows(attempt, 1.0, 2.0)) == 1
                )
            if rights == "NOCREATEROLE":
                assert any("may not take the role mapps_worker" in notice for notice in notices)
        finally:
            admin.execute(f"DROP OWNED BY {account}")
            admin.execute(f'ALTER DATABASE "{empty_database.name}" OWNER TO mapps_owner')
            admin.execute(f"DROP ROLE {account}")


def test_missing_role_is_explained(empty_database):
    """Without the right to make roles the message says what an administrator runs."""
    text = (
        (migrate.MIGRATIONS.parent / "sql/schema/hand/20_roles.sql")
        .read_text()
        .replace("mapps_worker", "mapps_absent")
    )
    account = f"plain_{os.getpid()}"
    with empty_database.connect() as connection:
        connection.execute(f"CREATE ROLE {account}")
        connection.execute(f"SET LOCAL ROLE {account}")
        with pytest.raises(InsufficientPrivilege) as caught:
            connection.execute(text)
        assert "mapps_absent is missing" in str(caught.value)
        assert "CREATE ROLE mapps_absent LOGIN" in caught.value.diag.message_hint
        connection.rollback()
