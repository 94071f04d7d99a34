"""What totals of galaxies could be: fits with true shapes, Kron sums of sep; and what the search for galaxies costs."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from app.arrays import Doubles, Table
from app.instruments.bands import Band
from workers.reduction.galaxies.find import find_galaxies
from workers.reduction.galaxies.last_fit import LastFit
from workers.reduction.galaxies.search import Search
from workers.reduction.galaxies.values import Shape
from workers.reduction.measure_scan import search_of
from workers.reduction.reduce_scan import ReducedScan
from workers.reduction.saturated.stars import saturated_of

COST_LIMIT_MS = 20.0  # a galaxy and band
KRON_FACTOR, KRON_STEP, DETECTED_SIGMA = 2.5, 6.0, 2.0
SEP_MATCH_ARCSEC = 4.0


class Bounds(NamedTuple):
    """Totals in Ks of the galaxies of a field by other means (galaxies,), NaN for none, and the cost of the search.

    Attributes
    ----------
    true_shape : float64
        By a linear fit of light, sky and neighbours with the true place and shape.
    sep_kron : float64
        By sep on the same coadd.
    seconds : float
        CPU, of the search in all bands.
    found : int
        Galaxies that it found.
    """

    true_shape: Doubles
    sep_kron: Doubles
    seconds: float
    found: int


def true_shape(galaxy: np.void, place: Doubles) -> Shape:
    """Shape of a galaxy of the truth at its U-scan place, whose x axis points west.

    Parameters
    ----------
    galaxy : one row of SOURCE_DTYPE
        The truth.
    place : float64 array (2,)
        U-scan, arcsec.
    """
    turn = np.radians(90.0 + float(galaxy["position_angle_deg"]))
    ratio = float(galaxy["axis_ratio"])
    radius = float(galaxy["half_light_arcsec"]) * np.sqrt(ratio)
    stretch = -np.log(ratio) * np.array([np.cos(2.0 * turn), np.sin(2.0 * turn)])
    index = float(np.log(galaxy["sersic_index"]))
    return Shape(float(place[0]), float(place[1]), float(np.log(radius)), *map(float, stretch), index)


def bounds_of(reduced: ReducedScan, galaxies: Table, places: Doubles) -> Bounds:
    """Measure the galaxies of a field by other means.

    Parameters
    ----------
    reduced : ReducedScan
        The field.
    galaxies : structured array of SOURCE_DTYPE (galaxies,)
        The truth.
    places : float64 array (galaxies, 2)
        True U-scan places, arcsec.
    """
    fixed = {b: saturated_of(s.band, reduced.read1_stars, s.psf) for b, s in reduced.stacks.items()}
    search = search_of(reduced, fixed)
    started = time.process_time()
    found = find_galaxies(search)
    seconds = time.process_time() - started
    mean = search.profiles.mean(search.sum_weights())
    zero = search.coadds.bands[Band.K].zero_point_mag
    known = []
    for galaxy, place in zip(galaxies, places, strict=True):
        shape = true_shape(galaxy, place)
        around = [
            g for g in found if np.hypot(g.shape.x_arcsec - place[0], g.shape.y_arcsec - place[1]) > 8.0
        ]
        last = LastFit(search, mean, (float(place[0]), float(place[1])), around)
        known.append(last.known_light(shape, float(10.0 ** (0.4 * (zero - float(galaxy["k_m"])))), Band.K))
    kron = _sep_kron(search, places)
    return Bounds(_magnitudes(np.array(known), zero), _magnitudes(kron, zero), seconds, len(found))


def _sep_kron(search: Search, places: Doubles) -> Doubles:
    """Kron sums of sep on the coadd in Ks, DN; NaN where it finds nothing within 4 arcsec, or is not installed."""
    out = np.full(len(places), np.nan)
    try:
        import sep
    except ImportError:
        return out
    grid = search.coadds.grid
    for first, image in search.coadds.bands[Band.K].images:
        pixels = np.ascontiguousarray(np.nan_to_num(image.pixels_dn), np.float64)
        background = sep.Background(pixels, bw=64, bh=64)
        less = pixels - background.back()
        rows = sep.extract(less, DETECTED_SIGMA, err=background.globalrms, minarea=9)
        ellipse = rows["x"], rows["y"], rows["a"], rows["b"], np.clip(rows["theta"], -np.pi / 2, np.pi / 2)
        radius, _ = sep.kron_radius(less, *ellipse, KRON_STEP)
        light, _, _ = sep.sum_ellipse(less, *ellipse, KRON_FACTOR * np.nan_to_num(radius), subpix=1)
        own = places - np.array([grid.first_x_arcsec, grid.first_y_arcsec + first])
        inside = np.flatnonzero((own[:, 1] > 0.0) & (own[:, 1] < pixels.shape[0]))
        for k in inside:
            away = np.hypot(rows["x"] - own[k, 0], rows["y"] - own[k, 1])
            near = int(np.argmin(away)) if away.size else -1
            out[k] = light[near] if near >= 0 and away[near] < SEP_MATCH_ARCSEC else out[k]
    return out


def _magnitudes(light: Doubles, zero: float) -> Doubles:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(light > 0.0, zero - 2.5 * np.log10(light), np.nan))
