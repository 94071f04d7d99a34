"""The loader on the real point-source table."""

import datetime as dt

import numpy as np
import psycopg
import pytest

from app.columns import EXTENDED_SOURCE, POINT_SOURCE, Kind
from app.columns.records import NullInRequiredColumnError, empty_records, null_integer
from app.db.copy import SourceTable, copy_rows
from app.keys import SCAN_KEY_BITS, SEQUENCE_BITS
from app.sky.healpix import ORDER, pixel_number
from tests.worlds.ledger import open_attempt, sky_rows


def scattered(n, seed=1):
    """Directions all over the sky, poles included."""
    random = np.random.default_rng(seed)
    ra = random.uniform(0, 360, n)
    decl = np.degrees(np.arcsin(random.uniform(-1, 1, n)))
    decl[:2] = 90, -90
    return ra, decl


def count(connection, table="wsdb.point_measurement"):
    return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_round_trip(database):
    with database.connect() as connection:
        attempt = open_attempt(connection)
        random = np.random.default_rng(5)
        rows = sky_rows(attempt, *scattered(3000))
        for column in POINT_SOURCE:
            if not column.nullable:
                continue
            present = random.random(rows.size) < 0.6
            if column.kind is Kind.CHAR:
                rows[column.name][present] = b"xyz"[: column.length]
            else:
                rows[column.name][present] = random.integers(-30_000, 30_000, present.sum())
        rows["date"] = random.integers(-1000, 1000, rows.size)
        assert copy_rows(connection, SourceTable.POINT, POINT_SOURCE, rows) == 3000
        names = ", ".join(column.name for column in POINT_SOURCE)
        found = connection.execute(f"SELECT {names} FROM wsdb.point_measurement ORDER BY src_id").fetchall()
    rows = rows[np.argsort(rows["src_id"])]
    for index, column in enumerate(POINT_SOURCE):
        assert [row[index] for row in found] == [plain(value, column) for value in rows[column.name]], (
            column.name
        )


def plain(value, column):
    if column.kind is Kind.CHAR:
        return value.decode().ljust(column.length) if value else None
    if column.kind in {Kind.DOUBLE, Kind.REAL}:
        # The server writes the shortest decimal that gives the same number, as numpy does.
        return None if np.isnan(value) else float(str(value))
    if value == null_integer(column.kind):
        return None
    return dt.date(2000, 1, 1) + dt.timedelta(int(value)) if column.kind is Kind.DATE else int(value)


@pytest.mark.parametrize(("zones", "order"), [(1, None), (12, 0), (48, 1), (192, 2)])
def test_every_pixel_has_a_zone(database, zones, order):
    with database.connect() as connection:
        attempt = open_attempt(connection, zones)
        # The least and the greatest src_id of every zone, and the pixels of a scatter of directions.
        ra, decl = scattered(2000)
        rows = sky_rows(attempt, ra, decl)
        zone = np.zeros(rows.size, int) if order is None else pixel_number(ra, decl, order)
        copy_rows(connection, SourceTable.POINT, POINT_SOURCE, rows)
        found = connection.execute(
            "SELECT src_id, tableoid::regclass::text FROM wsdb.point_measurement ORDER BY src_id"
        ).fetchall()
        ranked = np.argsort(rows["src_id"])
        assert [name for _, name in found] == [
            f"wsdb.point_measurement_r{attempt.run_id}_z{number}" for number in zone[ranked]
        ]
        assert len({name for _, name in found}) == zones
        edges = sky_rows(attempt, np.zeros(2 * zones), np.zeros(2 * zones))
        # A zone is one pixel of `order`: the pixels of order 12 within it have numbers that follow each other.
        shift = SCAN_KEY_BITS + SEQUENCE_BITS + 2 * (ORDER - order) if order is not None else 63
        edges["src_id"] = [key for n in range(zones) for key in (n << shift, (n + 1 << shift) - 1)]
        connection.execute("TRUNCATE wsdb.point_measurement")
        copy_rows(connection, SourceTable.POINT, POINT_SOURCE, edges)
        found = connection.execute(
            "SELECT tableoid::regclass::text, count(*) FROM wsdb.point_measurement GROUP BY 1"
        ).fetchall()
        assert sorted(found) == sorted(
            (f"wsdb.point_measurement_r{attempt.run_id}_z{n}", 2) for n in range(zones)
        )


def test_identifier_layout(database):
    """HEALPix (28 bits), scan (20), sequence (15): SQL takes src_id apart as the checks and docs say."""
    with database.connect() as connection:
        attempt = open_attempt(connection)
        ra, decl = scattered(500)
        ra[1:5], decl[1:5] = ra[0], decl[0]
        copy_rows(connection, SourceTable.POINT, POINT_SOURCE, sky_rows(attempt, ra, decl))
        found = connection.execute(
            "SELECT src_id >> 35, wsdb.scan_of(src_id), src_id & 1023, ra, decl FROM wsdb.point_measurement"
        ).fetchall()
    pixel, scan, sequence, ra, decl = (np.array(values) for values in zip(*found, strict=True))
    assert (pixel == pixel_number(ra, decl, ORDER)).all()
    assert (scan == attempt.scan_key).all()
    assert max(sequence) == 4


def test_double_load_is_refused(database):
    with database.connect() as connection:
        attempt = open_attempt(connection, 12)
        rows = sky_rows(attempt, *scattered(100))
        copy_rows(connection, SourceTable.POINT, POINT_SOURCE, rows)
        connection.commit()
        with pytest.raises(psycopg.errors.UniqueViolation):
            copy_rows(connection, SourceTable.POINT, POINT_SOURCE, rows[::-1])
        connection.rollback()
        assert count(connection) == 100


def test_foreign_attempt_is_refused(database):
    """Attempt, run and scan must belong together."""
    with database.connect() as connection:
        first, second = open_attempt(connection), open_attempt(connection)
        connection.commit()
        for name in ("attempt_id", "scan_key"):
            rows = sky_rows(first, *scattered(3))
            rows[name] = getattr(second, name)
            with pytest.raises(psycopg.errors.ForeignKeyViolation):
                copy_rows(connection, SourceTable.POINT, POINT_SOURCE, rows)
            connection.rollback()


def test_run_without_partitions_is_refused(database):
    with database.connect() as connection:
        rows = sky_rows(open_attempt(connection), *scattered(3))
        rows["run_id"] = 999
        with pytest.raises(psycopg.errors.CheckViolation):
            copy_rows(connection, SourceTable.POINT, POINT_SOURCE, rows)


def test_rollback_leaves_nothing(database):
    with database.connect() as connection:
        attempt = open_attempt(connection)
        connection.commit()
        copy_rows(connection, SourceTable.POINT, POINT_SOURCE, sky_rows(attempt, *scattered(3000)))
        assert count(connection) == 3000
        connection.rollback()
        assert count(connection) == 0


def test_refused_rows_leave_the_transaction_usable(database):
    with database.connect() as connection:
        attempt = open_attempt(connection)
        rows = sky_rows(attempt, *scattered(10))
        rows["ph_qual"][3] = b""
        with pytest.raises(NullInRequiredColumnError, match=r"ph_qual \(1\) of 10 rows"):
            copy_rows(connection, SourceTable.POINT, POINT_SOURCE, rows)
        assert count(connection) == 0


def test_no_rows_and_extended_rows(database):
    with database.connect() as connection:
        attempt = open_attempt(connection)
        assert copy_rows(connection, SourceTable.POINT, POINT_SOURCE, empty_records(POINT_SOURCE, 0)) == 0
        rows = empty_records(EXTENDED_SOURCE, 2)
        for name in (
            "ra",
            "decl",
            "coadd_key",
            "coadd",
            "id",
            "date",
            "glon",
            "glat",
            "scan",
            "night_key",
            "im_nx",
        ):
            rows[name] = 1
        rows["hemis"], rows["cc_flg"], rows["vc"] = b"n", b"0", 2
        rows["contam_flg"], rows["n_blank"] = 0, 0
        rows["ext_id"] = 1, 2
        rows["run_id"], rows["scan_key"], rows["attempt_id"] = (
            attempt.run_id,
            attempt.scan_key,
            attempt.attempt_id,
        )
        assert copy_rows(connection, SourceTable.EXTENDED, EXTENDED_SOURCE, rows) == 2
        assert count(connection, "wsdb.extended_measurement") == 2
