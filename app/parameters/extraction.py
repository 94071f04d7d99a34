"""Parameters of the extraction of sources from finished Atlas images."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from app.parameters.allowed import Number, Row, Series
from app.parameters.section import ParametersError, Section, count, declared, number

_THRESHOLDS = Series(Number(1.0, 100.0))
# The table of a profile reaches 16 pixels: circles beyond would miss light of their own star.
_REACH_PIX = 16.0
_RADII = Series(Number(0.5, _REACH_PIX), shortest=2, increasing=True)
_RING = Row((Number(0.5, 120.0),) * 2, ("inner", "outer"), increasing=True)


@dataclass(frozen=True)
class ExtractionParameters(Section):
    """Parameters of `extract_scan`; lengths in pixels are Atlas pixels of 1".

    The defaults hold for survey images: stars of 2.9" full width at half maximum, noise correlated over 2".
    """

    SECTION: ClassVar[str] = "extraction"

    # A background cell must hold many times a star's area (7 square pixels) and be small against nebulae. Without
    # stars it may be smaller. Finer than 24 follows the M17 nebula better (overlap of two images of a scan: 0.012 mag
    # with 14, 0.019 with 24) but swallows galaxies of an arcminute and costs faint stars elsewhere.
    background_mesh_pix: int = field(
        default=32, metadata=count(8, 512, "Side of a cell of the background and noise mesh, Atlas pixels.")
    )
    residual_mesh_pix: int = field(
        default=24,
        metadata=count(8, 512, "Side of a cell of the mesh on the image without its stars, Atlas pixels."),
    )

    # Detection goes to about 3 sigma, as deep as the survey's own candidates. The first passes take bright stars only,
    # so that profile and noise are learnt from a cleaner image.
    first_snr: tuple[float, ...] = field(
        default=(15.0, 6.0, 4.5),
        metadata=declared(_THRESHOLDS, "sigma", "Thresholds of the passes over the image as it is."),
    )
    final_snr: tuple[float, ...] = field(
        default=(4.5, 4.0, 4.0),
        metadata=declared(_THRESHOLDS, "sigma", "Thresholds of the passes over the image with white noise."),
    )
    detection_model_error: float = field(
        default=0.06,
        metadata=number(0.0, 1.0, "", "Share of the models whose residuals may look like stars."),
    )
    minimum_snr: float = field(
        default=3.5, metadata=number(0.0, 100.0, "SNR", "A star whose fit falls below this is dropped.")
    )

    # A circle of 3.5 pixels holds 85 % of the light; blends and crowding forbid more. Profiles closer than 3.8 pixels,
    # 1.3 times the full width, share a third of their light. Pairs closer than 2 pixels are fitted as one star: the
    # survey deblended actively only above.
    fit_radius_pix: float = field(
        default=3.5,
        metadata=number(1.0, _REACH_PIX, "Atlas pixel", "Radius of the fit of a profile."),
    )
    link_pix: float = field(
        default=3.8, metadata=number(0.0, 20.0, "Atlas pixel", "Stars closer than this are fitted together.")
    )
    merge_pix: float = field(
        default=2.0, metadata=number(0.0, 20.0, "Atlas pixel", "Stars closer than this are one star.")
    )
    glare_pix: float = field(
        default=8.0,
        metadata=number(0.5, 60.0, "Atlas pixel", "How far errors of a bright star's model may feign stars."),
    )
    glare_share: float = field(
        default=0.04,
        metadata=number(
            0.0, 1.0, "", "Share of a bright star's light that these errors may feign at its centre."
        ),
    )
    drift_pix: float = field(
        default=1.5,
        metadata=number(
            0.1, 20.0, "Atlas pixel", "A fit that walks farther from its peak found another star."
        ),
    )
    seed_sigma_pix: float = field(
        default=1.0,
        metadata=number(
            0.0,
            20.0,
            "Atlas pixel",
            "How loosely a fit is held at its peak, 1 sigma; 0 keeps the star there.",
        ),
    )
    psf_error_minimum_snr: float = field(
        default=60.0,
        metadata=number(3.0, 10000.0, "SNR", "Least SNR of a star that the profile's error is measured on."),
    )
    psf_error: float = field(
        default=0.02,
        metadata=number(0.0, 1.0, "", "Error of the profile as a share of the light of a pixel."),
    )
    flux_radius_pix: float = field(
        default=2.5,
        metadata=number(
            1.0,
            _REACH_PIX,
            "Atlas pixel",
            "Radius of the last fit, of fluxes at known positions.",
        ),
    )

    # Noise of the smooth fit over that of the sharp one, confusion included: 1.2 for white noise correlated over one
    # pixel, 1.3 in simulated crowded fields. The errors of the profile are the scatter of bright isolated stars between
    # the image with white noise and the smooth one, and against aperture sums: tests/acceptance/test_real_atlas.py
    # holds how well the fluxes agree with the published catalogue.
    smooth_noise_ratio: float = field(
        default=1.5,
        metadata=number(1.0, 10.0, "", "Least noise of the fit to the image as it is over the sharp one."),
    )
    sharp_flux_error: float = field(
        default=0.03,
        metadata=number(
            0.0, 1.0, "", "Share of a flux that star-to-star profiles cost in the image with white noise."
        ),
    )
    smooth_flux_error: float = field(
        default=0.008,
        metadata=number(
            0.0, 1.0, "", "Share of a flux that star-to-star profiles cost in the image as it is."
        ),
    )
    # The smallest of the survey's circles, for the noise and the neighbours in it.
    residual_radius_arcsec: float = field(
        default=3.0,
        metadata=number(
            0.5, 20.0, "arcsec", "Radius of the circle whose residual light goes back to a star."
        ),
    )
    # 8 electrons a DN, six frames averaged.
    gain_electrons_per_dn: float = field(
        default=50.0, metadata=number(0.1, 10000.0, "electron/DN", "Gain of an Atlas image.")
    )
    sweeps: int = field(default=3, metadata=count(1, 50, "Rounds over all groups of stars in the last fits."))

    psf_minimum_snr: float = field(
        default=40.0,
        metadata=number(3.0, 10000.0, "SNR", "Least SNR of a star that the profile is learnt from."),
    )
    psf_maximum_stars: int = field(
        default=400, metadata=count(3, 100000, "Most stars of an image that the profile is learnt from.")
    )
    psf_core_pix: float = field(
        default=7.0,
        metadata=number(
            2.0, _REACH_PIX, "Atlas pixel", "Beyond this radius the profile is round and constant."
        ),
    )
    # A profile of order 1 has 3 terms, one of order 2 has 6.
    psf_stars_per_term: int = field(
        default=15,
        metadata=count(1, 10000, "Least stars for each term of the profile's change over the image."),
    )
    # Linear: in the two M17 scans second-order terms wander by 0.05 mag at the edges for want of clean stars.
    psf_maximum_order: int = field(
        default=1, metadata=count(0, 2, "Highest order of the profile's change over the image.")
    )
    psf_model_error: float = field(
        default=0.01,
        metadata=number(0.0, 1.0, "", "Error of a pixel of a star as a share of its model, in learning."),
    )
    fallback_fwhm_pix: float = field(
        default=2.9,
        metadata=number(
            1.0,
            20.0,
            "Atlas pixel",
            "Full width of stars where neither stars nor the header's seeing tell it.",
        ),
    )

    aperture_arcsec: float = field(
        default=4.0,
        metadata=number(0.5, _REACH_PIX, "arcsec", "Radius of the standard aperture, a growth radius."),
    )
    annulus_arcsec: tuple[float, float] = field(
        default=(14.0, 20.0),
        metadata=declared(_RING, "arcsec", "Radii of the sky ring, outside the standard aperture."),
    )
    growth_radii_arcsec: tuple[float, ...] = field(
        default=tuple(float(r) for r in range(3, 15)),
        metadata=declared(_RADII, "arcsec", "Radii of the apertures of the curve of growth."),
    )
    # The curve of Atlas stars goes on growing by 0.03-0.04 mag to 14", in sparse fields too, but bright unsaturated
    # stars of the catalogue (9 to 11.5 mag, 34 stars, J and H) agree with the sum within 6" to 0.002 mag: there the
    # growth falls below 0.01 mag an arcsec.
    growth_total_arcsec: float = field(
        default=6.0,
        metadata=number(0.5, _REACH_PIX, "arcsec", "Radius of a star's whole light, a growth radius."),
    )
    growth_minimum_snr: float = field(
        default=60.0, metadata=number(3.0, 10000.0, "SNR", "Least SNR of a star of the curve of growth.")
    )
    # The brightest: fainter stars share their circles with faint neighbours.
    growth_maximum_stars: int = field(
        default=25, metadata=count(3, 100000, "Most stars of the curve of growth, the brightest of an image.")
    )
    growth_star_error: float = field(
        default=0.005,
        metadata=number(
            1e-4, 1.0, "mag", "Scatter of single bright stars that is not noise, a floor of errors."
        ),
    )

    # What the survey's total uncertainty adds to the error of the image's own zero point.
    flat_error_mag: float = field(
        default=0.005, metadata=number(0.0, 1.0, "mag", "Error of the flat in the total uncertainty.")
    )
    read1_error_mag: float = field(
        default=0.012,
        metadata=number(0.0, 1.0, "mag", "Without effect: rows of Atlas images have no Read_1 magnitudes."),
    )

    # Read_2 - Read_1 saturates near J 9, H 8.5, Ks 8 (background/survey 1.2); in four images of M17 the cores of Ks 7.9
    # are sound and all from 7.6 on lack light. Beside brighter stars and in nebulae fainter cores seem to.
    # Cores of sound stars scatter by 0.03 (six undersampled frames): a lack of 0.12 is 4 sigma.
    saturation_dip: float = field(
        default=0.8,
        metadata=number(0.0, 1.0, "", "A core lower than this share of its surroundings is a hole."),
    )
    saturation_lack: float = field(
        default=0.12,
        metadata=number(0.0, 1.0, "", "A star that lacks this share of its core's light is saturated."),
    )
    saturation_faintest_mag: tuple[float, ...] = field(
        default=(9.0, 8.5, 8.0),
        metadata=declared(
            Row((Number(-5.0, 30.0),) * 3, ("J", "H", "Ks")),
            "mag",
            "Faintest star, by its wings, that may be saturated, in J, H and Ks.",
        ),
    )
    saturation_wing_pix: float = field(
        default=8.0,
        metadata=number(2.0, _REACH_PIX, "Atlas pixel", "Radius of the fit to a saturated star's wings."),
    )

    duplicate_arcsec: float = field(
        default=1.5,
        metadata=number(0.0, 20.0, "arcsec", "Rows of overlapping images closer than this are one source."),
    )
    merge_floor_arcsec: float = field(
        default=0.12,
        metadata=number(
            0.001, 2.0, "arcsec", "Position error of bright stars within a band, 1 sigma a coordinate."
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

    # Of the published letters of a field in the plane, J and H, 97 % agree with these two
    # (docs/decisions/0010-stars-of-atlas-images.md).
    confusion_arcsec: float = field(
        default=4.6,
        metadata=number(
            0.1,
            60.0,
            "arcsec",
            "A neighbour of equal brightness nearer than this confuses a source (cc_flg c).",
        ),
    )
    confusion_slope_mag: float = field(
        default=9.0,
        metadata=number(
            0.1,
            50.0,
            "mag",
            "How much brighter than that a neighbour ten times as far off must be to confuse.",
        ),
    )

    def __post_init__(self) -> None:
        """Check each value, then the apertures with one another.

        Raises
        ------
        ParametersError
            Raised if a value is not allowed, an aperture is none of the growth radii, or the sky ring overlaps the
            standard aperture.
        """
        super().__post_init__()
        for name in ("aperture_arcsec", "growth_total_arcsec"):
            if getattr(self, name) not in self.growth_radii_arcsec:
                raise ParametersError(
                    f"[{self.SECTION}] {name} = {getattr(self, name):g}",
                    expected=f"one of growth_radii_arcsec = {list(self.growth_radii_arcsec)}",
                )
        if self.annulus_arcsec[0] < self.aperture_arcsec:
            raise ParametersError(
                f"[{self.SECTION}] annulus_arcsec = {list(self.annulus_arcsec)}",
                expected=f"both above aperture_arcsec = {self.aperture_arcsec:g}",
            )
