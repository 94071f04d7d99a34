"""What `sql/steps/overlaps.sql` should find, by brute force: all measurements of one scan with all of another."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

from app.columns.records import Records
from app.parameters.solution import SolutionParameters

HASH, BITS, PART = 2654435761, 0xFFFFFFFF, 10


class SharedStars(NamedTuple):
    """A row of the statement."""

    scan_a: int
    scan_b: int
    band: str
    stars: int
    delta_mag: float
    scatter_mag: float
    x_a: float
    x2_a: float
    x_b: float
    x2_b: float
    held_out_mag: float | None
    kept_back: int


def shared_stars(
    rows: Records, parameters: SolutionParameters, extended: np.ndarray | None = None
) -> list[SharedStars]:
    """Compare the rows of all scans, in the statement's order; `extended` has the src_id of extended sources."""
    found = []
    if extended is not None:
        rows = rows[~np.isin(rows["src_id"], extended)]
    scans = np.unique(rows["scan_key"])
    for a, b in combinations(scans, 2):
        first, second = rows[rows["scan_key"] == a], rows[rows["scan_key"] == b]
        near = _near(first, second, parameters.overlap_match_arcsec)
        for number, band in sorted(enumerate("jhk"), key=lambda entry: entry[1]):
            limit = min(_limit(part, number, band, parameters) for part in (first, second))
            row = _compared(first[near[0]], second[near[1]], (number, band, limit), parameters)
            if row is not None:
                found.append(row)
    return found


def _near(first: Records, second: Records, arcsec: float) -> tuple[np.ndarray, np.ndarray]:
    """Give the indices of rows of the same cell that are closer than a distance."""

    def directions(rows: Records) -> np.ndarray:
        ra, decl = np.radians(rows["ra"]), np.radians(rows["decl"])
        return np.stack([np.cos(decl) * np.cos(ra), np.cos(decl) * np.sin(ra), np.sin(decl)], axis=1)

    chord = np.linalg.norm(directions(first)[:, None] - directions(second)[None], axis=2)
    same = (first["src_id"] >> 35)[:, None] == (second["src_id"] >> 35)[None]
    indices = np.nonzero(same & (chord < 2 * np.sin(np.radians(arcsec / 3600) / 2)))
    return indices[0], indices[1]


def _good(rows: Records, number: int, band: str, parameters: SolutionParameters) -> np.ndarray:
    def flag(name: str) -> np.ndarray:
        return np.array([bytes(value)[number : number + 1] for value in rows[name]])

    return np.asarray(
        (flag("rd_flg") == b"2") & (flag("bl_flg") == b"1") & (flag("cc_flg") == b"0")
        & (rows[f"{band}_psfchi"] < parameters.overlap_psfchi) & (rows[f"{band}_snr"] > parameters.overlap_snr / 2)
        & (rows["dist_edge_ns"] > parameters.overlap_edge_arcsec)
        & (rows["dist_edge_ew"] > parameters.overlap_edge_arcsec)
    )  # fmt: skip


def _limit(rows: Records, number: int, band: str, parameters: SolutionParameters) -> float:
    snr = rows[f"{band}_snr"].astype(float)
    faint = _good(rows, number, band, parameters) & (snr < 2 * parameters.overlap_snr)
    if not faint.any():
        return np.inf
    magnitude = rows[f"{band}_m"].astype(float)
    return float(np.median((magnitude + 2.5 * np.log10(snr / parameters.overlap_snr))[faint]))


def _compared(
    first: Records, second: Records, band: tuple[int, str, float], parameters: SolutionParameters
) -> SharedStars | None:
    number, letter, limit = band
    a, b = first[f"{letter}_m"].astype(float), second[f"{letter}_m"].astype(float)
    good = _good(first, number, letter, parameters) & _good(second, number, letter, parameters)
    good &= (a + b) / 2 < limit
    held_out = ((first["src_id"] >> 35) * HASH & BITS) % PART == 0
    kept, out = good & ~held_out, good & held_out
    if np.count_nonzero(kept) < parameters.overlap_least_stars:
        return None
    delta = float(np.median((a - b)[kept]))
    x_a, x_b = first["x_scan"][kept] / 256.0, second["x_scan"][kept] / 256.0
    return SharedStars(
        int(first["scan_key"][0]), int(second["scan_key"][0]), letter, int(np.count_nonzero(kept)), delta,
        float(1.4826 * np.median(np.abs((a - b)[kept] - delta))),
        float(x_a.mean()), float((x_a**2).mean()), float(x_b.mean()), float((x_b**2).mean()),
        float(np.median((a - b)[out])) if out.any() else None, int(np.count_nonzero(out)),
    )  # fmt: skip
