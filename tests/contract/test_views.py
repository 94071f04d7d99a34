"""The views for people answer what they promise."""

from app.columns import POINT_SOURCE
from app.db.copy import SourceTable, copy_rows
from tests.worlds.ledger import accept, open_attempt, sky_rows


def one(connection, query, *values):
    cursor = connection.execute(query, values)
    row = cursor.fetchone()
    assert cursor.fetchone() is None
    return dict(zip([column.name for column in cursor.description], row, strict=True))


def test_where_a_star_comes_from(database):
    with database.connect() as connection:
        attempt = open_attempt(connection)
        rows = sky_rows(attempt, 10.0, -5.0)
        copy_rows(connection, SourceTable.POINT, POINT_SOURCE, rows)
        accept(connection, attempt)
        connection.execute(
            "INSERT INTO survey.raw_file (night_id, scan_key, kind, band, url, sha256, size_bytes, header)"
            " SELECT night_id, scan_key, 'scan', 'j', 'file:///raw.fits', 'x', 1, '{}' FROM survey.scan"
        )
        connection.execute(
            "INSERT INTO production.attempt_raw_file SELECT %s, raw_file_id FROM survey.raw_file",
            (attempt.attempt_id,),
        )
        connection.execute(
            """
            INSERT INTO calibration.product
                (run_id, attempt_id, night_id, kind, hemis, band, camera, valid, url, sha256, facts)
            SELECT %s, %s, night_id, 'night', 'n', 'j', 'n-1', '[1998-01-01,1998-01-03)', 'file:///flat.fits', 'y', '{}'
            FROM survey.night
            """,
            (attempt.run_id, attempt.attempt_id),
        )
        connection.execute(
            "INSERT INTO production.attempt_calibration SELECT %s, calibration_id FROM calibration.product",
            (attempt.attempt_id,),
        )
        connection.commit()
    with database.connect("reader") as connection:
        found = one(connection, "SELECT * FROM wsdb.provenance WHERE src_id = %s", int(rows["src_id"][0]))
        assert found["attempt_id"] == attempt.attempt_id
        assert found["raw_files"] == ["file:///raw.fits"]
        assert found["calibrations"] == ["file:///flat.fits"]
        assert found["atlas_images"] == []
        assert (found["worker"], found["code_version"], found["hemis"], found["scan"]) == ("w", "1", "n", 1)
        scan = one(connection, "SELECT * FROM survey.scan_overview WHERE scan_key = %s", attempt.scan_key)
        assert (scan["files"], scan["bands"], scan["bytes"], scan["runs"]) == (1, "j", 1, [found["run"]])


def test_task_overview_shows_the_last_attempt(database):
    with database.connect() as connection:
        attempt = open_attempt(connection)
        found = one(connection, "SELECT * FROM production.task_overview")
        assert (found["state"], found["attempts"], found["outcome"]) == ("running", 1, None)
        assert found["lease_left"].total_seconds() <= 0
        connection.execute(
            "UPDATE production.attempt SET ended_at = now(), outcome = 'failed', family = 'bug', error_code = 'MAPPS',"
            " error_text = 'no stars'"
        )
        connection.execute("UPDATE production.task SET state = 'failed', reason = 'no stars'")
        found = one(connection, "SELECT * FROM production.task_overview")
        assert (found["error_code"], found["error_text"], found["lease_left"]) == ("MAPPS", "no stars", None)
        assert found["scan_key"] == attempt.scan_key
