"""Which released rows are no object of their own, and what is said of them."""

from __future__ import annotations

import numpy as np
import pytest

from app.observatory.truth import SCAN_ARTEFACT_DTYPE
from benchmarks.false_rows import FALSE_DTYPE, describe, false_rows
from benchmarks.release_truth import SIGHT_DTYPE, SNR10_MAG, reliability, wrong_rows

ARCSEC = 1 / 3600
NIGHT, SCAN = b"980427s", 9


def objects(*rows: tuple[bytes, float, float, float]) -> np.ndarray:
    """Objects (kind, east, north, magnitude) about (150, 0), arcsec."""
    out = np.zeros(len(rows), SIGHT_DTYPE)
    for number, (kind, east, north, magnitude) in enumerate(rows):
        out[number]["object_id"], out[number]["kind"] = number + 1, kind
        out[number]["ra"], out[number]["decl"] = 150 + east * ARCSEC, north * ARCSEC
        for band in "jhk":
            out[number][f"{band}_m"] = magnitude
    out["night"], out["scan"], out["half_light_arcsec"], out["glat"] = NIGHT, SCAN, 4.0, 40.0
    return out


def released(*places: tuple[float, float, float]) -> np.ndarray:
    """Rows (east, north, magnitude)."""
    out = np.zeros(len(places), FALSE_DTYPE)
    east, north, magnitude = np.array(places).T
    out["ra"], out["decl"], out["night"], out["scan"] = 150 + east * ARCSEC, north * ARCSEC, NIGHT, SCAN
    for band in "jhk":
        out[f"{band}_m"], out[f"{band}_snr"] = magnitude, 50.0
    out["glat"], out["edge_arcsec"] = 40.0, 100.0
    return out


SKY = objects((b"s", 0.0, 0.0, 12.0), (b"g", 100.0, 0.0, 12.0), (b"s", 200.0, 0.0, 5.0))
ROWS = released(
    (0.0, 0.0, 12.0), (1.0, 0.0, 12.5), (100.0, 0.0, 12.0), (106.0, 0.0, 13.0), (300.0, 0.0, 12.0), (0.0, 90.0, 18.0)
)  # fmt: skip


def test_wrong_rows_are_those_that_reliability_counts() -> None:
    found = wrong_rows(ROWS, SKY, "j", SNR10_MAG["j"])
    assert (found.rows, found.splits.tolist(), found.fragments.tolist(), found.false.tolist()) == (
        5,
        [1],
        [3],
        [4],
    )
    counted = reliability(ROWS, SKY, "j", SNR10_MAG["j"])
    assert (counted.rows, counted.false, counted.splits, counted.fragments) == (5, 1, 1, 1)


def test_a_row_that_counts_in_several_bands_is_told_once() -> None:
    rows = ROWS.copy()
    rows["h_m"][4] = 17.0
    found = false_rows(rows, SKY)
    assert found[4] == [("j", "false"), ("k", "false")]
    assert found[1] == [("j", "split"), ("h", "split"), ("k", "split")]
    assert sorted(found) == [1, 3, 4]


def artefact(kind: bytes, east: float, north: float, **values: float) -> np.ndarray:
    """One artefact of the star of 5 mag in J."""
    out = np.zeros(1, SCAN_ARTEFACT_DTYPE)
    out["scan"], out["band"], out["kind"], out["source_id"] = SCAN, b"j", kind, 3
    out["ra"], out["decl"] = 150 + east * ARCSEC, north * ARCSEC
    for name, value in values.items():
        out[name] = value
    return out


NONE = np.zeros(0, SCAN_ARTEFACT_DTYPE)


@pytest.mark.parametrize(
    ("place", "artefacts", "cause", "words"),
    [
        ((116.0, 0.0), NONE, "galaxy", 'galaxy 12.0 mag, half light 4.0", at 16.0" (4.0 radii)'),
        ((400.0, 3.0), artefact(b"glint", 400.0, 0.0, flux_dn=50.0), "glint", "of a star of 5.0 mag at 3.0"),
        ((400.0, 1.0), artefact(b"persistence", 400.0, 0.0, flux_dn=50.0, step=2), "persistence", "frame +2 at 1.0"),
        ((202.0, 60.0), artefact(b"spike", 200.0, 0.0, peak_dn=9.0, length_arcsec=80.0), "spike", "spike 9 DN"),
        ((300.0, 2.0), artefact(b"stripe", 200.0, 0.0, peak_dn=9.0), "stripe", "stripe 9 DN"),
        ((202.0, 60.0), artefact(b"spike", 200.0, 0.0, peak_dn=9.0, length_arcsec=50.0), "unknown", "edge 100"),
        ((200.0, 9.0), NONE, "halo", "star 5.0 mag at 9.0"),
        ((3.0, 0.0), NONE, "star", "stars 12.00 mag at 3.0"),
        ((400.0, 0.0), NONE, "unknown", "edge 100"),
    ],
)  # fmt: skip
def test_causes(place: tuple[float, float], artefacts: np.ndarray, cause: str, words: str) -> None:
    [row] = released((*place, 15.0))
    around = describe(row, "j", SKY, artefacts)
    assert around.cause == cause
    assert words in around.facts


def test_what_moves_and_what_lies_at_the_edge() -> None:
    [row] = released((400.0, 0.0, 15.0))
    assert describe(row, "j", objects((b"a", 408.0, 0.0, 14.0)), NONE).cause == "asteroid"
    row["edge_arcsec"] = 11.0
    assert describe(row, "j", SKY, NONE).cause == "edge"
    pair = objects((b"s", 401.0, 0.0, 15.0), (b"s", 398.0, 0.0, 15.5))
    assert describe(row, "j", pair, NONE).cause == "pair"
