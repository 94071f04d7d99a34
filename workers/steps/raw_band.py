"""What the reduction is given of a raw file."""

from __future__ import annotations

import numpy as np

from app.errors import InputError
from app.formats.raw_camera import camera_problems
from app.formats.raw_night import RawScan
from app.instruments.cameras import detector_of
from app.instruments.detector import Detector
from workers.reduction.frames.values import RawBand


class CameraMismatchError(InputError):
    """A raw file contradicts the camera that it names: read times or the shape of its frames."""

    code = "CAMERA_MISMATCH"


def array_of(scan: RawScan) -> Detector:
    """Give the array that took a raw file, checked against what the file says of itself.

    Raises
    ------
    UnknownCameraError
        Raised if the header's CAMERA is not known.
    CameraMismatchError
        Raised if read times or shape are not those of the camera.
    """
    header = scan.header
    detector = detector_of(header.camera, header.band)
    if problems := camera_problems(header, scan.read1_dn.shape[1:]):
        raise CameraMismatchError(
            "; ".join(f"{problem.file}: {problem.keyword} {problem.found}" for problem in problems),
            expected="; ".join(problem.expected for problem in problems),
            remedy="give the configuration an identifier of its own (CAMERA, app/instruments/cameras.py)",
        )
    return detector


def raw_band(scan: RawScan) -> RawBand:
    """Hand a raw file's content to the reduction, with the array that took it.

    Raises
    ------
    InputError
        Raised if the file's camera is not known or contradicts the file, as `array_of` says.
    """
    frames = scan.frames
    return RawBand(
        detector=array_of(scan),
        read1_dn=scan.read1_dn,
        read2_dn=scan.read2_dn,
        mjd=frames["mjd"].astype(np.float64),
        ra_deg=frames["ra_deg"].astype(np.float64),
        decl_deg=frames["decl_deg"].astype(np.float64),
        airmass=frames["airmass"].astype(np.float64),
        missing=frames["missing"].astype(np.bool_),
    )
