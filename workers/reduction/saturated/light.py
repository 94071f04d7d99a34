"""Read_1 of a patch of a frame: level where it saturates, bad pixels filled."""

from __future__ import annotations

from numba import njit

from app.arrays import Counts, Doubles
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.saturated.values import Read1Calibration


@njit(**KERNEL)
def _light_nearby(read1: Counts, calibration: Read1Calibration, y: int, x: int) -> float:
    """Read_1 of a bad pixel: the mean of its good neighbours; 0 without any."""
    ny, nx = read1.shape
    total = 0.0
    count = 0
    for j, i in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
        if 0 <= j < ny and 0 <= i < nx and not calibration.mask[j, i]:
            level = min(float(read1[j, i]), float(calibration.saturation[j, i]))
            total += (level - calibration.dark[j, i]) / calibration.flat[j, i]
            count += 1
    return float(total / max(count, 1))


@njit(**KERNEL)
def light_of_patch(read1: Counts, calibration: Read1Calibration, low: int, left: int, out: Doubles) -> None:
    """Read_1 above the dark, flat-fielded, of a patch of a frame.

    A patch at a time: a call a pixel costs 30 ns for the descriptions of its arrays.

    Parameters
    ----------
    read1 : uint16 array (rows, columns)
        One frame, raw DN; what saturates counts with the level up to which its pixel is linear.
    calibration : Read1Calibration
        Of the band.
    low, left : int
        First row and column of the patch, which must lie on the frame.
    out : float64 array (patch rows, patch columns)
        Becomes the light, DN.
    """
    dark = calibration.dark
    flat = calibration.flat
    mask = calibration.mask
    saturation = calibration.saturation
    rows, columns = out.shape
    for y in range(low, low + rows):
        for x in range(left, left + columns):
            level = min(float(read1[y, x]), float(saturation[y, x]))
            out[y - low, x - left] = (level - dark[y, x]) / flat[y, x]
        for x in range(left, left + columns):
            if mask[y, x]:
                out[y - low, x - left] = _light_nearby(read1, calibration, y, x)
