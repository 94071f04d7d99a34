"""Places of detections on the sky with their covariances, and weighted means of two of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles, Integers


@dataclass(frozen=True)
class Places:
    """Detections of one band; each float64 (n,).

    Attributes
    ----------
    ra_deg, decl_deg : float64
        ICRS.
    east_sigma, north_sigma : float64
        One sigma along east and north, arcsec.
    covariance : float64, optional
        Of east and north, arcsec^2; none means that they are independent.
    """

    ra_deg: Doubles
    decl_deg: Doubles
    east_sigma: Doubles
    north_sigma: Doubles
    covariance: Doubles | None = None

    def matrices(self) -> tuple[Doubles, Doubles, Doubles]:
        """Variances of east and of north, and their covariance, arcsec^2; each (n,)."""
        zero = np.zeros(self.size) if self.covariance is None else self.covariance
        return self.east_sigma**2, self.north_sigma**2, zero

    @property
    def size(self) -> int:
        """Number of detections."""
        return int(self.ra_deg.size)

    def taken(self, index: Integers) -> Places:
        """Return the places of rows.

        Parameters
        ----------
        index : int64 array (m,)
            Rows, in the order wanted.
        """
        return Places(
            self.ra_deg[index],
            self.decl_deg[index],
            self.east_sigma[index],
            self.north_sigma[index],
            self.matrices()[2][index],
        )

    def followed_by(self, other: Places) -> Places:
        """Return these places and those of another list after them.

        Parameters
        ----------
        other : Places
            Of m detections.
        """
        return Places(
            np.concatenate([self.ra_deg, other.ra_deg]),
            np.concatenate([self.decl_deg, other.decl_deg]),
            np.concatenate([self.east_sigma, other.east_sigma]),
            np.concatenate([self.north_sigma, other.north_sigma]),
            np.concatenate([self.matrices()[2], other.matrices()[2]]),
        )


def weighted(first: Places, second: Places, i: Integers, j: Integers) -> Places:
    """Rows of one list, with the inverse-variance mean position where they have a partner in another.

    The weights are matrices: W = C1 (C1 + C2)^-1, place = first + W (second - first), C = C1 - W C1.

    Parameters
    ----------
    first, second : Places
        Detections of two bands.
    i : int64 array (m,)
        Rows of `first` that are wanted.
    j : int64 array (m,)
        Their partners in `second`, -1 for none.

    Examples
    --------
    A star at declination 0, 0.2" apart in two bands, placed twice as well in the first.

    >>> zero, sigma = np.zeros(1), np.array([0.1])
    >>> first = Places(np.array([150.0]), zero, sigma, sigma)
    >>> second = Places(np.array([150.0 + 0.2 / 3600.0]), zero, 2.0 * sigma, 2.0 * sigma)
    >>> mean = weighted(first, second, np.array([0]), np.array([0]))
    >>> round(float(mean.ra_deg[0] - 150.0) * 3600.0, 6), round(float(mean.east_sigma[0]), 6)
    (0.04, 0.089443)
    """
    ra, decl = first.ra_deg[i].copy(), first.decl_deg[i].copy()
    ee, nn, en = (part[i].copy() for part in first.matrices())
    both = np.flatnonzero(j >= 0)
    k = j[both]
    e1, n1, c1 = ee[both], nn[both], en[both]
    e2, n2, c2 = (part[k] for part in second.matrices())
    e, n, c = e1 + e2, n1 + n2, c1 + c2
    det = e * n - c * c
    w_ee, w_en = (e1 * n - c1 * c) / det, (c1 * e - e1 * c) / det
    w_ne, w_nn = (c1 * n - n1 * c) / det, (n1 * e - c1 * c) / det
    cosine = np.cos(np.radians(decl[both]))
    east = ((second.ra_deg[k] - ra[both] + 180.0) % 360.0 - 180.0) * cosine
    north = second.decl_deg[k] - decl[both]
    ra[both] = (ra[both] + (w_ee * east + w_en * north) / cosine) % 360.0
    decl[both] += w_ne * east + w_nn * north
    ee[both] = e1 - (w_ee * e1 + w_en * c1)
    nn[both] = n1 - (w_ne * c1 + w_nn * n1)
    en[both] = c1 - (w_ee * c1 + w_en * n1)
    return Places(ra, decl, np.sqrt(ee), np.sqrt(nn), en)
