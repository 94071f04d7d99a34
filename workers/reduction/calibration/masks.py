"""Masks of bad pixels, and the night calibration that darks, flats and masks make together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from app.arrays import Counts, Singles
from app.instruments.detector import Detector
from workers.reduction.calibration.darks import Darks, combine_darks
from workers.reduction.calibration.flats import Flat, responsivity
from workers.reduction.calibration.linearity import Linearity, measure_linearity
from workers.reduction.frames.values import NightCalibration

# Limits: response against the surroundings, dark signal against the array's, noise against the array's.
LOW_RESPONSE, HIGH_RESPONSE = 0.6, 1.5
HOT_SIGMA = 25.0
HOT_DN = 150.0  # a third of the faintest sky (J, 450 DN): its changes would show
NOISY_FACTOR = 3.0  # of the median noise; 16 dark frames scatter by 18 %


def bad_pixels(darks: Darks, flat: Flat) -> tuple[NDArray[np.bool_], dict[str, float]]:
    """Pixels of poor response, hot or noisy.

    Returns
    -------
    mask : bool array (256, 256)
    counts : dict
        `poor_response`, `hot`, `noisy`: how many of each kind.
    """
    response = np.nan_to_num(flat.response, nan=0.0)
    poor = (response < LOW_RESPONSE) | (response > HIGH_RESPONSE)
    poor |= flat.error > 0.05
    rest = darks.difference_dn - median_filter(darks.difference_dn, 9)
    scatter = 1.4826 * float(np.median(np.abs(rest - np.median(rest))))
    hot = np.abs(rest) > max(HOT_SIGMA * scatter, HOT_DN)
    noisy = darks.noise_dn > NOISY_FACTOR * float(np.median(darks.noise_dn))
    kinds = {"poor_response": poor, "hot": hot, "noisy": noisy}
    return poor | hot | noisy, {name: float(np.count_nonzero(bad)) for name, bad in kinds.items()}


def calibrate_night(
    detector: Detector,
    dark_reads: tuple[Counts, Counts],
    flat_reads: tuple[Counts, Counts] | None,
    saturation_dn: Singles | None = None,
) -> NightCalibration:
    """Make the calibration of one band from a night's dark and twilight frames.

    Parameters
    ----------
    detector : Detector
        Nominal facts of the array.
    dark_reads, flat_reads : (read1, read2), uint16 arrays (n, 256, 256)
        Frames of all scans of the kind, one after the other. Without twilight frames the response counts as 1
        everywhere, and the metric `flat_frames` is 0: the caller decides whether that will do.
    saturation_dn : float32 array (256, 256), optional
        Map of linear ranges; the detector's one number where there is none.

    Raises
    ------
    DarkError, FlatError
        Raised if the frames do not give a dark or a flat field.
    """
    darks = combine_darks(*dark_reads)
    shape = darks.read1_dn.shape
    top = np.full(shape, detector.saturation_dn, np.float32) if saturation_dn is None else saturation_dn
    linearity = Linearity(0.0, float("nan"))
    if flat_reads is None:
        flat = Flat(np.ones(shape, np.float32), np.zeros(shape, np.float32), 0)
    else:
        linearity = measure_linearity(*flat_reads, darks, top)
        flat = responsivity(*flat_reads, darks, top, bend_per_dn2=linearity.bend_per_dn2)
    mask, counts = bad_pixels(darks, flat)
    response = np.where(mask | ~np.isfinite(flat.response), np.float32(1.0), flat.response)
    span = float(np.median(top - darks.read1_dn))  # lack of response at the end of the linear range
    metrics = {
        "dark_frames": float(darks.frames),
        "flat_frames": float(flat.frames),
        "dark_level_dn": float(np.median(darks.difference_dn)),
        "dark_noise_dn": float(np.median(darks.noise_dn)),
        "flat_error": float(np.median(flat.error)),
        "nonlinearity": linearity.bend_per_dn2 * span**2,
        "bad_pixel_share": float(mask.mean()),
        **{f"{name}_pixels": value for name, value in counts.items()},
    }
    if np.isfinite(linearity.error_per_dn2):
        metrics["nonlinearity_error"] = linearity.error_per_dn2 * span**2
    return NightCalibration(
        detector.band,
        darks.read1_dn,
        darks.difference_dn,
        response.astype(np.float32),
        mask,
        top.astype(np.float32),
        linearity.bend_per_dn2,
        metrics,
    )
