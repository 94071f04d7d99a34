"""Natural keys in the database: generated columns, functions and Python agree, and nobody gives a key by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from app import keys
from app.keys import night_key, scan_key

LAST = keys.FIRST_SURVEY_DAY + timedelta(days=keys.LAST_DAY - 1)
NIGHTS = [
    (day, hemisphere)
    for day in (keys.FIRST_SURVEY_DAY, date(1998, 4, 27), date(2000, 2, 29), date(2024, 7, 15), LAST)
    for hemisphere in "ns"
]


@pytest.fixture
def connection(database):
    with database.connect() as connection:
        yield connection
        connection.rollback()


def add_night(connection: Any, day: date, hemisphere: str) -> int:
    row = connection.execute(
        "INSERT INTO survey.night (hemis, date, day_number) VALUES (%s, %s, 1) RETURNING night_id",
        (hemisphere, day),
    ).fetchone()
    return int(row[0])


def add_scan(connection: Any, night_id: int, scan: int) -> int:
    row = connection.execute(
        "INSERT INTO survey.scan (night_id, scan, kind, entry, header) VALUES (%s, %s, 'sci', 'raw', '{}')"
        " RETURNING scan_key",
        (night_id, scan),
    ).fetchone()
    return int(row[0])


def test_tables_functions_and_python_agree(connection):
    for day, hemisphere in reversed(NIGHTS):
        night_id = add_night(connection, day, hemisphere)
        assert night_id == night_key(day, hemisphere)
        for scan in (999, 1, 49):
            key = add_scan(connection, night_id, scan)
            assert key == scan_key(day, hemisphere, scan)
            query = "SELECT survey.scan_key(%s, %s, %s), wsdb.scan_of((7::bigint << 35) | (%s::bigint << 10) | 1023)"
            assert connection.execute(query, (day, hemisphere, scan, key)).fetchone() == (key, key)
    found = connection.execute(
        "SELECT date, hemis, scan FROM survey.scan JOIN survey.night USING (night_id) ORDER BY scan_key"
    ).fetchall()
    assert found == sorted(found)
    assert len(found) == 3 * len(NIGHTS)


@pytest.mark.parametrize("day", [keys.FIRST_SURVEY_DAY - timedelta(days=1), LAST + timedelta(days=1)])
def test_a_night_without_a_key_is_refused(connection, day):
    with pytest.raises(psycopg.errors.CheckViolation, match="date_has_key"):
        add_night(connection, day, "n")


def test_a_scan_without_a_key_is_refused(connection):
    night_id = add_night(connection, *NIGHTS[0])
    for scan in (0, 1000):
        with pytest.raises(psycopg.errors.CheckViolation, match="scan_in_night"), connection.transaction():
            add_scan(connection, night_id, scan)


def test_nobody_gives_a_key_by_hand(connection):
    add_night(connection, *NIGHTS[0])
    for change in ("UPDATE survey.night SET night_id = 7", "INSERT INTO survey.scan (scan_key) VALUES (7)"):
        with pytest.raises(psycopg.errors.GeneratedAlways), connection.transaction():
            connection.execute(change)
