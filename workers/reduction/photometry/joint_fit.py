"""The joint fit of a group of stars: lights and places together, by damped Gauss-Newton (Levenberg 1944).

Block descent, which is enough for wider neighbours, sticks where profiles overlap: two equal stars 1.5" apart rested at
1.36 and 0.64 of their light after 24 sweeps. Here all 3 n unknowns of a group have one matrix, whose inverse also gives
the errors: those of a star fitted alone leave out what its partner may take.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from workers.reduction.kernels.cholesky import factorise, solve
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.photometry.fit_steps import FIT_RADIUS2
from workers.reduction.photometry.joint_pixels import DOUBTED_CHI2, draw_group, held_by_pixels, sum_group
from workers.reduction.photometry.joint_values import JointScene, JointStars, JointSums, JointWork
from workers.reduction.profile.stamps import PHASES

LARGEST_STEP_ARCSEC = 0.8
LEAST_SHARE = 0.002  # of the group's light: a star without light has no place
WORSE = 0.05  # of chi-squared, which a step may cost: weights change with the model
FIRST_DAMPING, LEAST_DAMPING = 1e-3, 1e-7
CALMER, BOLDER = 10.0, 0.1
HALF_PHASE_PIX = 0.5 / PHASES
MOST_VARIANCE_ARCSEC2 = 4.0  # of a coordinate: pixels that place a star no better than a pixel do not show it


@njit(**KERNEL, inline="always")
def _keep(sums: JointSums, count: int, looks: int) -> None:
    """Keep the present step: its stars, its normal equations, its chi-squared by look."""
    for a in range(3 * count):
        sums.kept[a] = sums.trial[a]
        sums.kept_right[a] = sums.right[a]
        for b in range(a + 1):
            sums.kept_matrix[a, b] = sums.matrix[a, b]
    for k in range(looks):
        sums.kept_look[k] = sums.look[k]


@njit(**KERNEL, inline="always")
def _gain(sums: JointSums, count: int) -> float:
    """Chi-squared that the step gains by the parabola of the kept equations."""
    gain = 0.0
    for a in range(3 * count):
        half = 0.5 * sums.kept_matrix[a, a] * sums.step[a]
        for b in range(a):
            half += sums.kept_matrix[a, b] * sums.step[b]
        gain += 2.0 * sums.step[a] * (sums.kept_right[a] - half)
    return float(gain)


@njit(**KERNEL, inline="always")
def _next_trial(sums: JointSums, count: int, damping: float) -> float:
    """Step from the kept stars to the next trial; what it gains, negative where the matrix has no inverse."""
    unknowns = 3 * count
    for a in range(unknowns):
        for b in range(a):
            sums.factor[a, b] = sums.kept_matrix[a, b]
        sums.factor[a, a] = sums.kept_matrix[a, a] * (1.0 + damping)
        sums.step[a] = sums.kept_right[a]
    if not factorise(sums.factor, unknowns):
        return -1.0
    solve(sums.factor, sums.step, unknowns)
    light = 0.0
    for star in range(count):
        light += sums.kept[3 * star]
    for star in range(count):
        a = 3 * star
        sums.step[a] = max(sums.step[a], LEAST_SHARE * light - sums.kept[a])
        for b in range(a + 1, a + 3):
            sums.step[b] = min(max(sums.step[b], -LARGEST_STEP_ARCSEC), LARGEST_STEP_ARCSEC)
    for a in range(unknowns):
        sums.trial[a] = sums.kept[a] + sums.step[a]
    return float(_gain(sums, count))


@njit(**KERNEL)
def fit_joint(
    scene: JointScene,
    work: JointWork,
    size: tuple[int, int],
    count: int,
    turns: int,
    small: float,
) -> tuple[float, bool]:
    """Fit the stars of `trial`, which become `kept`: chi-squared, and whether the last step would gain little.

    Parameters
    ----------
    scene : JointScene
        Profile, frames and looks of the band.
    work : JointWork
        Its pixels are gathered; trial has light, x and y of each star.
    size : (int, int)
        What `gather_group` gave.
    count : int
        Stars, 1 to 5.
    turns : int
        Most steps.
    small : float
        The fit has settled when a step gains less chi-squared than this.
    """
    sums = work.sums
    best = np.inf
    damping = FIRST_DAMPING
    for turn in range(turns + 1):
        # As in fits of single stars: derivatives jump from phase to phase, so a fit near its end keeps its phases.
        draw_group(scene, work, size, count, HALF_PHASE_PIX if turn < 3 else 2.5 * HALF_PHASE_PIX)
        chi2 = sum_group(work, size, count, scene.frames.inverse_gain)
        if chi2 <= best + WORSE:
            best = chi2
            damping = max(damping * BOLDER, LEAST_DAMPING)
            _keep(sums, count, size[0])
        else:
            damping *= CALMER
        gain = _next_trial(sums, count, damping)
        if gain < small:
            return best, gain >= 0.0
    return best, False


@njit(**KERNEL, inline="always")
def light_errors(sums: JointSums, count: int) -> bool:
    """Put the marginal errors of the stars' lights, by the inverse of `kept_matrix`, into `step`; False without one.

    Parameters
    ----------
    sums : JointSums
        Its `factor` becomes the factor of `kept_matrix`.
    count : int
        Stars of the hypothesis.
    """
    unknowns = 3 * count
    for a in range(unknowns):
        for b in range(a + 1):
            sums.factor[a, b] = sums.kept_matrix[a, b]
    if not factorise(sums.factor, unknowns):
        return False
    for star in range(count):
        for a in range(unknowns):
            sums.right[a] = 1.0 if a == 3 * star else 0.0
        solve(sums.factor, sums.right, unknowns)
        sums.step[3 * star] = math.sqrt(max(sums.right[3 * star], 0.0))
    return True


@njit(**KERNEL, inline="always")
def _place_errors(sums: JointSums, star: int, unknowns: int, error: tuple[JointStars, int]) -> None:
    """Write the variances of a star's place, by the factor that `light_errors` left."""
    out, g = error
    for axis in range(1, 3):
        for a in range(unknowns):
            sums.right[a] = 1.0 if a == 3 * star + axis else 0.0
        solve(sums.factor, sums.right, unknowns)
        out.error[g, star, axis] = sums.right[3 * star + axis]
        out.error[g, star, 3] = sums.right[3 * star + 1]


@njit(**KERNEL, inline="always")
def _own_chi2(
    scene: JointScene, work: JointWork, size: tuple[int, int], star: int, out: JointStars, g: int
) -> None:
    """Write the reduced chi-squared of the pixels within 2.5 pixels of a star, and their number."""
    pixels, stamps = work.pixels, work.stamps
    inverse = scene.looks.inverse
    east = work.sums.kept[3 * star + 1]
    north = work.sums.kept[3 * star + 2]
    chi2 = 0.0
    count = 0
    for k in range(size[0]):
        i = stamps.frame[k]
        x = stamps.origin[k, 0] + inverse[i, 0, 0] * east + inverse[i, 0, 1] * north
        y = stamps.origin[k, 1] + inverse[i, 1, 0] * east + inverse[i, 1, 1] * north
        for q in range(pixels.first[k], pixels.first[k + 1]):
            dx = pixels.column[q] - x
            dy = pixels.row[q] - y
            if dx * dx + dy * dy <= FIT_RADIUS2 and pixels.use[q] > 0.0:
                chi2 += pixels.weight[q] * pixels.rest[q] * pixels.rest[q]
                count += 1
    # The unknowns of the group are spent on all its pixels alike.
    spent = 3.0 * out.members[g] * count / max(size[1], 1)
    out.chi2[g, star] = chi2 / max(count - spent, 1.0)
    out.pixels[g, star] = count


@njit(**KERNEL)
def write_group(
    scene: JointScene, work: JointWork, size: tuple[int, int], count: int, out: JointStars, g: int
) -> None:
    """Write the kept stars of a group, their errors and chi-squared.

    No member where their matrix has no inverse, or the pixels do not hold the light and the places that the fit ended
    at.

    Parameters
    ----------
    scene : JointScene
        Profile, frames and looks of the band.
    work : JointWork
        As `fit_joint` left it.
    size : (int, int)
        What `gather_group` gave.
    count : int
        Stars of the group.
    out : JointStars
        Row `g` is written.
    g : int
        Number of the group.
    """
    sums = work.sums
    for a in range(3 * count):
        sums.trial[a] = sums.kept[a]
    draw_group(scene, work, size, count, 2.5 * HALF_PHASE_PIX)
    chi2 = sum_group(work, size, count, scene.frames.inverse_gain)
    out.members[g] = 0
    if not light_errors(sums, count):
        return
    held = True
    if not chi2 <= DOUBTED_CHI2 * size[1]:
        for star in range(count):
            held &= held_by_pixels(work, size, star, sums.kept[3 * star])
    out.members[g] = count
    for star in range(count):
        for a in range(3):
            out.star[g, star, a] = sums.kept[3 * star + a]
        out.error[g, star, 0] = sums.step[3 * star]
        _place_errors(sums, star, 3 * count, (out, g))
        _own_chi2(scene, work, size, star, out, g)
        held &= max(out.error[g, star, 1], out.error[g, star, 2]) < MOST_VARIANCE_ARCSEC2
    if not held:
        out.members[g] = 0
