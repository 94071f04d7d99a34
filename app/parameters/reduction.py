"""Parameters of the reduction of raw frames to registered, cleaned frames and images."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from app.parameters.section import Section, count, number, switch


@dataclass(frozen=True)
class ReductionParameters(Section):
    """Parameters of `reduce_scan`; the defaults hold for survey scans of 12 to 273 frames."""

    SECTION: ClassVar[str] = "reduction"

    background_passes: int = field(
        default=1, metadata=count(0, 10, "How often the background of each frame is refined.")
    )
    # At SNR 15 a centroid is good to 0.05 pixel, and 60 of them fix a frame to 0.01 pixel.
    registration_snr: float = field(
        default=15.0,
        metadata=number(3.0, 1000.0, "SNR", "Least SNR of a source of one frame that registers frames."),
    )
    registration_sources: int = field(
        default=60, metadata=count(1, 10000, "Most sources of a frame and band that register it.")
    )
    centroid_floor_arcsec: float = field(
        default=0.06,
        metadata=number(
            0.001, 2.0, "arcsec", "Least error of a centroid of one frame, 1 sigma a coordinate."
        ),
    )
    transients: bool = field(
        default=True,
        metadata=switch("Whether cosmic rays and trails are found by comparison of the frames and left out."),
    )
    sky_offset: bool = field(
        default=True,
        metadata=switch(
            "Whether the pattern that the frames of a scan share, left by dark and flat, is taken off."
        ),
    )
