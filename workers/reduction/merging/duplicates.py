"""Sources that neighbouring images of one band both show, kept once."""

from __future__ import annotations

import numpy as np

from app.arrays import Doubles, Integers
from app.sky.directions import unit_vectors


def keep_duplicates_once(
    ra_deg: Doubles, decl_deg: Doubles, image: Integers, edge_pix: Doubles, radius_arcsec: float
) -> Integers:
    """Choose the rows to keep where images of one band overlap.

    Two rows are the same source if they come from different images and lie near to each other; the one farther from
    the edge of its image stays (the smaller image number where equal). Within one image nothing is merged.

    A row that fell into the overlap of another image but was not found there stays too: completeness is measured
    per image.

    Parameters
    ----------
    ra_deg, decl_deg : float64 arrays (n,)
        ICRS.
    image : int64 array (n,)
        Number of the image of each row.
    edge_pix : float64 array (n,)
        Distance from the nearest edge of that image.
    radius_arcsec : float
        Rows of two images nearer to each other than this are one source.

    Returns
    -------
    int64 array (m,)
        Rows to keep, ascending.

    Examples
    --------
    The first two rows are one source; it lies deeper in image 8.

    >>> ra, decl = np.array([10.0, 10.0, 10.1]), np.zeros(3)
    >>> keep_duplicates_once(ra, decl, np.array([7, 8, 8]), np.array([3.0, 40.0, 9.0]), 1.5).tolist()
    [1, 2]
    """
    from scipy.spatial import cKDTree

    keep = np.ones(ra_deg.size, np.bool_)
    if np.unique(image).size < 2:
        return np.flatnonzero(keep)
    vectors = unit_vectors(ra_deg, decl_deg)
    pairs = cKDTree(vectors).query_pairs(np.radians(radius_arcsec / 3600.0), output_type="ndarray")
    pairs = pairs[image[pairs[:, 0]] != image[pairs[:, 1]]]
    distance = np.linalg.norm(vectors[pairs[:, 0]] - vectors[pairs[:, 1]], axis=1)
    for a, b in pairs[np.lexsort((pairs[:, 1], pairs[:, 0], distance))]:
        if keep[a] and keep[b]:
            a_wins = (edge_pix[a], -image[a]) > (edge_pix[b], -image[b])
            keep[b if a_wins else a] = False
    return np.flatnonzero(keep)
