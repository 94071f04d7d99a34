"""A scan whose input is finished Atlas images: from detection on."""

from __future__ import annotations

from app.parameters.sections import ParameterSet
from app.production.publication import Publication
from workers.reduction.images.extract import extract_scan
from workers.steps.context import Claim, StepContext
from workers.steps.images import image_row, load_image
from workers.steps.inputs import recorded_files
from workers.steps.outcome import input_hash, metric_rows
from workers.steps.records import point_records
from workers.steps.scan_coverage import area_of, scan_coverage
from workers.steps.scan_facts import ScanFacts
from workers.steps.stamps import extended_and_stamps


def reduce_atlas_scan(claim: Claim, context: StepContext, scan: ScanFacts) -> Publication:
    """Measure the ingested images of a scan.

    Parameters
    ----------
    claim : Claim
        Attempt that the rows will belong to.
    context : StepContext
        Surroundings; its parameters are the run's.
    scan : ScanFacts
        Scan whose entry is atlas.

    Raises
    ------
    InputError
        Raised if a file is gone, was changed, is damaged or has no zero point; it is not retried.
    ParametersError
        Raised if the run's parameter set is not one of this version of the code.
    """
    parameters = ParameterSet.stored(context.parameters)
    files = recorded_files(context, (file for file in scan.files if file.kind == "atlas"))
    loaded = [load_image(file) for file in files]
    context.checkpoint("images_read")
    result = extract_scan([image for image, _ in loaded], parameters.extraction)
    context.checkpoint("sources_extracted")
    coverage = scan_coverage(image for image, _ in loaded)
    area = area_of(coverage)
    points = point_records(result.sources, scan, area)
    images = [image for image, _ in loaded]
    extended, stamps = extended_and_stamps(context.store, result.extended, points, images, scan, area)
    context.checkpoint("stamps_stored")
    return Publication(
        input_hash=input_hash(claim.pipeline_hash, (file.sha256 for file in files)),
        point_sources=points,
        extended_sources=extended,
        postage_stamps=stamps,
        atlas_images=tuple(
            image_row(
                image,
                scan,
                url=file.url,
                sha256=file.sha256,
                sky_dn=content.facts.sky_dn,
                sky_sigma_dn=content.facts.sky_sigma_dn,
                raw_file_id=file.raw_file_id,
            )
            for file, (image, content) in zip(files, loaded, strict=True)
        ),
        scan_coverage=coverage,
        metrics=metric_rows(result.metrics),
        raw_file_ids=tuple(file.raw_file_id for file in files),
        raw_file_hashes={file.raw_file_id: file.sha256 for file in files},
    )
