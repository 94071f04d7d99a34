"""All numbers that steer the reduction, in one frozen object whose dictionary is stored with the run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class ExtractionParameters:
    """Parameters of `extract_scan`; lengths in pixels are Atlas pixels of 1".

    The defaults hold for survey images: stars of 2.9" full width at half maximum, noise correlated over 2".
    """

    # Background. A cell must hold many times a star's area (7 square pixels) and be small against nebulae.
    background_mesh_pix: int = 32
    residual_mesh_pix: int = 24

    # Detection. About 3 sigma, as deep as the survey's own candidates (survey-facts 2.7); the first passes take
    # bright stars only, so that the PSF and the noise are learnt from a cleaner image.
    detection_snr: tuple[float, ...] = (15.0, 6.0, 4.0, 3.5, 3.5)
    detection_model_error: float = (
        0.06  # residuals of the models that may look like stars, share of the model
    )
    minimum_snr: float = 3.0  # a star whose fit falls below this is dropped

    # Profile fit.
    fit_radius_pix: float = 3.5  # holds 85 % of the light; BLENDIST and crowding forbid more
    link_fwhm: float = 1.3
    merge_fwhm: float = 0.55  # closer pairs are one star: no active deblending (survey-facts 7.2)
    drift_pix: float = 1.5  # a fit that walks farther from its peak found another star
    seed_sigma_pix: float = 1.0
    psf_error: float = 0.02
    gain_electrons_per_dn: float = 50.0  # 8 electrons a DN (survey-facts 1.2), six frames averaged
    sweeps: int = 3

    # Point-spread function.
    psf_minimum_snr: float = 40.0
    psf_maximum_stars: int = 400
    psf_core_pix: float = 7.0
    psf_stars_per_term: int = 12  # order 1 needs 3, order 2 needs 6 terms
    psf_model_error: float = 0.01
    fallback_fwhm_pix: float = 2.9  # where neither stars nor SEESH are there

    # Aperture photometry (survey-facts 2.9).
    aperture_arcsec: float = 4.0
    annulus_arcsec: tuple[float, float] = (14.0, 20.0)
    growth_radii_arcsec: tuple[float, ...] = tuple(float(r) for r in range(3, 15))
    growth_minimum_snr: float = 60.0
    growth_maximum_stars: int = 60

    # Noise floors of the total uncertainty (survey-facts 2.9), mag.
    zero_point_error_mag: float = 0.011
    flat_error_mag: float = 0.005
    read1_error_mag: float = 0.012

    # Saturation. R2-R1 saturates near J 9, H 8.5, Ks 8 (survey-facts 1.2): a core lower than its ring is a sign.
    saturation_dip: float = 0.8

    # Merging.
    duplicate_arcsec: float = 1.5
    merge_floor_arcsec: float = 0.12  # position error of bright stars within a band, 1 sigma a coordinate
    merge_chance: float = 0.02  # accepted share of chance matches
    merge_limit_arcsec: float = 2.0
    merge_chi2: float = 25.0  # 2 degrees of freedom: 4e-6 of true pairs lost, if errors are normal

    # Extended sources.
    extended_radii_arcsec: tuple[float, ...] = (5, 7, 10, 15, 20, 25, 30, 40, 50, 60, 70)
    extended_minimum_snr: float = 20.0

    labels: dict[str, str] = field(default_factory=dict, hash=False, compare=False)

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; the same parameters give the same dictionary."""
        return asdict(self)
