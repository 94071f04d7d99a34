"""Two runs beside each other: pairs, pulls of known noise, lost and gained rows, the picture."""

from __future__ import annotations

import numpy as np
import pytest

from app.reports.run_comparison import RunComparison, RunRows, match_rows, rows_of, separations
from app.reports.run_comparison_picture import draw_comparison

ARCSEC = 1 / 3600


def rows(ra, decl, magnitude=14.5, error=0.02, grade="A", error_arcsec=0.1):
    ra = np.asarray(ra, float)
    size = ra.size
    return RunRows(
        ra, np.broadcast_to(np.asarray(decl, float), size).copy(), np.full(size, error_arcsec),
        np.broadcast_to(np.asarray(magnitude, float).reshape(-1, 1), (size, 3)).copy(),
        np.full((size, 3), error), np.full((size, 3), grade),
    )  # fmt: skip


def test_pairs_are_mutually_nearest_and_near():
    first = rows([10.0, 10.01, 10.02], 0.0)
    second = rows([10.01 + 0.3 * ARCSEC, 10.01 + 0.6 * ARCSEC, 10.02 + 1.1 * ARCSEC], 0.0)
    left, right = match_rows(first, second)
    assert (left.tolist(), right.tolist()) == ([1], [0])
    assert match_rows(first, rows([], 0.0))[0].size == 0
    assert match_rows(rows([], 0.0), first)[1].size == 0


def test_pairs_are_found_across_right_ascension_0():
    first, second = rows([1e-5], 0.0), rows([360 - 1e-5], 0.0)
    left, _ = match_rows(first, second)
    assert left.tolist() == [0]
    assert separations(first, second)[0] == pytest.approx(0.072, abs=1e-4)


def test_pulls_of_known_noise_are_one_and_offsets_are_found():
    random = np.random.default_rng(4)
    size, sigma = 20_000, 0.1
    ra = 10 + random.uniform(0, 1, size)
    noise = random.normal(0, sigma * ARCSEC, (4, size))
    first = rows(ra + noise[0], noise[1], 14.5 + random.normal(0, 0.02, size), 0.02, error_arcsec=sigma)
    second = rows(ra + noise[2], noise[3], 14.53 + random.normal(0, 0.02, size), 0.02, error_arcsec=sigma)
    none = rows([], 0.0)
    found = RunComparison(1, first, second, none, none)
    [row] = [row for row in found.intervals() if row["band"] == "H" and row["from_mag"] == 14.0]
    assert row["offset_mag"] == pytest.approx(0.03, abs=0.001)
    assert row["scatter_mag"] == pytest.approx(0.02 * 2**0.5, rel=0.03)
    assert row["pull"] == pytest.approx(1.0, abs=0.03)
    assert row["position_pull"] == pytest.approx(1.0, abs=0.03)
    assert (row["lost"], row["gained"]) == (0, 0)


def test_lost_and_gained_rows_count_by_magnitude_and_flag():
    both = rows([10.0], 0.0)
    changed = rows([10.0], 0.0, grade="B")
    found = RunComparison(1, both, changed, rows([11.0, 12.0], 0.0, 15.5, grade="C"), rows([13.0], 0.0, 16.5))
    j = {row["from_mag"]: row for row in found.intervals() if row["band"] == "J"}
    assert [(mag, r["matched"], r["lost"], r["gained"]) for mag, r in j.items()] == [
        (14.0, 1, 0, 0), (15.0, 0, 2, 0), (16.0, 0, 0, 1),
    ]  # fmt: skip
    flags = [tuple(row.values()) for row in found.by_flag() if row["band"] == "J"]
    assert flags == [("J", "A", 1, 0, 1), ("J", "C", 0, 2, 0)]
    assert found.changed_grades() == 1


def test_rows_without_magnitudes_are_no_numbers():
    [row] = [rows_of([(1.0, 2.0, 0.1, "A  ", "200", "000", 14.0, 0.02, None, None, None, None)])]
    assert row.magnitude[0, 0] == 14.0
    assert np.isnan(row.magnitude[0, 1:]).all()
    assert row.error_mag[0, 0] == 0.02
    assert row.grade[0].tolist() == ["A", " ", " "]
    assert rows_of([]).grade.shape == (0, 3)


def test_the_picture_is_drawn_also_of_nothing(tmp_path):
    first = rows(10 + np.arange(50) * 0.001, 0.0, np.linspace(10, 15, 50))
    found = RunComparison(1, first, first, rows([11.0], 0.0), rows([], 0.0))
    path = draw_comparison(found, "a", "b", tmp_path / "pair.png")
    again = draw_comparison(found, "a", "b", tmp_path / "again.png")
    assert path.read_bytes()[:4] == b"\x89PNG"
    assert path.read_bytes() == again.read_bytes()
    none = rows([], 0.0)
    assert draw_comparison(RunComparison(1, none, none, none, none), "a", "b", tmp_path / "none.png").exists()
