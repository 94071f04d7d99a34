"""The detections of one band: magnitudes, uncertainties, flags and counts of looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Bools, Doubles, Integers, Table
from app.columns.flags import BlendFlag, ReadFlag
from workers.reduction.frames.looks import Looks
from workers.reduction.kernels.pairs import close_pairs
from workers.reduction.photometry.apertures import DETECTION_SIGMA, Apertures, measure_apertures
from workers.reduction.photometry.bound import Bound, cramer_rao, scan_noise_dn
from workers.reduction.photometry.default_magnitude import draw_to_apertures
from workers.reduction.photometry.growth import Growth, curve_of_growth
from workers.reduction.photometry.normalisation import (
    Conditions,
    Normalisation,
    normalise,
    photon_share,
    well_fitted,
)
from workers.reduction.photometry.residual import Residual
from workers.reduction.profile.sample import choose_sample
from workers.reduction.profile.stars import Stars
from workers.reduction.profile.table import FramePsf

# Magnitudes are instrumental: -2.5 log10(DN); the zero point is added when bands are merged.
DETECTION_DTYPE = np.dtype(
    [
        ("x", "f8"),  # U-scan arcsec
        ("y", "f8"),
        ("var_x", "f8"),  # arcsec^2
        ("var_y", "f8"),
        ("cov_xy", "f8"),
        ("flux", "f8"),
        ("m", "f8"),
        ("msig", "f8"),
        ("cmsig", "f8"),
        ("snr", "f8"),
        ("psfchi", "f8"),
        ("m_psf", "f8"),
        ("msig_psf", "f8"),
        ("m_stdap", "f8"),
        ("msig_stdap", "f8"),
        ("growth", "f8"),
        ("sky_dn", "f8"),
        ("seen", "i8"),
        ("measured", "i8"),
        ("rd_flg", "S1"),
        ("bl_flg", "S1"),
        ("confused", "?"),
        ("component", "i8"),  # of a blend, as in `Stars`
        ("fall", "f8"),
        ("shared", "f8"),
    ]
)

BLEND_ARCSEC = 5.0  # BLENDIST (background/survey 2.9)
BLEND_SHARE = 0.02  # of a star's light: a fainter neighbour changes nothing
CONFUSED_SHARE = 1.0  # a neighbour that puts more light into the aperture than the star has
# An aperture in place of a failed fit is a measurement from here on (ndet counts 3 sigma, background/survey 6.5);
# below, its magnitude is noise, and the band has a limit like one that saw nothing.
LEAST_APERTURE_SNR = DETECTION_SIGMA
FLOOR_MAG = 0.004  # flat field, response within pixels: scatter of bright simulated stars beyond their noise
GROWTH_STARS = 400
BOUND_STARS = 6000
HALF_WIDTH_ARCSEC = 256.0


@dataclass(frozen=True)
class BandCatalogue:
    """The detections of a band.

    Attributes
    ----------
    table : structured array of DETECTION_DTYPE, (n,)
        Ordered by (y, x).
    growth : Growth
        What brings apertures to all light.
    normalisation : Normalisation
        Added to profile magnitudes: aperture scale less profile scale.
    profile_error_mag : float
        Error of the profile fits of bright stars that is not noise; 0 where too few tell it.
    sample : int64 array (m,)
        Rows of `bound`: some thousands, evenly taken along the scan.
    bound : Bound
        Cramer-Rao bound of those rows, from their own fluxes and places.
    """

    table: Table
    growth: Growth
    normalisation: Normalisation
    profile_error_mag: float
    sample: Integers
    bound: Bound


def make_catalogue(residual: Residual) -> BandCatalogue:
    """Measure apertures and turn the fitted stars of a band into detections.

    Parameters
    ----------
    residual : Residual
        Loan of the band after `measure`: its residual frames lack every star.
    """
    stack = residual.stack
    stars = stack.stars
    looks = stack.looks(stars, 2.0)
    drawn = np.nan_to_num(stars.flux_dn)
    sums = measure_apertures(residual.arrays(), stack.psf, looks, drawn)
    chosen = choose_sample(stack.frames, looks, stars, GROWTH_STARS, alone=False)
    growth = curve_of_growth(residual.arrays(), stack.psf, looks, chosen, drawn)
    width = mean_widths(stack.psf, looks)
    sample = np.arange(0, stars.size, max(1, stars.size // BOUND_STARS))
    sample_looks = stack.looks(stars.taken(sample), 2.0)
    bound = cramer_rao(stack.frames, stack.psf, sample_looks, np.maximum(drawn[sample], 1.0))
    table = np.zeros(stars.size, DETECTION_DTYPE)
    table["x"], table["y"] = stars.x_arcsec, stars.y_arcsec
    table["var_x"], table["var_y"], table["cov_xy"] = stars.variance.T
    table["flux"] = stars.flux_dn
    table["growth"] = growth.at(width)
    _fill_apertures(table, sums)
    arrays = residual.arrays()
    noise = float(np.median(arrays.noise_dn[arrays.noise_dn > 0.0]))
    share = photon_share(stars.flux_dn, stack.psf, noise, arrays.inverse_gain)
    conditions = Conditions(share, stars.x_arcsec / HALF_WIDTH_ARCSEC, width)
    normalisation = _fill_profiles(table, stars, (bound, sample), conditions)
    table["sky_dn"] = stack.sky_dn() + sums.sky_dn
    table["component"], table["fall"], table["shared"] = stars.component, stars.fall, stars.shared
    neighbours = _neighbours(stars)
    # The aperture of a component holds the light of the others.
    alone = ~neighbours[0] & ~neighbours[1] & (stars.component == 0)
    profile_error = _draw_to_apertures(table, stars, alone)
    _fill_flags(table, stars, neighbours)
    return BandCatalogue(table, growth, normalisation, profile_error, sample, bound)


def mean_widths(psf: FramePsf, looks: Looks) -> Doubles:
    """Mean s of each star's looks; 0 without looks."""
    total = np.concatenate([[0.0], np.cumsum(psf.log_width[looks.frame].astype(np.float64))])
    count = np.diff(looks.start)
    sums = total[looks.start[1:]] - total[looks.start[:-1]]
    return np.where(count > 0, sums / np.maximum(count, 1), 0.0)


def magnitude(flux_dn: Doubles) -> Doubles:
    """-2.5 log10, NaN where there is no light.

    Examples
    --------
    >>> magnitude(np.array([100.0, 0.0])).tolist()
    [-5.0, nan]
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(-2.5 * np.log10(np.where(flux_dn > 0.0, flux_dn, np.nan)))


def _fill_apertures(table: Table, sums: Apertures) -> None:
    table["m_stdap"] = magnitude(sums.flux_dn) + table["growth"]
    with np.errstate(invalid="ignore", divide="ignore"):
        table["msig_stdap"] = np.where(sums.flux_dn > 0.0, 1.0857 * sums.error_dn / sums.flux_dn, np.nan)
    table["seen"], table["measured"] = sums.seen, sums.measured


def _fill_profiles(
    table: Table, stars: Stars, bounds: tuple[Bound, Integers], conditions: Conditions
) -> Normalisation:
    """Profile magnitudes on the aperture scale, their uncertainties, and the scan's signal-to-noise ratio."""
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma = 1.0857 * stars.flux_error_dn / np.where(stars.flux_dn > 0.0, stars.flux_dn, np.nan)
    raw = magnitude(stars.flux_dn)
    normalisation = normalise(table["m_stdap"] - raw, (sigma, table["msig_stdap"]), stars.chi2, conditions)
    table["m_psf"] = raw + normalisation.at(conditions)
    table["msig_psf"] = sigma
    table["psfchi"] = stars.chi2
    table["m"], table["msig"] = table["m_psf"], sigma
    alone = np.maximum(np.nan_to_num(stars.flux_dn), 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        table["snr"] = np.nan_to_num(stars.flux_dn) / scan_noise_dn(bounds[0], alone[bounds[1]], alone)
    return normalisation


def _draw_to_apertures(table: Table, stars: Stars, single: Bools) -> float:
    """Default magnitudes of single stars, drawn towards their apertures, and all `cmsig`; gives the profile's error."""
    sigma, chi2 = table["msig_psf"], stars.chi2
    noise = sigma, table["msig_stdap"]
    telling = well_fitted(sigma, chi2)
    drawn = draw_to_apertures(table["m_stdap"] - table["m_psf"], noise, single & stars.converged, telling)
    table["m"] = table["m_psf"] + drawn.added_mag
    # A fit that does not describe its pixels is worse than its noise says, by as much as chi says.
    worse = np.clip(np.nan_to_num(chi2, nan=1.0), 1.0, 25.0) - 1.0
    beyond = (1.0 - drawn.share) * np.maximum(sigma**2 * worse, drawn.profile_error_mag**2)
    table["cmsig"] = np.sqrt(sigma**2 + beyond + FLOOR_MAG**2)
    return drawn.profile_error_mag


def _fill_flags(table: Table, stars: Stars, neighbours: tuple[Bools, Bools]) -> None:
    """rd_flg 2, or 4 where the fit failed and the aperture did not, or 0, or 9; bl_flg; what neighbours confuse."""
    read = np.full(stars.size, ReadFlag.PROFILE.value.encode(), "S1")
    failed = ~stars.converged | ~np.isfinite(table["m"])
    usable = np.isfinite(table["m_stdap"])
    read[failed & usable] = ReadFlag.APERTURE.value.encode()
    read[failed & ~usable] = ReadFlag.UNUSABLE.value.encode()
    with np.errstate(invalid="ignore"):
        faint = ~(table["msig_stdap"] <= 1.0857 / LEAST_APERTURE_SNR)
    read[failed & faint & (table["measured"] > 0)] = ReadFlag.NOT_DETECTED.value.encode()
    table["rd_flg"] = read
    for name, aperture in (("m", "m_stdap"), ("msig", "msig_stdap"), ("cmsig", "msig_stdap")):
        table[name][failed] = table[aperture][failed]
    table["cmsig"][failed] = np.hypot(table["cmsig"][failed], FLOOR_MAG)
    blended, confused = neighbours
    blended = (blended | (stars.component > 0)) & (read == ReadFlag.PROFILE.value.encode())
    table["bl_flg"] = np.where(blended, BlendFlag.BLENDED.value.encode(), BlendFlag.SINGLE.value.encode())
    table["confused"] = confused


def _neighbours(stars: Stars) -> tuple[Bools, Bools]:
    """Which stars were fitted together with others, and which lie in the light of a brighter one."""
    blended, confused = np.zeros(stars.size, np.bool_), np.zeros(stars.size, np.bool_)
    if stars.size < 2:
        return blended, confused
    places = stars.places()
    pairs = close_pairs(places, BLEND_ARCSEC)
    distance = np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T)
    flux = np.maximum(np.nan_to_num(stars.flux_dn), 1e-3)
    for a, b in ((0, 1), (1, 0)):
        own, other = pairs[:, a], pairs[:, b]
        blended[own[flux[other] > BLEND_SHARE * flux[own]]] = True
        # Share of the neighbour's light in the star's own core: a Gaussian of 2.5" full width.
        spill = flux[other] * np.exp(-2.77 * (distance / 2.5) ** 2 / 2.0)
        confused[own[spill > CONFUSED_SHARE * flux[own]]] = True
    return blended, confused
