"""Peaks that are stars of their own, beside the stars that are known."""

from __future__ import annotations

import numpy as np

from app.parameters.photometry import PhotometryParameters
from workers.reduction.galaxies.light import GalaxyLight
from workers.reduction.photometry.crowding import fall
from workers.reduction.photometry.detection import Peaks
from workers.reduction.profile.stars import Stars
from workers.reduction.saturated.stars import Saturated

SAME_STAR_ARCSEC = 1.2


def new_stars(
    peaks: Peaks,
    known: Stars,
    fixed: Saturated,
    parameters: PhotometryParameters,
    galaxies: GalaxyLight | None = None,
) -> Stars:
    """Peaks that are no model error of a known star: farther than 1.2" and brighter than a share of its light there.

    Parameters
    ----------
    peaks : Peaks
        Of frames without the known stars.
    known : Stars
        Fitted ones.
    fixed : Saturated
        Saturated ones; no peak within their reach is a star.
    parameters : PhotometryParameters
        What share of a star its model may err by.
    galaxies : GalaxyLight, optional
        Galaxies whose light the frames lack; no peak that their models may leave is a star.

    Returns
    -------
    Stars
        Not yet fitted, in the order of the peaks.
    """
    from scipy.spatial import cKDTree

    fresh, bright = Stars.at(peaks.x_arcsec, peaks.y_arcsec, peaks.flux_dn), fixed.stars
    if galaxies is not None:
        fresh = fresh.taken(~galaxies.hides(fresh.places(), fresh.flux_dn))
    if not fresh.size or not known.size + bright.size:
        return fresh
    places = fresh.places()
    flux = np.concatenate([np.nan_to_num(known.flux_dn), bright.flux_dn])
    tree = cKDTree(np.concatenate([known.places(), bright.places()]))
    distance, nearest = tree.query(places, k=[1, 2, 3])
    exists = np.isfinite(distance)
    # A neighbour's misfit is a share of its profile there; it falls as the profile does.
    share = fall(np.where(exists, distance, 99.0))
    limit = (parameters.model_share * flux[np.where(exists, nearest, 0)] * share).max(axis=1)
    good = (distance[:, 0] > SAME_STAR_ARCSEC) & (fresh.flux_dn > limit)
    return fresh.taken(good & ~fixed.within(places))
