"""How often isolated stars of a scan are split, across the scan: split ones that are single would show at its edges."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from psycopg import Connection

from app.arrays import Bools, Doubles, Table
from app.db.statements import statement
from app.reports.style import count_of, picture

ISOLATED_ARCSEC = 10.0
"""Of an isolated star from every other star."""
RESOLVED_ARCSEC = (1.5, 4.5)
"""Separations at which two stars are told apart, and fitted together."""
BINS = 10
STARS_DTYPE = np.dtype([("ra", "f8"), ("decl", "f8"), ("x_scan", "f8"), ("split", "?"), ("blend", "i8")])


@dataclass(frozen=True)
class SplitRate:
    """Isolated stars of a scan, and those that were split, by place across the scan.

    Attributes
    ----------
    edges_arcsec : float64 array (n + 1,)
        Edges of the bins in x_scan.
    isolated, split : int64 arrays (n,)
        Stars without another one within 10", and those of them that are two rows or more.
    chance : float
        Share of stars that have another one from 1.5" to 4.5" away by chance.
    """

    edges_arcsec: Doubles
    isolated: Any
    split: Any
    chance: float

    @property
    def percent(self) -> float:
        """Split isolated stars in percent; NaN without stars."""
        return 100.0 * float(self.split.sum()) / self.isolated.sum() if self.isolated.sum() else float("nan")


def read_stars(connection: Connection[Any], attempt_id: int) -> Table:
    """Read what the rate is made of, structured array of STARS_DTYPE.

    Parameters
    ----------
    connection : Connection
        Role reader or more.
    attempt_id : int
        Attempt that reduced the scan.
    """
    rows = connection.execute(statement("reports/scan_stars"), {"attempt_id": attempt_id}).fetchall()
    stars = np.zeros(len(rows), STARS_DTYPE)
    for name, values in zip(("ra", "decl", "x_scan"), list(zip(*rows, strict=True))[:3], strict=False):
        stars[name] = [np.nan if value is None else value for value in values]
    stars["split"] = [any(letter in "23456789" for letter in row[3]) for row in rows]
    stars["blend"] = [row[4] for row in rows]
    return stars


def split_rate(stars: Table) -> SplitRate:
    """Count isolated stars across a scan, and those that are split.

    Components of one blend are one star, at the place of the first of them.

    Parameters
    ----------
    stars : structured array of STARS_DTYPE
        Of one scan.
    """
    from scipy.spatial import cKDTree

    known = stars[np.isfinite(stars["x_scan"])]
    if not known.size:
        none = np.zeros(BINS, np.int64)
        return SplitRate(np.linspace(-1.0, 1.0, BINS + 1), none, none, 0.0)
    scale = np.cos(np.radians(np.median(known["decl"])))
    east = (known["ra"] - known["ra"][0] + 180.0) % 360.0 - 180.0
    place = 3600.0 * np.column_stack([east * scale, known["decl"] - known["decl"][0]])
    # Rows without a blend are stars of their own.
    star = np.where(known["blend"] > 0, known["blend"], -1 - np.arange(known.size))
    others = _other_near(cKDTree(place), star)
    _, first = np.unique(star, return_index=True)
    isolated = np.zeros(known.size, np.bool_)
    isolated[first] = ~_any_of_star(star, others)[first]
    x, split = known["x_scan"], _any_of_star(star, known["split"])
    reach = max(float(np.abs(x).max()), 1.0)
    edges = np.linspace(-reach, reach, BINS + 1)
    area = np.ptp(place[:, 1]) * 2.0 * reach
    near, far = RESOLVED_ARCSEC
    chance = first.size / max(area, 1.0) * np.pi * (far**2 - near**2)
    counts = [np.histogram(x[chosen], edges)[0] for chosen in (isolated, isolated & split)]
    return SplitRate(edges, counts[0], counts[1], float(chance))


def _other_near(tree: Any, star: Any) -> Bools:
    """Which rows have a row of another star within 10"."""
    found = np.zeros(star.size, np.bool_)
    pairs = tree.query_pairs(ISOLATED_ARCSEC, output_type="ndarray")
    pairs = pairs[star[pairs[:, 0]] != star[pairs[:, 1]]]
    found[pairs.ravel()] = True
    return found


def _any_of_star(star: Any, rows: Any) -> Bools:
    """Whether it is true of any row of the same star."""
    _, number = np.unique(star, return_inverse=True)
    return np.asarray(np.bincount(number, rows)[number] > 0)


def draw_splits(rate: SplitRate, title: str, path: Path) -> Path | None:
    """Draw the share of isolated stars that are split against x_scan.

    Parameters
    ----------
    rate : SplitRate
        Of the scan.
    title : str
        Title of the picture: run, night and scan.
    path : Path
        Target of the picture.

    Returns
    -------
    Path or None
        The picture; None without an isolated star.
    """
    total = int(rate.isolated.sum())
    if not total:
        return None
    middle = 0.5 * (rate.edges_arcsec[1:] + rate.edges_arcsec[:-1])
    told = rate.isolated > 0
    share = 100.0 * rate.split[told] / rate.isolated[told]
    # Of none of n stars the 95 % limit is 3 / n.
    error = 100.0 * np.sqrt(np.maximum(rate.split[told], 1.0)) / rate.isolated[told]
    limit = 300.0 / rate.isolated[told]
    with picture(path, width_inch=8.5, height_inch=4.6) as figure:
        axes = figure.subplots()
        seen = rate.split[told] > 0
        axes.errorbar(middle[told][seen], share[seen], error[seen], fmt="o", color="#2b6cb0", capsize=3,
                      label="isolated stars that are split")  # fmt: skip
        axes.plot(middle[told][~seen], limit[~seen], "v", color="#2b6cb0", label="none: 95 % limit")
        axes.axhline(100.0 * rate.chance, color="black", linestyle="--", linewidth=1.0,
                     label='another star from 1.5" to 4.5" away by chance')  # fmt: skip
        axes.set_ylim(0.0, 1.35 * axes.get_ylim()[1])
        axes.set_xlabel("x_scan, arcsec")
        axes.set_ylabel("split, percent")
        axes.legend(fontsize=8)
        figure.suptitle(
            f"{title}\n{count_of(total, 'isolated star')}, {rate.percent:.2f} % split; true pairs are among them",
            fontsize=10,
        )
    return path
