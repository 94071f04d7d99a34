"""The light of galaxies on a finished image: taken off before its stars are fitted, and given back afterwards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from app.arrays import Doubles, Singles
from app.instruments.bands import Band
from app.parameters.extraction import ExtractionParameters
from workers.reduction.frames.products import AtlasImage
from workers.reduction.galaxies.drawing import DRAWN_SIGMA, Patches, gaussians_of, reach_arcsec
from workers.reduction.galaxies.light import GalaxyLight
from workers.reduction.galaxies.local_profile import LocalProfiles
from workers.reduction.galaxies.model import plain_light
from workers.reduction.galaxies.values import Galaxy
from workers.reduction.images import profile_fit
from workers.reduction.images.drawing import DrawnStars, add_stars
from workers.reduction.images.galaxy_search import FRAME_PIXEL_ARCSEC
from workers.reduction.images.image_model import ImageModel
from workers.reduction.images.psf import RADIUS_PIX
from workers.reduction.images.stars import Stars

LEAST_REACH_PIX = 8
PLACE_ERROR_PIX = 0.1  # of a model's middle, one sigma a coordinate
FEWEST_PIXELS = 5  # of a nucleus


class ImagePatch(NamedTuple):
    """Light of a galaxy on an image.

    Attributes
    ----------
    rows, columns : slice
        Where.
    light : float32 array
        DN.
    """

    rows: slice
    columns: slice
    light: Singles


@dataclass(frozen=True)
class ImageGalaxies:
    """The galaxies of one band of a field of finished images.

    Attributes
    ----------
    galaxies : tuple of Galaxy
        Places are pixels of the strip.
    band : Band
        The band.
    patches : tuple of ImagePatch
        Their light on its strip, in the same order.
    """

    galaxies: tuple[Galaxy, ...]
    band: Band
    patches: tuple[ImagePatch, ...]

    def add(self, image: Singles, sign: float = 1.0) -> None:
        """Add the galaxies' light to an image in place, or take it off.

        Parameters
        ----------
        image : float32 array (ny, nx)
            Of the strip.
        sign : float
            1, or -1 to take it off.
        """
        for patch in self.patches:
            image[patch.rows, patch.columns] += np.float32(sign) * patch.light

    def light(self) -> GalaxyLight:
        """Return the galaxies as those that hide peaks."""
        return GalaxyLight.of(self.galaxies, self.band, Patches.none())


def draw_on_image(
    galaxies: Sequence[Galaxy], band: Band, model: ImageModel, profiles: LocalProfiles
) -> ImageGalaxies:
    """Draw galaxies on a strip.

    Parameters
    ----------
    galaxies : sequence of Galaxy
        Of the field; places are pixels of the strip.
    band : Band
        The band of the strip.
    model : ImageModel
        Of the strip, for its noise and size.
    profiles : LocalProfiles
        Point-spread functions of the field.
    """
    noise = float(np.sqrt(np.median(model.variance[model.variance > 0.0])))
    patches = []
    for galaxy in galaxies:
        shape, flux = galaxy.shape, max(galaxy.flux_dn[band], 0.0)
        reach = max(reach_arcsec(shape, flux, DRAWN_SIGMA * noise), LEAST_REACH_PIX)
        ny, nx = model.data.shape
        left, top = (max(0, math.floor(place - reach)) for place in (shape.x_arcsec, shape.y_arcsec))
        right = min(nx, math.ceil(shape.x_arcsec + reach) + 1)
        bottom = min(ny, math.ceil(shape.y_arcsec + reach) + 1)
        profile = profiles.gaussians(band, shape.x_arcsec, shape.y_arcsec, FRAME_PIXEL_ARCSEC)
        gaussians = gaussians_of(galaxy, band, profile, 1.0)
        x, y = (a.ravel() for a in np.meshgrid(np.arange(left, right) * 1.0, np.arange(top, bottom) * 1.0))
        out = np.empty(x.size)
        plain_light(x, y, np.array([shape.x_arcsec, shape.y_arcsec, *shape.covariance()]), gaussians, out)
        light = (flux * out).astype(np.float32).reshape(bottom - top, right - left)
        patches.append(ImagePatch(slice(top, bottom), slice(left, right), light))
    return ImageGalaxies(tuple(galaxies), band, tuple(patches))


def without_galaxies(image: AtlasImage, drawn: ImageGalaxies) -> AtlasImage:
    """Return a copy of an image without the light of its galaxies.

    Parameters
    ----------
    image : AtlasImage
        Of the strip that they were drawn for.
    drawn : ImageGalaxies
        The galaxies.
    """
    pixels = image.pixels_dn.astype(np.float32, copy=True)
    drawn.add(pixels, -1.0)
    return replace(image, pixels_dn=pixels)


def hide_pieces(model: ImageModel, drawn: ImageGalaxies) -> None:
    """Drop the stars that are no more than what a galaxy's model may leave; their light is left in the residual image.

    Parameters
    ----------
    model : ImageModel
        Of the image without galaxies; changed.
    drawn : ImageGalaxies
        Its galaxies.
    """
    stars = model.stars
    hidden = drawn.light().hides(np.column_stack([stars.x, stars.y]), stars.flux) & ~stars.saturated
    if hidden.any():
        profile_fit.draw(model.residual, model.variance, model.psf, stars.take(hidden))
        model.stars = stars.take(~hidden)


def give_back(model: ImageModel, drawn: ImageGalaxies, parameters: ExtractionParameters) -> None:
    """Put the galaxies' light back into data and residual image, and fit one star to each nucleus.

    Parameters
    ----------
    model : ImageModel
        Of the image without galaxies; changed: its stars get the nuclei that the band shows.
    drawn : ImageGalaxies
        Its galaxies.
    parameters : ExtractionParameters
        Radius of the fit, least signal to noise, error of the profile.
    """
    if model.residual is model.data:  # of an image without a star
        model.residual = model.data.copy()
    for image in (model.data, model.residual):
        drawn.add(image)
        image[~model.usable] = 0.0
    nuclei = [_nucleus(model, galaxy, parameters) for galaxy in drawn.galaxies]
    shown = [star for star in nuclei if star is not None]
    for star in shown:
        profile_fit.draw(model.residual, model.variance, model.psf, star, -1.0)
        _fill_chi2(model, star, parameters)
        model.stars = model.stars.join(star)
    model.residual[~model.usable] = 0.0


def _near(model: ImageModel, x: float, y: float, radius: float) -> tuple[slice, slice, Doubles]:
    """Window around a place, and 1 or 0 for its usable pixels within a radius."""
    ny, nx = model.data.shape
    half = math.ceil(radius)
    rows = slice(max(0, round(y) - half), max(0, min(ny, round(y) + half + 1)))
    columns = slice(max(0, round(x) - half), max(0, min(nx, round(x) + half + 1)))
    yy, xx = np.ogrid[rows, columns]
    inside = (np.hypot(xx - x, yy - y) <= radius) & model.usable[rows, columns]
    return rows, columns, inside.astype(np.float64)


def _stamp(model: ImageModel, star: Stars, rows: slice, columns: slice) -> Doubles:
    """Light of a star of one DN on a window."""
    image = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.float32)
    place = star.x - columns.start, star.y - rows.start
    drawn = DrawnStars(model.psf.cells(star.x, star.y), *place, np.ones(1), np.full(1, float(RADIUS_PIX)))
    add_stars(image, model.psf.profiles, drawn, np.arange(1), 1.0)
    return image.astype(np.float64)


def _nucleus(model: ImageModel, galaxy: Galaxy, parameters: ExtractionParameters) -> Stars | None:
    """One star at the middle of a galaxy; None where the band does not show it.

    The place is the model's, common to the bands: fitted band by band, nuclei become two rows.
    """
    x, y = galaxy.shape.x_arcsec, galaxy.shape.y_arcsec
    rows, columns, inside = _near(model, x, y, parameters.fit_radius_pix)
    if inside.sum() < FEWEST_PIXELS:
        return None
    star = Stars.at(np.array([x]), np.array([y]), np.zeros(1))
    stamp = _stamp(model, star, rows, columns)
    weight = inside / np.maximum(model.variance[rows, columns], 1e-12)
    normal = float((weight * stamp * stamp).sum())
    flux = float((weight * stamp * model.residual[rows, columns]).sum()) / normal
    error = normal**-0.5
    sigma = error * max(model.correlation, 1.0)
    if not flux > parameters.minimum_snr * sigma:
        return None
    star.flux[:], star.flux_error[:] = flux, error
    star.flux_sigma[:] = math.hypot(sigma, parameters.psf_error * flux)
    star.x_error[:] = star.y_error[:] = PLACE_ERROR_PIX / max(model.correlation, 1.0)
    return star


def _fill_chi2(model: ImageModel, star: Stars, parameters: ExtractionParameters) -> None:
    """Chi-squared of a nucleus that was taken off: large, as a galaxy is no star."""
    x, y = float(star.x[0]), float(star.y[0])
    rows, columns, inside = _near(model, x, y, parameters.fit_radius_pix)
    light = star.flux[0] * _stamp(model, star, rows, columns)
    variance = np.maximum(model.variance[rows, columns], 1e-12) + (parameters.psf_error * light) ** 2
    star.pixels[:] = count = int(inside.sum())
    star.chi2[:] = float((inside * model.residual[rows, columns].astype(np.float64) ** 2 / variance).sum())
    star.profile_chi2[:] = star.chi2 / max(count - 3, 1)
