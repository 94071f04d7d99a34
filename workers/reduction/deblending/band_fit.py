"""The joint fit of the stars of a site on the looks of all bands: common places, light of its own in every band.

Damped Gauss-Newton (Levenberg 1944) as in fits of one band (`photometry/joint_fit`), whose pixels, stamps and sums it
uses band by band; the normal equations of the bands are added where they have unknowns in common.
"""

from __future__ import annotations

import math

from numba import njit

from workers.reduction.deblending.values import OF_A_STAR, PLANES, BandSums, SiteStars
from workers.reduction.kernels.cholesky import factorise, solve
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.photometry.fit_steps import FIT_RADIUS2
from workers.reduction.photometry.joint_fit import (
    BOLDER,
    CALMER,
    FIRST_DAMPING,
    HALF_PHASE_PIX,
    LARGEST_STEP_ARCSEC,
    LEAST_DAMPING,
    MOST_VARIANCE_ARCSEC2,
    WORSE,
)
from workers.reduction.photometry.joint_pixels import DOUBTED_CHI2, draw_group, held_by_pixels, sum_group
from workers.reduction.photometry.joint_values import MOST_LOOKS, JointScene, JointWork

Scenes = tuple[JointScene, JointScene, JointScene]
Works = tuple[JointWork, JointWork, JointWork]
TURNS_OF_BOUNDS = 3  # solutions with less light than none in some band
Sizes = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


@njit(**KERNEL, inline="always")
def _place_of(a: int, band: int) -> int:
    """Unknown of all bands that is unknown `a` of one: light, x, y of each star."""
    star = a // 3
    part = a - 3 * star
    return OF_A_STAR * star + (2 + band if part == 0 else part - 1)


@njit(**KERNEL)
def _add_band(
    scene: JointScene,
    work: JointWork,
    size: tuple[int, int],
    band: int,
    count: int,
    slack: float,
    sums: BandSums,
) -> float:
    """Draw the stars of `trial` in one band, and add its normal equations to those of all; its chi-squared."""
    if size[1] == 0:
        return 0.0
    for star in range(count):
        work.sums.trial[3 * star] = sums.trial[OF_A_STAR * star + 2 + band]
        work.sums.trial[3 * star + 1] = sums.trial[OF_A_STAR * star]
        work.sums.trial[3 * star + 2] = sums.trial[OF_A_STAR * star + 1]
    draw_group(scene, work, size, count, slack)
    chi2 = sum_group(work, size, count, scene.frames.inverse_gain)
    for a in range(3 * count):
        p = _place_of(a, band)
        sums.right[p] += work.sums.right[a]
        for b in range(a + 1):
            q = _place_of(b, band)
            sums.matrix[max(p, q), min(p, q)] += work.sums.matrix[a, b]
    for k in range(size[0]):
        sums.look[MOST_LOOKS * band + k] = work.sums.look[k]
    return float(chi2)


@njit(**KERNEL)
def _sum_bands(scenes: Scenes, works: Works, sizes: Sizes, count: int, slack: float, sums: BandSums) -> float:
    """Sum up normal equations and chi-squared of the stars of `trial` on all looks of all bands."""
    unknowns = OF_A_STAR * count
    for a in range(unknowns):
        sums.right[a] = 0.0
        for b in range(a + 1):
            sums.matrix[a, b] = 0.0
    for k in range(sums.look.size):
        sums.look[k] = 0.0
    chi2 = 0.0
    for band in range(PLANES):
        chi2 += _add_band(scenes[band], works[band], sizes[band], band, count, slack, sums)
    for a in range(unknowns):
        # Light in a band that did not look: nothing tells of it, and nothing changes it.
        if sums.matrix[a, a] == 0.0:
            sums.matrix[a, a] = 1.0
    return chi2


@njit(**KERNEL, inline="always")
def _keep(sums: BandSums, count: int) -> None:
    """Keep the present step: its stars, its normal equations, its chi-squared by look."""
    for a in range(OF_A_STAR * count):
        sums.kept[a] = sums.trial[a]
        sums.kept_right[a] = sums.right[a]
        for b in range(a + 1):
            sums.kept_matrix[a, b] = sums.matrix[a, b]
    for k in range(sums.look.size):
        sums.kept_look[k] = sums.look[k]


@njit(**KERNEL, inline="always")
def _solve_step(sums: BandSums, unknowns: int, damping: float) -> bool:
    """Step of all unknowns, those that are `held` by what that says; False where the matrix has no inverse."""
    for a in range(unknowns):
        sums.step[a] = sums.kept_right[a]
        for b in range(unknowns):
            if not sums.free[b]:
                sums.step[a] -= sums.kept_matrix[max(a, b), min(a, b)] * sums.held[b]
        for b in range(a):
            both = sums.free[a] and sums.free[b]
            sums.factor[a, b] = sums.kept_matrix[a, b] if both else 0.0
        sums.factor[a, a] = sums.kept_matrix[a, a] * (1.0 + damping) if sums.free[a] else 1.0
        if not sums.free[a]:
            sums.step[a] = sums.held[a]
    if not factorise(sums.factor, unknowns):
        return False
    solve(sums.factor, sums.step, unknowns)
    return True


@njit(**KERNEL, inline="always")
def _next_trial(sums: BandSums, count: int, damping: float) -> float:
    """Step from the kept stars to the next trial; what it gains, negative where the matrix has no inverse.

    A star may have no light in a band, but not less than none: such light is set to none, and the others solved anew.
    """
    unknowns = OF_A_STAR * count
    for a in range(unknowns):
        sums.free[a] = True
    for _ in range(TURNS_OF_BOUNDS):
        if not _solve_step(sums, unknowns, damping):
            return -1.0
        changed = False
        for a in range(unknowns):
            if a % OF_A_STAR >= 2 and sums.free[a] and sums.step[a] < -sums.kept[a]:
                sums.free[a] = False
                sums.held[a] = -sums.kept[a]
                changed = True
        if not changed:
            break
    for a in range(unknowns):
        if a % OF_A_STAR < 2:
            sums.step[a] = min(max(sums.step[a], -LARGEST_STEP_ARCSEC), LARGEST_STEP_ARCSEC)
        else:
            sums.step[a] = max(sums.step[a], -sums.kept[a])
        sums.trial[a] = sums.kept[a] + sums.step[a]
    gain = 0.0
    for a in range(unknowns):
        half = 0.5 * sums.kept_matrix[a, a] * sums.step[a]
        for b in range(a):
            half += sums.kept_matrix[a, b] * sums.step[b]
        gain += 2.0 * sums.step[a] * (sums.kept_right[a] - half)
    return float(gain)


@njit(**KERNEL)
def fit_bands(
    scenes: Scenes,
    works: Works,
    sizes: Sizes,
    sums: BandSums,
    count: int,
    turns: int,
    small: float,
) -> tuple[float, bool]:
    """Fit the stars of `trial`, which become `kept`: chi-squared, and whether the last step would gain little.

    Parameters
    ----------
    scenes : three JointScene
        Profile and looks of each band; of a band that is not there any other's.
    works : three JointWork
        Their cut-outs of the site are loaded.
    sizes : three (int, int)
        What `load` gave; a band without pixels tells nothing.
    sums : BandSums
        Trial has the unknowns of each star.
    count : int
        Stars, 1 to 4.
    turns : int
        Most steps.
    small : float
        The fit has settled when a step gains less chi-squared than this.
    """
    best = math.inf
    damping = FIRST_DAMPING
    for turn in range(turns + 1):
        # Derivatives jump from phase to phase, so a fit near its end keeps its phases.
        slack = HALF_PHASE_PIX if turn < 3 else 2.5 * HALF_PHASE_PIX
        chi2 = _sum_bands(scenes, works, sizes, count, slack, sums)
        if chi2 <= best + WORSE:
            best = chi2
            damping = max(damping * BOLDER, LEAST_DAMPING)
            _keep(sums, count)
        else:
            damping *= CALMER
        gain = _next_trial(sums, count, damping)
        if gain < small:
            return best, gain >= 0.0
    return best, False


@njit(**KERNEL, inline="always")
def factor_of(sums: BandSums, count: int) -> bool:
    """Put the factor of `kept_matrix` into `factor`; False where it has no inverse."""
    unknowns = OF_A_STAR * count
    for a in range(unknowns):
        for b in range(a + 1):
            sums.factor[a, b] = sums.kept_matrix[a, b]
    return bool(factorise(sums.factor, unknowns))


@njit(**KERNEL, inline="always")
def column_of(sums: BandSums, count: int, wanted: int) -> None:
    """Put a column of the inverse into `right`.

    Parameters
    ----------
    sums : BandSums
        With the factor that `factor_of` left.
    count : int
        Stars of the hypothesis.
    wanted : int
        Number of the unknown.
    """
    for a in range(OF_A_STAR * count):
        sums.right[a] = 1.0 if a == wanted else 0.0
    solve(sums.factor, sums.right, OF_A_STAR * count)


@njit(**KERNEL, inline="always")
def _nearest(sums: BandSums, count: int, star: int) -> int:
    """Nearest other star of the kept ones; -1 for none."""
    nearest = -1
    least = math.inf
    for other in range(count):
        dx = sums.kept[OF_A_STAR * other] - sums.kept[OF_A_STAR * star]
        dy = sums.kept[OF_A_STAR * other + 1] - sums.kept[OF_A_STAR * star + 1]
        if other != star and dx * dx + dy * dy < least:
            least = dx * dx + dy * dy
            nearest = other
    return nearest


@njit(**KERNEL)
def _write_errors(sums: BandSums, sizes: Sizes, count: int, out: SiteStars, g: int) -> None:
    """Write variances, errors of light and correlations of the kept stars, by the factor of their matrix."""
    for star in range(count):
        first = OF_A_STAR * star
        column_of(sums, count, first)
        out.variance[g, star, 0] = sums.right[first]
        out.variance[g, star, 2] = sums.right[first + 1]
        column_of(sums, count, first + 1)
        out.variance[g, star, 1] = sums.right[first + 1]
        for band in range(PLANES):
            column_of(sums, count, first + 2 + band)
            seen = sizes[band][1] > 0
            out.light_error[g, star, band] = (
                math.sqrt(max(sums.right[first + 2 + band], 0.0)) if seen else 0.0
            )
            partner = _nearest(sums, count, star)
            if partner >= 0 and seen:
                # The covariance; divided by both errors when these are known.
                out.shared[g, star, band] = sums.right[OF_A_STAR * partner + 2 + band]
    for star in range(count):
        partner = _nearest(sums, count, star)
        for band in range(PLANES):
            if partner >= 0 and sizes[band][1] > 0:
                both = out.light_error[g, star, band] * out.light_error[g, partner, band]
                out.shared[g, star, band] /= max(both, 1e-30)


@njit(**KERNEL)
def _own_chi2(
    scene: JointScene, work: JointWork, size: tuple[int, int], x: float, y: float, spent: float
) -> tuple[float, int]:
    """Reduced chi-squared of the pixels of one band within 2.5 pixels of a place, and their number.

    `spent` are the unknowns of the site a pixel in the fit.
    """
    inverse = scene.looks.inverse
    chi2 = 0.0
    count = 0
    for k in range(size[0]):
        i = work.stamps.frame[k]
        px = work.stamps.origin[k, 0] + inverse[i, 0, 0] * x + inverse[i, 0, 1] * y
        py = work.stamps.origin[k, 1] + inverse[i, 1, 0] * x + inverse[i, 1, 1] * y
        for q in range(work.pixels.first[k], work.pixels.first[k + 1]):
            dx = work.pixels.column[q] - px
            dy = work.pixels.row[q] - py
            if dx * dx + dy * dy <= FIT_RADIUS2 and work.pixels.use[q] > 0.0:
                chi2 += work.pixels.weight[q] * work.pixels.rest[q] * work.pixels.rest[q]
                count += 1
    return chi2 / max(count - spent * count, 1.0), count


@njit(**KERNEL, inline="always")
def _all_held(works: Works, sizes: Sizes, sums: BandSums, count: int, chi2: float) -> bool:
    """Whether the pixels of every band hold the light that it has of each of the drawn stars."""
    held = True
    if not chi2 <= DOUBTED_CHI2 * (sizes[0][1] + sizes[1][1] + sizes[2][1]):
        for star in range(count):
            first = OF_A_STAR * star + 2
            held &= held_by_pixels(works[0], sizes[0], star, sums.kept[first])
            held &= held_by_pixels(works[1], sizes[1], star, sums.kept[first + 1])
            held &= held_by_pixels(works[2], sizes[2], star, sums.kept[first + 2])
    return held


@njit(**KERNEL)
def write_site(
    scenes: Scenes, works: Works, sizes: Sizes, sums: BandSums, count: int, out: SiteStars, g: int
) -> None:
    """Write the kept stars of a site, their errors and chi-squared.

    No member where their matrix has no inverse, or the pixels do not hold the light and the places that the fit ended
    at: such a site is refused, and left as the bands have it.

    Parameters
    ----------
    scenes, works, sizes
        As for `fit_bands`.
    sums : BandSums
        As `fit_bands` left it.
    count : int
        Stars of the site.
    out : SiteStars
        Row `g` is written.
    g : int
        Number of the site.
    """
    for a in range(OF_A_STAR * count):
        sums.trial[a] = sums.kept[a]
    whole = _sum_bands(scenes, works, sizes, count, 2.5 * HALF_PHASE_PIX, sums)
    out.members[g] = 0
    if not factor_of(sums, count) or not _all_held(works, sizes, sums, count, whole):
        return
    out.members[g] = count
    pixels = max(sizes[0][1] + sizes[1][1] + sizes[2][1], 1)
    spent = min(OF_A_STAR * count / pixels, 0.9)
    for star in range(count):
        for a in range(OF_A_STAR):
            out.star[g, star, a] = sums.kept[OF_A_STAR * star + a]
        x = sums.kept[OF_A_STAR * star]
        y = sums.kept[OF_A_STAR * star + 1]
        for band in range(PLANES):
            chi2, number = _own_chi2(scenes[band], works[band], sizes[band], x, y, spent)
            out.chi2[g, star, band] = chi2 if number > 0 else math.nan
            out.pixels[g, star, band] = number
    _write_errors(sums, sizes, count, out, g)
    for star in range(count):
        if not max(out.variance[g, star, 0], out.variance[g, star, 1]) < MOST_VARIANCE_ARCSEC2:
            out.members[g] = 0
