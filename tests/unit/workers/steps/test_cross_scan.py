"""Places of extended sources across their scan, from the point sources around them."""

from __future__ import annotations

import numpy as np
import pytest

from workers.steps.cross_scan import across_scan

DTYPE = [("ra", "f8"), ("decl", "f8"), ("x_scan", "f4")]
CENTRE_RA_DEG = 359.98
"""Scans cross RA 0."""


def plane(ra, decl, decl_0, turn_deg):
    """x_scan on a scan whose axis is turned from the west."""
    east = ((ra - CENTRE_RA_DEG + 180) % 360 - 180) * np.cos(np.radians(decl_0)) * 3600
    north = (decl - decl_0) * 3600
    turn = np.radians(turn_deg)
    return -east * np.cos(turn) + north * np.sin(turn)


def scan_of(count, decl_0, turn_deg, seed=1, noise=0.05):
    """Point sources of a piece of a scan, 500 arcsec wide and long."""
    random = np.random.default_rng(seed)
    rows = np.zeros(count, DTYPE)
    side = 250 / 3600
    rows["ra"] = (CENTRE_RA_DEG + random.uniform(-side, side, count) / np.cos(np.radians(decl_0))) % 360
    rows["decl"] = decl_0 + random.uniform(-side, side, count)
    rows["x_scan"] = plane(rows["ra"], rows["decl"], decl_0, turn_deg) + random.normal(0, noise, count)
    return rows


@pytest.mark.parametrize(("decl_0", "turn_deg"), [(0.0, 0.0), (-30.0, 0.5), (60.0, -0.5), (80.0, 12.0)])
def test_places_between_point_sources(decl_0, turn_deg):
    points, places = scan_of(400, decl_0, turn_deg), scan_of(50, decl_0, turn_deg, seed=2, noise=0.0)
    found = across_scan(places["ra"], places["decl"], points)
    assert np.abs(found - places["x_scan"]).max() < 0.3
    assert np.abs(found - places["x_scan"]).std() < 0.1


def test_beside_a_single_point_source_the_axis_runs_to_the_west():
    points = scan_of(1, -30.0, 0.5)
    places = scan_of(20, -30.0, 0.5, seed=3, noise=0.0)
    near = np.hypot(places["x_scan"] - points["x_scan"], (places["decl"] - points["decl"]) * 3600) < 120
    assert near.any()
    found = across_scan(places["ra"], places["decl"], points)
    assert np.abs(found - places["x_scan"])[near].max() < 2.0


def test_point_sources_in_a_line_do_not_tip_the_plane():
    points = scan_of(6, 0.0, 0.0)
    points["ra"], points["decl"] = CENTRE_RA_DEG, np.linspace(0, 0.01, 6)
    points["x_scan"] = np.random.default_rng(4).normal(0, 0.05, 6)
    found = across_scan(np.array([CENTRE_RA_DEG - 100 / 3600]), np.array([0.005]), points)
    assert found == pytest.approx([100], abs=0.5)


def test_nothing_near_is_unknown():
    points = scan_of(5, 0.0, 0.0)
    assert np.isnan(across_scan(np.array([CENTRE_RA_DEG]), np.array([0.5]), points)).all()
    assert np.isnan(across_scan(np.array([CENTRE_RA_DEG]), np.array([0.0]), points[:0])).all()
    assert across_scan(np.zeros(0), np.zeros(0), points).shape == (0,)
