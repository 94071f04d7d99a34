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
from workers.reduction.registration.equations import add_equations
from workers.reduction.registration.pegs import BAND_TERMS, FRAME_TERMS, pegs, solve_bordered
from workers.reduction.registration.values import (
    Guess,
    Observations,
    References,
    Registration,
    RegistrationQuality,
)

RADII_ARCSEC = (2.5, 1.2, 0.8, 0.8)  # of matching, one a round


@dataclass
class _State:
    """What one round hands to the next."""

    geometry: dict[Band, FrameGeometry]
    groups: int = 0
    label: Integers | None = None  # group of each observation, -1 for none
    reference: Integers | None = None  # reference star of each group, -1 for none


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
    references : References
        May be empty.
    guess : Guess
        First geometry, good to about the first radius; and the commanded places for the pegs.
    radii_arcsec : tuple of float
        Within which sources count as one star, one a round; the last serves once more, without outliers.
    """
    state = _State(dict(guess.geometry))
    for radius in radii_arcsec:
        state = _group(observations, references, state, radius)
        state.geometry = _solve(observations, references, guess, state)
    kept = _drop_outliers(observations, state)
    state.label = kept
    state.geometry = _solve(observations, references, guess, state)
    return _summary(observations, references, state)


def _places(observations: Observations, geometry: Mapping[Band, FrameGeometry]) -> tuple[Doubles, Doubles]:
    x, y = np.empty(observations.frame.size), np.empty(observations.frame.size)
    for position, band in enumerate(observations.bands):
        mine = observations.band == position
        x[mine], y[mine] = geometry[band].to_uscan(
            observations.frame[mine], observations.x_pix[mine], observations.y_pix[mine]
        )
    return x, y


def _group(observations: Observations, references: References, state: _State, radius: float) -> _State:
    """Join observations of one star, and join reference stars to them."""
    n = observations.frame.size
    x, y = _places(observations, state.geometry)
    if n == 0:
        return _State(state.geometry, 0, np.zeros(0, np.int64), np.zeros(0, np.int64))
    groups, label = joined(close_pairs(np.column_stack([x, y]), radius), n)
    # Two observations of one frame and band in a group: a close pair or a chain, useless for registration.
    key = (label * 4096 + observations.frame) * len(observations.bands) + observations.band
    ordered = np.sort(key)
    double = ordered[1:][ordered[1:] == ordered[:-1]] // len(observations.bands) // 4096
    spoilt = np.zeros(groups, bool)
    spoilt[double] = True
    label[spoilt[label]] = -1
    reference = _match_references(x, y, observations, label, groups, references, radius)
    single = np.bincount(label[label >= 0], minlength=groups) < 2
    drop = single & (reference < 0)
    label[(label >= 0) & drop[np.maximum(label, 0)]] = -1
    return _State(state.geometry, groups, label, reference)


def _match_references(
    x: Doubles,
    y: Doubles,
    observations: Observations,
    label: Integers,
    groups: int,
    references: References,
    radius: float,
) -> Integers:
    """Find the reference star of each group, -1 for none; a star or group with two candidates has none."""
    reference = np.full(groups, -1, np.int64)
    used = label >= 0
    if not references.x_arcsec.size or not used.any():
        return reference
    count = np.bincount(label[used], minlength=groups).astype(np.float64)
    there = np.flatnonzero(count > 0)
    gx = np.bincount(label[used], x[used], groups)[there] / count[there]
    gy = np.bincount(label[used], y[used], groups)[there] / count[there]
    brightest = np.full(groups, np.inf)
    np.minimum.at(brightest, label[used], observations.magnitude[used])
    stars = np.column_stack([references.x_arcsec, references.y_arcsec])
    star, near = pairs_across(stars, np.column_stack([gx, gy]), radius).T
    possible = brightest[there[near]] < references.magnitude[star] + 0.7
    star, group = star[possible], there[near[possible]]
    alone = np.bincount(star, minlength=1)[star] == 1
    star, group = star[alone], group[alone]
    alone = np.bincount(group, minlength=1)[group] == 1
    reference[group[alone]] = star[alone]
    return reference


def _solve(
    observations: Observations, references: References, guess: Guess, state: _State
) -> dict[Band, FrameGeometry]:
    """One linear solution for corrections to the state's geometry."""
    assert state.label is not None  # noqa: S101 - set by _group, told to the type checker
    assert state.reference is not None  # noqa: S101
    frames = guess.commanded_x_arcsec.size
    unknowns = FRAME_TERMS * frames + BAND_TERMS * len(observations.bands)
    chosen = np.flatnonzero(state.label >= 0)
    normal, right = pegs(guess, state.geometry, observations.bands, unknowns)
    if chosen.size:
        x, y = _places(observations, state.geometry)
        weight = 1.0 / observations.sigma_arcsec[chosen] ** 2
        label = state.label[chosen]
        order = np.argsort(label, kind="stable")
        first_of_frame = FRAME_TERMS * observations.frame[chosen]
        first_of_band = FRAME_TERMS * frames + BAND_TERMS * observations.band[chosen]
        target_weight = np.zeros(state.groups)
        tied = np.flatnonzero(state.reference >= 0)
        target_weight[tied] = 1.0 / references.sigma_arcsec[state.reference[tied]] ** 2
        model = _model_pixels(observations, references, state, chosen, (x, y))
        for axis, place in enumerate((x[chosen], y[chosen])):
            target = np.zeros(state.groups)
            source = references.x_arcsec if axis == 0 else references.y_arcsec
            target[tied] = source[state.reference[tied]]
            add_equations(
                order, label, first_of_frame, first_of_band, weight, place, *model, axis, target, target_weight,
                normal, right,
            )  # fmt: skip
    solution = solve_bordered(normal, right, BAND_TERMS * len(observations.bands))
    return _apply(solution, state.geometry, observations.bands, frames)


def _model_pixels(
    observations: Observations,
    references: References,
    state: _State,
    chosen: Integers,
    places: tuple[Doubles, Doubles],
) -> tuple[Doubles, Doubles]:
    """Array pixels of the chosen observations by the mean place of their star (or its catalogue place).

    The derivatives must not be taken at the measured pixels: their noise is the noise of the residuals, and the scales
    then shrink until the residuals are smaller (by 5e-3 without reference stars, 1e-3 with five).
    """
    assert state.label is not None  # noqa: S101 - as above
    assert state.reference is not None  # noqa: S101
    label, weight = state.label[chosen], 1.0 / observations.sigma_arcsec[chosen] ** 2
    total = np.maximum(np.bincount(label, weight, state.groups), 1e-30)
    mean = [np.bincount(label, weight * place[chosen], state.groups) / total for place in places]
    tied = np.flatnonzero(state.reference >= 0)
    mean[0][tied] = references.x_arcsec[state.reference[tied]]
    mean[1][tied] = references.y_arcsec[state.reference[tied]]
    x, y = np.empty(chosen.size), np.empty(chosen.size)
    for position, band in enumerate(observations.bands):
        mine = observations.band[chosen] == position
        x[mine], y[mine] = state.geometry[band].to_pixels(
            observations.frame[chosen][mine], mean[0][label[mine]], mean[1][label[mine]]
        )
    return x, y


def _apply(
    solution: Doubles, geometry: Mapping[Band, FrameGeometry], bands: tuple[Band, ...], frames: int
) -> dict[Band, FrameGeometry]:
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


def _residuals(observations: Observations, state: _State) -> tuple[Doubles, Doubles]:
    """Distance of each observation in a group from the group's weighted mean; NaN for the others."""
    assert state.label is not None  # noqa: S101 - as above
    x, y = _places(observations, state.geometry)
    used = state.label >= 0
    label, weight = state.label[used], 1.0 / observations.sigma_arcsec[used] ** 2
    total = np.maximum(np.bincount(label, weight, state.groups), 1e-30)
    result = []
    for place in (x, y):
        mean = np.bincount(label, weight * place[used], state.groups) / total
        rest = np.full(place.size, np.nan)
        rest[used] = place[used] - mean[label]
        result.append(rest)
    return result[0], result[1]


def _drop_outliers(observations: Observations, state: _State) -> Integers:
    """Labels without observations more than 5 of their expected errors (robustly scaled) from their star."""
    assert state.label is not None  # noqa: S101 - as above
    rx, ry = _residuals(observations, state)
    pull = np.hypot(rx, ry) / observations.sigma_arcsec
    used = np.isfinite(pull)
    if not used.any():
        return state.label
    scale = max(float(np.median(pull[used])) / 1.177, 0.5)
    label = state.label.copy()
    label[used & (pull > 5.0 * scale)] = -1
    return label


def _summary(observations: Observations, references: References, state: _State) -> Registration:
    assert state.label is not None  # noqa: S101 - as above
    assert state.reference is not None  # noqa: S101
    rx, ry = _residuals(observations, state)
    used = np.isfinite(rx)
    bright = used & (
        observations.sigma_arcsec < np.median(observations.sigma_arcsec[used]) if used.any() else used
    )
    internal = (
        float(np.sqrt(0.5 * np.mean(rx[bright] ** 2 + ry[bright] ** 2))) if bright.any() else float("nan")
    )
    x, y = _places(observations, state.geometry)
    label, weight = state.label[used], 1.0 / observations.sigma_arcsec[used] ** 2
    total = np.bincount(label, weight, state.groups)
    tied = np.flatnonzero((state.reference >= 0) & (total > 0))
    rms = float("nan")
    if tied.size:
        star = state.reference[tied]
        dx = (np.bincount(label, weight * x[used], state.groups) / np.maximum(total, 1e-30))[tied]
        dy = (np.bincount(label, weight * y[used], state.groups) / np.maximum(total, 1e-30))[tied]
        squares = (dx - references.x_arcsec[star]) ** 2 + (dy - references.y_arcsec[star]) ** 2
        rms = float(np.sqrt(0.5 * np.mean(squares)))
    frames = next(iter(state.geometry.values())).x_arcsec.size
    seen = np.unique(observations.frame[used]).size
    quality = RegistrationQuality(int(tied.size), rms, internal, frames - seen)
    return Registration(state.geometry, quality)
