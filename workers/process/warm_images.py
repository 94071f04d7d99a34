"""Compile every kernel of the reduction by running it on a tiny input; the results go to numba's cache."""

from __future__ import annotations

import numpy as np

from app.instruments.bands import Band
from app.parameters.extraction import ExtractionParameters
from app.sky.projection import SinProjection
from workers.reduction.frames.products import AtlasImage
from workers.reduction.images.extract import extract_scan


def warm() -> None:
    """Run the whole reduction once on a field of 30 stars (96 x 96 pixels, two bands, no random numbers)."""
    ny = nx = 96
    y, x = np.mgrid[0:ny, 0:nx]
    # A fixed checker of +-1 DN stands for noise: the reduction needs a scatter, not a distribution.
    pixels = 100.0 + np.sin(12.9898 * x + 78.233 * y) * 1.4
    for k in range(30):
        star_x, star_y = 8.0 + 16.1 * (k % 6), 8.0 + 19.3 * (k // 6)
        pixels += 400.0 * (1 + k % 5) * np.exp(-((x - star_x) ** 2 + (y - star_y) ** 2) / 3.4)
    projection = SinProjection.from_rotation(10.0, 5.0, 47.5, 47.5, -1 / 3600, 1 / 3600)
    images = [AtlasImage(band, 1, pixels.astype(np.float32), projection, 20.0) for band in (Band.J, Band.H)]
    extract_scan(images, ExtractionParameters())
