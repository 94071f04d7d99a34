"""From the finished Atlas images of a scan to its merged sources: the entry to this folder.

Facts that Atlas images cannot tell stay blank: `ndet` is 000000 (the frames are gone), Read_1 magnitudes are NaN, and
ph_qual E for too few frames is never given. Saturated stars have no Read_1 frames either: they get a magnitude from
their unsaturated wings (rd_flg 3) where the fit to the wings succeeds, else rd_flg 9 and no magnitude.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.arrays import Bools, Doubles, Integers, Table
from app.columns.flags import BlendFlag, ReadFlag
from app.columns.records import unknown_rows
from app.errors import InputError
from app.instruments.bands import BANDS, Band
from app.parameters.extraction import ExtractionParameters
from workers.reduction.frames.products import SOURCE_DTYPE, AtlasImage, ScanSources
from workers.reduction.images import bandfill
from workers.reduction.images.confusion import confused
from workers.reduction.images.fields import reduce_fields
from workers.reduction.images.image_sources import (
    DETECTION_DTYPE,
    ImageSources,
    unexplained_places,
)
from workers.reduction.images.strips import join_images
from workers.reduction.merging import merge
from workers.reduction.merging.duplicates import keep_duplicates_once
from workers.reduction.merging.grading import photometric_quality
from workers.reduction.merging.merge import Merged
from workers.reduction.merging.places import Places
from workers.reduction.merging.total_uncertainty import total_uncertainty

# Columns of a detection that a row of the scan takes over, band by band.
_COPIED = (
    "m", "msig", "cmsig", "snr", "psfchi", "m_psf", "msig_psf", "m_stdap", "msig_stdap", "growth", "sky_dn",
    "ra", "decl",
)  # fmt: skip


class ImageSetError(InputError):
    """The images of a scan do not belong together."""

    code = "IMAGE_SET"


def extract_scan(images: Sequence[AtlasImage], parameters: ExtractionParameters) -> ScanSources:
    """Find, measure and merge the sources of a scan.

    Parameters
    ----------
    images : sequence of AtlasImage
        Of any bands and image numbers, in any order; overlaps between the images of a band are resolved.
    parameters : ExtractionParameters
        All numbers of the extraction.

    Returns
    -------
    ScanSources
        Ordered by (decl, ra); empty for empty sky.

    Raises
    ------
    ImageSetError
        Raised if there is no image, or two images have the same band and number.
    """
    _check(images)
    strips = [strip for band in BANDS for strip in join_images([i for i in images if i.band == band])]
    fields = reduce_fields(strips, parameters)
    reduced = fields.images
    tables = tuple(_band_table(reduced, band, parameters) for band in BANDS)
    places = tuple(_places(table) for table in tables)
    area = {band: _area_arcsec2(reduced, band) for band in BANDS}
    merged = merge.merge_bands(places, _radii(tables, area, parameters), parameters.merge_chi2)  # type: ignore[arg-type]
    rows = _fill(merged, tables, reduced, parameters)
    order = np.lexsort((rows["ra"], rows["decl"]))
    metrics = _metrics(reduced, tables)
    metrics["galaxy_search_share"] = {"-": fields.searched}
    return ScanSources(rows[order], metrics, fields.extended)


def _check(images: Sequence[AtlasImage]) -> None:
    if not images:
        raise ImageSetError("no image", expected="at least one Atlas image")
    keys = [(image.band, image.number) for image in images]
    if len(set(keys)) != len(keys):
        raise ImageSetError(
            f"two images of band and number {max(keys, key=keys.count)}", expected="each band and number once"
        )


def _band_table(reduced: list[ImageSources], band: Band, parameters: ExtractionParameters) -> Table:
    """All detections of a band, each source once."""
    parts = [sources.detections for sources in reduced if sources.image.band == band]
    if not parts:
        return np.zeros(0, DETECTION_DTYPE)
    table = np.concatenate(parts)
    kept = keep_duplicates_once(
        table["ra"], table["decl"], table["image"], table["edge_pix"], parameters.duplicate_arcsec
    )
    table = np.asarray(table[kept])
    places, known = (
        unexplained_places([sources for sources in reduced if sources.image.band == band]),
        table.size,
    )
    ra, decl, magnitude = (np.append(table[n], p) for n, p in zip(("ra", "decl", "m"), places, strict=True))
    table["confused"] = confused(ra, decl, magnitude, parameters)[:known]
    return table


def _places(table: Table) -> Places:
    return Places(*(np.ascontiguousarray(table[n]) for n in ("ra", "decl", "sigma_east", "sigma_north")))


def _area_arcsec2(reduced: list[ImageSources], band: Band) -> float:
    return sum(
        float(sources.model.usable.sum()) * sources.image.projection.scale_arcsec**2
        for sources in reduced
        if sources.image.band == band
    )


def _radii(
    tables: tuple[Table, ...], area: dict[Band, float], parameters: ExtractionParameters
) -> tuple[float, float, float]:
    """Match radii of the pairs JH, JK, HK from the density of the denser band."""
    density = [
        table.size / area[band] if area[band] > 0 else 0.0 for table, band in zip(tables, BANDS, strict=True)
    ]
    radii = [
        merge.match_radius(
            max(density[a], density[b]), parameters.merge_chance, parameters.merge_limit_arcsec
        )
        for a, b in ((0, 1), (0, 2), (1, 2))
    ]
    return radii[0], radii[1], radii[2]


def _fill(
    merged: Merged, tables: tuple[Table, ...], reduced: list[ImageSources], parameters: ExtractionParameters
) -> Table:
    """Rows of SOURCE_DTYPE."""
    n = merged.places.size
    out = unknown_rows(SOURCE_DTYPE, n)
    out["ra"], out["decl"] = merged.places.ra_deg, merged.places.decl_deg
    _error_ellipses(out, merged.places)
    flags = {name: np.zeros((n, 3), "S1") for name in ("ph_qual", "rd_flg", "bl_flg", "cc_flg")}
    for band in BANDS:
        position = band.position
        rows = merged.rows[:, position]
        covered = _fill_detected(out, band, rows, tables[position], flags)
        out[f"{band.value}_msigcom"] = total_uncertainty(
            out[f"{band.value}_cmsig"],
            flags["rd_flg"][:, position],
            _zero_point_errors(rows, tables[position], band, reduced),
            parameters.flat_error_mag,
            parameters.read1_error_mag,
        )
        covered |= _fill_limits(out, band, rows < 0, reduced, parameters)
        split = (rows < 0) & covered & merge.inconsistent(merged, position, parameters.unresolved_arcsec)
        flags["rd_flg"][split, position] = ReadFlag.INCONSISTENT.value.encode()
        flags["cc_flg"][:, position] = merge.confusion_flags(merged, tables[position]["confused"], position)
        flags["ph_qual"][:, position] = photometric_quality(
            flags["rd_flg"][:, position],
            out[f"{band.value}_snr"],
            out[f"{band.value}_cmsig"],
            out[f"{band.value}_psfchi"],
            covered,
        )
    for name, characters in flags.items():
        out[name] = np.ascontiguousarray(characters).view("S3")[:, 0] if n else b""
    out["ndet"] = b"000000"
    digits = np.minimum(merged.candidates, 9).astype("S1")
    out["cnf_flg"] = np.ascontiguousarray(digits).view("S6")[:, 0] if n else b""
    _scan_coordinates(out, merged, tables, reduced)
    return out


def _error_ellipses(out: Table, places: Places) -> None:
    """Axes of the error ellipse; image axes run along east and north to 0.1 degree, so it is aligned with them."""
    out["err_maj"] = np.maximum(places.east_sigma, places.north_sigma)
    out["err_min"] = np.minimum(places.east_sigma, places.north_sigma)
    out["err_ang"] = np.where(places.east_sigma > places.north_sigma, 90, 0)


def _fill_detected(
    out: Table,
    band: Band,
    rows: Integers,
    table: Table,
    flags: dict[str, Table],
) -> Bools:
    """Copy a band's detections; NaN elsewhere. Returns which sources the band detected."""
    b, position = band.value, band.position
    detected = rows >= 0
    for name in _COPIED:
        out[f"{b}_{name}"] = np.nan
        out[f"{b}_{name}"][detected] = table[name][rows[detected]]
    out[f"{b}_m_r1"] = out[f"{b}_msig_r1"] = np.nan
    flags["rd_flg"][:, position] = ReadFlag.NOT_DETECTED.value.encode()
    flags["bl_flg"][:, position] = BlendFlag.NONE.value.encode()
    flags["rd_flg"][detected, position] = table["rd_flg"][rows[detected]]
    flags["bl_flg"][detected, position] = table["bl_flg"][rows[detected]]
    return detected


def _zero_point_errors(rows: Integers, table: Table, band: Band, reduced: list[ImageSources]) -> Doubles:
    """Error of the zero point of the image that each row was measured on, mag; NaN where it is unknown."""
    errors = np.full(rows.size, np.nan)
    number = np.where(rows >= 0, table["image"][rows], -1) if table.size else np.full(rows.size, -1)
    for image in (sources.image for sources in reduced if sources.image.band == band):
        if image.zero_point_error_mag is not None:
            errors[number == image.number] = image.zero_point_error_mag
    return errors


def _fill_limits(
    out: Table,
    band: Band,
    missing: Bools,
    reduced: list[ImageSources],
    parameters: ExtractionParameters,
) -> Bools:
    """Upper limits of a missing band from the image in which the place lies deepest. Returns which rows have one."""
    b = band.value
    best = np.full(missing.size, -1.0)
    for sources in (sources for sources in reduced if sources.image.band == band):
        wanted = np.flatnonzero(missing)
        x, y = sources.image.projection.to_pixels(out["ra"][wanted], out["decl"][wanted])
        ny, nx = sources.model.data.shape
        inside = (x > -0.5) & (y > -0.5) & (x < nx - 0.5) & (y < ny - 0.5)
        wanted, x, y = wanted[inside], x[inside], y[inside]
        if not wanted.size:
            continue
        limits = bandfill.upper_limits(sources, x, y, parameters)
        edge = np.minimum(np.minimum(x, nx - 1 - x), np.minimum(y, ny - 1 - y)) + 1.0
        better = np.isfinite(limits.limit_mag) & (edge > best[wanted])
        row = wanted[better]
        best[row] = edge[better]
        out[f"{b}_m"][row] = limits.limit_mag[better]
        out[f"{b}_m_stdap"][row] = limits.aperture_mag[better]
        out[f"{b}_msig_stdap"][row] = limits.aperture_error_mag[better]
        out[f"{b}_sky_dn"][row] = limits.sky_dn[better]
        out[f"{b}_growth"][row] = sources.scale.growth_mag
    return best > 0.0


def _scan_coordinates(
    out: Table, merged: Merged, tables: tuple[Table, ...], reduced: list[ImageSources]
) -> None:
    """`coadd`, `x_scan`, `y_scan` from the first detected band in the order J, H, Ks.

    The scan's centre line runs through the tangent points of its images; the in-scan coordinate counts from the
    southernmost tangent point. x_scan grows with the pixel coordinate, that is to the west.
    """
    origin = min(sources.image.projection.decl_deg for sources in reduced)
    by_key = {(s.image.band, s.image.number): s.image.projection for s in reduced}
    first = np.argmax(merged.rows >= 0, axis=1) if merged.rows.size else np.zeros(0, np.int64)
    for band in BANDS:
        led = np.flatnonzero(first == band.position)
        detections = tables[band.position][merged.rows[led, band.position]]
        out["coadd"][led] = detections["image"]
        for number in np.unique(detections["image"]):
            projection = by_key[band, int(number)]
            part = detections["image"] == number
            x, y = detections["x"][part] - projection.x_pix, detections["y"][part] - projection.y_pix
            out["x_scan"][led[part]] = x * projection.scale_arcsec
            south = (projection.decl_deg - origin) * 3600.0
            out["y_scan"][led[part]] = y * projection.scale_arcsec + south


def _metrics(reduced: list[ImageSources], tables: tuple[Table, ...]) -> dict[str, dict[str, float]]:
    """Means over the images of each band of the facts that the reduction learnt: name, band letter, value."""
    result: dict[str, dict[str, float]] = {}
    for band in BANDS:
        images = [sources for sources in reduced if sources.image.band == band]
        if not images:
            continue
        models, scales = [sources.model for sources in images], [sources.scale for sources in images]
        pixels = [sources.image.projection.scale_arcsec for sources in images]
        values: dict[str, Any] = {
            "sources": float(tables[band.position].size),
            "psf_fwhm_arcsec": np.mean([m.psf.fwhm_pix * p for m, p in zip(models, pixels, strict=True)]),
            "psf_stars": np.mean([model.psf.learnt_from for model in models]),
            "psf_fallback": np.mean([model.psf.learnt_from == 0 for model in models]),
            "growth_mag": np.mean([scale.growth_mag for scale in scales]),
            "profile_offset_mag": np.mean([scale.offset_mag for scale in scales]),
            "scale_stars": np.mean([scale.stars for scale in scales]),
            "noise_correlation": np.mean([model.correlation for model in models]),
            "aperture_noise_dn": np.mean([model.aperture_noise for model in models]),
            "saturated_stars": float(sum(model.saturated.x.size for model in models)),
            "unexplained_peaks": float(sum(model.unexplained.x.size for model in models)),
        }
        for name, value in values.items():
            result.setdefault(name, {})[band.value] = float(value)
    return result
