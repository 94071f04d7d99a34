"""All numbers that steer the photometry on frames, in one frozen object whose dictionary is stored with the run."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import InputError


class PhotometryParameterError(InputError):
    """A parameter of the photometry has a value that the code has no method for."""

    code = "PHOTOMETRY_PARAMETER"


@dataclass(frozen=True)
class PhotometryParameters:
    """Parameters of the photometry on the stack of frames.

    The defaults hold for survey scans: frames of 2" pixels, stars of 2.5" to 3.5" full width, six looks.
    """

    # Detection, in units of the local noise of the filtered coadd. Deep, as the survey's (background/survey 2.7): a
    # star of SNR 7 that is 3 sigma too faint still passes, and the release selects.
    threshold_snr: float = 4.0
    residual_snr: float = 3.7  # 140 peaks of noise a band of a survey scan
    model_share: float = 0.06  # of a neighbour's light, that a residual peak must exceed to be a star
    minimum_snr: float = 3.0  # a star whose fit falls below this is dropped

    # Point-spread function.
    field_order: int = 2  # in focal-plane place; 4 for strong defocus (background/reduction 7)
    learning_rounds: int = 4
    learning_stars: int = 2500  # a band: 15,000 stamps fix each of 1,000 nodes to 0.05 % of the peak

    # Rounds of detect, fit, subtract: until one finds less than this share more. A sparse field has a quarter more at
    # SNR 4 once its stars are gone; a crowded one doubles.
    most_rounds: int = 8
    enough_new: float = 0.35
    enough_new_crowded: float = 0.03  # as long as unknown stars are seen in the noise

    # Merging.
    position_floor_arcsec: float = 0.03  # registration of the bands to one another, a coordinate
    reference_error_arcsec: float = (
        0.02  # of the solution: fifty reference stars of 0.06" a scan, ten at a time
    )
    unresolved_arcsec: float = 3.0  # a band that shows one star for two within this is inconsistent
    merge_chance: float = 0.02  # accepted share of chance matches
    merge_limit_arcsec: float = 2.0
    merge_chi2: float = 25.0  # 2 degrees of freedom: 4e-6 of true pairs lost, if errors are normal

    # Noise floors of the total uncertainty (background/survey 2.9), mag.
    zero_point_error_mag: float = 0.011
    flat_error_mag: float = 0.005
    read1_error_mag: float = 0.012

    # Extended sources.
    extended_minimum_snr: float = 20.0

    def __post_init__(self) -> None:
        """Refuse an order of the field polynomial that the tables do not know (PhotometryParameterError)."""
        if self.field_order not in (2, 4):
            raise PhotometryParameterError(f"field_order = {self.field_order}", expected="2 or 4")
