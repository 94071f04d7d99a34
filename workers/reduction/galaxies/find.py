"""The galaxies of a scan: candidates are modelled one after the other, and stay where no stars explain them as well.

Where stars are sparse, patches of low surface brightness follow, which no peak shows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.arrays import Bools, Doubles, Integers
from app.parameters.galaxy_classifier import GalaxyClassifier
from workers.reduction.galaxies.candidates import candidates
from workers.reduction.galaxies.faint import GALAXY_RADII, faint_patches
from workers.reduction.galaxies.faint_model import FaintModelling
from workers.reduction.galaxies.large import large_patches
from workers.reduction.galaxies.last_fit import light_of_sum, settle
from workers.reduction.galaxies.local_profile import COADD_ARCSEC2, WIDTHS_PIX, LocalProfiles
from workers.reduction.galaxies.modelling import Modelling
from workers.reduction.galaxies.search import LEAST_CHANGE, Search, crowded, sparse
from workers.reduction.galaxies.second_look import Candidate
from workers.reduction.galaxies.values import LARGE_ARCSEC, Galaxy, radii_from, surface
from workers.reduction.kernels.pairs import near_any

EDGE_ARCSEC = 3.0
# Of faint patches: at the border of a strip the sky is less well known. A field of the sky's own counts at latitude 60
# had four false ones within 22" of it, and none elsewhere.
FAINT_EDGE_ARCSEC = 40.0
# Within so many half-light ellipses of a galaxy, 4" at least, no candidate is another one. Arms and knots of large
# galaxies lie farther out but have less than a tenth of its light: 92" from a disc of 41" stood a galaxy as bright as
# that. Knots, which have some hundredths, lie where a disc's light does: 98 % of that within 3.6 radii. A spiral whose
# model is half a bulge or has a core is larger than the model: of one of Ks 7.6 with a semi-major axis of 33" five
# knots lay at 60" to 170", each with 3 % of the model's light.
HELD_RADII, HELD_ARCSEC = 1.5, 4.0
LARGE_HELD_RADII, HELD_SHARE = 2.5, 0.1
KNOT_RADII, KNOT_SHARE = 3.6, 0.035
HUGE_ARCSEC, HUGE_INDEX, HUGE_KNOT_RADII = 20.0, 2.0, 5.5
# Of a pixel's noise, that a galaxy's model must have as light a square arcsecond where it holds knots and arms: it has
# .2 and more at those of spirals. A spiral of 14" or a merger that became a bulge of 48" to 116" has .001 to .03 where
# it held fourteen galaxies of a field of 138, up to 328" away, as bright as knots of it would be (decision 0038).
LIT_SIGMA = 0.1
WING_RADII = 5.0  # within which a bright model errs by more than the surface of a faint galaxy
# Beyond the reach of a saturated star, where its wing is fitted and where it is not (images): there its halo and spikes
# look extended farther out. With 10" for both a galaxy of Ks 11.0 at 10.9" from a star of Ks 9.1 was 40 point rows.
BRIGHT_STAR_ARCSEC, UNFITTED_STAR_ARCSEC = 7.0, 10.0
# A stripe of an array's electronics is a row of peaks: of a false model, 1.5" across, six of them went on at its ends.
STRIPE_RATIO, STRIPE_ANGLE_DEG, STRIPE_HALF_WIDTH_ARCSEC = 0.35, 12.0, 1.5
STRIPE_ARCSEC, FEWEST_STRIPE_PEAKS = 25.0, 3


def find_galaxies(search: Search, classifier: GalaxyClassifier | None = None) -> list[Galaxy]:
    """Find the galaxies of a scan, the most significant candidates first; ordered by (y, x).

    Parameters
    ----------
    search : Search
        Coadds, peaks and point-spread functions.
    classifier : GalaxyClassifier, optional
        Gives each its scores. Without one, and on finished images, whose noise is less well known, nobody looks for
        faint surfaces, nor asks less where stars are sparse.
    """
    seeds = search.seeds
    if not seeds.x_arcsec.size:
        return []
    mean = search.profiles.mean(search.sum_weights())
    first = next(iter(mean.shares))
    shares = mean.at(first, seeds.x_arcsec, seeds.y_arcsec)
    variance = (WIDTHS_PIX * search.pixel_arcsec) ** 2 + COADD_ARCSEC2
    loose = sparse(seeds, seeds.y_arcsec) & (classifier is not None and search.least_change <= LEAST_CHANGE)
    index = np.zeros(0, np.int64)
    # In the plane nobody is a candidate: to look for them took 2 % of a scan's time there.
    if not crowded(seeds, seeds.y_arcsec).all():
        index, _ = candidates(search.coadds, seeds, shares, variance, loose)
    found = _large_galaxies(search, mean)
    index = index[~_spoilt(search, seeds.x_arcsec[index], seeds.y_arcsec[index])]
    found = _modelled(search, mean, index, found)
    if loose.any():
        found = _with_faint(search, mean, found)
    found = settle(search, mean, found, classifier)
    return sorted(found, key=lambda galaxy: (galaxy.shape.y_arcsec, galaxy.shape.x_arcsec))


def _modelled(search: Search, mean: LocalProfiles, index: Integers, known: Sequence[Galaxy]) -> list[Galaxy]:
    """Galaxies that are known, and those that candidates are."""
    seeds, found = search.seeds, [*known]
    reach = [_reach(galaxy) for galaxy in found]
    for k in index:
        place, light = (float(seeds.x_arcsec[k]), float(seeds.y_arcsec[k])), float(seeds.light_dn[k])
        # Of 30,000 pairs of a field nearly all are far from each other along the scan.
        along = [n for n, (y, far) in enumerate(reach) if abs(place[1] - y) <= far]
        if any(_holds(search, found[n], place, light) for n in along):
            continue
        galaxy = Candidate(search, mean, place, found).found(light)
        if galaxy is None or _is_stripe(search, galaxy):
            continue
        middle, whole = _middle(galaxy), light_of_sum(galaxy, search.coadds.weights)
        if not any(_holds(search, other, middle, whole) for other in found):
            found.append(galaxy)
            reach.append(_reach(galaxy))
    return found


def _reach(galaxy: Galaxy) -> tuple[float, float]:
    """Place of a galaxy along the scan, and how far from it something may be held for a part of it, arcsec."""
    shape = galaxy.shape
    return shape.y_arcsec, max(HUGE_KNOT_RADII * shape.semi_major_arcsec, HELD_ARCSEC)


def _with_faint(search: Search, mean: LocalProfiles, known: Sequence[Galaxy]) -> list[Galaxy]:
    """Galaxies that are known, and those of low surface brightness beside them."""
    found = [*known]
    patches = faint_patches(search, found)
    if not patches:
        return found
    places = np.array([(patch.x_arcsec, patch.y_arcsec) for patch in patches])
    spoilt = _spoilt(search, *places.T) | ~sparse(search.seeds, places[:, 1])
    spoilt |= ~search.coadds.inside(places[:, 0], places[:, 1], FAINT_EDGE_ARCSEC)
    for patch, left_out in zip(patches, spoilt, strict=True):
        if left_out:
            continue
        galaxy = FaintModelling(search, mean, patch, found).galaxy()
        if galaxy is None or _is_stripe(search, galaxy):
            continue
        whole = light_of_sum(galaxy, search.coadds.weights)
        if not any(_outshines(search, other, _middle(galaxy), whole) for other in found):
            found.append(galaxy)
    return found


def _outshines(search: Search, galaxy: Galaxy, place: tuple[float, float], light_dn: float) -> bool:
    """Whether faint light at a place may be what the model of a galaxy left of its wings."""
    away = float(radii_from(galaxy.shape, np.array([place[0]]), np.array([place[1]]))[0])
    brighter = light_dn < HELD_SHARE * light_of_sum(galaxy, search.coadds.weights)
    return away < GALAXY_RADII or (brighter and away < WING_RADII)


def _middle(galaxy: Galaxy) -> tuple[float, float]:
    return galaxy.shape.x_arcsec, galaxy.shape.y_arcsec


def _is_stripe(search: Search, galaxy: Galaxy) -> bool:
    """Whether a flat model lies along the rows of the arrays, in a row of peaks that goes on at its ends."""
    shape, seeds = galaxy.shape, search.seeds
    if shape.axis_ratio > STRIPE_RATIO or min(shape.angle_deg, 180.0 - shape.angle_deg) > STRIPE_ANGLE_DEG:
        return False
    near = np.flatnonzero(np.abs(seeds.y_arcsec - shape.y_arcsec) < STRIPE_HALF_WIDTH_ARCSEC)
    away = np.abs(seeds.x_arcsec[near] - shape.x_arcsec)
    along = (away > shape.semi_major_arcsec) & (away < shape.semi_major_arcsec + STRIPE_ARCSEC)
    return int(np.count_nonzero(along)) >= FEWEST_STRIPE_PEAKS


def _large_galaxies(search: Search, mean: LocalProfiles) -> list[Galaxy]:
    """Galaxies of half-light semi-major axes above 8" that blocked images show."""
    patches = large_patches(search.coadds)
    if not patches:
        return []
    places = np.array([(patch.shape.x_arcsec, patch.shape.y_arcsec) for patch in patches])
    found: list[Galaxy] = []
    for patch, spoilt in zip(patches, _spoilt(search, *places.T), strict=True):
        place = patch.shape.x_arcsec, patch.shape.y_arcsec
        if spoilt or any(_holds(search, galaxy, place, patch.light_dn) for galaxy in found):
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
    beyond = UNFITTED_STAR_ARCSEC if search.stars is None else BRIGHT_STAR_ARCSEC
    reach = search.bright[:, 2] + beyond
    return np.asarray(outside | near_any(np.column_stack([x, y]), search.bright[:, :2], reach))


def _holds(search: Search, galaxy: Galaxy, place: tuple[float, float], light_dn: float) -> bool:
    """Whether what has some light at a place is a part of a galaxy."""
    shape = galaxy.shape
    # No ellipse reaches farther along the scan than its semi-major axis.
    y_arcsec, far = _reach(galaxy)
    if abs(place[1] - y_arcsec) > far:
        return False
    away = float(radii_from(shape, np.array([place[0]]), np.array([place[1]]))[0])
    if away < max(HELD_RADII, HELD_ARCSEC / shape.semi_major_arcsec):
        return True
    if shape.semi_major_arcsec < LARGE_ARCSEC:
        return False
    whole = light_of_sum(galaxy, search.coadds.weights)
    surface_dn = whole * float(surface(shape, np.array([place[0]]), np.array([place[1]]))[0])
    if surface_dn < LIT_SIGMA * search.coadds.sky_sigma():
        return False
    share = light_dn / whole
    huge = shape.semi_major_arcsec > HUGE_ARCSEC and (shape.index > HUGE_INDEX or bool(galaxy.core))
    knots = HUGE_KNOT_RADII if huge else KNOT_RADII
    return (away < LARGE_HELD_RADII and share < HELD_SHARE) or (away < knots and share < KNOT_SHARE)
