"""What speaks for a galaxy and against stars: numbers of a candidate, from which its scores are made.

All are in hundredths and whole, so that a classifier that learnt from a table and one that scores a scan see the same
numbers. Sizes count in the width of the stars' images and light in the noise, as these differ from scan to scan.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.arrays import Doubles, Integers
from app.instruments.bands import Band
from workers.reduction.galaxies.band_shifts import Shift, spread_of
from workers.reduction.galaxies.coadds import Coadds
from workers.reduction.galaxies.fit import light_of, linear_rest
from workers.reduction.galaxies.star_groups import Group
from workers.reduction.galaxies.values import Galaxy, Pixels, Shape, radii_from

SHAPE_FEATURES = (
    "log_snr", "k_mag", "log_density", "log_size", "log_minor", "axis_ratio", "log_index", "stars_change",
    "stars_change_share", "group_change", "group_change_share", "inner_chi2", "mean_chi2", "worst_band",
    "group_excess", "group_spread", "group_brightest", "group_moved", "neighbours_light", "nearest_peak", "own_peak",
    "off_peak", "asymmetry", "band_spread", "band_sigmas",
)  # fmt: skip
"""Of `evidence_of` but for the colours: what tells extended sources from points."""
COLOUR_FEATURES = ("j_h", "h_k")
FEATURES = SHAPE_FEATURES + COLOUR_FEATURES
STEPS = 100.0  # a unit
LARGEST = 30000
UNKNOWN_MAG = 20.0
UNKNOWN_COLOUR = -9.0
CHANGE_SCALE = 10.0  # of chi-squared, from which on changes count by their logarithm
FARTHEST_PEAK_ARCSEC, NEAR_ARCSEC = 20.0, 4.0
INNER_RADII, LEAST_INNER_ARCSEC = 1.5, 5.0
_TINY = 1e-3


class Weighed(NamedTuple):
    """A candidate beside what stars make of its pixels.

    Attributes
    ----------
    pixels : Pixels
        Of the sum of the bands, as far as stars can reach.
    profile : (shares, variances), float64 arrays (k,)
        Gaussians of the coadd's point-spread function, arcsec^2.
    place : (float, float)
        U-scan place of the pixels' middle, arcsec.
    shape : Shape
        Of the candidate.
    light_dn, chi2 : float
        Of its model on these pixels.
    group : Group
        Three stars in its place.
    peaks : (float64 array (n, 2), float64 array (n,))
        Other peaks near it: places from the pixels' middle, and light.
    own_peaks : (float64 array (n, 2), float64 array (n,))
        Peaks that count as its own.
    shifts : tuple of Shift
        Where each band sees its light.
    density_arcmin2 : float
        Of peaks.
    """

    pixels: Pixels
    profile: tuple[Doubles, Doubles]
    place: tuple[float, float]
    shape: Shape
    light_dn: float
    chi2: float
    group: Group
    peaks: tuple[Doubles, Doubles]
    own_peaks: tuple[Doubles, Doubles]
    shifts: tuple[Shift, ...]
    density_arcmin2: float

    @property
    def group_change(self) -> float:
        """Change of chi-squared from three stars to the galaxy."""
        return self.group.chi2 - self.chi2


def evidence_of(galaxy: Galaxy, weighed: Weighed, coadds: Coadds) -> Integers:
    """Numbers of a candidate, hundredths, in the order of `FEATURES`; (features,).

    Parameters
    ----------
    galaxy : Galaxy
        Its model with its light in every band.
    weighed : Weighed
        The same beside stars.
    coadds : Coadds
        Of the scan: zero points, and weights of the bands in their sum.
    """
    shape, weights = galaxy.shape, coadds.weights
    light = max(sum(weights[b] * f for b, f in galaxy.flux_dn.items()), _TINY)
    error = float(np.sqrt(sum((weights[b] * e) ** 2 for b, e in galaxy.flux_error_dn.items())))
    snr = light / max(error, _TINY * light)
    sigma = float(np.sqrt(weighed.profile[0] @ weighed.profile[1]))
    size = shape.radius_arcsec / sigma
    chi2 = np.array([*galaxy.chi2.values()])
    change, group = galaxy.significance**2, weighed.group_change
    magnitude = {
        b: coadds.bands[b].zero_point_mag - 2.5 * float(np.log10(f)) if f > 0.0 else np.nan
        for b, f in galaxy.flux_dn.items()
    }
    rest = _rest(weighed)
    spread, sigmas = spread_of(weighed.shifts)
    j, h, k = (magnitude.get(band, np.nan) for band in (Band.J, Band.H, Band.K))
    told = (
        np.log(snr), k if np.isfinite(k) else UNKNOWN_MAG, np.log(max(weighed.density_arcmin2, _TINY)), np.log(size),
        np.log(size * np.sqrt(shape.axis_ratio)), shape.axis_ratio, shape.log_index, np.arcsinh(change / CHANGE_SCALE),
        100.0 * change / snr**2, np.arcsinh(group / CHANGE_SCALE), 100.0 * group / snr**2, _inner_chi2(weighed, rest),
        _log(float(chi2.mean())), float(chi2.max() / max(chi2.mean(), _TINY)), *_group(weighed, sigma),
        *_peaks(weighed), _asymmetry(weighed, rest), _log(spread / sigma), np.arcsinh(sigmas),
        *(c if np.isfinite(c) else UNKNOWN_COLOUR for c in (j - h, h - k)),
    )  # fmt: skip
    return np.clip(np.rint(STEPS * np.array(told)), -LARGEST, LARGEST).astype(np.int64)


def _log(value: float) -> float:
    return float(np.log(max(value, _TINY)))


def _middle(weighed: Weighed) -> Doubles:
    """Place of the candidate from the pixels' middle, (2,)."""
    place, shape = weighed.place, weighed.shape
    return np.array([shape.x_arcsec - place[0], shape.y_arcsec - place[1]])


def _rest(weighed: Weighed) -> Doubles:
    """Return what the model and the linear columns leave of the pixels, (n,)."""
    light = light_of(weighed.pixels, weighed.shape, weighed.profile, weighed.place)
    return linear_rest(weighed.pixels, light[None, :])


def _inner_chi2(weighed: Weighed, rest: Doubles) -> float:
    """Logarithm of the chi-squared a pixel within 1.5 half-light ellipses over that of the whole window."""
    pixels, place = weighed.pixels, weighed.place
    chi2 = pixels.weight * rest * rest
    radii = radii_from(weighed.shape, pixels.x + place[0], pixels.y + place[1])
    inner = radii < max(INNER_RADII, LEAST_INNER_ARCSEC / weighed.shape.semi_major_arcsec)
    if not inner.any():
        return 0.0
    return _log(float(chi2[inner].mean())) - _log(float(chi2.mean()))


def _group(weighed: Weighed, sigma: float) -> tuple[float, float, float, float]:
    """Three stars in its place: light of the galaxy over theirs, spread, share of the brightest, how far off."""
    middle, group = _middle(weighed), weighed.group
    places, light = group.places[group.instead], np.clip(group.light_dn[group.instead], 0.0, None)
    whole = float(light.sum())
    if not whole > 0.0:
        return 9.0, 0.0, 1.0, 0.0
    mean = (light[:, None] * places).sum(axis=0) / whole
    spread = float(np.sqrt((light * ((places - mean) ** 2).sum(axis=1)).sum() / whole))
    excess = _log(max(weighed.light_dn, _TINY) / whole)
    return excess, spread / sigma, float(light.max() / whole), float(np.hypot(*(mean - middle))) / sigma


def _peaks(weighed: Weighed) -> tuple[float, float, float, float]:
    """Light of near peaks over its own, distance of the nearest, light of its own peak, and how far off that is."""
    middle, light = _middle(weighed), max(weighed.light_dn, _TINY)
    away = np.hypot(*(weighed.peaks[0] - middle).T)
    near = away < NEAR_ARCSEC + INNER_RADII * weighed.shape.semi_major_arcsec
    neighbours = float(np.clip(weighed.peaks[1][near], 0.0, None).sum()) / light
    nearest = min(float(away.min(initial=FARTHEST_PEAK_ARCSEC)), FARTHEST_PEAK_ARCSEC)
    own = float(np.clip(weighed.own_peaks[1], 0.0, None).sum()) / light
    off = np.hypot(*(weighed.own_peaks[0] - middle).T)
    far = min(float(off.min(initial=FARTHEST_PEAK_ARCSEC)), FARTHEST_PEAK_ARCSEC)
    return _log(0.01 + neighbours), nearest, _log(0.01 + own), far


def _asymmetry(weighed: Weighed, rest: Doubles) -> float:
    """Logarithm of the differences of opposite pixels, squared over noise, over the window's chi-squared a pixel."""
    pixels, middle = weighed.pixels, _middle(weighed)
    radii = radii_from(weighed.shape, pixels.x + weighed.place[0], pixels.y + weighed.place[1])
    fine = np.flatnonzero(
        (pixels.size == 1.0) & (radii * weighed.shape.semi_major_arcsec < LEAST_INNER_ARCSEC)
    )
    if fine.size == 0:
        return 0.0
    x, y = pixels.x[fine], pixels.y[fine]
    left, low = float(x.min()), float(y.min())
    columns, rows = np.rint(x - left).astype(np.int64), np.rint(y - low).astype(np.int64)
    grid = np.full((int(rows.max()) + 1, int(columns.max()) + 1), -1, np.int64)
    grid[rows, columns] = np.arange(fine.size)
    opposite_x = np.rint(2.0 * middle[0] - x - left).astype(np.int64)
    opposite_y = np.rint(2.0 * middle[1] - y - low).astype(np.int64)
    inside = (
        (opposite_x >= 0) & (opposite_x < grid.shape[1]) & (opposite_y >= 0) & (opposite_y < grid.shape[0])
    )
    other = np.full(fine.size, -1, np.int64)
    other[inside] = grid[opposite_y[inside], opposite_x[inside]]
    paired = other >= 0
    if not paired.any():
        return 0.0
    # What the model leaves is compared, so that the turn about a place between two pixels costs no light.
    first, second = fine[paired], fine[other[paired]]
    difference = rest[first] - rest[second]
    square = difference * difference / (1.0 / pixels.weight[first] + 1.0 / pixels.weight[second])
    usual = float((pixels.weight * rest * rest).mean())
    return _log(float(square.mean())) - _log(usual)
