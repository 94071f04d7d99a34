"""The fitted stars of one finished image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Bools, Doubles, Integers


@dataclass
class Stars:
    """Fitted stars of one image: mutable arrays of equal length n.

    Attributes
    ----------
    x, y : float64
        Array pixels of the centres.
    flux : float64
        Light in the profile, DN.
    x_seed, y_seed : float64
        Array pixels of the peaks at which they were found.
    flux_error, x_error, y_error : float64
        Formal errors for independent pixels, DN and pixels; NaN for stars that were not or could not be fitted.
    chi2 : float64
        Chi-squared of the pixels around the star, for noise and a constant error of the profile.
    pixels : int64
        How many these are.
    flux_sigma : float64
        Total uncertainty of the flux, DN, set by who knows the noise of the image.
    profile_chi2 : float64
        Reduced chi-squared with the errors of the profile as measured on the image; NaN before that.
    group : int64
        Number of stars fitted together.
    saturated : bool
        Whether the star was fitted to its wings only.
    """

    x: Doubles
    y: Doubles
    flux: Doubles
    x_seed: Doubles
    y_seed: Doubles
    flux_error: Doubles
    x_error: Doubles
    y_error: Doubles
    chi2: Doubles
    pixels: Integers
    flux_sigma: Doubles
    profile_chi2: Doubles
    group: Integers
    saturated: Bools

    @classmethod
    def at(cls, x: Doubles, y: Doubles, flux: Doubles) -> Stars:
        """Unfitted stars at given places.

        Parameters
        ----------
        x, y : float64 arrays (n,)
            Array pixels, copied.
        flux : float64 array (n,)
            First fluxes, DN, copied.

        Examples
        --------
        >>> stars = Stars.at(np.array([3.0, 7.0]), np.array([4.0, 1.0]), np.array([10.0, 20.0]))
        >>> stars.take(np.array([1])).x.tolist(), stars.join(stars).flux.tolist()
        ([7.0], [10.0, 20.0, 10.0, 20.0])
        """
        n = x.size
        unknown = [np.full(n, np.nan) for _ in range(6)]
        return cls(
            x=x.copy(),
            y=y.copy(),
            flux=flux.copy(),
            x_seed=x.copy(),
            y_seed=y.copy(),
            flux_error=unknown[0],
            x_error=unknown[1],
            y_error=unknown[2],
            chi2=unknown[3],
            pixels=np.zeros(n, np.int64),
            flux_sigma=unknown[4],
            profile_chi2=unknown[5],
            group=np.ones(n, np.int64),
            saturated=np.zeros(n, np.bool_),
        )

    def take(self, index: Integers | Bools) -> Stars:
        """Copy the chosen stars, in the order of `index`."""
        return Stars(*(getattr(self, name)[index] for name in self.__dataclass_fields__))

    def join(self, other: Stars) -> Stars:
        """Copy these stars and, after them, the others."""
        return Stars(
            *(np.concatenate([getattr(self, n), getattr(other, n)]) for n in self.__dataclass_fields__)
        )
