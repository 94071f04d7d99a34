"""The steps of a profile fit, look by look: gather pixels, sum normal equations, step, put the star back.

Small kernels that are inlined into `fit`: a call with arrays costs an atomic count for each of them.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from app.arrays import Doubles
from workers.reduction.frames.values import FrameArrays
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.photometry.values import FitWork
from workers.reduction.profile.stamps import HALF, PADDED, PHASES, STAMP, blend, phase_of, phase_rest
from workers.reduction.profile.values import ProfileArrays

FIT_RADIUS2 = 6.3  # 2.5 pixels
OUTLIER_SIGMA = 6.0
# Of the elements of a stamp from its middle; what pads it lies nowhere.
COLUMNS, ROWS = (
    np.append(axis.ravel() - HALF, np.full(PADDED - STAMP * STAMP, 99.0))
    for axis in np.mgrid[:STAMP, :STAMP][::-1]
)


@njit(**KERNEL, inline="always")
def _gather_inside(frames: FrameArrays, i: int, slot: int, work: FitWork) -> int:
    """Gather a stamp that lies on the frame."""
    fx = work.place[slot, 0]
    fy = work.place[slot, 1]
    x0 = int(work.place[slot, 2]) - HALF
    y0 = int(work.place[slot, 3]) - HALF
    count = np.float32(0.0)
    frame = np.uint64(i)
    # Branch-free: the processor mispredicts the circle's edge.
    for row in range(STAMP):
        y = np.uint64(y0 + row)
        for column in range(STAMP):
            p = row * STAMP + column
            x = np.uint64(x0 + column)
            work.data[slot, p] = frames.pixels_dn[frame, y, x]
            work.use[slot, p] = np.float32(frames.flags[frame, y, x] == 0)
    # A loop of a length that is not known beforehand: one that is would be unrolled before it can be made of vectors.
    for p in range(work.use.shape[1]):
        dx = COLUMNS[p] - fx
        dy = ROWS[p] - fy
        inside = dx * dx + dy * dy <= FIT_RADIUS2
        work.use[slot, p] = work.use[slot, p] if inside else np.float32(0.0)
    for p in range(work.use.shape[1]):
        count += work.use[slot, p]
    return int(count)


@njit(**KERNEL, inline="always")
def _gather_at_edge(frames: FrameArrays, i: int, slot: int, work: FitWork) -> int:
    """Gather a stamp that lies partly off the frame: 0 there, and not used."""
    _, ny, nx = frames.pixels_dn.shape
    fx = work.place[slot, 0]
    fy = work.place[slot, 1]
    x0 = int(work.place[slot, 2]) - HALF
    y0 = int(work.place[slot, 3]) - HALF
    count = 0
    for row in range(STAMP):
        y = y0 + row
        dy2 = (row - HALF - fy) * (row - HALF - fy)
        for column in range(STAMP):
            x = x0 + column
            p = row * STAMP + column
            good = False
            if 0 <= y < ny and 0 <= x < nx:
                work.data[slot, p] = frames.pixels_dn[i, y, x]
                dx = column - HALF - fx
                good = dx * dx + dy2 <= FIT_RADIUS2 and frames.flags[i, y, x] == 0
            else:
                work.data[slot, p] = np.float32(0.0)
            work.use[slot, p] = np.float32(1.0) if good else np.float32(0.0)
            count += good
    return count


@njit(**KERNEL, inline="always")
def gather(frames: FrameArrays, i: int, slot: int, work: FitWork) -> int:
    """Copy the stamp of a look, whole, and its weights: 1 within the fit radius and not flagged. Pixels used.

    Parameters
    ----------
    frames : FrameArrays
        Residual frames of the band.
    i : int
        Index of the frame.
    slot : int
        Row of the work space; its `place` tells where the stamp is.
    work : FitWork
        Its `data` and `use` are filled in.
    """
    _, ny, nx = frames.pixels_dn.shape
    x0 = int(work.place[slot, 2]) - HALF
    y0 = int(work.place[slot, 3]) - HALF
    if x0 >= 0 and y0 >= 0 and x0 + STAMP <= nx and y0 + STAMP <= ny:
        count = _gather_inside(frames, i, slot, work)
    else:
        count = _gather_at_edge(frames, i, slot, work)
    return int(count)


@njit(**KERNEL, inline="always")
def sum_look(work: FitWork, slot: int, flux: float, sky: float, inverse_gain: float) -> None:
    """Sum up one look, weighted, into `work.look`.

    Parameters
    ----------
    work : FitWork
        Data, weights, stamp and rest of the look.
    slot : int
        Row of the work space.
    flux : float
        Present light of the star, DN.
    sky : float
        Variance of a sky pixel of the frame, DN^2.
    inverse_gain : float
        DN per electron.
    """
    dx = np.float32(work.rest[slot, 0])
    dy = np.float32(work.rest[slot, 1])
    light = np.float32(flux)
    floor = np.float32(sky)
    ig = np.float32(inverse_gain)
    s00 = s10 = s20 = s11 = s21 = s22 = np.float32(0.0)
    q0 = q1 = q2 = c2 = np.float32(0.0)
    for p in range(PADDED):
        east = work.stamps[slot, 1, p]
        north = work.stamps[slot, 2, p]
        t = work.stamps[slot, 0, p] + dx * east + dy * north
        model = light * t
        ignorance = light * work.error[slot, p]
        w = work.use[slot, p] / (floor + max(model, np.float32(0.0)) * ig + ignorance * ignorance)
        r = work.data[slot, p] - model
        wr = w * r
        c2 += wr * r
        wt, wx, wy = w * t, w * east, w * north
        s00 += wt * t
        s10 += wt * east
        s20 += wt * north
        s11 += wx * east
        s21 += wx * north
        s22 += wy * north
        q0 += wr * t
        q1 += wr * east
        q2 += wr * north
    out = work.look
    out[0] = c2
    out[1], out[2], out[3] = s00, s10, s20
    out[4], out[5], out[6] = s11, s21, s22
    out[7], out[8], out[9] = q0, q1, q2


@njit(**KERNEL, inline="always")
def add_to_star(work: FitWork, inverse: Doubles, i: int) -> None:
    """Add a look's sums to those of the star, pixels turned into arcseconds: d(fx, fy) = inverse[i] d(x, y).

    Parameters
    ----------
    work : FitWork
        Its `star` gains what its `look` holds.
    inverse : float64 array (frames, 2, 2)
        Pixels per arcsecond.
    i : int
        Index of the frame.
    """
    a = inverse[i, 0, 0]
    b = inverse[i, 0, 1]
    c = inverse[i, 1, 0]
    d = inverse[i, 1, 1]
    look = work.look
    star = work.star
    star[0] += look[0]
    star[1] += look[1]
    star[2] += a * look[2] + c * look[3]
    star[3] += b * look[2] + d * look[3]
    star[4] += a * a * look[4] + 2.0 * a * c * look[5] + c * c * look[6]
    star[5] += a * b * look[4] + (a * d + b * c) * look[5] + c * d * look[6]
    star[6] += b * b * look[4] + 2.0 * b * d * look[5] + d * d * look[6]
    star[7] += look[7]
    star[8] += a * look[8] + c * look[9]
    star[9] += b * look[8] + d * look[9]


@njit(**KERNEL, inline="always")
def set_rest(work: FitWork, slot: int, fx: float, fy: float) -> None:
    """Note what is left of a look's offset from the phase that its stamp is for.

    Parameters
    ----------
    work : FitWork
        Its `rest` is set.
    slot : int
        Row of the work space.
    fx, fy : float
        Offset of the star from the stamp's middle pixel, pixels.
    """
    work.rest[slot, 0] = phase_rest(fx, work.phase[slot] % PHASES)
    work.rest[slot, 1] = phase_rest(fy, work.phase[slot] // PHASES)


@njit(**KERNEL, inline="always")
def refresh(profile: ProfileArrays, work: FitWork, slot: int, fx: float, fy: float, slack: float) -> None:
    """Blend the stamp of the phase nearest to an offset unless the present phase is within `slack` pixels of it.

    Parameters
    ----------
    profile : ProfileArrays
        The point-spread function.
    work : FitWork
        Its `stamps`, `error`, `phase` and `rest` are set.
    slot : int
        Row of the work space.
    fx, fy : float
        Offset of the star from the stamp's middle pixel, pixels.
    slack : float
        How far the present phase may be off, pixels.
    """
    phase = work.phase[slot]
    far = phase < 0
    if not far:
        far = max(abs(phase_rest(fx, phase % PHASES)), abs(phase_rest(fy, phase // PHASES))) >= slack
    if far:
        qx = phase_of(fx)
        qy = phase_of(fy)
        number = qy * PHASES + qx
        if number != phase:
            count = profile.tables.shape[2] - 1
            blend(profile, work.terms, slot, qx, qy, work.stamps)
            # The first term is 1: a mere copy would be done pixel by pixel, as is a loop of known length.
            unity = work.terms[slot, 0]
            for p in range(work.error.shape[1]):
                work.error[slot, p] = unity * profile.tables[qy, qx, count, 0, p]
        work.phase[slot] = number
    set_rest(work, slot, fx, fy)


@njit(**KERNEL)
def drop_outlier(work: FitWork, slot: int, flux: float, sky: float, inverse_gain: float) -> int:
    """Stop using a look's pixel that is 6 sigma above the model and a third of the look's chi-squared; 1 if so.

    Parameters
    ----------
    work : FitWork
        Its `use` may lose a pixel.
    slot : int
        Row of the work space.
    flux : float
        Present light of the star, DN.
    sky : float
        Variance of a sky pixel of the frame, DN^2.
    inverse_gain : float
        DN per electron.
    """
    rx = work.rest[slot, 0]
    ry = work.rest[slot, 1]
    worst = -1
    highest = OUTLIER_SIGMA * OUTLIER_SIGMA
    total = 0.0
    for p in range(PADDED):
        model = flux * (work.stamps[slot, 0, p] + rx * work.stamps[slot, 1, p] + ry * work.stamps[slot, 2, p])
        ignorance = flux * work.error[slot, p]
        w = work.use[slot, p] / (sky + max(model, 0.0) * inverse_gain + ignorance * ignorance)
        r = work.data[slot, p] - model
        total += w * r * r
        if r > 0.0 and w * r * r > highest:
            highest = w * r * r
            worst = p
    if worst < 0 or highest <= total / 3.0:
        return 0
    work.use[slot, worst] = np.float32(0.0)
    return 1


@njit(**KERNEL, inline="always")
def add_back(work: FitWork, slot: int, flux: float) -> None:
    """Add a star's model to the data of a look.

    Parameters
    ----------
    work : FitWork
        Its `data` changes.
    slot : int
        Row of the work space.
    flux : float
        Light of the star, DN; negative to take it away.
    """
    dx = np.float32(work.rest[slot, 0])
    dy = np.float32(work.rest[slot, 1])
    f = np.float32(flux)
    for p in range(PADDED):
        work.data[slot, p] += f * (
            work.stamps[slot, 0, p] + dx * work.stamps[slot, 1, p] + dy * work.stamps[slot, 2, p]
        )


@njit(**KERNEL, inline="always")
def write_back(frames: FrameArrays, slot: int, work: FitWork) -> None:
    """Put a stamp back into the residual frames.

    Parameters
    ----------
    frames : FrameArrays
        Residual frames of the band, changed where they are not flagged.
    slot : int
        Row of the work space.
    work : FitWork
        Data, place and frame of the look.
    """
    _, ny, nx = frames.pixels_dn.shape
    i = work.frame[slot]
    jx = int(work.place[slot, 2])
    jy = int(work.place[slot, 3])
    x0 = jx - HALF
    y0 = jy - HALF
    if x0 >= 0 and y0 >= 0 and x0 + STAMP <= nx and y0 + STAMP <= ny:
        frame = np.uint64(i)
        for row in range(STAMP):
            y1 = np.uint64(y0 + row)
            for column in range(STAMP):
                x1 = np.uint64(x0 + column)
                good = np.float32(frames.flags[frame, y1, x1] == 0)
                frames.pixels_dn[frame, y1, x1] = good * work.data[slot, row * STAMP + column]
    else:
        for row in range(max(0, HALF - jy), min(STAMP, ny + HALF - jy)):
            y = y0 + row
            for column in range(max(0, HALF - jx), min(STAMP, nx + HALF - jx)):
                x = x0 + column
                if frames.flags[i, y, x] == 0:
                    frames.pixels_dn[i, y, x] = work.data[slot, row * STAMP + column]
