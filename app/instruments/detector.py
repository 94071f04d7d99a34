"""What is known beforehand of one infrared array: its nominal facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.instruments.bands import Band

NOMINAL_ERROR_MAG: Final = 0.1
"""One sigma of a nominal zero point: those of nights stay within +-0.1 to 0.2 (background/survey 2.13).

It is in `msigcom` as it is measured; the calibrated view of the working database puts a solution's error in its place.
"""


@dataclass(frozen=True)
class Detector:
    """What the pipeline believes of one array in one camera configuration.

    Attributes
    ----------
    band : Band
        Band of the filter before the array.
    gain : float
        Electrons per DN.
    read_noise_electrons : float
        Noise of one read, electrons.
    saturation_dn : float
        Raw level of a read up to which it is linear to 1 %, DN, pedestal included.
    pixel_arcsec : float
        Side of a pixel on the sky, arcsec.
    offset_arcsec : (float, float)
        U-scan place of the array's centre against the commanded position, arcsec: x to the west, y to the north.
    rotation_deg : float
        Turn of the array's axes against the U-scan axes, degrees, from +x (west) to +y (north).
    read1_seconds, integration_seconds : float
        Effective exposures of Read_1 and of Read_2 - Read_1, seconds.
    zero_point_mag : float
        Magnitude of 1 DN of Read_2 - Read_1 at airmass 1 (M0).
    extinction_mag : float
        Magnitudes an airmass (c2).
    shape : (int, int)
        Rows (y) and columns (x) of the array, pixels.
    """

    band: Band
    gain: float
    read_noise_electrons: float
    saturation_dn: float
    pixel_arcsec: float
    offset_arcsec: tuple[float, float]
    rotation_deg: float
    read1_seconds: float
    integration_seconds: float
    zero_point_mag: float
    extinction_mag: float
    shape: tuple[int, int]
