"""Registration of a scan: from frame sources and reference stars to the geometry of every frame, in two rounds.

The first round rests on centroids of 3 x 3 pixels and is good to some 0.03 pixel; with it the point-spread function is
learnt. The second rests on profile fits to single looks (`photometry.centroids`), whose errors are those of the noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.arrays import Doubles, Table
from app.instruments.bands import Band
from app.instruments.detector import Detector
from workers.reduction.frames.geometry import nominal_geometry
from workers.reduction.frames.uscan import UScan
from workers.reduction.registration.first_guess import first_guess
from workers.reduction.registration.solve import register
from workers.reduction.registration.values import (
    Centres,
    Exposures,
    Guess,
    Observations,
    References,
    Registration,
)

REFINING_RADII_ARCSEC = (0.6, 0.5)
SATURATED_FLOOR_ARCSEC = 0.12  # centroids of saturated stars on Read_1: pixel phase
CENTRE_FLOOR_ARCSEC = 0.012  # of a profile fit: what the table leaves, a 170th of a pixel
PATCH_SHARE = 0.7  # of a star's light in 3 x 3 pixels
POINTING_ARCSEC = 90.0  # how far the pointing may be off
UNKNOWN_MAG = 12.0  # of reference stars without a magnitude


@dataclass(frozen=True)
class ReferenceStars:
    """Astrometric reference stars around a scan; each (n,), n = 0 is legal.

    Attributes
    ----------
    ra_deg, decl_deg : float64
        ICRS at the epoch of the scan: proper motion is applied by who reads the catalogue.
    magnitude : float64
        Visual; a source more than 0.7 fainter in J is not the star. NaN where unknown.
    error_arcsec : float64
        One sigma of a coordinate at the epoch.
    """

    ra_deg: Doubles
    decl_deg: Doubles
    magnitude: Doubles
    error_arcsec: Doubles

    @classmethod
    def none(cls) -> ReferenceStars:
        """No stars: positions will rest on the commanded ones."""
        return cls(*(np.zeros(0) for _ in range(4)))


@dataclass(frozen=True)
class RegistrationChoice:
    """Which frame sources take part.

    Attributes
    ----------
    snr : float
        Smallest signal-to-noise ratio on a frame.
    sources : int
        Largest number of sources of a frame and band, the brightest.
    floor_arcsec : float
        Error of a centroid of 3 x 3 pixels besides noise.
    """

    snr: float
    sources: int
    floor_arcsec: float


def register_roughly(
    exposures: Exposures,
    tables: Mapping[Band, Table],
    uscan: UScan,
    reference: ReferenceStars,
    choice: RegistrationChoice,
) -> Registration:
    """Register frames by their frame sources.

    Parameters
    ----------
    exposures : Exposures
        Commanded positions, which the bands share, and nominal facts of the arrays.
    tables : mapping of Band to structured array of FRAME_SOURCE_DTYPE
        Sources on single frames (`sources`); the first band is the one on which the others are laid.
    uscan : UScan
        System of the scan.
    reference : ReferenceStars
        May be empty.
    choice : RegistrationChoice
        Which frame sources take part.
    """
    bands = tuple(tables)
    x, y = exposures.x_arcsec, exposures.y_arcsec
    chosen = {band: _brightest(tables[band], choice) for band in bands}
    joined = np.concatenate([chosen[band] for band in bands])
    order = np.argsort(joined["frame"], kind="stable")
    sigma = np.hypot(choice.floor_arcsec, 1.6 / joined["snr"])
    sigma[joined["saturated"]] = np.hypot(sigma, 0.08)[joined["saturated"]]
    magnitude = [
        _magnitude(exposures.detectors[band], table["flux"].astype(np.float64) / PATCH_SHARE)
        for band, table in chosen.items()
    ]
    observations = Observations(
        joined["frame"][order].astype(np.int64),
        np.repeat(np.arange(len(bands)), [table.size for table in chosen.values()])[order],
        joined["x"][order],
        joined["y"][order],
        sigma[order],
        np.concatenate(magnitude)[order],
        bands,
    )
    references = _references(reference, uscan, exposures)
    nominal = {band: nominal_geometry(exposures.detectors[band], x, y, exposures.size_pix) for band in bands}
    return register(observations, references, first_guess(observations, references, nominal, x, y, uscan))


def _brightest(table: Table, choice: RegistrationChoice) -> Table:
    """Give the frame sources that take part, ordered by frame, the brightest first."""
    usable = np.flatnonzero(table["snr"] > choice.snr)
    # np.take of whole rows: indexing by an array takes 15 times as long.
    table = np.take(table, usable[np.lexsort((-table["flux"][usable], table["frame"][usable]))])
    rank = np.arange(table.size) - np.searchsorted(table["frame"], table["frame"])
    return np.take(table, np.flatnonzero(rank < choice.sources))


def _magnitude(detector: Detector, flux_dn: Doubles) -> Doubles:
    """Rough magnitudes of fluxes on frames."""
    return np.asarray(detector.zero_point_mag - 2.5 * np.log10(flux_dn))


def register_finely(
    exposures: Exposures,
    centres: Mapping[Band, Centres],
    tables: Mapping[Band, Table],
    uscan: UScan,
    reference: ReferenceStars,
    first: Registration,
    choice: RegistrationChoice,
) -> Registration:
    """Register frames again by profile fits to single looks, and by the saturated stars of the first round.

    Most reference stars saturate: without them the solution would lose its hold on the sky.

    Parameters
    ----------
    exposures : Exposures
        Commanded positions, which the bands share, and nominal facts of the arrays.
    centres : mapping of Band to Centres
        Places by profile fits on single frames.
    tables : mapping of Band to structured array of FRAME_SOURCE_DTYPE
        Sources on single frames, of which the saturated ones serve.
    uscan : UScan
        System of the scan.
    reference : ReferenceStars
        May be empty.
    first : Registration
        Of the first round.
    choice : RegistrationChoice
        Least signal-to-noise ratio of the saturated stars.
    """
    bands = tuple(tables)
    x, y = exposures.x_arcsec, exposures.y_arcsec
    parts = [
        _fine_columns(exposures.detectors[band], centres[band], tables[band], choice.snr, position)
        for position, band in enumerate(bands)
    ]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    frame, band_of, x_pix, y_pix, sigma, magnitude = (column[order] for column in columns)
    observations = Observations(frame, band_of, x_pix, y_pix, sigma, magnitude, bands)
    guess = Guess(dict(first.geometry), x, y, uscan)
    references = _references(reference, uscan, exposures)
    return register(observations, references, guess, REFINING_RADII_ARCSEC)


def _fine_columns(
    detector: Detector, centres: Centres, table: Table, least_snr: float, position: int
) -> tuple[NDArray[Any], ...]:
    """Frame, band, x, y, sigma and magnitude of a band's profile fits and, after them, its saturated stars."""
    saturated = table[table["saturated"] & (table["snr"] > least_snr)]
    sigma = (
        np.hypot(centres.sigma_arcsec, CENTRE_FLOOR_ARCSEC),
        np.hypot(SATURATED_FLOOR_ARCSEC, 1.6 / saturated["snr"].astype(np.float64)),
    )
    flux = np.concatenate([np.maximum(centres.flux_dn, 1.0), saturated["flux"] / PATCH_SHARE])
    return (
        np.concatenate([centres.frame, saturated["frame"].astype(np.int64)]),
        np.full(centres.frame.size + saturated.size, position),
        np.concatenate([centres.x_pix, saturated["x"]]),
        np.concatenate([centres.y_pix, saturated["y"]]),
        np.concatenate(sigma),
        _magnitude(detector, flux),
    )


def _references(reference: ReferenceStars, uscan: UScan, exposures: Exposures) -> References:
    """Keep the reference stars within 90" of the sky that the frames should have seen."""
    x, y = exposures.x_arcsec, exposures.y_arcsec
    rx, ry = uscan.from_sky(reference.ra_deg, reference.decl_deg)
    margin = exposures.half_arcsec + POINTING_ARCSEC
    near = (rx > x.min() - margin) & (rx < x.max() + margin)
    near &= (ry > y.min() - margin) & (ry < y.max() + margin)
    magnitude = np.where(np.isfinite(reference.magnitude[near]), reference.magnitude[near], UNKNOWN_MAG)
    return References(rx[near], ry[near], np.maximum(reference.error_arcsec[near], 0.01), magnitude)


def registration_metrics(solution: Registration) -> dict[str, dict[str, float]]:
    """Give name -> band letter, or `-` for the scan -> value."""
    values = {
        "reference_stars": float(solution.quality.reference_count),
        "reference_rms_arcsec": solution.quality.reference_rms_arcsec,
        "registration_rms_arcsec": solution.quality.internal_rms_arcsec,
        "frames_on_pegs": float(solution.quality.frames_on_pegs),
        "place_error_arcsec": solution.quality.place_error_arcsec,
    }
    metrics = {name: {"-": float(value)} for name, value in values.items()}
    first = next(iter(solution.geometry.values()))
    for band, geometry in solution.geometry.items():
        (a, _), (c, d) = geometry.matrix_arcsec
        of_band = {
            "pixel_scale_arcsec": float(np.sqrt(a * d)),
            "rotation_deg": float(np.degrees(np.arctan2(c, a))),
            "band_offset_x_arcsec": float(np.median(geometry.x_arcsec - first.x_arcsec)),
            "band_offset_y_arcsec": float(np.median(geometry.y_arcsec - first.y_arcsec)),
            "distortion_arcsec": geometry.distortion_arcsec,
        }
        for name, value in of_band.items():
            metrics.setdefault(name, {})[band.value] = value
    return metrics
