"""Compile the kernels of the frame reduction once, so that the first scan does not wait for the compiler."""

from __future__ import annotations

import numpy as np

from app.bands import Band
from workers.reduction import scan as reduction
from workers.reduction.frames import Detector, NightCalibration, RawBand
from workers.reduction.read1 import read1_photometry
from workers.reduction.scan_sources import measure_scan
from workers.reduction.stack.parameters import PhotometryParameters


def warm_frames() -> None:
    """Reduce eight tiny frames of one band: every kernel, every type it meets in earnest; some 12 s uncompiled."""
    n, size = 8, 64
    detector = Detector(Band.J, 8.0, 45.0, 17000.0, 2.0, (0.0, 0.0), 0.23, 0.051, 1.3, 20.9, 0.1)
    shape = (size, size)
    y, x = np.mgrid[:size, :size]
    pattern = (1000 + (7 * x + 13 * y) % 11).astype(np.uint16)
    read1 = np.repeat(pattern[None], n, axis=0)
    read2 = read1 + np.uint16(300) + ((3 * x + 5 * y) % 17).astype(np.uint16)
    read2[:, 20:22, 20:22] += np.uint16(3000)
    calibration = NightCalibration(
        Band.J,
        np.full(shape, 1000.0, np.float32),
        np.zeros(shape, np.float32),
        np.ones(shape, np.float32),
        np.zeros(shape, np.bool_),
        np.full(shape, 17000.0, np.float32),
        {},
    )
    raw = RawBand(
        detector,
        read1,
        read2.astype(np.uint16),
        np.arange(n, dtype=np.float64),
        np.full(n, 10.0),
        np.linspace(10.0, 10.04, n, dtype=np.float64),
        np.ones(n),
        np.zeros(n, np.bool_),
    )
    reduced = reduction.reduce_scan(
        {Band.J: raw},
        {Band.J: calibration},
        reduction.ReferenceStars.none(),
        reduction.ReductionParameters(),
    )
    place = np.zeros(1)
    read1_photometry(reduced.bands[Band.J], place, place)
    measure_scan(reduced, PhotometryParameters())
