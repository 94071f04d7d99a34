"""What the pipeline believes of the two cameras; numbers of the survey's description, not of any simulator.

Zero points are the median MAGZP of real image headers rounded to 0.05 (J 20.91 and 21.00, H 20.46 and 20.50, Ks 19.93
and 19.98); gain 8 e-/DN, read noise 45 e-, bands 1-2 pixels off each other (survey-facts 1.1); extinction from 2.13.
Read_2 is linear to 1 % up to about 17 000 DN, pedestal of 1800 DN included. Band offsets and rotations are good to
1" and 0.1 degree: registration solves for them.
"""

from __future__ import annotations

import numpy as np

from app.bands import Band
from app.errors import InputError
from app.formats.raw_night import RawScan
from workers.reduction.frames import Detector, RawBand

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


def raw_band(scan: RawScan) -> RawBand:
    """Hand a raw file's content to the reduction, with the camera that took it."""
    frames = scan.frames
    return RawBand(
        detector=detector_of(scan.header.hemisphere, scan.header.band),
        read1_dn=scan.read1_dn,
        read2_dn=scan.read2_dn,
        mjd=frames["mjd"].astype(np.float64),
        ra_deg=frames["ra_deg"].astype(np.float64),
        decl_deg=frames["decl_deg"].astype(np.float64),
        airmass=frames["airmass"].astype(np.float64),
        missing=frames["missing"].astype(np.bool_),
    )
