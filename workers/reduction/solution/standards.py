"""Standard stars on the scans of calibration fields: which detection is which star, and what each scan and set says."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.arrays import Bools, Doubles, Integers
from app.parameters.calibration import CalibrationParameters
from app.parameters.solution import SolutionParameters
from app.sky.directions import unit_vectors

ROUNDS = 6
ROBUST_SIGMA = 2.5


class Detections(NamedTuple):
    """Sources of calibration scans near standards.

    Attributes
    ----------
    scan : (n,) integers
        Index of the scan.
    ra, decl : (n,) float64
        Position at the time of the scan, ICRS degrees.
    mag, sigma_mag : (3, n) float64
        J, H, Ks magnitudes on the nominal scale and their errors; NaN where not measured.
    usable : (3, n) bool
        Whether the band's measurement is fit for calibration: unsaturated, clean, bright enough.
    seen : (3, n) bool
        Whether the source was detected in the band: other magnitudes are limits, and tell of no light.
    """

    scan: Integers
    ra: Doubles
    decl: Doubles
    mag: Doubles
    sigma_mag: Doubles
    usable: Bools
    seen: Bools


class Standards(NamedTuple):
    """Standard stars at the time of the night.

    Attributes
    ----------
    ra, decl : (m,) float64
        Position with proper motion, ICRS degrees.
    mag, error_mag : (3, m) float64
        J, H, Ks magnitudes and their errors; NaN where unknown.
    """

    ra: Doubles
    decl: Doubles
    mag: Doubles
    error_mag: Doubles


class Measured(NamedTuple):
    """Standards measured: one entry a star and scan.

    Attributes
    ----------
    scan, star : (k,) integers
        Indices of scan and star.
    difference_mag, sigma_mag : (3, k) float64
        Standard minus measured magnitude and the error of the measurement; NaN where the band is of no use.
    """

    scan: Integers
    star: Integers
    difference_mag: Doubles
    sigma_mag: Doubles


class ScanOffset(NamedTuple):
    """What the standards of one scan say in one band: offset and error in magnitudes, and how many there are."""

    offset_mag: float
    error_mag: float
    stars: int


class SetOffset(NamedTuple):
    """What one set says in one band.

    Attributes
    ----------
    offset_mag, error_mag : float
        Mean of standard minus measured magnitude, and its error with that of the field; NaN without a measured scan.
    scatter_mag : float
        Standard deviation of the scans; NaN where fewer than two are measured.
    scans, stars : int
        Scans and different standards measured.
    usable : bool
        Whether it may enter a solution.
    """

    offset_mag: float
    error_mag: float
    scatter_mag: float
    scans: int
    stars: int
    usable: bool


def good_measurements(
    snr: Doubles, psfchi: Doubles, edge_arcsec: Doubles, parameters: CalibrationParameters
) -> Bools:
    """Which measurements of one band are good enough for calibration, whatever their flags say.

    Parameters
    ----------
    snr, psfchi : (n,) float64
        Signal to noise, and reduced chi squared of the profile fit.
    edge_arcsec : (n,) float64
        Distance to the nearest edge of the scan.
    parameters : CalibrationParameters
        The limits; that of psfchi grows with the square of SNR, as the error of the profile does.
    """
    largest = parameters.standard_psfchi * (1 + (snr / parameters.profile_snr) ** 2)
    good = (snr >= parameters.standard_snr) & (psfchi <= largest)
    return np.asarray(good & (edge_arcsec > parameters.edge_arcsec))


def match_standards(found: Detections, standards: Standards, parameters: CalibrationParameters) -> Measured:
    """Find the standards on each scan.

    A standard is the only source within the radius of matching, and no other source of the scan that is bright enough
    to matter lies within the radius of isolation: light of a neighbour would be taken for the standard's. Fainter
    neighbours are mostly residuals around bright stars.

    Parameters
    ----------
    found : Detections
        Sources, in a total order: the order fixes the bytes of the result.
    standards : Standards
        Stars in the order of their names.
    parameters : CalibrationParameters
        Radii, and the least error of a star.

    Returns
    -------
    Measured
        In the order of scans, then of stars.
    """
    from scipy.spatial import cKDTree

    pairs: list[tuple[int, int, int]] = []
    alone: list[Bools] = []
    stars = unit_vectors(standards.ra, standards.decl)
    near, far = (_chord(radius) for radius in (parameters.match_arcsec, parameters.isolation_arcsec))
    for scan in np.unique(found.scan).tolist():
        rows = np.flatnonzero(found.scan == scan)
        tree = cKDTree(unit_vectors(found.ra[rows], found.decl[rows]))
        matched = tree.query_ball_point(stars, near)
        around = tree.query_ball_point(stars, max(near, far))
        for star, (close, neighbours) in enumerate(zip(matched, around, strict=True)):
            if len(close) == 1:
                others = rows[[other for other in neighbours if other != close[0]]]
                pairs.append((scan, star, int(rows[close[0]])))
                alone.append(_alone(found, int(rows[close[0]]), others, parameters.neighbour_mag))
    table = np.array(pairs, np.int64).reshape(-1, 3)
    stars_found, detection = table[:, 1], table[:, 2]
    isolated = np.array(alone, bool).reshape(-1, len(found.mag)).T
    good = found.usable[:, detection] & isolated & np.isfinite(standards.mag[:, stars_found])
    difference = np.where(good, standards.mag[:, stars_found] - found.mag[:, detection], np.nan)
    sigma = np.where(good, np.hypot(found.sigma_mag[:, detection], parameters.star_error_mag), np.nan)
    used = np.isfinite(difference).any(axis=0)
    return Measured(table[used, 0], stars_found[used], difference[:, used], sigma[:, used])


def _alone(found: Detections, row: int, others: Integers, fainter_mag: float) -> Bools:
    """Whether no neighbour matters, by band."""
    near = found.seen[:, others] & (found.mag[:, others] < found.mag[:, row, None] + fainter_mag)
    return np.asarray(~near.any(axis=1))


def scan_offset(measured: Measured, scan: int, band: int, parameters: CalibrationParameters) -> ScanOffset:
    """Robust mean of standard minus measured magnitude of one scan and band.

    Parameters
    ----------
    measured : Measured
        Standards of all scans.
    scan : int
        Index of the scan.
    band : int
        0 J, 1 H, 2 Ks.
    parameters : CalibrationParameters
        How many standards are needed.

    Returns
    -------
    ScanOffset
        NaN where too few are measured. The error is that of the measurements, not of the standards themselves, which
        are the same on all scans of a set.
    """
    kept = (measured.scan == scan) & np.isfinite(measured.difference_mag[band])
    values, sigma = measured.difference_mag[band, kept], measured.sigma_mag[band, kept]
    if values.size < parameters.least_standards:
        return ScanOffset(np.nan, np.nan, int(values.size))
    offset, weight = float(np.median(values)), np.ones(values.size)
    for _ in range(ROUNDS):
        robust = ROBUST_SIGMA / np.maximum(np.abs(values - offset) / sigma, 1e-12)
        weight = np.minimum(1.0, robust) / sigma**2
        offset = float(np.sum(weight * values) / np.sum(weight))
    excess = float(np.sqrt(np.mean(np.minimum(((values - offset) / sigma) ** 2, ROBUST_SIGMA**2))))
    return ScanOffset(offset, max(1.0, excess) / float(np.sqrt(np.sum(weight))), int(values.size))


def set_offset(
    scans: list[ScanOffset],
    stars: tuple[int, float],
    cloudy: int,
    parameters: tuple[CalibrationParameters, SolutionParameters],
) -> SetOffset:
    """Join the scans of a set.

    Parameters
    ----------
    scans : list of ScanOffset
        Scans of the set, one band.
    stars : (int, float)
        How many different standards were measured, and the rms of the errors of their magnitudes.
    cloudy : int
        Scans whose own frames lost light.
    parameters : (CalibrationParameters, SolutionParameters)
        Limits; scan jitter and field error.

    Returns
    -------
    SetOffset
        Not usable where no scan is measured, the scans scatter by more than three times what clear air does, most of
        them were dimmed, or the offset is beyond what any zero point has.
    """
    calibration, solution = parameters
    known = [scan for scan in scans if np.isfinite(scan.offset_mag)]
    if not known:
        return SetOffset(np.nan, np.nan, np.nan, 0, stars[0], usable=False)
    values = np.array([scan.offset_mag for scan in known])
    weight = 1 / (np.array([scan.error_mag for scan in known]) ** 2 + solution.scan_jitter_mag**2)
    mean = float(np.sum(weight * values) / np.sum(weight))
    scatter = float(np.std(values, ddof=1)) if values.size > 1 else np.nan
    error = np.sqrt(1 / np.sum(weight) + stars[1] ** 2 / max(stars[0], 1) + solution.field_error_mag**2)
    usable = (
        abs(mean) <= calibration.largest_offset_mag
        and not scatter > 3 * calibration.set_scatter_mag
        and 2 * cloudy <= len(scans)
    )
    return SetOffset(mean, float(error), scatter, values.size, stars[0], bool(usable))


def _chord(arcsec: float) -> float:
    return float(2 * np.sin(0.5 * np.radians(arcsec / 3600)))
