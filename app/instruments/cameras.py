"""The registry of cameras, by the identifier that stands in the keyword CAMERA of their files.

Constants are those of the survey's description, not of any simulator. Zero points are the median MAGZP of real image
headers rounded to 0.05 (J 20.91 and 21.00, H 20.46 and 20.50, Ks 19.93 and 19.98); gain 8 electrons/DN, read noise 45
electrons, bands 1-2 pixels off each other; extinction as the survey measured it. Read_2 is linear to 1 % up to about
17 000 DN, pedestal of 1800 DN included. Band offsets and rotations are good to 1" and 0.1 degree: registration solves
for them.

A further camera is one more entry of `CAMERAS`; its files are taken in from then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from app.errors import InputError
from app.instruments.bands import Band
from app.instruments.camera import Camera, make_camera
from app.instruments.detector import Detector

_NICMOS3 = (256, 256)

# The survey built its two cameras alike; what differs between them lies within what is solved for.
_SURVEY_ARRAYS = (
    Detector(Band.J, 8.5, 45.0, 17000.0, 2.0, (0.0, 0.0), 0.23, 0.051, 1.3, 20.90, 0.109, _NICMOS3),
    Detector(Band.H, 8.0, 45.0, 17500.0, 2.0, (-2.5, 1.5), 0.25, 0.051, 1.3, 20.45, 0.031, _NICMOS3),
    Detector(Band.K, 9.0, 45.0, 17500.0, 2.0, (1.5, -3.0), 0.21, 0.051, 1.3, 19.95, 0.061, _NICMOS3),
)
_EXCHANGED_H = Detector(
    Band.H, 8.5, 40.0, 18000.0, 2.0, (-1.5, 1.0), 0.26, 0.051, 1.3, 20.50, 0.031, _NICMOS3
)  # fmt: skip


class UnknownCameraError(InputError):
    """The keyword CAMERA names no camera of the registry."""

    code = "UNKNOWN_CAMERA"


def _by_identifier(cameras: Iterable[Camera]) -> Mapping[str, Camera]:
    return MappingProxyType({camera.identifier: camera for camera in cameras})


CAMERAS = _by_identifier((
    # What the simulated observatory's sites use.
    make_camera("sim-n-1", 1.40, *_SURVEY_ARRAYS),
    make_camera("sim-s-1", 1.40, *_SURVEY_ARRAYS),
    # The northern H array was exchanged during the survey: another gain, place and zero point.
    make_camera("sim-n-2", 1.40, _SURVEY_ARRAYS[0], _EXCHANGED_H, _SURVEY_ARRAYS[2]),
))  # fmt: skip


def camera_of(identifier: str) -> Camera:
    """Give the camera of an identifier.

    Raises
    ------
    UnknownCameraError
        Raised if no camera has the identifier.

    Examples
    --------
    >>> camera_of("sim-s-1").detector(Band.J).shape
    (256, 256)
    """
    if identifier not in CAMERAS:
        raise UnknownCameraError(
            f"CAMERA {identifier!r}",
            expected=f"a known camera: {', '.join(CAMERAS)}",
            remedy="correct the header, or add the camera to app/instruments/cameras.py",
        )
    return CAMERAS[identifier]


def detector_of(identifier: str, band: Band) -> Detector:
    """Give the array of a camera and band.

    Raises
    ------
    InputError
        Raised if there is no such camera (UnknownCameraError) or it has no such band (CameraBandError).
    """
    return camera_of(identifier).detector(band)
