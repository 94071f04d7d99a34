"""A scan whose input is raw frames: all steps, from frames to rows and Atlas images."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import numpy as np

from app.arrays import Doubles, Table
from app.columns.diagnostics import ScanDiagnostics
from app.formats.atlas import AtlasKeywords, write_atlas
from app.formats.raw_night import read_raw_scan
from app.formats.scan_diagnostics import write_diagnostics
from app.parameters.sections import ParameterSet
from app.production.publication import AtlasImageRow, DiagnosticsRow, Publication
from app.version import code_version
from workers.reduction.atlas.cut import ImageFacts
from workers.reduction.frames.crossing import crossing_mjd
from workers.reduction.frames.products import AtlasImage
from workers.reduction.measure_scan import measure_scan
from workers.reduction.reduce_scan import ReducedScan, ReferenceStars, reduce_scan
from workers.steps.calibrations import product_of, valid_products
from workers.steps.context import Claim, StepContext
from workers.steps.images import image_row
from workers.steps.inputs import ingested_path, recorded_files
from workers.steps.libraries import loaded_with_libraries, named_libraries
from workers.steps.outcome import input_hash, metric_rows
from workers.steps.raw_band import raw_band
from workers.steps.records import point_records
from workers.steps.reference import given_stars
from workers.steps.scan_coverage import area_of, scan_coverage
from workers.steps.scan_facts import ScanFacts
from workers.steps.stamps import extended_and_stamps

MJD_EPOCH = datetime(1858, 11, 17, tzinfo=UTC)


def reduce_raw_scan(claim: Claim, context: StepContext, scan: ScanFacts) -> Publication:
    """Reduce raw frames to images and sources, and store the images.

    Parameters
    ----------
    claim : Claim
        Attempt that the rows will belong to; its run's calibrations are used.
    context : StepContext
        Surroundings; its parameters are the run's.
    scan : ScanFacts
        Scan whose entry is raw.

    Raises
    ------
    UnknownCameraError
        Raised if a file's CAMERA is not known; nothing is read then.
    InputError
        Raised if a file is damaged or contradicts its camera, a band has no calibration of its camera, or the frames
        do not belong together; it is not retried.
    StarsReplacedError
        Raised in a replay if the reference stars are no longer those of its attempt.
    ParametersError
        Raised if the run's parameter set is not one of this version of the code.
    """
    parameters = ParameterSet.stored(context.parameters)
    photometry = parameters.photometry
    files = recorded_files(context, (file for file in scan.files if file.kind == "scan"))
    with context.connect() as connection:
        products = valid_products(connection, claim, scan, context.recorded)
        used = {f.band: product_of(products, f.band, f.known_camera().identifier) for f in files}
        libraries = named_libraries(connection, claim, context, used)
    read = {file.band: read_raw_scan(ingested_path(file)) for file in files}
    context.checkpoint("frames_read")
    raw = {band: raw_band(content) for band, content in read.items()}
    with context.connect() as connection:
        given = given_stars(connection, next(iter(raw.values())), context.recorded)
    _warn_without(given.stars, context, scan)
    calibrations = loaded_with_libraries(context, used, libraries, photometry.field_order)
    reduced = reduce_scan(raw, calibrations, given.stars, parameters.reduction, photometry=photometry)
    context.checkpoint("images_made")
    result = measure_scan(reduced, photometry, parameters.artefacts)
    context.checkpoint("sources_extracted")
    area = area_of(coverage := scan_coverage(reduced.images))
    points = point_records(result.sources, scan, area, source_times(reduced, result.sources))
    extended, stamps = extended_and_stamps(context.store, result.extended, points, reduced.images, scan, area)
    images = _store_images(context, scan, read[files[0].band].header.position_id, reduced)
    diagnostics = _store_diagnostics(context, result.diagnostics)
    applied = (*used.values(), *libraries.values())
    hashes = *(file.sha256 for file in files), *(product.sha256 for product in applied)
    return Publication(
        input_hash=input_hash(claim.pipeline_hash, (*hashes, given.use.stars_hash)),
        point_sources=points,
        extended_sources=extended,
        postage_stamps=stamps,
        atlas_images=images,
        scan_coverage=coverage,
        diagnostics=diagnostics,
        metrics=metric_rows(result.metrics),
        raw_file_ids=tuple(file.raw_file_id for file in files),
        raw_file_hashes={file.raw_file_id: file.sha256 for file in files},
        calibration_ids=tuple(sorted(product.calibration_id for product in applied)),
        reference=given.use,
    )


def _warn_without(reference: ReferenceStars, context: StepContext, scan: ScanFacts) -> None:
    if not reference.ra_deg.size:
        context.log.warning(
            "scan %d of night %s%s: no reference stars, positions will be those of the pointing, off by arcseconds;"
            " mapps reference load",
            scan.scan,
            scan.date,
            scan.hemis,
        )


def source_times(reduced: ReducedScan, sources: Table) -> Doubles:
    """Give the time at which each source crossed the middle of the first band's array, MJD in UTC.

    Parameters
    ----------
    reduced : ReducedScan
        The scan, for the times and places of its frames.
    sources : structured array of SOURCE_DTYPE, (n,)
        Its sources; `ra` and `decl` are used.
    """
    stack = next(iter(reduced.stacks.values()))
    _, y = reduced.uscan.from_sky(sources["ra"], sources["decl"])
    return crossing_mjd(y, stack.geometry, stack.band.raw.mjd)


def _store_images(
    context: StepContext, scan: ScanFacts, position_id: str, reduced: ReducedScan
) -> tuple[AtlasImageRow, ...]:
    """Write every image to a content-named file; readers see them only through the published rows."""
    rows = []
    for image, facts in zip(reduced.images, reduced.facts, strict=True):
        buffer = io.BytesIO()
        write_atlas(buffer, image, _keywords(scan, position_id, facts, image.zero_point_error_mag))
        stored = context.store.put(buffer.getvalue(), "atlas", ".fits")
        rows.append(_row(image, facts, scan, stored.name, stored.sha256))
    return tuple(rows)


def _store_diagnostics(context: StepContext, diagnostics: ScanDiagnostics) -> DiagnosticsRow:
    """Write what the reduction measured of itself to a content-named file, the last that a scan stores."""
    stored = context.store.put(write_diagnostics(diagnostics), "diagnostics", ".fits")
    context.checkpoint("images_stored")
    return DiagnosticsRow(stored.name, stored.sha256)


def _row(image: AtlasImage, facts: ImageFacts, scan: ScanFacts, name: str, sha256: str) -> AtlasImageRow:
    return image_row(
        image,
        scan,
        url=name,
        sha256=sha256,
        sky_dn=_finite(facts.sky_dn),
        sky_sigma_dn=_finite(facts.sky_sigma_dn),
    )


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _keywords(
    scan: ScanFacts, position_id: str, facts: ImageFacts, zero_point_error_mag: float | None
) -> AtlasKeywords:
    return AtlasKeywords(
        night_date=scan.date,
        hemisphere=scan.hemis,
        scan=scan.scan,
        direction=scan.direction or "-",
        code_version=code_version(),
        scan_type=scan.kind,
        tile=scan.tile or 0,
        position_id=position_id,
        start=MJD_EPOCH + timedelta(days=facts.mjd),
        airmass=_finite(facts.airmass),
        zero_point_error_mag=zero_point_error_mag,
        sky_dn=_finite(facts.sky_dn),
        sky_sigma_dn=_finite(facts.sky_sigma_dn),
        uscan_x_arcsec=facts.uscan_x_arcsec,
        uscan_y_arcsec=facts.uscan_y_arcsec,
        frame_step_x_arcsec=facts.frame_step_x_arcsec,
        frame_step_y_arcsec=facts.frame_step_y_arcsec,
        frame_count=facts.frame_count,
    )
