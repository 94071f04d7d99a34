"""Two runs over the same scans, source by source: differences and pulls, gained and lost rows.

Rows of the same scan are matched by position alone, mutually nearest and closer than 1 arcsec: both runs measured the
same frames, so that pulls tell what the processing adds to the error, and are below 1 where noise is shared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection
from scipy.spatial import cKDTree

from app.arrays import Doubles, Integers
from app.db.statements import statement
from app.errors import ConflictError
from app.instruments.bands import BANDS
from app.production.runs import run_id_of
from app.sky.directions import unit_vectors

ARCSEC = np.pi / 180.0 / 3600.0
MATCH_ARCSEC = 1.0
EDGES_MAG = (-5.0, 9.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 25.0)
FAINTEST = "none"
"""Grade that stands for a band without magnitude."""
COLUMNS = (
    "band", "from_mag", "to_mag", "matched", "offset_mag", "scatter_mag", "pull", "position_arcsec", "position_pull",
    "lost", "gained",
)  # fmt: skip


@dataclass(frozen=True)
class RunRows:
    """Point sources of a run; arrays (n,) and (n, 3) in the order J, H, Ks, NaN where unknown.

    Attributes
    ----------
    ra_deg, decl_deg, error_arcsec : float64 arrays (n,)
        Position, ICRS degrees, and the major axis of its error ellipse.
    magnitude, error_mag : float64 arrays (n, 3)
        Calibrated magnitudes and their corrected uncertainties.
    grade : str array (n, 3)
        Letters of ph_qual.
    """

    ra_deg: Doubles
    decl_deg: Doubles
    error_arcsec: Doubles
    magnitude: Doubles
    error_mag: Doubles
    grade: NDArray[np.str_]

    def at(self, index: Integers) -> RunRows:
        """Rows of an index array (m,)."""
        return RunRows(
            self.ra_deg[index],
            self.decl_deg[index],
            self.error_arcsec[index],
            self.magnitude[index],
            self.error_mag[index],
            self.grade[index],
        )


@dataclass(frozen=True)
class RunComparison:
    """What two runs make of the same scans.

    Attributes
    ----------
    scans : int
        Scans that both have.
    first, second : RunRows
        Matched rows, in pairs.
    lost, gained : RunRows
        Rows of the first run, and of the second, without a partner.
    """

    scans: int
    first: RunRows
    second: RunRows
    lost: RunRows
    gained: RunRows

    def intervals(self) -> list[dict[str, Any]]:
        """Values of `COLUMNS`, a row for each band and interval of magnitude that has rows."""
        rows = [
            self._interval(band, low, high) for band in range(len(BANDS)) for low, high in pairwise(EDGES_MAG)
        ]
        return [row for row in rows if row["matched"] or row["lost"] or row["gained"]]

    def _interval(self, band: int, low: float, high: float) -> dict[str, Any]:
        def within(rows: RunRows) -> NDArray[np.bool_]:
            magnitude = rows.magnitude[:, band]
            return np.asarray((magnitude >= low) & (magnitude < high))

        use = within(self.first) & np.isfinite(self.second.magnitude[:, band])
        first, second = self.first.at(np.flatnonzero(use)), self.second.at(np.flatnonzero(use))
        difference = second.magnitude[:, band] - first.magnitude[:, band]
        error = np.hypot(second.error_mag[:, band], first.error_mag[:, band])
        apart = separations(first, second)
        error_place = np.hypot(first.error_arcsec, second.error_arcsec)
        return {
            "band": BANDS[band].label,
            "from_mag": low,
            "to_mag": high,
            "matched": int(use.sum()),
            "offset_mag": _median(difference),
            "scatter_mag": _spread(difference),
            "pull": _spread(difference / error),
            "position_arcsec": _median(apart),
            # Of two axes: the median of a Rayleigh distribution is 1.1774 sigma.
            "position_pull": _median(apart / error_place) / 1.1774,
            "lost": int(within(self.lost).sum()),
            "gained": int(within(self.gained).sum()),
        }

    def by_flag(self) -> list[dict[str, Any]]:
        """Band, letter of ph_qual and numbers of matched, lost and gained rows, letters of the run that has the row."""
        found = []
        for band in range(len(BANDS)):
            counts = [Counter(rows.grade[:, band].tolist()) for rows in (self.first, self.lost, self.gained)]
            for letter in sorted(set().union(*counts)):
                matched, lost, gained = (count[letter] for count in counts)
                found.append(
                    {"band": BANDS[band].label, "ph_qual": letter if letter.strip() else FAINTEST,
                     "matched": matched, "lost": lost, "gained": gained}
                )  # fmt: skip
        return found

    def changed_grades(self) -> int:
        """Count matched rows whose ph_qual differs."""
        return int((self.first.grade != self.second.grade).any(axis=1).sum())


def _median(values: Doubles) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")


def _spread(values: Doubles) -> float:
    """1.4826 times the median absolute deviation."""
    known = values[np.isfinite(values)]
    return 1.4826 * float(np.median(np.abs(known - np.median(known)))) if known.size else float("nan")


def separations(first: RunRows, second: RunRows) -> Doubles:
    """Distance of paired rows, arcsec.

    Parameters
    ----------
    first, second : RunRows
        Rows in pairs.
    """
    chord = np.linalg.norm(
        unit_vectors(first.ra_deg, first.decl_deg) - unit_vectors(second.ra_deg, second.decl_deg), axis=-1
    )
    return np.asarray(2 * np.arcsin(np.minimum(1.0, chord / 2)) / ARCSEC)


def match_rows(
    first: RunRows, second: RunRows, reach_arcsec: float = MATCH_ARCSEC
) -> tuple[Integers, Integers]:
    """Pairs of mutually nearest rows, as two index arrays (m,).

    Parameters
    ----------
    first, second : RunRows
        Rows of one scan in two runs.
    reach_arcsec : float
        Largest separation of a pair.
    """
    none = np.zeros(0, np.int64)
    if not first.ra_deg.size or not second.ra_deg.size:
        return none, none
    a, b = unit_vectors(first.ra_deg, first.decl_deg), unit_vectors(second.ra_deg, second.decl_deg)
    chord, to_b = cKDTree(b).query(a, distance_upper_bound=2 * np.sin(reach_arcsec * ARCSEC / 2))
    _, to_a = cKDTree(a).query(b)
    mutual = np.isfinite(chord)
    mutual[mutual] = to_a[to_b[mutual]] == np.flatnonzero(mutual)
    index = np.flatnonzero(mutual)
    return index, np.asarray(to_b[index], np.int64)


def compare_runs(connection: Connection[Any], first: str, second: str) -> RunComparison:
    """Compare all scans that both runs have, one scan after the other.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    first, second : str
        Names of the runs.

    Raises
    ------
    UnknownNameError
        Raised if a run does not exist.
    ConflictError
        Raised if they have no scan in common.
    """
    keys = {"a": run_id_of(connection, first), "b": run_id_of(connection, second)}
    scans = connection.execute(statement("reports/run_pair_scans"), keys).fetchall()
    if not scans:
        raise ConflictError(
            f"runs {first!r} and {second!r} have no scan in common",
            expected="two runs that reduced the same scans",
        )
    pairs = []
    for scan_key, attempt_a, attempt_b in scans:
        a = _read(connection, keys["a"], scan_key, attempt_a)
        b = _read(connection, keys["b"], scan_key, attempt_b)
        pairs.append((a, b, *match_rows(a, b)))
    return RunComparison(
        scans=len(pairs),
        first=_joined(a.at(i) for a, _, i, _ in pairs),
        second=_joined(b.at(j) for _, b, _, j in pairs),
        lost=_joined(a.at(_others(a, i)) for a, _, i, _ in pairs),
        gained=_joined(b.at(_others(b, j)) for _, b, _, j in pairs),
    )


def _others(rows: RunRows, index: Integers) -> Integers:
    return np.setdiff1d(np.arange(rows.ra_deg.size), index)


def _read(connection: Connection[Any], run_id: int, scan_key: int, attempt_id: int) -> RunRows:
    values = {"run_id": run_id, "scan_key": scan_key, "attempt_id": attempt_id}
    rows = connection.execute(statement("reports/run_pair_rows"), values).fetchall()
    return rows_of(rows)


def rows_of(rows: Iterable[tuple[Any, ...]]) -> RunRows:
    """Arrays of rows as `reports/run_pair_rows` gives them.

    Parameters
    ----------
    rows : iterable of tuple
        Position, error, ph_qual, rd_flg, cc_flg, magnitude and uncertainty of J, H and Ks.
    """
    listed = list(rows)
    numbers = np.array([(*row[:3], *row[6:]) for row in listed], np.float64).reshape(-1, 9)
    grades = np.array([list(row[3].ljust(3)) for row in listed], "U1").reshape(-1, 3)
    return RunRows(numbers[:, 0], numbers[:, 1], numbers[:, 2], numbers[:, 3::2], numbers[:, 4::2], grades)


def _joined(parts: Iterable[RunRows]) -> RunRows:
    listed = list(parts)
    return RunRows(
        *(
            np.concatenate([getattr(part, name) for part in listed])
            for name in ("ra_deg", "decl_deg", "error_arcsec", "magnitude", "error_mag", "grade")
        )
    )
