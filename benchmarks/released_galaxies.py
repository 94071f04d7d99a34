"""Which extended sources a release takes by their scores: the rule `score`, as it stands in the SQL of releases."""

from __future__ import annotations

import numpy as np

from app.arrays import Bools, Doubles
from app.releases.parameters import DEFAULTS
from workers.reduction.frames.products import ScanSources
from workers.reduction.reduce_scan import ReducedScan
from workers.steps.extended_facts import image_densities


def score_limit(log_density: Doubles) -> Doubles:
    """Score below which a release takes an extended source.

    Parameters
    ----------
    log_density : float64 array (n,)
        Decimal logarithm of stars of Ks < 14 a square degree; where it is NaN the limit of dense fields holds.
    """
    with np.errstate(invalid="ignore"):
        sparse = log_density < DEFAULTS["extended_density"]
    return np.where(sparse, DEFAULTS["extended_score_sparse"], DEFAULTS["extended_score_dense"])


def released_rows(reduced: ReducedScan, result: ScanSources) -> Bools:
    """Return which extended rows of a scan a release takes; one without a score it takes.

    Parameters
    ----------
    reduced, result
        The scan and what `measure_scan` made of it.
    """
    rows = result.extended
    densities = image_densities(reduced.images, result.sources)
    density = np.array([densities.get(int(number), np.nan) for number in rows["coadd"]], np.float64)
    score = np.fmin(rows["e_score"], rows["g_score"]).astype(np.float64)
    return np.asarray(np.isnan(score) | (score < score_limit(density)))
