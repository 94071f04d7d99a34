"""What photutils makes of the pairs of a field, on the Atlas images of the same scan."""

from __future__ import annotations

import warnings

import numpy as np

from app.arrays import Doubles, Singles
from app.instruments.bands import Band
from benchmarks.peers import profile_on_coadd
from workers.reduction.reduce_scan import ReducedScan

PEAK_SIGMA, PEAK_FWHM_PIX, APART_PIX, GROUP_PIX = 5.0, 2.5, 1.5, 5.0
EDGE_PIX = 8.0  # of an image: fits there lack pixels
SAME_ARCSEC = 1.0  # detections of two images that overlap


def _fitted(pixels: Singles, profile: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Places (pixels) and light of the stars that photutils finds and fits in groups on an image."""
    from astropy.stats import sigma_clipped_stats
    from photutils.background import LocalBackground
    from photutils.detection import DAOStarFinder
    from photutils.psf import ImagePSF, PSFPhotometry, SourceGrouper

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, middle, sigma = sigma_clipped_stats(pixels, sigma=2.5)
        fitter = PSFPhotometry(
            ImagePSF(profile, x_0=0, y_0=0, flux=1),
            (7, 7),
            # Without `min_separation` no two peaks within 2.5 widths of each other are kept.
            finder=DAOStarFinder(PEAK_SIGMA * sigma, PEAK_FWHM_PIX, min_separation=APART_PIX),
            grouper=SourceGrouper(GROUP_PIX),
            localbkg_estimator=LocalBackground(8, 14),
            aperture_radius=3,
            group_warning_threshold=10**6,
        )
        table = fitter(pixels.astype(float) - middle)
    x, y, flux = (np.asarray(table[name], float) for name in ("x_fit", "y_fit", "flux_fit"))
    good = np.isfinite(flux) & np.isfinite(x) & np.isfinite(y) & (flux > 0.0)
    return x[good], y[good], flux[good]


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
        x, y, flux = _fitted(pixels, profile)
        rows, columns = pixels.shape
        edge = np.minimum(np.minimum(x, columns - 1 - x), np.minimum(y, rows - 1 - y))
        good = edge > EDGE_PIX
        ra, decl = image.projection.to_sky(x[good], y[good])
        fresh = np.column_stack(reduced.uscan.from_sky(ra, decl))
        new = np.ones(len(fresh), np.bool_)
        if len(places):
            away = np.hypot(*(fresh[:, None, :] - places[None, :, :]).transpose(2, 0, 1)).min(axis=1)
            new = away > SAME_ARCSEC
        magnitude = image.zero_point_mag - 2.5 * np.log10(flux[good][new])
        unknown = np.full((magnitude.size, 2), np.nan)
        places = np.concatenate([places, fresh[new]])
        values = np.concatenate([values, np.column_stack([magnitude, unknown])])
    return places, values
