"""Pixels of a group of stars on all its looks, and the model of its stars in them.

The pixels in the fit are those within 2.5 pixels of any member's *first* place: the same for all hypotheses, or their
chi-squared could not be compared. They alone are kept, look after look: a quarter of the windows that the stars'
stamps reach.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from app.arrays import Doubles
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.photometry.fit_steps import FIT_RADIUS2, OUTLIER_SIGMA
from workers.reduction.photometry.joint_values import (
    MOST_LOOKS,
    SIDE_PIX,
    Groups,
    JointScene,
    JointSums,
    JointWork,
)
from workers.reduction.profile.stamps import (
    HALF,
    PADDED,
    PHASES,
    STAMP,
    blend,
    field_place,
    field_terms,
    phase_of,
    phase_rest,
)
from workers.reduction.profile.values import ProfileArrays

LONE_LOOK = 4.0  # times the median look's chi-squared: what one frame saw, and no star
DOUBTED_CHI2 = 3.0  # a pixel: below it a fit describes its pixels, and its light is theirs
MOST_HELD = 2.0  # times the light that a star's pixels hold that it may have, and
HELD_SIGMA = 5.0  # errors of it


@njit(**KERNEL, inline="always")
def _extent(
    inverse: Doubles, i: int, groups: Groups, g: int, x: float, y: float
) -> tuple[int, int, int, int]:
    """Pixels of a look that a group's stamps reach: first column and row, last column and row."""
    left = 1e9
    right = -1e9
    low = 1e9
    high = -1e9
    for m in range(groups.start[g], groups.start[g + 1]):
        px = x + inverse[i, 0, 0] * groups.star[m, 1] + inverse[i, 0, 1] * groups.star[m, 2]
        py = y + inverse[i, 1, 0] * groups.star[m, 1] + inverse[i, 1, 1] * groups.star[m, 2]
        left = min(left, px)
        right = max(right, px)
        low = min(low, py)
        high = max(high, py)
    first_x = math.floor(left + 0.5) - HALF
    first_y = math.floor(low + 0.5) - HALF
    return first_x, first_y, math.floor(right + 0.5) + HALF, math.floor(high + 0.5) + HALF


@njit(**KERNEL, inline="always")
def _looks_of(scene: JointScene, groups: Groups, g: int) -> int:
    """Count the looks at a group; none where its stars' stamps span too many pixels."""
    looks = scene.looks
    count = min(looks.start[g + 1] - looks.start[g], MOST_LOOKS)
    side = 0
    for k in range(looks.start[g], looks.start[g] + count):
        first_x, first_y, last_x, last_y = _extent(
            looks.inverse, looks.frame[k], groups, g, looks.x_pix[k], looks.y_pix[k]
        )
        side = max(side, last_x - first_x + 1, last_y - first_y + 1)
    return count if side <= SIDE_PIX else 0


@njit(**KERNEL, inline="always")
def _gather_look(
    scene: JointScene, groups: Groups, g: int, k: int, box: tuple[int, int, int, int], work: JointWork
) -> int:
    """Copy the good pixels within the fit's radius of any member on a look; how many pixels there are now."""
    frames, inverse = scene.frames, scene.looks.inverse
    _, ny, nx = frames.pixels_dn.shape
    pixels, stamps = work.pixels, work.stamps
    first_x, first_y, last_x, last_y = box
    i = stamps.frame[k]
    sky = frames.noise_dn[i] * frames.noise_dn[i]
    n = pixels.first[k]
    for y in range(max(first_y, 0), min(last_y + 1, ny)):
        for x in range(max(first_x, 0), min(last_x + 1, nx)):
            near = False
            for m in range(groups.start[g], groups.start[g + 1]):
                dx = groups.star[m, 1]
                dy = groups.star[m, 2]
                px = x - first_x - stamps.origin[k, 0] - inverse[i, 0, 0] * dx - inverse[i, 0, 1] * dy
                py = y - first_y - stamps.origin[k, 1] - inverse[i, 1, 0] * dx - inverse[i, 1, 1] * dy
                near |= px * px + py * py <= FIT_RADIUS2
            if near and frames.flags[i, y, x] == 0:
                pixels.row[n] = y - first_y
                pixels.column[n] = x - first_x
                pixels.data[n] = frames.pixels_dn[i, y, x]
                pixels.use[n] = np.float32(1.0)
                pixels.sky[n] = sky
                n += 1
    return int(n)


@njit(**KERNEL)
def gather_group(scene: JointScene, groups: Groups, g: int, work: JointWork) -> tuple[int, int]:
    """Copy the pixels of a group on all its looks; how many looks, and pixels in the fit.

    Parameters
    ----------
    scene : JointScene
        Residual frames, profile and looks of the band.
    groups : Groups
        All groups.
    g : int
        Number of the group.
    work : JointWork
        Pixels and looks are filled in; no stamp is blended yet.
    """
    looks = scene.looks
    _, ny, nx = scene.frames.pixels_dn.shape
    stamps = work.stamps
    count = _looks_of(scene, groups, g)
    work.pixels.first[0] = 0
    for k in range(count):
        at = looks.start[g] + k
        i = looks.frame[at]
        x = looks.x_pix[at]
        y = looks.y_pix[at]
        box = _extent(looks.inverse, i, groups, g, x, y)
        stamps.frame[k] = i
        stamps.origin[k, 0] = x - box[0]
        stamps.origin[k, 1] = y - box[1]
        work.pixels.first[k + 1] = _gather_look(scene, groups, g, k, box, work)
        for slot in range(k, stamps.phase.size, MOST_LOOKS):
            stamps.phase[slot] = -1
            field_terms(
                field_place(x, nx), field_place(y, ny), scene.profile.log_width[i], slot, stamps.terms
            )
    return count, work.pixels.first[count]


@njit(**KERNEL, inline="always")
def _spread(work: JointWork, star: int, look: int, turned: tuple[float, float, float, float]) -> None:
    """Take what a stamp says of a look's pixels to where the star's sums find it, places in arcsec from the origin.

    Light at a pixel is `base` + x `east` + y `north` for a star at (x, y), so that one loop of whole vectors draws a
    star on all its looks.
    """
    pixels, stamps = work.pixels, work.stamps
    slot = star * MOST_LOOKS + look
    cx = np.int32(stamps.corner[slot, 0])
    cy = np.int32(stamps.corner[slot, 1])
    x0 = np.float32(stamps.origin[look, 0] - stamps.centre[slot, 0])
    y0 = np.float32(stamps.origin[look, 1] - stamps.centre[slot, 1])
    a = np.float32(turned[0])
    b = np.float32(turned[1])
    c = np.float32(turned[2])
    d = np.float32(turned[3])
    first = np.uint64(4 * star)
    for n in range(pixels.first[look], pixels.first[look + 1]):
        q = np.uint64(n)
        row = pixels.row[q] - cy
        column = pixels.column[q] - cx
        inside = (row >= 0) & (row < STAMP) & (column >= 0) & (column < STAMP)
        # The last value of a padded stamp is 0.
        p = np.uint64(row * STAMP + column if inside else PADDED - 1)
        east = stamps.stamps[slot, 1, p]
        north = stamps.stamps[slot, 2, p]
        stamps.spread[first, q] = stamps.stamps[slot, 0, p] + x0 * east + y0 * north
        stamps.spread[first + np.uint64(1), q] = a * east + c * north
        stamps.spread[first + np.uint64(2), q] = b * east + d * north
        stamps.spread[first + np.uint64(3), q] = stamps.error[slot, p]


@njit(**KERNEL, inline="always")
def _refresh(
    profile: ProfileArrays,
    work: JointWork,
    star: int,
    look: int,
    place: tuple[float, float],
    turned: tuple[float, float, float, float],
    slack: float,
) -> None:
    """Blend the stamp of the phase nearest to a place unless the present one is for a place within `slack` of it.

    `turned` is the look's inverse, pixels an arcsecond.
    """
    stamps = work.stamps
    x, y = place
    slot = star * MOST_LOOKS + look
    far = stamps.phase[slot] < 0
    if not far:
        far = max(abs(x - stamps.centre[slot, 0]), abs(y - stamps.centre[slot, 1])) >= slack
    if far:
        jx = math.floor(x + 0.5)
        jy = math.floor(y + 0.5)
        qx = phase_of(x - jx)
        qy = phase_of(y - jy)
        number = qy * PHASES + qx
        if number != stamps.phase[slot]:
            count = profile.tables.shape[2] - 1
            blend(profile, stamps.terms, slot, qx, qy, stamps.stamps)
            unity = stamps.terms[slot, 0]
            for p in range(stamps.error.shape[1]):
                stamps.error[slot, p] = unity * profile.tables[qy, qx, count, 0, p]
        stamps.phase[slot] = number
        stamps.corner[slot, 0] = jx - HALF
        stamps.corner[slot, 1] = jy - HALF
        stamps.centre[slot, 0] = x - phase_rest(x - jx, qx)
        stamps.centre[slot, 1] = y - phase_rest(y - jy, qy)
        _spread(work, star, look, turned)


@njit(**KERNEL, inline="always")
def _put(work: JointWork, star: int, total: int) -> None:
    """Put the slopes of a star of `trial` to all pixels, and add its light and what its profile does not know.

    Each loop writes one array: of more the compiler would not know that they do not overlap.
    """
    pixels, stamps, trial = work.pixels, work.stamps, work.sums.trial
    f = np.float32(trial[3 * star])
    x = np.float32(trial[3 * star + 1])
    y = np.float32(trial[3 * star + 2])
    for q in range(total):
        moved = x * stamps.spread[4 * star + 1, q] + y * stamps.spread[4 * star + 2, q]
        pixels.slopes[3 * star, q] = stamps.spread[4 * star, q] + moved
    for q in range(total):
        pixels.slopes[3 * star + 1, q] = f * stamps.spread[4 * star + 1, q]
    for q in range(total):
        pixels.slopes[3 * star + 2, q] = f * stamps.spread[4 * star + 2, q]
    for q in range(total):
        wrong = f * stamps.spread[4 * star + 3, q]
        pixels.ignorance[q] += wrong * wrong
    for q in range(total):
        pixels.model[q] += f * pixels.slopes[3 * star, q]


@njit(**KERNEL)
def draw_group(scene: JointScene, work: JointWork, size: tuple[int, int], count: int, slack: float) -> None:
    """Make the model of the stars of `trial`, with its slopes and the error of the profile.

    Parameters
    ----------
    scene : JointScene
        Profile and looks of the band.
    work : JointWork
        Model, slopes and ignorance are made.
    size : (int, int)
        What `gather_group` gave.
    count : int
        Stars of the hypothesis.
    slack : float
        How far a stamp may be from a star's place, pixels.
    """
    pixels, stamps = work.pixels, work.stamps
    trial = work.sums.trial
    inverse = scene.looks.inverse
    for q in range(size[1]):
        pixels.ignorance[q] = np.float32(0.0)
        pixels.model[q] = np.float32(0.0)
    for star in range(count):
        for k in range(size[0]):
            i = stamps.frame[k]
            turned = inverse[i, 0, 0], inverse[i, 0, 1], inverse[i, 1, 0], inverse[i, 1, 1]
            x = stamps.origin[k, 0] + turned[0] * trial[3 * star + 1] + turned[1] * trial[3 * star + 2]
            y = stamps.origin[k, 1] + turned[2] * trial[3 * star + 1] + turned[3] * trial[3 * star + 2]
            _refresh(scene.profile, work, star, k, (x, y), turned, slack)
        _put(work, star, size[1])


@njit(**KERNEL)
def sum_group(work: JointWork, size: tuple[int, int], count: int, inverse_gain: float) -> float:
    """Sum up the normal equations of the drawn stars, and chi-squared look by look; chi-squared of all looks.

    Parameters
    ----------
    work : JointWork
        What `draw_group` made; its matrix (lower triangle), right side and looks are set.
    size : (int, int)
        What `gather_group` gave.
    count : int
        Stars of the hypothesis.
    inverse_gain : float
        DN per electron.
    """
    pixels, sums = work.pixels, work.sums
    total = size[1]
    ig = np.float32(inverse_gain)
    for q in range(total):
        light = max(pixels.model[q], np.float32(0.0))
        pixels.weight[q] = pixels.use[q] / (pixels.sky[q] + light * ig + pixels.ignorance[q])
        pixels.rest[q] = pixels.data[q] - pixels.model[q]
    chi2 = 0.0
    for k in range(size[0]):
        of_look = np.float32(0.0)
        for n in range(pixels.first[k], pixels.first[k + 1]):
            own = np.uint64(n)
            of_look += pixels.weight[own] * pixels.rest[own] * pixels.rest[own]
        sums.look[k] = of_look
        chi2 += float(of_look)
    for a in range(3 * count):
        along = np.float32(0.0)
        for q in range(total):
            pixels.weighted[q] = pixels.weight[q] * pixels.slopes[a, q]
            along += pixels.weighted[q] * pixels.rest[q]
        sums.right[a] = along
        for b in range(a + 1):
            part = np.float32(0.0)
            for q in range(total):
                part += pixels.weighted[q] * pixels.slopes[b, q]
            sums.matrix[a, b] = part
    return chi2


@njit(**KERNEL)
def held_by_pixels(work: JointWork, size: tuple[int, int], star: int, light: float) -> bool:
    """Whether the pixels of a group hold the light that a drawn star is given, as its own profile sums them up.

    What a profile does not know grows with the star, and with it the variance of every pixel. So chi-squared has a
    second valley at light without end, where the misfit of each pixel is as large as the profile's error. There, beside
    a star of 3 mag, fits rested at -5 mag; the pixels, summed without that variance, hold nothing of the kind.

    Parameters
    ----------
    work : JointWork
        As `draw_group` left it.
    size : (int, int)
        What `gather_group` gave.
    star : int
        Number of the star in the hypothesis.
    light : float
        Its light, DN.
    """
    pixels = work.pixels
    own = 0.0
    held = 0.0
    noise = 0.0
    for q in range(size[1]):
        share = float(pixels.use[q] * pixels.slopes[3 * star, q])
        own += share * share
        held += share * float(pixels.data[q])
        noise += share * share * float(pixels.sky[q])
    return bool(light * own <= MOST_HELD * max(held, 0.0) + HELD_SIGMA * math.sqrt(noise))


@njit(**KERNEL, inline="always")
def _median_look(sums: JointSums, looks: int) -> float:
    """Median of the looks' chi-squared, the lower one of two."""
    middle = 0.0
    for k in range(looks):
        below = 0
        for other in range(looks):
            below += sums.look[other] < sums.look[k] or (sums.look[other] == sums.look[k] and other < k)
        if below == (looks - 1) // 2:
            middle = sums.look[k]
    return middle


@njit(**KERNEL)
def drop_lone_pixels(work: JointWork, size: tuple[int, int]) -> int:
    """Stop using pixels that only one frame saw bright; their number.

    A pixel is left out if it is 6 sigma above the model and a third of its look's chi-squared, and the look has four
    times the chi-squared of the median look: a star shows on all looks alike.

    Parameters
    ----------
    work : JointWork
        As `draw_group` and `sum_group` left it.
    size : (int, int)
        What `gather_group` gave.
    """
    pixels, sums = work.pixels, work.sums
    if size[0] < 3:
        return 0
    usual = _median_look(sums, size[0])
    dropped = 0
    for k in range(size[0]):
        if sums.look[k] <= LONE_LOOK * usual:
            continue
        worst = -1
        highest = max(OUTLIER_SIGMA * OUTLIER_SIGMA, sums.look[k] / 3.0)
        for q in range(pixels.first[k], pixels.first[k + 1]):
            part = pixels.weight[q] * pixels.rest[q] * pixels.rest[q]
            if pixels.rest[q] > 0.0 and part > highest:
                highest = part
                worst = q
        if worst >= 0:
            pixels.use[worst] = np.float32(0.0)
            dropped += 1
    return dropped
