"""Sources on single frames, for registration: peaks and centroids (FREXAS, background/survey 2.4).

Centroid of a 3 x 3 patch. On images of 1.4 pixels full width it is biased by up to 0.1 pixel with the position within
the pixel. Stars fall anywhere in a pixel with equal chance, so the bias is taken out by ranks: the k-th largest
of n measured offsets is k / n of a pixel (`equalise_phases`). Saturated stars get their centroid from Read_1.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Counts, Doubles, Flags, Singles, Table
from workers.reduction.calibration.frame_background import background_row
from workers.reduction.frames.values import CalibratedFrames, NightCalibration, RawBand
from workers.reduction.kernels.compiled import KERNEL, SATURATED, any_flagged
from workers.reduction.kernels.marks import marked_columns, marks_of

FRAME_SOURCE_DTYPE = np.dtype(
    [
        ("frame", "i4"),  # index in the scan
        ("x", "f8"),  # array pixels
        ("y", "f8"),
        ("flux", "f4"),  # of the 3 x 3 patch, DN of Read_2 - Read_1
        ("snr", "f4"),
        ("saturated", "?"),
    ]
)
PEAK_NOISE = (
    5.0  # the survey's 4 (Tpk) of the peak pixel and 10 of the patch are met by 5 of the smoothed peak
)
PATCH_SNR = 10.0


@njit(**KERNEL)
def _smoothed(clean: Singles, smooth: Singles) -> None:
    """Smooth by a Gaussian of 1.4 pixels full width; the sum has 0.73 of a pixel's noise. The rim stays."""
    ny, nx = clean.shape
    w1 = np.float32(0.25)
    w2 = np.float32(0.0625)
    centre = np.float32(0.5)
    for y in range(1, ny - 1):
        a = clean[y - 1]
        b = clean[y]
        c = clean[y + 1]
        for x in range(1, nx - 1):
            smooth[y, x] = (
                centre * b[x] + w1 * (a[x] + c[x] + b[x - 1] + b[x + 1])
                + w2 * (a[x - 1] + a[x + 1] + c[x - 1] + c[x + 1])
            )  # fmt: skip


@njit(**KERNEL)
def _centroid(clean: Singles, flags: Flags, y: int, x: int) -> tuple[float, float, float]:
    """Sum of 3 x 3 pixels and its first moments along x and y; a sum of -1 where one is flagged."""
    total = 0.0
    east = 0.0
    north = 0.0
    spoilt = False
    for j in range(-1, 2):
        for i in range(-1, 2):
            q = clean[y + j, x + i]
            total += q
            east += q * i
            north += q * j
            spoilt = spoilt or flags[y + j, x + i] != 0
    return -1.0 if spoilt else total, east, north


@njit(**KERNEL)
def _frame_peaks(image: Singles, flags: Flags, mesh: Singles, noise: float, out: Doubles) -> int:
    """Peaks of one frame: rows of (x peak, y peak, centroid offset x, y, flux). Returns how many."""
    ny, nx = image.shape
    clean = np.empty((ny, nx), np.float32)
    smooth = np.empty((ny, nx), np.float32)
    level = np.empty(nx, np.float32)
    for y in range(ny):
        background_row(mesh, y, ny, level)
        for x in range(nx):
            clean[y, x] = image[y, x] - level[x] if flags[y, x] == 0 else np.float32(0.0)
    _smoothed(clean, smooth)
    limit = np.float32(PEAK_NOISE * 0.73 * noise)
    marks = marks_of(nx)
    n = 0
    for y in range(2, ny - 2):
        line = smooth[y]
        for x in range(2, nx - 2):
            marks.mark[x] = np.uint8(1) if line[x] > limit else np.uint8(0)
        for m in range(marked_columns(marks)):
            x = marks.columns[m]
            v = line[x]
            if not (
                v > smooth[y - 1, x - 1] and v > smooth[y - 1, x] and v > smooth[y - 1, x + 1]
                and v > smooth[y, x - 1] and v >= smooth[y, x + 1] and v >= smooth[y + 1, x - 1]
                and v >= smooth[y + 1, x] and v >= smooth[y + 1, x + 1] and n < out.shape[0]
            ):  # fmt: skip
                continue
            total, east, north = _centroid(clean, flags, y, x)
            if total < PATCH_SNR * 3.0 * noise or abs(east) > total or abs(north) > total:
                continue
            out[n, 0] = x
            out[n, 1] = y
            out[n, 2] = east / total
            out[n, 3] = north / total
            out[n, 4] = total
            n += 1
    return n


@njit(**KERNEL)
def _saturated_peaks(
    read1: Counts,
    flags: Flags,
    dark: Singles,
    flat: Singles,
    mask: NDArray[np.bool_],
    top: Singles,
    out: Doubles,
) -> int:
    """Saturated stars of one frame by Read_1: local maxima of Read_1 among saturated pixels; rows as `_frame_peaks`."""
    ny, nx = flags.shape
    n = 0
    for y in range(3, ny - 3):
        if not any_flagged(flags[y], SATURATED):
            continue
        for x in range(3, nx - 3):
            if not flags[y, x] & SATURATED or n >= out.shape[0]:
                continue
            here = np.float32(read1[y, x])
            best = True
            spoilt = False
            for j in range(-1, 2):
                for i in range(-1, 2):
                    value = np.float32(read1[y + j, x + i]) - dark[y + j, x + i]
                    spoilt = spoilt or mask[y + j, x + i] or read1[y + j, x + i] > top[y + j, x + i]
                    if (j < 0 or (j == 0 and i < 0)) and value >= here - dark[y, x]:
                        best = False
                    if (j > 0 or (j == 0 and i > 0)) and value > here - dark[y, x]:
                        best = False
            if not best or spoilt:
                continue
            total = 0.0
            east = 0.0
            north = 0.0
            for j in range(-1, 2):
                for i in range(-1, 2):
                    q = (np.float32(read1[y + j, x + i]) - dark[y + j, x + i]) / flat[y + j, x + i]
                    total += q
                    east += q * i
                    north += q * j
            if total <= 0.0 or abs(east) > total or abs(north) > total:
                continue
            out[n, 0] = x
            out[n, 1] = y
            out[n, 2] = east / total
            out[n, 3] = north / total
            out[n, 4] = total
            n += 1
    return n


def equalise_phases(offset_pix: Doubles, bright: NDArray[np.bool_]) -> Doubles:
    """Map measured centroid offsets from the peak pixel to true ones.

    Parameters
    ----------
    offset_pix : float64 array (n,)
        Centroid minus centre of the brightest pixel.
    bright : bool array (n,)
        Which of them define the map; their true offsets are uniform in [-0.5, 0.5].

    Returns
    -------
    float64 array (n,)
        With fewer than 300 bright ones a straight line is used: measured offsets are stretched so that their
        scatter is that of a uniform distribution, 1 / sqrt(12).
    """
    chosen = np.sort(offset_pix[bright])
    if chosen.size == 0:
        return offset_pix
    if chosen.size < 300:
        scatter = float(chosen.std())
        factor = (
            np.clip((1.0 / np.sqrt(12.0)) / scatter, 1.0, 2.5) if chosen.size >= 20 and scatter > 0 else 1.5
        )
        return np.clip((offset_pix - np.median(chosen)) * factor, -0.7, 0.7)
    shares = np.linspace(0.0, 1.0, 65)
    knots = np.quantile(chosen, shares)
    knots, unique = np.unique(knots, return_index=True)
    return np.asarray(np.interp(offset_pix, knots, shares[unique] - 0.5))


def extract_frame_sources(
    frames: CalibratedFrames, raw: RawBand, calibration: NightCalibration, brightest: int = 150
) -> Table:
    """Find the sources of all frames of a band.

    Parameters
    ----------
    frames : CalibratedFrames
    raw : RawBand
        For Read_1 of saturated stars.
    calibration : NightCalibration
    brightest : int
        Kept of each frame; 150 bright ones fix a frame to 0.005 pixel.

    Returns
    -------
    structured array of FRAME_SOURCE_DTYPE
        Ordered by frame, brightest first; empty where there are no stars.
    """
    detector = frames.detector
    ratio = detector.integration_seconds / detector.read1_seconds
    read_noise = detector.read_noise_electrons / detector.gain
    parts: list[tuple[int, Doubles, float, bool]] = []
    buffer = np.empty((4096, 5))
    for i in range(frames.pixels_dn.shape[0]):
        noise = float(frames.noise_dn[i])
        if noise <= 0.0:
            continue
        count = _frame_peaks(frames.pixels_dn[i], frames.flags[i], frames.mesh_dn[i], noise, buffer)
        rows = buffer[:count][np.argsort(-buffer[:count, 4], kind="stable")[:brightest]].copy()
        parts.append((i, rows, noise, False))
        count = _saturated_peaks(
            raw.read1_dn[i],
            frames.flags[i],
            calibration.dark_read1_dn,
            calibration.flat,
            calibration.mask,
            calibration.saturation_dn,
            buffer,
        )
        rows = buffer[:count].copy()
        rows[:, 4] *= ratio
        parts.append((i, rows[rows[:, 4] > 30.0 * 3.0 * read_noise * ratio], read_noise * ratio, True))
    return _table(parts, detector.gain)


def _table(parts: list[tuple[int, Doubles, float, bool]], gain: float) -> Table:
    table = np.zeros(sum(len(rows) for _, rows, _, _ in parts), FRAME_SOURCE_DTYPE)
    peaks = np.zeros((table.size, 4))
    start = 0
    for frame, rows, noise, saturated in parts:
        part = slice(start, start + len(rows))
        start += len(rows)
        table["frame"][part], table["saturated"][part] = frame, saturated
        table["flux"][part] = rows[:, 4]
        electrons = 0.0 if saturated else 1.0
        table["snr"][part] = rows[:, 4] / np.sqrt(
            9.0 * noise**2 + electrons * np.maximum(rows[:, 4], 0.0) / gain
        )
        peaks[part] = rows[:, :4]
    bright = (table["snr"] > 25.0) & ~table["saturated"]
    table["x"] = peaks[:, 0] + equalise_phases(peaks[:, 2], bright)
    table["y"] = peaks[:, 1] + equalise_phases(peaks[:, 3], bright)
    return table
