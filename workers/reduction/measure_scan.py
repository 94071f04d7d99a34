"""Photometry of a reduced scan: from its stacks of frames to merged, flagged rows (PROPHOT, BANDMERGE, MAPCOR)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from app.arrays import Table
from app.columns.diagnostics import ScanDiagnostics
from app.columns.records import unknown_rows
from app.instruments.bands import Band
from app.parameters.artefacts import ArtefactRules
from app.parameters.photometry import PhotometryParameters
from workers.reduction.artefacts.mark import mark_artefacts
from workers.reduction.diagnostics import PIECE_PIX, band_diagnostics, reference_table
from workers.reduction.extended.measure import join_bands, measure_extended, wide_sources
from workers.reduction.frames.products import EXTENDED_DTYPE, ScanSources
from workers.reduction.frames.scan_grid import ScanGrid
from workers.reduction.merging.characters import characters_of
from workers.reduction.merging.read1 import apply_read1
from workers.reduction.merging.rows import fill_limits, merge_catalogues
from workers.reduction.merging.star_rows import one_row_a_star
from workers.reduction.photometry.catalogue import BandCatalogue, make_catalogue
from workers.reduction.photometry.detection import Detector
from workers.reduction.photometry.rounds import BandStack, measure
from workers.reduction.profile.radial import profile_of
from workers.reduction.reduce_scan import Metrics, ReducedScan, add_metrics
from workers.reduction.saturated.stars import saturated_of
from workers.reduction.saturated.wings import wings_of_rows

CLOUD_TRANSPARENCY = 0.05  # slow changes are known to some 0.02 at the poles, where stars are few
CLOUD_FRAMES = 5  # averaged, 7 s
STEADY_SLOPE = 3e-4  # a frame, 8 % of a full scan


def measure_scan(
    reduced: ReducedScan, parameters: PhotometryParameters, rules: ArtefactRules | None = None
) -> ScanSources:
    """Measure the sources of a reduced scan on its frames; metrics and diagnostics of both steps.

    The stacks of `reduced` are changed: their stars, backgrounds and residual frames are those of the end.

    Parameters
    ----------
    reduced : ReducedScan
    parameters : PhotometryParameters
    rules : ArtefactRules, optional
    """
    where = _grid_of(reduced)
    metrics = {name: dict(values) for name, values in reduced.metrics.items()}
    detector = Detector(reduced.grid)
    catalogues: dict[Band, BandCatalogue] = {}
    pictures = []
    wide = []
    for band, stack in reduced.stacks.items():
        others = [
            other.psf.log_width for other in reduced.stacks.values() if other is not stack and other.psf.stars
        ]
        stack.guide = np.mean(others, axis=0, dtype=np.float64) if others else None
        stack.fixed = saturated_of(reduced.bands[band], reduced.read1_stars, stack.psf)
        measure(stack, detector, parameters)
        # Bands share one buffer: what needs residual frames is asked before the next band.
        level = stack.frames.mesh_dn[stack.usable]
        catalogues[band] = make_catalogue(stack, float(np.median(level)) if level.size else float("nan"))
        zero_point = float(np.mean(where.zero_point_mag[band]))
        picture = band_diagnostics(
            stack, reduced.bands[band], catalogues[band], reduced.uscan, _piece(reduced, band), zero_point
        )
        pictures.append(picture)
        wide += wide_sources(stack, catalogues[band], parameters)
        add_metrics(metrics, band, _band_metrics(stack, catalogues[band], picture.frames["transparency"]))
    add_metrics(metrics, None, _clouds([picture.frames["transparency"] for picture in pictures]))
    del detector
    rows, merged = merge_catalogues(catalogues, where, parameters)
    places = join_bands(wide)
    extended = unknown_rows(EXTENDED_DTYPE, len(places))
    for band, stack in reduced.stacks.items():
        measure_extended(extended, places, band, stack, where)
        fill_limits(rows, merged, band, stack, catalogues[band], where, parameters)
    # An index takes 15 times as long on rows of 276 bytes.
    rows = np.take(rows, np.lexsort((rows["ra"], rows["decl"])))
    sources = _bright_stars(reduced, rows, catalogues, where, parameters)
    star = sources[1]
    flagged = mark_artefacts(sources[0], star >= 0, reduced.uscan, reduced.registration.geometry, rules)
    _star_metrics(metrics, reduced, flagged)
    references = reference_table(flagged, reduced.reference, reduced.uscan, reduced.grid.first_y_arcsec)
    order = np.lexsort((extended["ra"], extended["decl"]))
    return ScanSources(flagged, metrics, extended[order], ScanDiagnostics(tuple(pictures), references))


def _grid_of(reduced: ReducedScan) -> ScanGrid:
    by_key = {(image.band, image.number): image.zero_point_mag for image in reduced.images}
    zero_points = {
        band: np.array([by_key[band, number] for number in reduced.numbers]) for band in reduced.stacks
    }
    return ScanGrid(reduced.uscan, reduced.grid, reduced.numbers, zero_points)


def _bright_stars(
    reduced: ReducedScan,
    rows: Table,
    catalogues: Mapping[Band, BandCatalogue],
    where: ScanGrid,
    parameters: PhotometryParameters,
) -> tuple[Table, NDArray[np.int64]]:
    """Give saturated stars one row each, with their Read_1 magnitudes; and the star of every row, -1 for none."""
    stars = reduced.read1_stars
    sources, star = one_row_a_star(rows, stars, reduced.uscan, reduced.images)
    profiles = {band: profile_of(stack.psf) for band, stack in reduced.stacks.items()}
    wings = wings_of_rows(reduced.bands, profiles, stars, star)
    _, y = reduced.uscan.from_sky(sources["ra"], sources["decl"])
    image = where.image_of(y)
    zero_points = {
        band: where.zero_point_mag[band][image] + catalogues[band].growth.correction_mag
        for band in catalogues
    }
    fixed = (parameters.zero_point_error_mag, parameters.flat_error_mag, parameters.read1_error_mag)
    with_read1 = apply_read1(sources, star >= 0, reduced.uscan, reduced.bands, zero_points, wings, fixed)
    return with_read1, star


def _piece(reduced: ReducedScan, band: Band) -> tuple[NDArray[np.float32], float, float]:
    """Middle of the middle image of a band, and the U-scan place of its first pixel."""
    mine = [(i, f) for i, f in zip(reduced.images, reduced.facts, strict=True) if i.band == band]
    image, facts = mine[len(mine) // 2]
    rows, columns = image.pixels_dn.shape
    top, left = max(0, (rows - PIECE_PIX) // 2), max(0, (columns - PIECE_PIX) // 2)
    piece = image.pixels_dn[top : top + PIECE_PIX, left : left + PIECE_PIX]
    return piece.copy(), facts.uscan_x_arcsec + 1.0 + left, facts.uscan_y_arcsec + 1.0 + top


def _band_metrics(
    stack: BandStack, catalogue: BandCatalogue, transparency: NDArray[np.float32]
) -> dict[str, float]:
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
        "profile_offset_mag": catalogue.normalisation_mag,
        "rounds": float(stack.rounds),
        "residual_noise_dn": float(np.median(stack.frames.noise_dn[stack.usable])),
        "median_psfchi": float(np.nanmedian(table["psfchi"][bright])) if bright.any() else float("nan"),
    }
    if known.size:
        values["transparency_minimum"] = float(known.min())
        values["transparency_rms"] = float(known.std())
    return values


def _clouds(transparency: list[NDArray[np.float32]]) -> dict[str, float]:
    """Tell whether clouds dimmed frames by more than 5 per cent; nothing where stars do not tell.

    Clouds are grey, so the middle one of the bands is asked: noise is not the same in all. A steady slope is no cloud:
    airmass, or a slope of the flat field by which every star brightens on its way over the array.
    """
    planes = np.array(transparency, np.float64)
    planes = planes[:, np.isfinite(planes).any(axis=0)]
    if planes.shape[1] < CLOUD_FRAMES:
        return {}
    light = np.nanmedian(planes, axis=0)
    first, second = np.triu_indices(light.size, CLOUD_FRAMES)
    slope = float(np.median((light[second] - light[first]) / (second - first))) if first.size else 0.0
    light -= np.clip(slope, -STEADY_SLOPE, STEADY_SLOPE) * np.arange(light.size)
    smooth = np.convolve(light, np.ones(CLOUD_FRAMES) / CLOUD_FRAMES, mode="valid")
    return {"clouds": float(smooth.max() - smooth.min() > CLOUD_TRANSPARENCY)}


def _star_metrics(metrics: Metrics, reduced: ReducedScan, sources: Table) -> None:
    read = characters_of(sources, "rd_flg")
    confusion = characters_of(sources, "cc_flg")
    for band in reduced.stacks:
        add_metrics(
            metrics,
            band,
            {
                "read1_stars": float(np.count_nonzero(read[:, band.position] == b"1")),
                "artefacts": float(
                    np.isin(confusion[:, band.position], [b"P", b"C", b"D", b"S", b"G"]).sum()
                ),
            },
        )
