"""The reduction of a raw scan: from frames to Atlas images, and from there to sources with what the frames tell.

Order (measured in notes/reduction.md 9): calibrate, rough background, sky offset, masked background, frame sources,
registration of all bands, transients, levels, coadd; then extraction from the images, then ndet and Read_1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.bands import BANDS, Band
from workers.reduction import registration
from workers.reduction.calibrate import calibrate
from workers.reduction.coadd import HEIGHT, WIDTH, StripGrid, coadd, strip_grid
from workers.reduction.cosmic import flag_transients
from workers.reduction.extract import extract_scan
from workers.reduction.first_guess import first_guess
from workers.reduction.frame_background import refine_background, rough_background
from workers.reduction.frame_levels import solve_levels
from workers.reduction.frame_sources import extract_frame_sources
from workers.reduction.frame_statistics import apply_frame_statistics
from workers.reduction.frame_visits import BandFrames
from workers.reduction.frames import CalibratedFrames, FrameSetError, NightCalibration, RawBand
from workers.reduction.geometry import FrameGeometry, nominal_geometry
from workers.reduction.halo import RELATION, mark_halos
from workers.reduction.parameters import ExtractionParameters
from workers.reduction.read1_stars import find_read1_stars
from workers.reduction.read1_wings import wings_of_rows
from workers.reduction.registration import Observations, References, Registration, register
from workers.reduction.sky_offset import subtract_sky_offset
from workers.reduction.star_profile import FrameStamps, StarProfile, frame_stamps, seeing_metrics
from workers.reduction.star_rows import one_row_a_star
from workers.reduction.uscan import UScan
from workers.reduction.values import AtlasImage, ScanSources
from workers.reduction.zero_points import NOMINAL, ZeroPoint, magnitude_of_one_dn

Doubles = NDArray[np.float64]
Metrics = dict[str, dict[str, float]]


@dataclass(frozen=True)
class ReductionParameters:
    """Numbers that steer `reduce_scan`; the run's parameter set may change them.

    The defaults hold for survey scans of 12 to 273 frames.
    """

    background_passes: int = 2
    registration_snr: float = 15.0  # centroid good to 0.05 pixel
    registration_sources: int = 60  # a frame and band; 60 fix a frame to 0.01 pixel
    centroid_floor_arcsec: float = 0.06
    transients: bool = True
    sky_offset: bool = True
    halo: tuple[tuple[float, float], ...] = RELATION  # arcsec, mag: `workers.reduction.halo`


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
class ImageFacts:
    """What belongs in the header of an Atlas image besides the image itself."""

    band: Band
    number: int
    mjd: float
    airmass: float
    uscan_x_arcsec: float
    uscan_y_arcsec: float
    sky_dn: float
    sky_sigma_dn: float
    zero_point_error_mag: float
    frame_step_x_arcsec: float
    frame_step_y_arcsec: float
    frame_count: int


@dataclass(frozen=True)
class ReducedScan:
    """Atlas images of a scan and all that later steps need of its frames.

    Attributes
    ----------
    images : tuple of AtlasImage
        Ordered by image number, then band.
    facts : tuple of ImageFacts
        One an image, same order.
    uscan : UScan
    registration : Registration
    bands : dict of Band to BandFrames
    metrics : dict
        Name -> band letter, or `-` for the scan -> value.
    profiles : dict of Band to StarProfile
        Radial profiles of unsaturated stars on the frames.
    halo : tuple of (arcsec, mag)
        From the parameters, for `measure_scan`.
    """

    images: tuple[AtlasImage, ...]
    facts: tuple[ImageFacts, ...]
    uscan: UScan
    registration: Registration
    bands: dict[Band, BandFrames]
    metrics: Metrics = field(default_factory=dict)
    profiles: dict[Band, StarProfile] = field(default_factory=dict)
    halo: tuple[tuple[float, float], ...] = RELATION


def reduce_scan(
    raw: Mapping[Band, RawBand],
    calibration: Mapping[Band, NightCalibration],
    reference: ReferenceStars,
    parameters: ReductionParameters,
    zero_points: Mapping[Band, ZeroPoint] | None = None,
) -> ReducedScan:
    """Reduce raw frames to Atlas images.

    Parameters
    ----------
    raw : mapping of Band to RawBand
        One to three bands of the same exposures.
    calibration : mapping of Band to NightCalibration
        At least the bands of `raw`.
    reference : ReferenceStars
    parameters : ReductionParameters
    zero_points : mapping of Band to ZeroPoint, optional
        The night's; nominal where there is none.

    Raises
    ------
    FrameSetError
        Raised if there is no band, no frame with pixels, a band without calibration, or bands of different length.
    """
    bands = _check(raw, calibration)
    metrics: Metrics = {}
    frames = {band: _calibrated(raw[band], calibration[band], parameters, metrics) for band in bands}
    bands = tuple(band for band in bands if frames[band].noise_dn.any())
    if not bands:
        raise FrameSetError("no frame with pixels in any band", expected="at least one")
    any_raw = raw[bands[0]]
    uscan = UScan.through(any_raw.ra_deg, any_raw.decl_deg)
    tables = {band: extract_frame_sources(frames[band], raw[band], calibration[band]) for band in bands}
    stamps = {band: frame_stamps(frames[band], tables[band]) for band in bands}
    solution = _register(raw, tables, uscan, reference, parameters)
    _registration_metrics(solution, metrics)
    grid = strip_grid(solution.geometry[bands[0]])
    # One number for all bands, which lie some arcsec off each other: it names the triple.
    middles = _middle_frames(solution.geometry[bands[0]], grid)
    images, facts = [], []
    for band in bands:
        geometry = solution.geometry[band]
        if parameters.transients:
            _add(metrics, band, flag_transients(frames[band], geometry))
        planes = coadd(frames[band], geometry, solve_levels(frames[band], geometry), grid)
        night = (zero_points or {}).get(band, NOMINAL)
        _add(metrics, band, {"zero_point_nominal": float(night.nominal), "zero_point_c1_mag": night.c1_mag})
        made = _cut(raw[band], geometry, grid, middles, planes, uscan, night, stamps[band])
        _add(metrics, band, seeing_metrics([image.seeing_shape for image, _ in made]))
        images += [image for image, _ in made]
        facts += [one for _, one in made]
    order = sorted(range(len(images)), key=lambda k: (images[k].number, images[k].band.position))
    return ReducedScan(
        tuple(images[k] for k in order),
        tuple(facts[k] for k in order),
        uscan,
        solution,
        {b: BandFrames(raw[b], calibration[b], frames[b], solution.geometry[b]) for b in bands},
        metrics,
        {b: stamps[b].profile() for b in bands},
        parameters.halo,
    )


def measure_scan(reduced: ReducedScan, parameters: ExtractionParameters) -> ScanSources:
    """Extract the sources of a reduced scan, with ndet and Read_1 from its frames; metrics of both steps."""
    found = extract_scan(reduced.images, parameters)
    stars = find_read1_stars(reduced.bands)
    rows, star = one_row_a_star(found.sources, stars, reduced.uscan, reduced.images)
    wings = wings_of_rows(reduced.bands, reduced.profiles, stars, star)
    zero_points = {(image.band, image.number): image.zero_point_mag for image in reduced.images}
    fixed = (parameters.zero_point_error_mag, parameters.flat_error_mag, parameters.read1_error_mag)
    sources = apply_frame_statistics(rows, reduced.uscan, reduced.bands, zero_points, fixed, star >= 0, wings)
    sources = mark_halos(sources, star >= 0, reduced.uscan, reduced.halo)
    metrics = {name: dict(values) for name, values in reduced.metrics.items()}
    for name, values in found.metrics.items():
        metrics.setdefault(name, {}).update(values)
    for band in reduced.bands:
        read_flags = sources["rd_flg"].astype("U3")
        count = sum(flag[band.position] == "1" for flag in read_flags)
        metrics.setdefault("read1_stars", {})[band.value] = float(count)
    return ScanSources(sources, metrics, found.extended)


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


def _add(metrics: Metrics, band: Band | None, values: Mapping[str, float]) -> None:
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
            mesh, noise = rough_background(pixels, flags)
            scatter = float(np.mean([np.std(pattern[~calibration.mask]) for pattern in patterns]))
            _add(metrics, calibration.band, {"sky_offset_scatter_dn": scatter})
    refine_background(pixels, flags, mesh, noise, parameters.background_passes)
    good = noise > 0.0
    _add(
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


def _register(
    raw: Mapping[Band, RawBand],
    tables: Mapping[Band, NDArray[np.void]],
    uscan: UScan,
    reference: ReferenceStars,
    parameters: ReductionParameters,
) -> Registration:
    bands = tuple(tables)
    any_raw = raw[bands[0]]
    x, y = uscan.from_sky(any_raw.ra_deg, any_raw.decl_deg)
    parts = []
    for position, band in enumerate(bands):
        table = tables[band]
        table = table[table["snr"] > parameters.registration_snr]
        order = np.lexsort((-table["flux"], table["frame"]))
        table = table[order]
        rank = np.arange(table.size) - np.searchsorted(table["frame"], table["frame"])
        table = table[rank < parameters.registration_sources]
        magnitude = raw[band].detector.zero_point_mag - 2.5 * np.log10(table["flux"].astype(np.float64) / 0.7)
        parts.append((table, np.full(table.size, position), magnitude))
    everything = np.concatenate([table for table, _, _ in parts])
    order = np.argsort(everything["frame"], kind="stable")
    sigma = np.hypot(parameters.centroid_floor_arcsec, 1.6 / everything["snr"])
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
    nominal = {band: nominal_geometry(raw[band].detector, x, y) for band in bands}
    return register(observations, references, first_guess(observations, references, nominal, x, y))


def _references(reference: ReferenceStars, uscan: UScan, x: Doubles, y: Doubles) -> References:
    """Keep the reference stars within 90" of what the frames should have seen."""
    rx, ry = uscan.from_sky(reference.ra_deg, reference.decl_deg)
    margin = 256.0 + 90.0
    near = (
        (rx > x.min() - margin) & (rx < x.max() + margin) & (ry > y.min() - margin) & (ry < y.max() + margin)
    )
    magnitude = np.where(np.isfinite(reference.magnitude[near]), reference.magnitude[near], 12.0)
    return References(rx[near], ry[near], np.maximum(reference.error_arcsec[near], 0.01), magnitude)


def _registration_metrics(solution: registration.Registration, metrics: Metrics) -> None:
    values = {
        "reference_stars": float(solution.reference_count),
        "reference_rms_arcsec": solution.reference_rms_arcsec,
        "registration_rms_arcsec": solution.internal_rms_arcsec,
        "frames_on_pegs": float(solution.frames_on_pegs),
    }
    _add(metrics, None, values)
    first = next(iter(solution.geometry.values()))
    for band, one in solution.geometry.items():
        (a, _), (c, d) = one.matrix_arcsec
        _add(
            metrics,
            band,
            {
                "pixel_scale_arcsec": float(np.sqrt(a * d)),
                "rotation_deg": float(np.degrees(np.arctan2(c, a))),
                "band_offset_x_arcsec": float(np.median(one.x_arcsec - first.x_arcsec)),
                "band_offset_y_arcsec": float(np.median(one.y_arcsec - first.y_arcsec)),
                "distortion_arcsec": one.distortion_arcsec,
            },
        )


def _middle_frames(geometry: FrameGeometry, grid: StripGrid) -> list[int]:
    """Give the frame nearest to the middle of each image."""
    middles = [grid.first_y_arcsec + 0.5 * (first + last - 1) for first, last in grid.windows()]
    return [int(np.argmin(np.abs(geometry.y_arcsec - middle))) for middle in middles]


def _cut(
    raw: RawBand,
    geometry: FrameGeometry,
    grid: StripGrid,
    middles: Sequence[int],
    planes: tuple[NDArray[np.float32], ...],
    uscan: UScan,
    night: ZeroPoint,
    stamps: FrameStamps,
) -> list[tuple[AtlasImage, ImageFacts]]:
    """Cut the strip of a band into images."""
    made = []
    step = np.array([np.diff(geometry.x_arcsec), np.diff(geometry.y_arcsec)])
    step_x, step_y = np.median(step, axis=1) if step.shape[1] else (0.0, 0.0)
    for (first, last), nearest in zip(grid.windows(), middles, strict=True):
        pixels, coverage, uncertainty = (np.ascontiguousarray(plane[first:last]) for plane in planes)
        # The tangent point is where a full image has its middle, also for a short last one, as in the survey.
        edge_y = grid.first_y_arcsec + first
        y_pix = 0.5 * (HEIGHT - 1)
        projection = uscan.projection(
            grid.first_x_arcsec + 0.5 * (WIDTH - 1), edge_y + y_pix, 0.5 * (WIDTH - 1), y_pix
        )
        airmass = float(raw.airmass[nearest])
        within = np.abs(geometry.y_arcsec - edge_y - 0.5 * (last - first - 1)) <= 0.5 * (last - first)
        image = AtlasImage(
            band=raw.detector.band,
            number=nearest + 1,
            pixels_dn=pixels,
            projection=projection,
            zero_point_mag=magnitude_of_one_dn(raw.detector, airmass, night),
            seeing_shape=stamps.shape(within, raw.detector.pixel_arcsec),
            coverage=coverage,
            uncertainty_dn=uncertainty,
        )
        thin = pixels[::3, ::3]
        thin = thin[np.isfinite(thin)]
        low, middle = np.quantile(thin, [0.1587, 0.5]) if thin.size else (np.nan, np.nan)
        facts = ImageFacts(
            band=image.band,
            number=image.number,
            mjd=float(raw.mjd[nearest]),
            airmass=airmass,
            uscan_x_arcsec=grid.first_x_arcsec - 1.0,
            uscan_y_arcsec=edge_y - 1.0,
            sky_dn=float(middle),
            sky_sigma_dn=float(middle - low),
            zero_point_error_mag=night.error_mag,
            frame_step_x_arcsec=float(step_x),
            frame_step_y_arcsec=float(step_y),
            frame_count=int(raw.mjd.size),
        )
        made.append((image, facts))
    return made
