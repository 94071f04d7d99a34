"""What a release reaches beside the requirements of Level 1 (background/survey 5.5), measured on the release itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.arrays import Doubles
from app.instruments.bands import BANDS

SNR10_MAG = {"j": 15.8, "h": 15.1, "k": 14.3}
BRIGHT_MAG = (9.0, 13.0)
"""Stars bright enough for the precision, and not saturated in 1.3 s."""
FEWEST = 10
NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Level1:
    """A line of the table.

    Attributes
    ----------
    item, requirement, achieved_2003, found : str
        What is asked for, how much, what the survey of 2003 reached, and what this release has.
    met : bool or None
        Whether it is met; None where it was not measured.
    """

    item: str
    requirement: str
    achieved_2003: str
    found: str
    met: bool | None


def spread(values: Doubles) -> float:
    """1.4826 times the median absolute deviation; NaN for fewer than ten values.

    Parameters
    ----------
    values : float64 array (n,)
        Values; NaN are left out.
    """
    known = values[np.isfinite(values)]
    if known.size < FEWEST:
        return float("nan")
    return 1.4826 * float(np.median(np.abs(known - np.median(known))))


def level1_table(
    scans: Doubles, repeats: Doubles, optical: Doubles, derived: Mapping[tuple[str, str], float]
) -> tuple[Level1, ...]:
    """Fill the table.

    Parameters
    ----------
    scans : float64 array (n, 6)
        Magnitude of SNR 10 and error of the zero point of each scan, J, H, Ks each; NaN where unknown.
    repeats : float64 array (m, 8)
        Of stars seen twice: magnitudes, differences of magnitude, offsets in place (arcsec).
    optical : float64 array (k,)
        Distances from stars of the reference catalogue, arcsec.
    derived : mapping of (str, str) to float
        Completeness and reliability by band.
    """
    return (*_of_scans(scans), *_of_repeats(repeats), _of_optical(optical), *_of_fields(derived))


def _of_scans(scans: Doubles) -> Iterator[Level1]:
    for band in BANDS:
        depth = scans[:, band.position]
        known = depth[np.isfinite(depth)]
        wanted = SNR10_MAG[band.value]
        share = float((known >= wanted).mean()) if known.size else float("nan")
        found = NOT_MEASURED
        if known.size:
            found = f"{100 * share:.1f} % of {known.size} scans, median {np.median(known):.2f}"
        yield Level1(
            f"sensitivity {band.label}: SNR 10", f"{wanted} mag", "met", found, _met(share, 1.0, least=True)
        )
    errors = scans[:, 3:6]
    worst = float(np.nanmax(errors)) if np.isfinite(errors).any() else float("nan")
    yield Level1(
        "uniformity: largest error of a zero point", "< 0.04 mag", "< 0.02 mag", _text(worst, "mag"), _met(worst, 0.04)
    )  # fmt: skip


def _of_repeats(repeats: Doubles) -> Iterator[Level1]:
    """Two measurements of one star differ by the root of two times the error of one."""
    for band in BANDS:
        magnitude, difference = repeats[:, band.position], repeats[:, 3 + band.position]
        bright = (magnitude > BRIGHT_MAG[0]) & (magnitude < BRIGHT_MAG[1])
        precision = spread(difference[bright]) / np.sqrt(2.0)
        item = f"precision {band.label}, {BRIGHT_MAG[0]:g} to {BRIGHT_MAG[1]:g} mag"
        yield Level1(item, "< 0.05 mag", "< 0.03 mag", _text(precision, "mag"), _met(precision, 0.05))
    place = float(np.hypot(spread(repeats[:, 6]), spread(repeats[:, 7])) / 2.0)
    yield _place("repeats", place)


def _of_optical(optical: Doubles) -> Level1:
    # Of two axes: the median of a Rayleigh distribution is 1.1774 sigma.
    absolute = float(np.median(optical)) / 1.1774 if optical.size >= FEWEST else float("nan")
    return _place("reference stars", absolute)


def _place(of: str, value: float) -> Level1:
    item = f"astrometry: {of}, one axis"
    return Level1(item, "< 0.5 arcsec", "< 0.1 arcsec", _text(value, "arcsec"), _met(value, 0.5))


def _of_fields(derived: Mapping[tuple[str, str], float]) -> Iterator[Level1]:
    for name, wanted, reached in (("completeness", 0.99, "met"), ("reliability", 0.9995, "0.9997")):
        met = _met_all(derived, name, wanted)
        yield Level1(f"{name} of points, worst band", f"> {wanted}", reached, _worst(derived, name), met)


def _text(value: float, unit: str) -> str:
    return f"{value:.3f} {unit}" if np.isfinite(value) else NOT_MEASURED


def _met(value: float, limit: float, *, least: bool = False) -> bool | None:
    if not np.isfinite(value):
        return None
    return bool(value >= limit if least else value < limit)


def _values(derived: Mapping[tuple[str, str], float], name: str) -> list[float]:
    return [value for (known, _), value in derived.items() if known == name]


def _worst(derived: Mapping[tuple[str, str], float], name: str) -> str:
    values = _values(derived, name)
    return f"{min(values):.4f}" if values else NOT_MEASURED


def _met_all(derived: Mapping[tuple[str, str], float], name: str, wanted: float) -> bool | None:
    values = _values(derived, name)
    return min(values) > wanted if values else None


def array_of(rows: Iterable[tuple[Any, ...]], width: int) -> Doubles:
    """Make an array of rows of numbers; NaN for null.

    Parameters
    ----------
    rows : iterable of tuple
        Rows of the database.
    width : int
        Numbers in a row.
    """
    return np.array([tuple(row) for row in rows], np.float64).reshape(-1, width)
