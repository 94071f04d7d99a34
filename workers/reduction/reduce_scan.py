"""The reduction of a raw scan: from frames to Atlas images, with all that photometry needs of the frames.

Order (measured in background/reduction 9): calibrate, rough background, sky offset, masked background, frame sources,
registration of all bands; then band by band transients, detection and the point-spread function; registration anew by
profile fits; levels and coadd. `measure_scan` goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from app.arrays import Table
from app.instruments.bands import BANDS, Band
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from workers.reduction.atlas.coadd import coadd
from workers.reduction.atlas.cut import ImageFacts, cut_images, middle_frames, seeing_metrics
from workers.reduction.atlas.levels import solve_levels
from workers.reduction.calibration.calibrate import calibrate
from workers.reduction.calibration.cosmic import flag_transients
from workers.reduction.calibration.frame_background import refine_background, rough_background
from workers.reduction.calibration.sky_offset import subtract_sky_offset
from workers.reduction.frames.band import BandFrames
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.grid import StripGrid, strip_grid
from workers.reduction.frames.products import AtlasImage
from workers.reduction.frames.uscan import UScan
from workers.reduction.frames.values import CalibratedFrames, FrameSetError, NightCalibration, RawBand
from workers.reduction.frames.zero_points import NOMINAL, ZeroPoint
from workers.reduction.photometry.centroids import centre_stars
from workers.reduction.photometry.detection import PeakFinder
from workers.reduction.photometry.residual import ResidualMemory
from workers.reduction.photometry.rounds import first_look
from workers.reduction.photometry.stack import BandStack
from workers.reduction.profile.table import turbulent_guess
from workers.reduction.registration.rounds import (
    ReferenceStars,
    RegistrationChoice,
    register_finely,
    register_roughly,
    registration_metrics,
)
from workers.reduction.registration.sources import extract_frame_sources
from workers.reduction.registration.values import Centres, Exposures, RegistrationQuality
from workers.reduction.saturated.read1_stars import Read1Stars, find_read1_stars
from workers.reduction.saturated.stars import saturated_of

Metrics = dict[str, dict[str, float]]
GUESSED_WIDTH_PIX = 1.4

__all__ = ["ReducedScan", "ReductionParameters", "ReferenceStars", "reduce_scan"]


@dataclass(frozen=True)
class ReducedScan:
    """Atlas images of a scan and all that later steps need of its frames; nothing changes it.

    Attributes
    ----------
    images : tuple of AtlasImage
        Ordered by image number, then band.
    facts : tuple of ImageFacts
        One an image, same order.
    uscan : UScan
        The system of the scan's places.
    grid : StripGrid
        Of the images.
    numbers : tuple of int
        Of the images, in the order of the grid's windows.
    registration : RegistrationQuality
        What the places of the frames rest on.
    reference : ReferenceStars
        The astrometric reference stars that were given.
    stacks : dict of Band to BandStack
        Frames, where they lie, the stars found so far and the point-spread function: the only holder of all of them.
    read1_stars : Read1Stars
        Stars that saturate.
    metrics : dict
        Name -> band letter, or `-` for the scan -> value.
    """

    images: tuple[AtlasImage, ...]
    facts: tuple[ImageFacts, ...]
    uscan: UScan
    grid: StripGrid
    numbers: tuple[int, ...]
    registration: RegistrationQuality
    reference: ReferenceStars
    stacks: dict[Band, BandStack]
    read1_stars: Read1Stars
    metrics: Metrics = field(default_factory=dict)

    @property
    def bands(self) -> dict[Band, BandFrames]:
        """The frames of each band, raw and calibrated."""
        return {band: stack.band for band, stack in self.stacks.items()}

    @property
    def geometry(self) -> dict[Band, FrameGeometry]:
        """Where the frames of each band lie."""
        return {band: stack.geometry for band, stack in self.stacks.items()}


def reduce_scan(
    raw: Mapping[Band, RawBand],
    calibration: Mapping[Band, NightCalibration],
    reference: ReferenceStars,
    parameters: ReductionParameters,
    zero_points: Mapping[Band, ZeroPoint] | None = None,
    photometry: PhotometryParameters | None = None,
) -> ReducedScan:
    """Reduce raw frames to Atlas images.

    Parameters
    ----------
    raw : mapping of Band to RawBand
        One to three bands of the same exposures.
    calibration : mapping of Band to NightCalibration
        At least the bands of `raw`.
    reference : ReferenceStars
        Astrometric reference stars around the scan; none is legal.
    parameters : ReductionParameters
        Of the steps from frames to images.
    zero_points : mapping of Band to ZeroPoint, optional
        The night's; nominal where there is none.
    photometry : PhotometryParameters, optional
        For detection and the point-spread function; defaults where there is none.

    Raises
    ------
    FrameSetError
        If there is no band, no frame with pixels, a band without calibration, or bands of different length.
    """
    bands = _check(raw, calibration)
    metrics: Metrics = {}
    frames = {band: _calibrated(raw[band], calibration[band], parameters, metrics) for band in bands}
    bands = tuple(band for band in bands if frames[band].noise_dn.any())
    if not bands:
        raise FrameSetError("no frame with pixels in any band", expected="at least one")
    any_raw = raw[bands[0]]
    uscan = UScan.through(any_raw.ra_deg, any_raw.decl_deg)
    exposures = Exposures(
        {band: raw[band].detector for band in bands},
        *uscan.from_sky(any_raw.ra_deg, any_raw.decl_deg),
        any_raw.read2_dn.shape[-1],
    )
    tables = {band: extract_frame_sources(frames[band], raw[band], calibration[band]) for band in bands}
    choice = RegistrationChoice(
        parameters.registration_snr, parameters.registration_sources, parameters.centroid_floor_arcsec
    )
    first = register_roughly(exposures, tables, uscan, reference, choice)
    looked = {b: BandFrames(raw[b], calibration[b], frames[b], first.geometry[b]) for b in bands}
    bright = find_read1_stars(looked)
    chosen = photometry or PhotometryParameters()
    stacks, centres = _first_looks(looked, tables, bright, parameters, chosen, metrics)
    solution = register_finely(exposures, centres, tables, uscan, reference, first, choice)
    for name, values in registration_metrics(solution).items():
        metrics.setdefault(name, {}).update(values)
    stacks = {band: stack.at(solution.geometry[band]) for band, stack in stacks.items()}
    geometry = stacks[bands[0]].geometry
    grid = strip_grid(geometry)
    # One number for all bands, which lie some arcsec off each other: it names the triple.
    middles = middle_frames(geometry, grid)
    pairs = _images(stacks, grid, middles, uscan, zero_points or {}, metrics)
    return ReducedScan(
        tuple(image for image, _ in pairs),
        tuple(facts for _, facts in pairs),
        uscan,
        grid,
        tuple(middle + 1 for middle in middles),
        solution.quality,
        reference,
        stacks,
        bright.moved(first.geometry[bands[0]], geometry),
        metrics,
    )


def _check(raw: Mapping[Band, RawBand], calibration: Mapping[Band, NightCalibration]) -> tuple[Band, ...]:
    bands = tuple(band for band in BANDS if band in raw)
    if not bands:
        raise FrameSetError("no band", expected="frames of at least one band")
    for band in bands:
        if band not in calibration:
            raise FrameSetError(f"{band.label}: no calibration", expected="darks and flats of every band")
    lengths = {band.label: raw[band].read2_dn.shape[0] for band in bands}
    if len(set(lengths.values())) != 1:
        raise FrameSetError(f"frames {lengths}", expected="the same exposures in every band")
    return bands


def add_metrics(metrics: Metrics, band: Band | None, values: Mapping[str, float]) -> None:
    """Add values of one band, or of the scan, to metrics in place.

    Parameters
    ----------
    metrics : dict
        Name -> band letter, or `-` for the scan -> value.
    band : Band, optional
        The band that the values belong to; the scan where there is none.
    values : mapping of str to float
        Name -> value.
    """
    for name, value in values.items():
        metrics.setdefault(name, {})[band.value if band else "-"] = float(value)


def _calibrated(
    raw: RawBand, calibration: NightCalibration, parameters: ReductionParameters, metrics: Metrics
) -> CalibratedFrames:
    pixels, flags = calibrate(raw, calibration)
    mesh, noise = rough_background(pixels, flags)
    if parameters.sky_offset:
        patterns = subtract_sky_offset(pixels, flags, mesh, noise)
        if patterns:
            scatter = float(np.mean([np.std(pattern[~calibration.mask]) for pattern in patterns]))
            add_metrics(metrics, calibration.band, {"sky_offset_scatter_dn": scatter})
    refine_background(pixels, flags, mesh, noise, parameters.background_passes)
    good = noise > 0.0
    add_metrics(
        metrics,
        calibration.band,
        {
            "frames": float(good.size),
            "frames_used": float(np.count_nonzero(good)),
            "frame_background_dn": float(np.median(mesh[good])) if good.any() else float("nan"),
            "frame_noise_dn": float(np.median(noise[good])) if good.any() else float("nan"),
        },
    )
    return CalibratedFrames(raw.detector, pixels, flags, mesh, noise)


def _first_looks(
    bands: Mapping[Band, BandFrames],
    tables: Mapping[Band, Table],
    bright: Read1Stars,
    parameters: ReductionParameters,
    photometry: PhotometryParameters,
    metrics: Metrics,
) -> tuple[dict[Band, BandStack], dict[Band, Centres]]:
    """Flag transients, find stars, learn the point-spread function and centre bright stars, band by band."""
    any_band = next(iter(bands.values()))
    finder = PeakFinder(strip_grid(any_band.geometry))
    residuals = ResidualMemory(any_band.frames.pixels_dn.shape)
    stacks: dict[Band, BandStack] = {}
    centres: dict[Band, Centres] = {}
    for band, frames in bands.items():
        if parameters.transients:
            add_metrics(metrics, band, flag_transients(frames.frames, frames.geometry))
        guess = turbulent_guess(GUESSED_WIDTH_PIX, frames.frames.noise_dn.size)
        stack = BandStack(frames, guess, fixed=saturated_of(frames, bright, guess))
        with residuals.lend(stack) as residual:
            stacks[band] = first_look(residual, tables[band], finder, photometry)
            centres[band] = centre_stars(residual, parameters.registration_sources)
    return stacks, centres


def _images(
    stacks: Mapping[Band, BandStack],
    grid: StripGrid,
    middles: list[int],
    uscan: UScan,
    zero_points: Mapping[Band, ZeroPoint],
    metrics: Metrics,
) -> list[tuple[AtlasImage, ImageFacts]]:
    """Coadd every band and cut it into images, ordered by number and band."""
    made: list[tuple[AtlasImage, ImageFacts]] = []
    for band, stack in stacks.items():
        geometry = stack.geometry
        planes = coadd(stack.frames, geometry, solve_levels(stack.frames, geometry), grid)
        night = zero_points.get(band, NOMINAL)
        add_metrics(
            metrics, band, {"zero_point_nominal": float(night.nominal), "zero_point_c1_mag": night.c1_mag}
        )
        images = cut_images(stack.band.raw, geometry, grid, middles, planes, uscan, night, stack.psf)
        add_metrics(metrics, band, seeing_metrics([image.seeing_shape for image, _ in images]))
        made += images
    return sorted(made, key=lambda pair: (pair[0].number, pair[0].band.position))
