"""The galaxies of a scan: candidates are modelled one after the other, and stay where no stars explain them as well."""

from __future__ import annotations

import numpy as np

from app.arrays import Bools, Doubles
from app.parameters.galaxy_classifier import GalaxyClassifier
from workers.reduction.galaxies.candidates import candidates
from workers.reduction.galaxies.large import large_patches
from workers.reduction.galaxies.last_fit import settle
from workers.reduction.galaxies.local_profile import COADD_ARCSEC2, WIDTHS_PIX, LocalProfiles
from workers.reduction.galaxies.modelling import Modelling
from workers.reduction.galaxies.search import Search, crowded
from workers.reduction.galaxies.values import LARGE_ARCSEC, Galaxy, Shape, radii_from
from workers.reduction.kernels.pairs import near_any

EDGE_ARCSEC = 3.0
HELD_RADII, HELD_ARCSEC = (1.5, 2.5), 4.0
FARTHEST_ARCSEC = 400.0  # 2.5 semi-major axes of the largest and flattest model
BRIGHT_STAR_ARCSEC = 10.0  # beyond the reach of a saturated star its halo and spikes still look extended


def find_galaxies(search: Search, classifier: GalaxyClassifier | None = None) -> list[Galaxy]:
    """Find the galaxies of a scan, the most significant candidates first; ordered by (y, x).

    Parameters
    ----------
    search : Search
        Coadds, peaks and point-spread functions.
    classifier : GalaxyClassifier, optional
        Gives each its scores; it learnt from frames, so that finished images have none.
    """
    seeds = search.seeds
    if not seeds.x_arcsec.size:
        return []
    mean = search.profiles.mean(search.sum_weights())
    first = next(iter(mean.shares))
    shares = mean.at(first, seeds.x_arcsec, seeds.y_arcsec)
    variance = (WIDTHS_PIX * search.pixel_arcsec) ** 2 + COADD_ARCSEC2
    index, _ = candidates(search.coadds, seeds, shares, variance)
    found = _large_galaxies(search, mean)
    for k in index[~_spoilt(search, seeds.x_arcsec[index], seeds.y_arcsec[index])]:
        place = float(seeds.x_arcsec[k]), float(seeds.y_arcsec[k])
        if any(_holds(galaxy.shape, place) for galaxy in found):
            continue
        galaxy = Modelling(search, mean, place, found).galaxy()
        if galaxy is not None and not any(
            _holds(other.shape, (galaxy.shape.x_arcsec, galaxy.shape.y_arcsec)) for other in found
        ):
            found.append(galaxy)
    found = settle(search, mean, found, classifier)
    return sorted(found, key=lambda galaxy: (galaxy.shape.y_arcsec, galaxy.shape.x_arcsec))


def _large_galaxies(search: Search, mean: LocalProfiles) -> list[Galaxy]:
    """Galaxies of half-light semi-major axes above 8" that blocked images show."""
    patches = large_patches(search.coadds)
    if not patches:
        return []
    places = np.array([(patch.shape.x_arcsec, patch.shape.y_arcsec) for patch in patches])
    found: list[Galaxy] = []
    for patch, spoilt in zip(patches, _spoilt(search, *places.T), strict=True):
        place = patch.shape.x_arcsec, patch.shape.y_arcsec
        if spoilt or any(_holds(galaxy.shape, place) for galaxy in found):
            continue
        galaxy = Modelling(search, mean, place, found).large_galaxy(patch)
        if galaxy is not None:
            found.append(galaxy)
    return found


def _spoilt(search: Search, x: Doubles, y: Doubles) -> Bools:
    """Which places lie at the edge of the coadds, in a crowd of stars or beside a saturated star."""
    outside = ~search.coadds.inside(x, y, EDGE_ARCSEC) | crowded(search.seeds, y)
    if not search.bright.size:
        return np.asarray(outside)
    reach = search.bright[:, 2] + BRIGHT_STAR_ARCSEC
    return np.asarray(outside | near_any(np.column_stack([x, y]), search.bright[:, :2], reach))


def _holds(shape: Shape, place: tuple[float, float]) -> bool:
    """Whether a place lies within a galaxy: 1.5 half-light ellipses, 4" at least; 2.5 of a large one."""
    if abs(place[1] - shape.y_arcsec) > FARTHEST_ARCSEC:
        return False
    reach = HELD_RADII[1] if shape.semi_major_arcsec > LARGE_ARCSEC else HELD_RADII[0]
    away = float(radii_from(shape, np.array([place[0]]), np.array([place[1]]))[0])
    return away < max(reach, HELD_ARCSEC / shape.semi_major_arcsec)
