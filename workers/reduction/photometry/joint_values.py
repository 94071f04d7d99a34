"""What the joint fit of groups of stars takes, works with and gives: named tuples of arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.arrays import Bools, Doubles, Integers, Singles
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.values import FrameArrays
from workers.reduction.profile.stamps import PADDED
from workers.reduction.profile.values import ProfileArrays

MOST_MEMBERS = 5  # of a group: 15 unknowns
MOST_LOOKS = 16
SIDE_PIX = 16  # of the largest window: five stars in a line span seven pixels, and stamps seven more
MOST_PIXELS = MOST_LOOKS * SIDE_PIX * SIDE_PIX + 16
"""Of a group; not a power of two, by which columns of slopes would displace each other in the processor's cache."""
UNKNOWNS = 3 * MOST_MEMBERS


class JointScene(NamedTuple):
    """What is the same for all groups of a band.

    Attributes
    ----------
    frames : FrameArrays
        Residual frames, which lack every star; only read.
    profile : ProfileArrays
        The point-spread function of the band.
    looks : Looks
        At the origins of the groups, one origin a group.
    """

    frames: FrameArrays
    profile: ProfileArrays
    looks: Looks


class Groups(NamedTuple):
    """Groups of stars that are fitted jointly.

    Attributes
    ----------
    start : int64 array (groups + 1,)
        Members of group g are start[g] to start[g + 1] of the arrays below.
    star : float64 array (members, 3)
        Light (DN) and offset from the group's origin (arcsec, x and y), as the residual frames lack them.
    usual : float64 array (groups,)
        Reduced chi-squared that stars as bright as the group's brightest usually have.
    search : bool array (groups,)
        Whether other numbers of stars are tried; else the members are only fitted.
    """

    start: Integers
    star: Doubles
    usual: Doubles
    search: Bools


class JointStars(NamedTuple):
    """What the joint fits found; of group g the first members[g] rows.

    Attributes
    ----------
    members : int64 array (groups,)
        Stars of the group; 0 where too few pixels tell anything.
    star : float64 array (groups, 5, 3)
        Light (DN) and offset from the group's origin (arcsec, x and y).
    error : float64 array (groups, 5, 4)
        Error of the light (DN), variances of x and y and their covariance (arcsec^2), all members unknown.
    chi2 : float64 array (groups, 5)
        Of the pixels within 2.5 pixels of the star, reduced.
    pixels : int64 array (groups, 5)
        Number of these.
    settled : bool array (groups,)
        Whether the last step of the fit was far smaller than its error.
    """

    members: Integers
    star: Doubles
    error: Doubles
    chi2: Doubles
    pixels: Integers
    settled: Bools

    @classmethod
    def of(cls, groups: int) -> JointStars:
        """Return room for the stars of some groups."""
        return cls(
            np.zeros(groups, np.int64),
            np.full((groups, MOST_MEMBERS, 3), np.nan),
            np.full((groups, MOST_MEMBERS, 4), np.nan),
            np.full((groups, MOST_MEMBERS), np.nan),
            np.zeros((groups, MOST_MEMBERS), np.int64),
            np.zeros(groups, np.bool_),
        )


class JointPixels(NamedTuple):
    """The pixels of a group that take part in its fit, look after look.

    Attributes
    ----------
    first : int64 array (looks + 1,)
        Pixels of look k are first[k] to first[k + 1] of the arrays below.
    row, column : int32 arrays (pixels,)
        Place in the look's window, whose first pixel the stamps that any member puts on the look begin with.
    data : float32 array (pixels,)
        Residual frames with the members' light added back.
    use : float32 array (pixels,)
        1 for pixels in the fit, 0 for those that were dropped.
    sky : float32 array (pixels,)
        Variance of a sky pixel of the frame, DN^2.
    model : float32 array (pixels,)
        Light of all stars of the hypothesis.
    ignorance : float32 array (pixels,)
        Variance by the error of the profile, DN^2.
    weight, rest, weighted : float32 arrays (pixels,)
        Inverse variance; data less model; work space.
    slopes : float32 array (15, pixels)
        Derivatives of the model with light, x and y (arcsec) of each star.
    """

    first: Integers
    row: NDArray[np.int32]
    column: NDArray[np.int32]
    data: Singles
    use: Singles
    sky: Singles
    model: Singles
    ignorance: Singles
    weight: Singles
    rest: Singles
    weighted: Singles
    slopes: Singles


class JointStamps(NamedTuple):
    """Stamps of each star on each look; slot is 16 star + look.

    Attributes
    ----------
    terms : float32 array (slots, terms)
        Polynomial terms of the look.
    stamps : float32 array (slots, 3, 56)
        Model of a star of 1 DN and its derivatives with x and y.
    error : float32 array (slots, 56)
        What the model does not know, in shares of the star's light.
    centre : float64 array (slots, 2)
        Place that the stamp is for, window pixels.
    corner : int64 array (slots, 2)
        Window pixel of the stamp's first pixel; may be negative.
    phase : int64 array (slots,)
        Number of the phase; -1 for none.
    frame : int64 array (looks,)
        Index of the frame.
    origin : float64 array (looks, 2)
        Place of the group's origin, window pixels.
    spread : float32 array (20, pixels)
        Four rows a star: what its stamps say of the group's pixels, for a star of 1 DN at the origin; slopes with x and
        y (arcsec); error.
    """

    terms: Singles
    stamps: Singles
    error: Singles
    centre: Doubles
    corner: Integers
    phase: Integers
    frame: Integers
    origin: Doubles
    spread: Singles


class JointSums(NamedTuple):
    """Normal equations and hypotheses; hypotheses are numbered by their stars, 0 is not used.

    Attributes
    ----------
    trial, kept, step : float64 arrays (15,)
        Light, x and y of each star: of the present step, of the last that paid, and the step.
    matrix, kept_matrix, factor : float64 arrays (15, 15)
        Normal matrices of both, lower triangles, and its factor.
    right, kept_right : float64 arrays (15,)
        Right sides of both.
    look, kept_look : float64 arrays (looks,)
        Chi-squared of each look.
    best : float64 array (6, 15)
        Best stars of each hypothesis.
    best_matrix : float64 array (6, 15, 15)
        Their normal matrices.
    best_look : float64 array (6, looks)
        Their chi-squared, look by look.
    best_chi2 : float64 array (6,)
        Their chi-squared; infinite where there is none.
    """

    trial: Doubles
    kept: Doubles
    step: Doubles
    matrix: Doubles
    kept_matrix: Doubles
    factor: Doubles
    right: Doubles
    kept_right: Doubles
    look: Doubles
    kept_look: Doubles
    best: Doubles
    best_matrix: Doubles
    best_look: Doubles
    best_chi2: Doubles


class JointWork(NamedTuple):
    """Work space of the joint fit."""

    pixels: JointPixels
    stamps: JointStamps
    sums: JointSums

    @classmethod
    def of(cls, terms: int) -> JointWork:
        """Return work space for profiles of a number of polynomial terms."""
        count, slots = MOST_PIXELS, MOST_MEMBERS * MOST_LOOKS
        hypotheses = MOST_MEMBERS + 1

        def plane() -> Singles:
            return np.zeros(count, np.float32)

        def vector() -> Doubles:
            return np.zeros(UNKNOWNS)

        def matrix() -> Doubles:
            return np.zeros((UNKNOWNS, UNKNOWNS))

        slopes = np.zeros((UNKNOWNS, count), np.float32)
        row, column = np.zeros(count, np.int32), np.zeros(count, np.int32)
        pixels = JointPixels(
            np.zeros(MOST_LOOKS + 1, np.int64), row, column,
            plane(), plane(), plane(), plane(), plane(), plane(), plane(), plane(), slopes,
        )  # fmt: skip
        stamps = JointStamps(
            np.zeros((slots, terms), np.float32),
            np.zeros((slots, 3, PADDED), np.float32),
            np.zeros((slots, PADDED), np.float32),
            np.zeros((slots, 2)),
            np.zeros((slots, 2), np.int64),
            np.full(slots, -1, np.int64),
            np.zeros(MOST_LOOKS, np.int64),
            np.zeros((MOST_LOOKS, 2)),
            np.zeros((4 * MOST_MEMBERS, count), np.float32),
        )
        sums = JointSums(
            vector(), vector(), vector(), matrix(), matrix(), matrix(), vector(), vector(),
            np.zeros(MOST_LOOKS), np.zeros(MOST_LOOKS), np.zeros((hypotheses, UNKNOWNS)),
            np.zeros((hypotheses, UNKNOWNS, UNKNOWNS)), np.zeros((hypotheses, MOST_LOOKS)),
            np.full(hypotheses, np.inf),
        )  # fmt: skip
        return cls(pixels, stamps, sums)
