"""What the joint fit of all bands takes, works with and gives: named tuples of arrays.

A star has five unknowns, in this order: x and y (arcsec from the origin of its site), which are common to the bands,
and its light in J, H and Ks (DN). A band that did not look has light that nothing changes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.arrays import Bools, Doubles, Integers, Singles
from app.instruments.bands import BANDS
from workers.reduction.photometry.joint_values import MOST_LOOKS

MOST_STARS = 4
"""Of a site: 20 unknowns."""
OF_A_STAR = 2 + len(BANDS)
UNKNOWNS = MOST_STARS * OF_A_STAR
PLANES = len(BANDS)


class Cutouts(NamedTuple):
    """Looks of one band at the sites, copied from its residual frames, the sites' own stars in them.

    Attributes
    ----------
    first : int64 array (sites, 17)
        First pixel of each look of each site in the arrays below, and where the last look ends.
    data : float32 array (pixels,)
        Light of the pixels that take part in fits.
    row, column : int8 arrays (pixels,)
        Their places in the windows of the looks.
    size : int64 array (sites, 2)
        Looks, and pixels in the fit.
    sky : float32 array (sites, 16)
        Variance of a sky pixel of each look, DN^2.
    frame : int64 array (sites, 16)
        Frame of each look.
    origin : float64 array (sites, 16, 2)
        Place of the site's origin, window pixels.
    terms : float32 array (sites, 16, terms)
        Polynomial terms of each look.
    """

    first: Integers
    data: Singles
    row: NDArray[np.int8]
    column: NDArray[np.int8]
    size: Integers
    sky: Singles
    frame: Integers
    origin: Doubles
    terms: Singles

    @classmethod
    def of(cls, sites: int, terms: int, room: int) -> Cutouts:
        """Return room for the looks at some sites.

        Parameters
        ----------
        sites : int
            Number of sites.
        terms : int
            Polynomial terms of the band's profile.
        room : int
            Pixels.
        """
        return cls(
            np.zeros((sites, MOST_LOOKS + 1), np.int64),
            np.zeros(room, np.float32),
            np.zeros(room, np.int8),
            np.zeros(room, np.int8),
            np.zeros((sites, 2), np.int64),
            np.zeros((sites, MOST_LOOKS), np.float32),
            np.zeros((sites, MOST_LOOKS), np.int64),
            np.zeros((sites, MOST_LOOKS, 2)),
            np.zeros((sites, MOST_LOOKS, terms), np.float32),
        )


class Seeds(NamedTuple):
    """Stars that the joint fits of some sites start from.

    Attributes
    ----------
    start : int64 array (sites + 1,)
        Stars of site g are start[g] to start[g + 1].
    star : float64 array (stars, 5)
        Their unknowns.
    least_fall : float64 array (sites,)
        Fall of chi-squared that a star more must bring.
    """

    start: Integers
    star: Doubles
    least_fall: Doubles


class SiteStars(NamedTuple):
    """What the joint fits found; of site g the first members[g] rows.

    Attributes
    ----------
    members : int64 array (sites,)
        Stars; 0 where too few pixels tell anything.
    star : float64 array (sites, 4, 5)
        Their unknowns.
    variance : float64 array (sites, 4, 3)
        Of x and y and their covariance, arcsec^2, everything else unknown.
    light_error : float64 array (sites, 4, 3)
        One sigma of the light in each band, DN; 0 where the band did not look.
    shared : float64 array (sites, 4, 3)
        Correlation of the light with that of the nearest other star in the same band; NaN of a star alone.
    chi2 : float64 array (sites, 4, 3)
        Of the pixels within 2.5 pixels of the star, reduced.
    pixels : int64 array (sites, 4, 3)
        Number of these.
    chi2_of : float64 array (sites, 5)
        Chi-squared of the best hypothesis of so many stars; infinite where there is none.
    settled : bool array (sites,)
        Whether the last step of the fit was far smaller than its error.
    """

    members: Integers
    star: Doubles
    variance: Doubles
    light_error: Doubles
    shared: Doubles
    chi2: Doubles
    pixels: Integers
    chi2_of: Doubles
    settled: Bools

    @classmethod
    def of(cls, sites: int) -> SiteStars:
        """Return room for the stars of some sites."""
        shape = (sites, MOST_STARS, PLANES)
        return cls(
            np.zeros(sites, np.int64),
            np.full((sites, MOST_STARS, OF_A_STAR), np.nan),
            np.full((sites, MOST_STARS, 3), np.nan),
            np.full(shape, np.nan),
            np.full(shape, np.nan),
            np.full(shape, np.nan),
            np.zeros(shape, np.int64),
            np.full((sites, MOST_STARS + 1), np.inf),
            np.zeros(sites, np.bool_),
        )


class BandSums(NamedTuple):
    """Normal equations of all bands together, and hypotheses; these are numbered by their stars, 0 is not used.

    Attributes
    ----------
    trial, kept, step, right, kept_right : float64 arrays (20,)
        Unknowns of the present step and of the last that paid; the step; right sides of both.
    held : float64 array (20,)
        Step of unknowns that are not free.
    free : bool array (20,)
        Whether an unknown is solved for.
    matrix, kept_matrix, factor : float64 arrays (20, 20)
        Normal matrices of both, lower triangles, and a factor.
    look, kept_look : float64 arrays (48,)
        Chi-squared of each look, 16 a band.
    best : float64 array (5, 20)
        Best stars of each hypothesis.
    best_matrix : float64 array (5, 20, 20)
        Their normal matrices.
    best_look : float64 array (5, 48)
        Their chi-squared, look by look.
    best_chi2 : float64 array (5,)
        Their chi-squared; infinite where there is none.
    """

    trial: Doubles
    kept: Doubles
    step: Doubles
    right: Doubles
    kept_right: Doubles
    held: Doubles
    free: Bools
    matrix: Doubles
    kept_matrix: Doubles
    factor: Doubles
    look: Doubles
    kept_look: Doubles
    best: Doubles
    best_matrix: Doubles
    best_look: Doubles
    best_chi2: Doubles

    @classmethod
    def of(cls) -> BandSums:
        """Return work space."""
        looks, hypotheses = PLANES * MOST_LOOKS, MOST_STARS + 1

        def vector() -> Doubles:
            return np.zeros(UNKNOWNS)

        def matrix() -> Doubles:
            return np.zeros((UNKNOWNS, UNKNOWNS))

        return cls(
            vector(), vector(), vector(), vector(), vector(), vector(), np.ones(UNKNOWNS, np.bool_),
            matrix(), matrix(), matrix(),
            np.zeros(looks), np.zeros(looks),
            np.zeros((hypotheses, UNKNOWNS)),
            np.zeros((hypotheses, UNKNOWNS, UNKNOWNS)),
            np.zeros((hypotheses, looks)),
            np.full(hypotheses, np.inf),
        )  # fmt: skip
