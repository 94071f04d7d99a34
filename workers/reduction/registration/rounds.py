"""Registration of a scan: from frame sources and reference stars to the geometry of every frame, in two rounds.

The first round rests on centroids of 3 x 3 pixels and is good to some 0.03 pixel; with it the point-spread function is
learnt. The second rests on profile fits to single looks (`stack.centroids`), whose errors are those of the noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles, Table
from app.instruments.bands import Band
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
SATURATED_FLOOR_ARCSEC = 0.12  # centroids of saturated stars on Read_1: pixel phase (read1_stars)
CENTRE_FLOOR_ARCSEC = 0.012  # of a profile fit: what the table leaves, a 170th of a pixel
PATCH_SHARE = 0.7  # of a star's light in 3 x 3 pixels


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
        Of a coordinate at the epoch.
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
        Most a frame and band.
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
    """Register frames by their frame sources (tables of FRAME_SOURCE_DTYPE)."""
    bands = tuple(tables)
    x, y = exposures.x_arcsec, exposures.y_arcsec
    parts = []
    for position, band in enumerate(bands):
        table = tables[band]
        usable = np.flatnonzero(table["snr"] > choice.snr)
        # One take of whole rows: an index takes 15 times as long.
        table = np.take(table, usable[np.lexsort((-table["flux"][usable], table["frame"][usable]))])
        rank = np.arange(table.size) - np.searchsorted(table["frame"], table["frame"])
        table = np.take(table, np.flatnonzero(rank < choice.sources))
        magnitude = exposures.detectors[band].zero_point_mag - 2.5 * np.log10(
            table["flux"].astype(np.float64) / PATCH_SHARE
        )
        parts.append((table, np.full(table.size, position), magnitude))
    everything = np.concatenate([table for table, _, _ in parts])
    order = np.argsort(everything["frame"], kind="stable")
    sigma = np.hypot(choice.floor_arcsec, 1.6 / everything["snr"])
    sigma[everything["saturated"]] = np.hypot(sigma, 0.08)[everything["saturated"]]
    observations = Observations(
        everything["frame"][order].astype(np.int64),
        np.concatenate([part[1] for part in parts])[order],
        everything["x"][order],
        everything["y"][order],
        sigma[order],
        np.concatenate([part[2] for part in parts])[order],
        bands,
    )
    references = _references(reference, uscan, x, y)
    nominal = {band: nominal_geometry(exposures.detectors[band], x, y, exposures.size_pix) for band in bands}
    return register(observations, references, first_guess(observations, references, nominal, x, y))


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
    """
    bands = tuple(tables)
    x, y = exposures.x_arcsec, exposures.y_arcsec
    parts = []
    for position, band in enumerate(bands):
        centre = centres[band]
        burnt = tables[band][tables[band]["saturated"] & (tables[band]["snr"] > choice.snr)]
        parts.append(
            (
                np.concatenate([centre.frame, burnt["frame"].astype(np.int64)]),
                np.full(centre.frame.size + burnt.size, position),
                np.concatenate([centre.x_pix, burnt["x"]]),
                np.concatenate([centre.y_pix, burnt["y"]]),
                np.concatenate(
                    [
                        np.hypot(centre.sigma_arcsec, CENTRE_FLOOR_ARCSEC),
                        np.hypot(SATURATED_FLOOR_ARCSEC, 1.6 / burnt["snr"].astype(np.float64)),
                    ]
                ),
                exposures.detectors[band].zero_point_mag
                - 2.5
                * np.log10(np.concatenate([np.maximum(centre.flux_dn, 1.0), burnt["flux"] / PATCH_SHARE])),
            )
        )
    columns = [np.concatenate([part[k] for part in parts]) for k in range(6)]
    order = np.argsort(columns[0], kind="stable")
    frame, band_of, x_pix, y_pix, sigma, magnitude = (column[order] for column in columns)
    observations = Observations(frame, band_of, x_pix, y_pix, sigma, magnitude, bands)
    guess = Guess(dict(first.geometry), x, y)
    references = _references(reference, uscan, x, y)
    return register(observations, references, guess, REFINING_RADII_ARCSEC)


def _references(reference: ReferenceStars, uscan: UScan, x: Doubles, y: Doubles) -> References:
    """Keep the reference stars within 90" of what the frames should have seen."""
    rx, ry = uscan.from_sky(reference.ra_deg, reference.decl_deg)
    margin = 256.0 + 90.0
    near = (
        (rx > x.min() - margin) & (rx < x.max() + margin) & (ry > y.min() - margin) & (ry < y.max() + margin)
    )
    magnitude = np.where(np.isfinite(reference.magnitude[near]), reference.magnitude[near], 12.0)
    return References(rx[near], ry[near], np.maximum(reference.error_arcsec[near], 0.01), magnitude)


def registration_metrics(solution: Registration) -> dict[str, dict[str, float]]:
    """Name -> band letter, or `-` for the scan -> value."""
    values = {
        "reference_stars": float(solution.quality.reference_count),
        "reference_rms_arcsec": solution.quality.reference_rms_arcsec,
        "registration_rms_arcsec": solution.quality.internal_rms_arcsec,
        "frames_on_pegs": float(solution.quality.frames_on_pegs),
    }
    metrics = {name: {"-": float(value)} for name, value in values.items()}
    first = next(iter(solution.geometry.values()))
    for band, one in solution.geometry.items():
        (a, _), (c, d) = one.matrix_arcsec
        of_band = {
            "pixel_scale_arcsec": float(np.sqrt(a * d)),
            "rotation_deg": float(np.degrees(np.arctan2(c, a))),
            "band_offset_x_arcsec": float(np.median(one.x_arcsec - first.x_arcsec)),
            "band_offset_y_arcsec": float(np.median(one.y_arcsec - first.y_arcsec)),
            "distortion_arcsec": one.distortion_arcsec,
        }
        for name, value in of_band.items():
            metrics.setdefault(name, {})[band.value] = value
    return metrics
