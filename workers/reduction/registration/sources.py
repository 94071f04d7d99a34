"""Sources on single frames, for registration: peaks and centroids (FREXAS, background/survey 2.4).

Centroid of a 3 x 3 patch. On images of 1.4 pixels full width it is biased by up to 0.1 pixel with the position within
the pixel. Stars fall anywhere in a pixel with equal chance, so the bias is taken out by ranks: the k-th largest
of n measured offsets is k / n of a pixel (`equalise_phases`). Saturated stars get their centroid from Read_1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Bools, Counts, Doubles, Flags, Singles, Table
from workers.reduction.frames.mesh import background_row
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
# The survey's 4 (Tpk) of the peak pixel and 10 of the patch are met by 5 of the smoothed peak.
PEAK_NOISE = 5.0
PATCH_SNR = 10.0
READ1_SNR = 30.0  # of the patch of a saturated star on Read_1
FEW_PHASES = 300  # stars, below which ranks are too coarse to map offsets by


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
    flagged = False
    for j in range(-1, 2):
        for i in range(-1, 2):
            q = clean[y + j, x + i]
            total += q
            east += q * i
            north += q * j
            flagged = flagged or flags[y + j, x + i] != 0
    return -1.0 if flagged else total, east, north


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


class Read1Array(NamedTuple):
    """The facts of an array that tell Read_1 of saturated stars; each (rows, columns).

    Attributes
    ----------
    dark : float32
        Read_1 of a closed shutter, DN.
    flat : float32
        Response of a pixel, median 1.
    mask : bool
        True where a pixel is not to be used.
    top : float32
        Raw level up to which a pixel is used, DN.
    """

    dark: Singles
    flat: Singles
    mask: Bools
    top: Singles


@njit(**KERNEL)
def _is_read1_peak(read1: Counts, array: Read1Array, y: int, x: int) -> bool:
    """Whether a pixel is the highest of 3 x 3 on Read_1, of which none is masked or beyond its range.

    Of equal pixels the first in the order of rows is the peak.
    """
    dark, _, mask, top = array
    peak = np.float32(read1[y, x]) - dark[y, x]
    for j in range(-1, 2):
        for i in range(-1, 2):
            value = np.float32(read1[y + j, x + i]) - dark[y + j, x + i]
            if mask[y + j, x + i] or read1[y + j, x + i] > top[y + j, x + i]:
                return False
            earlier = j < 0 or (j == 0 and i < 0)
            if value > peak or (earlier and value == peak):
                return False
    return True


@njit(**KERNEL)
def _read1_centroid(read1: Counts, array: Read1Array, y: int, x: int) -> tuple[float, float, float]:
    """Sum of 3 x 3 pixels of Read_1, and its first moments along x and y."""
    dark, flat, _, _ = array
    total = 0.0
    east = 0.0
    north = 0.0
    for j in range(-1, 2):
        for i in range(-1, 2):
            q = (np.float32(read1[y + j, x + i]) - dark[y + j, x + i]) / flat[y + j, x + i]
            total += q
            east += q * i
            north += q * j
    return total, east, north


@njit(**KERNEL)
def _saturated_peaks(read1: Counts, flags: Flags, array: Read1Array, out: Doubles) -> int:
    """Saturated stars of one frame by Read_1: local maxima of Read_1 among saturated pixels; rows as `_frame_peaks`."""
    ny, nx = flags.shape
    n = 0
    for y in range(3, ny - 3):
        if not any_flagged(flags[y], SATURATED):
            continue
        for x in range(3, nx - 3):
            if not flags[y, x] & SATURATED or n >= out.shape[0] or not _is_read1_peak(read1, array, y, x):
                continue
            total, east, north = _read1_centroid(read1, array, y, x)
            if total <= 0.0 or abs(east) > total or abs(north) > total:
                continue
            out[n, 0] = x
            out[n, 1] = y
            out[n, 2] = east / total
            out[n, 3] = north / total
            out[n, 4] = total
            n += 1
    return n


def equalise_phases(offset_pix: Doubles, bright: Bools) -> Doubles:
    """Map measured centroid offsets from the peak pixel to true ones.

    Parameters
    ----------
    offset_pix : float64 array (n,)
        Centroid minus centre of the brightest pixel, along one axis.
    bright : bool array (n,)
        Sources that define the map; their true offsets are uniform in [-0.5, 0.5].

    Returns
    -------
    float64 array (n,)
        With fewer than 300 bright sources a straight line is used: measured offsets are stretched so that their
        scatter is that of a uniform distribution, 1 / sqrt(12).

    Examples
    --------
    Centroids that see a third of an offset: ranks bring it back.

    >>> true = np.linspace(-0.5, 0.5, 1001)
    >>> found = equalise_phases(true / 3.0, np.ones(1001, bool))
    >>> bool(np.abs(found - true).max() < 1e-9)
    True
    """
    chosen = np.sort(offset_pix[bright])
    if chosen.size == 0:
        return offset_pix
    if chosen.size < FEW_PHASES:
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
        Pixels, flags, background and noise.
    raw : RawBand
        For Read_1 of saturated stars.
    calibration : NightCalibration
        Dark, flat, mask and range of Read_1.
    brightest : int
        Largest number of unsaturated sources of a frame; 150 bright sources fix a frame to 0.005 pixel.

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
    array = Read1Array(
        calibration.dark_read1_dn, calibration.flat, calibration.mask, calibration.saturation_dn
    )
    for i in range(frames.pixels_dn.shape[0]):
        noise = float(frames.noise_dn[i])
        if noise <= 0.0:
            continue
        count = _frame_peaks(frames.pixels_dn[i], frames.flags[i], frames.mesh_dn[i], noise, buffer)
        rows = buffer[:count][np.argsort(-buffer[:count, 4], kind="stable")[:brightest]].copy()
        parts.append((i, rows, noise, False))
        count = _saturated_peaks(raw.read1_dn[i], frames.flags[i], array, buffer)
        rows = buffer[:count].copy()
        rows[:, 4] *= ratio
        rows = rows[rows[:, 4] > READ1_SNR * 3.0 * read_noise * ratio]
        parts.append((i, rows, read_noise * ratio, True))
    return _table(parts, detector.gain)


def _table(parts: list[tuple[int, Doubles, float, bool]], gain: float) -> Table:
    """Rows of FRAME_SOURCE_DTYPE from frame, peaks, noise of a pixel and kind of each part."""
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
