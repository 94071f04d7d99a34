"""The step that draws a part of the sky of a release as tiles."""

from __future__ import annotations

import hashlib

from app.access.hips.build import Part, draw_part, read_part
from app.errors import MappsError
from app.production.publication import Publication
from app.production.sky_runs import find_sky
from workers.steps.context import Claim, StepContext
from workers.steps.outcome import input_hash


def perform(claim: Claim, context: StepContext) -> Publication:
    """Draw the tiles of a cell into the folder of the release's surveys; those whose images are the same stay.

    Tiles are files at their places, the same bytes whoever draws them: a worker that lost its task does no harm.

    Raises
    ------
    StoredFileError
        Raised if the file of an image is gone or changed.
    MappsError
        Raised for a task without a cell, or of a run that draws no release: a bug.
    """
    with context.connect() as connection:
        release = find_sky(connection, claim.run_id)
        if release is None or claim.cell is None:
            raise MappsError(f"task {claim.task_id} ({claim.kind}) of run {claim.run_name} draws no release")
        part = read_part(connection, release, claim.cell)
    context.checkpoint("images_found")
    drawn = draw_part(part, context.store, lambda: context.checkpoint("tile_drawn"))
    context.log.info("%d images, %d tiles, %d of them drawn", drawn.images, drawn.tiles, drawn.made)
    return Publication(input_hash(claim.pipeline_hash, [content_of(part)]))


def content_of(part: Part) -> str:
    """Give the SHA-256 of all that the tiles of a part are made of.

    Parameters
    ----------
    part : Part
        Images and noise.
    """
    lines = [part.release, str(part.cell)]
    lines += [f"{band.value} {noise!r}" for band, noise in sorted(part.noise.items())]
    lines += [image.name for image in part.images]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
