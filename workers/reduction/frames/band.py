"""All that is known of the frames of one band."""

from __future__ import annotations

from dataclasses import dataclass

from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.values import CalibratedFrames, NightCalibration, RawBand


@dataclass(frozen=True)
class BandFrames:
    """All that is known of the frames of one band, for measuring sources on them."""

    raw: RawBand
    calibration: NightCalibration
    frames: CalibratedFrames
    geometry: FrameGeometry
