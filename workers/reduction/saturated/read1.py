"""Photometry of stars that saturate Read_2 - Read_1: 4" apertures on Read_1 frames (survey-facts 2.9).

Read_1 is a 51 ms exposure; the sky comes from 14" to 20" of the same frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Counts, Doubles, Integers, Singles
from workers.reduction.calibration.linearity import linear
from workers.reduction.frames.band import BandFrames
from workers.reduction.frames.visits import RADIUS_PIX, find_visits
from workers.reduction.kernels.compiled import KERNEL, clipped_statistics

ANNULUS_PIX = (7.0, 10.0)  # 14" to 20"
DETECTION_SIGMA = 3.0


@dataclass(frozen=True)
class Read1Photometry:
    """Read_1 magnitudes' ingredients; each (n,).

    Attributes
    ----------
    flux_dn : float64
        Mean 4" aperture flux on the scale of Read_2 - Read_1; NaN where there is none.
    error_dn : float64
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
    read1: Counts,
    dark: Singles,
    bend: np.float32,
    flat: Singles,
    mask: NDArray[np.bool_],
    top: Singles,
    frame: Integers,
    x_pix: Doubles,
    y_pix: Doubles,
    flux: Doubles,
    scatter: Doubles,
) -> None:
    """4" aperture over the annulus' clipped mean on one Read_1 frame a row; NaN where a pixel is spoilt."""
    _, ny, nx = read1.shape
    ring = np.empty(400, np.float32)
    for k in range(frame.size):
        i = frame[k]
        x0 = x_pix[k]
        y0 = y_pix[k]
        light = 0.0
        area = 0.0
        whole = True
        count = 0
        for y in range(max(0, math.floor(y0 - 10.0)), min(ny, math.floor(y0 + 10.0) + 2)):
            for x in range(max(0, math.floor(x0 - 10.0)), min(nx, math.floor(x0 + 10.0) + 2)):
                # Not hypot: a call of the library, where no overflow threatens.
                r = math.sqrt((x - x0) * (x - x0) + (y - y0) * (y - y0))
                if r > ANNULUS_PIX[1] or (r < ANNULUS_PIX[0] and r >= RADIUS_PIX + 0.5):
                    continue
                spoilt = mask[y, x] or read1[i, y, x] > top[y, x]
                value = linear(np.float32(read1[i, y, x]) - dark[y, x], bend) / flat[y, x]
                w = min(max(RADIUS_PIX + 0.5 - r, 0.0), 1.0)
                if w > 0.0:
                    whole = whole and not spoilt
                    light += w * value
                    area += w
                elif r >= ANNULUS_PIX[0] and r <= ANNULUS_PIX[1] and not spoilt and count < ring.size:
                    ring[count] = value
                    count += 1
        _, mean, sigma = clipped_statistics(ring, count)
        flux[k] = (light - mean * area) if whole else np.nan
        scatter[k] = sigma * math.sqrt(area)


def read1_photometry(band: BandFrames, x_arcsec: Doubles, y_arcsec: Doubles) -> Read1Photometry:
    """4" aperture photometry on Read_1 frames, averaged.

    The error is the larger of what noise and light give and the scatter of the frames, over the root of their number.
    """
    n, detector = x_arcsec.size, band.raw.detector
    visits = find_visits(band.geometry, x_arcsec, y_arcsec)
    flux, scatter = np.empty(visits.source.size), np.empty(visits.source.size)
    calibration = band.calibration
    _read1_apertures(
        band.raw.read1_dn,
        calibration.dark_read1_dn,
        np.float32(calibration.bend_per_dn2),
        calibration.flat,
        calibration.mask,
        calibration.saturation_dn,
        visits.frame,
        visits.x_pix,
        visits.y_pix,
        flux,
        scatter,
    )
    good = np.isfinite(flux) & (band.frames.noise_dn[visits.frame] > 0.0)
    source, flux, scatter = visits.source[good], flux[good], scatter[good]
    count = np.bincount(source, minlength=n).astype(np.int64)
    some = np.maximum(count, 1)
    noise = scatter**2 + np.maximum(flux, 0.0) / detector.gain
    seen = np.bincount(source[flux > DETECTION_SIGMA * np.sqrt(noise)], minlength=n).astype(np.int64)
    mean = np.bincount(source, flux, n) / some
    variance = np.bincount(source, noise, n) / some
    spread = np.bincount(source, (flux - mean[source]) ** 2, n) / np.maximum(count - 1, 1)
    variance = np.where(count > 2, np.maximum(variance, spread), variance)
    ratio = detector.integration_seconds / detector.read1_seconds
    none = count == 0
    return Read1Photometry(
        np.where(none, np.nan, mean * ratio),
        np.where(none, np.nan, np.sqrt(variance / some) * ratio),
        count,
        seen,
    )
