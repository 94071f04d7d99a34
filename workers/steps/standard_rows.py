"""Standards of a night and the sources measured near them, read from the database."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from psycopg import Connection
from psycopg.rows import dict_row

from app.arrays import Bools, Doubles, Integers
from app.db.statements import statement
from app.parameters.calibration import CalibrationParameters
from app.sky.directions import unit_vectors
from app.sky.healpix import pixel_number
from workers.reduction.solution.standards import Detections, Standards, good_measurements
from workers.steps.reference import JULIAN_YEAR_DAYS

Rows = list[dict[str, Any]]
FIELD_RADIUS_DEG = 1.0
"""A calibration scan is 1 degree long at most: half of it, its width, and a pointing that is arcminutes off."""
LETTERS = "jhk"


class GivenStandards(NamedTuple):
    """Standards near calibration scans.

    Attributes
    ----------
    names, hashes : tuple of str
        Name of each star and hash of its values.
    fields : tuple of (str or None)
        Calibration field as the catalogue names it.
    stars : Standards
        Positions at the time of the night, and magnitudes.
    """

    names: tuple[str, ...]
    hashes: tuple[str, ...]
    fields: tuple[str | None, ...]
    stars: Standards

    def near(self, ra: float, decl: float) -> Bools:
        """Which stars lie in the field around a position in degrees."""
        cosine = unit_vectors(self.stars.ra, self.stars.decl) @ unit_vectors(ra, decl)
        return np.asarray(cosine > np.cos(np.radians(FIELD_RADIUS_DEG)))


def given_standards(connection: Connection[Any], scans: Rows) -> GivenStandards:
    """Read the standards in use near some scans, at the time of the first.

    Parameters
    ----------
    connection : Connection
        For reading.
    scans : list of dict
        Calibration scans, as `steps/night_solution_scans` gives them.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("steps/standard_stars")).fetchall()
    mjd = next((scan["mjd"] for scan in scans if scan["mjd"] is not None), None)
    every = _given(rows, mjd)
    kept = np.zeros(len(rows), bool)
    for scan in scans:
        if scan["ra"] is not None:
            kept |= every.near(scan["ra"], scan["decl"])
    return _given([row for row, good in zip(rows, kept.tolist(), strict=True) if good], mjd)


def _given(rows: Rows, mjd: float | None) -> GivenStandards:
    epoch = _column(rows, "epoch_year")
    years = np.zeros(len(rows)) if mjd is None else 2000.0 + (mjd - 51544.5) / JULIAN_YEAR_DAYS - epoch
    decl = _column(rows, "decl")
    motion_ra = np.nan_to_num(_column(rows, "pm_ra_mas_yr")) / np.cos(np.radians(decl))
    return GivenStandards(
        tuple(row["name"] for row in rows),
        tuple(row["star_hash"] for row in rows),
        tuple(row["field"] for row in rows),
        Standards(
            (_column(rows, "ra") + years * motion_ra / 3.6e6) % 360.0,
            decl + years * np.nan_to_num(_column(rows, "pm_decl_mas_yr")) / 3.6e6,
            np.array([_column(rows, f"{letter}_mag") for letter in LETTERS]),
            np.array([_column(rows, f"{letter}_error_mag") for letter in LETTERS]),
        ),
    )


def _column(rows: Rows, name: str) -> Doubles:
    return np.array([np.nan if row[name] is None else row[name] for row in rows], np.float64)


def read_detections(
    connection: Connection[Any],
    run_id: int,
    scans: list[tuple[int, int, Bools]],
    standards: GivenStandards,
    parameters: CalibrationParameters,
) -> Detections:
    """Read the sources of calibration scans near standards.

    Parameters
    ----------
    connection : Connection
        For reading.
    run_id : int
        Run whose rows are read.
    scans : list of (int, int, (m,) bool)
        Index of a scan in its night, its key, and which standards are near it.
    standards : GivenStandards
        Standards of the night.
    parameters : CalibrationParameters
        Radii and cuts.
    """
    keys: list[int] = []
    cells: list[int] = []
    reach = max(parameters.match_arcsec, parameters.isolation_arcsec)
    for _, key, near in scans:
        own = cells_around(standards.stars.ra[near], standards.stars.decl[near], reach).tolist()
        cells += own
        keys += [key] * len(own)
    given = {"run_id": run_id, "scan_keys": keys, "cells": cells}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("steps/standard_rows"), given).fetchall()
    index = {key: number for number, key, _ in scans}
    return Detections(
        np.array([index[row["scan_key"]] for row in rows], np.int64),
        _column(rows, "ra"),
        _column(rows, "decl"),
        np.array([_column(rows, f"{letter}_m") for letter in LETTERS]),
        np.array([_column(rows, f"{letter}_msig") for letter in LETTERS]),
        np.array([_usable(rows, band, parameters) for band in range(len(LETTERS))]),
        np.array([_seen(rows, band) for band in range(len(LETTERS))]),
    )


def cells_around(ra: Doubles, decl: Doubles, radius_arcsec: float) -> Integers:
    """HEALPix cells of order 12 within a radius of positions that is smaller than a cell (51 arcsec), ascending.

    Parameters
    ----------
    ra, decl : (n,) float64
        Positions, ICRS degrees.
    radius_arcsec : float
        Radius; the corners of the square around it are asked for too.
    """
    step = radius_arcsec / 3600
    found = [np.zeros(0, np.int64)]
    for north in (-step, 0.0, step):
        for east in (-step, 0.0, step):
            higher = np.clip(decl + north, -90.0, 90.0)
            shift = east / np.maximum(np.cos(np.radians(higher)), 1e-6)
            found.append(pixel_number((ra + np.clip(shift, -180, 180)) % 360.0, higher))
    return np.unique(np.concatenate(found))


def _seen(rows: Rows, band: int) -> Bools:
    """Whether a source was detected in a band: rd_flg 0, 6 and 9 stand for limits and for bands without a magnitude."""
    return np.array([row["rd_flg"][band] in "1234" for row in rows], bool)


def _usable(rows: Rows, band: int, parameters: CalibrationParameters) -> Bools:
    """Whether a band's measurement is a clean profile fit (rd_flg 2) of one bright star away from the edges."""
    letter = LETTERS[band]
    flags = np.array(
        [
            row["rd_flg"][band] == "2" and row["bl_flg"][band] == "1" and row["cc_flg"][band] == "0"
            for row in rows
        ],
        bool,
    )
    edge = np.minimum(_column(rows, "dist_edge_ns"), _column(rows, "dist_edge_ew"))
    snr, psfchi = _column(rows, f"{letter}_snr"), _column(rows, f"{letter}_psfchi")
    known = np.isfinite(_column(rows, f"{letter}_m") + _column(rows, f"{letter}_msig"))
    return np.asarray(flags & known & good_measurements(snr, psfchi, edge, parameters))
