"""All numbers that steer the reduction, in one frozen object whose dictionary is stored with the run."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class ExtractionParameters:
    """Parameters of `extract_scan`; lengths in pixels are Atlas pixels of 1".

    The defaults hold for survey images: stars of 2.9" full width at half maximum, noise correlated over 2".
    """

    # Background. A cell must hold many times a star's area (7 square pixels) and be small against nebulae.
    background_mesh_pix: int = 32
    # Without stars a cell may be smaller. Finer than this follows the M17 nebula better (overlap of two images of a
    # scan: 0.012 mag with 14, 0.019 with 24) but swallows galaxies of an arcminute and costs faint stars elsewhere.
    residual_mesh_pix: int = 24

    # Detection. About 3 sigma, as deep as the survey's own candidates (background/survey 2.7); the first passes take
    # bright stars only, so that the PSF and the noise are learnt from a cleaner image.
    first_snr: tuple[float, ...] = (15.0, 6.0, 4.5)  # on the image as it is
    final_snr: tuple[float, ...] = (4.5, 4.0, 4.0)  # on the image with white noise
    detection_model_error: float = (
        0.06  # residuals of the models that may look like stars, share of the model
    )
    minimum_snr: float = 3.5  # a star whose fit falls below this is dropped

    # Profile fit.
    fit_radius_pix: float = 3.5  # holds 85 % of the light; BLENDIST and crowding forbid more
    link_pix: float = 3.8  # 1.3 times the full width: closer profiles share a third of their light
    merge_pix: float = 2.0  # closer pairs are one star: no active deblending (background/survey 7.2)
    glare_pix: float = 8.0
    glare_share: float = 0.04
    drift_pix: float = 1.5  # a fit that walks farther from its peak found another star
    seed_sigma_pix: float = 1.0
    psf_error: float = 0.02
    flux_radius_pix: float = (
        2.5  # disc of the last flux fit on the smooth image, positions known: the core only
    )
    # Error of a flux from the profile differing from star to star, in the image with white noise and in the smooth
    # one: scatter of bright isolated stars between both, and against aperture sums.
    # Noise of the smooth fit over that of the sharp one, confusion included: 1.2 for white noise correlated over one
    # pixel, 1.3 in simulated crowded fields.
    smooth_noise_ratio: float = 1.5
    sharp_flux_error: float = 0.03
    smooth_flux_error: float = 0.008
    # Circle of the light left by the profile: the smallest of the survey's, for the noise and the neighbours in it.
    residual_radius_arcsec: float = 3.0
    gain_electrons_per_dn: float = 50.0  # 8 electrons a DN (background/survey 1.1), six frames averaged
    sweeps: int = 3

    # Point-spread function.
    psf_minimum_snr: float = 40.0
    psf_maximum_stars: int = 400
    psf_core_pix: float = 7.0
    psf_stars_per_term: int = 15  # order 1 needs 3, order 2 needs 6 terms
    # Linear: in the two M17 scans second-order terms wander by 0.05 mag at the edges for want of clean stars.
    psf_maximum_order: int = 1
    psf_model_error: float = 0.01
    fallback_fwhm_pix: float = 2.9  # where neither stars nor SEESH are there

    # Aperture photometry (background/survey 2.9).
    aperture_arcsec: float = 4.0
    annulus_arcsec: tuple[float, float] = (14.0, 20.0)
    growth_radii_arcsec: tuple[float, ...] = tuple(float(r) for r in range(3, 15))
    # Light within this radius is a star's whole light on the survey's scale. The curve of Atlas stars goes on growing
    # by 0.03-0.04 mag to 14", in sparse fields too, but bright unsaturated stars of the catalogue (9 to 11.5 mag, 34
    # stars, J and H) agree with the sum within 6" to 0.002 mag: there the growth falls below 0.01 mag an arcsec.
    growth_total_arcsec: float = 6.0
    growth_minimum_snr: float = 60.0
    growth_maximum_stars: int = 25  # the brightest: fainter ones share their circles with faint neighbours
    growth_star_error: float = (
        0.005  # scatter of single bright stars that is not noise, a floor of the weights
    )

    # Noise floors of the total uncertainty (background/survey 2.9), mag.
    zero_point_error_mag: float = 0.011
    flat_error_mag: float = 0.005
    read1_error_mag: float = 0.012

    # Saturation. R2-R1 saturates near J 9, H 8.5, Ks 8 (background/survey 1.2).
    saturation_dip: float = 0.8  # a core lower than its ring is a hole
    saturation_lack: float = 0.12  # cores of sound stars scatter by 0.03 (six undersampled frames): 4 sigma
    saturation_minimum_snr: float = 300.0
    saturation_wing_pix: float = 8.0

    # Merging.
    duplicate_arcsec: float = 1.5
    merge_floor_arcsec: float = 0.12  # position error of bright stars within a band, 1 sigma a coordinate
    unresolved_arcsec: float = (
        3.0  # a full width: a band that shows one star for two within this is inconsistent
    )
    merge_chance: float = 0.02  # accepted share of chance matches
    merge_limit_arcsec: float = 2.0
    merge_chi2: float = 25.0  # 2 degrees of freedom: 4e-6 of true pairs lost, if errors are normal

    # Extended sources.
    extended_minimum_snr: float = 20.0

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; the same parameters give the same dictionary."""
        return asdict(self)
