"""From two raw reads to calibrated frames: difference, dark, flat, flags, in one pass over memory.

frame = (Read_2 - Read_1 - dark) / flat (background/survey 2.3), each read's signal above the dark of Read_1 made linear
(`linearity`). Pixels above their linear range are flagged and left out (2.1, 2.3).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Counts, Flags, Singles
from workers.reduction.calibration.linearity import linear, linear_frames
from workers.reduction.frames.values import NightCalibration, RawBand, blank_frames, check_raw
from workers.reduction.kernels.compiled import KERNEL


@njit(**KERNEL)
def _calibrate(
    read1: Counts,
    read2: Counts,
    missing: NDArray[np.bool_],
    pedestal: Singles,
    dark: Singles,
    bend: np.float32,
    inverse_flat: Singles,
    mask: NDArray[np.bool_],
    saturation: Singles,
    out: Singles,
    flags: Flags,
) -> None:
    """Fused calibration; flag numbers are those of PixelFlag."""
    n, ny, nx = read2.shape
    for i in range(n):
        absent = np.uint8(16) if missing[i] else np.uint8(0)
        for y in range(ny):
            for x in range(nx):
                high = np.float32(read2[i, y, x])
                flag = absent
                if mask[y, x]:
                    flag |= np.uint8(1)
                if high > saturation[y, x]:
                    flag |= np.uint8(2)
                base = pedestal[y, x]
                light = linear(high - base, bend) - linear(np.float32(read1[i, y, x]) - base, bend)
                value = (light - dark[y, x]) * inverse_flat[y, x]
                out[i, y, x] = value if flag == 0 else np.float32(0.0)
                flags[i, y, x] = flag


def calibrate(raw: RawBand, calibration: NightCalibration) -> tuple[Singles, Flags]:
    """Calibrate the frames of a band.

    Returns
    -------
    pixels : float32 array (n, 256, 256)
        DN of Read_2 - Read_1 for a pixel of median response; 0 where flagged.
    flags : uint8 array (n, 256, 256)
        BAD, SATURATED, MISSING. A frame with zeros alone in a read counts as missing even if nobody said so.

    Raises
    ------
    FrameSetError
        Raised if frames and calibration disagree in band or shape.
    """
    check_raw(raw, calibration)
    pixels = np.empty(raw.read2_dn.shape, np.float32)
    flags = np.empty(raw.read2_dn.shape, np.uint8)
    _calibrate(
        raw.read1_dn,
        raw.read2_dn,
        raw.missing | blank_frames(raw.read1_dn, raw.read2_dn),
        calibration.dark_read1_dn,
        calibration.dark_difference_dn,
        np.float32(calibration.bend_per_dn2),
        (1.0 / calibration.flat).astype(np.float32),
        calibration.mask,
        calibration.saturation_dn,
        pixels,
        flags,
    )
    return pixels, flags


def calibrate_read1(raw: RawBand, calibration: NightCalibration, frames: NDArray[np.int64]) -> Singles:
    """Read_1 of some frames: (Read_1 - its dark, made linear) / flat.

    NaN where the pixel is bad or Read_1 itself saturates.
    """
    counts = raw.read1_dn[frames].astype(np.float32)
    signal = counts - calibration.dark_read1_dn
    pixels = linear_frames(signal, calibration.bend_per_dn2) / calibration.flat
    pixels[(counts > calibration.saturation_dn) | calibration.mask] = np.nan
    return np.asarray(pixels, np.float32)
