"""Positions of all frames of all bands by one least-squares solution (POSFRM, background/survey 2.5).

Equations: sources seen on several frames or bands lie at one place; reference stars lie at their catalogue places;
weak pegs tie the frames to their commanded steps and places, so that starless frames do not float. Without the
reference stars *in* the solution, 273 chained steps are a random walk: positions wandered by 0.35" along a scan
(background/reduction 3).

Unknowns: two shifts and a turn a frame, shared by the bands, which are exposed through one optics; for each band two
shifts, two scales, a rotation, and the third-order distortion. The places of the stars are unknowns too, eliminated
one by one, so that 50 000 observations leave a dense system of some 840.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from app.arrays import Doubles, Integers
from app.instruments.bands import Band
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.kernels.pairs import close_pairs, joined, pairs_across
from workers.reduction.registration.equations import Sightings, Targets, add_equations
from workers.reduction.registration.pegs import BAND_TERMS, FRAME_TERMS, pegs, place_error, solve_bordered
from workers.reduction.registration.values import (
    Guess,
    Observations,
    References,
    Registration,
    RegistrationQuality,
)

RADII_ARCSEC = (2.5, 1.2, 0.8, 0.8)  # of matching, one a round
OUTLIER = 5.0  # expected errors
FAINTER_MAG = 0.7  # a source that much fainter in J than a reference star in V is not the star
MOST_FRAMES = 4096  # of a scan, in the numbers of frames and groups


@dataclass(frozen=True)
class _Stars:
    """Which observations and which reference stars are one star, by the geometry of a round.

    Attributes
    ----------
    count : int
        Number of stars, those without a use included.
    label : int64 array (observations,)
        Star of each observation; -1 for observations that are not used.
    reference : int64 array (count,)
        Reference star of each star; -1 for none.
    """

    count: int
    label: Integers
    reference: Integers

    def used(self) -> Integers:
        """Give the indices of the observations that belong to a star."""
        return np.flatnonzero(self.label >= 0)

    def tied(self) -> Integers:
        """Give the indices of the stars that are reference stars."""
        return np.flatnonzero(self.reference >= 0)


def register(
    observations: Observations,
    references: References,
    guess: Guess,
    radii_arcsec: tuple[float, ...] = RADII_ARCSEC,
) -> Registration:
    """Solve for the places of all frames.

    Parameters
    ----------
    observations : Observations
        Frame sources of all bands.
    references : References
        May be empty.
    guess : Guess
        First geometry, good to about the first radius; and the commanded places for the pegs.
    radii_arcsec : tuple of float
        Within which sources count as one star, one a round; the last serves once more, without outliers.

    Raises
    ------
    ValueError
        Raised if there is no radius.
    """
    first, *further = radii_arcsec
    geometry, stars = _round(observations, references, guess, guess.geometry, first)
    for radius in further:
        geometry, stars = _round(observations, references, guess, geometry, radius)
    stars = replace(stars, label=_drop_outliers(observations, geometry, stars))
    return _summary(observations, references, _solve(observations, references, guess, geometry, stars), stars)


def _round(
    observations: Observations,
    references: References,
    guess: Guess,
    geometry: Mapping[Band, FrameGeometry],
    radius: float,
) -> tuple[dict[Band, FrameGeometry], _Stars]:
    """Join observations to stars by a geometry, and solve for a better one."""
    stars = _join(observations, references, geometry, radius)
    return _solve(observations, references, guess, geometry, stars), stars


def _join(
    observations: Observations, references: References, geometry: Mapping[Band, FrameGeometry], radius: float
) -> _Stars:
    """Join observations of one star, and join reference stars to them."""
    n = observations.frame.size
    if n == 0:
        return _Stars(0, np.zeros(0, np.int64), np.zeros(0, np.int64))
    x, y = observations.places(geometry)
    count, label = joined(close_pairs(np.column_stack([x, y]), radius), n)
    # Two observations of one frame and band in a group: a close pair or a chain, useless for registration.
    bands = len(observations.bands)
    key = np.sort((label * MOST_FRAMES + observations.frame) * bands + observations.band)
    double = key[1:][key[1:] == key[:-1]] // bands // MOST_FRAMES
    crowded = np.zeros(count, bool)
    crowded[double] = True
    label[crowded[label]] = -1
    reference = _match_references(observations, references, (x, y), label, count, radius)
    single = np.bincount(label[label >= 0], minlength=count) < 2
    drop = single & (reference < 0)
    label[(label >= 0) & drop[np.maximum(label, 0)]] = -1
    return _Stars(count, label, reference)


def _match_references(
    observations: Observations,
    references: References,
    places: tuple[Doubles, Doubles],
    label: Integers,
    count: int,
    radius: float,
) -> Integers:
    """Find the reference star of each star, -1 for none; a star or a reference with two candidates has none."""
    reference = np.full(count, -1, np.int64)
    used = label >= 0
    if not references.x_arcsec.size or not used.any():
        return reference
    members = np.bincount(label[used], minlength=count).astype(np.float64)
    seen = np.flatnonzero(members > 0)
    means = [np.bincount(label[used], place[used], count)[seen] / members[seen] for place in places]
    brightest = np.full(count, np.inf)
    np.minimum.at(brightest, label[used], observations.magnitude[used])
    catalogue = np.column_stack([references.x_arcsec, references.y_arcsec])
    candidate, near = pairs_across(catalogue, np.column_stack(means), radius).T
    possible = brightest[seen[near]] < references.magnitude[candidate] + FAINTER_MAG
    candidate, star = candidate[possible], seen[near[possible]]
    alone = np.bincount(candidate, minlength=1)[candidate] == 1
    candidate, star = candidate[alone], star[alone]
    alone = np.bincount(star, minlength=1)[star] == 1
    reference[star[alone]] = candidate[alone]
    return reference


def _solve(
    observations: Observations,
    references: References,
    guess: Guess,
    geometry: Mapping[Band, FrameGeometry],
    stars: _Stars,
) -> dict[Band, FrameGeometry]:
    """One linear solution for corrections to a geometry."""
    frames, bands = guess.commanded_x_arcsec.size, observations.bands
    equations = pegs(guess, geometry, bands, FRAME_TERMS * frames + BAND_TERMS * len(bands))
    chosen = stars.used()
    if chosen.size:
        places = observations.places(geometry)
        label = stars.label[chosen]
        x_pix, y_pix = _model_pixels(observations, references, geometry, stars, places)
        sightings = Sightings(
            order=np.argsort(label, kind="stable"),
            label=label,
            frame=FRAME_TERMS * observations.frame[chosen],
            band=FRAME_TERMS * frames + BAND_TERMS * observations.band[chosen],
            weight=1.0 / observations.sigma_arcsec[chosen] ** 2,
            x_pix=x_pix,
            y_pix=y_pix,
            inverse_corner3=1.0 / geometry[bands[0]].corner_pix ** 3,
        )
        for axis, catalogue in enumerate((references.x_arcsec, references.y_arcsec)):
            targets = _targets(stars, catalogue, references.sigma_arcsec)
            add_equations(sightings, places[axis][chosen], axis, targets, equations)
    solution = solve_bordered(*equations, BAND_TERMS * len(bands))
    return _apply(solution, geometry, bands, frames)


def _targets(stars: _Stars, catalogue_arcsec: Doubles, sigma_arcsec: Doubles) -> Targets:
    """Catalogue places along an axis and their weights, star by star."""
    place, weight = np.zeros(stars.count), np.zeros(stars.count)
    tied = stars.tied()
    place[tied] = catalogue_arcsec[stars.reference[tied]]
    weight[tied] = 1.0 / sigma_arcsec[stars.reference[tied]] ** 2
    return Targets(place, weight)


def _model_pixels(
    observations: Observations,
    references: References,
    geometry: Mapping[Band, FrameGeometry],
    stars: _Stars,
    places: tuple[Doubles, Doubles],
) -> tuple[Doubles, Doubles]:
    """Array pixels, from the middle, of the used observations by the mean place of their star (or the catalogue's).

    The derivatives must not be taken at the measured pixels: their noise is the noise of the residuals, and the scales
    then shrink until the residuals are smaller (by 5e-3 without reference stars, 1e-3 with five).
    """
    chosen = stars.used()
    label, weight = stars.label[chosen], 1.0 / observations.sigma_arcsec[chosen] ** 2
    total = np.maximum(np.bincount(label, weight, stars.count), 1e-30)
    mean = [np.bincount(label, weight * place[chosen], stars.count) / total for place in places]
    tied = stars.tied()
    mean[0][tied] = references.x_arcsec[stars.reference[tied]]
    mean[1][tied] = references.y_arcsec[stars.reference[tied]]
    x, y = np.empty(chosen.size), np.empty(chosen.size)
    for position, band in enumerate(observations.bands):
        seen = observations.band[chosen] == position
        frame, star = observations.frame[chosen][seen], label[seen]
        x[seen], y[seen] = geometry[band].to_pixels(frame, mean[0][star], mean[1][star])
        x[seen] -= geometry[band].middle_pix
        y[seen] -= geometry[band].middle_pix
    return x, y


def _apply(
    solution: Doubles, geometry: Mapping[Band, FrameGeometry], bands: tuple[Band, ...], frames: int
) -> dict[Band, FrameGeometry]:
    """Geometry with the corrections of a solution."""
    moved = {}
    for position, band in enumerate(bands):
        dx, dy, sx, sy, turn, bend = solution[FRAME_TERMS * frames + BAND_TERMS * position :][:BAND_TERMS]
        old = geometry[band]
        moved[band] = replace(
            old,
            x_arcsec=old.x_arcsec + solution[0 : FRAME_TERMS * frames : FRAME_TERMS] + dx,
            y_arcsec=old.y_arcsec + solution[1 : FRAME_TERMS * frames : FRAME_TERMS] + dy,
            turn_rad=old.turn_rad + solution[2 : FRAME_TERMS * frames : FRAME_TERMS],
            matrix_arcsec=old.matrix_arcsec + 2.0 * np.array([[sx, -turn], [turn, sy]]),
            distortion_arcsec=old.distortion_arcsec + float(bend),
        )
    return moved


def _residuals(
    observations: Observations, geometry: Mapping[Band, FrameGeometry], stars: _Stars
) -> tuple[Doubles, Doubles]:
    """Distance of each used observation from the weighted mean of its star, arcsec; NaN for the others."""
    used = stars.used()
    label, weight = stars.label[used], 1.0 / observations.sigma_arcsec[used] ** 2
    total = np.maximum(np.bincount(label, weight, stars.count), 1e-30)
    result = []
    for place in observations.places(geometry):
        mean = np.bincount(label, weight * place[used], stars.count) / total
        rest = np.full(place.size, np.nan)
        rest[used] = place[used] - mean[label]
        result.append(rest)
    return result[0], result[1]


def _drop_outliers(
    observations: Observations, geometry: Mapping[Band, FrameGeometry], stars: _Stars
) -> Integers:
    """Labels without observations more than 5 of their expected errors (robustly scaled) from their star."""
    pull = np.hypot(*_residuals(observations, geometry, stars)) / observations.sigma_arcsec
    used = np.isfinite(pull)
    if not used.any():
        return stars.label
    # The median of a Rayleigh distribution is 1.177.
    scale = max(float(np.median(pull[used])) / 1.177, 0.5)
    label = stars.label.copy()
    label[used & (pull > OUTLIER * scale)] = -1
    return label


def _summary(
    observations: Observations, references: References, geometry: dict[Band, FrameGeometry], stars: _Stars
) -> Registration:
    """Put together the solution and its scatters."""
    rx, ry = _residuals(observations, geometry, stars)
    used = np.isfinite(rx)
    internal = float("nan")
    if used.any():
        bright = used & (observations.sigma_arcsec < np.median(observations.sigma_arcsec[used]))
        if bright.any():
            internal = float(np.sqrt(0.5 * np.mean(rx[bright] ** 2 + ry[bright] ** 2)))
    frames = next(iter(geometry.values())).x_arcsec.size
    seen = np.unique(observations.frame[used]).size
    count, rms = _reference_scatter(observations, references, geometry, stars)
    errors = references.sigma_arcsec[stars.reference[stars.tied()]]
    quality = RegistrationQuality(count, rms, internal, frames - seen, place_error(errors, frames))
    return Registration(geometry, quality)


def _reference_scatter(
    observations: Observations,
    references: References,
    geometry: Mapping[Band, FrameGeometry],
    stars: _Stars,
) -> tuple[int, float]:
    """Count the reference stars that are seen; give also their scatter about the catalogue, NaN without any."""
    used = stars.used()
    label, weight = stars.label[used], 1.0 / observations.sigma_arcsec[used] ** 2
    total = np.bincount(label, weight, stars.count)
    tied = np.flatnonzero((stars.reference >= 0) & (total > 0))
    if not tied.size:
        return 0, float("nan")
    means = [
        (np.bincount(label, weight * place[used], stars.count) / np.maximum(total, 1e-30))[tied]
        for place in observations.places(geometry)
    ]
    star = stars.reference[tied]
    squares = (means[0] - references.x_arcsec[star]) ** 2 + (means[1] - references.y_arcsec[star]) ** 2
    return int(tied.size), float(np.sqrt(0.5 * np.mean(squares)))
