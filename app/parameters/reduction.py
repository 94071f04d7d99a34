"""Numbers that steer the reduction of raw frames."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReductionParameters:
    """Numbers that steer `reduce_scan`; the run's parameter set may change them.

    The defaults hold for survey scans of 12 to 273 frames.
    """

    background_passes: int = 1
    registration_snr: float = 15.0  # centroid good to 0.05 pixel
    registration_sources: int = 60  # a frame and band; 60 fix a frame to 0.01 pixel
    centroid_floor_arcsec: float = 0.06
    transients: bool = True
    sky_offset: bool = True
