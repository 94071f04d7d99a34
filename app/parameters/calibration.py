"""Parameters of the calibration of a night: which measurements of standards count, and which sets of scans."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from app.parameters.section import Section, count, number


@dataclass(frozen=True)
class CalibrationParameters(Section):
    """Parameters of the zero points of one night from its calibration scans."""

    SECTION: ClassVar[str] = "calibration"

    match_arcsec: float = field(
        default=2.0,
        metadata=number(0.1, 10.0, "arcsec", "A standard is the only source within this distance."),
    )
    isolation_arcsec: float = field(
        default=8.0,
        metadata=number(0.0, 60.0, "arcsec", "No source that matters may be closer to a standard."),
    )
    # A neighbour 4 magnitudes fainter has 2.5 % of the light, most of which its own fit takes.
    neighbour_mag: float = field(
        default=4.0,
        metadata=number(0.0, 20.0, "mag", "Neighbours fainter than the standard by more do not matter."),
    )
    standard_snr: float = field(
        default=20.0, metadata=number(5.0, 1000.0, "SNR", "Standards are measured at least so well.")
    )
    standard_psfchi: float = field(
        default=3.0,
        metadata=number(1.0, 100.0, "", "Largest reduced chi squared of the profile of a faint standard."),
    )
    # Of clean stars of SNR 550 the reduced chi squared is 10 to 40: it grows with the square of SNR.
    profile_snr: float = field(
        default=150.0,
        metadata=number(
            10.0, 10000.0, "SNR", "Where the profile's own error doubles the reduced chi squared."
        ),
    )
    edge_arcsec: float = field(
        default=10.0, metadata=number(0.0, 100.0, "arcsec", "Standards stand farther from the scan's edges.")
    )
    star_error_mag: float = field(
        default=0.01,
        metadata=number(0.001, 0.1, "mag", "Error of a bright star that its stated error does not contain."),
    )
    least_standards: int = field(
        default=3, metadata=count(1, 100, "A scan with fewer measured standards says nothing.")
    )
    set_scatter_mag: float = field(
        default=0.015,
        metadata=number(
            0.001, 0.5, "mag", "Scatter of the scans of a set in clear air; beyond 3 times it is bad."
        ),
    )
    set_gap_minutes: float = field(
        default=30.0,
        metadata=number(1.0, 600.0, "min", "Scans of a set begin within this time of each other."),
    )
    cloud_loss_mag: float = field(
        default=0.02,
        metadata=number(
            0.001,
            0.5,
            "mag",
            "Loss of a calibration scan against the model of the night that counts as cloud.",
        ),
    )
    # Zero points stay within 0.2 mag of the nominal ones (docs/background/survey.md): what lies far beyond is cloud.
    largest_offset_mag: float = field(
        default=0.5, metadata=number(0.05, 5.0, "mag", "A set farther off the nominal zero point is cloud.")
    )
    extinction_excess: float = field(
        default=0.0,
        metadata=number(-0.5, 0.5, "mag per airmass", "Extinction beyond the nominal one, known beforehand."),
    )
    extinction_error: float = field(
        default=0.03, metadata=number(0.001, 0.5, "mag per airmass", "Its error; the night's sets move it.")
    )
    drift_mag_per_hour: float = field(
        default=0.01,
        metadata=number(
            0.0, 0.5, "mag per hour", "Error that a zero point gains beyond the night's last set."
        ),
    )
    nominal_error_mag: float = field(
        default=0.1,
        metadata=number(0.01, 1.0, "mag", "Error of the nominal zero point of a band without sets."),
    )
