"""Which sources of a band a neighbour confuses: cc_flg c of rows of finished images."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from app.arrays import Bools, Doubles
from app.parameters.extraction import ExtractionParameters
from app.sky.directions import unit_vectors


def confused(
    ra_deg: Doubles, decl_deg: Doubles, magnitude: Doubles, parameters: ExtractionParameters
) -> Bools:
    """Tell whose flux or background a neighbour biases: c of background/survey 6.4.

    The light of a star falls with distance about as the wings of a turbulent atmosphere do, r^-11/3, 9 mag a decade. So
    a source of magnitude m is confused by a neighbour of magnitude n at the distance r if m - n > 9 log10(r / 4.6").
    Of 1,945 published rows of a field in the plane, J and H, this rule gives the published letter to 97 %; of Ks to
    92 % (docs/decisions/0010-stars-of-atlas-images.md).

    Parameters
    ----------
    ra_deg, decl_deg : float64 arrays (n,)
        ICRS places of all sources of a band.
    magnitude : float64 array (n,)
        NaN confuses nobody and is not confused.
    parameters : ExtractionParameters
        Distance at which a neighbour of equal brightness confuses, and slope.

    Returns
    -------
    bool array (n,)

    Examples
    --------
    Equal stars 4" apart confuse each other; at 8" a neighbour must be 2.2 mag brighter.

    >>> decl = np.array([0.0, 4.0, 100.0, 108.0, 200.0, 208.0]) / 3600.0
    >>> magnitude = np.array([12.0, 12.0, 12.0, 14.0, 12.0, 14.5])
    >>> confused(np.zeros(6), decl, magnitude, ExtractionParameters()).tolist()
    [True, True, False, False, False, True]
    """
    result = np.zeros(magnitude.size, np.bool_)
    known = np.flatnonzero(np.isfinite(magnitude))
    if known.size < 2:
        return result
    vectors, bright = unit_vectors(ra_deg[known], decl_deg[known]), magnitude[known].astype(np.float64)
    slope, equal = parameters.confusion_slope_mag, parameters.confusion_arcsec
    arcsec = 180.0 * 3600.0 / np.pi
    # Each star reaches as far as it confuses the faintest source of the list.
    reach = equal * 10.0 ** ((bright.max() - bright) / slope) / arcsec
    near = cKDTree(vectors).query_ball_point(
        vectors, 2.0 * np.sin(0.5 * np.minimum(reach, np.pi)), return_sorted=True
    )
    parent = np.repeat(np.arange(known.size), [len(members) for members in near])
    child = np.concatenate([np.array(members, np.int64) for members in near])
    parent, child = parent[parent != child], child[parent != child]
    distance = np.linalg.norm(vectors[parent] - vectors[child], axis=1) * arcsec
    with np.errstate(divide="ignore"):
        limit = slope * np.log10(distance / equal)
    result[known[child[bright[child] - bright[parent] > limit]]] = True
    return result
