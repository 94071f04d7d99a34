"""Parameters of the photometry on the stack of frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from app.parameters.galaxy_classifier import shipped_hash
from app.parameters.section import Section, choice, count, number


@dataclass(frozen=True)
class PhotometryParameters(Section):
    """Parameters of `measure_scan`.

    The defaults hold for survey scans: frames of 2" pixels, stars of 2.5" to 3.5" full width, six looks.
    """

    SECTION: ClassVar[str] = "photometry"

    # Detection is as deep as the survey's own: a star of SNR 7 that is 3 sigma too faint still passes, and the release
    # selects. At 3.7 noise makes 140 residual peaks a band of a survey scan.
    threshold_snr: float = field(
        default=4.0,
        metadata=number(
            1.0, 100.0, "sigma", "Least height of a peak of the first detection over the local noise."
        ),
    )
    residual_snr: float = field(
        default=3.7,
        metadata=number(1.0, 100.0, "sigma", "Least height of a peak that the fitted stars leave behind."),
    )
    model_share: float = field(
        default=0.06,
        metadata=number(
            0.0, 1.0, "", "Share of a neighbour's light there that a star must exceed to be one."
        ),
    )
    minimum_snr: float = field(
        default=3.0, metadata=number(0.0, 100.0, "SNR", "A star whose fit falls below this is dropped.")
    )

    # The field polynomial of order 4 is for telescopes far out of focus; 15,000 stamps, which is 2500 stars of six
    # looks, fix each of the table's 1,000 nodes to 0.05 % of the peak.
    field_order: int = field(
        default=2,
        metadata=choice((2, 4), "Order of the change of the profile over the focal plane."),
    )
    learning_rounds: int = field(
        default=4, metadata=count(1, 20, "How often the profile is learnt before all stars are fitted.")
    )
    learning_stars: int = field(
        default=2500, metadata=count(10, 1000000, "Most stars of a band that the profile is learnt from.")
    )

    # A sparse field has a quarter more stars at SNR 4 once the first ones are subtracted; a crowded one doubles.
    most_rounds: int = field(
        default=8, metadata=count(1, 50, "Most rounds of detection, fit and subtraction.")
    )
    enough_new: float = field(
        default=0.35,
        metadata=number(0.0, 10.0, "", "The rounds end when one adds less than this share of the stars."),
    )
    enough_new_crowded: float = field(
        default=0.03,
        metadata=number(
            0.0, 10.0, "", "In place of enough_new while the noise shows stars that are not found yet."
        ),
    )

    # Fifty reference stars of 0.06" register a scan, ten at a time: 0.02".
    position_floor_arcsec: float = field(
        default=0.03,
        metadata=number(
            0.001, 2.0, "arcsec", "Error of the registration of two bands, 1 sigma a coordinate."
        ),
    )
    reference_error_arcsec: float = field(
        default=0.02,
        metadata=number(
            0.0, 2.0, "arcsec", "Error of the scan's astrometric solution, 1 sigma a coordinate."
        ),
    )
    unresolved_arcsec: float = field(
        default=3.0,
        metadata=number(
            0.0, 20.0, "arcsec", "A band that shows one star for two within this distance is inconsistent."
        ),
    )
    merge_chance: float = field(
        default=0.02, metadata=number(1e-6, 0.5, "", "Accepted share of chance matches between bands.")
    )
    merge_limit_arcsec: float = field(
        default=2.0, metadata=number(0.1, 20.0, "arcsec", "Largest separation of a match between bands.")
    )
    # With 2 degrees of freedom 4e-6 of true pairs are lost at 25, if errors are normal.
    merge_chi2: float = field(
        default=25.0, metadata=number(1.0, 1000.0, "", "Largest chi-squared of a match between bands.")
    )

    # A part of the pipeline like its code: named here so that other trees make another pipeline.
    galaxy_classifier: str = field(
        default=shipped_hash(),
        metadata=choice(
            (shipped_hash(),), "SHA-256 of the trees that score extended sources: those of this version."
        ),
    )

    # What the survey's total uncertainty adds to the error of the image's own zero point.
    flat_error_mag: float = field(
        default=0.005, metadata=number(0.0, 1.0, "mag", "Error of the flat in the total uncertainty.")
    )
    read1_error_mag: float = field(
        default=0.012,
        metadata=number(0.0, 1.0, "mag", "Error of Read_1 magnitudes against the scale of Read_2 - Read_1."),
    )
