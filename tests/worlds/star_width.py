"""How wide the stars of the simulated optics are."""

from __future__ import annotations

import numpy as np

from app.arrays import Singles
from app.observatory.optics import PHASES, PIXEL_ARCSEC


def width_arcsec(table: Singles) -> float:
    """Full width at half maximum of a table's image, pixel included: 2 sqrt(area above half maximum / pi)."""
    # all phases interleaved: [i, p, j, q] is the image sampled at 1 / PHASES pixel
    fine = table[:PHASES, :PHASES].transpose(2, 0, 3, 1).reshape(table.shape[2] * PHASES, -1)
    area = np.count_nonzero(fine > 0.5 * fine.max()) * (PIXEL_ARCSEC / PHASES) ** 2
    return float(2.0 * np.sqrt(area / np.pi))
