"""Scores of the galaxies of finished images against the stars of their own images.

On frames the width of the point-spread function is that of the looks at a place; on a finished image it is that of the
profile's tables, which were learnt from the image.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.arrays import Doubles, Integers, Singles, Table
from app.instruments.bands import Band
from workers.reduction.extended.ridge import (
    GALAXY_ARCSEC,
    HALF_WINDOW_PIX,
    LEAST_SNR,
    Ridge,
    brightness,
    choose_stars,
    ridge_of,
    write_scores,
)
from workers.reduction.extended.ring_shape import PARAMETERS, ring_shape
from workers.reduction.extended.shape import Cutout
from workers.reduction.images import profile_fit
from workers.reduction.images.image_model import ImageModel
from workers.reduction.images.psf import Psf
from workers.reduction.images.stars import Stars

# Of a saturated core: beyond it the halo adds less than noise to a star above the least signal to noise.
HALO_RADII, LEAST_HALO_PIX = 4.0, 25.0


def profile_width(psf: Psf, x: Doubles, y: Doubles) -> Doubles:
    """Logarithms of the width of an image's point-spread function at places, over its mean, (n,).

    The width is the radius of the disc that has the same noise as the profile: wings far out do not decide it.

    Parameters
    ----------
    psf : Psf
        Of the image.
    x, y : float64 arrays (n,)
        Array pixels.
    """
    tables = psf.tables.astype(np.float64)
    squares = (tables * tables).sum(axis=(1, 2)) / tables.sum(axis=(1, 2)) ** 2
    width = -0.5 * np.log(squares)
    return np.asarray((width - width.mean())[psf.cells(x, y)])


def ridge_stars(stars: Stars, galaxies: Doubles, model: ImageModel) -> Integers:
    """Choose the stars of a finished image that make its ridge.

    Parameters
    ----------
    stars : Stars
        Fitted stars of the image, nuclei of galaxies apart.
    galaxies : float64 array (m, 2)
        Places of its galaxies, pixels of 1".
    model : ImageModel
        For its saturated stars.
    """
    with np.errstate(invalid="ignore"):
        good = ~stars.saturated & (stars.flux > LEAST_SNR * stars.flux_sigma)
    holes = model.saturated
    spoilt = (
        np.concatenate([galaxies, np.column_stack([holes.x, holes.y])]),
        np.concatenate(
            [
                np.full(len(galaxies), GALAXY_ARCSEC),
                np.maximum(HALO_RADII * holes.radius, LEAST_HALO_PIX),
            ]
        ),
    )
    return choose_stars(np.column_stack([stars.x, stars.y]), stars.flux, good, spoilt)


def measure_ridge(
    model: ImageModel, bare: Singles, stars: Stars, galaxies: Doubles, noise_dn: float
) -> Ridge:
    """Measure the ridge of a finished image.

    Parameters
    ----------
    model : ImageModel
        Of the image.
    bare : float32 array (ny, nx)
        The image without sky, stars and galaxies, DN.
    stars : Stars
        What was taken off it, nuclei of galaxies apart.
    galaxies : float64 array (m, 2)
        Places of its galaxies, pixels of 1".
    noise_dn : float
        Of a square arcsecond, as if pixels were independent.
    """
    chosen = stars.take(ridge_stars(stars, galaxies, model))
    image = bare.copy()
    profile_fit.draw(image, model.variance, model.psf, chosen)
    mag, values = np.full(chosen.x.size, np.nan), np.full((chosen.x.size, len(PARAMETERS)), np.nan)
    for n, (x, y) in enumerate(zip(chosen.x, chosen.y, strict=True)):
        left, top = max(0, round(x) - HALF_WINDOW_PIX), max(0, round(y) - HALF_WINDOW_PIX)
        window = np.s_[top : top + 2 * HALF_WINDOW_PIX + 1, left : left + 2 * HALF_WINDOW_PIX + 1]
        part = Cutout(image[window], model.usable[window], float(x - left), float(y - top))
        mag[n], values[n] = brightness(part, 0.0), ring_shape(part, 0.0, noise_dn)
    return ridge_of(mag, profile_width(model.psf, chosen.x, chosen.y), values)


def fill_scores(
    out: Table,
    band: Band,
    image: tuple[ImageModel, Singles, Stars],
    galaxies: Doubles,
    measured: Sequence[tuple[float, Doubles]],
    noise_dn: float,
) -> None:
    """Fill the scores of the galaxies of a finished image in one band.

    Parameters
    ----------
    out : structured array of EXTENDED_DTYPE (n,)
        Rows of the galaxies.
    band : Band
        Whose columns are filled.
    image : (ImageModel, float32 array, Stars)
        As of `measure_ridge`.
    galaxies : float64 array (n, 2)
        Places of the galaxies, pixels of 1".
    measured : sequence of (float, float64 array)
        `brightness` and `ring_shape` of each galaxy.
    noise_dn : float
        Of a square arcsecond, as if pixels were independent.
    """
    model, bare, stars = image
    ridge = measure_ridge(model, bare, stars, galaxies, noise_dn)
    write_scores(out, band, ridge, measured, profile_width(model.psf, *galaxies.T))
