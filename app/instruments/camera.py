"""A camera in one configuration: which arrays it has and how it takes frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.errors import InputError
from app.instruments.bands import Band
from app.instruments.detector import Detector


class CameraBandError(InputError):
    """A camera has no array of a band."""

    code = "CAMERA_BAND"


@dataclass(frozen=True)
class Camera:
    """One camera configuration, which the keyword CAMERA of raw files and calibrations names.

    Another array, other electronics or other read times make another configuration with an identifier of its own:
    darks, flats and nominal constants of the one say nothing of the other.

    Attributes
    ----------
    identifier : str
        The value of CAMERA.
    frame_seconds : float
        Cadence: seconds from the start of a frame to that of the next.
    arrays : mapping of Band to Detector
        Arrays of the camera; `make_camera` makes the mapping of them.
    """

    identifier: str
    frame_seconds: float
    arrays: Mapping[Band, Detector]

    @property
    def bands(self) -> tuple[Band, ...]:
        """Bands that the camera has arrays of, in the order of the arrays."""
        return tuple(self.arrays)

    def detector(self, band: Band) -> Detector:
        """Give the array of a band.

        Raises
        ------
        CameraBandError
            Raised if the camera has no array of the band.
        """
        if band not in self.arrays:
            raise CameraBandError(
                f"camera {self.identifier!r} in band {band.label}",
                expected=f"a band it has: {', '.join(known.label for known in self.bands)}",
            )
        return self.arrays[band]


def make_camera(identifier: str, frame_seconds: float, *arrays: Detector) -> Camera:
    """Put a camera together from its arrays.

    Parameters
    ----------
    identifier : str
        The value of CAMERA in its files.
    frame_seconds : float
        Cadence of its frames, seconds.
    *arrays : Detector
        One a band.
    """
    by_band = {array.band: array for array in arrays}
    if len(by_band) != len(arrays):
        raise ValueError(f"camera {identifier!r} has two arrays of one band")
    return Camera(identifier, frame_seconds, MappingProxyType(by_band))
