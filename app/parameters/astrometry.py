"""Parameters of the global astrometric solution: how far positions may stray along a scan, and what ties are worth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from app.parameters.section import Section, count, number


@dataclass(frozen=True)
class AstrometryParameters(Section):
    """Parameters of `solve_astrometry`; widths are of one sigma and one coordinate."""

    SECTION: ClassVar[str] = "astrometry"

    # Twelve segments of half a degree, as the survey cut its scans (background/survey 2.12).
    segments: int = field(
        default=12, metadata=count(2, 60, "Segments of a scan of 6 degrees, each with an offset of its own.")
    )
    offset_width_arcsec: float = field(
        default=0.5, metadata=number(0.01, 10.0, "arcsec", "Offset of a scan from the reference system.")
    )
    step_width_arcsec: float = field(
        default=0.06,
        metadata=number(0.001, 1.0, "arcsec", "By how much offsets change along half a degree of a scan."),
    )
    reference_error_arcsec: float = field(
        default=0.06,
        metadata=number(
            0.001, 1.0, "arcsec", "Error of a reference star at the date of the scan, catalogue and motion."
        ),
    )
    star_error_arcsec: float = field(
        default=0.08, metadata=number(0.001, 1.0, "arcsec", "Error of the place of one row in one scan.")
    )
    # Edges of scans are distorted alike in all of them: no number of stars makes an overlap better than this.
    overlap_floor_arcsec: float = field(
        default=0.01, metadata=number(0.0001, 1.0, "arcsec", "Least error of an overlap of two segments.")
    )
    match_arcsec: float = field(
        default=1.5, metadata=number(0.1, 10.0, "arcsec", "Rows nearer than this are one star.")
    )
    snr: float = field(
        default=20.0, metadata=number(3.0, 1000.0, "", "Least signal of the rows in one band.")
    )
    least_stars: int = field(
        default=3, metadata=count(1, 1000, "Fewest stars of an overlap of two segments.")
    )
    robust_sigma: float = field(
        default=2.5, metadata=number(1.0, 10.0, "sigma", "Residuals longer than it weigh less.")
    )
    robust_rounds: int = field(
        default=6, metadata=count(1, 50, "Solutions, all but the first with weights made anew.")
    )
    error_draws: int = field(
        default=32, metadata=count(8, 1000, "Perturbed solutions from which the errors are measured.")
    )
