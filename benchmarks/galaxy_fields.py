"""A field of galaxies among stars, observed by the project's own simulator: what is true of it, and its frames.

Galaxies stand on a grid of 95", so that most have only stars beside them, half of them exponential discs and half r^1/4
bulges; stars are those of the simulated sky at a latitude, and one in twenty has a companion within 5", the commonest
of what is mistaken for a galaxy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv

from app.arrays import Doubles, Table
from app.formats.raw_header import ScanType
from app.formats.raw_night import RawScan
from app.ingest.reference_synthetic import synthetic_regions
from app.instruments.bands import BANDS, Band
from app.instruments.cameras import detector_of
from app.observatory.camera import CAMERAS, make_detector
from app.observatory.conditions import make_conditions
from app.observatory.night import sky_regions, zero_points
from app.observatory.parameters import NightParameters
from app.observatory.scan import simulate_band
from app.observatory.schedule import ScanPlan, plan_night
from app.observatory.sky import SOURCE_DTYPE, Points, make_points, make_sources
from workers.reduction.calibration.masks import calibrate_night
from workers.reduction.frames.values import NightCalibration, RawBand
from workers.reduction.reduce_scan import ReferenceStars
from workers.steps.raw_band import raw_band

GRID_ARCSEC, JITTER_ARCSEC, HALF_WIDTH_ARCSEC = 95.0, 25.0, 190.0
BRIGHTEST_MAG, FAINTEST_MAG = 10.5, 14.3  # of Ks: to 0.8 mag beyond the limit that is judged
COUNT_SLOPE = 0.3
LIMIT_MAG = 13.5
NATURAL_SQUARE_DEGREE, NATURAL_SLOPE = 40.0, 0.6  # brighter than Ks 13.5, and of their logarithm a magnitude
PAIR_SHARE, PAIR_FAINTEST_MAG = 0.05, 15.0  # of J
NEAREST_ARCSEC, FARTHEST_ARCSEC, LARGEST_DIFFERENCE_MAG = 1.0, 5.0, 2.5
REFERENCE_ERROR_ARCSEC = 0.06


@dataclass(frozen=True)
class ObservedGalaxies:
    """A scan of a field of galaxies.

    Attributes
    ----------
    sources : structured array of SOURCE_DTYPE
        What is true: stars and galaxies.
    raw, calibration : dict of Band
        What the reduction is given.
    reference : ReferenceStars
        With the errors of Tycho-2.
    zero_point_mag : dict of Band to float
        Magnitude of 1 DN that the scan really has.
    """

    sources: Table
    raw: dict[Band, RawBand]
    calibration: dict[Band, NightCalibration]
    reference: ReferenceStars
    zero_point_mag: dict[Band, float]


def draw_galaxies(ra_deg: float, decl_deg: tuple[float, float], seed: int) -> Table:
    """Draw the galaxies of a strip, rows of SOURCE_DTYPE without numbers.

    Parameters
    ----------
    ra_deg : float
        Middle of the strip, degrees.
    decl_deg : (float, float)
        Its lower and upper end, degrees.
    seed : int
        Of places, magnitudes and shapes.
    """
    random = np.random.default_rng([seed, 0x6A1F1])
    across = np.arange(-HALF_WIDTH_ARCSEC, HALF_WIDTH_ARCSEC + 1.0, GRID_ARCSEC)
    along = np.arange(decl_deg[0] * 3600.0, decl_deg[1] * 3600.0, GRID_ARCSEC)
    x, y = (
        a.ravel() + random.uniform(-JITTER_ARCSEC, JITTER_ARCSEC, a.size) for a in np.meshgrid(across, along)
    )
    galaxies = np.zeros(x.size, SOURCE_DTYPE)
    galaxies["kind"], galaxies["decl"] = b"g", y / 3600.0
    galaxies["ra"] = ra_deg + x / 3600.0 / np.cos(np.radians(galaxies["decl"]))
    # Between the sky's own counts (slope 0.6), by which few are bright, and as many of every magnitude.
    low, high = 10.0 ** (COUNT_SLOPE * np.array([BRIGHTEST_MAG, FAINTEST_MAG]))
    ks = np.log10(low + (high - low) * random.random(x.size)) / COUNT_SLOPE
    galaxies["k_m"] = ks
    galaxies["h_m"] = ks + 0.30 + 0.05 * random.standard_normal(x.size)
    galaxies["j_m"] = galaxies["h_m"] + 0.70 + 0.05 * random.standard_normal(x.size)
    radius = 3.5 * 10.0 ** (0.2 * (13.5 - ks) + 0.15 * random.standard_normal(x.size))
    galaxies["half_light_arcsec"] = radius
    galaxies["axis_ratio"] = random.uniform(0.3, 1.0, x.size)
    galaxies["position_angle_deg"] = random.uniform(0.0, 180.0, x.size)
    galaxies["sersic_index"] = np.where(random.random(x.size) < 0.5, 4.0, 1.0)
    return galaxies


def isophote_arcsec(galaxies: Table, level_mag: float) -> Doubles:
    """Semi-major axis at which a true profile in Ks falls to a surface brightness; 0 where it never reaches it."""
    n, radius = galaxies["sersic_index"].astype(float), galaxies["half_light_arcsec"].astype(float)
    b = gammaincinv(2.0 * n, 0.5)
    # Mean surface brightness within the half-light ellipse, and that of an exponential or r^1/4 profile at its rim.
    mean = galaxies["k_m"] + 2.5 * np.log10(2.0 * np.pi * radius * radius * galaxies["axis_ratio"])
    rim = mean + np.where(n > 2.0, 1.393, 0.699)
    power = 1.0 + (level_mag - rim) * 0.4 * np.log(10.0) / b
    return np.asarray(radius * np.clip(power, 0.0, None) ** n)


def natural_weight(galaxies: Table) -> Doubles:
    """How many galaxies a square degree of the sky each galaxy of a field stands for."""
    a_magnitude = NATURAL_SLOPE * np.log(10.0) * NATURAL_SQUARE_DEGREE
    sky = a_magnitude * 10.0 ** (NATURAL_SLOPE * (galaxies["k_m"].astype(float) - LIMIT_MAG))
    low, high = 10.0 ** (COUNT_SLOPE * np.array([BRIGHTEST_MAG, FAINTEST_MAG]))
    drawn = COUNT_SLOPE * np.log(10.0) * 10.0 ** (COUNT_SLOPE * galaxies["k_m"].astype(float)) / (high - low)
    return np.asarray(sky / drawn / max(galaxies.size, 1))


def _companions(stars: Table, seed: int) -> Table:
    """Draw companions of some stars."""
    random = np.random.default_rng([seed, 0x9A1A])
    chosen = stars[(random.random(stars.size) < PAIR_SHARE) & (stars["j_m"] < PAIR_FAINTEST_MAG)].copy()
    distance = NEAREST_ARCSEC * (FARTHEST_ARCSEC / NEAREST_ARCSEC) ** random.random(chosen.size) / 3600.0
    angle = random.uniform(0.0, 2.0 * np.pi, chosen.size)
    chosen["ra"] += distance * np.sin(angle) / np.cos(np.radians(chosen["decl"]))
    chosen["decl"] += distance * np.cos(angle)
    fainter = random.uniform(0.0, LARGEST_DIFFERENCE_MAG, chosen.size)
    for band in BANDS:
        chosen[f"{band.value}_m"] += fainter
    chosen["reference_id"] = 0
    return chosen


def field_stars(night: NightParameters) -> Table:
    """Stars of the simulated sky with companions; rows of SOURCE_DTYPE.

    Parameters
    ----------
    night : NightParameters
        Of one tile.
    """
    regions = sky_regions(night)
    year = 2000.0 + (night.night_date.toordinal() - 730_120) / 365.25
    stars = make_sources(regions, synthetic_regions(regions), year, night.seed, night.density_factor)
    stars = stars[stars["kind"] == b"s"]
    return np.concatenate([stars, _companions(stars, night.seed)])


def _sky(night: NightParameters, survey: ScanPlan) -> Table:
    """Stars of the simulated sky with companions, and the galaxies of the field in place of the sky's own."""
    ends = float(survey.decl_deg.min()), float(survey.decl_deg.max())
    galaxies = draw_galaxies(survey.ra_deg, ends, night.seed)
    sources = np.concatenate([field_stars(night), galaxies])
    sources = sources[np.lexsort((sources["ra"], sources["decl"]))]
    sources["source_id"] = np.arange(1, sources.size + 1)
    return sources


def _reference(sources: Table, seed: int) -> ReferenceStars:
    """Give the bright stars as a catalogue of reference stars has them."""
    chosen = sources[sources["reference_id"] > 0]
    error = REFERENCE_ERROR_ARCSEC / 3600.0 * np.random.default_rng(seed).standard_normal((2, chosen.size))
    return ReferenceStars(
        chosen["ra"] + error[0] / np.cos(np.radians(chosen["decl"])),
        chosen["decl"] + error[1],
        chosen["j_m"].astype(float) + 1.5,
        np.full(chosen.size, REFERENCE_ERROR_ARCSEC),
    )


def observe_galaxies(latitude_deg: float, frames: int, seed: int) -> ObservedGalaxies:
    """Observe a field of galaxies.

    Parameters
    ----------
    latitude_deg : float
        Galactic latitude, which decides how many stars there are.
    frames : int
        Frames of the scan.
    seed : int
        Of the field, the camera and the weather.
    """
    night = NightParameters(
        seed=seed, tiles=1, frames=frames, calibration_groups=0, latitude_deg=latitude_deg, disturbed=False
    )
    plans = {plan.scan_type: plan for plan in plan_night(night)}
    survey = plans[ScanType.SURVEY]
    sources = _sky(night, survey)
    points = make_points(sources, {band: CAMERAS[band].zero_point_mag for band in CAMERAS})
    return observe_points(night, sources, points)


def observe_points(night: NightParameters, sources: Table, points: Points) -> ObservedGalaxies:
    """Observe the light of some sources.

    Parameters
    ----------
    night : NightParameters
        One tile; seed of the camera and the weather.
    sources : structured array of SOURCE_DTYPE
        What is true.
    points : Points
        Their light.
    """
    plans = {plan.scan_type: plan for plan in plan_night(night)}
    raw, calibration, zero_point = {}, {}, {}
    for band in BANDS:
        camera = CAMERAS[band]
        detector = make_detector(camera, night.hemisphere, night.seed)
        taken: dict[ScanType, RawScan] = {}
        for kind, plan in plans.items():
            conditions = make_conditions(plan, night, (0, 0))
            zero = zero_points(plan, camera, conditions, night)
            near = points.within(plan.region) if kind.on_sky else points
            taken[kind], _ = simulate_band(plan, conditions, near, camera, detector, night, zero)
            if kind is ScanType.SURVEY:
                zero_point[band] = float(zero.mean())
        dark, flat = taken[ScanType.DARK], taken[ScanType.FLAT]
        calibration[band] = calibrate_night(
            detector_of(dark.header.camera, band),
            (dark.read1_dn, dark.read2_dn),
            (flat.read1_dn, flat.read2_dn),
        )
        raw[band] = raw_band(taken[ScanType.SURVEY])
    return ObservedGalaxies(sources, raw, calibration, _reference(sources, night.seed), zero_point)
