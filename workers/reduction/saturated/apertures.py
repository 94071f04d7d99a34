"""Photometry of stars that saturate Read_2 - Read_1: 4" apertures on Read_1 frames (background/survey 2.9).

Read_1 is a 51 ms exposure; the sky comes from 14" to 20" of the same frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from app.arrays import Counts, Doubles, Integers
from workers.reduction.calibration.linearity import linear
from workers.reduction.frames.band import BandFrames
from workers.reduction.frames.visits import RADIUS_PIX, find_visits
from workers.reduction.kernels.compiled import KERNEL, clipped_statistics
from workers.reduction.saturated.values import Read1Calibration, Visits, read1_calibration

ANNULUS_PIX = (7.0, 10.0)  # 14" to 20"
DETECTION_SIGMA = 3.0
FEWEST_LOOKS = 3
"""From so many frames on their scatter tells the error of a mean; before, a model of the noise alone does."""


@dataclass(frozen=True)
class Read1Photometry:
    """What Read_1 gives for magnitudes; each (n,).

    Attributes
    ----------
    flux_dn : float64
        Mean 4" aperture flux on the scale of Read_2 - Read_1; NaN where there is none.
    error_dn : float64
        One sigma of that mean.
    frames : int64
        Read_1 frames used: M of ndet for a star whose magnitude comes from Read_1.
    seen : int64
        Those on which the aperture alone is above 3 sigma: N.
    """

    flux_dn: Doubles
    error_dn: Doubles
    frames: Integers
    seen: Integers


@njit(**KERNEL)
def _read1_apertures(
    read1: Counts, calibration: Read1Calibration, visits: Visits, flux: Doubles, scatter: Doubles
) -> None:
    """4" aperture over the annulus' clipped mean on one Read_1 frame a visit; NaN where a pixel is flagged."""
    _, ny, nx = read1.shape
    dark, flat, mask, saturation, bend = calibration
    ring = np.empty(400, np.float32)
    for k in range(visits.frame.size):
        counts = read1[visits.frame[k]]
        x0 = visits.x_pix[k]
        y0 = visits.y_pix[k]
        light = 0.0
        area = 0.0
        whole = True
        count = 0
        for y in range(max(0, math.floor(y0 - 10.0)), min(ny, math.floor(y0 + 10.0) + 2)):
            for x in range(max(0, math.floor(x0 - 10.0)), min(nx, math.floor(x0 + 10.0) + 2)):
                # sqrt, not hypot: no overflow is possible, and hypot is a library call.
                r = math.sqrt((x - x0) * (x - x0) + (y - y0) * (y - y0))
                if r > ANNULUS_PIX[1] or (r < ANNULUS_PIX[0] and r >= RADIUS_PIX + 0.5):
                    continue
                flagged = mask[y, x] or counts[y, x] > saturation[y, x]
                value = linear(np.float32(counts[y, x]) - dark[y, x], bend) / flat[y, x]
                w = min(max(RADIUS_PIX + 0.5 - r, 0.0), 1.0)
                if w > 0.0:
                    whole = whole and not flagged
                    light += w * value
                    area += w
                elif r >= ANNULUS_PIX[0] and r <= ANNULUS_PIX[1] and not flagged and count < ring.size:
                    ring[count] = value
                    count += 1
        _, mean, sigma = clipped_statistics(ring, count)
        flux[k] = (light - mean * area) if whole else np.nan
        scatter[k] = sigma * math.sqrt(area)


def read1_photometry(band: BandFrames, x_arcsec: Doubles, y_arcsec: Doubles) -> Read1Photometry:
    """4" aperture photometry on Read_1 frames, averaged.

    The error is the larger of what noise and light give and the scatter of the frames, over the root of their number.

    Parameters
    ----------
    band : BandFrames
        Registered frames.
    x_arcsec, y_arcsec : float64 arrays (n,)
        U-scan places of the stars.
    """
    n, detector = x_arcsec.size, band.raw.detector
    found = find_visits(band.geometry, x_arcsec, y_arcsec)
    visits = Visits(found.frame, found.x_pix, found.y_pix)
    flux, scatter = np.empty(found.source.size), np.empty(found.source.size)
    _read1_apertures(band.raw.read1_dn, read1_calibration(band.calibration), visits, flux, scatter)
    good = np.isfinite(flux) & (band.frames.noise_dn[found.frame] > 0.0)
    source, flux, scatter = found.source[good], flux[good], scatter[good]
    count = np.bincount(source, minlength=n).astype(np.int64)
    divisor = np.maximum(count, 1)
    noise = scatter**2 + np.maximum(flux, 0.0) / detector.gain
    seen = np.bincount(source[flux > DETECTION_SIGMA * np.sqrt(noise)], minlength=n).astype(np.int64)
    mean = np.bincount(source, flux, n) / divisor
    variance = np.bincount(source, noise, n) / divisor
    spread = np.bincount(source, (flux - mean[source]) ** 2, n) / np.maximum(count - 1, 1)
    variance = np.where(count >= FEWEST_LOOKS, np.maximum(variance, spread), variance)
    ratio = detector.integration_seconds / detector.read1_seconds
    none = count == 0
    return Read1Photometry(
        np.where(none, np.nan, mean * ratio),
        np.where(none, np.nan, np.sqrt(variance / divisor) * ratio),
        count,
        seen,
    )
