"""Zero points that a simulated survey's solution found, beside the true ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from app.arrays import Bools, Doubles, Table
from app.db.engine import connect
from app.instruments.bands import BANDS
from app.instruments.cameras import detector_of
from app.observatory.survey.truth import read_survey_table
from benchmarks.survey_site import RUN, SurveySite, newest_global_solution

_ZERO_POINTS = """
SELECT to_char(n.date, 'YYMMDD') || n.hemis, s.scan, s.scan_key, s.kind, s.tile, trim(v.band), v.offset_mag,
       z.linear_mag, z.quadratic_mag, v.error_mag, v.loss_mag, v.photometric, v.reason
FROM calibration.scan_verdict AS v
JOIN production.run AS r USING (run_id)
JOIN survey.scan AS s USING (scan_key)
JOIN survey.night AS n ON n.night_id = s.night_id
JOIN calibration.scan_zero_point AS z
    ON z.solution_id = v.solution_id AND z.scan_key = v.scan_key AND z.band = v.band
WHERE r.name = %s ORDER BY s.scan_key, v.band"""
_NEIGHBOURS = """
SELECT scan_a, scan_b, trim(band), stars FROM calibration.overlap_used WHERE solution_id = %s
ORDER BY scan_a, scan_b, band"""


class Errors(NamedTuple):
    """Errors of zero points or steps, mmag: how many, mean, rms, largest, and the rms that was predicted."""

    count: int
    mean: float
    rms: float
    largest: float
    predicted: float


def errors_of(values_mag: Doubles, predicted_mag: Doubles) -> Errors:
    """Sum up errors; of none everything is infinite, so that a survey without any meets no limit."""
    if not values_mag.size:
        return Errors(0, np.inf, np.inf, np.inf, np.inf)
    values, predicted = 1e3 * values_mag, 1e3 * predicted_mag
    return Errors(
        int(values.size),
        float(np.mean(values)),
        float(np.sqrt(np.mean(values**2))),
        float(np.abs(values).max()),
        float(np.sqrt(np.mean(predicted**2))),
    )


@dataclass(frozen=True)
class ZeroPoint:
    """What is to be added to measured magnitudes of a scan and band, and what should have been, mag."""

    night: str
    scan: int
    scan_key: int
    kind: str
    tile: int | None
    band: str
    offset_mag: float
    linear_mag: float
    quadratic_mag: float
    error_mag: float
    loss_mag: float | None
    photometric: bool
    reason: str
    true_mag: float


class ZeroPoints:
    """All of a survey.

    Parameters
    ----------
    rows : list of ZeroPoint
        Scans and bands.
    """

    def __init__(self, rows: list[ZeroPoint]) -> None:
        self.rows = rows
        self.by_scan = {(row.scan_key, row.band): row for row in rows}

    @property
    def scans(self) -> int:
        """Number of survey scans."""
        return len({row.scan_key for row in self.rows if row.kind == "sci"})

    @property
    def calibration_scans(self) -> int:
        """Number of calibration scans."""
        return len({row.scan_key for row in self.rows if row.kind == "cal"})

    @property
    def tiles(self) -> int:
        """Number of survey tiles."""
        return len({row.tile for row in self.rows if row.kind == "sci"})

    @property
    def nights(self) -> int:
        """Number of nights."""
        return len({row.night for row in self.rows})

    @property
    def photometric_scans(self) -> int:
        """Number of photometric scans of both kinds."""
        return len({row.scan_key for row in self.rows if row.photometric})

    @property
    def photometric_tiles(self) -> int:
        """Number of survey tiles that a photometric scan saw."""
        return len({row.tile for row in self.rows if row.photometric and row.kind == "sci"})

    def errors_mmag(self, band: str, *, solved: bool = True) -> Errors:
        """Solved minus true zero points of photometric scans; of the nominal ones where `solved` is false."""
        rows = [row for row in self.rows if row.photometric and row.band == band]
        error = np.array([(row.offset_mag if solved else 0.0) - row.true_mag for row in rows])
        return errors_of(error, np.array([row.error_mag for row in rows]))


class Neighbours(NamedTuple):
    """Overlaps that the solution used: keys of scans, band, stars."""

    rows: list[tuple[int, int, str, int]]

    def steps_mmag(self, points: ZeroPoints, band: str, *, solved: bool = True) -> Errors:
        """Take differences of the errors of photometric neighbours.

        Parameters
        ----------
        points : ZeroPoints
            Zero points of the scans.
        band : str
            j, h or k.
        solved : bool
            Whether those of the solution are meant; else the nominal ones.
        """
        steps = []
        for first, second, letter, _ in self.rows:
            pair = [points.by_scan.get((key, band)) for key in (first, second)]
            known = [row for row in pair if row is not None and row.photometric]
            if letter == band and len(known) == 2:
                a, b = ((row.offset_mag if solved else 0.0) - row.true_mag for row in known)
                steps.append(a - b)
        return errors_of(np.array(steps), np.zeros(len(steps)))


def read_zero_points(site: SurveySite) -> ZeroPoints:
    """Read what the run sees its scans through, with the truth of each."""
    truth = true_offsets(read_survey_table(site.truth, "SCANS"), read_survey_table(site.truth, "NIGHTS"))
    with connect("reader") as connection:
        found: list[Any] = connection.execute(_ZERO_POINTS, (RUN,)).fetchall()
    return ZeroPoints([ZeroPoint(*row, true_mag=truth[row[0], row[1], row[5]]) for row in found])


def read_neighbours(site: SurveySite) -> Neighbours:
    """Read the overlaps of the newest global solution."""
    del site
    with connect("reader") as connection:
        return Neighbours(connection.execute(_NEIGHBOURS, (newest_global_solution(),)).fetchall())


def true_offsets(scans: Table, nights: Table) -> dict[tuple[str, int, str], float]:
    """Give true minus nominal zero points by night, scan and band, mag.

    Parameters
    ----------
    scans, nights : structured arrays
        Tables SCANS and NIGHTS of the survey's truth.
    """
    camera = {(row["night"], row["band"]): row["camera"].decode() for row in nights}
    nominal = {
        key: detector_of(name, next(band for band in BANDS if band.value == key[1].decode()))
        for key, name in camera.items()
    }
    offsets = {}
    for row in scans[finite(scans)]:
        detector = nominal[row["night"], row["band"]]
        expected = detector.zero_point_mag - detector.extinction_mag * max(float(row["airmass"]) - 1.0, 0.0)
        key = row["night"].decode(), int(row["scan"]), row["band"].decode()
        offsets[key] = float(row["zero_point_mag"]) - expected
    return offsets


def finite(scans: Table) -> Bools:
    """Rows of scans of the sky: darks have no airmass."""
    return np.asarray(np.isfinite(scans["airmass"]))
