"""The galaxies of finished images: the images of all bands are searched and modelled as the coadds of a scan are.

Frames are searched before their stars are fitted. A finished image has no other looks to learn from, so its stars are
fitted once as if there were no galaxies; that tells profile, noise and peaks. Where galaxies are found their light is
taken off the image (`galaxy_light`) and the stars are fitted anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize import nnls

from app.arrays import Doubles
from app.instruments.bands import BANDS, Band
from app.parameters.extraction import ExtractionParameters
from app.parameters.galaxy_classifier import classifier_of, shipped_hash
from workers.reduction.frames.grid import LOOKS, StripGrid
from workers.reduction.galaxies.coadds import BandCoadd, Coadds
from workers.reduction.galaxies.find import find_galaxies
from workers.reduction.galaxies.local_profile import COADD_ARCSEC2, WIDTHS_PIX, LocalProfiles
from workers.reduction.galaxies.search import Search, merged_seeds
from workers.reduction.galaxies.values import Galaxy
from workers.reduction.images.image_model import ImageModel
from workers.reduction.images.normalise import Scale
from workers.reduction.images.psf import OVERSAMPLING, RADIUS_PIX, Psf, cell_layout, node_radius
from workers.reduction.images.strips import Strip

PIXEL_ARCSEC, PIXEL_TOLERANCE = 1.0, 0.02  # images of other pixels are not searched
FRAME_PIXEL_ARCSEC = 2.0  # `WIDTHS_PIX` are frame pixels
SAME_PLACE_PIX = 0.5  # bands whose pixels lie this near to one another are searched together
LEAST_SNR = 6.0  # of a peak; frames are searched for peaks down to the same in their first look
# Of chi-squared from two stars to a galaxy: by itself, and with a score below the third number. Profiles of real images
# are less well known than those of own coadds. By the first alone, images had 76 of the 93 galaxies to Ks 13.5 that the
# frames of a scan at latitude 60 have; of 35 between both, there and at latitude 15, none was false (decision 0042).
SURE_CHANGE, LEAST_CHANGE, GOOD_SCORE = 49.0, 25.0, 1.05
HALO_RADII, LEAST_HALO_ARCSEC = 4.0, 12.0  # of a saturated core: how far its light looks extended


@dataclass(frozen=True)
class ReducedStrip:
    """A strip of one band and what its reduction learnt.

    Attributes
    ----------
    strip : Strip
        The images.
    model : ImageModel
        Stars, profile and noise of all of them.
    scale : Scale
        Of their magnitudes.
    """

    strip: Strip
    model: ImageModel
    scale: Scale


@dataclass(frozen=True)
class ImageField:
    """Strips of several bands on the same pixels.

    Attributes
    ----------
    strips : dict of Band to ReducedStrip
        At least one.
    """

    strips: dict[Band, ReducedStrip]


def fields_of(reduced: Sequence[ReducedStrip]) -> list[ImageField]:
    """Put the strips of the bands together that have the same pixels; others are fields of their own.

    Parameters
    ----------
    reduced : sequence of ReducedStrip
        Of all bands.
    """
    fields: list[dict[Band, ReducedStrip]] = []
    for band in BANDS:
        for own in (part for part in reduced if part.strip.image.band == band):
            partner = next((f for f in fields if band not in f and _alike(next(iter(f.values())), own)), None)
            if partner is None:
                fields.append({band: own})
            else:
                partner[band] = own
    return [ImageField(strips) for strips in fields]


def _alike(first: ReducedStrip, second: ReducedStrip) -> bool:
    """Whether two strips have the same pixels, to half of one."""
    a, b = first.strip.image, second.strip.image
    if a.pixels_dn.shape != b.pixels_dn.shape:
        return False
    rows, columns = a.pixels_dn.shape
    x, y = np.array([0.0, columns - 1.0, 0.5 * columns]), np.array([0.0, rows - 1.0, 0.0])
    other_x, other_y = b.projection.to_pixels(*a.projection.to_sky(x, y))
    return bool(np.hypot(other_x - x, other_y - y).max() < SAME_PLACE_PIX)


@cache
def _system() -> tuple[Doubles, Doubles]:
    """Triangle (7, 7) of the least squares, and what takes the nodes of a table to its right side."""
    radius2 = node_radius().ravel() ** 2
    variance = (WIDTHS_PIX * FRAME_PIXEL_ARCSEC) ** 2 + COADD_ARCSEC2
    # Errors far out move as much light as those in the core that are larger.
    weight = np.where(radius2 < RADIUS_PIX**2, (radius2 + 0.25) / OVERSAMPLING**2, 0.0)
    gaussians = np.exp(-0.5 * radius2[:, None] / variance) / (2.0 * np.pi * variance)
    weighted = (gaussians * weight[:, None]).T
    triangle = np.linalg.cholesky(weighted @ gaussians + 1e-9 * np.eye(variance.size)).T
    return np.asarray(triangle, np.float64), np.asarray(np.linalg.solve(triangle.T, weighted), np.float64)


def image_profile(psf: Psf) -> tuple[Doubles, Doubles, Doubles]:
    """Give the point-spread function of an image as sums of round Gaussians, on the mesh of its tables.

    Parameters
    ----------
    psf : Psf
        Of a whole strip.

    Returns
    -------
    x_pix, y_pix : float64 arrays (nx,), (ny,)
        Places of the mesh.
    shares : float64 array (ny, nx, 7)
        Of the light in Gaussians of `WIDTHS_PIX`; they sum to 1.
    """
    ny, nx = cell_layout(psf.shape)
    triangle, right = _system()
    shares = np.empty((psf.tables.shape[0], WIDTHS_PIX.size))
    for n, table in enumerate(psf.tables):
        shares[n], _ = nnls(triangle, right @ table.ravel().astype(np.float64))
    shares /= shares.sum(axis=1, keepdims=True)
    x, y = ((np.arange(n) + 0.5) * size / n - 0.5 for n, size in ((nx, psf.shape[1]), (ny, psf.shape[0])))
    return x, y, shares.reshape(ny, nx, -1)


def _profiles(strips: Mapping[Band, ReducedStrip]) -> LocalProfiles:
    found = {band: image_profile(part.model.psf) for band, part in strips.items()}
    x, y, _ = next(iter(found.values()))
    return LocalProfiles(x, y, {band: shares for band, (_, _, shares) in found.items()})


def _coadd(part: ReducedStrip, parameters: ExtractionParameters) -> BandCoadd:
    """Give a strip as a coadd of six looks, whose frames would have its noise and its gain."""
    area = np.pi * parameters.aperture_arcsec**2
    noise = 2.0 * np.sqrt(LOOKS / area) * part.model.aperture_noise
    image = part.strip.image
    return BandCoadd(
        ((0, image),), float(noise), parameters.gain_electrons_per_dn / LOOKS, image.zero_point_mag
    )


def search_of(field: ImageField, parameters: ExtractionParameters) -> Search | None:
    """Give a field as the search for galaxies takes it, its pixels for U-scan places; None where it can't be searched.

    Parameters
    ----------
    field : ImageField
        Strips whose stars were fitted.
    parameters : ExtractionParameters
        Radius of the standard aperture, whose noise is known; gain.
    """
    strips = {
        band: part
        for band, part in field.strips.items()
        if part.model.usable.any() and part.model.aperture_noise > 0.0
    }
    first = next(iter(field.strips.values())).strip.image
    if not strips or abs(first.projection.scale_arcsec - PIXEL_ARCSEC) > PIXEL_TOLERANCE:
        return None
    bands = {band: _coadd(part, parameters) for band, part in strips.items()}
    coadds = Coadds(bands, StripGrid(0.0, 0.0, first.pixels_dn.shape[0], northward=True))
    peaks, bright = {}, [np.zeros((0, 3))]
    for band, part in strips.items():
        stars, holes = part.model.stars, part.model.saturated
        with np.errstate(invalid="ignore"):
            shown = stars.take(~stars.saturated & (stars.flux > LEAST_SNR * stars.flux_sigma))
        peaks[band] = shown.x, shown.y, shown.flux
        reach = np.maximum(HALO_RADII * holes.radius, LEAST_HALO_ARCSEC)
        bright.append(np.column_stack([holes.x, holes.y, reach]))
    seeds = merged_seeds(peaks, coadds.weights)
    return Search(coadds, seeds, _profiles(strips), FRAME_PIXEL_ARCSEC, np.concatenate(bright), LEAST_CHANGE)


def find_on_images(search: Search) -> list[Galaxy]:
    """Find the galaxies of a field of finished images, with their scores; ordered by (y, x).

    Parameters
    ----------
    search : Search
        From `search_of`.
    """
    # The trees learnt from frames; on images of the same scans they say the same (decision 0042).
    found = find_galaxies(search, classifier_of(shipped_hash()))
    return [galaxy for galaxy in found if is_sure(galaxy)]


def is_sure(galaxy: Galaxy) -> bool:
    """Whether stars describe a candidate much worse, or a score says that it is a galaxy.

    Parameters
    ----------
    galaxy : Galaxy
        With its significance, and its scores where it has pixels enough.
    """
    scored = galaxy.scores is not None and min(galaxy.scores) < GOOD_SCORE
    return scored or galaxy.significance**2 >= SURE_CHANGE
