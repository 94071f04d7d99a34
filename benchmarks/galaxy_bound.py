"""What totals of galaxies could be: by true shapes, by Kron sums of sep and photutils; and what the search costs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from app.arrays import Doubles, Integers, Table
from app.instruments.bands import BANDS, Band
from app.observatory.parameters import NightParameters
from app.parameters.galaxy_classifier import classifier_of, shipped_hash
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from benchmarks.observed import observe
from workers.reduction.galaxies.find import find_galaxies
from workers.reduction.galaxies.last_fit import LastFit
from workers.reduction.galaxies.search import Search
from workers.reduction.galaxies.values import Shape
from workers.reduction.measure_scan import search_of
from workers.reduction.reduce_scan import ReducedScan, reduce_scan
from workers.reduction.saturated.stars import saturated_of

COST_LIMIT_MS = 20.0  # a galaxy and band
FULL_SCAN_FRAMES, SCAN_LIMIT_SECONDS = 273, 1.5
KRON_FACTOR, KRON_STEP, DETECTED_SIGMA = 2.5, 6.0, 2.0
SEP_MATCH_ARCSEC = 4.0


class Bounds(NamedTuple):
    """Totals in Ks of the galaxies of a field by other means (galaxies,), NaN for none, and the cost of the search.

    Attributes
    ----------
    true_shape : float64
        By a linear fit of light, sky and neighbours with the true place and shape.
    sep_kron, photutils_kron : float64
        By sep and by photutils on the same coadd, of the same detections.
    seconds : float
        CPU, of the search in all bands.
    found : int
        Galaxies that it found.
    """

    true_shape: Doubles
    sep_kron: Doubles
    photutils_kron: Doubles
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
    found = find_galaxies(search, classifier_of(shipped_hash()))
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
    kron = (_magnitudes(light, zero) for light in _kron(search, places))
    return Bounds(_magnitudes(np.array(known), zero), *kron, seconds, len(found))


def _kron(search: Search, places: Doubles) -> Doubles:
    """Kron sums of sep and of photutils on the coadd in Ks, DN; NaN where sep finds nothing within 4"."""
    out = np.full((2, len(places)), np.nan)
    try:
        import sep
    except ImportError:
        return out
    grid = search.coadds.grid
    for first, image in search.coadds.bands[Band.K].images:
        pixels = np.ascontiguousarray(np.nan_to_num(image.pixels_dn), np.float64)
        background = sep.Background(pixels, bw=64, bh=64)
        less = pixels - background.back()
        rows, segments = sep.extract(
            less, DETECTED_SIGMA, err=background.globalrms, minarea=9, segmentation_map=True
        )
        ellipse = rows["x"], rows["y"], rows["a"], rows["b"], np.clip(rows["theta"], -np.pi / 2, np.pi / 2)
        radius, _ = sep.kron_radius(less, *ellipse, KRON_STEP)
        light, _, _ = sep.sum_ellipse(less, *ellipse, KRON_FACTOR * np.nan_to_num(radius), subpix=1)
        own = places - np.array([grid.first_x_arcsec, grid.first_y_arcsec + first])
        if not rows.size:
            continue
        away, near = cKDTree(np.column_stack([rows["x"], rows["y"]])).query(own)
        inside = (own[:, 1] > 0.0) & (own[:, 1] < pixels.shape[0]) & (away < SEP_MATCH_ARCSEC)
        out[0, inside] = light[near[inside]]
        out[1, inside] = _photutils_kron(less, segments, near[inside] + 1)
    return out


def _photutils_kron(less: Doubles, segments: Integers, labels: Integers) -> Doubles:
    """Kron sums of photutils of some segments, its own factor and least radius; NaN where it gives none."""
    from photutils.segmentation import SegmentationImage, SourceCatalog

    image = SegmentationImage(segments.astype(np.int32))
    known = np.isin(labels, image.labels)
    out = np.full(labels.size, np.nan)
    if known.any():
        chosen, place = np.unique(labels[known], return_inverse=True)
        sums = SourceCatalog(less, image).select_labels(chosen).kron_flux
        out[known] = np.atleast_1d(np.asarray(sums, np.float64))[place]
    return out


def print_cost(bounds: Sequence[Bounds]) -> bool:
    """Print CPU time of the search for galaxies; whether its limit is kept.

    Parameters
    ----------
    bounds : sequence of Bounds
        Of the fields.
    """
    seconds, found = sum(part.seconds for part in bounds), sum(part.found for part in bounds)
    each = 1000.0 * seconds / (max(found, 1) * len(BANDS))
    print(
        f"search for galaxies: {seconds:.2f} CPU s for {found} galaxies in {len(bounds)} scans, {each:.1f} ms a galaxy "
        f"and band, limit {COST_LIMIT_MS:g}"
    )
    return each <= COST_LIMIT_MS


def print_scan_cost(latitude_deg: float, frames: int, seed: int) -> bool:
    """Print CPU time of the search for a full scan at the sky's own counts of galaxies; whether its limit is kept.

    Parameters
    ----------
    latitude_deg : float
        Galactic latitude.
    frames : int
        Of the scan that is searched; the time grows with the length of a scan.
    seed : int
        Of the sky.
    """
    night = NightParameters(
        seed=seed, tiles=1, frames=frames, calibration_groups=0, latitude_deg=latitude_deg, disturbed=False
    )
    observed = observe(night)
    reduced = reduce_scan(
        observed.raw,
        observed.calibration,
        observed.reference,
        ReductionParameters(),
        photometry=PhotometryParameters(),
    )
    fixed = {b: saturated_of(s.band, reduced.read1_stars, s.psf) for b, s in reduced.stacks.items()}
    started = time.process_time()
    found = find_galaxies(search_of(reduced, fixed), classifier_of(shipped_hash()))
    seconds = (time.process_time() - started) * FULL_SCAN_FRAMES / frames
    print(
        f"search of a full scan of {FULL_SCAN_FRAMES} frames at the sky's own counts: {seconds:.2f} CPU s "
        f"({len(found)} galaxies in {frames} frames), limit {SCAN_LIMIT_SECONDS:g}"
    )
    return seconds <= SCAN_LIMIT_SECONDS


def _magnitudes(light: Doubles, zero: float) -> Doubles:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(light > 0.0, zero - 2.5 * np.log10(light), np.nan))
