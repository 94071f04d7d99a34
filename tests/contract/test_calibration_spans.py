"""Calibration products: spans of validity that the database keeps apart, and the camera they were made with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from psycopg import Connection
from psycopg.types.json import Jsonb

from app.instruments.bands import Band
from tests.worlds.ledger import Attempt, open_attempt
from workers.steps.calibrations import (
    CalibrationConfigurationError,
    NoCalibrationError,
    product_of,
    valid_products,
)
from workers.steps.night_calibration import _span

NOON = datetime(1998, 4, 26, 12, tzinfo=UTC)
COLUMNS = {"kind": "night", "hemis": "s", "band": "j", "camera": "one", "retired_at": None}


def night_of(connection: Connection[Any], attempt: Attempt) -> int:
    row = connection.execute(
        "SELECT night_id FROM survey.scan WHERE scan_key = %s", (attempt.scan_key,)
    ).fetchone()
    assert row is not None
    return int(row[0])


def add(
    connection: Connection[Any], attempt: Attempt, hours: tuple[int, int] = (0, 24), **changes: Any
) -> None:
    first, last = (NOON + timedelta(hours=hour) for hour in hours)
    values = {"run_id": attempt.run_id, "attempt_id": attempt.attempt_id, **COLUMNS, **changes}
    values |= {"night_id": night_of(connection, attempt), "facts": Jsonb({}), "sha256": "0" * 64, "url": "x"}
    names = ", ".join(values)
    marks = ", ".join(f"%({name})s" for name in values)
    connection.execute(
        f"INSERT INTO calibration.product ({names}, valid) VALUES ({marks}, tstzrange(%(first)s, %(last)s))",
        values | {"first": first, "last": last},
    )


@pytest.mark.parametrize("hours", [(0, 24), (23, 47), (-1, 1), (3, 4), (-5, 30)])
def test_spans_that_overlap_are_refused(database, hours):
    with database.connect() as connection:
        attempt = open_attempt(connection)
        add(connection, attempt)
        with pytest.raises(psycopg.errors.ExclusionViolation, match="ex_product_valid"):
            add(connection, attempt, hours)


@pytest.mark.parametrize(
    "changes",
    [{"band": "h"}, {"hemis": "n"}, {"camera": "two"}, {"retired_at": NOON}],
    ids=lambda changes: next(iter(changes)),
)
def test_what_differs_in_anything_else_may_overlap(database, changes):
    with database.connect() as connection:
        attempt = open_attempt(connection)
        add(connection, attempt, **changes)
        add(connection, attempt)


def test_spans_that_touch_and_those_of_other_runs_may_stand_together(database):
    with database.connect() as connection:
        attempt = open_attempt(connection)
        add(connection, attempt)
        add(connection, attempt, (24, 48))
        add(connection, open_attempt(connection))


def test_zero_points_of_a_night_do_not_overlap(database):
    insert = (
        "INSERT INTO calibration.zero_point"
        " (run_id, attempt_id, night_id, band, valid, zero_point_mag, extinction_mag, source)"
        " VALUES (%s, %s, %s, %s, tstzrange(%s, %s), 20, 0.1, 'nominal')"
    )
    with database.connect() as connection:
        attempt = open_attempt(connection)
        night = night_of(connection, attempt)
        keys = (attempt.run_id, attempt.attempt_id, night)
        for band, first, last in (("j", 0, 24), ("h", 0, 24), ("j", 24, 48)):
            connection.execute(
                insert, (*keys, band, NOON + timedelta(hours=first), NOON + timedelta(hours=last))
            )
        with pytest.raises(psycopg.errors.ExclusionViolation, match="ex_zero_point_valid"):
            connection.execute(insert, (*keys, "j", NOON, NOON + timedelta(hours=1)))


@pytest.mark.parametrize(
    ("dusk", "dawn"),
    # Hours UTC, counted from 0 h of the date: longest nights at Mt. Hopkins and Cerro Tololo, twilight flats included.
    [(0.2, 14.3), (-2.5, 11.9)],
)
def test_spans_of_neighbouring_nights_touch_and_hold_the_night(dusk, dawn):
    nights = [_span(SimpleNamespace(date=date(1998, 4, 27) + timedelta(days=k))) for k in range(3)]
    assert [last for _, last in nights[:-1]] == [first for first, _ in nights[1:]]
    midnight = datetime(1998, 4, 27, tzinfo=UTC)
    assert nights[0][0] < midnight + timedelta(hours=dusk) < midnight + timedelta(hours=dawn) < nights[0][1]


def test_a_scan_takes_the_product_of_its_own_camera(database):
    with database.connect() as connection:
        attempt = open_attempt(connection)
        for camera in ("one", "two", ""):
            add(connection, attempt, camera=camera)
        add(connection, attempt, (24, 48), camera="three")
        claim, scan = (
            SimpleNamespace(run_id=attempt.run_id),
            SimpleNamespace(hemis="s", started_at=NOON, night_id=1),
        )
        products = valid_products(connection, claim, scan)
    assert [product.camera for product in products] == ["", "one", "two"]
    assert product_of(products, Band.J, "two").camera == "two"
    with pytest.raises(CalibrationConfigurationError, match="expected camera 'three', as the scan's"):
        product_of(products, Band.J, "three")
    with pytest.raises(NoCalibrationError, match="band H"):
        product_of(products, Band.H, "one")


def test_a_scan_without_time_has_no_calibration():
    scan = SimpleNamespace(scan=3, date=date(1998, 4, 27), started_at=None)
    with pytest.raises(NoCalibrationError, match="has no time"):
        valid_products(None, SimpleNamespace(run_id=1), scan)
