"""From two raw reads to calibrated frames: difference, dark, flat, flags, in one pass over memory.

frame = (Read_2 - Read_1 - dark) / flat (background/survey 2.3), each read's signal above the dark of Read_1 made linear
(`linearity`). Pixels above their linear range are flagged and left out (2.1, 2.3).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Bools, Counts, Flags, Integers, Singles
from app.parameters.reduction import ReductionParameters
from workers.reduction.calibration.frame_background import measure_background
from workers.reduction.calibration.linearity import linear, linear_frames
from workers.reduction.frames.values import (
    CalibratedFrames,
    NightCalibration,
    RawBand,
    blank_frames,
    check_raw,
)
from workers.reduction.kernels.compiled import KERNEL


class Reads(NamedTuple):
    """Raw frames of a band.

    Attributes
    ----------
    read1, read2 : uint16 arrays (n, ny, nx)
        DN, pedestal included.
    missing : bool array (n,)
        Frames without data.
    """

    read1: Counts
    read2: Counts
    missing: Bools


class ArrayConstants(NamedTuple):
    """The calibration of an array as the kernel takes it; arrays (ny, nx).

    Attributes
    ----------
    pedestal : float32 array
        Read_1 of a closed shutter, DN.
    dark : float32 array
        Read_2 - Read_1 of a closed shutter, DN.
    bend : float32
        Curvature of the array (`linearity`), DN^-2.
    inverse_flat : float32 array
        1 over the response of a pixel.
    mask : bool array
        Pixels that are not to be used.
    saturation : float32 array
        Raw level up to which a pixel is linear, DN.
    """

    pedestal: Singles
    dark: Singles
    bend: np.float32
    inverse_flat: Singles
    mask: Bools
    saturation: Singles


@njit(**KERNEL)
def _calibrate(reads: Reads, constants: ArrayConstants, out: Singles, flags: Flags) -> None:
    """Fused calibration; flag numbers are those of PixelFlag."""
    read1, read2, missing = reads
    pedestal, dark, bend, inverse_flat, mask, saturation = constants
    n, ny, nx = read2.shape
    for i in range(n):
        absent = np.uint8(16) if missing[i] else np.uint8(0)
        for y in range(ny):
            # Each loop writes one array: of two the compiler would not know that they do not overlap.
            for x in range(nx):
                bad = np.uint8(1) if mask[y, x] else np.uint8(0)
                full = np.uint8(2) if np.float32(read2[i, y, x]) > saturation[y, x] else np.uint8(0)
                flags[i, y, x] = absent | bad | full
            for x in range(nx):
                base = pedestal[y, x]
                first = linear(np.float32(read1[i, y, x]) - base, bend)
                light = linear(np.float32(read2[i, y, x]) - base, bend) - first
                out[i, y, x] = (light - dark[y, x]) * inverse_flat[y, x]
            for x in range(nx):
                out[i, y, x] = out[i, y, x] if flags[i, y, x] == 0 else np.float32(0.0)


def calibrated_frames(
    raw: RawBand, calibration: NightCalibration, parameters: ReductionParameters
) -> tuple[CalibratedFrames, dict[str, float]]:
    """Calibrate the frames of a band and measure their background; and what is told of both, by the metric's name.

    Parameters
    ----------
    raw : RawBand
        Both reads of each frame.
    calibration : NightCalibration
        Of the same array.
    parameters : ReductionParameters
        Passes of the background, and whether the sky offset is taken off.

    Raises
    ------
    FrameSetError
        If frames and calibration disagree in band or shape.
    """
    pixels, flags = calibrate(raw, calibration)
    mesh, noise, patterns = measure_background(
        pixels, flags, passes=parameters.background_passes, sky_offset=parameters.sky_offset
    )
    metrics: dict[str, float] = {}
    if patterns:
        scatter = [np.std(pattern[~calibration.mask]) for pattern in patterns]
        metrics["sky_offset_scatter_dn"] = float(np.mean(scatter))
    good = noise > 0.0
    metrics |= {
        "frames": float(good.size),
        "frames_used": float(np.count_nonzero(good)),
        "frame_background_dn": float(np.median(mesh[good])) if good.any() else float("nan"),
        "frame_noise_dn": float(np.median(noise[good])) if good.any() else float("nan"),
    }
    return CalibratedFrames(raw.detector, pixels, flags, mesh, noise), metrics


def calibrate(raw: RawBand, calibration: NightCalibration) -> tuple[Singles, Flags]:
    """Calibrate the frames of a band.

    Parameters
    ----------
    raw : RawBand
        Both reads of each frame.
    calibration : NightCalibration
        Of the same array.

    Returns
    -------
    pixels : float32 array (n, ny, nx)
        DN of Read_2 - Read_1 for a pixel of median response; 0 where flagged.
    flags : uint8 array (n, ny, nx)
        BAD, SATURATED, MISSING. A frame with zeros alone in a read counts as missing, whatever its header says.

    Raises
    ------
    FrameSetError
        Raised if frames and calibration disagree in band or shape.
    """
    check_raw(raw, calibration)
    pixels = np.empty(raw.read2_dn.shape, np.float32)
    flags = np.empty(raw.read2_dn.shape, np.uint8)
    missing = raw.missing | blank_frames(raw.read1_dn, raw.read2_dn)
    constants = ArrayConstants(
        pedestal=calibration.dark_read1_dn,
        dark=calibration.dark_difference_dn,
        bend=np.float32(calibration.bend_per_dn2),
        inverse_flat=(1.0 / calibration.flat).astype(np.float32),
        mask=calibration.mask,
        saturation=calibration.saturation_dn,
    )
    _calibrate(Reads(raw.read1_dn, raw.read2_dn, missing), constants, pixels, flags)
    return pixels, flags


def calibrate_read1(raw: RawBand, calibration: NightCalibration, frames: Integers) -> Singles:
    """Read_1 of chosen frames: (Read_1 - its dark, made linear) / flat.

    Parameters
    ----------
    raw : RawBand
        Of which Read_1 is taken.
    calibration : NightCalibration
        Of the same array.
    frames : int64 array (m,)
        Indices of the chosen frames.

    Returns
    -------
    float32 array (m, ny, nx)
        DN of Read_1; NaN where the pixel is bad or Read_1 itself saturates.
    """
    counts = raw.read1_dn[frames].astype(np.float32)
    signal = counts - calibration.dark_read1_dn
    pixels = linear_frames(signal, calibration.bend_per_dn2) / calibration.flat
    pixels[(counts > calibration.saturation_dn) | calibration.mask] = np.nan
    return np.asarray(pixels, np.float32)
