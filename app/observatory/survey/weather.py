"""What nights and scans of a survey are like: zero points, extinction, clouds, pointing, lost frames.

None of these figures is a figure of the pipeline. Flux scales of real J images of seven nights lie between -0.11 and
+0.10 mag of each other, with up to 0.04 mag within one night; H and Ks vary somewhat less. The extinction follows
Nikolaev et al. 2000 (AJ 120, 3340), with a yearly wave that the survey found in its extinction by month.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from app.arrays import Doubles
from app.formats.raw_header import ScanType
from app.instruments.bands import BANDS, Band
from app.observatory.conditions import Conditions, cloud_cover, make_conditions, night_seed
from app.observatory.parameters import NightParameters
from app.observatory.schedule import ScanPlan, midnight
from app.observatory.survey.cameras import CONFIGURATIONS
from app.observatory.survey.plan import NightPlan, SurveyPlan
from app.observatory.survey.schedule import Commanded, night_parameters

_ZERO_TAG, _SCAN_TAG = 0x5A1, 0x5A2
# Standard deviations of a night's offset; every twelfth night lies outside by up to 0.2 mag.
_OFFSET_MAG = {Band.J: 0.060, Band.H: 0.045, Band.K: 0.042}
_OUTLYING_SHARE, _OUTLYING_MAG = 1.0 / 12.0, (0.12, 0.20)
_COMMON = 0.85  # correlation of the bands' offsets: dust on the mirror and haze act on all of them
# Standard deviation and memory of the drift within a night: some 0.04 mag from end to end in J.
_DRIFT_MAG = {Band.J: 0.012, Band.H: 0.008, Band.K: 0.007}
_DRIFT_HOURS = 2.5
_KNOTS = np.arange(-8.0, 8.5, 0.5)  # hours from local midnight
_EXTINCTION_MAG = {
    "n": {Band.J: 0.096, Band.H: 0.026, Band.K: 0.066},
    "s": {Band.J: 0.092, Band.H: 0.034, Band.K: 0.065},
}
# Water vapour raises J most, in each site's summer: August in the north, February in the south.
_YEARLY_MAG = {Band.J: 0.016, Band.H: 0.006, Band.K: 0.008}
_MOIST_MONTH = {"n": 8, "s": 2}
_NIGHTLY_MAG = {Band.J: 0.006, Band.H: 0.003, Band.K: 0.004}  # from night to night within a month


@dataclass(frozen=True)
class BandNight:
    """The atmosphere and the mirror of a night in one band.

    Attributes
    ----------
    zero_point_mag : float
        Magnitude of 1 DN at airmass 1 and local midnight.
    extinction_mag : float
        Magnitudes an airmass.
    drift_mag : float64 array (33,)
        Change of the zero point every half hour, from 8 hours before to 8 hours after local midnight.
    """

    zero_point_mag: float
    extinction_mag: float
    drift_mag: Doubles


def band_nights(plan: SurveyPlan, night: NightPlan) -> dict[Band, BandNight]:
    """Draw the zero points and the extinction of a night.

    Parameters
    ----------
    plan : SurveyPlan
        Seed of the survey.
    night : NightPlan
        Date, site and camera.
    """
    random = np.random.default_rng([_ZERO_TAG, night_seed(night_parameters(plan, night))])
    common, outlying = random.standard_normal(), random.random() < _OUTLYING_SHARE
    far = random.uniform(*_OUTLYING_MAG) * (1.0 if random.random() < 0.5 else -1.0)
    memory = float(np.exp(-(_KNOTS[1] - _KNOTS[0]) / _DRIFT_HOURS))
    phase = np.cos(2.0 * np.pi * (night.night_date.month - _MOIST_MONTH[night.site]) / 12.0)
    result = {}
    for band in BANDS:
        own = random.standard_normal()
        offset = _OFFSET_MAG[band] * (_COMMON * common + np.sqrt(1.0 - _COMMON**2) * own)
        if outlying:
            offset = far * _OFFSET_MAG[band] / _OFFSET_MAG[Band.J] + 0.1 * offset
        drift = np.zeros(_KNOTS.size)
        for knot, step in enumerate(random.standard_normal(_KNOTS.size)):
            drift[knot] = memory * drift[knot - 1] + np.sqrt(1.0 - memory**2) * step if knot else step
        extinction = _EXTINCTION_MAG[night.site][band] + _YEARLY_MAG[band] * phase
        extinction += _NIGHTLY_MAG[band] * random.standard_normal()
        zero = CONFIGURATIONS[night.camera].camera(band).zero_point_mag + float(np.clip(offset, -0.2, 0.2))
        middle = drift - float(np.interp(0.0, _KNOTS, drift))
        result[band] = BandNight(zero, max(float(extinction), 0.01), _DRIFT_MAG[band] * middle)
    return result


def zero_points(
    scan: ScanPlan, night: BandNight, conditions: Conditions, parameters: NightParameters
) -> Doubles:
    """Return the true zero point of each frame, extinction and transparency included.

    Parameters
    ----------
    scan : ScanPlan
        Times and airmasses of the frames.
    night : BandNight
        The night in the band.
    conditions : Conditions
        Transparency of the frames.
    parameters : NightParameters
        Date and site, for local midnight.

    Returns
    -------
    float64 array (frames,)
        Magnitude of 1 DN.
    """
    middle = midnight(parameters).timestamp() / 86400.0 + 40587.0
    drift = np.interp((scan.mjd - middle) * 24.0, _KNOTS, night.drift_mag)
    airmass = np.nan_to_num(scan.airmass, nan=1.0)
    light = 2.5 * np.log10(conditions.transparency)
    return np.asarray(night.zero_point_mag + drift - night.extinction_mag * (airmass - 1.0) + light)


def scan_weather(
    plan: SurveyPlan, night: NightPlan, commanded: Commanded, first_survey_scan: int
) -> Conditions:
    """Draw what happens during a scan.

    Parameters
    ----------
    plan : SurveyPlan
        Seed of the survey.
    night : NightPlan
        Its share of clouded scans and of scans that lose a frame.
    commanded : Commanded
        The scan and its visit.
    first_survey_scan : int
        Number of the scan that a meteor crosses in a disturbed night.
    """
    scan, visit = commanded.scan, commanded.visit
    parameters = night_parameters(plan, night)
    if visit is not None and visit.seeing_arcsec is not None:
        parameters = replace(parameters, seeing_arcsec=visit.seeing_arcsec)
    conditions = make_conditions(scan, parameters, (first_survey_scan if night.disturbed else 0, 0))
    if visit is None:
        return conditions
    random = np.random.default_rng([_SCAN_TAG, night_seed(parameters), scan.scan])
    is_crossed, loses_frame, lost = (
        random.random() < night.cloud_share,
        random.random() < night.missing_share,
        int(random.integers(scan.frame_count)),
    )
    depth = night.cloud_depth if is_crossed else 0.0
    if not visit.clouded_scans or commanded.number in visit.clouded_scans:
        depth = max(depth, visit.cloud_depth)
    missing = conditions.missing.copy()
    missing[[frame - 1 for frame in visit.missing_frames if frame <= scan.frame_count]] = True
    missing[lost] |= loses_frame
    east, north = visit.pointing_error_arcsec
    cosine = np.cos(np.radians(scan.decl_deg))
    # The cloud of the single nights passes over survey scans alone; in a survey it stops at no kind of scan.
    cloud = cloud_cover(replace(scan, scan_type=ScanType.SURVEY), replace(parameters, clouds=depth))
    return replace(
        conditions,
        ra_deg=(conditions.ra_deg + east / 3600.0 / cosine) % 360.0,
        decl_deg=conditions.decl_deg + north / 3600.0,
        transparency=conditions.transparency * cloud,
        missing=missing,
    )
