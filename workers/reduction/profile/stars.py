"""Stars of one band: places, fluxes and what fits say of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.arrays import Doubles, Integers


@dataclass
class Stars:
    """Stars of one band; each (n,), changed in place by fits.

    Attributes
    ----------
    x_arcsec, y_arcsec : float64
        U-scan place.
    flux_dn : float64
    flux_error_dn : float64
        From the curvature of chi-squared; NaN where there was no fit.
    variance : float64 (n, 3)
        Of x, of y, and their covariance, arcsec^2.
    chi2 : float64
        Reduced.
    pixels : int64
        In the fit.
    members : int64
        Stars fitted together.
    converged : bool
    """

    x_arcsec: Doubles
    y_arcsec: Doubles
    flux_dn: Doubles
    flux_error_dn: Doubles
    variance: Doubles
    chi2: Doubles
    pixels: Integers
    members: Integers
    converged: NDArray[np.bool_]

    @classmethod
    def at(cls, x_arcsec: Doubles, y_arcsec: Doubles, flux_dn: Doubles) -> Stars:
        """Stars not yet fitted."""
        n = x_arcsec.size
        nan = np.full(n, np.nan)
        return cls(
            x_arcsec.astype(np.float64),
            y_arcsec.astype(np.float64),
            flux_dn.astype(np.float64),
            nan.copy(),
            np.full((n, 3), np.nan),
            nan.copy(),
            np.zeros(n, np.int64),
            np.ones(n, np.int64),
            np.zeros(n, np.bool_),
        )

    @property
    def size(self) -> int:
        """Number of stars."""
        return int(self.x_arcsec.size)

    def taken(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Stars:
        """Return some of the stars, as copies."""
        return Stars(*(getattr(self, name)[index].copy() for name in self.__dataclass_fields__))

    def put(self, index: NDArray[np.int64], some: Stars) -> None:
        """Replace some of the stars in place."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[index] = getattr(some, name)

    def beside(self, other: Stars) -> Stars:
        """Return these stars, then the others."""
        return Stars(
            *(np.concatenate([getattr(self, n), getattr(other, n)]) for n in self.__dataclass_fields__)
        )
