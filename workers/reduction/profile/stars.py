"""Stars of one band: places, fluxes and what fits say of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Bools, Doubles, Integers
from workers.reduction.profile.values import StarArrays

COMPONENTS = 8
"""Numbers of a blend: component n of blend k has the number 8 k + n, n from 1."""


@dataclass
class Stars:
    """Stars of one band; each (n,), changed in place by fits.

    Attributes
    ----------
    x_arcsec, y_arcsec : float64
        U-scan place.
    flux_dn : float64
        All light of the star, DN; NaN where nothing is known of it.
    flux_error_dn : float64
        From the curvature of chi-squared; NaN where there was no fit.
    variance : float64 (n, 3)
        Of x, of y, and their covariance, arcsec^2.
    chi2 : float64
        Reduced chi-squared of the fit.
    pixels : int64
        Number of pixels in the fit.
    converged : bool
        Whether the last step of the fit was far smaller than its error.
    resolved : bool
        Whether a joint fit found that the pixels of its group ask for this star beside its neighbours.
    component : int64
        Number of a component of a blend that all bands were fitted to jointly; 0 of other stars.
    fall : float64
        Change of chi-squared by this component, or by a second star that was tried and rejected; NaN of other stars.
    shared : float64
        Correlation of the light with that of the nearest other component; NaN of other stars.
    """

    x_arcsec: Doubles
    y_arcsec: Doubles
    flux_dn: Doubles
    flux_error_dn: Doubles
    variance: Doubles
    chi2: Doubles
    pixels: Integers
    converged: Bools
    resolved: Bools
    component: Integers
    fall: Doubles
    shared: Doubles

    @classmethod
    def at(cls, x_arcsec: Doubles, y_arcsec: Doubles, flux_dn: Doubles) -> Stars:
        """Stars not yet fitted.

        Parameters
        ----------
        x_arcsec, y_arcsec : float64 arrays (n,)
            U-scan places, best in the order of y.
        flux_dn : float64 array (n,)
            First guess of the light, DN.
        """
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
            np.zeros(n, np.bool_),
            np.zeros(n, np.bool_),
            np.zeros(n, np.int64),
            nan.copy(),
            nan.copy(),
        )

    @classmethod
    def none(cls) -> Stars:
        """No star."""
        return cls.at(np.zeros(0), np.zeros(0), np.zeros(0))

    @property
    def size(self) -> int:
        """Number of stars."""
        return int(self.x_arcsec.size)

    def arrays(self) -> StarArrays:
        """Return what kernels take: the same memory, so that fits change the stars."""
        return StarArrays(*(getattr(self, name) for name in StarArrays._fields))

    def places(self) -> Doubles:
        """U-scan places, (n, 2)."""
        return np.column_stack([self.x_arcsec, self.y_arcsec])

    def taken(self, index: Integers | Bools) -> Stars:
        """Return the stars of an index, as copies."""
        rows = np.flatnonzero(index) if index.dtype == np.bool_ else index
        # Twice as fast as an index in brackets: 90 times a scan for 12 columns.
        return Stars(*(np.take(getattr(self, name), rows, axis=0) for name in self.__dataclass_fields__))

    def put(self, index: Integers, stars: Stars) -> None:
        """Replace the stars of an index in place."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[index] = getattr(stars, name)

    def beside(self, other: Stars) -> Stars:
        """Return these stars, then the others."""
        return Stars(
            *(np.concatenate([getattr(self, n), getattr(other, n)]) for n in self.__dataclass_fields__)
        )
