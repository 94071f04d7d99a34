"""Levels at which single pixels are full, seen where stars saturate (background/survey 2.1).

A pixel that is full shows the same level however bright its star: its well. Read_1, after a twenty-fifth of the
exposure, tells what Read_2 would have been without it. Darks and twilights stay below the wells; the frames of survey
scans pass them some thousand times a scan.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.arrays import Singles, Table
from app.columns.diagnostics import WELL_DTYPE, no_rows
from workers.reduction.frames.values import NightCalibration, RawBand

BEYOND = 1.3
"""So many times its level a pixel would have reached without a well: reads of a linear pixel agree to some per cent."""
SIGMA = 6.0  # of the noise of Read_1, for the same
LEAST_DN = 4000.0
"""A quarter of the linear range: below lie cosmic rays that struck in Read_1, and bad pixels."""
FEWEST_SCANS = 2  # a level seen in one scan alone may be a cosmic ray's
FEWEST_PIXELS = 50
AGREEING = 0.03  # levels of a pixel in several scans differ by no more than this, of their median


def measure_wells(raw: RawBand, calibration: NightCalibration) -> Table:
    """Levels of the pixels that were full on some frame of a scan.

    Parameters
    ----------
    raw : RawBand
        Both reads of all frames of a band.
    calibration : NightCalibration
        Of the same array; its dark of Read_1 is the level of an empty pixel.

    Returns
    -------
    structured array of WELL_DTYPE
        In the order of rows and columns of the array; bad pixels are left out.
    """
    detector = raw.detector
    ratio = 1.0 + detector.integration_seconds / detector.read1_seconds
    noise = SIGMA * ratio * detector.read_noise_electrons / detector.gain
    # Nothing fainter in Read_1 can be beyond, nor does a bad pixel count: most are done with by one comparison.
    least = calibration.dark_read1_dn + (BEYOND * LEAST_DN + noise) / ratio
    least = np.where(calibration.mask, np.inf, least).astype(np.float32)
    frame, row, column = np.unravel_index(np.flatnonzero(raw.read1_dn > least), raw.read1_dn.shape)
    known = ~raw.missing[frame]
    frame, row, column = frame[known], row[known], column[known]
    pedestal = calibration.dark_read1_dn[row, column].astype(np.float64)
    first = raw.read1_dn[frame, row, column] - pedestal
    level = raw.read2_dn[frame, row, column] - pedestal
    full = (level > LEAST_DN) & (ratio * first > BEYOND * level + noise)
    if not full.any():
        return no_rows(WELL_DTYPE)
    pixel = row[full] * calibration.mask.shape[1] + column[full]
    order = np.lexsort((level[full], pixel))
    pixel, level = pixel[order], level[full][order]
    places, start, count = np.unique(pixel, return_index=True, return_counts=True)
    out = np.zeros(places.size, WELL_DTYPE)
    out["y"], out["x"] = np.divmod(places, calibration.mask.shape[1])
    out["level_dn"] = 0.5 * (level[start + (count - 1) // 2] + level[start + count // 2])
    out["looks"] = np.minimum(count, np.iinfo(np.int16).max)
    return out


def combine_wells(scans: Sequence[Table], shape: tuple[int, int]) -> tuple[Singles, Singles]:
    """Combine the levels of many scans pixel by pixel.

    Parameters
    ----------
    scans : sequence of structured arrays of WELL_DTYPE
        One a scan.
    shape : (int, int)
        Rows and columns of the array.

    Returns
    -------
    level_dn, scans : float32 arrays (rows, columns)
        Median level above the dark of Read_1, NaN where fewer than two scans agree on it to 3 %, and how many agree.
    """
    rows = np.concatenate([no_rows(WELL_DTYPE), *scans])
    pixel = rows["y"].astype(np.int64) * shape[1] + rows["x"]
    order = np.lexsort((rows["level_dn"], pixel))
    pixel, level = pixel[order], rows["level_dn"][order].astype(np.float64)
    places, start, count = np.unique(pixel, return_index=True, return_counts=True)
    median = 0.5 * (level[start + (count - 1) // 2] + level[start + count // 2]) if places.size else level
    owner = np.repeat(np.arange(places.size), count)
    close = np.abs(level - median[owner]) <= AGREEING * median[owner]
    agree = np.bincount(owner[close], minlength=places.size)
    good = (agree >= FEWEST_SCANS) & (2 * agree > count)
    wells, seen = np.full(shape, np.nan, np.float32), np.zeros(shape, np.float32)
    wells.ravel()[places[good]] = median[good]
    seen.ravel()[places[good]] = agree[good]
    return wells, seen


def well_departure(own: Sequence[Table], others: Singles) -> float:
    """How much higher the wells of a night are than those of other nights, relative; NaN of fewer than 50 pixels.

    Parameters
    ----------
    own : sequence of structured arrays of WELL_DTYPE
        Of the scans of the night.
    others : float32 array (rows, columns)
        Levels by the other nights, as `combine_wells` gives them.
    """
    rows = np.concatenate([no_rows(WELL_DTYPE), *own])
    ratio = rows["level_dn"] / others[rows["y"], rows["x"]]
    known = ratio[np.isfinite(ratio)]
    return float(np.median(known)) - 1.0 if known.size >= FEWEST_PIXELS else float("nan")


def saturation_map(saturation_dn: Singles, pedestal_dn: Singles, wells_dn: Singles) -> Singles:
    """Raw levels up to which pixels are used: lower than the array's level where the well of a pixel is smaller.

    A well that is smaller by a share bends earlier by the same share (`linearity`); larger ones change nothing.

    Parameters
    ----------
    saturation_dn : float32 array (rows, columns)
        Raw level of the array.
    pedestal_dn : float32 array (rows, columns)
        Dark of Read_1.
    wells_dn : float32 array (rows, columns)
        Levels above it at which pixels are full; NaN where that is not known.

    Examples
    --------
    >>> level, pedestal = np.full(3, 17000.0, np.float32), np.full(3, 2000.0, np.float32)
    >>> saturation_map(level, pedestal, np.array([20000.0, 18000.0, np.nan], np.float32)).tolist()
    [17000.0, 16210.5263671875, 17000.0]
    """
    known = np.isfinite(wells_dn)
    if not known.any():
        return saturation_dn
    share = np.where(known, wells_dn / np.median(wells_dn[known]), 1.0)
    used = pedestal_dn + np.minimum(share, 1.0) * (saturation_dn - pedestal_dn)
    return np.asarray(used, np.float32)
