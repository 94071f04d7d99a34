"""The step that draws what lies above all parts of the sky of a release, and describes its surveys."""

from __future__ import annotations

from app.access.hips.build import finish
from app.errors import MappsError
from app.production.publication import Publication
from app.production.sky_runs import cells_of_run, find_sky
from workers.steps.context import Claim, StepContext
from workers.steps.outcome import input_hash


def perform(claim: Claim, context: StepContext) -> Publication:
    """Draw the coarsest tiles and the picture of the whole sky, and write coverage and properties.

    Raises
    ------
    MissingTilesError
        Raised if a part was drawn into another folder than that of this worker; an input failure.
    MappsError
        Raised for a task of a run that draws no release: a bug.
    """
    with context.connect() as connection:
        release = find_sky(connection, claim.run_id)
        if release is None:
            raise MappsError(f"run {claim.run_name} draws no release")
        cells = cells_of_run(connection, claim.run_id)
        tiles, content = finish(connection, release, cells, context.store)
    context.log.info("%d tiles in %d cells", tiles, len(cells))
    return Publication(input_hash(claim.pipeline_hash, [content]))
