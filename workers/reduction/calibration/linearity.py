"""Non-linearity of an array, from the two reads of its twilight frames.

A well that fills responds less: response = q (1 - b q^2), to 1 % at the linear range's end (background/survey 2.1).
The original flagged what lay beyond and left the rest. Here Read_1, after a twenty-fifth of the exposure, is the
measure: its signal is so small that it is linear to 1e-5, so the ratio of both reads over the levels of a twilight
shows b.
Without it stars on the bright sky of Ks were 2 to 3 mmag too faint, and those near saturation 3 more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from app.arrays import Counts, Singles
from workers.reduction.calibration.darks import Darks
from workers.reduction.kernels.compiled import KERNEL

FEWEST_FRAMES = 6
LEAST_SIGMAS = 5.0  # below, no curvature was seen
LEAST_READ1_DN = 20.0  # of the brightest frame, in Read_1
LARGEST_LACK = 0.05  # of the signal at the end of the linear range: more is no fit but a fault


@dataclass(frozen=True)
class Linearity:
    """Curvature of an array.

    Attributes
    ----------
    bend_per_dn2 : float
        b in response = q (1 - b q^2), DN^-2; 0 where none was seen.
    error_per_dn2 : float
        Of b; NaN where it could not be measured.
    """

    bend_per_dn2: float
    error_per_dn2: float


@njit(**KERNEL, inline="always")
def linear(signal_dn: np.float32, bend_per_dn2: np.float32) -> np.float32:
    """Charge of a read's signal above the pedestal; the series is good to 1e-5 where 1 % is lacking."""
    lack = bend_per_dn2 * signal_dn * signal_dn
    return np.float32(signal_dn * (np.float32(1.0) + lack * (np.float32(1.0) + np.float32(3.0) * lack)))


def linear_frames(signal_dn: Singles, bend_per_dn2: float) -> Singles:
    """`linear` of whole arrays."""
    lack = np.float32(bend_per_dn2) * signal_dn * signal_dn
    return np.asarray(
        signal_dn * (np.float32(1.0) + lack * (np.float32(1.0) + np.float32(3.0) * lack)), np.float32
    )


def measure_linearity(read1_dn: Counts, read2_dn: Counts, darks: Darks, saturation_dn: Singles) -> Linearity:
    """Fit both reads' mean signals over the frames of a twilight: response_2 = offset + K signal_1 (1 - b q^2).

    Parameters
    ----------
    read1_dn, read2_dn : uint16 arrays (n, 256, 256)
        Twilight frames; those with pixels above the linear range in more than a tenth of the array are left out.
    darks : Darks
        Of the same array.
    saturation_dn : float32 array (256, 256)
        Raw level of a read up to which it is linear, DN.

    Returns
    -------
    Linearity
        No curvature where fewer than 6 frames serve, or Read_1 has hardly any light.
    """
    unknown = Linearity(0.0, float("nan"))
    rows = []
    for read1, read2 in zip(read1_dn, read2_dn, strict=True):
        good = (read2 <= saturation_dn) & (read1 > 0) & (read2 > 0)
        if good.mean() < 0.9:
            continue
        # Means of integers of 65,000 pixels: 0.03 DN. Stars in the twilight are in both reads alike.
        first = (read1[good] - darks.read1_dn[good]).astype(np.float64)
        second = (read2[good] - darks.read1_dn[good] - darks.difference_dn[good]).astype(np.float64)
        rows.append((first.mean(), second.mean(), (second**3).mean(), first.std() / np.sqrt(first.size)))
    if len(rows) < FEWEST_FRAMES:
        return unknown
    first, second, cube, noise = np.array(rows).T
    if first.max() < LEAST_READ1_DN:
        return unknown
    # second = offset + K first - b <q^3>, linear in (offset, K, b).
    design = np.column_stack([np.ones(first.size), first, -cube])
    ratio = float(np.ptp(second) / max(np.ptp(first), 1e-9))
    weight = 1.0 / (ratio * noise)
    solution, _, rank, _ = np.linalg.lstsq(design * weight[:, None], second * weight, rcond=None)
    if rank < 3:
        return unknown
    rest = (second - design @ solution) * weight
    scale = max(float((rest**2).sum()) / max(first.size - 3, 1), 1.0)
    covariance = np.linalg.inv((design * weight[:, None]).T @ (design * weight[:, None])) * scale
    bend, error = float(solution[2]), float(np.sqrt(covariance[2, 2]))
    span = float(np.median(saturation_dn - darks.read1_dn))
    if not LEAST_SIGMAS * error < bend < LARGEST_LACK / span**2:
        return Linearity(0.0, error)
    return Linearity(bend, error)
