"""Compile the kernels of the frame reduction once, so that the first scan does not wait for the compiler."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.arrays import Counts
from app.instruments.bands import Band
from app.instruments.detector import Detector
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from workers.reduction.deblending.deblend import deblend
from workers.reduction.frames.values import NightCalibration, RawBand
from workers.reduction.measure_scan import measure_scan
from workers.reduction.photometry.residual import ResidualMemory
from workers.reduction.photometry.stack import BandStack
from workers.reduction.profile.stars import Stars
from workers.reduction.reduce_scan import ReferenceStars, reduce_scan
from workers.reduction.saturated.apertures import read1_photometry
from workers.reduction.saturated.stars import Saturated

PAIR_ARCSEC = 2.4
STEP_PIX = 10.2  # from frame to frame, a fraction of a pixel besides
# Column, row on the first frame, light in DN, sigma in pixels: moderate stars to learn from, a pair, one that saturates
# Read_2, one that saturates Read_1 too, and a galaxy.
SOURCES = (
    (12.3, 25.2, 6e3, 0.7),
    (48.7, 41.6, 4e3, 0.7),
    (26.1, 48.9, 5e3, 0.7),
    (27.5, 49.4, 3e3, 0.7),
    (13.4, 64.8, 2e5, 0.7),
    (50.2, 84.3, 4e3, 0.7),
    (45.0, 105.1, 8e6, 0.7),
    (20.6, 98.7, 7e4, 2.6),
)


def _reads(frames: int, size: int) -> tuple[Counts, Counts]:
    """Raw reads of a scan northward over the sources; a fixed pattern stands for noise."""
    y, x = np.mgrid[:size, :size].astype(np.float64)
    pattern = 1000.0 + (7 * x + 13 * y) % 11
    reads = np.empty((2, frames, size, size), np.uint16)
    for i in range(frames):
        light = 300.0 + (3 * x + 5 * y + 11 * i) % 17
        for column, row, flux, sigma in SOURCES:
            square = (x - column) ** 2 + (y - row + i * STEP_PIX) ** 2
            light = light + flux / (2.0 * np.pi * sigma**2) * np.exp(-0.5 * square / sigma**2)
        reads[0, i] = np.minimum(pattern + 0.04 * light, 20000.0)
        reads[1, i] = np.minimum(pattern + 1.04 * light, 20000.0)
    return reads[0], reads[1]


def warm_frames() -> None:
    """Reduce twelve tiny frames of one band: every kernel, every type it meets in earnest; some 25 s uncompiled."""
    n, size = 12, 64
    shape = (size, size)
    detector = Detector(Band.J, 8.0, 45.0, 17000.0, 2.0, (0.0, 0.0), 0.23, 0.051, 1.3, 20.9, 0.1, shape)
    read1, read2 = _reads(n, size)
    calibration = NightCalibration(
        Band.J,
        np.full(shape, 1000.0, np.float32),
        np.zeros(shape, np.float32),
        np.ones(shape, np.float32),
        np.zeros(shape, np.bool_),
        np.full(shape, 17000.0, np.float32),
        0.0,
        {},
    )
    raw = RawBand(
        detector,
        read1,
        read2,
        np.arange(n, dtype=np.float64),
        np.full(n, 10.0),
        10.0 + 2.0 * STEP_PIX / 3600.0 * np.arange(n, dtype=np.float64),
        np.ones(n),
        np.zeros(n, np.bool_),
    )
    reduced = reduce_scan(
        {Band.J: raw},
        {Band.J: calibration},
        ReferenceStars.none(),
        ReductionParameters(),
    )
    place = np.zeros(1)
    read1_photometry(reduced.bands[Band.J], place, place)
    measure_scan(reduced, PhotometryParameters())
    _warm_deblending(reduced.stacks[Band.J])


def _warm_deblending(stack: BandStack) -> None:
    """Decide a made-up pair at the place of a star: the scan's own is too short to leave one to be decided."""
    star = stack.stars.taken(np.zeros(1, np.int64))
    x, y, light = star.x_arcsec[0], star.y_arcsec[0], star.flux_dn[0]
    pair = Stars.at(np.array([x, x + PAIR_ARCSEC]), np.array([y, y]), np.full(2, 0.5 * light))
    pair.flux_error_dn[:], pair.chi2[:] = 0.01 * light, 1.0
    alone = replace(stack, stars=pair, fixed=Saturated.none())
    deblend({Band.J: alone}, ResidualMemory(stack.frames.pixels_dn.shape))
