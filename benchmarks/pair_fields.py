"""A field of single stars and pairs, observed by the project's own simulator: what is true of it, and its frames.

Places stand on a grid of 26", so that nothing disturbs a pair but its partner. Every third place has a pair:
separation, difference of magnitude and angle are drawn evenly, and so is the magnitude of the primary. The stars have
colours of their own: each is up to 0.25 mag bluer or redder than the mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.arrays import Bools, Doubles, Integers, Table
from app.formats.raw_header import ScanType
from app.formats.raw_night import RawScan
from app.instruments.bands import Band
from app.instruments.cameras import detector_of
from app.observatory.camera import CAMERAS, defocused, make_detector
from app.observatory.conditions import make_conditions
from app.observatory.night import zero_points
from app.observatory.parameters import NightParameters
from app.observatory.scan import simulate_band
from app.observatory.schedule import plan_night
from app.observatory.sky import SOURCE_DTYPE, make_points
from workers.reduction.calibration.masks import calibrate_night
from workers.reduction.frames.values import NightCalibration, RawBand
from workers.reduction.reduce_scan import ReferenceStars
from workers.steps.raw_band import raw_band

GRID_ARCSEC = 26.0
JITTER_ARCSEC = 3.0
HALF_WIDTH_ARCSEC = 230.0  # of the grid; arrays reach to 256"
SEPARATIONS_ARCSEC = (1.5, 2.0, 2.5, 3.0, 4.0)
FAINTER_MAG = (0.0, 0.75, 1.5)
BRIGHTEST_MAG, FAINTEST_MAG = 10.5, 15.0  # of J
COLOUR_SPREAD_MAG = 0.25  # half width, of J less the other band
PLACES_A_PAIR = 3
COLOURS_MAG: Mapping[Band, float] = {Band.J: 0.0, Band.H: -0.45, Band.K: -0.6}
REFERENCE_MAG = 11.5  # brighter single stars are astrometric reference stars
REFERENCE_ERROR_ARCSEC = 0.06


@dataclass(frozen=True)
class PairField:
    """True stars of a field; each array (places,).

    Attributes
    ----------
    ra, decl : float64 (places, 2)
        Degrees, of the star or of both stars of a pair; the second is NaN for singles.
    magnitude : float64 (places, 2)
        Of J.
    red_mag : float64 (places, 2)
        How much redder than the mean the star is, in J - H and in J - Ks.
    separation_arcsec : float64
        0 for singles.
    """

    ra: Doubles
    decl: Doubles
    magnitude: Doubles
    red_mag: Doubles
    separation_arcsec: Doubles

    def of(self, band: Band) -> Doubles:
        """Magnitudes in a band, (places, 2)."""
        if band is Band.J:
            return self.magnitude
        return np.asarray(self.magnitude + COLOURS_MAG[band] - self.red_mag)

    @property
    def single(self) -> Bools:
        """Places with one star."""
        return np.asarray(self.separation_arcsec == 0.0)


@dataclass(frozen=True)
class ObservedPairs:
    """A scan of a field of pairs.

    Attributes
    ----------
    field : PairField
        What is true.
    raw, calibration : dict of Band
        What the reduction is given.
    reference : ReferenceStars
        Some of the single stars, with the errors of Tycho-2.
    zero_point_mag : dict of Band to float
        Magnitude of 1 DN that the scan really has.
    """

    field: PairField
    raw: dict[Band, RawBand]
    calibration: dict[Band, NightCalibration]
    reference: ReferenceStars
    zero_point_mag: dict[Band, float]


def draw_field(ra_deg: float, decl_deg: tuple[float, float], seed: int) -> PairField:
    """Draw the stars of a strip.

    Parameters
    ----------
    ra_deg : float
        Middle of the strip, degrees.
    decl_deg : (float, float)
        Its lower and upper end, degrees.
    seed : int
        Of places, magnitudes and pairs.
    """
    random = np.random.default_rng([seed, 0x9A125])
    across = np.arange(-HALF_WIDTH_ARCSEC, HALF_WIDTH_ARCSEC + 1.0, GRID_ARCSEC)
    along = np.arange(decl_deg[0] * 3600.0, decl_deg[1] * 3600.0, GRID_ARCSEC)
    x, y = (
        a.ravel() + random.uniform(-JITTER_ARCSEC, JITTER_ARCSEC, a.size) for a in np.meshgrid(across, along)
    )
    n = x.size
    separation = np.where(np.arange(n) % PLACES_A_PAIR > 0, 0.0, random.choice(SEPARATIONS_ARCSEC, n))
    angle = random.uniform(0.0, 2.0 * np.pi, n)
    side = np.column_stack([-0.5 * separation, 0.5 * separation])
    both_x = x[:, None] + side * np.cos(angle)[:, None]
    decl = (y[:, None] + side * np.sin(angle)[:, None]) / 3600.0
    ra = ra_deg + both_x / 3600.0 / np.cos(np.radians(decl))
    primary = random.uniform(BRIGHTEST_MAG, FAINTEST_MAG, n)
    magnitude = np.column_stack([primary, primary + random.choice(FAINTER_MAG, n)])
    red = random.uniform(-COLOUR_SPREAD_MAG, COLOUR_SPREAD_MAG, (n, 2))
    for values in (ra, decl, magnitude, red):
        values[separation == 0.0, 1] = np.nan
    return PairField(ra, decl, magnitude, red, separation)


def _sources(field: PairField) -> Table:
    """Stars of a field as the simulator takes them."""
    known = np.isfinite(field.magnitude)
    sources = np.zeros(int(np.count_nonzero(known)), SOURCE_DTYPE)
    for name in ("half_light_arcsec", "axis_ratio", "position_angle_deg", "sersic_index"):
        sources[name] = np.nan
    sources["kind"], sources["ra"], sources["decl"] = b"s", field.ra[known], field.decl[known]
    for band in COLOURS_MAG:
        sources[f"{band.value}_m"] = field.of(band)[known]
    sources = sources[np.lexsort((sources["ra"], sources["decl"]))]
    sources["source_id"] = np.arange(1, sources.size + 1)
    return sources


def _reference(field: PairField, seed: int) -> ReferenceStars:
    """Give the bright single stars as a catalogue of reference stars has them."""
    chosen: Integers = np.flatnonzero(field.single & (field.magnitude[:, 0] < REFERENCE_MAG))
    error = REFERENCE_ERROR_ARCSEC / 3600.0 * np.random.default_rng(seed).standard_normal((2, chosen.size))
    ra, decl = field.ra[chosen, 0], field.decl[chosen, 0]
    return ReferenceStars(
        ra + error[0] / np.cos(np.radians(decl)),
        decl + error[1],
        field.magnitude[chosen, 0] + 1.5,
        np.full(chosen.size, REFERENCE_ERROR_ARCSEC),
    )


def observe_pairs(bands: tuple[Band, ...], frames: int, defocus_arcsec: float, seed: int) -> ObservedPairs:
    """Observe a field of pairs.

    Parameters
    ----------
    bands : tuple of Band
        Bands that are exposed.
    frames : int
        Frames of the scan.
    defocus_arcsec : float
        As in `NightParameters`.
    seed : int
        Of the field, the camera and the weather.
    """
    night = NightParameters(
        seed=seed, tiles=1, frames=frames, calibration_groups=0, defocus_arcsec=defocus_arcsec,
        artefacts=False, disturbed=False,
    )  # fmt: skip
    plans = {plan.scan_type: plan for plan in plan_night(night)}
    survey = plans[ScanType.SURVEY]
    ends = float(survey.decl_deg.min()), float(survey.decl_deg.max())
    field = draw_field(survey.ra_deg, ends, seed)
    points = make_points(_sources(field), {band: CAMERAS[band].zero_point_mag for band in CAMERAS})
    raw, calibration, zero_point = {}, {}, {}
    for band in bands:
        camera = defocused(CAMERAS[band], defocus_arcsec)
        detector = make_detector(camera, night.hemisphere, night.seed)
        taken: dict[ScanType, RawScan] = {}
        for kind, plan in plans.items():
            conditions = make_conditions(plan, night, (0, 0))
            zero = zero_points(plan, camera, conditions, night)
            taken[kind], _ = simulate_band(plan, conditions, points, camera, detector, night, zero)
            if kind is ScanType.SURVEY:
                zero_point[band] = float(zero.mean())
        dark, flat = taken[ScanType.DARK], taken[ScanType.FLAT]
        calibration[band] = calibrate_night(
            detector_of(dark.header.camera, band),
            (dark.read1_dn, dark.read2_dn),
            (flat.read1_dn, flat.read2_dn),
        )
        raw[band] = raw_band(taken[ScanType.SURVEY])
    return ObservedPairs(field, raw, calibration, _reference(field, seed), zero_point)
