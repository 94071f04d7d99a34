"""What the reduction is given of a raw file."""

from __future__ import annotations

import numpy as np

from app.formats.raw_night import RawScan
from app.instruments.cameras import detector_of
from workers.reduction.frames.values import RawBand


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
