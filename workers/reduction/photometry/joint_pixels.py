"""Pixels of a group of stars on all its looks, and the model of its stars in them.

Windows of one shape hold every pixel that a star of the group may reach, so that loops over pixels are over whole
vectors. The pixels in the fit are those within 2.5 pixels of any member's *first* place: the same for all hypotheses,
or their chi-squared could not be compared.
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
    JointStamps,
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
def _window(scene: JointScene, groups: Groups, g: int) -> tuple[int, int, int]:
    """Find looks, rows and columns of a group's windows; no look where they would be too large."""
    looks = scene.looks
    count = min(looks.start[g + 1] - looks.start[g], MOST_LOOKS)
    rows = 0
    columns = 0
    for k in range(looks.start[g], looks.start[g] + count):
        first_x, first_y, last_x, last_y = _extent(
            looks.inverse, looks.frame[k], groups, g, looks.x_pix[k], looks.y_pix[k]
        )
        rows = max(rows, last_y - first_y + 1)
        columns = max(columns, last_x - first_x + 1)
    if rows > SIDE_PIX or columns > SIDE_PIX:
        count = 0
    return count, rows, columns


@njit(**KERNEL, inline="always")
def _mark_used(
    groups: Groups, g: int, inverse: Doubles, look: int, size: tuple[int, int, int], work: JointWork
) -> int:
    """Mark the good pixels within the fit's radius of any member on a look; their number. `use` holds good pixels."""
    _, rows, columns = size
    i = work.stamps.frame[look]
    used = 0
    for row in range(rows):
        for column in range(columns):
            near = False
            for m in range(groups.start[g], groups.start[g + 1]):
                dx = groups.star[m, 1]
                dy = groups.star[m, 2]
                px = column - work.stamps.origin[look, 0] - inverse[i, 0, 0] * dx - inverse[i, 0, 1] * dy
                py = row - work.stamps.origin[look, 1] - inverse[i, 1, 0] * dx - inverse[i, 1, 1] * dy
                near |= px * px + py * py <= FIT_RADIUS2
            q = (look * rows + row) * columns + column
            if not near:
                work.pixels.use[q] = np.float32(0.0)
            used += work.pixels.use[q] > 0.0
    return int(used)


@njit(**KERNEL)
def gather_group(scene: JointScene, groups: Groups, g: int, work: JointWork) -> tuple[int, int, int, int]:
    """Copy the windows of a group on all its looks; looks, rows and columns of them, and the pixels in the fit.

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
    frames, looks = scene.frames, scene.looks
    _, ny, nx = frames.pixels_dn.shape
    pixels, stamps = work.pixels, work.stamps
    size = _window(scene, groups, g)
    count, rows, columns = size
    used = 0
    for k in range(count):
        at = looks.start[g] + k
        i = looks.frame[at]
        x = looks.x_pix[at]
        y = looks.y_pix[at]
        first_x, first_y, _, _ = _extent(looks.inverse, i, groups, g, x, y)
        stamps.frame[k] = i
        stamps.origin[k, 0] = x - first_x
        stamps.origin[k, 1] = y - first_y
        sky = frames.noise_dn[i] * frames.noise_dn[i]
        for row in range(rows):
            for column in range(columns):
                q = (k * rows + row) * columns + column
                px = first_x + column
                py = first_y + row
                inside = 0 <= px < nx and 0 <= py < ny
                pixels.data[q] = frames.pixels_dn[i, py, px] if inside else np.float32(0.0)
                pixels.use[q] = np.float32(inside and frames.flags[i, py, px] == 0)
                pixels.sky[q] = sky
        used += _mark_used(groups, g, looks.inverse, k, size, work)
        for slot in range(k, stamps.phase.size, MOST_LOOKS):
            stamps.phase[slot] = -1
            field_terms(
                field_place(x, nx), field_place(y, ny), scene.profile.log_width[i], slot, stamps.terms
            )
    return count, rows, columns, used


@njit(**KERNEL, inline="always")
def _refresh(
    profile: ProfileArrays, stamps: JointStamps, slot: int, x: float, y: float, slack: float
) -> None:
    """Blend the stamp of the phase nearest to a place unless the present one is for a place within `slack` of it."""
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
            for p in range(PADDED):
                stamps.error[slot, p] = unity * profile.tables[qy, qx, count, 0, p]
        stamps.phase[slot] = number
        stamps.corner[slot, 0] = jx - HALF
        stamps.corner[slot, 1] = jy - HALF
        stamps.centre[slot, 0] = x - phase_rest(x - jx, qx)
        stamps.centre[slot, 1] = y - phase_rest(y - jy, qy)


@njit(**KERNEL, inline="always")
def _put(
    work: JointWork,
    star: int,
    look: int,
    light: float,
    rest: tuple[float, float],
    turned: tuple[float, float, float, float],
    size: tuple[int, int, int, int],
) -> None:
    """Put the slopes of a star on a look into its window; `turned` is the look's inverse, pixels an arcsecond."""
    pixels, stamps = work.pixels, work.stamps
    _, rows, columns, _ = size
    slot = star * MOST_LOOKS + look
    cx = stamps.corner[slot, 0]
    cy = stamps.corner[slot, 1]
    rx = np.float32(rest[0])
    ry = np.float32(rest[1])
    f = np.float32(light)
    a = np.float32(light * turned[0])
    b = np.float32(light * turned[1])
    c = np.float32(light * turned[2])
    d = np.float32(light * turned[3])
    for row in range(max(0, -cy), min(STAMP, rows - cy)):
        base = (look * rows + cy + row) * columns + cx
        for column in range(max(0, -cx), min(STAMP, columns - cx)):
            p = row * STAMP + column
            q = base + column
            east = stamps.stamps[slot, 1, p]
            north = stamps.stamps[slot, 2, p]
            wrong = f * stamps.error[slot, p]
            pixels.slopes[3 * star, q] = stamps.stamps[slot, 0, p] + rx * east + ry * north
            pixels.slopes[3 * star + 1, q] = a * east + c * north
            pixels.slopes[3 * star + 2, q] = b * east + d * north
            pixels.ignorance[q] += wrong * wrong


@njit(**KERNEL)
def draw_group(
    scene: JointScene, work: JointWork, size: tuple[int, int, int, int], count: int, slack: float
) -> None:
    """Make the model of the stars of `trial`, with its slopes and the error of the profile.

    Parameters
    ----------
    scene : JointScene
        Profile and looks of the band.
    work : JointWork
        Model, slopes and ignorance are made.
    size : (int, int, int, int)
        What `gather_group` gave.
    count : int
        Stars of the hypothesis.
    slack : float
        How far a stamp may be from a star's place, pixels.
    """
    pixels, stamps = work.pixels, work.stamps
    trial = work.sums.trial
    inverse = scene.looks.inverse
    total = size[0] * size[1] * size[2]
    for q in range(total):
        pixels.ignorance[q] = np.float32(0.0)
        pixels.model[q] = np.float32(0.0)
    for a in range(3 * count):
        for q in range(total):
            pixels.slopes[a, q] = np.float32(0.0)
    for star in range(count):
        light = trial[3 * star]
        for k in range(size[0]):
            i = stamps.frame[k]
            turned = inverse[i, 0, 0], inverse[i, 0, 1], inverse[i, 1, 0], inverse[i, 1, 1]
            x = stamps.origin[k, 0] + turned[0] * trial[3 * star + 1] + turned[1] * trial[3 * star + 2]
            y = stamps.origin[k, 1] + turned[2] * trial[3 * star + 1] + turned[3] * trial[3 * star + 2]
            slot = star * MOST_LOOKS + k
            _refresh(scene.profile, stamps, slot, x, y, slack)
            rest = x - stamps.centre[slot, 0], y - stamps.centre[slot, 1]
            _put(work, star, k, light, rest, turned, size)
        f = np.float32(light)
        for q in range(total):
            pixels.model[q] += f * pixels.slopes[3 * star, q]


@njit(**KERNEL)
def sum_group(work: JointWork, size: tuple[int, int, int, int], count: int, inverse_gain: float) -> float:
    """Sum up the normal equations of the drawn stars, and chi-squared look by look; chi-squared of all looks.

    Parameters
    ----------
    work : JointWork
        What `draw_group` made; its matrix (lower triangle), right side and looks are set.
    size : (int, int, int, int)
        What `gather_group` gave.
    count : int
        Stars of the hypothesis.
    inverse_gain : float
        DN per electron.
    """
    pixels, sums = work.pixels, work.sums
    window = size[1] * size[2]
    total = size[0] * window
    ig = np.float32(inverse_gain)
    for q in range(total):
        light = max(pixels.model[q], np.float32(0.0))
        pixels.weight[q] = pixels.use[q] / (pixels.sky[q] + light * ig + pixels.ignorance[q])
        pixels.rest[q] = pixels.data[q] - pixels.model[q]
    chi2 = 0.0
    for k in range(size[0]):
        of_look = np.float32(0.0)
        for q in range(k * window, (k + 1) * window):
            of_look += pixels.weight[q] * pixels.rest[q] * pixels.rest[q]
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
def drop_lone_pixels(work: JointWork, size: tuple[int, int, int, int]) -> int:
    """Stop using pixels that only one frame saw bright; their number.

    A pixel is left out if it is 6 sigma above the model and a third of its look's chi-squared, and the look has four
    times the chi-squared of the median look: a star shows on all looks alike.

    Parameters
    ----------
    work : JointWork
        As `draw_group` and `sum_group` left it.
    size : (int, int, int, int)
        What `gather_group` gave.
    """
    pixels, sums = work.pixels, work.sums
    if size[0] < 3:
        return 0
    window = size[1] * size[2]
    usual = _median_look(sums, size[0])
    dropped = 0
    for k in range(size[0]):
        if sums.look[k] <= LONE_LOOK * usual:
            continue
        worst = -1
        highest = max(OUTLIER_SIGMA * OUTLIER_SIGMA, sums.look[k] / 3.0)
        for q in range(k * window, (k + 1) * window):
            part = pixels.weight[q] * pixels.rest[q] * pixels.rest[q]
            if pixels.rest[q] > 0.0 and part > highest:
                highest = part
                worst = q
        if worst >= 0:
            pixels.use[worst] = np.float32(0.0)
            dropped += 1
    return dropped
