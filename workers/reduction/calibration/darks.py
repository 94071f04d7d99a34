"""Darks: what both reads show with the shutter closed (background/survey 2.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.arrays import Counts, Singles
from app.errors import InputError
from workers.reduction.frames.values import blank_frames

FEWEST_FRAMES = 3


class DarkError(InputError):
    """The dark frames do not give a dark."""

    code = "DARK"


@dataclass(frozen=True)
class Darks:
    """Mean darks and their scatter; each float32 (256, 256).

    Attributes
    ----------
    read1_dn : Read_1
    difference_dn : Read_2 - Read_1
    noise_dn : scatter of one frame's Read_2 - Read_1
    frames : int
    """

    read1_dn: Singles
    difference_dn: Singles
    noise_dn: Singles
    frames: int


def robust_mean(frames: NDArray[np.float32]) -> tuple[Singles, Singles]:
    """Mean of each pixel over frames (n, ny, nx) without values 4 robust sigma off, and the kept values' scatter.

    The scatter of a pixel is floored by the array's median in the clip, so that three frames that happen to agree
    do not throw out a fourth.
    """
    median = np.median(frames, axis=0)
    deviation = np.abs(frames - median)
    sigma = 1.4826 * np.median(deviation, axis=0)
    sigma = np.maximum(sigma, np.median(sigma))
    keep = deviation <= np.maximum(4.0 * sigma, 1e-3)
    count = np.maximum(keep.sum(axis=0), 1)
    mean = np.where(keep, frames, 0.0).sum(axis=0) / count
    squares = np.where(keep, (frames - mean) ** 2, 0.0).sum(axis=0) / np.maximum(count - 1, 1)
    return mean.astype(np.float32), np.sqrt(squares).astype(np.float32)


def combine_darks(read1_dn: Counts, read2_dn: Counts, missing: NDArray[np.bool_] | None = None) -> Darks:
    """Average dark frames of any number of scans.

    Parameters
    ----------
    read1_dn, read2_dn : uint16 arrays (n, 256, 256)
        Raw reads of all frames, DN.
    missing : bool array (n,), optional
        Frames that the camera did not deliver; all are taken where it is not given.

    Raises
    ------
    DarkError
        Raised if fewer than 3 frames are there, or shapes disagree.
    """
    if read1_dn.shape != read2_dn.shape or read1_dn.ndim != 3:
        raise DarkError(f"reads of shape {read1_dn.shape} and {read2_dn.shape}", expected="two equal cubes")
    delivered = np.ones(read1_dn.shape[0], np.bool_) if missing is None else ~missing
    delivered &= ~blank_frames(read1_dn, read2_dn)
    if np.count_nonzero(delivered) < FEWEST_FRAMES:
        raise DarkError(f"{np.count_nonzero(delivered)} dark frames", expected=f"at least {FEWEST_FRAMES}")
    first = read1_dn[delivered].astype(np.float32)
    read1, _ = robust_mean(first)
    difference, noise = robust_mean(read2_dn[delivered].astype(np.float32) - first)
    return Darks(read1, difference, noise, int(np.count_nonzero(delivered)))
