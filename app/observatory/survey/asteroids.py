"""Asteroids of a survey: each crosses a survey field while that is observed, and keeps its number and its rate."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

import numpy as np

from app.arrays import Table
from app.formats.raw_header import ScanType
from app.observatory.conditions import night_seed
from app.observatory.survey.objects import OBJECT_DTYPE, number_of, offset_places
from app.observatory.survey.plan import NightPlan, SurveyPlan
from app.observatory.survey.schedule import night_parameters, plan_scans

_TAG = 0x5C1
# Linear motion is kept for a lunation; main-belt asteroids move by 20" to 60" an hour, mostly along the ecliptic.
_SEEN = timedelta(days=15)
_RATE_ARCSEC_H = (20.0, 60.0)
_J_MAG = (11.0, 15.5)


@lru_cache(maxsize=32)
def night_asteroids(plan: SurveyPlan, night: NightPlan) -> Table:
    """Return the asteroids that cross the fields of a night.

    Parameters
    ----------
    plan : SurveyPlan
        Number of asteroids a night, and the seed.
    night : NightPlan
        Its survey scans, in one of which each asteroid stands.

    Returns
    -------
    structured array of OBJECT_DTYPE, (n,)
        Ordered by `object_id`; none in a night without survey scans.
    """
    scans = [item.scan for item in plan_scans(plan, night) if item.scan.scan_type is ScanType.SURVEY]
    count = plan.sky.asteroids if scans else 0
    random = np.random.default_rng([_TAG, night_seed(night_parameters(plan, night))])
    objects = np.zeros(count, OBJECT_DTYPE)
    day = 2 * night.night_date.toordinal() + "ns".index(night.site)
    objects["object_id"], objects["kind"] = number_of("asteroid", day, np.arange(count)), b"a"
    for name in ("half_light_arcsec", "axis_ratio", "position_angle_deg", "sersic_index"):
        objects[name] = np.nan
    for row in objects:
        scan = scans[int(random.integers(len(scans)))]
        frame = int(random.integers(scan.frame_count))
        east = random.uniform(-220.0, 220.0)
        row["ra"], row["decl"] = offset_places(scan.ra_deg, scan.decl_deg[frame], east, 0.0)
        row["reference_mjd"] = scan.mjd[frame]
        # Westward as at opposition; the path is inclined to the equator by up to the ecliptic's 23 and 10 degrees.
        speed, slope = random.uniform(*_RATE_ARCSEC_H), np.radians(random.uniform(-33.0, 33.0))
        row["rate_ra_arcsec_h"], row["rate_decl_arcsec_h"] = -speed * np.cos(slope), speed * np.sin(slope)
        row["j_m"] = random.uniform(*_J_MAG)
        row["h_m"], row["k_m"] = row["j_m"] - 0.36, row["j_m"] - 0.42
    return objects


def asteroids_of(plan: SurveyPlan, night: NightPlan) -> Table:
    """Return the asteroids whose motion is known in a night: its own, and those of nights up to 15 days before.

    A later night never changes what an earlier one saw, so nights may be added to a plan.

    Parameters
    ----------
    plan : SurveyPlan
        The survey.
    night : NightPlan
        A night of it.
    """
    known = [
        night_asteroids(plan, earlier)
        for earlier in plan.nights
        if timedelta(0) <= night.night_date - earlier.night_date < _SEEN
        and (earlier.night_date, earlier.site) <= (night.night_date, night.site)
    ]
    return np.concatenate([np.zeros(0, OBJECT_DTYPE), *known])
