"""The seam between reduction and database: nothing measured is lost, nothing is null that was measured."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from app.columns import EXTENDED_SOURCE, POINT_SOURCE, Column, Kind, Producer
from app.columns.column import BY_STEP, MEASURED, names_by
from app.columns.records import null_integer, record_dtype
from app.instruments.bands import BANDS
from app.keys import scan_of
from app.sky.footprint import Corners
from workers.reduction.frames.products import EXTENDED_DTYPE, EXTENDED_INTERNAL, SOURCE_DTYPE
from workers.steps import records
from workers.steps.extended_facts import ScanField
from workers.steps.records import RowSeamError, extended_records, point_records, seam_fields
from workers.steps.scan_facts import ScanFacts

SCAN = ScanFacts(
    scan_key=77, scan=12, kind="sci", entry="raw", tile=3, night_id=1, hemis="s", date=date(1998, 4, 27), day_number=1,
    direction="n", started_at=None, jdate=2450930.5, airmass=1.0, frames_expected=100,
    files=(),
)  # fmt: skip
AREA = Corners((10.14, 0.0), (10.0, 0.0), (10.14, 6.0), (10.0, 6.0))
INTERNAL = frozenset(name for name, _ in EXTENDED_INTERNAL)


def measured(dtype, n, seed=1):
    """Rows with a value of its own in every field: a field that lands in a wrong column shows."""
    random = np.random.default_rng(seed)
    rows = np.zeros(n, dtype)
    for name in dtype.names:
        kind = dtype[name]
        if kind.kind == "f":
            rows[name] = random.normal(size=n)
        elif kind.kind == "i":
            rows[name] = random.integers(1, 270, n)
        else:
            rows[name] = ["".join(random.choice(list("0123"), kind.itemsize)).encode() for _ in range(n)]
    rows["ra"], rows["decl"] = random.uniform(10.01, 10.13, n), random.uniform(0.1, 5.9, n)
    return rows


def null(values):
    if values.dtype.kind == "f":
        return np.isnan(values)
    return values == (b"" if values.dtype.kind == "S" else np.iinfo(values.dtype).min)


@pytest.mark.parametrize(
    ("dtype", "columns", "internal"),
    [(SOURCE_DTYPE, POINT_SOURCE, frozenset()), (EXTENDED_DTYPE, EXTENDED_SOURCE, INTERNAL)],
    ids=["point", "extended"],
)
def test_both_sides_fit(dtype, columns, internal):
    assert seam_fields(dtype, columns, internal) == tuple(c.name for c in columns if c.measured)


TABLE = (
    Column("a", Kind.REAL, "", producers=MEASURED),
    Column("b", Kind.DOUBLE, "", producers=MEASURED),
    Column("key", Kind.INTEGER, "", producers=BY_STEP),
    Column("later", Kind.REAL, "", null="always"),
)


@pytest.mark.parametrize(
    ("fields", "internal", "said"),
    [
        ([("a", "f4")], (), "columns without a field: b"),
        ([("a", "f4"), ("b", "f8"), ("c", "f4")], (), "fields without a column: c"),
        ([("a", "f8"), ("b", "f8")], (), "another type than their column: a"),
        ([("a", "f4"), ("b", "f8"), ("later", "f4")], (), "fields without a column: later"),
        ([("a", "f4"), ("b", "f8"), ("key", "i4")], (), "fields without a column: key"),
        ([("a", "f4"), ("b", "f8"), ("later", "f4")], ("later",), "name of a column: later"),
        ([("b", "f4"), ("c", "f4")], (), "without a column: c; columns without a field: a; fields of another type"),
    ],
    ids=["lost column", "lost field", "other type", "nobody's column", "the step's column", "internal", "several"],
)  # fmt: skip
def test_a_side_that_does_not_fit_is_an_error(fields, internal, said):
    with pytest.raises(RowSeamError, match=said) as raised:
        seam_fields(np.dtype(fields), TABLE, frozenset(internal))
    assert (raised.value.code, raised.value.exit_status) == ("ROW_SEAM", 70)


def test_internal_fields_are_left_behind():
    fields = np.dtype([("x", "f4"), ("b", "f8"), ("a", "f4")])
    assert seam_fields(fields, TABLE, frozenset({"x"})) == ("a", "b")


def test_dtypes_are_compared_once(monkeypatch):
    seam_fields.cache_clear()
    for _ in range(3):
        point_records(measured(SOURCE_DTYPE, 5), SCAN, AREA)
    assert (seam_fields.cache_info().misses, seam_fields.cache_info().hits) == (1, 2)


@pytest.mark.parametrize("n", [1, 1023, 1024, 3000])
def test_every_measured_value_arrives(n):
    sources = measured(SOURCE_DTYPE, n)
    rows = point_records(sources, SCAN, AREA)
    assert rows.dtype == record_dtype(POINT_SOURCE)
    assert (np.diff(rows["src_id"]) > 0).all()
    # `id` is the place among the sources.
    back = rows[np.argsort(rows["id"])]
    for name in SOURCE_DTYPE.names:
        assert (back[name] == sources[name]).all(), name


def test_what_is_not_measured_is_derived_null_or_the_publications():
    rows = point_records(measured(SOURCE_DTYPE, 40), SCAN, AREA)
    for column in POINT_SOURCE:
        values = rows[column.name]
        if Producer.PUBLICATION in column.producers:
            assert (values == 0).all(), column.name
        elif column.measured or Producer.STEP in column.producers:
            assert not null(values).any(), column.name
        else:
            assert null(values).all(), column.name


def test_derived_values():
    sources = measured(SOURCE_DTYPE, 3)
    sources["coadd"] = [1, 7, 200]
    rows = point_records(sources, SCAN, AREA)
    rows = rows[np.argsort(rows["id"])]
    assert rows["coadd_key"].tolist() == [77 * 1024 + 1, 77 * 1024 + 7, 77 * 1024 + 200]
    assert rows["jdate"] == pytest.approx(2450930.5 + np.array([0, 6, 199]) * 1.485 / 86400, abs=1e-9)
    assert (rows["date"] == -614).all()
    assert set(rows["hemis"]) == {b"s"}
    assert (scan_of(rows["src_id"]) == 77).all()
    assert (rows["dist_edge_ew"] >= 0).all()
    assert (rows["glon"] >= 0).all()


def test_times_of_frames_go_over_whatever_the_image_says():
    sources = measured(SOURCE_DTYPE, 3)
    mjd = 50930.0 + np.array([0.25, 0.125, 0.5])
    rows = point_records(sources, replace(SCAN, jdate=None), AREA, mjd)
    assert rows["jdate"][np.argsort(rows["id"])].tolist() == [2450930.75, 2450930.625, 2450931.0]


def test_a_scan_without_a_time_has_no_jdate():
    assert null(point_records(measured(SOURCE_DTYPE, 4), replace(SCAN, jdate=None), AREA)["jdate"]).all()


def test_edges_are_those_of_the_area_given():
    """A source 3" outside of the three-band area, one on its corner and one in its middle."""
    sources = measured(SOURCE_DTYPE, 3)
    sources["ra"], sources["decl"] = [10.14 + 3 / 3600, 10.14, 10.07], [3.0, 6.0, 3.0]
    rows = point_records(sources, SCAN, AREA)
    rows = rows[np.argsort(rows["id"])]
    assert rows["dist_edge_ew"].tolist() == [-3, 0, 251]
    # The equator and the northern edge are great circles, meridians' lengths are theirs within an arc second.
    assert rows["dist_edge_ns"].tolist() == pytest.approx([10800, 0, 10800], abs=1)
    assert rows["dist_edge_flg"][1] == b"ne"


def test_sources_where_nothing_is_covered_are_a_bug():
    with pytest.raises(ValueError, match="2 sources of scan 77, which covers nothing"):
        point_records(measured(SOURCE_DTYPE, 2), SCAN, None)


def test_no_sources():
    points = point_records(measured(SOURCE_DTYPE, 0), SCAN, None)
    assert points.size == extended_records(measured(EXTENDED_DTYPE, 0), SCAN, points).size == 0


def test_a_derived_column_more_or_less_is_an_error(monkeypatch):
    fewer = tuple(c for c in POINT_SOURCE if c.name != "glat")
    monkeypatch.setattr(records, "POINT_SOURCE", fewer)
    with pytest.raises(RowSeamError, match="derives glat on one side only"):
        point_records(measured(SOURCE_DTYPE, 2), SCAN, AREA)
    more = (
        *fewer,
        Column("glat", Kind.REAL, "", producers=BY_STEP),
        Column("z", Kind.REAL, "", producers=BY_STEP),
    )
    monkeypatch.setattr(records, "POINT_SOURCE", more)
    with pytest.raises(RowSeamError, match="derives z on one side only"):
        point_records(measured(SOURCE_DTYPE, 2), SCAN, AREA)


def test_every_extended_value_arrives():
    extended = measured(EXTENDED_DTYPE, 30)
    shapes = {(band, number): 1.0 for band in BANDS for number in range(300)}
    around = ScanField(AREA, dict.fromkeys(range(300), 3.0), shapes)
    rows = extended_records(extended, SCAN, point_records(measured(SOURCE_DTYPE, 0), SCAN, AREA), around)
    assert (np.diff(rows["ext_id"]) > 0).all()
    order = np.argsort(extended["ra"])
    back = rows[np.argsort(rows["ra"])]
    for name in EXTENDED_DTYPE.names:
        if name not in INTERNAL:
            assert (back[name] == extended[name][order]).all(), name
    for name in names_by(EXTENDED_SOURCE, Producer.STEP):
        # Without point sources: no link, and no place across the scan.
        assert null(rows[name]).all() == (name in {"src_id", "x_scan"}), name


def test_an_extended_source_leads_to_the_nearest_point_source():
    arcsec = 1.0 / 3600.0
    points = measured(SOURCE_DTYPE, 3)
    points["ra"], points["decl"] = 10.05, 1.0 + np.array([0.0, 1.5, 9.0]) * arcsec
    extended = measured(EXTENDED_DTYPE, 3)
    extended["ra"], extended["decl"] = 10.05, 1.0 + np.array([1.2, 6.9, 7.1]) * arcsec
    made = point_records(points, SCAN, AREA)
    rows = extended_records(extended, SCAN, made)
    of_id = {int(n): int(key) for n, key in zip(made["id"], made["src_id"], strict=True)}
    linked = dict(
        zip(np.round((rows["decl"] - 1.0) / arcsec, 1).tolist(), rows["src_id"].tolist(), strict=True)
    )
    assert linked == {1.2: of_id[2], 6.9: null_integer(Kind.BIGINT), 7.1: of_id[3]}


def test_an_extended_source_lies_across_the_scan_as_the_point_sources_around_it():
    points = measured(SOURCE_DTYPE, 200)
    points["x_scan"] = -(points["ra"] - 10.07) * np.cos(np.radians(points["decl"])) * 3600
    extended = measured(EXTENDED_DTYPE, 20, seed=2)
    rows = extended_records(extended, SCAN, point_records(points, SCAN, AREA))
    wanted = -(rows["ra"] - 10.07) * np.cos(np.radians(rows["decl"])) * 3600
    assert np.abs(rows["x_scan"] - wanted).max() < 0.5
