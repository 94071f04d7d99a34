"""Magnitudes of bright stars that several scans of a simulated survey measured."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.arrays import Doubles, Integers
from app.db.engine import connect
from app.sky.directions import unit_vectors
from benchmarks.survey_site import RUN, SurveySite
from benchmarks.survey_zero_points import ZeroPoint, ZeroPoints

DRAWS = 200
LEAST_SNR, MATCH_ARCSEC, EDGE_ARCSEC = 100.0, 1.0, 10.0
# Single stars, fitted to Read_2 - Read_1, that nothing contaminates.
_STARS = """
SELECT p.scan_key, p.ra::float8, p.decl::float8, p.x_scan::float8 / 256,
       CASE WHEN p.j_snr > g.snr AND substr(p.rd_flg, 1, 1) = '2' AND substr(p.bl_flg, 1, 1) = '1'
                 AND substr(p.cc_flg, 1, 1) = '0' THEN p.j_m::float8 END,
       CASE WHEN p.h_snr > g.snr AND substr(p.rd_flg, 2, 1) = '2' AND substr(p.bl_flg, 2, 1) = '1'
                 AND substr(p.cc_flg, 2, 1) = '0' THEN p.h_m::float8 END,
       CASE WHEN p.k_snr > g.snr AND substr(p.rd_flg, 3, 1) = '2' AND substr(p.bl_flg, 3, 1) = '1'
                 AND substr(p.cc_flg, 3, 1) = '0' THEN p.k_m::float8 END,
       p.j_snr::float8, p.h_snr::float8, p.k_snr::float8
FROM wsdb.point_measurement AS p
JOIN production.run AS r USING (run_id)
JOIN production.attempt AS a ON a.attempt_id = p.attempt_id AND a.accepted
CROSS JOIN (SELECT %s::float8 AS snr, %s::float8 AS edge_arcsec) AS g
WHERE least(p.dist_edge_ns, p.dist_edge_ew) > g.edge_arcsec AND greatest(p.j_snr, p.h_snr, p.k_snr) > g.snr
      AND r.name = %s
ORDER BY p.scan_key, p.src_id"""
_SIX_FOLDS = """
SELECT to_char(n.date, 'YYMMDD') || n.hemis, d.name,
       string_agg(trim(d.band) || ' ' || round((d.value * CASE WHEN d.name ~ 'snr10' THEN 1 ELSE 1000 END)::numeric, 2)
                  || ' (' || d.rows || ')', ', ' ORDER BY d.band)
FROM quality.derived_metric AS d
JOIN production.run AS r USING (run_id)
JOIN survey.night AS n USING (night_id)
WHERE r.name = %s AND d.scan_key IS NULL AND d.name IN
      ('sixfold_repeatability_mag', 'sixfold_offset_mag', 'sixfold_snr10_mag', 'snr10_difference_mag')
GROUP BY 1, 2 ORDER BY 2, 1"""


_DEPTHS = """
SELECT to_char(n.date, 'YYMMDD') || n.hemis, trim(d.band), d.value, d.rows
FROM quality.derived_metric AS d
JOIN production.run AS r USING (run_id)
JOIN survey.night AS n USING (night_id)
WHERE r.name = %s AND d.scan_key IS NULL AND d.name = 'snr10_difference_mag' ORDER BY 1, 2"""


class BandPairs(NamedTuple):
    """Two measurements of stars on photometric scans in a band, each (pairs, 2).

    Attributes
    ----------
    measured_mag, added_mag : float64 arrays
        Magnitudes as measured, and what the solution adds.
    snr : float64 array
        Ratio of signal to noise: by the Cramer-Rao bound of the star's light and of the scan's sky.
    """

    measured_mag: Doubles
    added_mag: Doubles
    snr: Doubles

    def brighter_than(self, least_snr: float) -> BandPairs:
        """Pairs of which both measurements are above a ratio of signal to noise."""
        bright = self.snr.min(axis=1) > least_snr
        return BandPairs(*(values[bright] for values in self))


class Repeatability(NamedTuple):
    """Scatter of one measurement, what of it is noise of photons, sky and reading, what is not, mmag; and pairs."""

    scatter_mmag: float
    noise_mmag: float
    pairs: int

    @property
    def rest_mmag(self) -> float:
        """What is left of the scatter without the noise."""
        return float(np.sqrt(max(self.scatter_mmag**2 - self.noise_mmag**2, 0.0)))


def bright_pairs(points: ZeroPoints) -> dict[str, BandPairs]:
    """Match bright stars between survey scans, nearest within an arcsecond; each pair of scans counts.

    Parameters
    ----------
    points : ZeroPoints
        Which scans are photometric, and their solution.
    """
    from scipy.spatial import cKDTree

    with connect("reader") as connection:
        rows = connection.execute(_STARS, (LEAST_SNR, EDGE_ARCSEC, RUN)).fetchall()
    kept = [row for row in rows if _counts(points.by_scan.get((row[0], "j")))]
    if not kept:
        return {band: BandPairs(*(np.zeros((0, 2)) for _ in BandPairs._fields)) for band in "jhk"}
    table = np.array([[np.nan if value is None else value for value in row] for row in kept], np.float64)
    tree = cKDTree(unit_vectors(table[:, 1], table[:, 2]))
    pairs = tree.query_pairs(2 * np.sin(np.radians(MATCH_ARCSEC / 7200)), output_type="ndarray")
    pairs = pairs[table[pairs[:, 0], 0] != table[pairs[:, 1], 0]]
    found = {}
    for position, band in enumerate("jhk"):
        magnitude = table[:, 4 + position]
        whole = pairs[np.isfinite(magnitude[pairs]).all(axis=1)]
        added = _added(points, table, whole, band)
        found[band] = BandPairs(magnitude[whole], added, table[:, 7 + position][whole])
    return found


def repeatability(pairs: BandPairs, *, solved: bool = True) -> Repeatability:
    """Scatter of one measurement, 1.4826 times the median absolute difference over root 2, and the noise in it.

    Parameters
    ----------
    pairs : BandPairs
        Measurements of the same stars.
    solved : bool
        Whether magnitudes are calibrated; else as they were measured.

    Notes
    -----
    The noise is that of the same statistic on differences that are drawn with the bounds of the same pairs.
    """
    magnitude = pairs.measured_mag + (pairs.added_mag if solved else 0.0)
    difference = magnitude[:, 0] - magnitude[:, 1]
    if not difference.size:
        return Repeatability(np.inf, np.inf, 0)
    drawn = np.random.default_rng(1).standard_normal((DRAWS, difference.size))
    noise = drawn * np.hypot(*(1.0857 / pairs.snr).T)
    return Repeatability(_scatter_mmag(difference), _scatter_mmag(noise.ravel()), int(difference.size))


def _scatter_mmag(difference_mag: Doubles) -> float:
    return float(1e3 * 1.4826 / np.sqrt(2) * np.median(np.abs(difference_mag)))


def six_folds(site: SurveySite) -> list[str]:
    """Say what the calibration sets tell of repeatability and depth, a line a night and metric; mmag, M10 in mag."""
    del site
    with connect("reader") as connection:
        rows = connection.execute(_SIX_FOLDS, (RUN,)).fetchall()
    return [f"{name:<26} {night}: {values}" for night, name, values in rows]


def depth_differences(site: SurveySite) -> list[tuple[str, str, float, int]]:
    """Predicted less six-fold M10 by night and band, mag, with the detections that it rests on."""
    del site
    with connect("reader") as connection:
        return connection.execute(_DEPTHS, (RUN,)).fetchall()


def _counts(row: ZeroPoint | None) -> bool:
    return row is not None and row.photometric and row.kind == "sci"


def _added(points: ZeroPoints, table: Doubles, pairs: Integers, band: str) -> Doubles:
    keys, x = table[pairs, 0].astype(np.int64), table[pairs, 3]
    values = {key: points.by_scan[key, band] for key in np.unique(keys).tolist()}
    terms = {
        key: np.array([row.offset_mag, row.linear_mag, row.quadratic_mag]) for key, row in values.items()
    }
    coefficients = np.array([terms[key] for key in keys.ravel().tolist()]).reshape(*keys.shape, 3)
    return np.asarray(coefficients[..., 0] + coefficients[..., 1] * x + coefficients[..., 2] * (x**2 - 1 / 3))
