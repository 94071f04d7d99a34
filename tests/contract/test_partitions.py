"""Partitions come while others read: a new run waits for no query, and no query for a new run."""

from __future__ import annotations

import pytest

READ = "SELECT count(*) FROM wsdb.point_measurement, wsdb.extended_measurement"


@pytest.mark.parametrize("zones", [1, 12])
def test_a_new_run_and_readers_do_not_wait_for_each_other(database, zones):
    with (
        database.connect("reader") as before,
        database.connect("operator") as operator,
        database.connect("reader") as after,
    ):
        before.execute(READ)
        for connection in (operator, after):
            connection.execute("SET lock_timeout = '2s'")
        operator.execute("SELECT wsdb.create_run_partitions(7, %s)", (zones,))
        after.execute(READ)


def test_a_new_run_has_leaves_with_keys(database):
    with database.connect() as connection:
        connection.execute("SELECT wsdb.create_run_partitions(7, 12)")
        kinds = dict(
            connection.execute(
                "SELECT contype::text, count(*) FROM pg_constraint AS c JOIN pg_class AS t ON t.oid = c.conrelid"
                " WHERE t.relname LIKE '%%measurement_r7%%' AND t.relkind = 'r' AND contype IN ('p', 'f')"
                " GROUP BY contype"
            ).fetchall()
        )
    # Twelve zones of point sources and one leaf of extended ones, each tied to its attempts.
    assert kinds == {"p": 13, "f": 13}
