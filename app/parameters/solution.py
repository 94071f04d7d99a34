"""Parameters of photometric solutions: how far what is solved for may stray, and when a scan counts as dimmed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from app.parameters.section import Section, count, number


@dataclass(frozen=True)
class SolutionParameters(Section):
    """Parameters of `solve_globally`; widths are of one sigma.

    The widths of the atmosphere are measured on the calibration sets of the solution itself. Of those here the solution
    asks for the right order only: half of the true widths costs a scan 2 to 4 % in its error, twice of them 10 to 22 %
    (decision 0009).
    """

    SECTION: ClassVar[str] = "solution"

    scan_jitter_mag: float = field(
        default=0.003,
        metadata=number(
            0.0001,
            0.1,
            "mag",
            "Change of the zero point from scan to scan that no model of the night follows.",
        ),
    )
    extinction_scatter: float = field(
        default=0.02,
        metadata=number(0.001, 0.5, "mag per airmass", "Scatter of the extinction of nights of one month."),
    )
    season_scatter: float = field(
        default=0.03,
        metadata=number(0.001, 0.5, "mag per airmass", "Scatter of the extinction of months."),
    )
    field_error_mag: float = field(
        default=0.006,
        metadata=number(0.0005, 0.1, "mag", "Error common to the standards of a calibration field."),
    )
    # Without a floor a pair of 3,000 stars (0.7 mmag) that was wrong by 98 mmag drew its scan 97 mmag off.
    overlap_floor_mag: float = field(
        default=0.0025, metadata=number(0.0001, 0.1, "mag", "Least error of an overlap of two scans.")
    )
    edge_error_mag: float = field(
        default=0.002, metadata=number(0.0, 0.1, "mag", "Error of the photometry at the edge of a scan.")
    )
    robust_sigma: float = field(
        default=2.0, metadata=number(1.0, 10.0, "sigma", "Residuals beyond it weigh less.")
    )
    robust_rounds: int = field(
        default=8,
        metadata=count(1, 50, "Solutions, all but the first with weights made anew; convex ones first."),
    )
    # Of n draws an error is known to 1 / sqrt(2 n): of 48 to a tenth, so that the fifth of the largest errors was the
    # largest by chance as well, and its pulls came out 7 % too small (decision 0012).
    error_draws: int = field(
        default=192, metadata=count(8, 1000, "Perturbed solutions from which the errors are measured.")
    )
    cloud_loss_mag: float = field(
        default=0.010,
        metadata=number(0.001, 0.5, "mag", "Loss against the model of the night that counts as cloud."),
    )
    overlap_match_arcsec: float = field(
        default=1.0,
        metadata=number(0.1, 5.0, "arcsec", "Two scans measured one star where their places are closer."),
    )
    overlap_snr: float = field(
        default=20.0,
        metadata=number(
            5.0, 200.0, "SNR", "Stars of overlaps are brighter than what has this signal on both scans."
        ),
    )
    overlap_psfchi: float = field(
        default=1.5,
        metadata=number(0.5, 100.0, "", "Largest reduced chi squared of the profiles of such stars."),
    )
    overlap_edge_arcsec: float = field(
        default=10.0,
        metadata=number(0.0, 100.0, "arcsec", "They stand farther from the edges of both scans."),
    )
    overlap_least_stars: int = field(
        default=5, metadata=count(1, 1000, "An overlap of fewer stars says nothing.")
    )
