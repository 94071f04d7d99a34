"""How many stars a group has: each must earn its place by what chi-squared falls.

Backward elimination: from the present members each in turn is left out, its light given to the others, and the rest
fitted; the best of these is the next hypothesis, down to one star. Two stars are also started from one, in four
directions. Then forward: a hypothesis of more stars is taken if chi-squared falls by more than noise and errors of the
profile can make it, on more than one look, and its stars stand apart and are significant.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from workers.reduction.frames.prefetch import ask_for_star
from workers.reduction.kernels.compiled import BORROWING, KERNEL
from workers.reduction.photometry.joint_fit import fit_joint, light_errors, write_group
from workers.reduction.photometry.joint_pixels import draw_group, drop_lone_pixels, gather_group
from workers.reduction.photometry.joint_values import (
    Groups,
    JointScene,
    JointStars,
    JointSums,
    JointWork,
)
from workers.reduction.profile.stamps import HALF

FEWEST_PIXELS = 8  # besides three a star
TRIAL_TURNS, LAST_TURNS = 12, 16
TRIAL_GAIN, LAST_GAIN = 0.05, 0.0025
START_ARCSEC = 0.7  # of two stars from the one that they are started from
DIRECTIONS = 4
REACH_ARCSEC = 4.0  # of a star from the nearest first place: 2 pixels, within the pixels of the fit
DOUBTFUL = 1.5  # times the usual chi-squared: two stars may rest in a wrong place
MOST_OF_ONE_LOOK = 0.6  # of the fall of chi-squared, where there are three looks or more


class Evidence(NamedTuple):
    """What a hypothesis must show to replace one of fewer stars.

    Attributes
    ----------
    fall : float
        Least fall of chi-squared a star.
    ratio : float
        Chi-squared must be below this share of the other's, once a star.
    apart_arcsec : float
        Least distance of any two stars.
    snr : float
        Least light of each star in units of its marginal error.
    """

    fall: float
    ratio: float
    apart_arcsec: float
    snr: float


EVIDENCE = Evidence(fall=25.0, ratio=0.9, apart_arcsec=0.9, snr=3.5)


@njit(**KERNEL, inline="always")
def _without(sums: JointSums, count: int, left_out: int) -> None:
    """Start from the best hypothesis of one star more without one of them: the others share its light by nearness."""
    best = sums.best
    n = count + 1
    x = best[n, 3 * left_out + 1]
    y = best[n, 3 * left_out + 2]
    total = 0.0
    for star in range(n):
        if star != left_out:
            dx = best[n, 3 * star + 1] - x
            dy = best[n, 3 * star + 2] - y
            total += 1.0 / (dx * dx + dy * dy + 0.01) / (dx * dx + dy * dy + 0.01)
    at = 0
    for star in range(n):
        if star == left_out:
            continue
        dx = best[n, 3 * star + 1] - x
        dy = best[n, 3 * star + 2] - y
        light = best[n, 3 * left_out] / (dx * dx + dy * dy + 0.01) / (dx * dx + dy * dy + 0.01) / total
        share = light / (light + best[n, 3 * star])
        sums.trial[at] = best[n, 3 * star] + light
        sums.trial[at + 1] = best[n, 3 * star + 1] - share * dx
        sums.trial[at + 2] = best[n, 3 * star + 2] - share * dy
        at += 3


@njit(**KERNEL, inline="always")
def _from_one(sums: JointSums, direction: int) -> None:
    """Start two stars from the best single one, 0.7" on either side."""
    angle = math.pi * direction / DIRECTIONS
    for star in range(2):
        side = START_ARCSEC * (2 * star - 1)
        sums.trial[3 * star] = 0.5 * sums.best[1, 0]
        sums.trial[3 * star + 1] = sums.best[1, 1] + side * math.cos(angle)
        sums.trial[3 * star + 2] = sums.best[1, 2] + side * math.sin(angle)


@njit(**KERNEL, inline="always")
def _remember(sums: JointSums, count: int, chi2: float) -> None:
    """Make the kept stars the best hypothesis of their number."""
    sums.best_chi2[count] = chi2
    for a in range(3 * count):
        sums.best[count, a] = sums.kept[a]
        for b in range(a + 1):
            sums.best_matrix[count, a, b] = sums.kept_matrix[a, b]
    for k in range(sums.look.size):
        sums.best_look[count, k] = sums.kept_look[k]


@njit(**KERNEL, inline="always")
def _recall(sums: JointSums, count: int) -> None:
    """Start from the best hypothesis of a number of stars."""
    for a in range(3 * count):
        sums.trial[a] = sums.best[count, a]
        for b in range(a + 1):
            sums.kept_matrix[a, b] = sums.best_matrix[count, a, b]


@njit(**KERNEL, inline="always")
def _apart(sums: JointSums, groups: Groups, g: int, count: int, apart: float) -> bool:
    """Whether the stars of a hypothesis stand apart, and each within reach of a first place."""
    best = sums.best
    good = True
    for star in range(count):
        nearest = np.inf
        for m in range(groups.start[g], groups.start[g + 1]):
            dx = best[count, 3 * star + 1] - groups.star[m, 1]
            dy = best[count, 3 * star + 2] - groups.star[m, 2]
            nearest = min(nearest, dx * dx + dy * dy)
        good &= nearest < REACH_ARCSEC * REACH_ARCSEC
        for other in range(star):
            dx = best[count, 3 * star + 1] - best[count, 3 * other + 1]
            dy = best[count, 3 * star + 2] - best[count, 3 * other + 2]
            good &= dx * dx + dy * dy > apart * apart
    return bool(good)


@njit(**KERNEL, inline="always")
def _falls(sums: JointSums, few: int, many: int, looks: int, evidence: Evidence) -> bool:
    """Whether chi-squared falls enough from a hypothesis to one of more stars, and not on one look alone."""
    fall = sums.best_chi2[few] - sums.best_chi2[many]
    ratio = 1.0
    for _ in range(few, many):
        ratio *= evidence.ratio
    good = fall > evidence.fall * (many - few) and sums.best_chi2[many] < ratio * sums.best_chi2[few]
    if looks > 2:
        for k in range(looks):
            good &= sums.best_look[few, k] - sums.best_look[many, k] < MOST_OF_ONE_LOOK * fall
    return bool(good)


@njit(**KERNEL, inline="always")
def _chosen(sums: JointSums, groups: Groups, g: int, most: int, looks: int, evidence: Evidence) -> int:
    """Find the number of stars that the evidence is for."""
    chosen = 1
    for count in range(2, most + 1):
        if not sums.best_chi2[count] < np.inf or not _falls(sums, chosen, count, looks, evidence):
            continue
        if not _apart(sums, groups, g, count, evidence.apart_arcsec):
            continue
        _recall(sums, count)
        good = light_errors(sums, count)
        if good:
            for star in range(count):
                good &= sums.best[count, 3 * star] > evidence.snr * sums.step[3 * star]
        if good:
            chosen = count
    return chosen


@njit(**KERNEL, inline="always")
def _give_light_back(
    scene: JointScene, groups: Groups, g: int, size: tuple[int, int], work: JointWork
) -> None:
    """Add the members' light to the pixels, as the residual frames lack it; the members become the trial."""
    first = groups.start[g]
    count = groups.start[g + 1] - first
    for star in range(count):
        for a in range(3):
            work.sums.trial[3 * star + a] = groups.star[first + star, a]
    draw_group(scene, work, size, count, 0.0)
    for q in range(size[1]):
        work.pixels.data[q] += work.pixels.model[q]


@njit(**KERNEL, inline="always")
def _start(sums: JointSums, groups: Groups, g: int, stage: int, count: int, trial: int) -> None:
    """Put the first guess of a trial into the sums."""
    members = groups.start[g + 1] - groups.start[g]
    if stage > members:
        _recall(sums, count)
    elif stage == members:
        _from_one(sums, trial)
    elif stage > 0:
        _without(sums, count, trial)
    else:
        for a in range(3 * members):
            sums.trial[a] = groups.star[groups.start[g] + a // 3, a % 3]


@njit(**KERNEL, inline="always")
def _trials(stage: int, members: int, sums: JointSums, doubtful: float) -> tuple[int, int]:
    """Stars and trials of a stage: the members; fewer and fewer; two from one. The last fit is the caller's."""
    stars = members - stage
    trials = stars + 1 if stage > 0 and stars > 1 else 1
    if stage == members:
        stars = 2
        trials = DIRECTIONS if members == 1 or sums.best_chi2[2] > doubtful else 0
    return stars, trials


@njit(**KERNEL)
def _search(
    scene: JointScene,
    groups: Groups,
    evidence: Evidence,
    g: int,
    size: tuple[int, int],
    work: JointWork,
) -> tuple[int, bool]:
    """Fit all hypotheses of a group, and at last the one that the evidence is for: its stars, whether it settled.

    The fit stands here once, for all stages: each copy of it takes seconds to compile.
    """
    sums = work.sums
    sums.best_chi2[:] = np.inf
    members = groups.start[g + 1] - groups.start[g]
    used = size[1]
    stage = 0
    clean = False
    while True:
        last = stage > members
        count, trials = _trials(stage, members, sums, DOUBTFUL * groups.usual[g] * (used - 6))
        if last:
            most = max(members, 2)
            count = _chosen(sums, groups, g, most, size[0], evidence) if groups.search[g] else members
            trials = 1
        settled = False
        for trial in range(trials):
            _start(sums, groups, g, stage, count, trial)
            turns, small = (LAST_TURNS, LAST_GAIN) if last else (TRIAL_TURNS, TRIAL_GAIN)
            chi2, settled = fit_joint(scene, work, size, count, turns, small)
            if not last and chi2 < sums.best_chi2[count]:
                _remember(sums, count, chi2)
        if last:
            return count, settled
        dropped = drop_lone_pixels(work, size) if stage == 0 and not clean else 0
        clean = True
        used -= dropped
        if dropped > 0:
            sums.best_chi2[members] = np.inf
        else:
            stage = stage + 1 if groups.search[g] else members + 1


@njit(**BORROWING)
def search_groups(
    scene: JointScene, groups: Groups, evidence: Evidence, work: JointWork, out: JointStars
) -> None:
    """Fit groups jointly, those that are to be searched with as many stars as the evidence is for.

    Parameters
    ----------
    scene : JointScene
        Residual frames without any star, profile and looks of the band; only read.
    groups : Groups
        The groups, of 1 to 5 stars.
    evidence : Evidence
        What a star must show.
    work : JointWork
        Work space.
    out : JointStars
        Room for as many groups.
    """
    frames = scene.frames
    _, ny, nx = frames.pixels_dn.shape
    for g in range(groups.start.size - 1):
        ask_for_star(frames.pixels_dn, frames.flags, (ny, nx), scene.looks, g + 1, HALF)
        size = gather_group(scene, groups, g, work)
        if size[1] < FEWEST_PIXELS + 3 * (groups.start[g + 1] - groups.start[g]):
            continue
        _give_light_back(scene, groups, g, size, work)
        count, settled = _search(scene, groups, evidence, g, size, work)
        out.settled[g] = settled
        write_group(scene, work, size, count, out, g)
