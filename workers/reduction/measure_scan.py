"""Photometry of a reduced scan: from its stacks of frames to merged, flagged rows (PROPHOT, BANDMERGE, MAPCOR)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from app.arrays import Doubles, Integers, Singles, Table
from app.columns.diagnostics import (
    PAIR_DIAGNOSTIC_DTYPE,
    BandDiagnostics,
    Pieces,
    ScanDiagnostics,
)
from app.columns.records import unknown_rows
from app.instruments.bands import Band
from app.parameters.artefacts import ArtefactRules
from app.parameters.galaxy_classifier import classifier_of
from app.parameters.photometry import PhotometryParameters
from workers.reduction.artefacts.beyond import stars_beyond
from workers.reduction.artefacts.extended import ARTEFACTS, latent, marked
from workers.reduction.artefacts.mark import mark_artefacts
from workers.reduction.deblending.deblend import BlendLimits, Deblended, deblend
from workers.reduction.deblending.shown import pair_pieces
from workers.reduction.diagnostics import PIECE_PIX, band_diagnostics, reference_table
from workers.reduction.extended.apertures import fill_light, fill_models
from workers.reduction.extended.band_light import BandLight
from workers.reduction.extended.measure import measure_extended
from workers.reduction.extended.pieces import Found, GalaxyPieces
from workers.reduction.frame_quality import band_quality
from workers.reduction.frames.products import EXTENDED_DTYPE, ScanSources
from workers.reduction.frames.scan_grid import ScanGrid
from workers.reduction.galaxies.bright_stars import bright_stars
from workers.reduction.galaxies.coadds import coadds_of
from workers.reduction.galaxies.drawing import draw_galaxies
from workers.reduction.galaxies.find import find_galaxies
from workers.reduction.galaxies.light import GalaxyLight
from workers.reduction.galaxies.local_profile import local_profiles
from workers.reduction.galaxies.search import Search, merged_seeds, searched_share
from workers.reduction.kernels.order import order_along
from workers.reduction.merging.blends import fill_blend_limits
from workers.reduction.merging.characters import characters_of
from workers.reduction.merging.read1 import Read1Scale, apply_read1
from workers.reduction.merging.rows import fill_limits, merge_catalogues, widen_ellipses
from workers.reduction.merging.star_rows import one_row_a_star
from workers.reduction.photometry.catalogue import BandCatalogue, make_catalogue
from workers.reduction.photometry.detection import PeakFinder
from workers.reduction.photometry.nuclei import add_nuclei, take_out_nuclei
from workers.reduction.photometry.residual import ResidualMemory
from workers.reduction.photometry.rounds import measure
from workers.reduction.photometry.stack import BandStack
from workers.reduction.profile.radial import profile_of
from workers.reduction.reduce_scan import Metrics, ReducedScan, add_metrics
from workers.reduction.saturated.stars import Saturated, saturated_of
from workers.reduction.saturated.wings import wings_of_rows

# Of 150 clear scans of 18 to 32 frames 12 seemed to lose 5 %, none 7 % and six times what the bands disagree by.
CLOUD_TRANSPARENCY = 0.07
CLOUD_SIGMA = 6.0
CLOUD_FRAMES = 5  # averaged, 7 s
STEADY_SLOPE = 3e-4  # a frame, 8 % of a full scan


@dataclass(frozen=True)
class MeasuredBand:
    """What the photometry of a band gave.

    Attributes
    ----------
    stack : BandStack
        Stars, profile and background of the end.
    catalogue : BandCatalogue
        Its detections.
    picture : BandDiagnostics
        What the reduction measured of itself.
    quality : dict
        Metrics of frames, profile and noise.
    found : Found
        The galaxies of the scan, the same for all bands.
    light : list of BandLight
        Of the galaxies in this band.
    limits : BlendLimits
        Of components of blends that the band does not see.
    pairs : Pieces
        Some split pairs, of the first band alone.
    """

    stack: BandStack
    catalogue: BandCatalogue
    picture: BandDiagnostics
    quality: dict[str, float]
    found: Found
    light: list[BandLight]
    limits: BlendLimits
    pairs: Pieces


def measure_scan(
    reduced: ReducedScan, parameters: PhotometryParameters, rules: ArtefactRules | None = None
) -> ScanSources:
    """Measure the sources of a reduced scan on its frames; metrics and diagnostics of both steps.

    Parameters
    ----------
    reduced : ReducedScan
        Not changed: measured twice it gives the same twice.
    parameters : PhotometryParameters
        Of all steps from detection to merging.
    rules : ArtefactRules, optional
        Where artefacts of bright stars lie; the code's own where there are none.
    """
    return merge_bands(reduced, measure_bands(reduced, parameters), parameters, rules)


def measure_bands(reduced: ReducedScan, parameters: PhotometryParameters) -> dict[Band, MeasuredBand]:
    """Find the galaxies on all bands' coadds, then fit all stars of every band, one band after the other."""
    finder = PeakFinder(reduced.grid)
    stacks = dict(reduced.stacks)
    residuals = _memory_of(reduced)
    fixed_stars = {b: saturated_of(s.band, reduced.read1_stars, s.psf) for b, s in reduced.stacks.items()}
    search = search_of(reduced, fixed_stars)
    galaxies = find_galaxies(search, classifier_of(parameters.galaxy_classifier))
    profiles, searched = search.profiles, searched_share(search)
    for band, stack in reduced.stacks.items():
        # Bands that are through guide by their final widths, the others by those of the first look.
        others = [s.psf.log_width for b, s in stacks.items() if b != band and s.psf.stars]
        guide = np.asarray(np.mean(others, axis=0, dtype=np.float64)) if others else None
        light = GalaxyLight.of(galaxies, band, draw_galaxies(galaxies, band, stack.band, profiles))
        lent = replace(stack, guide=guide, fixed=fixed_stars[band], galaxies=light)
        with residuals.lend(lent) as residual:
            stacks[band] = measure(residual, finder, parameters)
    deblended = deblend(stacks, residuals, (search, galaxies))
    extended = unknown_rows(EXTENDED_DTYPE, len(galaxies))
    found = Found(tuple(galaxies), searched, extended, GalaxyPieces(galaxies, [*reduced.stacks][-1]))
    return {
        band: _catalogued(reduced, band, deblended, (residuals, found), parameters) for band in reduced.stacks
    }


def _catalogued(
    reduced: ReducedScan,
    band: Band,
    deblended: Deblended,
    lending: tuple[ResidualMemory, Found],
    parameters: PhotometryParameters,
) -> MeasuredBand:
    """Catalogue, diagnostics and metrics of a band whose stars are decided, and its light of the galaxies."""
    memory, found = lending
    stars, grid = deblended.stacks[band], _grid_of(reduced)
    zero_point = float(np.mean(grid.zero_point_mag[band]))
    with memory.lend(stars) as residual:
        residual.draw()
        nuclei = add_nuclei(residual, parameters.minimum_snr)
        catalogue = make_catalogue(residual)
        picture, fluxes = band_diagnostics(
            residual, catalogue, reduced.uscan, _piece(reduced, band), zero_point
        )
        quality = band_quality(residual, catalogue, fluxes, zero_point)
        stack = residual.stack
        pairs = Pieces.none(PAIR_DIAGNOSTIC_DTYPE)
        if band == next(iter(reduced.stacks)):
            pairs = pair_pieces(residual, deblended.shown, band, reduced.uscan, zero_point)
        # To draw the frames once more for the galaxies took 0.04 s a band.
        take_out_nuclei(residual, nuclei, stars)
        collected = found.shown if band == [*reduced.stacks][-1] else None
        drawn = np.ones(stars.stars.size, np.bool_)
        light = measure_extended(found.extended, found.galaxies, band, residual, grid, collected, drawn)
    return MeasuredBand(stack, catalogue, picture, quality, found, light, deblended.limits[band], pairs)


def search_of(reduced: ReducedScan, fixed: Mapping[Band, Saturated]) -> Search:
    """Return what the search for galaxies is given of a scan.

    Parameters
    ----------
    reduced : ReducedScan
        With its coadds and first look.
    fixed : mapping of Band to Saturated
        Saturated stars of every band.
    """
    stacks = reduced.stacks
    noise = {band: (stack.noise_dn(), stack.frames.detector.gain) for band, stack in stacks.items()}
    coadds = coadds_of(reduced.images, reduced.grid, noise)
    profiles = local_profiles({b: (s.psf, s.geometry, s.usable) for b, s in stacks.items()}, reduced.grid)
    peaks = {b: (s.stars.x_arcsec, s.stars.y_arcsec, s.stars.flux_dn) for b, s in stacks.items()}
    bright = [np.column_stack([f.stars.places(), f.reach_arcsec]) for f in fixed.values()]
    pixel = next(iter(stacks.values())).geometry.pixel_arcsec
    seeds = merged_seeds(peaks, coadds.weights)
    psfs = {band: stack.psf for band, stack in stacks.items()}
    stars = bright_stars(fixed, psfs, pixel, coadds.weights, coadds.usual_light())
    return Search(coadds, seeds, profiles, pixel, np.concatenate(bright), stars=stars)


def merge_bands(
    reduced: ReducedScan,
    measured: Mapping[Band, MeasuredBand],
    parameters: PhotometryParameters,
    rules: ArtefactRules | None = None,
) -> ScanSources:
    """Merge the bands of a scan to flagged rows, with limits, extended sources and Read_1 magnitudes.

    Parameters
    ----------
    reduced : ReducedScan
        The scan.
    measured : mapping of Band to MeasuredBand
        What `measure_bands` gave of it.
    parameters : PhotometryParameters
        The same as for `measure_bands`.
    rules : ArtefactRules, optional
        Where artefacts of bright stars lie; the code's own where there are none.
    """
    grid = _grid_of(reduced)
    catalogues = {band: part.catalogue for band, part in measured.items()}
    rows, merged = merge_catalogues(catalogues, grid, parameters)
    galaxies, _, extended, shown = next(iter(measured.values())).found
    extended = extended.copy()
    residuals = _memory_of(reduced)
    for band, part in measured.items():
        with residuals.lend(part.stack) as residual:
            fill_limits(rows, merged, band, residual, part.catalogue, grid, parameters)
        fill_blend_limits(rows, merged, band, part.limits, part.catalogue, grid)
    fill_light(extended, galaxies, {band: part.light for band, part in measured.items()})
    fill_models(extended, galaxies)
    # An index takes 15 times as long on rows of 276 bytes.
    rows = np.take(rows, order_along(rows["ra"], rows["decl"]))
    sources, star = _bright_stars(reduced, rows, measured, grid, parameters)
    widen_ellipses(sources, parameters.reference_error_arcsec, reduced.registration.place_error_arcsec)
    beyond = _stars_beyond(reduced, star, measured, grid)
    flagged = mark_artefacts(sources, star >= 0, reduced.uscan, reduced.geometry, rules, beyond)
    references = reference_table(flagged, reduced.reference, reduced.uscan, reduced.grid.first_y_arcsec)
    persistence = (rules or ArtefactRules()).persistence
    latents = latent(extended, reduced.read1_stars, reduced.uscan, reduced.geometry, persistence)
    kept = ~(marked(extended, flagged) | latents)
    pieces = shown.pieces(extended, kept), next(iter(measured.values())).pairs
    extended = extended[kept]
    order = np.lexsort((extended["ra"], extended["decl"]))
    pictures = tuple(part.picture for part in measured.values())
    diagnostics = ScanDiagnostics(pictures, references, *pieces)
    return ScanSources(flagged, _metrics(reduced, measured, flagged), extended[order], diagnostics)


def _memory_of(reduced: ReducedScan) -> ResidualMemory:
    return ResidualMemory(next(iter(reduced.stacks.values())).frames.pixels_dn.shape)


def _metrics(reduced: ReducedScan, measured: Mapping[Band, MeasuredBand], sources: Table) -> Metrics:
    """Metrics of the reduction with those of the photometry."""
    metrics = {name: dict(values) for name, values in reduced.metrics.items()}
    light = {band: part.picture.frames["transparency"] for band, part in measured.items()}
    for band, part in measured.items():
        add_metrics(metrics, band, _band_metrics(part.stack, part.catalogue, light[band]) | part.quality)
    add_metrics(metrics, None, _clouds(list(light.values())))
    add_metrics(metrics, None, {"galaxy_search_share": next(iter(measured.values())).found.searched})
    _star_metrics(metrics, reduced, sources)
    return metrics


def _grid_of(reduced: ReducedScan) -> ScanGrid:
    by_key = {(image.band, image.number): image for image in reduced.images}
    images = {band: [by_key[band, number] for number in reduced.numbers] for band in reduced.stacks}
    return ScanGrid(
        reduced.uscan,
        reduced.grid,
        reduced.numbers,
        {band: np.array([image.zero_point_mag for image in images[band]]) for band in images},
        # float turns an unknown error, None, into NaN.
        {band: np.array([image.zero_point_error_mag for image in images[band]], float) for band in images},
    )


def _bright_stars(
    reduced: ReducedScan,
    rows: Table,
    measured: Mapping[Band, MeasuredBand],
    grid: ScanGrid,
    parameters: PhotometryParameters,
) -> tuple[Table, Integers]:
    """Give saturated stars one row each, with their Read_1 magnitudes; and the star of every row, -1 for none."""
    stars = reduced.read1_stars
    sources, star = one_row_a_star(rows, stars, reduced.uscan, reduced.images)
    profiles = {band: profile_of(part.stack.psf) for band, part in measured.items()}
    wings = wings_of_rows(reduced.bands, profiles, stars, star)
    _, y = reduced.uscan.from_sky(sources["ra"], sources["decl"])
    image = grid.image_of(y)
    scale = Read1Scale(
        {
            band: grid.zero_point_mag[band][image] + part.catalogue.growth.correction_mag
            for band, part in measured.items()
        },
        {band: grid.zero_point_error_mag[band][image] for band in measured},
        parameters.flat_error_mag,
        parameters.read1_error_mag,
    )
    with_read1 = apply_read1(sources, star >= 0, reduced.uscan, reduced.bands, scale, wings)
    return with_read1, star


def _stars_beyond(
    reduced: ReducedScan, star: Integers, measured: Mapping[Band, MeasuredBand], grid: ScanGrid
) -> Table:
    """Rows of the saturated stars outside of all images; `star` is the star of every row, -1 for none."""
    rowless = np.setdiff1d(np.arange(reduced.read1_stars.x_arcsec.size), star)
    fixed = {band: part.stack.fixed for band, part in measured.items()}
    zero_points = {band: float(np.mean(grid.zero_point_mag[band])) for band in measured}
    return stars_beyond(reduced.read1_stars, rowless, fixed, zero_points, reduced.uscan)


def _piece(reduced: ReducedScan, band: Band) -> tuple[Singles, float, float]:
    """Middle of the middle image of a band, and the U-scan place of its first pixel."""
    images = [(i, f) for i, f in zip(reduced.images, reduced.facts, strict=True) if i.band == band]
    image, facts = images[len(images) // 2]
    rows, columns = image.pixels_dn.shape
    top, left = max(0, (rows - PIECE_PIX) // 2), max(0, (columns - PIECE_PIX) // 2)
    piece = image.pixels_dn[top : top + PIECE_PIX, left : left + PIECE_PIX]
    return piece.copy(), facts.uscan_x_arcsec + 1.0 + left, facts.uscan_y_arcsec + 1.0 + top


def _band_metrics(stack: BandStack, catalogue: BandCatalogue, transparency: Singles) -> dict[str, float]:
    table = catalogue.table
    known = transparency[np.isfinite(transparency)].astype(np.float64)
    bright = table["snr"] > 20.0
    values = {
        "sources": float(table.size),
        "psf_fwhm_arcsec": stack.psf.width_pix(0.0) * stack.geometry.pixel_arcsec,
        "psf_stars": float(stack.psf.stars),
        "psf_fallback": float(stack.psf.stars == 0),
        "growth_mag": catalogue.growth.correction_mag,
        "growth_slope_mag": catalogue.growth.slope_mag,
        "growth_looks": float(catalogue.growth.stars),
        "profile_offset_mag": catalogue.normalisation.bright_mag,
        "profile_error_mag": catalogue.profile_error_mag,
        "rounds": float(stack.rounds),
        "unexplained_peaks": float(stack.unexplained_peaks),
        "residual_noise_dn": stack.noise_dn(),
        "median_psfchi": float(np.nanmedian(table["psfchi"][bright])) if bright.any() else float("nan"),
    }
    if known.size:
        values["transparency_minimum"] = float(known.min())
        values["transparency_rms"] = float(known.std())
    return values


def _clouds(transparency: list[Singles]) -> dict[str, float]:
    """Tell whether clouds dimmed frames by more than 7 per cent; nothing where stars do not tell.

    Clouds are grey, so the median of the bands is taken: noise is not the same in all, and what the bands disagree by
    says how much of the change may be noise. A steady slope is no cloud: airmass, or a slope of the flat field by
    which every star brightens on its way over the array.
    """
    planes = np.array(transparency, np.float64)
    planes = planes[:, np.isfinite(planes).any(axis=0)]
    if planes.shape[1] < CLOUD_FRAMES:
        return {}
    light, noise = np.nanmedian(planes, axis=0), _disagreement(planes)
    first, second = np.triu_indices(light.size, CLOUD_FRAMES)
    slope = float(np.median((light[second] - light[first]) / (second - first))) if first.size else 0.0
    light -= np.clip(slope, -STEADY_SLOPE, STEADY_SLOPE) * np.arange(light.size)
    smooth = np.convolve(light, np.ones(CLOUD_FRAMES) / CLOUD_FRAMES, mode="valid")
    return {"clouds": float(smooth.max() - smooth.min() > max(CLOUD_TRANSPARENCY, CLOUD_SIGMA * noise))}


def _disagreement(planes: Doubles) -> float:
    """Scatter of a band's transparency, averaged over some frames, about the mean of the bands; 0 of a single band."""
    several = planes[:, np.isfinite(planes).all(axis=0)]
    if several.shape[0] < 2 or several.shape[1] < CLOUD_FRAMES:
        return 0.0
    window = np.ones(CLOUD_FRAMES) / CLOUD_FRAMES
    smooth = np.array([np.convolve(plane, window, mode="valid") for plane in several])
    about = smooth - smooth.mean(axis=0)
    about -= about.mean(axis=1, keepdims=True)
    return float(np.sqrt((about**2).sum() / ((smooth.shape[0] - 1) * smooth.shape[1])))


def _star_metrics(metrics: Metrics, reduced: ReducedScan, sources: Table) -> None:
    read = characters_of(sources, "rd_flg")
    confusion = characters_of(sources, "cc_flg")
    for band in reduced.stacks:
        add_metrics(
            metrics,
            band,
            {
                "read1_stars": float(np.count_nonzero(read[:, band.position] == b"1")),
                "artefacts": float(np.isin(confusion[:, band.position], ARTEFACTS).sum()),
            },
        )
