"""What the pipeline believes of the two cameras; numbers of the survey's description, not of any simulator.

Zero points are the median MAGZP of real image headers rounded to 0.05 (J 20.91 and 21.00, H 20.46 and 20.50, Ks 19.93
and 19.98); gain 8 e-/DN, read noise 45 e-, bands 1-2 pixels off each other, extinction: background/survey 1.1, 2.13.
Read_2 is linear to 1 % up to about 17 000 DN, pedestal of 1800 DN included. Band offsets and rotations are good to
1" and 0.1 degree: registration solves for them.
"""

from __future__ import annotations

from app.errors import InputError
from app.instruments.bands import Band
from app.instruments.detector import Detector

PIXEL_ARCSEC = 2.0
_NORTH_AND_SOUTH = {
    Band.J: Detector(Band.J, 8.5, 45.0, 17000.0, PIXEL_ARCSEC, (0.0, 0.0), 0.23, 0.051, 1.3, 20.90, 0.109),
    Band.H: Detector(Band.H, 8.0, 45.0, 17500.0, PIXEL_ARCSEC, (-2.5, 1.5), 0.25, 0.051, 1.3, 20.45, 0.031),
    Band.K: Detector(Band.K, 9.0, 45.0, 17500.0, PIXEL_ARCSEC, (1.5, -3.0), 0.21, 0.051, 1.3, 19.95, 0.061),
}
CAMERAS: dict[str, dict[Band, Detector]] = {"n": _NORTH_AND_SOUTH, "s": _NORTH_AND_SOUTH}


def detector_of(hemisphere: str, band: Band) -> Detector:
    """Array of a site and band.

    Raises
    ------
    InputError
        Raised if the hemisphere is neither n nor s.
    """
    if hemisphere not in CAMERAS:
        raise InputError(f"hemisphere {hemisphere!r}", expected="n or s")
    return CAMERAS[hemisphere][band]
