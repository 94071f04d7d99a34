"""Flat fields: the slope of each pixel's signal against the changing twilight (background/survey 2.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.arrays import Counts, Singles
from app.errors import InputError
from workers.reduction.calibration.darks import Darks
from workers.reduction.calibration.linearity import linear_frames
from workers.reduction.frames.values import blank_frames

FEWEST_FRAMES = 4
LEAST_CONTRAST = 1.3  # brightest over faintest frame; below, slope and offset cannot be told apart


class FlatError(InputError):
    """The twilight frames do not give a flat field."""

    code = "FLAT"


@dataclass(frozen=True)
class Flat:
    """Response of the pixels; each float32 (256, 256).

    Attributes
    ----------
    response : median 1; NaN where a pixel saturates on too many frames
    error : of the response, from the scatter about the straight line
    frames : int
    """

    response: Singles
    error: Singles
    frames: int


def responsivity(
    read1_dn: Counts,
    read2_dn: Counts,
    darks: Darks,
    saturation_dn: Singles,
    missing: NDArray[np.bool_] | None = None,
    bend_per_dn2: float = 0.0,
) -> Flat:
    """Fit signal = offset + response x level to every pixel.

    The level of a frame is the median of its dark-subtracted pixels, so stars in the twilight sky do not count; the
    offset takes up light that does not change, and what is wrong with the dark. Stars on single frames are clipped
    at 4 sigma of the pixel's residuals.

    Parameters
    ----------
    read1_dn, read2_dn : uint16 arrays (n, 256, 256)
        Raw reads of all frames, DN.
    darks : Darks
        Of the same array.
    saturation_dn : float32 array (256, 256)
        Raw level of a read up to which it is linear, DN.
    missing : bool array (n,), optional
        Frames that the camera did not deliver; all are taken where it is not given.
    bend_per_dn2 : float
        Curvature of the array (`linearity`): both reads are made linear first.

    Raises
    ------
    FlatError
        Raised if fewer than 4 usable frames are there, or their levels differ by less than a factor 1.3.
    """
    delivered = np.ones(read1_dn.shape[0], np.bool_) if missing is None else ~missing
    delivered &= ~blank_frames(read1_dn, read2_dn)
    first, second = (reads[delivered].astype(np.float32) - darks.read1_dn for reads in (read1_dn, read2_dn))
    signal = linear_frames(second, bend_per_dn2) - linear_frames(first, bend_per_dn2) - darks.difference_dn
    linear = read2_dn[delivered] <= saturation_dn
    level = np.median(signal, axis=(1, 2)).astype(np.float64)
    usable = linear.mean(axis=(1, 2)) > 0.9  # frames that saturate as a whole have no level
    signal, linear, level = signal[usable], linear[usable], level[usable]
    if level.size < FEWEST_FRAMES:
        raise FlatError(f"{level.size} usable twilight frames", expected=f"at least {FEWEST_FRAMES}")
    if level.min() <= 0.0 or level.max() < LEAST_CONTRAST * level.min():
        raise FlatError(
            f"twilight levels from {level.min():.0f} to {level.max():.0f} DN",
            expected=f"a change by a factor of at least {LEAST_CONTRAST}",
        )
    weight = linear.astype(np.float64) / np.maximum(level, 1.0)[:, None, None]  # photon noise
    for turn in range(3):
        slope, offset, error = _line(signal, level, weight)
        if turn < 2:
            rest = signal - offset - slope * level[:, None, None]
            scaled = np.abs(rest) / np.sqrt(level)[:, None, None]
            limit = 4.0 * np.maximum(1.4826 * np.median(scaled, axis=0), 1e-6)
            weight = np.where(linear & (scaled <= limit), 1.0 / level[:, None, None], 0.0)
    few = (weight > 0).sum(axis=0) < FEWEST_FRAMES
    slope[few] = np.nan
    middle = float(np.nanmedian(slope))
    return Flat((slope / middle).astype(np.float32), (error / middle).astype(np.float32), int(level.size))


def _line(
    signal: Singles, level: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Weighted straight lines of all pixels: slope, offset, error of the slope."""
    total = np.maximum(weight.sum(axis=0), 1e-30)
    x_mean = (weight * level[:, None, None]).sum(axis=0) / total
    y_mean = (weight * signal).sum(axis=0) / total
    centred = level[:, None, None] - x_mean
    squares = np.maximum((weight * centred**2).sum(axis=0), 1e-30)
    slope = (weight * centred * (signal - y_mean)).sum(axis=0) / squares
    offset = y_mean - slope * x_mean
    rest = signal - offset - slope * level[:, None, None]
    freedom = np.maximum((weight > 0).sum(axis=0) - 2, 1)
    return slope, offset, np.sqrt((weight * rest**2).sum(axis=0) / freedom / squares)
