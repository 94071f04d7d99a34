"""Stars that saturate Read_1 too: their light from the wings on Read_1 frames (rd_flg 3, background/survey 2.9).

A one-dimensional fit: Read_1 at distance r = flux x profile(r) + sky, over the pixels outside of what is clipped. The
profile is that of the band's unsaturated stars on Read_2 - Read_1 of the same scan (`profile_of`), so the flux is on
the scale of 4" apertures, as those of `apertures`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from app.arrays import Bools, Doubles, Integers
from app.instruments.bands import Band
from app.instruments.detector import Detector
from workers.reduction.calibration.calibrate import calibrate_read1
from workers.reduction.frames.band import BandFrames
from workers.reduction.frames.visits import find_visits
from workers.reduction.profile.radial import HALF_PIX, StarProfile
from workers.reduction.saturated.apertures import FEWEST_LOOKS
from workers.reduction.saturated.read1_stars import Read1Stars

FARTHEST_PIX = 9.0
PROFILE_ERROR = 0.10  # of a pixel's model: phase, place, and the profile's own change over the array
# Wing magnitudes of 158 simulated stars (three bands, 1.5 to 6 mag) scatter by 0.05 to 0.08 mag about the truth, by
# 0.16 above 3 mag, with a mean of 0.02; the survey's own were good to 0.2 to 0.3.
FLOOR = 0.10
FEWEST_PIXELS = 30
RESET_SHARE = (
    1.5  # Read_1 alone does not cancel the noise of the reset: so many times the read noise of a difference
)


class Wings(NamedTuple):
    """Light of stars from their wings; each (n,).

    Attributes
    ----------
    flux_dn : float64
        On the scale of 4" apertures of Read_2 - Read_1; NaN where there is no fit.
    error_dn : float64
        One sigma: the scatter of the looks, a fifth of the light where there are fewer than three, and a floor.
    looks : int64
        Read_1 frames with a fit.
    """

    flux_dn: Doubles
    error_dn: Doubles
    looks: Integers

    @classmethod
    def none(cls, size: int) -> Wings:
        """Give rows without any light."""
        return cls(np.full(size, np.nan), np.full(size, np.nan), np.zeros(size, np.int64))


def wings_of_rows(
    bands: Mapping[Band, BandFrames],
    profiles: Mapping[Band, StarProfile],
    stars: Read1Stars,
    star: Integers,
) -> dict[Band, Wings]:
    """Light of the rows whose stars Read_1 cuts off in a band; NaN for all other rows.

    Parameters
    ----------
    bands : mapping of Band to BandFrames
        Registered frames.
    profiles : mapping of Band to StarProfile
        One for each of the bands.
    stars : Read1Stars
        Of the scan.
    star : int64 array (n,)
        Star of each row, -1 for ordinary rows.
    """
    result = {}
    for band, frames in bands.items():
        wings = Wings.none(star.size)
        rows = np.flatnonzero((star >= 0) & stars.clipped[band][star]) if stars.x_arcsec.size else star[:0]
        if rows.size:
            index = star[rows]
            places = stars.x_arcsec[index], stars.y_arcsec[index]
            for every, own in zip(wings, wing_fluxes(frames, profiles[band], *places), strict=True):
                every[rows] = own
        result[band] = wings
    return result


def wing_fluxes(band: BandFrames, profile: StarProfile, x_arcsec: Doubles, y_arcsec: Doubles) -> Wings:
    """Fit the wings of stars, look by look.

    Parameters
    ----------
    band : BandFrames
        Registered frames.
    profile : StarProfile
        Of the same band.
    x_arcsec, y_arcsec : float64 arrays (n,)
        U-scan places of the stars.
    """
    wings = Wings.none(x_arcsec.size)
    visits = find_visits(band.geometry, x_arcsec, y_arcsec)
    detector = band.raw.detector
    ratio = detector.integration_seconds / detector.read1_seconds
    for star in range(x_arcsec.size):
        looks = np.flatnonzero((visits.source == star) & (band.frames.noise_dn[visits.frame] > 0.0))
        pixels = (
            _wing_pixels(band, profile, int(visits.frame[k]), visits.x_pix[k], visits.y_pix[k]) for k in looks
        )
        fits = [_fit(value, share, detector) for value, share in pixels]
        good = np.array([value for value in fits if value > 0.0])
        if not good.size:
            continue
        flux = ratio * float(np.median(good))
        told = good.size >= FEWEST_LOOKS
        spread = float(good.std(ddof=1)) / np.sqrt(good.size) if told else 0.2 * float(good.mean())
        wings.flux_dn[star], wings.looks[star] = flux, good.size
        wings.error_dn[star] = np.hypot(ratio * spread, FLOOR * flux)
    return wings


def _wing_pixels(
    band: BandFrames, profile: StarProfile, frame: int, x: float, y: float
) -> tuple[Doubles, Doubles]:
    """Read_1 of the pixels of one look outside of what is clipped, DN, and the share of the star's light in each."""
    image = calibrate_read1(band.raw, band.calibration, np.array([frame]))[0]
    saturates = band.raw.read1_dn[frame] > band.calibration.saturation_dn
    ny, nx = image.shape
    rows = slice(max(0, round(y) - HALF_PIX), min(ny, round(y) + HALF_PIX + 1))
    columns = slice(max(0, round(x) - HALF_PIX), min(nx, round(x) + HALF_PIX + 1))
    grid_y, grid_x = np.mgrid[rows, columns]
    r = np.hypot(grid_x - x, grid_y - y)
    clipped = saturates[rows, columns] & (r < 0.5 * FARTHEST_PIX)
    # A pixel beside a clipped one may hold what ran over.
    start = float(r[clipped].max(initial=1.0)) + 0.5
    value = image[rows, columns].astype(np.float64)
    use: Bools = np.isfinite(value) & (r >= start) & (r < FARTHEST_PIX)
    return value[use], profile.at(r[use])


def _fit(value: Doubles, share: Doubles, detector: Detector) -> float:
    """Flux in value = flux x share + sky, DN; NaN where too few pixels hold too little of the star."""
    if value.size < FEWEST_PIXELS:
        return float("nan")
    noise = RESET_SHARE * detector.read_noise_electrons / detector.gain
    flux, sky = 0.0, float(np.median(value))
    for _ in range(4):
        model = np.maximum(flux * share, 0.0)
        weight = 1.0 / (noise**2 + (model + max(sky, 0.0)) / detector.gain + (PROFILE_ERROR * model) ** 2)
        # Neighbours: pixels 4 sigma above the model count no more.
        weight = np.where((value - sky - model) ** 2 * weight > 16.0, 0.0, weight) if flux > 0.0 else weight
        a, b, c = np.sum(weight * share**2), np.sum(weight * share), np.sum(weight)
        p, q = np.sum(weight * share * value), np.sum(weight * value)
        determinant = a * c - b * b
        if not determinant > 0.0:
            return float("nan")
        flux, sky = (c * p - b * q) / determinant, (a * q - b * p) / determinant
    return float(flux)
