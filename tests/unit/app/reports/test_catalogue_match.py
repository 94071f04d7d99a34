"""Rows beside published stars: shares, offsets, pulls, drift, and limits that are missed."""

import numpy as np
import pytest

from app.instruments.bands import BANDS, Band
from app.reports.catalogue_match import Rules, RunStars, compare, drift_of, inside_scans
from app.reports.published_stars import PublishedStars

AREA = np.array([(9.95, -0.05), (10.05, -0.05), (10.05, 0.05), (9.95, 0.05)])


def grid(n=20, step_arcsec=15.0):
    offset = (np.arange(n) - 0.5 * (n - 1)) * step_arcsec / 3600.0
    ra, decl = (a.ravel() for a in np.meshgrid(offset, offset))
    return 10.0 + ra, decl


def world(offset=0.0, scatter=0.02, drift=0.0, lost=0, seed=3):
    """A field of 400 published J stars of 12 mag, and our rows of them."""
    ra, decl = grid()
    rng = np.random.default_rng(seed)
    blank = np.full(ra.size, np.nan)
    flags = {"ph_qual": "AUU", "rd_flg": "200", "cc_flg": "000"}
    published = PublishedStars(
        ra,
        decl,
        {band: np.full(ra.size, 12.0) if band is Band.J else blank for band in BANDS},
        dict.fromkeys(BANDS, blank),
        {name: np.full(ra.size, text) for name, text in flags.items()},
    )
    slope = drift * (decl - decl.min()) / np.ptp(decl)
    error = scatter * rng.standard_normal(ra.size)
    ours = RunStars(
        ra[lost:],
        (decl + 0.2 / 3600.0)[lost:],
        {band: (12.0 + offset + slope + error)[lost:] if band is Band.J else blank[lost:] for band in BANDS},
        dict.fromkeys(BANDS, np.full(ra.size - lost, 0.02)),
        dict.fromkeys(BANDS, np.full(ra.size - lost, "A")),
    )
    return ours, published


def row_of(result, low=11.0):
    return next(row for row in result.rows if row["from_mag"] == low)


def test_offset_scatter_and_pulls_are_those_that_were_put_in():
    row = row_of(compare(*world(offset=0.03), [AREA], Rules()))
    assert (row["band"], row["published"], row["compared"], row["unmatched"]) == ("J", 400, 400, 0)
    assert row["found_percent"] == 100.0
    assert row["grade_a_percent"] == 100.0
    assert row["offset_mag"] == pytest.approx(0.03, abs=0.004)
    assert row["scatter_mag"] == pytest.approx(0.02, rel=0.15)
    assert row["pull"] == pytest.approx(1.0, rel=0.15)


def test_lost_stars_and_rows_of_nothing_are_counted():
    ours, published = world(lost=40)
    ra, decl = np.append(ours.ra_deg, 10.0 + 4.0 / 3600.0), np.append(ours.decl_deg, 4.0 / 3600.0)
    more = RunStars(
        ra,
        decl,
        {
            band: np.append(value, 13.0 if band is Band.J else np.nan)
            for band, value in ours.magnitude.items()
        },
        {band: np.append(value, 0.02) for band, value in ours.error_mag.items()},
        {band: np.append(value, "A") for band, value in ours.grade.items()},
    )
    result = compare(more, published, [AREA], Rules())
    assert row_of(result)["found_percent"] == 90.0
    assert row_of(result, 12.5)["unmatched"] == 1
    assert row_of(result, 12.5)["published"] == 0


def test_stars_near_one_another_or_near_an_edge_are_not_compared():
    ours, published = world()
    assert row_of(compare(ours, published, [AREA], Rules(isolated_arcsec=20.0)))["compared"] == 0
    half = np.array([(9.95, -0.05), (10.0, -0.05), (10.0, 0.05), (9.95, 0.05)])
    assert row_of(compare(ours, published, [half], Rules(edge_arcsec=0.0)))["published"] == 200
    assert row_of(compare(ours, published, [half], Rules(edge_arcsec=12.0)))["published"] == 180
    assert compare(ours, published, [], Rules()).rows == []


def test_a_drift_is_measured_and_judged():
    flat = compare(*world(), [AREA], Rules(most_drift_mag=0.01))
    assert flat.drifts[Band.J][0] == pytest.approx(0.0, abs=3 * flat.drifts[Band.J][1])
    assert not flat.missed
    tilted = compare(*world(drift=0.05), [AREA], Rules(most_drift_mag=0.01))
    assert tilted.drifts[Band.J][0] == pytest.approx(0.05, abs=3 * tilted.drifts[Band.J][1])
    assert len(tilted.missed) == 1
    assert "drift" in tilted.missed[0]


def test_a_star_of_another_brightness_does_not_make_a_drift():
    decl, difference = np.linspace(0.0, 1.0, 101), np.zeros(101)
    difference[::2] = 0.001
    difference[100] = 5.0
    assert abs(drift_of(decl, difference)[0]) < 0.001


@pytest.mark.parametrize(
    ("rules", "put_in", "name"),
    [
        (Rules(most_offset_mag=0.015), {"offset": -0.03}, "offset_mag"),
        (Rules(most_scatter_mag=0.015), {"scatter": 0.03}, "scatter_mag"),
        (Rules(least_found_percent=95.0), {"lost": 40}, "found_percent"),
    ],
)
def test_each_limit_can_be_missed_and_kept(rules, put_in, name):
    missed = compare(*world(**put_in), [AREA], rules).missed
    assert len(missed) == 1
    assert name in missed[0]
    assert not compare(*world(scatter=0.005), [AREA], rules).missed


def test_grades_are_judged():
    ours, published = world()
    grades = {band: np.where(np.arange(value.size) < 40, "E", "A") for band, value in ours.grade.items()}
    ours = RunStars(ours.ra_deg, ours.decl_deg, ours.magnitude, ours.error_mag, grades)
    result = compare(ours, published, [AREA], Rules(least_grade_a_percent=95.0))
    assert row_of(result)["grade_a_percent"] == 90.0
    assert len(result.missed) == 1


def test_areas_hold_across_right_ascension_zero_and_whatever_their_turn():
    ra, decl = np.array([359.99, 0.01, 0.2, 180.0]), np.zeros(4)
    area = np.array([(359.9, -0.1), (0.1, -0.1), (0.1, 0.1), (359.9, 0.1)])
    for corners in (area, area[::-1]):
        assert inside_scans(ra, decl, [corners], 0.0).tolist() == [True, True, False, False]
    assert inside_scans(ra, decl, [area, area], 3600.0).tolist() == [False] * 4
