"""Where each unknown of the global solution stands in the vector of all."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from workers.reduction.solution.ties import Ties


class Unknowns(NamedTuple):
    """First column of each kind of unknown, and the number of all.

    In this order: zero points of scans; the atmosphere at the times of scans, then of sets; constants of nights;
    extinctions of nights; extinctions of months; the survey's extinction; offsets of fields; linear, then quadratic
    flats of periods.
    """

    atmosphere: int
    atmosphere_of_sets: int
    night: int
    extinction: int
    season: int
    survey: int
    field: int
    linear: int
    quadratic: int
    total: int


def unknowns_of(ties: Ties) -> Unknowns:
    """Lay out the unknowns of ties.

    Parameters
    ----------
    ties : Ties
        All ties of a band.
    """
    scans, sets = ties.scans.night.size, ties.sets.night.size
    nights, fields = ties.groups.month.size, ties.groups.primary.size
    months, periods = count_of(ties.groups.month), count_of(ties.groups.period)
    sizes = (scans, scans, sets, nights, nights, months, 1, fields, periods, periods)
    return Unknowns(*np.cumsum(sizes).tolist())


def count_of(index: np.ndarray) -> int:
    """Count the groups of an index that begins at 0."""
    return int(index.max()) + 1 if index.size else 0
