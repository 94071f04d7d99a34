"""What photutils makes of the pairs of a field, on the Atlas images of the same scan."""

from __future__ import annotations

import numpy as np

from app.arrays import Doubles
from app.instruments.bands import Band
from benchmarks.crowded import photutils_sources
from benchmarks.peers import profile_on_coadd
from workers.reduction.reduce_scan import ReducedScan

EDGE_PIX = 8.0  # of an image: fits there lack pixels
SAME_ARCSEC = 1.0  # detections of two images that overlap


def photutils_rows(reduced: ReducedScan, band: Band) -> tuple[Doubles, Doubles]:
    """Find peaks with photutils on all images of a band, and fit groups of them with the learnt profile.

    Parameters
    ----------
    reduced : ReducedScan
        The scan.
    band : Band
        Whose images are taken.

    Returns
    -------
    float64 array (n, 2)
        U-scan places, arcsec.
    float64 array (n, 3)
        Magnitude; error and chi-squared are not told, NaN.
    """
    profile = profile_on_coadd(reduced.stacks[band])
    places, values = np.zeros((0, 2)), np.zeros((0, 3))
    for image in reduced.images:
        if image.band is not band:
            continue
        pixels = np.nan_to_num(image.pixels_dn, nan=float(np.nanmedian(image.pixels_dn)))
        found = photutils_sources(pixels, profile, image.zero_point_mag)
        rows, columns = pixels.shape
        edge = np.minimum(np.minimum(found.x, columns - 1 - found.x), np.minimum(found.y, rows - 1 - found.y))
        good = edge > EDGE_PIX
        ra, decl = image.projection.to_sky(found.x[good], found.y[good])
        fresh = np.column_stack(reduced.uscan.from_sky(ra, decl))
        new = np.ones(len(fresh), np.bool_)
        if len(places):
            away = np.hypot(*(fresh[:, None, :] - places[None, :, :]).transpose(2, 0, 1)).min(axis=1)
            new = away > SAME_ARCSEC
        magnitude = found.magnitude[good][new]
        unknown = np.full((magnitude.size, 2), np.nan)
        places = np.concatenate([places, fresh[new]])
        values = np.concatenate([values, np.column_stack([magnitude, unknown])])
    return places, values
