"""Whether a raw file agrees with what is known of the camera that it names."""

from __future__ import annotations

from app.errors import InputError
from app.formats.raw_header import Problem, RawScanHeader
from app.instruments.cameras import camera_of

EXPOSURE_TOLERANCE = 0.01
"""Relative; the ratio of the exposures is the scale of Read_1 magnitudes: 1 % is 0.01 mag, their own error."""


def camera_problems(header: RawScanHeader, shape: tuple[int, ...]) -> list[Problem]:
    """List contradictions between a file and its camera; an empty list if there are none.

    Parameters
    ----------
    header : RawScanHeader
        Of the file.
    shape : (int, int)
        Rows and columns of its frames, pixels.
    """
    try:
        detector = camera_of(header.camera).detector(header.band)
    except InputError as error:
        return [Problem(header.file_name, "CAMERA", error.found, error.expected)]
    problems = [
        Problem(header.file_name, keyword, f"{found:g} s", f"{nominal:g} s of camera {header.camera}")
        for keyword, found, nominal in (
            ("READ1_T", header.read1_seconds, detector.read1_seconds),
            ("INT_PER", header.integration_seconds, detector.integration_seconds),
        )
        if not abs(found - nominal) <= EXPOSURE_TOLERANCE * nominal
    ]
    if shape != detector.shape:
        problems.append(
            Problem(
                header.file_name, "READ1", f"frames {shape}", f"{detector.shape} of camera {header.camera}"
            )
        )
    return problems
