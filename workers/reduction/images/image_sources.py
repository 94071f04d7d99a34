"""The detections of one finished image: magnitudes, uncertainties and positions on the sky."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from app.arrays import Bools, Doubles, Table
from app.columns.flags import BlendFlag, ReadFlag
from app.parameters.extraction import ExtractionParameters
from workers.reduction.frames.products import AtlasImage
from workers.reduction.images import aperture, normalise, residual_light
from workers.reduction.images.crowded import reduce_image
from workers.reduction.images.image_model import ImageModel
from workers.reduction.images.normalise import Scale
from workers.reduction.images.stars import Stars
from workers.reduction.images.strips import Strip, part_of

FEWEST_STARS = 10  # of an image, whose faintest 30 % tell what chi-squared is usual

# One row per detection of one band; magnitudes as in SOURCE_DTYPE, lengths on the sky in arcsec.
DETECTION_DTYPE = np.dtype(
    [
        ("ra", "f8"),
        ("decl", "f8"),
        ("x", "f8"),
        ("y", "f8"),
        ("image", "i8"),
        ("edge_pix", "f8"),
        ("sigma_east", "f8"),
        ("sigma_north", "f8"),
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
        ("rd_flg", "S1"),
        ("bl_flg", "S1"),
        ("confused", "?"),  # by a neighbour (`confusion`); told when the band's images are together
    ]
)


@dataclass(frozen=True)
class ImageSources:
    """The sources of one image, and all that tells of their magnitudes.

    Attributes
    ----------
    image : AtlasImage
        The image itself.
    model : ImageModel
        Stars, sky and noise; kept for upper limits and extended sources.
    scale : Scale
        Of the image's profile and aperture magnitudes.
    detections : structured array of DETECTION_DTYPE
        A row for each star of the model, in the same order.
    """

    image: AtlasImage
    model: ImageModel
    scale: Scale
    detections: Table


def _magnitude(flux: Doubles, zero_point_mag: float) -> Doubles:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(zero_point_mag - 2.5 * np.log10(np.where(flux > 0, flux, np.nan)))


def _edge_distance(model: ImageModel, x: Doubles, y: Doubles) -> Doubles:
    """Distance in pixels to the nearest edge of the rectangle that holds data."""
    rows = np.flatnonzero(model.usable.any(axis=1))
    columns = np.flatnonzero(model.usable.any(axis=0))
    sides = [x - columns[0], columns[-1] - x, y - rows[0], rows[-1] - y]
    return np.asarray(np.min(sides, axis=0))


def _fill_profile(table: Table, model: ImageModel, image: AtlasImage, scale: Scale, gain: float) -> None:
    """Magnitudes, errors and chi-squared of the profile fits."""
    stars = model.stars
    scatter = max(model.correlation, 1.0)
    table["m_psf"] = _magnitude(stars.flux, image.zero_point_mag) + scale.offset_mag
    table["msig_psf"] = 1.0857 * stars.flux_error / stars.flux
    table["m"], table["msig"] = table["m_psf"], table["msig_psf"]
    table["cmsig"] = 1.0857 * stars.flux_sigma / stars.flux
    # Signal to noise as of a star of that brightness alone on the median sky: blends and bad fits do not lower it.
    faint = stars.flux < np.percentile(stars.flux, 30) if stars.flux.size else np.zeros(0, np.bool_)
    sky = float(np.median(stars.flux_error[faint])) * scatter if faint.any() else np.nan
    table["snr"] = stars.flux / np.sqrt(sky**2 + stars.flux / gain)
    known = np.nan_to_num(stars.profile_chi2)
    usual = float(np.median(known[faint])) if faint.any() else 1.0
    # The profile's error is measured on the stars of an image together; of the brightest it is larger.
    table["psfchi"] = stars.profile_chi2 / np.maximum(
        residual_light.usual_value(stars, known), max(usual, 1e-6)
    )


def plain_chi2(stars: Stars) -> Doubles:
    """Reduced chi-squared for noise and a constant error of the profile, 1 for the median of the faintest 30 %.

    Unlike `psfchi` it grows with the flux of stars and galaxies alike, so it is large for all that is wider than stars.

    Parameters
    ----------
    stars : Stars
        Fitted stars.
    """
    reduced = stars.chi2 / np.maximum(stars.pixels - 3, 1)
    if stars.flux.size < FEWEST_STARS:
        return np.asarray(reduced)
    usual = float(np.median(reduced[stars.flux < np.percentile(stars.flux, 30)]))
    return np.asarray(reduced / max(usual, 1e-6))


def detections_of(
    image: AtlasImage, model: ImageModel, scale: Scale, parameters: ExtractionParameters
) -> Table:
    """Turn fitted stars into detections.

    `psfchi` is scaled so that the median of the faintest 30 % is 1: the pixels are correlated, and a plain reduced
    chi-squared of them has no fixed expectation. `msig` is the formal uncertainty for independent pixels, `cmsig`
    the total one, from the noise of the image as measured on blank sky and the errors of the profile.

    Parameters
    ----------
    image : AtlasImage
        For its number, projection and zero point.
    model : ImageModel
        Stars, residual image and noise of that image.
    scale : Scale
        Of its profile and aperture magnitudes.
    parameters : ExtractionParameters
        Radii of aperture and sky ring, gain, floor of the position errors.

    Returns
    -------
    structured array of DETECTION_DTYPE, (n,)
        A row a star, in the order of the stars.
    """
    stars = model.stars
    n = stars.x.size
    table = np.zeros(n, DETECTION_DTYPE)
    if n == 0:
        return table
    pixel = image.projection.scale_arcsec
    table["x"], table["y"] = stars.x, stars.y
    table["ra"], table["decl"] = image.projection.to_sky(stars.x, stars.y)
    table["image"] = image.number
    table["edge_pix"] = _edge_distance(model, stars.x, stars.y)
    _fill_profile(table, model, image, scale, parameters.gain_electrons_per_dn)
    scatter = max(model.correlation, 1.0)
    table["sigma_east"] = np.hypot(stars.x_error * scatter * pixel, parameters.merge_floor_arcsec)
    table["sigma_north"] = np.hypot(stars.y_error * scatter * pixel, parameters.merge_floor_arcsec)
    annulus = (parameters.annulus_arcsec[0] / pixel, parameters.annulus_arcsec[1] / pixel)
    radius = np.array([parameters.aperture_arcsec / pixel])
    sums = aperture.measure(
        model.residual, model.usable, stars.x, stars.y, radius, annulus, (model.psf, stars.flux)
    )
    flux = np.where(sums.missing < 0.1, sums.flux[:, 0], np.nan)
    table["m_stdap"] = _magnitude(flux, image.zero_point_mag) + scale.growth_mag
    noise = np.sqrt(model.aperture_noise**2 + np.maximum(flux, 0.0) / parameters.gain_electrons_per_dn)
    with np.errstate(invalid="ignore", divide="ignore"):
        table["msig_stdap"] = np.where(flux > 0, 1.0857 * noise / flux, np.nan)
    table["growth"] = scale.growth_mag
    table["sky_dn"] = model.level_at(stars.x, stars.y) + sums.sky
    table["rd_flg"] = ReadFlag.PROFILE.value.encode()
    _fill_saturated(table, stars.saturated)
    blended = stars.group > 1
    table["bl_flg"] = np.where(blended, BlendFlag.BLENDED.value.encode(), BlendFlag.SINGLE.value.encode())
    return table


def _fill_saturated(table: Table, saturated: Bools) -> None:
    """Saturated stars: magnitude from the wings (rd_flg 3), no aperture; rd_flg 9 where the wings fail too.

    Wings tell the brightness to 0.1-0.2 mag only (background/survey 2.9), so 0.1 mag is added in squares.
    """
    wings = np.isfinite(table["cmsig"])
    table["rd_flg"][saturated] = np.where(
        wings[saturated], ReadFlag.READ1_PROFILE.value.encode(), ReadFlag.UNUSABLE.value.encode()
    )
    table["m"][saturated & ~wings] = np.nan
    table["cmsig"][saturated] = np.hypot(table["cmsig"][saturated], 0.1)
    table["msig"][saturated] = np.hypot(table["msig"][saturated], 0.1)
    for name in ("m_stdap", "msig_stdap", "psfchi"):
        table[name][saturated] = np.nan


def unexplained_places(parts: list[ImageSources]) -> tuple[Doubles, Doubles, Doubles]:
    """Places and magnitudes of the light that no star of a band's images explains, as of stars.

    Parameters
    ----------
    parts : list of ImageSources
        Of one band.

    Returns
    -------
    ra_deg, decl_deg, magnitude : float64 arrays (n,)
    """
    found = [np.zeros((3, 0))]
    for sources in parts:
        left = sources.model.unexplained
        ra, decl = sources.image.projection.to_sky(left.x, left.y)
        found.append(np.stack([ra, decl, _magnitude(left.flux, sources.image.zero_point_mag)]))
    ra, decl, magnitude = np.concatenate(found, axis=1)
    return ra, decl, magnitude


def reduce_strip(
    strip: Strip, image: AtlasImage, parameters: ExtractionParameters
) -> tuple[ImageModel, Scale]:
    """Reduce the images of a strip together: stars, profile and noise, and the scale of their magnitudes.

    Parameters
    ----------
    strip : Strip
        Images of one band that continue one another.
    image : AtlasImage
        Their pixels: those of the strip, or the same without the light of galaxies.
    parameters : ExtractionParameters
        All numbers of the extraction; numbers of stars are those of a single image.
    """
    count = len(strip.parts)
    shared = replace(
        parameters,
        psf_maximum_stars=count * parameters.psf_maximum_stars,
        growth_maximum_stars=count * parameters.growth_maximum_stars,
    )
    whole = reduce_image(image, shared)
    return whole, normalise.aperture_scale(whole, strip.image.projection.scale_arcsec, shared)


def detect_on_strip(
    strip: Strip, model: ImageModel, scale: Scale, parameters: ExtractionParameters
) -> list[ImageSources]:
    """Give the detections of each image of a reduced strip: every star on one image only.

    Parameters
    ----------
    strip : Strip
        The images.
    model : ImageModel
        Of all of them.
    scale : Scale
        Of their magnitudes.
    parameters : ExtractionParameters
        Of the detections.
    """
    result = []
    for k, image in enumerate(strip.parts):
        own = part_of(model, strip, k)
        result.append(ImageSources(image, own, scale, detections_of(image, own, scale, parameters)))
    return result
