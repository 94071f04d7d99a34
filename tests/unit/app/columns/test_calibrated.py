"""Views of the working database: which column takes what, in the SQL that is written for it."""

from __future__ import annotations

import re

import pytest

from app.columns import EXTENDED_SOURCE, POINT_SOURCE
from app.columns.calibrated import VIEWS, CalibratedView, render_view
from app.columns.column import Calibrated, Column, Kind, expand_bands
from app.instruments.bands import BANDS
from app.instruments.detector import NOMINAL_ERROR_MAG


def output_names(text: str) -> list[str]:
    """Names of the columns of a view, from its SELECT list."""
    body = re.search(r"SELECT\n(.*)\nFROM wsdb", text, re.DOTALL)
    assert body
    depth, parts = 0, [""]
    for character in body[1]:
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [re.split(r"\.| AS ", part.strip())[-1] for part in parts]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_has_the_columns_of_its_table_in_order_and_the_solution(view: CalibratedView) -> None:
    names = output_names(render_view(view))
    errors = [f"{band}_zero_point_error_mag" for band in BANDS]
    places = ["measured_ra", "measured_decl", "astrometry_id", "place_error_arcsec"]
    assert names == [*(column.name for column in view.columns), "solution_id", *errors, *places]


def test_places_have_the_offset_of_their_scan_and_each_axis_its_partner() -> None:
    columns = tuple(
        Column(name, Kind.DOUBLE, "Place", calibrated=Calibrated.PLACE)
        for name in ("ra", "decl", "j_ra", "j_decl", "sup_ra", "sup_dec")
    )
    text = render_view(CalibratedView("a", "b", columns, "Rows"))
    assert output_names(text)[:6] == [column.name for column in columns]
    for ra, decl in (("p.ra", "p.decl"), ("p.j_ra", "p.j_decl"), ("p.sup_ra", "p.sup_dec")):
        assert text.count(f"calibration.directed_place({ra}, {decl}, ") == 2
        assert text.count(f"({ra} - s.middle_ra_deg)") == 2
        assert f"* {decl}) / cosd({decl})" in text
        assert f") ELSE {ra} END AS {ra[2:]}" in text
    assert text.count(" JOIN ") == 1, "a row of the view costs one look-up"
    assert (
        "LEFT JOIN calibration.adopted_scan AS s ON s.run_id = p.run_id AND s.scan_key = p.scan_key;" in text
    )


def test_both_source_tables_have_a_view() -> None:
    assert {view.table: view.columns for view in VIEWS} == {
        "point_measurement": POINT_SOURCE,
        "extended_measurement": EXTENDED_SOURCE,
    }


def test_the_flat_is_applied_where_the_place_in_the_scan_is_known() -> None:
    magnitude = Column("{b}_m", Kind.REAL, "{B} magnitude", calibrated=Calibrated.MAGNITUDE)
    columns = expand_bands((magnitude,))
    assert [column.band for column in columns] == list(BANDS)
    place = Column("x_scan", Kind.REAL, "Cross-scan position")
    without = render_view(CalibratedView("a", "b", columns, "Rows"))
    with_place = render_view(CalibratedView("a", "b", (place, *columns), "Rows"))
    assert "slope" not in without
    assert without.count("h_curvature_mag * 65536 / 3") == 1
    assert with_place.count("p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag)") == 1
    unsure = Column("x_scan", Kind.REAL, "Cross-scan position", null="nothing near")
    with_some = render_view(CalibratedView("a", "b", (unsure, *columns), "Rows"))
    assert (
        "coalesce(p.x_scan * (s.h_slope_mag + p.x_scan * s.h_curvature_mag), s.h_curvature_mag * 65536 / 3)"
        in with_some
    )


def test_a_total_uncertainty_loses_the_nominal_error() -> None:
    total = Column("{b}_msigcom", Kind.REAL, "{B} total", calibrated=Calibrated.TOTAL_UNCERTAINTY)
    text = render_view(CalibratedView("a", "b", expand_bands((total,)), "Rows"))
    assert f"p.k_msigcom >= {NOMINAL_ERROR_MAG}::real" in text
    taken = [float(found) for found in re.findall(r"msigcom - ([\d.]+) \+ s", text)]
    assert taken == pytest.approx([NOMINAL_ERROR_MAG**2] * 3, rel=1e-12)


def test_a_mark_without_a_band_changes_nothing() -> None:
    column = Column("m", Kind.REAL, "Magnitude", calibrated=Calibrated.MAGNITUDE)
    assert output_names(render_view(CalibratedView("a", "b", (column,), "Rows")))[0] == "m"
    assert "centre" not in render_view(CalibratedView("a", "b", (column,), "Rows"))
